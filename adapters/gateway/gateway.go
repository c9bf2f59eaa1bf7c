// Package gateway makes a host's web server obey: it stands before it as an http.Handler, resolves the host name of
// each request, and lets the request through only if that site is active. A suspended site answers 503 with a page for
// its visitors, an unknown name 404.
//
//	http.ListenAndServe(":80", gateway.New(clients.Subscriptions(), websites, nil))
//
// Answers are remembered for a second, and for an hour where the store fails meanwhile: a database that is down takes no
// site down. Nothing is started in the background but look-ups, and each of them ends within Options.Timeout.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/clientele-go/clientele/subscriptions"
)

// Resolver tells which site has a host name, and whether it may be served now. *subscriptions.Manager is one, and so is
// *Gateway. A name of no site is an error that matches subscriptions.ErrNotFound; every other error means that the
// store could not answer. Resolve obeys ctx and is safe for concurrent use.
type Resolver interface {
	Resolve(ctx context.Context, host string) (subscriptions.Site, error)
}

// Options are the settings of a Gateway. Every field is optional.
type Options struct {
	// HostHeader names the header in which a proxy before the gateway hands over the host name that the visitor asked for:
	// "X-Forwarded-Host", or "Forwarded" (RFC 7239). It counts only if it is named here, and then its last value does,
	// which is the one that the nearest proxy set; a request without it counts as r.Host says. "": r.Host, always.
	HostHeader string

	// TTL is how long an answer is good before the store is asked again, and how long a store that failed is left in
	// peace. 0: a second. Below 0 the store is asked at every request.
	TTL time.Duration

	// MaxStale is how long the last known answer goes on while the store fails. 0: an hour. Below 0 there is no such time.
	// It is told of sites only: that a name was unknown is forgotten after TTL.
	MaxStale time.Duration

	// CacheSize is how many sites are remembered, those not asked for the longest being dropped first. 0 or below:
	// 100,000, at half a kilobyte each. A tenth as many unknown names are remembered apart from them, so that somebody who
	// invents names drives no site out.
	CacheSize int

	// Timeout bounds each look-up, and how long a request waits for it. 0 or below: 2 seconds.
	// A request for a site whose last look-up failed waits for a twentieth of it only.
	Timeout time.Duration

	// Template replaces the page that visitors see instead of a site. It is executed with a Page. The header
	// Content-Security-Policy comes only with the gateway's own page. nil: that one.
	Template *template.Template

	// OnError is told of every look-up that the store could not answer, and of every page that the Template could not make.
	// It is called from many goroutines, and a panic in it goes no further. nil: nobody is told.
	OnError func(ctx context.Context, err error)

	// Now tells the time. nil: time.Now.
	Now func() time.Time
}

// orDefaults answers the options with every field filled in.
func (o *Options) orDefaults() Options {
	var filled Options
	if o != nil {
		filled = *o
	}
	if filled.TTL == 0 {
		filled.TTL = time.Second
	}
	if filled.MaxStale == 0 {
		filled.MaxStale = time.Hour
	}
	if filled.CacheSize <= 0 {
		filled.CacheSize = 100_000
	}
	if filled.Timeout <= 0 {
		filled.Timeout = 2 * time.Second
	}
	tell := filled.OnError
	filled.OnError = func(ctx context.Context, failure error) {
		if tell != nil {
			_ = safely(func() error { tell(ctx, failure); return nil }) // there is nobody left to be told
		}
	}
	if filled.Now == nil {
		filled.Now = time.Now
	}
	return filled
}

// Gateway is the http.Handler that stands before a host's web server. It is safe for concurrent use.
type Gateway struct {
	sites   Resolver
	next    http.Handler
	opts    Options
	pages   pages
	answers *answers
	lookups singleflight.Group
}

// New answers a gateway that asks sites for each host name and hands the requests for active sites to next, with its
// ResponseWriter unchanged, so that upgrades and streams work, and with the Site in the request's context. Nil opts are
// the defaults. A connection that was upgraded before its site went down stays open: ending it is up to next.
//
// The handler goes by SiteFrom, never by r.Host: with Options.HostHeader the two may differ.
func New(sites Resolver, next http.Handler, opts *Options) *Gateway {
	o := opts.orDefaults()
	return &Gateway{
		sites: sites, next: next, opts: o,
		pages: newPages(o.Template), answers: newAnswers(o.CacheSize),
	}
}

type siteKey struct{}

// SiteFrom answers the site that a request is for, as the gateway resolved it, and whether it came through a gateway.
func SiteFrom(ctx context.Context) (subscriptions.Site, bool) {
	site, ok := ctx.Value(siteKey{}).(*subscriptions.Site)
	if !ok {
		return subscriptions.Site{}, false
	}
	return handOut(site), true
}

// ServeHTTP lets the request through, or answers it with a page in the visitor's language: 404 where no site has the
// name, 503 where the site is suspended, and 503 where the store fails and nothing is known of the name. It never reads
// the body of a request that it answers itself.
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

