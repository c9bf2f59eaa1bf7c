// Package gateway provides an http.Handler that serves only active sites.
//
// A [Gateway] is middleware in front of the application's web server. It looks up the host name of each request and
//
//   - passes requests for active sites to the web server, with the site in the request's context (see [SiteFrom]),
//   - replies 503 Service Unavailable for suspended sites, with a page that shows the public texts of their holds,
//   - replies 404 Not Found for names that no site has.
//
// It needs a [Resolver], which the manager of subscriptions and domains is:
//
//	http.ListenAndServe(":80", gateway.New(clients.Subscriptions(), websites, nil))
//
// # Host names
//
// The host name of a request is r.Host without its port or, behind a proxy, the one in the header Options.HostHeader. It is
// brought into its canonical form first, so that upper case, a trailing dot and the two spellings of an internationalized
// name make no difference. What cannot be a domain name, such as an IP address, is unknown without a lookup. The manager
// resolves www.NAME as NAME unless www.NAME is a domain itself.
//
// # Caching
//
// Results are cached for Options.TTL, one second by default. If lookups fail, because the database is down for example,
// the last known result for a site is used for up to Options.MaxStale, one hour by default; requests for other names
// get 503 with a page that asks the visitor to try again. Concurrent requests for one name share a lookup. Lookups run in
// goroutines, which end within Options.Timeout; the package starts no others.
//
// # Certificates
//
// [AskHandler] tells Caddy whether to obtain a certificate for a name. With a Gateway as its Resolver it uses the same
// cache.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/clientele-go/clientele/subscriptions"
)

// Resolver looks up sites by host name. *subscriptions.Manager and *Gateway implement it.
//
// Resolve returns the site with the given host name, whether active or suspended. It returns an error that matches
// subscriptions.ErrNotFound if no site has the name; any other error means that the lookup failed. Resolve must obey
// ctx and be safe for concurrent use.
type Resolver interface {
	Resolve(ctx context.Context, host string) (subscriptions.Site, error)
}

// Options configure a Gateway. All fields are optional.
type Options struct {
	// HostHeader is the request header in which a proxy in front of the gateway passes on the host name that the visitor
	// asked for: "X-Forwarded-Host", or "Forwarded" (RFC 7239). Only the last value is used, which is the one that the
	// nearest proxy set. r.Host is used for requests without the header, and for all requests if HostHeader is "".
	HostHeader string

	// TTL is how long the result of a lookup is used before the name is looked up again. It is also the pause after a
	// failed lookup of a name. 0 means 1 second. If negative, every request causes a lookup, which concurrent requests
	// for the same name may share.
	TTL time.Duration

	// MaxStale is how long after its last successful lookup a site may be served from the cache while lookups fail.
	// 0 means 1 hour. If negative, nothing older than TTL is served. It applies to sites only: that a name is unknown is
	// forgotten with the first failed lookup.
	MaxStale time.Duration

	// CacheSize is the maximum number of cached sites; the least recently used ones are evicted first. 0 or less means
	// 100,000. A site takes about 500 bytes. Unknown names have a separate cache of a tenth of the size, so that requests
	// for made-up names cannot evict sites.
	CacheSize int

	// Timeout limits each lookup, and how long a request waits for one. 0 or less means 2 seconds. If the previous lookup
	// of a cached site failed, a request waits only a twentieth of it before the site is served from the cache.
	Timeout time.Duration

	// Template is the page for visitors of sites that are not served. It is executed with a Page. nil means the built-in
	// page, which is the only one sent with a Content-Security-Policy header. If the template fails, the visitor gets the
	// title and the paragraphs as plain text.
	Template *template.Template

	// OnError is called with the error of each failed lookup and of each failed execution of Template. It must be safe
	// for concurrent use. The error of a panic in the Resolver or in Template has its stack and the type of its value, but
	// not the value. Panics in OnError are recovered and dropped. nil means that errors are dropped.
	OnError func(ctx context.Context, err error)

	// Now returns the current time. nil means time.Now.
	Now func() time.Time
}

