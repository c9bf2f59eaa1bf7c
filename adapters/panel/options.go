package panel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// Options configure a Panel. All fields are optional; New returns an error that names the field if a value is invalid.
// Without OperatorFromRequest and AuthenticateOperator there are no pages for operators, only those for customers.
//
// The functions must be safe for concurrent use.
type Options struct {
	// Path is the URL path under which the panel is mounted, such as "/panel" for mux.Handle("/panel/", pages). It must be
	// a clean path of ASCII letters, digits and -._~$&+ in its segments; one slash at its end is ignored. The panel strips
	// it from requests itself, so the application must not use http.StripPrefix. The default "" is the root.
	Path string

	// OperatorFromRequest returns the operator who sent r, by the name that the history shows, and whether there is one.
	// Set it if the application signs operators in itself. It is called for every request for a page, and is the only
	// source of the operator: no cookie of the panel can replace it, and AuthenticateOperator is not used. It must decide by
	// something that no client can make up, such as the application's own session, and not by a plain header. An empty name
	// counts as no operator. The default is nil.
	OperatorFromRequest func(r *http.Request) (name string, ok bool)
	// OperatorSignInURL is where a request for an operators' page is redirected to if OperatorFromRequest finds no
	// operator: a path such as "/signin", or an absolute http or https URL. It requires OperatorFromRequest. With the
	// default "", such a request gets status 403 and a page that says that only operators have access.
	OperatorSignInURL string
	// AuthenticateOperator enables the panel's sign-in page for operators. It reports whether name and password are those
	// of an operator, and should take the same time for known and unknown names. Attempts are limited before it is called,
	// also by how many calls are running, so it should obey ctx, which ends when the client disconnects. Case and white
	// space around a name do not matter for the limits; other spellings of the same name should be refused. If it returns an
	// error, the visitor gets an error page, and the error is logged with its Go type only, because its text may quote the
	// password. StaticOperators makes such a function from password hashes. It is not used if OperatorFromRequest is set. The
	// default is nil.
	//
	// It is asked once, at the sign-in. Without OperatorActive, an operator who is removed afterwards keeps working until
	// the session ends: with IdleTimeout, which every request begins anew, with Lifetime, or with the program.
	AuthenticateOperator func(ctx context.Context, name, password string) (bool, error)
	// OperatorActive reports whether the operator with the given name may still work. It is called for every request in a
	// session of an operator that began on the panel's sign-in page, also while the operator is signed in as a customer, so
	// it should be fast. If it returns false, the session ends, and with it the one as a customer. If it returns an error,
	// the user gets an error page and no session ends. StaticOperatorActive makes such a function for StaticOperators. It is
	// not used if OperatorFromRequest is set, which decides about every request by itself. The default is nil.
	OperatorActive func(ctx context.Context, name string) (bool, error)
	// OperatorEpoch returns a text that changes whenever the password of the operator with the given name does, such as a hash of
	// the stored password hash or a counter; any text if there is no such operator. When it changes, the operator's sessions
	// end, and browsers in which the operator signed in before share one small limit for further attempts. It is called
	// whenever OperatorActive is, and at sign-ins. If it returns an error, the user gets an error page and no session ends.
	// StaticOperatorEpoch makes such a function for StaticOperators. It is not used if OperatorFromRequest is set. With nil,
	// the default, sessions outlive a change of the password, and so does what a browser with an earlier password may attempt.
	OperatorEpoch func(ctx context.Context, name string) (string, error)

	// Plans are the plans to choose from for a subscription, the preselected one first: distinct lines of 1 to 100
	// characters without white space around them. By default there are none, and operators can enter any text.
	Plans []string
	// Causes are the application's custom causes, which operators can choose in addition to subscriptions.CauseProvider,
	// CauseBilling and CauseAbuse: distinct slugs of the form [a-z][a-z0-9-]{0,31}, and none of the library's causes. By
	// default there are none.
	Causes []accounts.Cause

	// Brand is the product's name in the head of every page. The default is "Clientele".
	Brand string
	// Footer returns the text in the foot of every page for a language of the pages, "en" or "it". With nil, the default,
	// or if it returns "", there is none.
	Footer func(language string) string
	// Variables override CSS variables of the style sheet, for example "--pico-primary": "#0a7". A name is "--" and ASCII
	// letters, digits and hyphens; a value must not contain any of {}<>;\@. By default nothing is overridden.
	Variables map[string]string
	// Templates override the panel's templates: a file in its root replaces the embedded template of the same name, such
	// as "signin.html". New reads it; it must not have other files that end in ".html". The default is nil.
	Templates fs.FS

	// PayURL is the absolute http or https URL of a page where a suspended customer can pay. By default there is no link.
	PayURL string
	// SendReset sends link to the e-mail address of the account, which is not empty. With the link, the customer can set a
	// new password once within 24 hours. It requires Origin, and a Secret in the accounts.Options of the manager.
	//
	// If an operator asked for the link, the request waits for SendReset and the page reports an error. If a customer did,
	// SendReset is called in the background, so that the response does not reveal whether the login exists: ctx then ends
	// after 30 seconds or with Shutdown, and errors and panics are logged. Requests beyond 3 an hour for an account are
	// ignored, and so are those beyond the limits of a network and those while 100 calls are running; the last are logged. An
	// error is logged with its Go type only, because its text may quote the message and so the link: SendReset should log by
	// itself what the application needs to know about it.
	//
	// With nil, the default, the operator is shown the link to pass it on, and customers are referred to the provider.
	SendReset func(ctx context.Context, to accounts.Account, link string) error
	// Notify tells the customer about something that a thief of a session, a mailbox or a password would do: see the kinds.
	// before and after are the account as it was and as it is; they differ in the contact and the version for EmailChanged,
	// so that the old address can be told as well. Notify is called after every way of changing something, also by
	// operators, in the background: ctx ends after 30 seconds or with Shutdown, panics are logged, and while 100 calls are
	// running further ones are dropped and logged. It should hand the message to a queue of the application. With nil, the
	// default, customers are not told.
	Notify func(ctx context.Context, kind NotificationKind, before, after accounts.Account)
	// Origin is the scheme and host under which browsers reach the panel, such as "https://panel.example.com". Links to
	// set a password begin with it. It is required with SendReset, because the Host header of a request can be forged. By
	// default, the links that operators are shown begin with the scheme and host of their request.
	//
	// Forms that browsers send from Origin are accepted also if a proxy sets another Host header. An Origin with https
	// states what Secure does.
	Origin string
	// Secure states that browsers reach the panel only by HTTPS, although a proxy forwards their requests without TLS.
	// Cookies are then marked as secure, and their names begin with __Host-; requests with TLS get such cookies in any case.
	// It excludes an Origin with the scheme http. The default is false, unless Origin begins with https.
	Secure bool
	// ClientAddr returns the address of the client that sent r, for an application behind a proxy: TrustProxies makes such a
	// function. Attempts to sign in are limited by it; all clients without a valid address count as one. The default is
	// the address in r.RemoteAddr, which behind a proxy is that of the proxy.
	ClientAddr func(r *http.Request) netip.Addr

	// IdleTimeout is how long a session lasts without a request: at least a second. The default 0 means one hour.
	IdleTimeout time.Duration
	// Lifetime is how long a session lasts in total: at least a second. The default 0 means 12 hours.
	Lifetime time.Duration
	// Location is the time zone of all dates, both shown and entered. The default is time.UTC.
	Location *time.Location
	// Logger receives errors, panics and warnings, without passwords, links, cookies and other values of requests. Of a
	// panic it receives the stack and the type of the value, and of an error of AuthenticateOperator, SendReset, or the
	// PasswordHasher or PasswordPolicy of the manager only the types. By default nothing is logged.
	Logger *slog.Logger
	// Now returns the current time. The default is time.Now.
	Now func() time.Time
}

