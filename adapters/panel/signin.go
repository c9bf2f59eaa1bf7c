package panel

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/clientele-go/clientele/accounts"
)

// home sends everybody to where they work.
func (v *visit) home() error {
	if v.operator != "" {
		return v.redirect("/customers")
	}
	return v.redirect("/account")
}

// signInForm is the page on which somebody signs in.
type signInForm struct {
	Form     form
	Operator bool   // the operators' one
	Said     string // why somebody is here again: "ended", "out" or "reset"
}

func (v *visit) signInPage() error {
	return v.showSignIn(http.StatusOK, signInForm{Said: v.saidCode()})
}

func (v *visit) operatorSignInPage() error {
	if v.opts.AuthenticateOperator == nil || v.opts.OperatorFromRequest != nil {
		return errNoPage
	}
	return v.showSignIn(http.StatusOK, signInForm{Operator: true, Said: v.saidCode()})
}

func (v *visit) saidCode() string {
	switch code := v.r.Form.Get("said"); code {
	case "ended", "out", "reset":
		return code
	default:
		return ""
	}
}

func (v *visit) showSignIn(status int, f signInForm) error {
	return v.show(status, "signin", v.T("signin.title"), f)
}

// signIn signs a customer in. The same is said of unknown logins and of wrong passwords.
func (v *visit) signIn() error {
	login, f := v.r.PostFormValue("login"), signInForm{Form: v.typed()}
	if slow, err := v.slowedDown(customerCookie, login, f); slow {
		return err
	}
	account, err := v.clients.Authenticate(v.r.Context(), login, v.r.PostFormValue("password"))
	var suspended *accounts.SuspendedError
	switch {
	case errors.As(err, &suspended):
		v.remember(customerCookie, login)
		return v.show(http.StatusForbidden, "suspended", v.T("suspended.title"), suspended.Messages)
	case errors.Is(err, accounts.ErrInvalidCredentials):
		f.Form.Others = []string{v.T("signin.wrong")}
		return v.showSignIn(http.StatusUnauthorized, f)
	case err != nil:
		return err
	}
	v.remember(customerCookie, login)
	v.beginCustomer(session{account: account.ID, signIn: account.SessionEpoch})
	return v.redirect("/account")
}

// slowedDown answers a sign-in that comes too soon after too many others.
func (v *visit) slowedDown(kind, login string, f signInForm) (bool, error) {
	wait := v.slow(kind, login)
	if wait == 0 {
		return false, nil
	}
	seconds := int((wait + time.Second - 1) / time.Second)
	v.w.Header().Set("Retry-After", strconv.Itoa(seconds))
	f.Form.Others = []string{v.N("signin.slow", seconds)}
	return true, v.showSignIn(http.StatusTooManyRequests, f)
}

// remember marks a browser whose user knew the password.
func (v *visit) remember(kind, login string) {
	if v.devices.proves(v.cookie(deviceCookie), kind, login) == "" {
		v.setCookie(deviceCookie, v.devices.mark(kind, login), deviceLives)
	}
}

// beginCustomer begins a customer's session under a new token, and ends the one before it.
func (v *visit) beginCustomer(s session) string {
	v.Panel.customers.end(v.cookie(customerCookie))
	token := v.Panel.customers.begin(s)
	v.setCookie(customerCookie, token, 0)
	return token
}

// operatorSignIn signs an operator in.
func (v *visit) operatorSignIn() error {
	if v.opts.AuthenticateOperator == nil || v.opts.OperatorFromRequest != nil {
		return errNoPage
	}
	name, f := v.r.PostFormValue("login"), signInForm{Form: v.typed(), Operator: true}
	if slow, err := v.slowedDown(operatorCookie, name, f); slow {
		return err
	}
	ok, err := v.opts.AuthenticateOperator(v.r.Context(), name, v.r.PostFormValue("password"))
	if err != nil {
		return err
	}
	if !ok || name == "" {
		f.Form.Others = []string{v.T("signin.wrong")}
		return v.showSignIn(http.StatusUnauthorized, f)
	}
	v.remember(operatorCookie, name)
	v.operators.end(v.cookie(operatorCookie))
	v.setCookie(operatorCookie, v.operators.begin(session{operator: name}), 0)
	return v.redirect("/customers")
}

func (v *visit) operatorSignOut() error {
	v.operators.end(v.cookie(operatorCookie))
	v.setCookie(operatorCookie, "", -1)
	if v.opts.OperatorFromRequest != nil {
		return v.redirect("/") // the host signs its operators out itself
	}
	return v.redirect("/operator?said=out")
}

// signOut ends a customer's session; an operator who was signed in as the customer goes back to where they were.
func (v *visit) signOut() error {
	v.Panel.customers.end(v.cookie(customerCookie))
	v.setCookie(customerCookie, "", -1)
	if v.as != "" {
		return v.redirect("/customers/", v.account.ID)
	}
	return v.redirect("/signin?said=out")
}

// signInAs signs an operator in as a customer, which the history tells.
func (v *visit) signInAs() error {
	id, err := v.accountID()
	if err != nil {
		return err
	}
	account, err := v.clients.SignInAs(v.ctx(), id)
	if err != nil {
		return err
	}
	v.beginCustomer(session{account: account.ID, signIn: account.SessionEpoch, operator: v.operator})
	return v.redirect("/account")
}
