package panel

import (
	"context"
	"errors"
	"net/http"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// visit is one request on its way through the panel.
type visit struct {
	*Panel
	w        http.ResponseWriter
	r        *http.Request
	language string
	here     string // the path under which what is answered can be read again

	operator string           // the operator who sent it; "" if none did
	account  accounts.Account // the customer who sent it, on their routes
	as       string           // the operator who is signed in as the customer; "" is the owner
}

func (p *Panel) visit(w http.ResponseWriter, r *http.Request) *visit {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Referrer-Policy", "same-origin") // no-referrer would make the Origin of forms null
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	v := &visit{Panel: p, w: w, r: r, here: r.URL.Path}
	v.language = v.wanted("")
	return v
}

// policy lets pages load what the panel itself serves and nothing else; the framework's icons are within its style sheet.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// What keeps somebody from a page.
var (
	errNoPage       = errors.New("panel: no such page")
	errCrossSite    = errors.New("panel: the request came from another site")
	errNotSignedIn  = errors.New("panel: nobody is signed in")
	errNoOperator   = errors.New("panel: not an operator")
	errNotTheOwner  = errors.New("panel: not while signed in as a customer")
	errSessionEnded = errors.New("panel: the session has ended")
)

// identify finds out who sent the request, as far as its route cares.
func (v *visit) identify(who audience) error {
	v.operator = v.operatorNow()
	if who != customers && who != owners {
		return nil
	}
	s, found := v.Panel.customers.find(v.cookie(customerCookie))
	if !found {
		return nil
	}
	if s.operator != "" && s.operator != v.operator {
		return v.customerGone() // the operator has signed out meanwhile
	}
	account, err := v.clients.CheckSession(v.r.Context(), s.account, s.signIn)
	if errors.Is(err, accounts.ErrSuspended) && s.operator != "" {
		err = nil
	}
	switch {
	case err == nil:
	case errors.Is(err, accounts.ErrNotFound), errors.Is(err, accounts.ErrSessionEnded), errors.Is(err, accounts.ErrSuspended):
		return v.customerGone()
	default:
		return err
	}
	v.account, v.as = account, s.operator
	v.language = v.wanted(account.Locale)
	return nil
}

// customerGone ends a customer's session that must not go on.
func (v *visit) customerGone() error {
	v.Panel.customers.end(v.cookie(customerCookie))
	v.setCookie(customerCookie, "", -1)
	return errSessionEnded
}

// operatorNow answers which operator sent the request, or "".
func (v *visit) operatorNow() string {
	if v.opts.OperatorFromRequest != nil {
		name, ok := v.opts.OperatorFromRequest(v.r)
		if !ok {
			return ""
		}
		return name
	}
	s, found := v.operators.find(v.cookie(operatorCookie))
	if !found {
		return ""
	}
	return s.operator
}

// admit lets through whom a route is for.
func (v *visit) admit(who audience) error {
	switch {
	case who == operators && v.operator == "":
		return errNoOperator
	case (who == customers || who == owners) && v.account.ID == 0:
		return errNotSignedIn
	case who == owners && v.as != "":
		return errNotTheOwner
	}
	return nil
}

// ctx answers the context for a command of the operator, or of the customer whose page it is.
func (v *visit) ctx() context.Context {
	switch {
	case v.as != "":
		return accounts.WithActor(v.r.Context(), v.as)
	case v.account.ID != 0:
		return v.r.Context()
	default:
		return accounts.WithActor(v.r.Context(), v.operator)
	}
}

// owner answers what the customer who sent the request may do.
func (v *visit) owner() *accounts.Owner { return v.clients.Owner(v.account.ID) }

func (v *visit) subscriptions() *subscriptions.Manager { return v.clients.Subscriptions() }

// say tells the person something on the next page.
func (v *visit) say(n notice) {
	if v.account.ID != 0 {
		v.Panel.customers.say(v.cookie(customerCookie), n)
		return
	}
	token := v.cookie(operatorCookie)
	if s, found := v.operators.find(token); !found || s.operator != v.operator {
		token = v.operators.begin(session{operator: v.operator}) // the host's operator, for whom there was none yet
		v.setCookie(operatorCookie, token, 0)
	}
	v.operators.say(token, n)
}

func (v *visit) done(key string, args ...any) { v.say(notice{Kind: "done", key: key, args: args}) }
func (v *visit) warn(key string, args ...any) { v.say(notice{Kind: "warn", key: key, args: args}) }

// notices answers what is to be said on this page.
func (v *visit) notices() []notice {
	if v.account.ID != 0 {
		return v.Panel.customers.heard(v.cookie(customerCookie))
	}
	if v.operator == "" {
		return nil
	}
	token := v.cookie(operatorCookie)
	if s, found := v.operators.find(token); !found || s.operator != v.operator {
		return nil
	}
	return v.operators.heard(token)
}
