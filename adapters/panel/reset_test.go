package panel

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

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

// An account gets at most 3 messages an hour, whoever asks for them, and none without an e-mail address. Operators are not
// limited.
func TestMessagesAreLimited(t *testing.T) {
	box := &mailbox{sent: make(chan string, 1000)}
	e := newMailEnv(t, box.send, addrFromHeader)
	ask := func(login string) {
		t.Helper()
		addr := netip.AddrFrom4([4]byte{10, byte(rand.IntN(256)), byte(rand.IntN(256)), 1})
		require.Equal(t, "/forgot?said=sent", e.from(addr.String()).post("/forgot", "login", login).location())
		require.NoError(t, e.panel.Shutdown(t.Context()))
	}
	var sent []time.Duration
	for at := time.Duration(0); at < 6*time.Hour; at += 10 * time.Minute {
		before := len(box.sent)
		for _, login := range []string{"mario", "MARIO", "luigi"} {
			ask(login)
			ask(login)
		}
		for range len(box.sent) - before {
			sent = append(sent, at)
		}
		e.clock.advance(10 * time.Minute)
	}
	assert.Len(t, sent, 3+5)
	for i, at := range sent[3:] {
		assert.GreaterOrEqual(t, at, sent[i]+time.Hour, "4 messages within an hour")
	}
	for _, step := range []struct {
		advance time.Duration
		sent    int
	}{{24 * time.Hour, 3}, {time.Hour - time.Second, 0}, {time.Second, 1}, {0, 0}} {
		e.clock.advance(step.advance)
		before := len(box.sent)
		for range 5 {
			ask("mario")
		}
		assert.Len(t, box.sent, before+step.sent, step)
	}
	before := len(box.sent)
	e.signInOperator().post("/customers/" + formatID(e.mario.ID) + "/link")
	assert.Len(t, box.sent, before+1)
}

// One network cannot send messages to many customers.
func TestRequestsForMessagesAreLimited(t *testing.T) {
	box := &mailbox{sent: make(chan string, 100)}
	e := newMailEnv(t, box.send, addrFromHeader)
	b := e.from("2001:db8::1")
	for range forgottenPerNetwork[0].Burst {
		b.post("/forgot", "login", "nobody")
	}
	assert.Equal(t, "/forgot?said=sent", b.post("/forgot", "login", "mario").location())
	require.NoError(t, e.panel.Shutdown(t.Context()))
	assert.Empty(t, box.sent)
	e.from("2001:db9::1").post("/forgot", "login", "mario")
	assert.NotEmpty(t, <-box.sent)
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

// While the maximum of messages is being sent, others are dropped, which the log says and the response does not.
func TestTooManyMessages(t *testing.T) {
	var log bytes.Buffer
	released, sent := make(chan struct{}), make(chan struct{}, maxMails+10)
	e := newMailEnv(t, func(context.Context, accounts.Account, string) error {
		sent <- struct{}{}
		<-released
		return nil
	}, addrFromHeader, func(opts *Options) { opts.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	contact := accounts.Contact{Name: "Customer", Email: "customer@example.com"}
	ask := func(i int) {
		b := e.from(netip.AddrFrom4([4]byte{10, byte(i), 0, 1}).String())
		require.Equal(t, "/forgot?said=sent", b.post("/forgot", "login", "customer"+strconv.Itoa(i)).location())
	}
	for i := range maxMails + 2 {
		login := "customer" + strconv.Itoa(i)
		account := e.addCustomer(login, "Customer", login+".example")
		_, err := e.clients.Update(t.Context(), account.ID, accounts.Changes{Contact: &contact})
		require.NoError(t, err)
	}
	for i := range maxMails {
		ask(i)
		<-sent
	}
	require.Empty(t, log.String())
	ask(maxMails)
	ask(maxMails + 1)
	assert.Equal(t, 2, strings.Count(log.String(), "too many are being sent"))
	assert.NotContains(t, log.String(), "customer1")
	close(released)
	require.NoError(t, e.panel.Shutdown(t.Context()))
	assert.Empty(t, sent)
	ask(maxMails)
	require.NoError(t, e.panel.Shutdown(t.Context()))
	assert.Len(t, sent, 1)
}

// A customer whose login is attacked gets in with a link for a new password, in the browser that opens it.
func TestTheBrowserWithALinkIsKnown(t *testing.T) {
	e := newEnv(t, addrFromHeader)
	for i := range perLogin.Burst {
		e.from("10."+strconv.Itoa(i)+".0.1").post("/signin", "login", "mario", "password", "guess")
	}
	for _, suspended := range []bool{false, true} {
		token, err := e.clients.ResetToken(t.Context(), e.mario.ID, time.Hour)
		require.NoError(t, err)
		want := "/account"
		if suspended {
			_, err := e.clients.Suspend(t.Context(), []accounts.ID{e.mario.ID}, accounts.Hold{})
			require.NoError(t, err)
			token, err = e.clients.ResetToken(t.Context(), e.mario.ID, time.Hour)
			require.NoError(t, err)
			want = ""
		}
		b := e.from("198.51.100.1")
		assert.Equal(t, http.StatusTooManyRequests, b.post("/signin", "login", "mario", "password", marioPassword).StatusCode)
		assert.Equal(t, http.StatusGone, b.post("/reset/forged", "password", "a new secret", "password2", "a new secret").StatusCode)
		assert.Empty(t, b.token("clientele-device"))
		require.Equal(t, "/signin?said=reset", b.post("/reset/"+token, "password", "a new secret", "password2", "a new secret").location())
		got := b.post("/signin", "login", "mario", "password", "a new secret")
		assert.Equal(t, want, got.location())
		assert.NotEqual(t, http.StatusTooManyRequests, got.StatusCode)
	}
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
