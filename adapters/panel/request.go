package panel

import (
	"context"
	"errors"
	"net/http"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// request is one request on its way through the panel.
type request struct {
	*Panel
	w        http.ResponseWriter
	req      *http.Request
	language string
	pagePath string // the path under which what is answered can be read again

	operator     string           // the operator who sent it; "" if none did
	account      accounts.Account // the customer who sent it, on their routes
	impersonator string           // the operator who is signed in as the customer; "" is the owner
}

func (p *Panel) newRequest(w http.ResponseWriter, req *http.Request) *request {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Referrer-Policy", "same-origin") // no-referrer would make the Origin of forms null
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	r := &request{Panel: p, w: w, req: req, pagePath: req.URL.Path}
	r.language = r.negotiateLanguage("")
	return r
}

// policy lets pages load what the panel itself serves and nothing else; the framework's icons are within its style sheet.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// What keeps somebody from a page.
var (
	errPageNotFound = errors.New("panel: no such page")
	errCrossSite    = errors.New("panel: the request came from another site")
	errNotSignedIn  = errors.New("panel: nobody is signed in")
	errNotOperator  = errors.New("panel: not an operator")
	errNotOwner     = errors.New("panel: not while signed in as a customer")
	errSessionEnded = errors.New("panel: the session has ended")
)

// identify finds out who sent the request, as far as its route cares.
func (r *request) identify(aud audience) error {
	r.operator = r.currentOperator()
	if aud != customers && aud != owners {
		return nil
	}
	s, found := r.Panel.customerSessions.get(r.cookie(customerCookie))
	if !found {
		return nil
	}
	if s.operator != "" && s.operator != r.operator {
		return r.endCustomerSession() // the operator has signed out meanwhile
	}
	account, err := r.clients.CheckSession(r.req.Context(), s.account, s.epoch)
	if errors.Is(err, accounts.ErrSuspended) && s.operator != "" {
		err = nil
	}
	switch {
	case err == nil:
	case errors.Is(err, accounts.ErrNotFound), errors.Is(err, accounts.ErrSessionEnded), errors.Is(err, accounts.ErrSuspended):
		return r.endCustomerSession()
	default:
		return err
	}
	r.account, r.impersonator = account, s.operator
	r.language = r.negotiateLanguage(account.Locale)
	return nil
}

// endCustomerSession ends a customer's session that must not go on.
func (r *request) endCustomerSession() error {
	r.Panel.customerSessions.delete(r.cookie(customerCookie))
	r.setCookie(customerCookie, "", -1)
	return errSessionEnded
}

// currentOperator answers which operator sent the request, or "".
func (r *request) currentOperator() string {
	if r.opts.OperatorFromRequest != nil {
		name, ok := r.opts.OperatorFromRequest(r.req)
		if !ok {
			return ""
		}
		return name
	}
	s, found := r.operatorSessions.get(r.cookie(operatorCookie))
	if !found {
		return ""
	}
	return s.operator
}

// authorize lets through whom a route is for.
func (r *request) authorize(aud audience) error {
	switch {
	case aud == operators && r.operator == "":
		return errNotOperator
	case (aud == customers || aud == owners) && r.account.ID == 0:
		return errNotSignedIn
	case aud == owners && r.impersonator != "":
		return errNotOwner
	}
	return nil
}

// commandContext answers the context for a command of the operator, or of the customer whose page it is.
func (r *request) commandContext() context.Context {
	switch {
	case r.impersonator != "":
		return accounts.WithActor(r.req.Context(), r.impersonator)
	case r.account.ID != 0:
		return r.req.Context()
	default:
		return accounts.WithActor(r.req.Context(), r.operator)
	}
}

// owner answers what the customer who sent the request may do.
func (r *request) owner() *accounts.Owner { return r.clients.Owner(r.account.ID) }

func (r *request) subscriptions() *subscriptions.Manager { return r.clients.Subscriptions() }

// addFlash tells the person something on the next page.
func (r *request) addFlash(n flash) {
	if r.account.ID != 0 {
		r.Panel.customerSessions.addFlash(r.cookie(customerCookie), n)
		return
	}
	token := r.cookie(operatorCookie)
	if s, found := r.operatorSessions.get(token); !found || s.operator != r.operator {
		token = r.operatorSessions.create(session{operator: r.operator}) // the host's operator, for whom there was none yet
		r.setCookie(operatorCookie, token, 0)
	}
	r.operatorSessions.addFlash(token, n)
}

func (r *request) flashDone(key string, args ...any) {
	r.addFlash(flash{Kind: "done", key: key, args: args})
}

func (r *request) flashWarning(key string, args ...any) {
	r.addFlash(flash{Kind: "warn", key: key, args: args})
}

// takeFlashes answers what is to be said on this page.
func (r *request) takeFlashes() []flash {
	if r.account.ID != 0 {
		return r.Panel.customerSessions.takeFlashes(r.cookie(customerCookie))
	}
	if r.operator == "" {
		return nil
	}
	token := r.cookie(operatorCookie)
	if s, found := r.operatorSessions.get(token); !found || s.operator != r.operator {
		return nil
	}
	return r.operatorSessions.takeFlashes(token)
}
