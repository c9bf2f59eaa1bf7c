package panel

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/panel/internal/languages"
	"github.com/clientele-go/clientele/adapters/panel/internal/sessions"
	"github.com/clientele-go/clientele/subscriptions"
)

// request is an HTTP request with what the panel knows about it.
type request struct {
	*Panel
	w        *responseWriter
	req      *http.Request
	language languages.Language
	pagePath string // the path of the page that the response shows, for GET requests

	operator     string           // the operator who sent the request, or ""
	account      accounts.Account // the customer who sent it, on routes for customers, or zero
	impersonator string           // the operator who is signed in as the customer, or "" for the customer
}

// newRequest returns the request and sets the headers of its response.
func (p *Panel) newRequest(w http.ResponseWriter, req *http.Request) *request {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Referrer-Policy", "same-origin") // with no-referrer, browsers send forms with the Origin null
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	r := &request{Panel: p, w: &responseWriter{ResponseWriter: w}, req: req, pagePath: req.URL.Path}
	r.language = r.negotiateLanguage("")
	return r
}

// policy allows pages to load only what the panel serves. The style sheet has icons as data URLs.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Errors that keep a user from a page.
var (
	errPageNotFound = errors.New("panel: page not found")
	errCrossSite    = errors.New("panel: cross-site request")
	errNotSignedIn  = errors.New("panel: not signed in")
	errNotOperator  = errors.New("panel: not an operator")
	errNotOwner     = errors.New("panel: not available while signed in as a customer")
	errSessionEnded = errors.New("panel: session ended")
)

// identify sets the operator who sent the request and, on routes for customers, the customer. It returns errSessionEnded if
// the customer's session has ended.
func (r *request) identify(aud audience) error {
	var err error
	if r.operator, err = r.currentOperator(); err != nil {
		return err
	}
	if aud != customers && aud != owners {
		return nil
	}
	s, found := r.customerSessions.Get(r.cookie(customerCookie))
	if !found {
		return nil
	}
	if s.Operator != "" && s.Operator != r.operator {
		return r.endCustomerSession() // the operator has signed out
	}
	account, err := r.clients.CheckSession(r.req.Context(), s.Account, s.Epoch)
	if errors.Is(err, accounts.ErrSuspended) && s.Operator != "" {
		err = nil
	}
	switch {
	case err == nil:
	case errors.Is(err, accounts.ErrNotFound), errors.Is(err, accounts.ErrSessionEnded), errors.Is(err, accounts.ErrSuspended):
		return r.endCustomerSession()
	default:
		return err
	}
	r.account, r.impersonator = account, s.Operator
	r.language = r.negotiateLanguage(account.Locale)
	return nil
}

// endCustomerSession ends the customer's session and returns errSessionEnded.
func (r *request) endCustomerSession() error {
	r.customerSessions.Delete(r.cookie(customerCookie))
	r.setCookie(customerCookie, "", -1)
	return errSessionEnded
}

// currentOperator returns the operator who sent the request, or "". It ends the session of an operator who is no longer
// active.
func (r *request) currentOperator() (string, error) {
	if r.opts.OperatorFromRequest != nil {
		name, ok := r.opts.OperatorFromRequest(r.req)
		if !ok {
			return "", nil
		}
		return name, nil
	}
	s, found := r.operatorSessions.Get(r.cookie(operatorCookie))
	if !found {
		return "", nil
	}
	active, err := r.isActive(s)
	if err != nil {
		return "", err
	}
	if !active {
		r.operatorSessions.Delete(r.cookie(operatorCookie))
		r.setCookie(operatorCookie, "", -1)
		return "", nil
	}
	return s.Operator, nil
}

// isActive reports whether the session of an operator continues: whether the operator may still work and has the same epoch.
func (r *request) isActive(s sessions.Session) (bool, error) {
	if r.opts.OperatorActive != nil {
		active, err := r.opts.OperatorActive(r.req.Context(), s.Operator)
		if err != nil {
			return false, fmt.Errorf("panel: OperatorActive: %w", err)
		}
		if !active {
			return false, nil
		}
	}
	epoch, err := r.operatorEpoch(s.Operator)
	return epoch == s.OperatorEpoch, err
}

// authorize returns an error if the user is not in the audience of a route.
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

// commandContext returns a context for commands, with the operator as their actor unless the customer gives them.
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

// owner returns the interface for commands and queries of the customer who sent the request.
func (r *request) owner() *accounts.Owner { return r.clients.Owner(r.account.ID) }

func (r *request) subscriptions() *subscriptions.Manager { return r.clients.Subscriptions() }

// addFlash adds a message to the next page that the user sees.
func (r *request) addFlash(f sessions.Flash) {
	if r.account.ID != 0 {
		r.customerSessions.AddFlash(r.cookie(customerCookie), f)
		return
	}
	token := r.cookie(operatorCookie)
	if s, found := r.operatorSessions.Get(token); !found || s.Operator != r.operator {
		token = r.operatorSessions.Create(sessions.Session{Operator: r.operator}) // OperatorFromRequest does not create one
		r.setCookie(operatorCookie, token, 0)
	}
	r.operatorSessions.AddFlash(token, f)
}

// flashDone adds a message about a success.
func (r *request) flashDone(key string, args ...any) {
	r.addFlash(sessions.Flash{Kind: "done", Key: key, Args: args})
}

// flashWarning adds a message about a problem.
func (r *request) flashWarning(key string, args ...any) {
	r.addFlash(sessions.Flash{Kind: "warn", Key: key, Args: args})
}

// takeFlashes returns the messages for this page and deletes them.
func (r *request) takeFlashes() []sessions.Flash {
	if r.account.ID != 0 {
		return r.customerSessions.TakeFlashes(r.cookie(customerCookie))
	}
	if r.operator == "" {
		return nil
	}
	token := r.cookie(operatorCookie)
	if s, found := r.operatorSessions.Get(token); !found || s.Operator != r.operator {
		return nil
	}
	return r.operatorSessions.TakeFlashes(token)
}
