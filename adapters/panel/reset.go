package panel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/clientele-go/clientele/accounts"
)

// forgotForm is the page on which a customer asks for a link to a new password.
type forgotForm struct {
	Form form
	Sent bool
}

func (r *request) forgotPage() error {
	return r.render(http.StatusOK, "forgot", r.T("forgot.title"), forgotForm{Sent: r.req.Form.Get("said") == "sent"})
}

// forgot sends a link to the customer with a login, if there is one. Everything that depends on the login happens behind
// the answer, so that neither the answer, nor its time, nor how long its connection is at work tells whether there is one.
func (r *request) forgot() error {
	login := r.req.PostFormValue("login")
	if r.retryAfter("forgot", login) == 0 && r.opts.SendReset != nil && !r.mailQueue.start(r.req.Context(), r.forgottenMail(login)) {
		return fmt.Errorf("panel: %d messages are being sent already: %w", maxMails, accounts.ErrUnavailable)
	}
	return r.redirect("/forgot?said=sent")
}

// forgottenMail answers what sends the link. It knows nothing of the request, which ends before it.
func (p *Panel) forgottenMail(login string) func(context.Context) {
	return func(ctx context.Context) {
		defer func() {
			if recovered := recover(); recovered != nil { // in the host's code: nothing else would keep the process up
				p.opts.Logger.ErrorContext(ctx, "panel: SendReset panicked", "fault", recovered, "stack", string(debug.Stack()))
			}
		}()
		account, err := p.clients.GetByLogin(ctx, login)
		if errors.Is(err, accounts.ErrNotFound) {
			return
		}
		if err == nil && account.Contact.Email != "" {
			err = p.sendResetLink(ctx, account)
		}
		if err != nil {
			p.opts.Logger.ErrorContext(ctx, "panel: a link for a new password was not sent", "error", err)
		}
	}
}

// sendResetLink sends a customer a link for a new password.
func (p *Panel) sendResetLink(ctx context.Context, to accounts.Account) error {
	link, err := p.resetLink(ctx, to.ID, p.opts.Origin)
	if err != nil {
		return err
	}
	return p.opts.SendReset(ctx, to, link)
}

// resetLink answers the link with which an owner sets a new password.
func (p *Panel) resetLink(ctx context.Context, id accounts.ID, origin string) (string, error) {
	token, err := p.clients.ResetToken(ctx, id, resetLinkTTL)
	if err != nil {
		return "", err
	}
	return origin + p.url("/reset/", token), nil
}

// origin answers how the browser reaches the panel.
func (r *request) origin() string {
	if r.opts.Origin != "" {
		return r.opts.Origin
	}
	if r.isSecure(r.req) {
		return "https://" + r.req.Host
	}
	return "http://" + r.req.Host
}

func (r *request) resetPage() error {
	return r.render(http.StatusOK, "reset", r.T("reset.title"), form{})
}

// reset sets the password that the holder of a link has chosen.
func (r *request) reset() error {
	var f form
	if r.req.PostFormValue("password") != r.req.PostFormValue("password2") {
		f.addFieldError("password2", r.T("fault.repeat"))
		return r.render(http.StatusUnprocessableEntity, "reset", r.T("reset.title"), f)
	}
	_, err := r.clients.ResetPassword(r.req.Context(), r.req.PathValue("token"), r.req.PostFormValue("password"))
	switch {
	case err == nil, errors.Is(err, accounts.ErrSuspended):
		return r.redirect("/signin?said=reset")
	case errors.Is(err, accounts.ErrInvalidCredentials):
		f.Errors = []string{r.T("reset.used")}
		return r.render(http.StatusGone, "reset", r.T("reset.title"), f)
	}
	if err := r.applyFieldErrors(&f, err, []string{"password"}); err != nil {
		return err
	}
	return r.render(http.StatusUnprocessableEntity, "reset", r.T("reset.title"), f)
}
