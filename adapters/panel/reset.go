package panel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/clientele-go/clientele/accounts"
)

// forgotten is the page on which a customer asks for a link to a new password.
type forgotten struct {
	Form form
	Sent bool
}

func (v *visit) forgotPage() error {
	return v.show(http.StatusOK, "forgot", v.T("forgot.title"), forgotten{Sent: v.r.Form.Get("said") == "sent"})
}

// forgot sends a link to the customer with a login, if there is one. Everything that depends on the login happens behind
// the answer, so that neither the answer, nor its time, nor how long its connection is at work tells whether there is one.
func (v *visit) forgot() error {
	login := v.r.PostFormValue("login")
	if v.slow("forgot", login) == 0 && v.opts.SendReset != nil && !v.mailings.begin(v.r.Context(), v.mailForgotten(login)) {
		return fmt.Errorf("panel: %d messages are being sent already: %w", mostMailings, accounts.ErrUnavailable)
	}
	return v.redirect("/forgot?said=sent")
}

// mailForgotten answers what sends the link. It knows nothing of the request, which ends before it.
func (p *Panel) mailForgotten(login string) func(context.Context) {
	return func(ctx context.Context) {
		defer func() {
			if fault := recover(); fault != nil { // in the host's code: nothing else would keep the process up
				p.opts.Logger.ErrorContext(ctx, "panel: SendReset panicked", "fault", fault, "stack", string(debug.Stack()))
			}
		}()
		account, err := p.clients.GetByLogin(ctx, login)
		if errors.Is(err, accounts.ErrNotFound) {
			return
		}
		if err == nil && account.Contact.Email != "" {
			err = p.mail(ctx, account)
		}
		if err != nil {
			p.opts.Logger.ErrorContext(ctx, "panel: a link for a new password was not sent", "error", err)
		}
	}
}

// mail sends a customer a link for a new password.
func (p *Panel) mail(ctx context.Context, to accounts.Account) error {
	link, err := p.resetLink(ctx, to.ID, p.opts.Origin)
	if err != nil {
		return err
	}
	return p.opts.SendReset(ctx, to, link)
}

// resetLink answers the link with which an owner sets a new password.
func (p *Panel) resetLink(ctx context.Context, id accounts.ID, origin string) (string, error) {
	token, err := p.clients.ResetToken(ctx, id, secretAge)
	if err != nil {
		return "", err
	}
	return origin + p.url("/reset/", token), nil
}

// origin answers how the browser reaches the panel.
func (v *visit) origin() string {
	if v.opts.Origin != "" {
		return v.opts.Origin
	}
	if v.isSecure(v.r) {
		return "https://" + v.r.Host
	}
	return "http://" + v.r.Host
}

func (v *visit) resetPage() error {
	return v.show(http.StatusOK, "reset", v.T("reset.title"), form{})
}

// reset sets the password that the holder of a link has chosen.
func (v *visit) reset() error {
	var f form
	if v.r.PostFormValue("password") != v.r.PostFormValue("password2") {
		f.at("password2", v.T("fault.repeat"))
		return v.show(http.StatusUnprocessableEntity, "reset", v.T("reset.title"), f)
	}
	_, err := v.clients.ResetPassword(v.r.Context(), v.r.PathValue("token"), v.r.PostFormValue("password"))
	switch {
	case err == nil, errors.Is(err, accounts.ErrSuspended):
		return v.redirect("/signin?said=reset")
	case errors.Is(err, accounts.ErrInvalidCredentials):
		f.Others = []string{v.T("reset.used")}
		return v.show(http.StatusGone, "reset", v.T("reset.title"), f)
	}
	if err := v.refused(&f, err, []string{"password"}); err != nil {
		return err
	}
	return v.show(http.StatusUnprocessableEntity, "reset", v.T("reset.title"), f)
}
