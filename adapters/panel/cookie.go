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

func (r *request) cookie(kind string) string {
	c, err := r.req.Cookie(r.cookieName(r.req, kind))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie gives the browser a cookie; lives 0 is until the browser closes, below 0 deletes it.
func (r *request) setCookie(kind, value string, maxAge time.Duration) {
	path := "/" // __Host- wants it
	if !r.isSecure(r.req) {
		path = r.opts.Path + "/"
	}
	seconds := int(maxAge / time.Second)
	if maxAge < 0 {
		seconds = -1
	}
	http.SetCookie(r.w, &http.Cookie{
		Name: r.cookieName(r.req, kind), Value: value, Path: path, MaxAge: seconds,
		Secure: r.isSecure(r.req), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
