package panel

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// deviceKey signs the tokens of browsers that have signed in to a login.
type deviceKey [sha256.Size]byte

const (
	deviceMaxAge    = 90 * 24 * time.Hour // how long a token is valid, and its cookie is kept
	maxDeviceTokens = 8                   // in the cookie of a browser; beyond that the oldest are dropped
	tokenSeparator  = "~"
)

// mac returns the signature of a token's id and expiry for a login.
func (d *deviceKey) mac(signed, kind, login string) string {
	mac := hmac.New(sha256.New, d[:])
	mac.Write([]byte(signed + "\n" + kind + "\n" + foldLogin(login)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// newToken returns a token for a browser that has signed in to the login.
func (d *deviceKey) newToken(kind, login string, now time.Time) string {
	signed := rand.Text() + "." + strconv.FormatInt(now.Add(deviceMaxAge).Unix(), 10)
	return signed + "." + d.mac(signed, kind, login)
}

// verify returns the id in the token for the login, or "" if none of the tokens in a cookie was made for it and is valid.
func (d *deviceKey) verify(cookie, kind, login string, now time.Time) string {
	for _, token := range deviceTokens(cookie) {
		end := max(strings.LastIndexByte(token, '.'), 0)
		signed, mac := token[:end], strings.TrimPrefix(token[end:], ".")
		if !hmac.Equal([]byte(mac), []byte(d.mac(signed, kind, login))) {
			continue
		}
		id, expires, _ := strings.Cut(signed, ".")
		if at, err := strconv.ParseInt(expires, 10, 64); err == nil && now.Unix() < at {
			return id
		}
	}
	return ""
}

// deviceTokens returns the tokens in a cookie, for as many logins, the newest first.
func deviceTokens(cookie string) []string {
	tokens := strings.SplitN(cookie, tokenSeparator, maxDeviceTokens+1)
	return tokens[:min(len(tokens), maxDeviceTokens)]
}

// deviceID returns the id of the browser if it has a token for the login, or "".
func (r *request) deviceID(kind, login string) string {
	return r.deviceKey.verify(r.cookie(deviceCookie), kind, login, r.opts.Now())
}

// setDeviceCookie gives the browser a new token for the login. It keeps those for other logins.
func (r *request) setDeviceCookie(kind, login string) {
	now := r.opts.Now()
	tokens := []string{r.deviceKey.newToken(kind, login, now)}
	for _, token := range deviceTokens(r.cookie(deviceCookie)) {
		if token != "" && r.deviceKey.verify(token, kind, login, now) == "" {
			tokens = append(tokens, token)
		}
	}
	tokens = tokens[:min(len(tokens), maxDeviceTokens)]
	r.setCookie(deviceCookie, strings.Join(tokens, tokenSeparator), deviceMaxAge)
}

// TrustBrowser marks the browser that sent r, for 90 days, as one in which the operator with the given name has signed in
// before: attempts that others make to sign in as that operator do not delay it. The browser is not signed in. Call it before w's header is written, and only after the operator has proved who they are, for example with a
// link that the application prints on its console.
func (p *Panel) TrustBrowser(w http.ResponseWriter, r *http.Request, operator string) {
	(&request{Panel: p, w: &responseWriter{ResponseWriter: w}, req: r}).setDeviceCookie(operatorCookie, operator)
}
