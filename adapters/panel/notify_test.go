package panel

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

// notification is one call of Options.Notify.
type notification struct {
	kind          NotificationKind
	before, after accounts.Account
}

// newNotifyEnv returns an environment that sends its notifications to a channel, in which Mario has an e-mail address.
func newNotifyEnv(t *testing.T, more ...func(*Options)) (*env, chan notification) {
	t.Helper()
	sent := make(chan notification, 1_000)
	e := newMailEnv(t, func(context.Context, accounts.Account, string) error { return nil }, append([]func(*Options){func(opts *Options) {
		opts.Notify = func(_ context.Context, kind NotificationKind, before, after accounts.Account) {
			sent <- notification{kind, before, after}
		}
	}}, more...)...)
	return e, sent
}

// notified returns the notifications so far.
func (e *env) notified(sent chan notification) []notification {
	e.t.Helper()
	require.NoError(e.t, e.panel.Shutdown(e.t.Context()))
	var all []notification
	for {
		select {
		case n := <-sent:
			all = append(all, n)
		default:
			return all
		}
	}
}

// contactForm returns the form of a customer's own contact page, as it is filled in, with the given changes.
func (b *browser) contactForm(page string, pairs ...string) []string {
	b.t.Helper()
	got := b.get(page)
	require.Equal(b.t, http.StatusOK, got.StatusCode)
	form := []string{"version", hiddenFields(b.t, got, page).Get("version"), "contact.name", attribute(findInput(b.t, got, "contact.name"), "value")}
	email := attribute(findInput(b.t, got, "contact.email"), "value")
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == "contact.email" {
			email = pairs[i+1]
			continue
		}
		form = append(form, pairs[i], pairs[i+1])
	}
	return append(form, "contact.email", email)
}

// The customer is told of every new password and e-mail address, whoever sets it, and of nothing else.
func TestNotifications(t *testing.T) {
	setContact := func(t *testing.T, b *browser, pairs ...string) {
		t.Helper()
		require.Equal(t, "/account", b.post("/account/contact", b.contactForm("/account/contact", pairs...)...).location())
	}
	for name, c := range map[string]struct {
		do   func(t *testing.T, e *env)
		want NotificationKind // "": none
	}{
		"the owner changes the address": {func(t *testing.T, e *env) {
			setContact(t, e.signInKnown("mario"), "contact.email", "new@example.com", "old", marioPassword)
		}, EmailChanged},
		"the owner changes another field": {func(t *testing.T, e *env) {
			setContact(t, e.signInKnown("mario"), "contact.city", "Napoli")
		}, ""},
		"the owner enters a wrong password": {func(t *testing.T, e *env) {
			b := e.signInKnown("mario")
			b.post("/account/contact", b.contactForm("/account/contact", "contact.email", "new@example.com", "old", "wrong")...)
		}, ""},
		"an operator changes the address as the customer": {func(t *testing.T, e *env) {
			b := e.signInOperator()
			b.post("/customers/" + formatID(e.mario.ID) + "/signin")
			setContact(t, b, "contact.email", "new@example.com")
		}, EmailChanged},
		"an operator changes the address": {func(t *testing.T, e *env) {
			path := "/customers/" + formatID(e.mario.ID) + "/edit"
			b := e.signInOperator()
			form := append(b.contactForm(path, "contact.email", "new@example.com"), "login", "mario")
			require.Equal(t, "/customers/"+formatID(e.mario.ID), b.post(path, form...).location())
		}, EmailChanged},
		"an operator changes another field": {func(t *testing.T, e *env) {
			path := "/customers/" + formatID(e.mario.ID) + "/edit"
			b := e.signInOperator()
			require.Equal(t, "/customers/"+formatID(e.mario.ID), b.post(path, append(b.contactForm(path), "login", "mario2")...).location())
		}, ""},
		"the owner changes the password": {func(t *testing.T, e *env) {
			b := e.signInKnown("mario")
			require.Equal(t, "/account", b.post("/account/password", "old", marioPassword, "password", "another secret", "password2", "another secret").location())
		}, PasswordChanged},
		"an operator sets the password": {func(t *testing.T, e *env) {
			e.signInOperator().post("/customers/"+formatID(e.mario.ID)+"/password", "password", "another secret")
		}, PasswordChanged},
		"a link sets the password": {func(t *testing.T, e *env) {
			link, err := e.panel.resetLink(t.Context(), e.mario.ID, "")
			require.NoError(t, err)
			require.Equal(t, "/signin?said=reset", e.browser().post(link, "password", "another secret", "password2", "another secret").location())
		}, PasswordChanged},
		"a link sets the password of a suspended customer": {func(t *testing.T, e *env) {
			_, err := e.clients.Suspend(t.Context(), []accounts.ID{e.mario.ID}, accounts.Hold{})
			require.NoError(t, err)
			link, err := e.panel.resetLink(t.Context(), e.mario.ID, "")
			require.NoError(t, err)
			require.Equal(t, "/signin?said=reset", e.browser().post(link, "password", "another secret", "password2", "another secret").location())
		}, PasswordChanged},
		"a password that is refused": {func(t *testing.T, e *env) {
			e.signInOperator().post("/customers/"+formatID(e.mario.ID)+"/password", "password", "short")
		}, ""},
		"a new browser signs in": {func(t *testing.T, e *env) { e.signInCustomer("mario") }, NewDevice},
		"a known browser signs in": {func(t *testing.T, e *env) {
			e.signInKnown("mario").post("/signin", "login", " MARIO", "password", marioPassword)
		}, ""},
		"a wrong password": {func(t *testing.T, e *env) { e.browser().post("/signin", "login", "mario", "password", "wrong") }, ""},
		"an operator signs in, and as the customer": {func(t *testing.T, e *env) {
			e.signInOperator().post("/customers/" + formatID(e.mario.ID) + "/signin")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e, sent := newNotifyEnv(t)
			mario, err := e.clients.Get(t.Context(), e.mario.ID)
			require.NoError(t, err)
			c.do(t, e)
			all := e.notified(sent)
			if c.want == "" {
				assert.Empty(t, all)
				return
			}
			require.Len(t, all, 1)
			n := all[0]
			assert.Equal(t, c.want, n.kind)
			now, err := e.clients.Get(t.Context(), e.mario.ID)
			require.NoError(t, err)
			assert.Equal(t, "mario@example.com", n.before.Contact.Email, "the address before")
			assert.Equal(t, now.Contact, n.after.Contact)
			assert.Equal(t, mario.SessionEpoch, n.before.SessionEpoch)
			assert.Equal(t, now.SessionEpoch, n.after.SessionEpoch)
			assert.Equal(t, now.Version, n.after.Version)
			assert.Equal(t, "mario", n.after.Login)
			if c.want == EmailChanged {
				assert.Equal(t, "new@example.com", n.after.Contact.Email)
			}
		})
	}
}

