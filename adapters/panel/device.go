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

	"github.com/clientele-go/clientele/accounts"
)

// deviceKey signs the tokens of browsers that have signed in to a login.
type deviceKey [sha256.Size]byte

const (
	deviceMaxAge    = 90 * 24 * time.Hour // how long a token is valid, and its cookie is kept
	maxDeviceTokens = 8                   // in the cookie of a browser; beyond that the oldest are dropped
	tokenSeparator  = "~"
)

// device is a browser that has signed in to a login before.
type device struct {
	id    string
	epoch string // the hash of the login's epoch at that time
}

// hashEpoch returns a hash of a login's epoch, a text that changes with the password, for tokens.
func hashEpoch(epoch string) string {
	hash := sha256.Sum256([]byte(epoch))
	return base64.RawURLEncoding.EncodeToString(hash[:9])
}

// accountEpoch returns the epoch of a customer's login.
func accountEpoch(account accounts.Account) string {
	return strconv.FormatInt(account.SessionEpoch, 10)
}

// mac returns the signature of what is before it in a token for a login.
func (d *deviceKey) mac(signed, kind, login string) string {
	mac := hmac.New(sha256.New, d[:])
	mac.Write([]byte(signed + "\n" + kind + "\n" + foldLogin(login)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// newToken returns a token for a browser that has signed in to the login while it had the epoch.
func (d *deviceKey) newToken(kind, login, epoch string, now time.Time) string {
	signed := strings.Join([]string{rand.Text(), strconv.FormatInt(now.Add(deviceMaxAge).Unix(), 10), hashEpoch(epoch)}, ".")
	return signed + "." + d.mac(signed, kind, login)
}

// verify returns the device that the token for the login identifies. It returns the zero device if none of the tokens in a
// cookie was made for the login and is valid.
func (d *deviceKey) verify(cookie, kind, login string, now time.Time) device {
	for _, token := range deviceTokens(cookie) {
		end := max(strings.LastIndexByte(token, '.'), 0)
		signed, mac := token[:end], strings.TrimPrefix(token[end:], ".")
		if !hmac.Equal([]byte(mac), []byte(d.mac(signed, kind, login))) {
			continue
		}
		parts := strings.Split(signed, ".")
		if len(parts) != 3 {
			continue
		}
		if at, err := strconv.ParseInt(parts[1], 10, 64); err == nil && now.Unix() < at {
			return device{id: parts[0], epoch: parts[2]}
		}
	}
	return device{}
}

// deviceTokens returns the tokens in a cookie, for as many logins, the newest first.
func deviceTokens(cookie string) []string {
	tokens := strings.SplitN(cookie, tokenSeparator, maxDeviceTokens+1)
	return tokens[:min(len(tokens), maxDeviceTokens)]
}

// device returns the browser if it has a token for the login, or the zero device.
func (r *request) device(kind, login string) device {
	return r.deviceKey.verify(r.cookie(deviceCookie), kind, login, r.opts.Now())
}

// setDeviceCookie gives the browser a new token for the login, which has the epoch now. It keeps those for other logins.
func (r *request) setDeviceCookie(kind, login, epoch string) {
	now := r.opts.Now()
	tokens := []string{r.deviceKey.newToken(kind, login, epoch, now)}
	for _, token := range deviceTokens(r.cookie(deviceCookie)) {
		if token != "" && r.deviceKey.verify(token, kind, login, now) == (device{}) {
			tokens = append(tokens, token)
		}
	}
	tokens = tokens[:min(len(tokens), maxDeviceTokens)]
	r.setCookie(deviceCookie, strings.Join(tokens, tokenSeparator), deviceMaxAge)
}

// TrustBrowser marks the browser that sent r, for 90 days, as one in which the operator with the given name has signed in
// before: attempts that others make to sign in as that operator do not delay it. The browser is not signed in. Call it before
// w's header is written, and only after the operator has proved who they are, for example with a link that the application
// prints on its console. It returns the error of Options.OperatorEpoch, and then the browser is not marked.
func (p *Panel) TrustBrowser(w http.ResponseWriter, r *http.Request, operator string) error {
	trusted := &request{Panel: p, w: &responseWriter{ResponseWriter: w}, req: r}
	epoch, err := trusted.operatorEpoch(operator)
	if err != nil {
		return err
	}
	trusted.setDeviceCookie(operatorCookie, operator, epoch)
	return nil
}
