package panel

import (
	"net/http"
	"net/url"
	"path"
	"slices"
)

// audience says who may use a route.
type audience int

const (
	anyone    audience = iota
	operators          // those of the provider
	customers          // a customer, or an operator signed in as one
	owners             // a customer, signed in with their own password
)

// route is one page, or one thing that a page does. GET and HEAD change nothing.
type route struct {
	method, path string
	who          audience
	serve        func(v *visit) error
}

// routes are all there are: what is not here cannot be reached, and tests walk them with every role.
var routes = []route{
	{http.MethodGet, "/{$}", anyone, (*visit).home},
	{http.MethodPost, "/language", anyone, (*visit).chooseLanguage},
	{http.MethodGet, "/signin", anyone, (*visit).signInPage},
	{http.MethodPost, "/signin", anyone, (*visit).signIn},
	{http.MethodGet, "/operator", anyone, (*visit).operatorSignInPage},
	{http.MethodPost, "/operator", anyone, (*visit).operatorSignIn},
	{http.MethodGet, "/forgot", anyone, (*visit).forgotPage},
	{http.MethodPost, "/forgot", anyone, (*visit).forgot},
	{http.MethodGet, "/reset/{token}", anyone, (*visit).resetPage},
	{http.MethodPost, "/reset/{token}", anyone, (*visit).reset},

	{http.MethodPost, "/operator/signout", operators, (*visit).operatorSignOut},
	{http.MethodGet, "/customers", operators, (*visit).customerList},
	{http.MethodGet, "/customers.csv", operators, (*visit).customerExport},
	{http.MethodGet, "/customers/new", operators, (*visit).customerNewPage},
	{http.MethodPost, "/customers/new", operators, (*visit).customerCreate},
	{http.MethodGet, "/customers/suspend", operators, (*visit).suspendCustomersPage},
	{http.MethodPost, "/customers/suspend", operators, (*visit).suspendCustomers},
	{http.MethodGet, "/customers/activate", operators, (*visit).activateCustomersPage},
	{http.MethodPost, "/customers/activate", operators, (*visit).activateCustomers},
	{http.MethodGet, "/customers/remove", operators, (*visit).removeCustomersPage},
	{http.MethodPost, "/customers/remove", operators, (*visit).removeCustomers},
	{http.MethodGet, "/customers/{id}", operators, (*visit).customerPage},
	{http.MethodGet, "/customers/{id}/edit", operators, (*visit).customerEditPage},
	{http.MethodPost, "/customers/{id}/edit", operators, (*visit).customerUpdate},
	{http.MethodGet, "/customers/{id}/password", operators, (*visit).customerPasswordPage},
	{http.MethodPost, "/customers/{id}/password", operators, (*visit).customerPassword},
	{http.MethodPost, "/customers/{id}/link", operators, (*visit).customerLink},
	{http.MethodPost, "/customers/{id}/signin", operators, (*visit).signInAs},
	{http.MethodGet, "/customers/{id}/history", operators, (*visit).customerHistory},

	{http.MethodGet, "/subscriptions", operators, (*visit).subscriptionList},
	{http.MethodGet, "/subscriptions.csv", operators, (*visit).subscriptionExport},
	{http.MethodGet, "/subscriptions/new", operators, (*visit).subscriptionNewPage},
	{http.MethodPost, "/subscriptions/new", operators, (*visit).subscriptionCreate},
	{http.MethodGet, "/subscriptions/suspend", operators, (*visit).suspendSubscriptionsPage},
	{http.MethodPost, "/subscriptions/suspend", operators, (*visit).suspendSubscriptions},
	{http.MethodGet, "/subscriptions/activate", operators, (*visit).activateSubscriptionsPage},
	{http.MethodPost, "/subscriptions/activate", operators, (*visit).activateSubscriptions},
	{http.MethodGet, "/subscriptions/remove", operators, (*visit).removeSubscriptionsPage},
	{http.MethodPost, "/subscriptions/remove", operators, (*visit).removeSubscriptions},
	{http.MethodGet, "/subscriptions/assign", operators, (*visit).assignPage},
	{http.MethodPost, "/subscriptions/assign", operators, (*visit).assign},
	{http.MethodGet, "/subscriptions/{id}", operators, (*visit).subscriptionPage},
	{http.MethodGet, "/subscriptions/{id}/edit", operators, (*visit).subscriptionEditPage},
	{http.MethodPost, "/subscriptions/{id}/edit", operators, (*visit).subscriptionUpdate},
	{http.MethodPost, "/subscriptions/{id}/domains", operators, (*visit).domainAdd},

	{http.MethodGet, "/domains/suspend", operators, (*visit).suspendDomainsPage},
	{http.MethodPost, "/domains/suspend", operators, (*visit).suspendDomains},
	{http.MethodGet, "/domains/activate", operators, (*visit).activateDomainsPage},
	{http.MethodPost, "/domains/activate", operators, (*visit).activateDomains},
	{http.MethodGet, "/domains/remove", operators, (*visit).removeDomainsPage},
	{http.MethodPost, "/domains/remove", operators, (*visit).removeDomains},
	{http.MethodGet, "/domains/{id}", operators, (*visit).domainPage},
	{http.MethodPost, "/domains/{id}/name", operators, (*visit).domainRename},
	{http.MethodPost, "/domains/{id}/main", operators, (*visit).domainMakeMain},
	{http.MethodGet, "/domains/{id}/move", operators, (*visit).domainMovePage},
	{http.MethodPost, "/domains/{id}/move", operators, (*visit).domainMove},

	{http.MethodGet, "/account", customers, (*visit).ownPage},
	{http.MethodGet, "/account/contact", customers, (*visit).ownContactPage},
	{http.MethodPost, "/account/contact", customers, (*visit).ownContact},
	{http.MethodPost, "/account/switch", customers, (*visit).ownSwitch},
	{http.MethodPost, "/account/signout", customers, (*visit).signOut},
	{http.MethodGet, "/account/password", owners, (*visit).ownPasswordPage},
	{http.MethodPost, "/account/password", owners, (*visit).ownPassword},
}

