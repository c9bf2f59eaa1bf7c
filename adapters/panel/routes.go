package panel

import (
	"net/http"
	"net/url"
	"path"
	"slices"
)

// audience is the group of users who may use a route.
type audience int

const (
	anyone audience = iota
	operators
	customers // customers, and operators who are signed in as a customer
	owners    // customers only
)

// route is a page or an action of a page. Routes for GET and HEAD change nothing.
type route struct {
	method, path string
	audience     audience
	handle       func(v *request) error
}

// routes are all routes except those of assets. Tests request each of them in every role.
var routes = slices.Concat(pageRoutes, customerLevel.routes(), subscriptionLevel.routes(), domainLevel.routes())

// pageRoutes are the routes that are not of actions on a selection.
var pageRoutes = []route{
	{http.MethodGet, "/{$}", anyone, (*request).home},
	{http.MethodPost, "/language", anyone, (*request).setLanguage},
	{http.MethodGet, "/signin", anyone, (*request).signInPage},
	{http.MethodPost, "/signin", anyone, (*request).signIn},
	{http.MethodGet, "/operator", anyone, (*request).operatorSignInPage},
	{http.MethodPost, "/operator", anyone, (*request).operatorSignIn},
	{http.MethodGet, "/forgot", anyone, (*request).forgotPage},
	{http.MethodPost, "/forgot", anyone, (*request).forgot},
	{http.MethodGet, "/reset/{token}", anyone, (*request).resetPage},
	{http.MethodPost, "/reset/{token}", anyone, (*request).reset},

	{http.MethodPost, "/operator/signout", operators, (*request).operatorSignOut},
	{http.MethodGet, "/customers", operators, (*request).customerList},
	{http.MethodGet, "/customers.csv", operators, (*request).customerExport},
	{http.MethodGet, "/customers/new", operators, (*request).customerNewPage},
	{http.MethodPost, "/customers/new", operators, (*request).customerCreate},
	{http.MethodGet, "/customers/{id}", operators, (*request).customerPage},
	{http.MethodGet, "/customers/{id}/edit", operators, (*request).customerEditPage},
	{http.MethodPost, "/customers/{id}/edit", operators, (*request).customerUpdate},
	{http.MethodGet, "/customers/{id}/password", operators, (*request).customerPasswordPage},
	{http.MethodPost, "/customers/{id}/password", operators, (*request).customerPassword},
	{http.MethodPost, "/customers/{id}/link", operators, (*request).customerLink},
	{http.MethodPost, "/customers/{id}/signin", operators, (*request).signInAs},
	{http.MethodGet, "/customers/{id}/history", operators, (*request).customerHistory},

	{http.MethodGet, "/subscriptions", operators, (*request).subscriptionList},
	{http.MethodGet, "/subscriptions.csv", operators, (*request).subscriptionExport},
	{http.MethodGet, "/subscriptions/new", operators, (*request).subscriptionNewPage},
	{http.MethodPost, "/subscriptions/new", operators, (*request).subscriptionCreate},
	{http.MethodGet, "/subscriptions/{id}", operators, (*request).subscriptionPage},
	{http.MethodGet, "/subscriptions/{id}/edit", operators, (*request).subscriptionEditPage},
	{http.MethodPost, "/subscriptions/{id}/edit", operators, (*request).subscriptionUpdate},
	{http.MethodPost, "/subscriptions/{id}/domains", operators, (*request).domainAdd},

	{http.MethodGet, "/domains/{id}", operators, (*request).domainPage},
	{http.MethodPost, "/domains/{id}/name", operators, (*request).domainRename},
	{http.MethodPost, "/domains/{id}/main", operators, (*request).domainMakeMain},
	{http.MethodGet, "/domains/{id}/move", operators, (*request).domainMovePage},
	{http.MethodPost, "/domains/{id}/move", operators, (*request).domainMove},

	{http.MethodGet, "/account", customers, (*request).ownPage},
	{http.MethodGet, "/account/contact", customers, (*request).ownContactPage},
	{http.MethodPost, "/account/contact", customers, (*request).ownContact},
	{http.MethodPost, "/account/switch", customers, (*request).ownSwitch},
	{http.MethodPost, "/account/signout", customers, (*request).signOut},
	{http.MethodGet, "/account/password", owners, (*request).ownPasswordPage},
	{http.MethodPost, "/account/password", owners, (*request).ownPassword},
}

// routes returns the handler of all routes, with protection against cross-site requests.
func (p *Panel) routes() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes {
		mux.HandleFunc(rt.method+" "+rt.path, p.handle(func(r *request) { r.serve(rt) }))
	}
	mux.HandleFunc("GET /assets/{name}", p.assets.serve)
	mux.HandleFunc("/", p.handle(func(r *request) { r.renderError(errPageNotFound) }))
	return p.crossOriginProtection(mux)
}

// handle returns a handler that serves requests with the given function.
func (p *Panel) handle(serve func(*request)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		r := p.newRequest(w, req)
		r.run(func() { serve(r) })
	}
}

// Maximum sizes in bytes. All forms and links fit with values of maximum length. What everyone may send is limited more,
// because reading it takes a multiple of its size in memory and normalizing it takes time.
const (
	maxURL     = 32 << 10 // path and query
	maxOwnBody = 64 << 10 // of a request by a customer or by anyone
	maxBody    = 1 << 20  // of a request by an operator, who may select 10,000 ids
)

// hasPage reports whether the route's path has a page, and not only an action.
func (rt route) hasPage() bool {
	return slices.ContainsFunc(routes, func(other route) bool { return other.method == http.MethodGet && other.path == rt.path })
}

// serve serves a route to users in its audience, and an error page to all others.
func (r *request) serve(rt route) {
	if !rt.hasPage() { // the form is on the page at the parent path
		r.pagePath = path.Dir(r.pagePath)
	}
	limit := int64(maxOwnBody)
	if rt.audience == operators {
		limit = maxBody
	}
	r.req.Body = http.MaxBytesReader(r.w, r.req.Body, limit)
	if err := r.identify(rt.audience); err != nil {
		r.renderError(err)
		return
	}
	if err := r.authorize(rt.audience); err != nil {
		r.renderError(err)
		return
	}
	if err := r.req.ParseForm(); err != nil {
		r.renderError(badFormError{err})
		return
	}
	if err := rt.handle(r); err != nil {
		r.renderError(err)
	}
}

// redirect redirects to a page of the panel, so that a reload does not send a form again.
func (r *request) redirect(parts ...any) error {
	http.Redirect(r.w, r.req, r.url(parts...), http.StatusSeeOther)
	return nil
}

// localPath returns path if it is a path in the panel, and otherwise fallback. Such a path begins with exactly one slash, and
// has no characters that browsers ignore or treat as a slash.
func localPath(path, fallback string) string {
	if _, err := url.Parse(path); err != nil || path == "" {
		return fallback
	}
	for i, c := range []byte(path) {
		if c <= ' ' || c == '\\' || c == 0x7f || i == 0 && c != '/' || i == 1 && c == '/' {
			return fallback
		}
	}
	return path
}