// Resolve answers which site has the host name, as the gateway knows it: the answer may be as old as Options.TTL,
// and as Options.MaxStale while the store fails. Of its holds it tells cause, time and public text only. It makes a
// Gateway a Resolver, so that Ask(g) goes on while the store fails.
//
// A name of no site is ErrNotFound; if the store fails and nothing is known of the name, the error matches
// ErrUnavailable, and ctx.Err() if ctx has ended.
func (g *Gateway) Resolve(ctx context.Context, host string) (subscriptions.Site, error) {
	site, err := g.find(ctx, host)
	if err != nil {
		return subscriptions.Site{}, err
	}
	return handOut(site), nil
}

// find answers from memory what is fresh, and waits for the store otherwise. The site is shared: nobody changes it.
func (g *Gateway) find(ctx context.Context, host string) (*subscriptions.Site, error) {
	name, ok := subscriptions.CanonicalName(host)
	if !ok {
		return nil, &subscriptions.NotFoundError{Kind: "domain", Name: host}
	}
	now := g.opts.Now()
	last := g.answers.get(name)
	if last.isFresh(now, g.opts.TTL) {
		return g.verdict(name, last)
	}
	patience := time.NewTimer(g.patience(last))
	defer patience.Stop()
	for second := false; ; second = true {
		select {
		case done := <-g.lookups.DoChan(name, func() (any, error) { return g.lookUp(ctx, name), nil }):
			// A look-up that was under way already may have been too early to know of the latest command. The next one is not.
			if a := done.Val.(answer); second || !a.isOlder(now, g.opts.TTL) {
				return g.verdict(name, a)
			}
		case <-patience.C:
			return g.verdict(name, g.answers.fail(name, g.opts.Now()))
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", subscriptions.ErrUnavailable, ctx.Err())
		}
	}
}

// patience answers how long a request waits for the store. While it fails, a site that is known does not wait for it,
// beyond what a store that works again needs to say what has changed.
func (g *Gateway) patience(last answer) time.Duration {
	if last.failing() && g.isUsable(last) {
		return g.opts.Timeout / 20
	}
	return g.opts.Timeout
}

// lookUp asks the store, for all requests that wait for this name, so it does not end with the one that came first.
func (g *Gateway) lookUp(ctx context.Context, name string) answer {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.opts.Timeout)
	defer cancel()
	asked := g.opts.Now()
	site, err := g.ask(ctx, name)
	switch {
	case err == nil:
		return g.answers.keep(name, answer{site: forVisitors(site), asked: asked})
	case errors.Is(err, subscriptions.ErrNotFound):
		return g.answers.keep(name, answer{asked: asked})
	default:
		g.opts.OnError(ctx, fmt.Errorf("gateway: looking up %s: %w", name, err))
		return g.answers.fail(name, g.opts.Now())
	}
}

// ask asks the store, whose panic is an error like others: net/http would survive it in a handler, and so must a host
// that is asked for in a goroutine of its own.
func (g *Gateway) ask(ctx context.Context, name string) (site subscriptions.Site, err error) {
	err = safely(func() error {
		site, err = g.sites.Resolve(ctx, name)
		return err
	})
	return site, err
}

// safely turns a panic of what the host brought along into an error.
func safely(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return fn()
}

// verdict answers what is said of a name by the last known answer.
func (g *Gateway) verdict(name string, a answer) (*subscriptions.Site, error) {
	switch {
	case a.site == nil && !a.failing():
		return nil, &subscriptions.NotFoundError{Kind: "domain", Name: name}
	case !a.failing() || g.isUsable(a):
		return a.site, nil
	default:
		return nil, fmt.Errorf("%w: the store does not answer for %s", subscriptions.ErrUnavailable, name)
	}
}

// isUsable tells whether an answer may still be given while the store fails.
func (g *Gateway) isUsable(a answer) bool {
	return a.site != nil && g.opts.Now().Sub(a.asked) < g.opts.MaxStale
}

// forVisitors answers a copy of the site without what visitors must not see: who holds it, the notes and the messages.
// The gateway remembers no more than that.
func forVisitors(s subscriptions.Site) *subscriptions.Site {
	holds := make(subscriptions.Holds, len(s.Domain.Holds))
	for i, h := range s.Domain.Holds {
		holds[i] = withoutSecrets(h)
	}
	inherited := make([]subscriptions.EffectiveHold, len(s.Domain.Inherited))
	for i, h := range s.Domain.Inherited {
		inherited[i] = subscriptions.EffectiveHold{Level: h.Level, Hold: withoutSecrets(h.Hold)}
	}
	s.Domain.Holds, s.Domain.Inherited = holds, inherited
	return &s
}

func withoutSecrets(h subscriptions.Hold) subscriptions.Hold {
	return subscriptions.Hold{Cause: h.Cause, Public: h.Public, At: h.At}
}

// handOut answers a copy that its receiver may change.
func handOut(s *subscriptions.Site) subscriptions.Site {
	site := *s
	site.Domain.Holds = append(subscriptions.Holds(nil), s.Domain.Holds...)
	site.Domain.Inherited = append([]subscriptions.EffectiveHold(nil), s.Domain.Inherited...)
	site.Domain.Attributes = maps.Clone(s.Domain.Attributes)
	return site
}
