// Package panel provides the web pages of a hosting product as one http.Handler: pages on which operators manage customers,
// subscriptions and domains, and pages on which customers manage their account. The application mounts it in its server:
//
//	pages, err := panel.New(clients, &panel.Options{
//		AuthenticateOperator: panel.StaticOperators(hashes),
//		Plans:                []string{"Basic", "Pro"},
//	})
//	if err != nil {
//		return err
//	}
//	mux.Handle("/", pages)
//
// All pages work without JavaScript, in English and Italian, in light and dark mode. Nothing is loaded from other servers:
// one style sheet, one script and one icon are embedded, under names that change with their content.
//
// The panel has no rules about customers. It calls the managers of the domain, and everything that a customer does goes
// through [accounts.Owner].
//
// # Operators
//
// The panel signs operators in itself ([Options].AuthenticateOperator), or the application does
// ([Options].OperatorFromRequest). An operator can sign in as a customer, which the history records. [Options].OperatorActive
// ends the sessions of an operator who is removed.
//
// # Setup
//
// The application should list the panel's host name in the ReservedDomains of [accounts.Options], so that no customer
// can add it as a domain, and set their Secret, which links for new passwords need and which makes browsers known after a
// restart. Its http.Server needs timeouts, because without them a client that sends half a request occupies a connection
// forever:
//
//	server := &http.Server{
//		Addr: "127.0.0.1:8080", Handler: mux, MaxHeaderBytes: 64 << 10,
//		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
//	}
//
// The panel limits URLs to 32 KiB and request bodies to 64 KiB, and bodies from operators to 1 MiB.
//
// The panel belongs on a registrable domain that has none of the customers' websites: if those are below hosting.example, such
// as mario.hosting.example, the panel should not be at panel.hosting.example. For a browser, all hosts of a registrable domain
// are one site. A customer's website could therefore set cookies that are sent to the panel, which only the prefix __Host-
// prevents that cookies have under HTTPS, and SameSite would not keep the panel's cookies out of requests that it causes.
//
// # Behind a proxy
//
// If a proxy forwards the requests, set [Options].Origin to the URL that browsers use, and [Options].ClientAddr to the result
// of [TrustProxies]. An Origin with https marks cookies as secure, and forms are accepted from it whatever Host header the
// proxy sends. The first request with a header of a proxy that these options ignore is logged as a warning. The panel does not
// send Strict-Transport-Security, because that concerns the whole host: whatever terminates TLS should.
//
// # Sessions
//
// Sessions are kept in memory: at most 100,000 of operators and as many of customers, 50 for each user. They end when the
// program ends, after Options.IdleTimeout without a request, and after Options.Lifetime. A customer's session also ends
// when the account is suspended or removed, or its password or e-mail address changes, except for the one in which the
// customer changes it.
//
// Forms that another site sends are refused by [http.CrossOriginProtection].
//
// # Limits
//
// Attempts to sign in are limited before a password is hashed, the same for customers and operators, and for logins that do
// not exist. At one login there are at most 88 guesses within 24 hours, from any number of networks: 16, and then one every
// 20 minutes, of which one network (IPv4 /24, IPv6 /48) gets no more than 8, and then one every 30 minutes. From one network,
// at any logins, there are 30 attempts and then one every 10 seconds for an IPv4 address or IPv6 /64, up to 480 and then one
// every second for an IPv4 /16 or IPv6 /32; they are refused as well while 4 to 32 of them are waiting for a hash. A browser
// that has signed in to the login within 90 days, or used a link for a new password, has limits of its own, so that others
// cannot keep its owner out, until the password or the e-mail address changes or a suspension ends. Then all browsers that
// signed in before share 4 attempts, and one more every 3 hours, besides those of all others, until they sign in again: tokens
// that were collected with an old password are worth 12 guesses a day together. Of these and of the forms for a new password, 4 of one login may wait for a hash, and as many of one
// network as above. A refused attempt gets status 429 and the header Retry-After. An account gets at most 3 messages
// with a link for a new password an hour, not counting those that operators send; visitors get the same response in any case.
// All of this is counted in the memory of the process, in at most 23 MiB: several processes each have their own limits, and a
// restart resets them. Without a Secret, a restart also makes all browsers unknown. [Options].ClientAddr must be set behind a
// proxy, because otherwise all clients share the limits of one address.
//
// # Several processes
//
// Sessions and limits belong to one process. With several processes, the load balancer must send all requests of a browser to
// the same one; there are as many times the attempts to sign in; and a process that ends takes its sessions with it. The
// sessions that a new password ends, end in every process, because that is decided by the account's SessionEpoch.
package panel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/panel/internal/sessions"
)

var _ http.Handler = (*Panel)(nil)

// Panel is an http.Handler that serves all pages. It is made by New and safe for concurrent use.
type Panel struct {
	clients          *accounts.Manager
	opts             Options
	pages            pages
	assets           assets
	operatorSessions *sessions.Store
	customerSessions *sessions.Store
	limits           *limits
	mailQueue        *mailQueue
	notifications    *mailQueue
	deviceKey        deviceKey
	proxyWarnings    proxyWarnings
	handler          http.Handler
}

// New returns a Panel for the customers of clients. A nil opts means the defaults.
//
// It returns an error if clients is nil, if a field of opts is invalid, or if SendReset is set and clients has no Secret of
// at least 32 bytes. The error names the field, or the template that cannot be read or parsed.
func New(clients *accounts.Manager, opts *Options) (*Panel, error) {
	if clients == nil {
		return nil, errors.New("panel: New requires a Manager")
	}
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.SendReset != nil {
		if err := checkSecret(context.Background(), clients); err != nil {
			return nil, err
		}
	}
	p := &Panel{
		clients: clients, opts: o, limits: newLimits(o.Now), mailQueue: newMailQueue(), notifications: newMailQueue(),
		operatorSessions: sessions.NewStore(o.Now, o.IdleTimeout, o.Lifetime), customerSessions: sessions.NewStore(o.Now, o.IdleTimeout, o.Lifetime),
	}
	p.deviceKey = newDeviceKey(clients)
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

// ServeHTTP serves a request whose path is Options.Path or below it. All other requests get 404.
func (p *Panel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(r.URL.Path)+len(r.URL.RawPath)+len(r.URL.RawQuery) > maxURL {
		http.Error(w, http.StatusText(http.StatusRequestURITooLong), http.StatusRequestURITooLong)
		return
	}
	p.warnAboutProxy(r)
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

// Shutdown waits for the calls of Options.SendReset and Options.Notify that run in the background. If ctx ends first, it
// cancels them, does not wait any longer and returns ctx's error. Call it after Shutdown of the http.Server; without
// SendReset and Notify it is not needed.
func (p *Panel) Shutdown(ctx context.Context) error {
	return errors.Join(p.mailQueue.shutdown(ctx), p.notifications.shutdown(ctx))
}
