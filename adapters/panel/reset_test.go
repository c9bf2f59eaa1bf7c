package panel

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

// mailbox receives links for new passwords.
type mailbox struct {
	sent chan string
	err  error
}

func (m *mailbox) send(_ context.Context, to accounts.Account, link string) error {
	m.sent <- to.Login + " " + link
	return m.err
}

func TestForgottenPassword(t *testing.T) {
	box := &mailbox{sent: make(chan string, 10)}
	e := newMailEnv(t, box.send)

	b := e.browser()
	known, unknown := b.post("/forgot", "login", "Mario"), b.post("/forgot", "login", "nobody")
	assert.Equal(t, "/forgot?said=sent", known.location())
	assert.Equal(t, known.location(), unknown.location())
	assert.Contains(t, b.get("/forgot?said=sent").body, "If the username is correct")
	login, link, _ := strings.Cut(<-box.sent, " ")
	assert.Equal(t, "mario", login)
	path, found := strings.CutPrefix(link, "https://panel.example")
	require.True(t, found, "the link does not begin with Options.Origin: %s", link)

	assert.Equal(t, http.StatusOK, b.get(path).StatusCode)
	got := b.post(path, "password", "short", "password2", "short")
	assert.Equal(t, http.StatusUnprocessableEntity, got.StatusCode)
	assert.Contains(t, got.body, "at least 8 characters")
	assert.Contains(t, b.post(path, "password", "another secret", "password2", "another").body, "do not match")
	assert.Equal(t, "/signin?said=reset", b.post(path, "password", "another secret", "password2", "another secret").location())
	assert.Equal(t, http.StatusGone, b.post(path, "password", "another secret", "password2", "another secret").StatusCode, "once")
	assert.Equal(t, "/account", b.post("/signin", "login", "mario", "password", "another secret").location())
	require.Empty(t, box.sent, "no message for the unknown login")

	operator := e.signInOperator()
	operator.post("/customers/" + formatID(e.mario.ID) + "/link")
	assert.Contains(t, <-box.sent, "mario https://panel.example/reset/")
	page := operator.get("/customers/" + formatID(e.mario.ID))
	assert.Contains(t, page.body, "We sent a password link to mario@example.com.")
	assert.NotContains(t, page.body, "/reset/")
	box.err = errors.New("the mail server is down")
	operator.post("/customers/" + formatID(e.mario.ID) + "/link")
	<-box.sent
	assert.Contains(t, operator.get("/customers/"+formatID(e.mario.ID)).body, "could not be sent")
}

func TestLinkIsShownOnce(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInOperator()
	path := "/customers/" + formatID(e.mario.ID)
	require.Equal(t, path, b.post(path+"/link").location())
	assert.Contains(t, b.get(path).body, e.server.URL+"/reset/")
	assert.NotContains(t, b.get(path).body, "/reset/", "only once")
	assert.Contains(t, e.browser().get("/forgot").body, "ask your provider")
}

// newMailEnv returns an environment with SendReset, in which Mario has an e-mail address.
func newMailEnv(t *testing.T, send func(context.Context, accounts.Account, string) error, more ...func(*Options)) *env {
	t.Helper()
	e := newEnv(t, func(opts *Options) {
		opts.SendReset, opts.Origin = send, "https://panel.example/"
		for _, change := range more {
			change(opts)
		}
	})
	contact := accounts.Contact{Name: "Mario Rossi", Email: "mario@example.com"}
	_, err := e.clients.Update(t.Context(), e.mario.ID, accounts.Changes{Contact: &contact})
	require.NoError(t, err)
	return e
}

// Messages to one login are rate limited, and an account without an e-mail address gets none.
func TestForgottenPasswordIsRateLimited(t *testing.T) {
	box := &mailbox{sent: make(chan string, 10)}
	e := newMailEnv(t, box.send)
	b := e.browser()
	for range loginBurst + 3 {
		assert.Equal(t, "/forgot?said=sent", b.post("/forgot", "login", "mario").location())
	}
	assert.Equal(t, "/forgot?said=sent", b.post("/forgot", "login", "luigi").location())
	require.NoError(t, e.panel.Shutdown(t.Context()))
	assert.Len(t, box.sent, loginBurst)
}

