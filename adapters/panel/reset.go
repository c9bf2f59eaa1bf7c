package panel

import (
	"context"
	"errors"
	"net/http"
	"time"

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

// forgot sends a link to the customer with a login, if there is one. The answer goes out before anything is looked up, so
// neither it nor its time tells whether there is.
func (v *visit) forgot() error {
	login := v.r.PostFormValue("login")
	if v.slow("forgot", login) == 0 && v.opts.SendReset != nil {
		defer v.mailForgotten(login)
	}
	v.w.Header().Set("Content-Length", "0")
	v.w.Header().Set("Location", v.URL("/forgot?said=sent"))
	v.w.WriteHeader(http.StatusSeeOther)
	_ = http.NewResponseController(v.w).Flush() // where that is not possible, the browser waits
	return nil
}

// mailingTime bounds how long a forgotten password keeps a request at work after its answer.
const mailingTime = 30 * time.Second

func (v *visit) mailForgotten(login string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.r.Context()), mailingTime)
	defer cancel()
	account, err := v.clients.GetByLogin(ctx, login)
	if errors.Is(err, accounts.ErrNotFound) {
		return
	}
	if err == nil && account.Contact.Email != "" {
		err = v.mail(ctx, account)
	}
	if err != nil {
		v.opts.Logger.ErrorContext(ctx, "panel: a link for a new password was not sent", "error", err)
	}
}

func (v *visit) mail(ctx context.Context, account accounts.Account) error {
	link, err := v.resetLink(ctx, account.ID)
	if err != nil {
		return err
	}
	return v.opts.SendReset(ctx, account, link)
}

// resetLink answers the link with which an owner sets a new password.
func (v *visit) resetLink(ctx context.Context, id accounts.ID) (string, error) {
	token, err := v.clients.ResetToken(ctx, id, secretAge)
	if err != nil {
		return "", err
	}
	origin := v.opts.Origin
	if origin == "" {
		origin = "http://" + v.r.Host
		if v.isSecure(v.r) {
			origin = "https://" + v.r.Host
		}
	}
	return origin + v.URL("/reset/", token), nil
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
	case errors.Is(err, accounts.ErrCredentials):
		f.Others = []string{v.T("reset.used")}
		return v.show(http.StatusGone, "reset", v.T("reset.title"), f)
	}
	if err := v.refused(&f, err, []string{"password"}); err != nil {
		return err
	}
	return v.show(http.StatusUnprocessableEntity, "reset", v.T("reset.title"), f)
}
