package panel

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/clientele-go/clientele/accounts"
)

// inputOf answers an input of a page by its name.
func inputOf(t *testing.T, a answer, name string) *html.Node {
	t.Helper()
	for n := range document(t, a).Descendants() {
		if n.Type == html.ElementNode && attribute(n, "name") == name {
			return n
		}
	}
	require.Fail(t, "no such input", name)
	return nil
}

// All faults of a new customer come back at once, each at its input, and nothing that was typed is lost but the password.
func TestFaultsOfANewCustomer(t *testing.T) {
	o := open(t, nil)
	b := o.operator()
	before := o.events()
	form := url.Values{
		"contact.name": {""}, "contact.company": {"Verdi"}, "contact.email": {"no address"}, "contact.country": {"XX"}, "login": {"mario!"},
		"password": {"short"}, "locale": {"??"}, "additionalInfo": {"Call Anna."}, "with": {"1"}, "subscription.plan": {"Pro"},
		"subscription.domains[0]": {"not a name"},
	}
	got := b.send(http.MethodPost, "/customers/new", form)
	require.Equal(t, http.StatusUnprocessableEntity, got.StatusCode)
	for _, name := range []string{"contact.name", "contact.email", "contact.country", "login", "password", "locale", "subscription.domains[0]"} {
		at := inputOf(t, got, name)
		assert.Equal(t, "true", attribute(at, "aria-invalid"), name)
		assert.Contains(t, got.body, `id="`+attribute(at, "aria-describedby")+`"`, name)
	}
	for _, name := range []string{"contact.company", "contact.email", "login", "subscription.domains[0]"} {
		assert.Equal(t, form.Get(name), attribute(inputOf(t, got, name), "value"), name)
	}
	assert.Empty(t, attribute(inputOf(t, got, "password"), "value"))
	assert.NotContains(t, got.body, "short")
	assert.Contains(t, got.body, "Call Anna.")

	got = b.post("/customers/new", "contact.name", "Paola", "login", "mario", "password", "a long sentence", "with", "1", "subscription.domains[0]", "mario.example")
	require.Equal(t, http.StatusUnprocessableEntity, got.StatusCode, "both are taken")
	assert.Contains(t, got.body, "mario is already taken")
	assert.Contains(t, got.body, "mario.example is already taken")

	got = b.post("/customers/new", "contact.name", "Paola", "login", "paola", "password", "a long sentence", "with", "1")
	require.Equal(t, http.StatusUnprocessableEntity, got.StatusCode)
	assert.Contains(t, got.body, "Enter a domain, or clear “Also create a subscription”.")
	assert.NotContains(t, got.body, "is required")
	assert.Equal(t, before, o.events())

	got = b.post("/customers/new", "contact.name", "Paola", "login", "paola", "password", "a long sentence")
	require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
	assert.Contains(t, b.get(got.to()).body, "Paola was added.")
}

// A form that is older than what is stored shows both versions, keeps what was typed, and can be saved then.
func TestLostUpdate(t *testing.T) {
	o := open(t, nil)
	b := o.operator()
	path := "/customers/" + text(o.mario.ID) + "/edit"
	form := carried(t, b.get(path), path)
	form = with(form, "login", "mario", "contact.name", "Mario Bianchi", "description", "typed by one")
	theirs := "typed by another"
	_, err := o.clients.Update(t.Context(), o.mario.ID, accounts.Changes{Description: &theirs})
	require.NoError(t, err)

	got := b.send(http.MethodPost, path, form)
	require.Equal(t, http.StatusConflict, got.StatusCode)
	assert.Contains(t, got.body, "typed by one")
	assert.Contains(t, got.body, "typed by another")
	assert.Equal(t, "Mario Bianchi", attribute(inputOf(t, got, "contact.name"), "value"))
	mario, err := o.clients.Get(t.Context(), o.mario.ID)
	require.NoError(t, err)
	assert.Equal(t, theirs, mario.Description)

	got = b.send(http.MethodPost, path, with(form, "version", carried(t, got, path).Get("version")))
	require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
	mario, err = o.clients.Get(t.Context(), o.mario.ID)
	require.NoError(t, err)
	assert.Equal(t, "typed by one", mario.Description)
	assert.Equal(t, "Mario Bianchi", mario.Contact.Name)
}