// routes answers the handler of them all, behind what holds for every request.
func (p *Panel) routes() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes {
		mux.HandleFunc(rt.method+" "+rt.path, func(w http.ResponseWriter, r *http.Request) { p.visit(w, r).attend(rt) })
	}
	mux.HandleFunc("GET /assets/{name}", p.assets.serve)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { p.visit(w, r).explain(errNoPage) })

	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.visit(w, r).explain(errCrossSite)
	}))
	return protection.Handler(mux)
}

// mostBody bounds what a request may send, in bytes: every form at its limits fits.
const mostBody = 1 << 20

// isPage tells whether there is a page at the route's path, and not only something to send there.
func (rt route) isPage() bool {
	return slices.ContainsFunc(routes, func(other route) bool { return other.method == http.MethodGet && other.path == rt.path })
}

// attend serves a route to those whom it is for.
func (v *visit) attend(rt route) {
	if !rt.isPage() { // it was sent from the page above
		v.here = path.Dir(v.here)
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, mostBody)
	if err := v.r.ParseForm(); err != nil {
		v.explain(errBadForm{err})
		return
	}
	if err := v.identify(rt.who); err != nil {
		v.explain(err)
		return
	}
	if err := v.admit(rt.who); err != nil {
		v.explain(err)
		return
	}
	if err := rt.serve(v); err != nil {
		v.explain(err)
	}
}

// redirect sends the browser to a page of the panel, so that a reload repeats nothing.
func (v *visit) redirect(parts ...any) error {
	http.Redirect(v.w, v.r, v.url(parts...), http.StatusSeeOther)
	return nil
}

// localPath answers a path within the panel that a form names, or otherwise where it is none: it begins with one slash, and
// has nothing that browsers take for another or leave out.
func localPath(given, otherwise string) string {
	if _, err := url.Parse(given); err != nil || given == "" {
		return otherwise
	}
	for i, c := range []byte(given) {
		if c <= ' ' || c == '\\' || c == 0x7f || i == 0 && c != '/' || i == 1 && c == '/' {
			return otherwise
		}
	}
	return given
}
