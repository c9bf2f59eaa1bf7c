package panel

import (
	"net/http"
	"strings"
	"time"
)

// The kinds of cookies. Operators and customers have separate ones, so that an operator who signs in as a customer remains
// signed in as an operator.
const (
	operatorCookie = "operator"
	customerCookie = "customer"
	deviceCookie   = "device"
	languageCookie = "language"
)

// isSecure reports whether the browser sent r by HTTPS.
func (p *Panel) isSecure(r *http.Request) bool { return p.opts.Secure || r.TLS != nil }

// cookieName returns the name of a kind of cookie. Under HTTPS it has the prefix __Host-, with which browsers refuse cookies
// that another host of the same domain sets. It contains Options.Path, so that several panels can share a host.
func (p *Panel) cookieName(r *http.Request, kind string) string {
	name := "clientele" + strings.NewReplacer("/", ".", "%", ".", "~", ".").Replace(p.opts.Path) + "-" + kind
	if p.isSecure(r) {
		return "__Host-" + name
	}
	return name
}

// maxCookie is the maximum length of a cookie's value in bytes, several times that of the longest one.
const maxCookie = 4 << 10

// cookie returns the value of a cookie, or "" if the request does not have it or it is longer than any that the panel sets.
func (r *request) cookie(kind string) string {
	c, err := r.req.Cookie(r.cookieName(r.req, kind))
	if err != nil || len(c.Value) > maxCookie {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for maxAge. If maxAge is 0, the cookie lasts until the browser is closed; if it is negative, the
// cookie is deleted.
func (r *request) setCookie(kind, value string, maxAge time.Duration) {
	path := "/" // required by __Host-
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
