package panel

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/clientele-go/clientele/accounts"
)

// resetLinkTTL is how long a link for a new password is valid.
const resetLinkTTL = 24 * time.Hour

// forgotForm is the data of the page on which customers request a link for a new password.
type forgotForm struct {
	Form form
	Sent bool
}

func (r *request) forgotPage() error {
	return r.render(http.StatusOK, "forgot", r.T("forgot.title"), forgotForm{Sent: r.req.Form.Get("said") == "sent"})
}

// forgot sends a link to the customer with the given login, if the account exists and no limit is reached. Everything that
// depends on the login happens in the background. The response is always the same, so that neither it, nor its time, nor how
// long its connection is busy reveals whether the account exists, now or in how full the queue is.
func (r *request) forgot() error {
	ctx := r.req.Context()
	if r.opts.SendReset != nil && r.limits.Take(r.limits.forgotten.Keys(r.clientAddr())...) == 0 {
		if !r.mailQueue.start(ctx, r.forgottenMail(r.req.PostFormValue("login"))) {
			r.logWarning(ctx, "panel: a link for a new password was not sent: too many are being sent", "limit", maxMails)
		}
	}
	return r.redirect("/forgot?said=sent")
}

// forgottenMail returns a function that sends the link. It does not use the request, which ends earlier.
func (p *Panel) forgottenMail(login string) func(context.Context) {
	return func(ctx context.Context) {
		defer func() {
			if recovered := recover(); recovered != nil { // SendReset is the application's code: an unrecovered panic would end the process
				p.logBackgroundPanic(ctx, "panel: SendReset panicked", recovered)
			}
		}()
		account, err := p.clients.GetByLogin(ctx, login)
		switch {
		case errors.Is(err, accounts.ErrNotFound):
			return
		case err == nil && account.Contact.Email != "":
			if p.limits.Take(p.limits.mails.Key(formatID(account.ID))) > 0 {
				return
			}
			err = p.sendResetLink(ctx, account)
		}
		if err != nil {
			p.logBackgroundError(ctx, "panel: sending a link for a new password failed", err)
		}
	}
}

// sendResetLink sends a link for a new password to a customer.
func (p *Panel) sendResetLink(ctx context.Context, to accounts.Account) error {
	link, err := p.resetLink(ctx, to.ID, p.opts.Origin)
	if err != nil {
		return err
	}
	if err := p.opts.SendReset(ctx, to, link); err != nil {
		return opaqueError{"SendReset", err}
	}
	return nil
}

// resetLink returns a link with which the owner of an account sets a new password.
func (p *Panel) resetLink(ctx context.Context, id accounts.ID, origin string) (string, error) {
	token, err := p.clients.ResetToken(ctx, id, resetLinkTTL)
	if err != nil {
		return "", err
	}
	return origin + p.url("/reset/", token), nil
}

// origin returns the scheme and host under which the browser reaches the panel.
func (r *request) origin() string {
	if r.opts.Origin != "" {
		return r.opts.Origin
	}
	if r.isSecure(r.req) {
		return "https://" + r.req.Host
	}
	return "http://" + r.req.Host
}

// resetForm is the data of the page on which the owner of a link sets a new password.
type resetForm struct {
	Form form
	Used bool // the link no longer works, so there is no form
}

func (r *request) renderReset(status int, f form) error {
	return r.render(status, "reset", r.T("reset.title"), resetForm{Form: f})
}

func (r *request) renderUsedLink() error {
	return r.render(http.StatusGone, "reset", r.T("reset.title"), resetForm{Used: true})
}

func (r *request) resetPage() error {
	switch _, err := r.clients.CheckResetToken(r.req.Context(), r.req.PathValue("token")); {
	case errors.Is(err, accounts.ErrInvalidCredentials):
		return r.renderUsedLink()
	case err != nil:
		return err
	}
	return r.renderReset(http.StatusOK, form{})
}

// reset sets the password that the owner of a link has entered. The browser gets a device token, so that the owner can sign
// in while others guess at the login.
func (r *request) reset() error {
	var f form
	token := r.req.PathValue("token")
	before, err := r.clients.CheckResetToken(r.req.Context(), token)
	after := before
	if err == nil {
		if r.req.PostFormValue("password") != r.req.PostFormValue("password2") {
			f.addFieldError("password2", r.T("fault.repeat"))
			return r.renderReset(http.StatusUnprocessableEntity, f)
		}
		wait := r.limits.Do(func() {
			after, err = r.clients.ResetPassword(r.req.Context(), token, r.req.PostFormValue("password"))
		}, r.limits.byOwner(customerCookie, before.Login, "", r.clientAddr()).others...) // it is no guess, but costs as much
		if wait > 0 {
			f.Errors = []string{r.retryText(wait)}
			return r.renderReset(http.StatusTooManyRequests, f)
		}
	}
	switch {
	case err == nil, errors.Is(err, accounts.ErrSuspended):
		r.notify(PasswordChanged, before, after)
		r.setDeviceCookie(customerCookie, after.Login, accountEpoch(after))
		return r.redirect("/signin?said=reset")
	case errors.Is(err, accounts.ErrInvalidCredentials):
		return r.renderUsedLink()
	}
	if err := r.applyFieldErrors(&f, err, []string{"password"}); err != nil {
		return err
	}
	return r.renderReset(http.StatusUnprocessableEntity, f)
}
