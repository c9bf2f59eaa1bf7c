package panel

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// deviceKey signs the tokens of browsers that have signed in to a login. It is random for each Panel.
type deviceKey [sha256.Size]byte

const (
	deviceMaxAge    = 90 * 24 * time.Hour // how long a browser keeps its tokens
	maxDeviceTokens = 8                   // in the cookie of a browser; beyond that the oldest are dropped
	tokenSeparator  = "~"
)

// mac returns the signature of a browser's id for a login.
func (d *deviceKey) mac(id, kind, login string) string {
	mac := hmac.New(sha256.New, d[:])
	mac.Write([]byte(id + "\n" + kind + "\n" + foldLogin(login)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// newToken returns a token for a browser that has signed in to the login.
func (d *deviceKey) newToken(kind, login string) string {
	id := rand.Text()
	return id + "." + d.mac(id, kind, login)
}

// verify returns the id in the token for the login, or "" if none of the tokens in a cookie was made for it.
func (d *deviceKey) verify(cookie, kind, login string) string {
	for _, token := range deviceTokens(cookie) {
		id, mac, _ := strings.Cut(token, ".")
		if hmac.Equal([]byte(mac), []byte(d.mac(id, kind, login))) {
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

// setDeviceCookie gives the browser a device token for the login, unless it has one.
func (r *request) setDeviceCookie(kind, login string) {
	cookie := r.cookie(deviceCookie)
	if r.deviceKey.verify(cookie, kind, login) != "" {
		return
	}
	tokens := []string{r.deviceKey.newToken(kind, login)}
	if cookie != "" {
		tokens = append(tokens, deviceTokens(cookie)...)
	}
	tokens = tokens[:min(len(tokens), maxDeviceTokens)]
	r.setCookie(deviceCookie, strings.Join(tokens, tokenSeparator), deviceMaxAge)
}

// TrustBrowser marks the browser that sent r as one in which the operator with the given name has signed in before, for 90
// days or until the program ends: attempts that others make to sign in as that operator do not delay it. The browser is not
// signed in. Call it before w's header is written, and only after the operator has proved who they are, for example with a
// link that the application prints on its console.
func (p *Panel) TrustBrowser(w http.ResponseWriter, r *http.Request, operator string) {
	(&request{Panel: p, w: &responseWriter{ResponseWriter: w}, req: r}).setDeviceCookie(operatorCookie, operator)
}