// withDefaults returns a copy of o with defaults for the fields that are not set, or an error that names an invalid field.
func (o *Options) withDefaults() (Options, error) {
	var out Options
	if o != nil {
		out = *o
	}
	out.Path = strings.TrimSuffix(out.Path, "/")
	out.Origin = strings.TrimSuffix(out.Origin, "/")
	out.Secure = out.Secure || strings.HasPrefix(canonicalOrigin(out.Origin), "https:")
	out.Plans, out.Causes, out.Variables = slices.Clone(out.Plans), slices.Clone(out.Causes), maps.Clone(out.Variables)
	out.Brand = cmp.Or(out.Brand, "Clientele")
	out.IdleTimeout = cmp.Or(out.IdleTimeout, time.Hour)
	out.Lifetime = cmp.Or(out.Lifetime, 12*time.Hour)
	out.Location = cmp.Or(out.Location, time.UTC)
	if out.Logger == nil {
		out.Logger = slog.New(slog.DiscardHandler)
	}
	if out.OperatorFromRequest != nil {
		out.AuthenticateOperator, out.OperatorActive, out.OperatorEpoch = nil, nil, nil
	}
	if out.Now == nil {
		out.Now = time.Now
	}
	return out, out.validate()
}

// validPath matches paths that mean the same escaped and unescaped, and of which a cookie's name can be made.
var validPath = regexp.MustCompile(`^(/[A-Za-z0-9._~$&+-]+)*$`)

