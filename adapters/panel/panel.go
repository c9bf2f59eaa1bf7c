// Package panel is the web pages of a hosting product: operators look after their customers with it, and customers after
// their own account. It is one http.Handler that a host mounts in its own server:
//
//	pages, err := panel.New(clients, &panel.Options{AuthenticateOperator: panel.StaticOperators(hashes), Plans: []string{"Basic", "Pro"}})
//	mux.Handle("/", pages)
//
// Every page works without JavaScript, in English and Italian, in light and dark. Nothing is loaded from elsewhere: one
// style sheet and one script are embedded and served under names that change with their content.
//
// The panel decides nothing about customers: it calls the managers of the domain, and everything that a customer does
// goes through accounts.Owner. Two things are up to the host. Options of accounts.Manager: its ReservedDomains should
// have the name of the panel's own host, so that no customer can take it, and its Secret makes links for new passwords
// possible. And the limits of the http.Server: its ReadHeaderTimeout and ReadTimeout. A host with Options.SendReset calls
// Shutdown before it ends.
package panel

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"github.com/clientele-go/clientele/accounts"
)

// Options are the settings of a Panel. Every field is optional, but without Operator or AuthenticateOperator there are no
// pages for operators.
type Options struct {
	// Path is where the panel is mounted: "/panel" for mux.Handle("/panel/", pages). The panel cuts it off itself, so the
	// host does not use http.StripPrefix. "": at the root.
	Path string

	// OperatorFromRequest answers which operator sent a request, by the name that the history shall show, and false if none did: the
	// host signs its operators in. It is asked at every request and obeys no cookie of the panel's.
	OperatorFromRequest func(r *http.Request) (name string, ok bool)
	// OperatorSignInURL is where the host signs operators in, with Operator: somebody else who asks for a page of theirs is
	// sent there. "": they are told that the page is not for them.
	OperatorSignInURL string
	// AuthenticateOperator turns the panel's own sign-in for operators on, where Operator is nil: it tells whether a name and a
	// password are those of an operator, and takes the same time for every name. Operators makes one from hashes.
	AuthenticateOperator func(ctx context.Context, name, password string) (bool, error)

	// Plans are what can be chosen for a subscription. None: any text can be typed.
	Plans []string
	// Causes are the host's own, besides those of the library, to choose from when something is suspended.
	Causes []accounts.Cause

	// Brand is the product's name at the head of every page. "": "Clientele".
	Brand string
	// Footer answers a line for the foot of every page, in a language of the pages: "en" or "it". nil: there is none.
	Footer func(language string) string
	// Variables replace values of the style sheet's CSS variables: "--pico-primary": "#0a7". Their names begin with "--".
	Variables map[string]string
	// Templates lies over the panel's own templates: a file in it takes the place of the embedded one of the same name.
	Templates fs.FS

	// PayURL is where a suspended customer can pay: an absolute URL. "": there is no link.
	PayURL string
	// SendReset sends a link for a new password to a customer with an e-mail address. Where an operator asked for it, the
	// request waits and shows whether it failed. Where a customer did, it goes on behind the answer, whose time would tell
	// else which logins exist: ctx ends after 30 seconds, or with Shutdown. nil: the operator is shown the link to copy, and
	// customers who forgot their password are told to ask the provider.
	SendReset func(ctx context.Context, to accounts.Account, link string) error
	// Origin is how browsers reach the panel, "https://panel.example.com": links in messages begin with it. It must be
	// set with SendReset, for the host that a request names can be forged.
	Origin string
	// Secure says that browsers reach the panel by HTTPS though a proxy ends it. Requests with TLS count as secure anyway.
	Secure bool
	// ClientAddr answers the address of who sent a request, where proxies hide it. nil: that of r.RemoteAddr.
	ClientAddr func(r *http.Request) netip.Addr

	// IdleTimeout is how long a session lives without a request; 0: an hour. Lifetime is how long it lives at all; 0: 12 hours.
	IdleTimeout, Lifetime time.Duration
	// Location is the time zone of dates on pages. nil: UTC.
	Location *time.Location
	// Logger is told what goes wrong, without what people typed. nil: nothing is logged.
	Logger *slog.Logger
	// Now tells the time. nil: time.Now.
	Now func() time.Time
}