// withDefaults returns a copy of o with all fields set. o may be nil.
func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.TTL == 0 {
		opts.TTL = time.Second
	}
	if opts.MaxStale == 0 {
		opts.MaxStale = time.Hour
	}
	if opts.CacheSize <= 0 {
		opts.CacheSize = 100_000
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 2 * time.Second
	}
	onError := opts.OnError
	opts.OnError = func(ctx context.Context, err error) {
		if onError != nil {
			_ = recoverErr(func() error { onError(ctx, err); return nil }) // there is no one else to report a panic to
		}
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return opts
}

// Gateway is an http.Handler that passes requests for active sites on to another handler. Create one with New. It is
// safe for concurrent use.
type Gateway struct {
	sites   Resolver
	next    http.Handler
	opts    Options
	page    refusalPage
	cache   *siteCache
	lookups singleflight.Group
}

// New returns a Gateway that looks up host names in sites and passes requests for active sites to next. A nil opts means
// the defaults.
//
// next gets the original ResponseWriter, so that upgrades and streaming work, and a request whose context holds the
// site. It should choose what to serve by SiteFrom and not by r.Host, which can be another name if Options.HostHeader is
// set. The gateway does not close connections that were upgraded before their site was suspended; that is up to next.
func New(sites Resolver, next http.Handler, opts *Options) *Gateway {
	o := opts.withDefaults()
	return &Gateway{
		sites: sites, next: next, opts: o,
		page: newRefusalPage(o.Template), cache: newSiteCache(o.CacheSize),
	}
}

type siteKey struct{}

// SiteFrom returns the site that a Gateway found for the request with context ctx, as a copy that the caller may change.
// It reports false if the request did not pass through a Gateway. As with Gateway.Resolve, the site's holds have their
// Cause, At and Public text only.
func SiteFrom(ctx context.Context) (subscriptions.Site, bool) {
	site, ok := ctx.Value(siteKey{}).(*subscriptions.Site)
	if !ok {
		return subscriptions.Site{}, false
	}
	return cloneSite(site), true
}

// ServeHTTP passes the request to the next handler if its site is active. Otherwise it replies with a page in English or
// Italian, as the visitor's Accept-Language header prefers: with status 404 if no site has the host name, and 503 with a
// Retry-After header if the site is suspended, or if the lookup failed and the cache has no usable result. It does not
// read the request body in these cases.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	site, err := g.find(r.Context(), requestHost(r, g.opts.HostHeader))
	switch {
	case errors.Is(err, subscriptions.ErrNotFound):
		g.refuse(w, r, unknown, nil)
	case err != nil:
		g.refuse(w, r, failing, nil)
	case site.Domain.Status() == subscriptions.Suspended:
		g.refuse(w, r, suspended, publicTexts(site))
	default:
		g.next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), siteKey{}, site)))
	}
}

// Resolve returns the site with the given host name, from the cache as ServeHTTP does: the result may be as old as
// Options.TTL, or as Options.MaxStale while lookups fail. The site is a copy that the caller may change; its holds have
// their Cause, At and Public text only. Resolve makes a Gateway a Resolver, for use with AskHandler.
//
// It returns subscriptions.ErrNotFound if no site has the name, and subscriptions.ErrUnavailable if the lookup failed and
// the cache has no usable result. The latter error also matches ctx.Err() if ctx is done.
func (g *Gateway) Resolve(ctx context.Context, host string) (subscriptions.Site, error) {
	site, err := g.find(ctx, host)
	if err != nil {
		return subscriptions.Site{}, err
	}
	return cloneSite(site), nil
}

// find returns a fresh result from the cache, or else waits for a lookup. The site is shared and must not be changed.
func (g *Gateway) find(ctx context.Context, host string) (*subscriptions.Site, error) {
	name, ok := subscriptions.CanonicalName(host)
	if !ok {
		return nil, &subscriptions.NotFoundError{Kind: "domain", Name: host}
	}
	now := g.opts.Now()
	cached := g.cache.get(name)
	if cached.isFresh(now, g.opts.TTL) {
		return g.result(name, cached)
	}
	timer := time.NewTimer(g.waitLimit(cached))
	defer timer.Stop()
	for second := false; ; second = true {
		select {
		case done := <-g.lookups.DoChan(name, func() (any, error) { return g.lookUp(ctx, name), nil }):
			// A lookup that was already running may have started before the latest command. The second one has not.
			if e := done.Val.(entry); second || !e.isOutdated(now, g.opts.TTL) {
				return g.result(name, e)
			}
		case <-timer.C:
			return g.result(name, g.cache.setFailed(name, g.opts.Now()))
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", subscriptions.ErrUnavailable, ctx.Err())
		}
	}
}

