package panel

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/panel/internal/sessions"
)

// home redirects operators to the customers and everyone else to the account page.
func (r *request) home() error {
	if r.operator != "" {
		return r.redirect("/customers")
	}
	return r.redirect("/account")
}

// signInForm is the data of the sign-in pages.
type signInForm struct {
	Form     form
	Operator bool   // on the page for operators
	Reason   string // of a redirect to the page: "ended", "out", "reset" or ""
}

func (r *request) signInPage() error {
	return r.renderSignIn(http.StatusOK, signInForm{Reason: r.signInReason()})
}

func (r *request) operatorSignInPage() error {
	if r.opts.AuthenticateOperator == nil {
		return errPageNotFound
	}
	return r.renderSignIn(http.StatusOK, signInForm{Operator: true, Reason: r.signInReason()})
}

// signInReason returns the parameter said, or "" if it has no known value.
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

// signIn signs a customer in. The response is the same for an unknown login and a wrong password.
func (r *request) signIn() error {
	login, f := r.req.PostFormValue("login"), signInForm{Form: r.formFromRequest()}
	var (
		account   accounts.Account
		err       error
		suspended *accounts.SuspendedError
	)
	wait, tryErr := r.trySignIn(customerCookie, login, r.customerEpoch, func() bool {
		account, err = r.clients.Authenticate(r.req.Context(), login, r.req.PostFormValue("password"))
		return err == nil || errors.As(err, &suspended)
	})
	if wait > 0 {
		return r.renderRateLimited(wait, f)
	}
	switch {
	case tryErr != nil:
		return tryErr
	case suspended != nil:
		if r.device(customerCookie, login) == (device{}) {
			r.setDeviceCookie(customerCookie, login, "") // a former browser, which any is after the suspension
		}
		return r.render(http.StatusForbidden, "suspended", r.T("suspended.title"), suspended.Messages)
	case errors.Is(err, accounts.ErrInvalidCredentials):
		f.Form.Errors = []string{r.T("signin.wrong")}
		return r.renderSignIn(http.StatusUnauthorized, f)
	case err != nil:
		return err
	}
	if r.device(customerCookie, login) == (device{}) {
		r.notify(NewDevice, account, account)
	}
	r.setDeviceCookie(customerCookie, login, accountEpoch(account))
	r.startCustomerSession(sessions.Session{Account: account.ID, Epoch: account.SessionEpoch})
	return r.redirect("/account")
}

// customerEpoch returns the epoch of a customer's login.
func (r *request) customerEpoch(login string) (string, error) {
	account, err := r.clients.GetByLogin(r.req.Context(), login)
	if errors.Is(err, accounts.ErrNotFound) {
		return "not found", nil // no token has it
	}
	return accountEpoch(account), err
}

// renderRateLimited writes the page for an attempt to sign in that must wait. However many connections attempt to sign in all
// the time, only a few of these pages compete for the processors with the hashes of other passwords.
func (r *request) renderRateLimited(wait time.Duration, f signInForm) error {
	f.Form.Errors = []string{r.retryText(wait)}
	if err := r.limits.pages.Acquire(r.req.Context(), 1); err != nil {
		r.w.WriteHeader(http.StatusTooManyRequests) // the client has disconnected
		return nil
	}
	body, err := func() ([]byte, error) {
		defer r.limits.pages.Release(1)
		return r.execute("signin", r.T("signin.title"), f)
	}()
	if err != nil {
		return err
	}
	r.write(http.StatusTooManyRequests, body)
	return nil
}

// startCustomerSession starts a customer's session with a new token and ends the browser's previous one. It returns the token.
func (r *request) startCustomerSession(s sessions.Session) string {
	r.customerSessions.Delete(r.cookie(customerCookie))
	token := r.customerSessions.Create(s)
	r.setCookie(customerCookie, token, 0)
	return token
}

// operatorSignIn signs an operator in with Options.AuthenticateOperator.
func (r *request) operatorSignIn() error {
	if r.opts.AuthenticateOperator == nil {
		return errPageNotFound
	}
	name, f := r.req.PostFormValue("login"), signInForm{Form: r.formFromRequest(), Operator: true}
	var (
		ok                bool
		epoch             string
		epochErr, authErr error
	)
	wait, err := r.trySignIn(operatorCookie, name, r.operatorEpoch, func() bool {
		if epoch, epochErr = r.operatorEpoch(name); epochErr != nil { // first, so that it is not newer than the password
			return false
		}
		ok, authErr = r.opts.AuthenticateOperator(r.req.Context(), name, r.req.PostFormValue("password"))
		ok = ok && authErr == nil && name != ""
		return ok
	})
	switch {
	case wait > 0:
		return r.renderRateLimited(wait, f)
	case err != nil:
		return err
	case epochErr != nil:
		return epochErr
	case authErr != nil:
		return opaqueError{"AuthenticateOperator", authErr}
	}
	if !ok {
		f.Form.Errors = []string{r.T("signin.wrong")}
		return r.renderSignIn(http.StatusUnauthorized, f)
	}
	r.setDeviceCookie(operatorCookie, name, epoch)
	r.operatorSessions.Delete(r.cookie(operatorCookie))
	r.setCookie(operatorCookie, r.operatorSessions.Create(sessions.Session{Operator: name, OperatorEpoch: epoch}), 0)
	return r.redirect("/customers")
}

// operatorEpoch returns the current epoch of an operator: a text that changes with the password. Without
// Options.OperatorEpoch it is always "".
func (r *request) operatorEpoch(name string) (string, error) {
	if r.opts.OperatorEpoch == nil {
		return "", nil
	}
	epoch, err := r.opts.OperatorEpoch(r.req.Context(), name)
	if err != nil {
		return "", fmt.Errorf("panel: OperatorEpoch: %w", err)
	}
	return epoch, nil
}

func (r *request) operatorSignOut() error {
	r.operatorSessions.Delete(r.cookie(operatorCookie))
	r.setCookie(operatorCookie, "", -1)
	if r.opts.OperatorFromRequest != nil {
		return r.redirect("/") // signing out is up to the application
	}
	return r.redirect("/operator?said=out")
}

// signOut ends a customer's session. An operator who was signed in as the customer returns to the customer's page.
func (r *request) signOut() error {
	r.customerSessions.Delete(r.cookie(customerCookie))
	r.setCookie(customerCookie, "", -1)
	if r.impersonator != "" {
		return r.redirect("/customers/", r.account.ID)
	}
	return r.redirect("/signin?said=out")
}

// signInAs signs an operator in as a customer, which the history records.
func (r *request) signInAs() error {
	id, err := r.accountID()
	if err != nil {
		return err
	}
	account, err := r.clients.SignInAs(r.commandContext(), id)
	if err != nil {
		return err
	}
	r.startCustomerSession(sessions.Session{Account: account.ID, Epoch: account.SessionEpoch, Operator: r.operator})
	return r.redirect("/account")
}
