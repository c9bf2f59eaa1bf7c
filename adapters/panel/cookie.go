package panel

import (
	"net/http"
	"strings"
	"time"
)

// The kinds of cookies. Operators and customers have their own, so that an operator who is signed in as a customer
// stays an operator in every other window.
const (
	operatorCookie = "operator"
	customerCookie = "customer"
	deviceCookie   = "device"
	languageCookie = "language"
)

// isSecure tells whether a browser sent a request by HTTPS.
func (p *Panel) isSecure(r *http.Request) bool { return p.opts.Secure || r.TLS != nil }

// cookieName answers the name of a kind of cookie. Under HTTPS its prefix __Host- makes browsers refuse one that came
// from another host name below the same domain. Panels under several paths of one host have different names.
func (p *Panel) cookieName(r *http.Request, kind string) string {
	name := "clientele" + strings.NewReplacer("/", ".", "%", ".", "~", ".").Replace(p.opts.Path) + "-" + kind
	if p.isSecure(r) {
		return "__Host-" + name
	}
	return name
}

func (v *visit) cookie(kind string) string {
	c, err := v.r.Cookie(v.cookieName(v.r, kind))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie gives the browser a cookie; lives 0 is until the browser closes, below 0 deletes it.
func (v *visit) setCookie(kind, value string, lives time.Duration) {
	path := "/" // __Host- wants it
	if !v.isSecure(v.r) {
		path = v.opts.Path + "/"
	}
	seconds := int(lives / time.Second)
	if lives < 0 {
		seconds = -1
	}
	http.SetCookie(v.w, &http.Cookie{
		Name: v.cookieName(v.r, kind), Value: value, Path: path, MaxAge: seconds,
		Secure: v.isSecure(v.r), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
