package main

import (
	"fmt"
	"net/http"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

// switchDomain clicks the button beside a domain on the customer's page.
func (b *tab) switchDomain(name string) {
	b.t.Helper()
	b.navigate(b.clickOn(bySelector(fmt.Sprintf("form:has([name=domain][value='%d']) button", b.domain(name).ID))), "switching "+name)
}

func ownAccount(s *env) {
	mario, phone, visitor := s.customer("mario"), s.customer("mario"), s.tab()
	mario.reads("Mario Rossi", "Your support number is 4711.", "We are moving this website to a new server.", "shop-rossi.example")
	mario.readsNot("Pays by bank transfer.", "Back tomorrow morning.")

	mario.switchDomain("mario.localhost")
	mario.says("The website is switched off.", "Switched off")
	status, _ := visitor.visit("mario.localhost", "/")
	require.EqualValues(s.t, http.StatusServiceUnavailable, status)
	mario.switchDomain("mario.localhost")
	mario.says("The website is switched on.")
	status, _ = visitor.visit("mario.localhost", "/")
	require.EqualValues(s.t, http.StatusOK, status)
	mario.switchDomain("pizza-rossi.localhost")
	mario.switchDomain("pizza-rossi.localhost")
	mario.says("It is on again, but still suspended for another reason.")

	mario.press("Edit")
	mario.fill("contact.phone", "+39 081 555 0177")
	mario.press("Save")
	mario.says("Your contact details were saved.")
	mario.reads("+39 081 555 0177")

	mario.press("Edit")
	mario.tabTo("[name='contact.email']")
	mario.keys("mario.rossi@example.com") // tabbing to an input selects its text
	mario.tabTo("main button[type=submit]")
	mario.enter(kb.Enter)
	mario.says("Enter your current password to change the e-mail address")
	mario.tabTo("a[href='#f-old']")
	mario.tabTo("[name=old]")
	mario.keys(s.app.demoPassword)
	mario.enter(kb.Enter)
	mario.says("Your new e-mail address was saved, and all other sessions have ended.")
	mario.reads("mario.rossi@example.com")
	phone.open("/account")
	phone.says("Your session has ended. Please sign in again.")
	phone.signIn("mario", s.app.demoPassword)

	mario.press("Change password")
	mario.fill("old", "not the old one")
	mario.fill("password", "a password of my own")
	mario.fill("password2", "a password of my own")
	mario.press("Change password")
	mario.says("This is not your current password")
	mario.fill("old", s.app.demoPassword)
	mario.fill("password", "a password of my own")
	mario.fill("password2", "a password of my own")
	mario.press("Change password")
	mario.says("Your password was changed. All other sessions have ended.")
	phone.open("/account")
	phone.says("Your session has ended. Please sign in again.")

	_, err := s.app.clients.Suspend(s.t.Context(), []accounts.ID{s.id("mario")}, accounts.Hold{
		Cause: accounts.CauseBilling, Note: "Reminded twice.", Message: "Please pay your invoice.", Public: "Back soon.",
	})
	require.NoError(s.t, err)
	phone.signIn("mario", s.app.demoPassword)
	phone.says("Wrong username or password.")
	phone.readsNot("Please pay your invoice.")
	phone.signIn("mario", "a password of my own")
	phone.says("Your account is suspended")
	phone.reads("Please pay your invoice.")
	phone.readsNot("Reminded twice.", "Back soon.")
	require.Equal(s.t, "https://pay.example/invoices", evaluate[string](phone, "document.querySelector('main a[role=button]').href"))
	mario.open("/account")
	mario.says("Your session has ended. Please sign in again.")

	_, err = s.app.clients.Activate(s.t.Context(), []accounts.ID{s.id("mario")})
	require.NoError(s.t, err)
	phone.signIn("mario", "a password of my own")
	phone.press("Sign out")
	phone.says("You have signed out.")
	phone.open("/account")
	require.Contains(s.t, phone.path(), "/signin")
	mario.open("/forgot")
	mario.says("Please ask your provider for a link to set a new password.")
}

func chooseLanguage(s *env) {
	mario := s.customer("mario")
	require.Equal(s.t, "en", evaluate[string](mario, "document.documentElement.lang"))
	mario.press("Italiano")
	require.Equal(s.t, "/account", mario.path())
	require.Equal(s.t, "it", evaluate[string](mario, "document.documentElement.lang"))
	mario.reads("Il mio account", "Abbonamenti e domini", "Cliente dal", "Tutti i dati sono solo in memoria")
	mario.press("Esci")
	mario.reads("Disconnessione effettuata.")
	mario.press("English")
	mario.says("Sign in")
}
