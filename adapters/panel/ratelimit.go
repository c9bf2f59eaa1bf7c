package panel

import (
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/internal/throttle"
)

// limits are the limits of attempts to sign in, before a password is hashed, and of messages to customers. They take at most
// 23 MiB, 16 bytes for each of the Keys, and half as much again for a moment while they grow.
//
// A browser without a device token for a login is a stranger to it. Strangers share limits, so that they can guess only
// slowly however many they are. Browsers with a token have limits of their own, which strangers cannot exhaust. If the
// password, or whatever else ends sessions, has changed since a browser got its token, it is a former one: these share a limit,
// so that someone who once knew the password gains nothing by having collected tokens. Together, strangers and former browsers
// make at most 100 guesses a day at one login. Attempts with the right password do not count at the login, but they do for the
// network, because they cost as much.
type limits struct {
	*throttle.Limiter
	atOnce        *throttle.Rule      // all attempts of strangers, and all others
	logins        *throttle.Rule      // of strangers at one login
	loginNetworks *throttle.Networks  // of strangers at one login from one network
	formers       *throttle.Rule      // of all former browsers at one login
	networks      *throttle.Networks  // of strangers from one network, at any login
	owners        *throttle.Rule      // of one browser at a login for which it has a token
	ownersAtOnce  *throttle.Rule      // of all browsers at one login for which they have tokens
	ownerNetworks *throttle.Networks  // of all browsers with tokens from one network, at any login
	forgotten     *throttle.Networks  // requests for a message from one network
	mails         *throttle.Rule      // messages to one account
	pages         *semaphore.Weighted // pages about refused attempts that are made at the same time
}

// perLogin allows 16 attempts, and one more every 20 minutes: within any 24 hours at most 16 + 24*60/20 = 88.
var perLogin = throttle.Limit{Burst: 16, Every: 20 * time.Minute, Keys: 1 << 19}

// perLoginAndNetwork leaves some of a login's attempts to other networks: half of the first ones, and 24 of the 72 that are
// added in a day.
var perLoginAndNetwork = throttle.Width{V4: 24, V6: 48, Limit: throttle.Limit{Burst: 8, Every: 30 * time.Minute, Keys: 1 << 19}}

// perFormer allows former browsers 4 attempts, and one more every 3 hours: within any 24 hours at most 4 + 24/3 = 12.
var perFormer = throttle.Limit{Burst: 4, Every: 3 * time.Hour}

// perNetwork limits what one network can guess at many logins, and how many places it takes among the passwords that wait to
// be hashed. A provider of Internet access usually assigns a /64, /56 or /48 to a customer, and has a /32 itself.
var perNetwork = []throttle.Width{
	{V4: 32, V6: 64, Limit: throttle.Limit{Burst: 30, Every: 10 * time.Second, AtOnce: 4}},
	{V6: 56, Limit: throttle.Limit{Burst: 60, Every: 6 * time.Second, AtOnce: 8}},
	{V4: 24, V6: 48, Limit: throttle.Limit{Burst: 120, Every: 4 * time.Second, AtOnce: 16}},
	{V4: 16, V6: 32, Limit: throttle.Limit{Burst: 480, Every: time.Second, AtOnce: 32}},
}

// perOwnerNetwork limits how many places one network takes with the tokens of many accounts, as perNetwork does without.
func perOwnerNetwork() []throttle.Width {
	var widths []throttle.Width
	for _, w := range perNetwork {
		widths = append(widths, throttle.Width{V4: w.V4, V6: w.V6, Limit: throttle.Limit{AtOnce: w.AtOnce}})
	}
	return widths
}

// perOwner is about as slow as perLogin, because a token can be stolen.
var perOwner = throttle.Limit{Burst: 20, Every: 18 * time.Minute}

// forgottenPerNetwork limits how many customers one network can send messages to.
var forgottenPerNetwork = []throttle.Width{
	{V4: 32, V6: 64, Limit: throttle.Limit{Burst: 10, Every: time.Minute, Keys: 1 << 14}},
	{V6: 56, Limit: throttle.Limit{Burst: 20, Every: 30 * time.Second, Keys: 1 << 14}},
	{V4: 24, V6: 48, Limit: throttle.Limit{Burst: 40, Every: 15 * time.Second, Keys: 1 << 14}},
	{V4: 16, V6: 32, Limit: throttle.Limit{Burst: 160, Every: 4 * time.Second, Keys: 1 << 14}},
}

// perAccount allows 3 messages, and one more every hour: in no hour more than 3.
var perAccount = throttle.Limit{Burst: 3, Every: time.Hour}

// maxAtOnce is how many attempts of strangers, and how many others, are in progress. The Manager hashes as many passwords at
// once as there are processors, and 256 more wait, so that both together leave room for its other callers.
func maxAtOnce() int { return 64 + runtime.GOMAXPROCS(0)/2 }