// waitLimit returns how long a request waits for a lookup. If the last one failed and the cached site is usable, it is
// just long enough for a store that works again to reply.
func (g *Gateway) waitLimit(cached entry) time.Duration {
	if cached.failing() && g.isUsable(cached) {
		return g.opts.Timeout / 20
	}
	return g.opts.Timeout
}

// lookUp looks up a name and caches the result. It runs for all requests that wait for the name, so it does not end when
// the first one is canceled.
func (g *Gateway) lookUp(ctx context.Context, name string) entry {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.opts.Timeout)
	defer cancel()
	start := g.opts.Now()
	site, err := g.callResolver(ctx, name)
	switch {
	case err == nil:
		return g.cache.set(name, entry{site: redactSite(site), lookedUp: start})
	case errors.Is(err, subscriptions.ErrNotFound):
		return g.cache.set(name, entry{lookedUp: start})
	default:
		g.opts.OnError(ctx, fmt.Errorf("gateway: look up %s: %w", name, err))
		return g.cache.setFailed(name, g.opts.Now())
	}
}

// callResolver calls the Resolver and turns a panic into an error. net/http recovers panics in handlers, but not in the
// goroutine of a lookup, where they would end the program.
func (g *Gateway) callResolver(ctx context.Context, name string) (site subscriptions.Site, err error) {
	err = recoverErr(func() error {
		site, err = g.sites.Resolve(ctx, name)
		return err
	})
	return site, err
}

// recoverErr calls fn and returns its error. If fn panics, it returns an error with the stack. That has the panic's value only
// if it is an error of Go's runtime: any other value may quote what visitors and logs must not see.
func recoverErr(fn func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			err = fmt.Errorf("panic: %w\n%s", p, debug.Stack())
		default:
			err = fmt.Errorf("panic with a value of type %T\n%s", p, debug.Stack())
		}
	}()
	return fn()
}

// result returns the site of e. It returns ErrNotFound if e says that no site has the name, and ErrUnavailable if the
// last lookup failed and e has no usable site.
func (g *Gateway) result(name string, e entry) (*subscriptions.Site, error) {
	switch {
	case e.site == nil && !e.failing():
		return nil, &subscriptions.NotFoundError{Kind: "domain", Name: name}
	case !e.failing() || g.isUsable(e):
		return e.site, nil
	default:
		return nil, fmt.Errorf("%w: lookup of %s failed", subscriptions.ErrUnavailable, name)
	}
}

// isUsable reports whether e has a site that may still be served while lookups fail.
func (g *Gateway) isUsable(e entry) bool {
	return e.site != nil && g.opts.Now().Sub(e.lookedUp) < g.opts.MaxStale
}

// redactSite returns a copy of s whose holds lack what visitors must not see: who placed them, the notes and the
// messages. The cache holds redacted sites only.
func redactSite(s subscriptions.Site) *subscriptions.Site {
	holds := make(subscriptions.Holds, len(s.Domain.Holds))
	for i, h := range s.Domain.Holds {
		holds[i] = redactHold(h)
	}
	inherited := make([]subscriptions.EffectiveHold, len(s.Domain.Inherited))
	for i, h := range s.Domain.Inherited {
		inherited[i] = subscriptions.EffectiveHold{Level: h.Level, Hold: redactHold(h.Hold)}
	}
	s.Domain.Holds, s.Domain.Inherited = holds, inherited
	return &s
}

func redactHold(h subscriptions.Hold) subscriptions.Hold {
	return subscriptions.Hold{Cause: h.Cause, Public: h.Public, At: h.At}
}

// cloneSite returns a deep copy of s.
func cloneSite(s *subscriptions.Site) subscriptions.Site {
	site := *s
	site.Domain.Holds = append(subscriptions.Holds(nil), s.Domain.Holds...)
	site.Domain.Inherited = append([]subscriptions.EffectiveHold(nil), s.Domain.Inherited...)
	site.Domain.Attributes = maps.Clone(s.Domain.Attributes)
	return site
}