func (o *Options) orDefaults() (Options, error) {
	var filled Options
	if o != nil {
		filled = *o
	}
	filled.Path = strings.TrimSuffix(filled.Path, "/")
	filled.Origin = strings.TrimSuffix(filled.Origin, "/")
	filled.Brand = cmp.Or(filled.Brand, "Clientele")
	filled.IdleTimeout = cmp.Or(filled.IdleTimeout, time.Hour)
	filled.Lifetime = cmp.Or(filled.Lifetime, 12*time.Hour)
	filled.Location = cmp.Or(filled.Location, time.UTC)
	if filled.Logger == nil {
		filled.Logger = slog.New(slog.DiscardHandler)
	}
	if filled.Now == nil {
		filled.Now = time.Now
	}
	return filled, filled.check()
}

func (o Options) check() error {
	if o.Path != "" && (!strings.HasPrefix(o.Path, "/") || (&url.URL{Path: o.Path}).String() != o.Path || strings.Contains(o.Path, "//")) {
		return fmt.Errorf("panel: invalid Options.Path %q: must look like /panel", o.Path)
	}
	if o.SendReset != nil && o.Origin == "" {
		return errors.New("panel: Options.SendReset needs Options.Origin")
	}
	for name, link := range map[string]string{"PayURL": o.PayURL, "Origin": o.Origin} {
		parsed, err := url.Parse(link)
		if link != "" && (err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http") {
			return fmt.Errorf("panel: Options.%s %q is no absolute URL", name, link)
		}
	}
	return nil
}

// Panel is the http.Handler of all pages. It is safe for concurrent use.
type Panel struct {
	clients   *accounts.Manager
	opts      Options
	pages     pages
	assets    assets
	countries map[string][]country // by language
	operators *sessions
	customers *sessions
	attempts  *attempts
	mailings  *mailings
	devices   devices
	handler   http.Handler
}

// New answers a panel for the customers of a manager. An error says what is wrong with the options: a template that
// cannot be read, say.
func New(clients *accounts.Manager, opts *Options) (*Panel, error) {
	o, err := opts.orDefaults()
	if err != nil {
		return nil, err
	}
	p := &Panel{
		clients: clients, opts: o, countries: allCountries(), attempts: newAttempts(o.Now), mailings: newMailings(),
		operators: newSessions(o.Now, o.IdleTimeout, o.Lifetime), customers: newSessions(o.Now, o.IdleTimeout, o.Lifetime),
	}
	_, _ = rand.Read(p.devices[:])
	if p.pages, err = newPages(o.Templates); err != nil {
		return nil, err
	}
	if p.assets, err = newAssets(o.Variables); err != nil {
		return nil, err
	}
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(512), gzhttp.RandomJitter(32, 0, false), gzhttp.ContentTypes([]string{
		"text/html", "text/csv", "text/plain",
	}))
	if err != nil {
		return nil, fmt.Errorf("panel: %w", err)
	}
	p.handler = compress(p.routes())
	return p, nil
}

// ServeHTTP answers a request for a path below Options.Path.
func (p *Panel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	below, found := strings.CutPrefix(r.URL.Path, p.opts.Path)
	if !found || below != "" && !strings.HasPrefix(below, "/") {
		http.NotFound(w, r)
		return
	}
	if below == "" {
		http.Redirect(w, r, p.opts.Path+"/", http.StatusSeeOther)
		return
	}
	if p.opts.Path != "" {
		stripped := *r
		inner := *r.URL
		inner.Path, inner.RawPath = below, strings.TrimPrefix(inner.RawPath, p.opts.Path)
		stripped.URL = &inner
		r = &stripped
	}
	p.handler.ServeHTTP(w, r)
}

// Shutdown waits until every link is sent that customers have asked for, for as long as ctx lives. Then it ends the ctx of
// those that are left and returns the error of its own. Call it behind Shutdown of the http.Server; only a host with
// Options.SendReset needs it.
func (p *Panel) Shutdown(ctx context.Context) error { return p.mailings.finish(ctx) }