// signInKnown returns a browser that is signed in and has a device token for the login already.
func (e *env) signInKnown(login string) *browser {
	e.t.Helper()
	b := e.browser()
	at := e.serverURL()
	b.client.Jar.SetCookies(at, []*http.Cookie{{
		Name: e.panel.cookieName(&http.Request{}, deviceCookie), Value: e.panel.deviceKey.newToken(customerCookie, login, "1", e.clock.now()), Path: "/", Secure: e.panel.opts.Secure,
	}})
	got := b.post("/signin", "login", login, "password", login+"'s own secret")
	require.Equal(e.t, "/account", got.location(), got.body)
	return b
}

// A browser in which a link for a new password was used is known.
func TestALinkMakesTheBrowserKnown(t *testing.T) {
	e, sent := newNotifyEnv(t)
	b := e.browser()
	link, err := e.panel.resetLink(t.Context(), e.mario.ID, "")
	require.NoError(t, err)
	b.post(link, "password", "another secret", "password2", "another secret")
	b.post("/signin", "login", "mario", "password", "another secret")
	all := e.notified(sent)
	require.Len(t, all, 1)
	assert.Equal(t, PasswordChanged, all[0].kind)
}

// With a secret in accounts.Options, browsers are known in every process and after a restart.
func TestDeviceTokensOutliveThePanel(t *testing.T) {
	e, sent := newNotifyEnv(t)
	another, err := New(e.clients, &Options{Notify: func(context.Context, NotificationKind, accounts.Account, accounts.Account) {}})
	require.NoError(t, err)
	assert.Equal(t, e.panel.deviceKey, another.deviceKey)
	withoutSecret := accounts.NewManager(memory.New(), nil)
	first, err := New(withoutSecret, nil)
	require.NoError(t, err)
	second, err := New(withoutSecret, nil)
	require.NoError(t, err)
	assert.NotEqual(t, first.deviceKey, second.deviceKey)
	assert.Empty(t, e.notified(sent))
}

// Notifications are sent in the background. Shutdown waits for them.
func TestNotifyDoesNotDelayTheResponse(t *testing.T) {
	begun, released := make(chan struct{}), make(chan struct{})
	var finished bool
	e, _ := newNotifyEnv(t, func(opts *Options) {
		opts.Notify = func(ctx context.Context, _ NotificationKind, _, _ accounts.Account) {
			close(begun)
			<-released
			finished = ctx.Err() == nil
		}
	})
	e.signInCustomer("mario")
	<-begun
	close(released)
	require.NoError(t, e.panel.Shutdown(t.Context()))
	assert.True(t, finished, "the end of the request does not end ctx")
}

func TestNotifyPanics(t *testing.T) {
	var log bytes.Buffer
	e, _ := newNotifyEnv(t, func(opts *Options) {
		opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
		opts.Notify = func(context.Context, NotificationKind, accounts.Account, accounts.Account) { panic("no mail server") }
	})
	e.signInCustomer("mario")
	require.NoError(t, e.panel.Shutdown(t.Context()))
	assert.Contains(t, log.String(), "Notify panicked")
}

// While the maximum of notifications is being sent, further ones are dropped and logged, and nothing fails.
func TestTooManyNotifications(t *testing.T) {
	var log bytes.Buffer
	released := make(chan struct{})
	e, _ := newNotifyEnv(t, func(opts *Options) {
		opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
		opts.Notify = func(context.Context, NotificationKind, accounts.Account, accounts.Account) { <-released }
	})
	b := e.signInOperator()
	set := func() {
		got := b.post("/customers/"+formatID(e.mario.ID)+"/password", "password", "another secret")
		require.Equal(t, http.StatusSeeOther, got.StatusCode)
	}
	for range maxMails {
		set()
	}
	assert.Empty(t, log.String())
	set()
	close(released)
	require.NoError(t, e.panel.Shutdown(t.Context()))
	assert.Contains(t, log.String(), "password-changed")
	assert.Contains(t, log.String(), "account="+formatID(e.mario.ID))
	assert.Equal(t, 1, strings.Count(log.String(), "\n"))
}
