package panel

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

// mailbox is where links for new passwords go.
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
	o := mailed(t, box.send)

	b := o.browser()
	known, unknown := b.post("/forgot", "login", "Mario"), b.post("/forgot", "login", "nobody")
	assert.Equal(t, "/forgot?said=sent", known.to())
	assert.Equal(t, known.to(), unknown.to())
	assert.Contains(t, b.get("/forgot?said=sent").body, "If the username is correct")
	login, link, _ := strings.Cut(<-box.sent, " ")
	assert.Equal(t, "mario", login)
	path, found := strings.CutPrefix(link, "https://panel.example")
	require.True(t, found, "not the host that the request named: %s", link)

	assert.Equal(t, http.StatusOK, b.get(path).StatusCode)
	got := b.post(path, "password", "short", "password2", "short")
	assert.Equal(t, http.StatusUnprocessableEntity, got.StatusCode)
	assert.Contains(t, got.body, "at least 8 characters")
	assert.Contains(t, b.post(path, "password", "another secret", "password2", "another").body, "do not match")
	assert.Equal(t, "/signin?said=reset", b.post(path, "password", "another secret", "password2", "another secret").to())
	assert.Equal(t, http.StatusGone, b.post(path, "password", "another secret", "password2", "another secret").StatusCode, "once")
	assert.Equal(t, "/account", b.post("/signin", "login", "mario", "password", "another secret").to())
	require.Empty(t, box.sent, "none to the unknown one")

	operator := o.operator()
	operator.post("/customers/" + text(o.mario.ID) + "/link")
	assert.Contains(t, <-box.sent, "mario https://panel.example/reset/")
	page := operator.get("/customers/" + text(o.mario.ID))
	assert.Contains(t, page.body, "We sent a password link to mario@example.com.")
	assert.NotContains(t, page.body, "/reset/")
	box.err = errors.New("the mail server is down")
	operator.post("/customers/" + text(o.mario.ID) + "/link")
	<-box.sent
	assert.Contains(t, operator.get("/customers/"+text(o.mario.ID)).body, "could not be sent")
}

func TestLinkIsShownOnce(t *testing.T) {
	o := open(t, nil)
	b := o.operator()
	path := "/customers/" + text(o.mario.ID)
	require.Equal(t, path, b.post(path+"/link").to())
	assert.Contains(t, b.get(path).body, o.server.URL+"/reset/")
	assert.NotContains(t, b.get(path).body, "/reset/", "only once")
	assert.Contains(t, o.browser().get("/forgot").body, "ask your provider")
}

// mailed answers an office that sends links, to Mario too.
func mailed(t *testing.T, send func(context.Context, accounts.Account, string) error, more ...func(*Options)) *office {
	t.Helper()
	o := open(t, func(opts *Options) {
		opts.SendReset, opts.Origin = send, "https://panel.example/"
		for _, change := range more {
			change(opts)
		}
	})
	contact := accounts.Contact{Name: "Mario Rossi", Email: "mario@example.com"}
	_, err := o.clients.Update(t.Context(), o.mario.ID, accounts.Changes{Contact: &contact})
	require.NoError(t, err)
	return o
}

// Nobody fills somebody's mailbox, and who has no address gets nothing.
func TestForgottenPasswordIsSlowedDown(t *testing.T) {
	box := &mailbox{sent: make(chan string, 10)}
	o := mailed(t, box.send)
	b := o.browser()
	for range loginBurst + 3 {
		assert.Equal(t, "/forgot?said=sent", b.post("/forgot", "login", "mario").to())
	}
	assert.Equal(t, "/forgot?said=sent", b.post("/forgot", "login", "luigi").to())
	require.NoError(t, o.panel.Shutdown(t.Context()))
	assert.Len(t, box.sent, loginBurst)
}

// TestForgottenPasswordKeepsQuiet has a mail server that answers only when the browser has both its answer and another
// page on the same connection: neither waits for what only a known login brings about.
func TestForgottenPasswordKeepsQuiet(t *testing.T) {
	released, sent := make(chan struct{}), make(chan string, 1)
	o := mailed(t, func(ctx context.Context, _ accounts.Account, link string) error {
		select {
		case <-released:
			sent <- link
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	b := o.browser()
	one := &http.Transport{MaxConnsPerHost: 1}
	t.Cleanup(one.CloseIdleConnections)
	b.client.Transport = one
	assert.Equal(t, "/forgot?said=sent", b.post("/forgot", "login", "mario").to())
	assert.Equal(t, http.StatusOK, b.get("/forgot?said=sent").StatusCode)
	close(released)
	require.NoError(t, o.panel.Shutdown(t.Context()), "it waits for the message")
	assert.Contains(t, <-sent, "https://panel.example/reset/")
	require.NoError(t, o.panel.Shutdown(t.Context()), "and again, for none")
}

func TestShutdownEndsWhatHangs(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan error, 1)
	o := mailed(t, func(ctx context.Context, _ accounts.Account, _ string) error {
		close(begun)
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	})
	o.browser().post("/forgot", "login", "mario")
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, o.panel.Shutdown(ctx), context.Canceled)
	require.ErrorIs(t, <-ended, context.Canceled)
	require.NoError(t, o.panel.Shutdown(t.Context()))
}

func TestMailServerThatPanics(t *testing.T) {
	var log bytes.Buffer
	o := mailed(t, func(context.Context, accounts.Account, string) error { panic("no mail server") }, func(opts *Options) {
		opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	o.browser().post("/forgot", "login", "mario")
	require.NoError(t, o.panel.Shutdown(t.Context()))
	assert.Contains(t, log.String(), "no mail server")
	assert.NotContains(t, log.String(), "/reset/", "no link in a log")
}

// TestTooManyMailings fills every place: then known and unknown logins are told the same, and nothing is queued.
func TestTooManyMailings(t *testing.T) {
	released := make(chan struct{})
	host := 0
	o := mailed(t, func(context.Context, accounts.Account, string) error { <-released; return nil }, func(opts *Options) {
		opts.ClientAddr = func(*http.Request) netip.Addr { // from everywhere
			host++
			return netip.AddrFrom4([4]byte{10, byte(host), 0, 1})
		}
	})
	b := o.browser()
	for range mostMailings {
		require.Equal(t, http.StatusSeeOther, b.post("/forgot", "login", "mario").StatusCode)
	}
	for _, login := range []string{"mario", "nobody"} {
		assert.Equal(t, http.StatusServiceUnavailable, b.post("/forgot", "login", login).StatusCode, login)
	}
	close(released)
	require.NoError(t, o.panel.Shutdown(t.Context()))
	assert.Equal(t, "/forgot?said=sent", b.post("/forgot", "login", "mario").to())
}
