package panel

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

// A session alone is not enough to change the address to which links for new passwords are sent.
func TestOwnEmailNeedsThePassword(t *testing.T) {
	e := newMailEnv(t, func(context.Context, accounts.Account, string) error { return nil })
	b, elsewhere := e.signInCustomer("mario"), e.signInCustomer("mario")
	const page = "/account/contact"
	input := findInput(t, b.get(page), "old")
	assert.Equal(t, "password", attribute(input, "type"))
	assert.Equal(t, "current-password", attribute(input, "autocomplete"))
	assert.False(t, hasAttribute(input, "required"), "needed only for another address")

	for given, message := range map[string]string{"": "Enter your current password to change the e-mail address", "wrong": "This is not your current password"} {
		before := e.countEvents()
		got := b.post(page, b.contactForm(page, "contact.email", "thief@example.com", "contact.city", "Napoli", "old", given)...)
		require.Equal(t, http.StatusUnprocessableEntity, got.StatusCode)
		at := findInput(t, got, "old")
		assert.Equal(t, "true", attribute(at, "aria-invalid"))
		assert.Contains(t, got.body, `<a href="#`+attribute(at, "id")+`">`+message)
		assert.Empty(t, attribute(at, "value"))
		assert.Equal(t, "thief@example.com", attribute(findInput(t, got, "contact.email"), "value"), "nothing that was typed is lost")
		assert.Equal(t, before, e.countEvents())
		b.header.Set("Accept-Language", "it")
		got = b.post(page, b.contactForm(page, "contact.email", "thief@example.com", "old", given)...)
		assert.Contains(t, strings.ToLower(got.body), "la tua password attuale", "in Italian")
		b.header.Del("Accept-Language")
	}
	require.Equal(t, "/account", b.post(page, b.contactForm(page, "contact.city", "Napoli")...).location(), "another field needs none")
	assert.True(t, elsewhere.isSignedIn())

	token := b.token(e.panel.cookieName(&http.Request{}, customerCookie))
	require.Equal(t, "/account", b.post(page, b.contactForm(page, "contact.email", "new@example.com", "old", marioPassword)...).location())
	assert.NotEqual(t, token, b.token(e.panel.cookieName(&http.Request{}, customerCookie)))
	assert.Contains(t, b.get("/account").body, "all other sessions have ended")
	assert.True(t, b.isSignedIn(), "this session continues")
	assert.False(t, elsewhere.isSignedIn(), "the others have ended")
}

// Passwords cannot be guessed on the contact page.
func TestOwnEmailIsRateLimited(t *testing.T) {
	e := newMailEnv(t, func(context.Context, accounts.Account, string) error { return nil })
	b := e.signInCustomer("mario")
	const page = "/account/contact"
	codes := map[int]int{}
	for i := range 30 {
		codes[b.post(page, b.contactForm(page, "contact.email", "thief@example.com", "old", "guess"+strconv.Itoa(i))...).StatusCode]++
	}
	assert.Positive(t, codes[http.StatusTooManyRequests])
	assert.Less(t, codes[http.StatusUnprocessableEntity], 25)
	require.Equal(t, "/account", b.post(page, b.contactForm(page, "contact.city", "Napoli")...).location(), "what needs no password is not limited")
	assert.Equal(t, http.StatusTooManyRequests, b.post(page, b.contactForm(page, "contact.email", "thief@example.com", "old", marioPassword)...).StatusCode)
}

// An operator who is signed in as the customer knows no password of the customer's, and may change the address on the
// operators' pages. The history names the operator.
func TestOwnEmailAsAnOperator(t *testing.T) {
	e := newMailEnv(t, func(context.Context, accounts.Account, string) error { return nil })
	mario := e.signInCustomer("mario")
	b := e.signInOperator()
	b.post("/customers/" + formatID(e.mario.ID) + "/signin")
	const page = "/account/contact"
	assert.NotContains(t, b.get(page).body, `name="old"`)
	require.Equal(t, "/account", b.post(page, b.contactForm(page, "contact.email", "new@example.com")...).location())
	assert.True(t, b.isSignedIn(), "the operator continues")
	assert.Contains(t, b.get("/account").body, "anna, you are signed in as")
	assert.False(t, mario.isSignedIn())
	done, err := e.clients.Events(t.Context(), accounts.EventQuery{AccountID: &e.mario.ID, Desc: true, Limit: 1})
	require.NoError(t, err)
	assert.Equal(t, operatorName, done.Items[0].Actor)
}

// A link that no longer works shows no form.
func TestUsedLinksShowNoForm(t *testing.T) {
	for name, use := range map[string]func(e *env, link string) string{
		"used": func(e *env, link string) string {
			require.Equal(e.t, "/signin?said=reset", e.browser().post(link, "password", "another secret", "password2", "another secret").location())
			return link
		},
		"forged": func(_ *env, link string) string { return strings.Replace(link, "/reset/A", "/reset/B", 1) },
		"of a removed customer": func(e *env, link string) string {
			_, err := e.clients.Remove(e.t.Context(), []accounts.ID{e.mario.ID})
			require.NoError(e.t, err)
			return link
		},
		"of a customer with another password": func(e *env, link string) string {
			require.NoError(e.t, e.clients.SetPassword(e.t.Context(), e.mario.ID, "another secret"))
			return link
		},
		"of a customer with another address": func(e *env, link string) string {
			contact := accounts.Contact{Name: "Mario Rossi", Email: "new@example.com"}
			_, err := e.clients.Update(e.t.Context(), e.mario.ID, accounts.Changes{Contact: &contact})
			require.NoError(e.t, err)
			return link
		},
		"expired": func(e *env, link string) string { e.clock.advance(resetLinkTTL); return link },
	} {
		t.Run(name, func(t *testing.T) {
			e := newMailEnv(t, func(context.Context, accounts.Account, string) error { return nil })
			link, err := e.panel.resetLink(t.Context(), e.mario.ID, "")
			require.NoError(t, err)
			assert.Contains(t, e.browser().get(link).body, `name="password"`)
			link = use(e, link)
			for _, got := range []response{
				e.browser().get(link), e.browser().post(link, "password", "a third secret", "password2", "a third secret"),
				e.browser().post(link, "password", "a third secret", "password2", "not repeated"), e.browser().post(link, "password", "x", "password2", "x"),
			} {
				assert.Equal(t, http.StatusGone, got.StatusCode)
				assert.Contains(t, got.body, "This link has already been used or has expired.")
				assert.NotContains(t, got.body, `name="password"`)
				assert.Contains(t, got.body, `href="/forgot"`)
			}
		})
	}
}