// ownersAtOnce is how many attempts of browsers with device tokens for one login are in progress.
const ownersAtOnce = 4

func newLimits(now func() time.Time) *limits {
	l := throttle.New(now)
	return &limits{
		Limiter:       l,
		atOnce:        l.NewRule(throttle.Limit{AtOnce: maxAtOnce()}),
		logins:        l.NewRule(perLogin),
		loginNetworks: l.NewNetworks(perLoginAndNetwork),
		formers:       l.NewRule(perFormer),
		networks:      l.NewNetworks(perNetwork...),
		owners:        l.NewRule(perOwner),
		ownersAtOnce:  l.NewRule(throttle.Limit{AtOnce: ownersAtOnce}),
		ownerNetworks: l.NewNetworks(perOwnerNetwork()...),
		forgotten:     l.NewNetworks(forgottenPerNetwork...),
		mails:         l.NewRule(perAccount),
		pages:         semaphore.NewWeighted(1),
	}
}

// attempt has the keys of an attempt to enter a login's password.
type attempt struct {
	login  []throttle.Key // those of limits of the login
	others []throttle.Key
}

// byStranger returns an attempt without a device token. The kind is that of the cookie of the session.
func (l *limits) byStranger(kind, login string, from netip.Addr) attempt {
	login = foldLogin(login)
	return attempt{
		login:  append(l.loginNetworks.Keys(from, kind, login), l.logins.Key(kind, login)),
		others: append(l.networks.Keys(from), l.atOnce.Key(kind, "strangers")),
	}
}

// byOwner returns an attempt by a browser that is known to belong to the login's owner. id tells it from others.
func (l *limits) byOwner(kind, login, id string, from netip.Addr) attempt {
	return l.byKnown(l.owners.Key(kind, foldLogin(login), id), kind, login, from)
}

// byFormer returns an attempt by a browser that has signed in to the login while it had another epoch.
func (l *limits) byFormer(kind, login string, from netip.Addr) attempt {
	return l.byKnown(l.formers.Key(kind, foldLogin(login)), kind, login, from)
}

func (l *limits) byKnown(key throttle.Key, kind, login string, from netip.Addr) attempt {
	return attempt{
		login:  []throttle.Key{key},
		others: append(l.ownerNetworks.Keys(from), l.ownersAtOnce.Key(kind, foldLogin(login)), l.atOnce.Key(kind, "owners")),
	}
}

// try calls verify, which reports whether the password is right, and returns 0. If the attempt is not allowed, it does not
// call verify and returns how long the client must wait.
func (l *limits) try(a attempt, verify func() bool) time.Duration {
	return l.Do(func() {
		if verify() {
			l.Return(a.login...) // it was no guess
		}
	}, slices.Concat(a.login, a.others)...)
}

// maxFoldedLogin is longer than any login, in bytes.
const maxFoldedLogin = 255

// foldLogin returns the form in which logins are counted. All texts that the Manager looks up as the same login have the same
// form, and also texts that an application might take for the same operator's name.
func foldLogin(login string) string {
	login = input.Login(login)
	return input.Fold(strings.Clone(login[:min(len(login), maxFoldedLogin)]))
}

// clientAddr returns the address of the client, or the zero Addr if it is unknown.
func (r *request) clientAddr() netip.Addr {
	if r.opts.ClientAddr != nil {
		return r.opts.ClientAddr(r.req)
	}
	at, err := netip.ParseAddrPort(r.req.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr()
}

// trySignIn calls verify, which reports whether the password is right, if the request may attempt to sign in. If not, it
// returns how long the client must wait. epochOf returns the current epoch of the login; it is called only for a browser with a
// device token for the login, and its error is returned. A former browser that must wait still has the attempts of a stranger.
func (r *request) trySignIn(kind, login string, epochOf func(login string) (string, error), verify func() bool) (time.Duration, error) {
	known := r.device(kind, login)
	if known == (device{}) {
		return r.limits.try(r.limits.byStranger(kind, login, r.clientAddr()), verify), nil
	}
	epoch, err := epochOf(login)
	if err != nil {
		return 0, err
	}
	if known.epoch == hashEpoch(epoch) {
		return r.limits.try(r.limits.byOwner(kind, login, known.id, r.clientAddr()), verify), nil
	}
	if r.limits.try(r.limits.byFormer(kind, login, r.clientAddr()), verify) == 0 {
		return 0, nil
	}
	return r.limits.try(r.limits.byStranger(kind, login, r.clientAddr()), verify), nil
}

// retryText returns the text about an attempt that must wait, and sets the header Retry-After.
func (r *request) retryText(wait time.Duration) string {
	r.w.Header().Set("Retry-After", throttle.RetryAfter(wait))
	if wait > 2*time.Minute {
		return r.N("signin.wait", int((wait+time.Minute-1)/time.Minute))
	}
	return r.N("signin.slow", int((wait+time.Second-1)/time.Second))
}
