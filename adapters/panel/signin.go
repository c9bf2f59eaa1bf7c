package panel

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/clientele-go/clientele/accounts"
)

// home sends everybody to where they work.
func (r *request) home() error {
	if r.operator != "" {
		return r.redirect("/customers")
	}
	return r.redirect("/account")
}

// signInForm is the page on which somebody signs in.
type signInForm struct {
	Form     form
	Operator bool   // the operators' one
	Reason   string // why somebody is here again: "ended", "out" or "reset"
}

func (r *request) signInPage() error {
	return r.renderSignIn(http.StatusOK, signInForm{Reason: r.signInReason()})
}

func (r *request) operatorSignInPage() error {
	if r.opts.AuthenticateOperator == nil || r.opts.OperatorFromRequest != nil {
		return errPageNotFound
	}
	return r.renderSignIn(http.StatusOK, signInForm{Operator: true, Reason: r.signInReason()})
}

func (r *request) signInReason() string {
	switch code := r.req.Form.Get("said"); code {
	case "ended", "out", "reset":
		return code
	default:
		return ""
	}
}

func (r *request) renderSignIn(status int, f signInForm) error {
	return r.render(status, "signin", r.T("signin.title"), f)
}

// signIn signs a customer in. The same is said of unknown logins and of wrong passwords.
func (r *request) signIn() error {
	login, f := r.req.PostFormValue("login"), signInForm{Form: r.formFromRequest()}
	if limited, err := r.rateLimited(customerCookie, login, f); limited {
		return err
	}
	account, err := r.clients.Authenticate(r.req.Context(), login, r.req.PostFormValue("password"))
	var suspended *accounts.SuspendedError
	switch {
	case errors.As(err, &suspended):
		r.setDeviceCookie(customerCookie, login)
		return r.render(http.StatusForbidden, "suspended", r.T("suspended.title"), suspended.Messages)
	case errors.Is(err, accounts.ErrInvalidCredentials):
		f.Form.Errors = []string{r.T("signin.wrong")}
		return r.renderSignIn(http.StatusUnauthorized, f)
	case err != nil:
		return err
	}
	r.setDeviceCookie(customerCookie, login)
	r.startCustomerSession(session{account: account.ID, epoch: account.SessionEpoch})
	return r.redirect("/account")
}

// rateLimited answers a sign-in that comes too soon after too many others.
func (r *request) rateLimited(kind, login string, f signInForm) (bool, error) {
	wait := r.retryAfter(kind, login)
	if wait == 0 {
		return false, nil
	}
	seconds := int((wait + time.Second - 1) / time.Second)
	r.w.Header().Set("Retry-After", strconv.Itoa(seconds))
	f.Form.Errors = []string{r.N("signin.slow", seconds)}
	return true, r.renderSignIn(http.StatusTooManyRequests, f)
}

// setDeviceCookie marks a browser whose user knew the password.
func (r *request) setDeviceCookie(kind, login string) {
	if r.deviceKey.verify(r.cookie(deviceCookie), kind, login) == "" {
		r.setCookie(deviceCookie, r.deviceKey.newToken(kind, login), deviceMaxAge)
	}
}

// startCustomerSession begins a customer's session under a new token, and ends the one before it.
func (r *request) startCustomerSession(s session) string {
	r.Panel.customerSessions.delete(r.cookie(customerCookie))
	token := r.Panel.customerSessions.create(s)
	r.setCookie(customerCookie, token, 0)
	return token
}

// operatorSignIn signs an operator in.
func (r *request) operatorSignIn() error {
	if r.opts.AuthenticateOperator == nil || r.opts.OperatorFromRequest != nil {
		return errPageNotFound
	}
	name, f := r.req.PostFormValue("login"), signInForm{Form: r.formFromRequest(), Operator: true}
	if limited, err := r.rateLimited(operatorCookie, name, f); limited {
		return err
	}
	ok, err := r.opts.AuthenticateOperator(r.req.Context(), name, r.req.PostFormValue("password"))
	if err != nil {
		return err
	}
	if !ok || name == "" {
		f.Form.Errors = []string{r.T("signin.wrong")}
		return r.renderSignIn(http.StatusUnauthorized, f)
	}
	r.setDeviceCookie(operatorCookie, name)
	r.operatorSessions.delete(r.cookie(operatorCookie))
	r.setCookie(operatorCookie, r.operatorSessions.create(session{operator: name}), 0)
	return r.redirect("/customers")
}

func (r *request) operatorSignOut() error {
	r.operatorSessions.delete(r.cookie(operatorCookie))
	r.setCookie(operatorCookie, "", -1)
	if r.opts.OperatorFromRequest != nil {
		return r.redirect("/") // the host signs its operators out itself
	}
	return r.redirect("/operator?said=out")
}

// signOut ends a customer's session; an operator who was signed in as the customer goes back to where they were.
func (r *request) signOut() error {
	r.Panel.customerSessions.delete(r.cookie(customerCookie))
	r.setCookie(customerCookie, "", -1)
	if r.impersonator != "" {
		return r.redirect("/customers/", r.account.ID)
	}
	return r.redirect("/signin?said=out")
}

// signInAs signs an operator in as a customer, which the history tells.
func (r *request) signInAs() error {
	id, err := r.accountID()
	if err != nil {
		return err
	}
	account, err := r.clients.SignInAs(r.commandContext(), id)
	if err != nil {
		return err
	}
	r.startCustomerSession(session{account: account.ID, epoch: account.SessionEpoch, operator: r.operator})
	return r.redirect("/account")
}