// The mail server is blocked until the browser has received the response and another page on the same connection, so neither
// waits for what happens only for a known login.
func TestForgottenPasswordDoesNotWait(t *testing.T) {
	released, sent := make(chan struct{}), make(chan string, 1)
	e := newMailEnv(t, func(ctx context.Context, _ accounts.Account, link string) error {
		select {
		case <-released:
			sent <- link
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	b := e.browser()
	transport := &http.Transport{MaxConnsPerHost: 1}
	t.Cleanup(transport.CloseIdleConnections)
	b.client.Transport = transport
	assert.Equal(t, "/forgot?said=sent", b.post("/forgot", "login", "mario").location())
	assert.Equal(t, http.StatusOK, b.get("/forgot?said=sent").StatusCode)
	close(released)
	require.NoError(t, e.panel.Shutdown(t.Context()), "waits for the message")
	assert.Contains(t, <-sent, "https://panel.example/reset/")
	require.NoError(t, e.panel.Shutdown(t.Context()), "without a message")
}

func TestShutdownCancelsSendReset(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan error, 1)
	e := newMailEnv(t, func(ctx context.Context, _ accounts.Account, _ string) error {
		close(begun)
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	})
	e.browser().post("/forgot", "login", "mario")
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, e.panel.Shutdown(ctx), context.Canceled)
	require.ErrorIs(t, <-ended, context.Canceled)
	require.NoError(t, e.panel.Shutdown(t.Context()))
}

func TestSendResetPanics(t *testing.T) {
	var log bytes.Buffer
	e := newMailEnv(t, func(_ context.Context, _ accounts.Account, link string) error { panic("no mail server for " + link) }, func(opts *Options) {
		opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	e.browser().post("/forgot", "login", "mario")
	require.NoError(t, e.panel.Shutdown(t.Context()))
	assert.Contains(t, log.String(), "SendReset panicked")
	assert.Contains(t, log.String(), "TestSendResetPanics", "the stack")
	assert.NotContains(t, log.String(), "/reset/", "no link in a log")
}

// While the maximum of messages is being sent, known and unknown logins get the same response, and nothing is queued.
func TestTooManyMessages(t *testing.T) {
	released := make(chan struct{})
	network := 0
	e := newMailEnv(t, func(context.Context, accounts.Account, string) error { <-released; return nil }, func(opts *Options) {
		opts.ClientAddr = func(*http.Request) netip.Addr { // a different network each time
			network++
			return netip.AddrFrom4([4]byte{10, byte(network), 0, 1})
		}
	})
	b := e.browser()
	for range maxMails {
		require.Equal(t, http.StatusSeeOther, b.post("/forgot", "login", "mario").StatusCode)
	}
	for _, login := range []string{"mario", "nobody"} {
		assert.Equal(t, http.StatusServiceUnavailable, b.post("/forgot", "login", login).StatusCode, login)
	}
	close(released)
	require.NoError(t, e.panel.Shutdown(t.Context()))
	assert.Equal(t, "/forgot?said=sent", b.post("/forgot", "login", "mario").location())
}

func TestLogHasNoResetToken(t *testing.T) {
	var log bytes.Buffer
	e := newEnv(t, func(opts *Options) { opts.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	mux := http.NewServeMux()
	mux.HandleFunc("/reset/{token}", func(w http.ResponseWriter, r *http.Request) {
		e.panel.newRequest(w, r).renderError(errors.New("the database is down"))
	})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/reset/secret-token", nil))
	assert.Equal(t, http.StatusInternalServerError, w.Code)
	assert.Contains(t, log.String(), "the database is down")
	assert.Contains(t, log.String(), "/reset/")
	assert.NotContains(t, log.String(), "secret-token")
}