// minSessionTime is the least IdleTimeout and Lifetime. It catches numbers without a unit, which are nanoseconds.
const minSessionTime = time.Second

// validate checks the fields that newPages and newAssets do not check.
func (o Options) validate() error {
	switch {
	case !validPath.MatchString(o.Path) || o.Path != "" && path.Clean(o.Path) != o.Path:
		return fmt.Errorf("panel: invalid Options.Path %q: must look like /panel", o.Path)
	case o.OperatorSignInURL != "" && o.OperatorFromRequest == nil:
		return errors.New("panel: Options.OperatorSignInURL requires Options.OperatorFromRequest")
	case o.OperatorSignInURL != "" && localPath(o.OperatorSignInURL, "") == "" && !isWebURL(o.OperatorSignInURL):
		return fmt.Errorf("panel: invalid Options.OperatorSignInURL %q: must be a path or an absolute URL", o.OperatorSignInURL)
	case o.PayURL != "" && !isWebURL(o.PayURL):
		return fmt.Errorf("panel: invalid Options.PayURL %q: must be an absolute URL", o.PayURL)
	case o.Origin != "" && !isOrigin(o.Origin):
		return fmt.Errorf("panel: invalid Options.Origin %q: must look like https://panel.example.com", o.Origin)
	case o.SendReset != nil && o.Origin == "":
		return errors.New("panel: Options.SendReset requires Options.Origin")
	case o.Secure && o.Origin != "" && !strings.HasPrefix(strings.ToLower(o.Origin), "https:"):
		return fmt.Errorf("panel: invalid Options.Origin %q: must begin with https:// if Options.Secure is set", o.Origin)
	case o.IdleTimeout < minSessionTime:
		return fmt.Errorf("panel: invalid Options.IdleTimeout %s: must be 0 or at least %s", o.IdleTimeout, minSessionTime)
	case o.Lifetime < minSessionTime:
		return fmt.Errorf("panel: invalid Options.Lifetime %s: must be 0 or at least %s", o.Lifetime, minSessionTime)
	}
	for i, plan := range o.Plans {
		if !satisfies("required,max=100,line", plan) || input.Line(plan) != plan || slices.Contains(o.Plans[:i], plan) {
			return fmt.Errorf("panel: invalid Options.Plans[%d] %q: must be a distinct line of 1 to 100 characters", i, plan)
		}
	}
	for i, cause := range o.Causes {
		if !satisfies("required,cause", string(cause)) || slices.Contains(builtInCauses, cause) || slices.Contains(o.Causes[:i], cause) {
			return fmt.Errorf("panel: invalid Options.Causes[%d] %q: must be a distinct slug and not a cause of the library", i, cause)
		}
	}
	return nil
}

var builtInCauses = []accounts.Cause{
	subscriptions.CauseProvider, subscriptions.CauseBilling, subscriptions.CauseAbuse, subscriptions.CauseCustomer, subscriptions.CauseExpired,
}

// satisfies reports whether value satisfies a validation rule of the domain.
func satisfies(rule, value string) bool {
	var f input.Violations
	f.Var("value", value, rule)
	return f.Err() == nil
}

// isWebURL reports whether s is an absolute http or https URL.
func isWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// isOrigin reports whether s is an http or https URL that consists only of a scheme and a host.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && isWebURL(s) && strings.EqualFold(u.Scheme+"://"+u.Host, s) &&
		http.NewCrossOriginProtection().AddTrustedOrigin(canonicalOrigin(s)) == nil
}

// checkSecret returns an error if clients has no secret to sign links for new passwords with. A ttl of 0 is always
// invalid, so that ResetToken does not read from the store.
func checkSecret(ctx context.Context, clients *accounts.Manager) error {
	_, err := clients.ResetToken(ctx, 0, 0)
	var invalid *accounts.InvalidError
	if errors.As(err, &invalid) && slices.ContainsFunc(invalid.Fields, func(f accounts.FieldError) bool { return f.Path == "secret" }) {
		return errors.New("panel: Options.SendReset requires a Secret of at least 32 bytes in accounts.Options")
	}
	return nil
}
