package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/clientele-go/clientele/adapters/panel"
)

// unlockTTL is how long a link of -unlock is valid.
const unlockTTL = 15 * time.Minute

// newUnlockToken returns a token for a browser of the operator. The running program accepts it if it has the same secret:
// nothing is stored, and the two processes do not talk to each other.
func newUnlockToken(secret, operator string, now time.Time) string {
	expires := strconv.FormatInt(now.Add(unlockTTL).Unix(), 10)
	return expires + "." + signUnlock(secret, operator, expires)
}

// isUnlockToken reports whether a token is valid.
func isUnlockToken(secret, operator, token string, now time.Time) bool {
	expires, signature, _ := strings.Cut(token, ".")
	if secret == "" || !hmac.Equal([]byte(signature), []byte(signUnlock(secret, operator, expires))) {
		return false
	}
	at, err := strconv.ParseInt(expires, 10, 64)
	return err == nil && now.Before(time.Unix(at, 0))
}

func signUnlock(secret, operator, expires string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("examples/panel unlock\n" + operator + "\n" + expires))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// printUnlock prints a link with which the operator gets past those who guess at the operator's password.
func (s settings) printUnlock(out io.Writer) error {
	if s.secret == "" {
		return errors.New("-unlock requires CLIENTELE_SECRET, with the value that the running program has")
	}
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return fmt.Errorf("invalid -addr: %w", err)
	}
	if port == "0" {
		return errors.New("-unlock requires the -addr of the running program")
	}
	fmt.Fprintf(out, "\n  Open this link within %d minutes, in the browser in which you want to sign in:\n\n", int(unlockTTL.Minutes()))
	fmt.Fprintf(out, "  http://%s/unlock/%s\n\n", net.JoinHostPort(s.host, port), newUnlockToken(s.secret, s.operator, time.Now()))
	fmt.Fprintf(out, "  Then sign in as %s, with the password as always. If a proxy serves the panel elsewhere, replace the\n  beginning of the link.\n\n", s.operator)
	return nil
}

// unlock returns the handler of links that -unlock prints.
func (a *app) unlock(pages *panel.Panel) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !isUnlockToken(a.secret, a.operator, r.PathValue("token"), time.Now()) {
			http.Error(w, "This link is invalid or has expired.", http.StatusGone)
			return
		}
		if err := pages.TrustBrowser(w, r, a.operator); err != nil {
			a.log.ErrorContext(r.Context(), "the browser could not be marked", "error", err)
			http.Error(w, "Please try again later.", http.StatusServiceUnavailable)
			return
		}
		http.Redirect(w, r, "/operator", http.StatusSeeOther)
	}
}
