package panel

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/clientele-go/clientele/accounts"
)

// findInput returns the input of a page with the given name.
func findInput(t *testing.T, a response, name string) *html.Node {
	t.Helper()
	for n := range parseHTML(t, a).Descendants() {
		if n.Type == html.ElementNode && attribute(n, "name") == name {
			return n
		}
	}
	require.Fail(t, "no such input", name)
	return nil
}

// All errors of a new customer are reported at once, each at its input, and all submitted values are kept but the password.
func TestFieldErrorsOfANewCustomer(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInOperator()
	before := e.countEvents()
	form := url.Values{
		"contact.name": {""}, "contact.company": {"Verdi"}, "contact.email": {"no address"}, "contact.country": {"XX"}, "login": {"mario!"},
		"password": {"short"}, "locale": {"??"}, "additionalInfo": {"Call Anna."}, "with": {"1"}, "subscription.plan": {"Pro"},
		"subscription.domains[0]": {"not a name"},
	}
	got := b.send(http.MethodPost, "/customers/new", form)
	require.Equal(t, http.StatusUnprocessableEntity, got.StatusCode)
	for _, name := range []string{"contact.name", "contact.email", "contact.country", "login", "password", "locale", "subscription.domains[0]"} {
		at := findInput(t, got, name)
		assert.Equal(t, "true", attribute(at, "aria-invalid"), name)
		assert.Contains(t, got.body, `id="`+attribute(at, "aria-describedby")+`"`, name)
	}
	for _, name := range []string{"contact.company", "contact.email", "login", "subscription.domains[0]"} {
		assert.Equal(t, form.Get(name), attribute(findInput(t, got, name), "value"), name)
	}
	assert.Empty(t, attribute(findInput(t, got, "password"), "value"))
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
	assert.Equal(t, before, e.countEvents())

	got = b.post("/customers/new", "contact.name", "Paola", "login", "paola", "password", "a long sentence")
	require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
	assert.Contains(t, b.get(got.location()).body, "Paola was added.")
}

// A form that is older than the stored version shows both, keeps the submitted values, and can then be saved.
func TestLostUpdate(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInOperator()
	path := "/customers/" + formatID(e.mario.ID) + "/edit"
	form := hiddenFields(t, b.get(path), path)
	form = setValues(form, "login", "mario", "contact.name", "Mario Bianchi", "description", "typed by one")
	theirs := "typed by another"
	_, err := e.clients.Update(t.Context(), e.mario.ID, accounts.Changes{Description: &theirs})
	require.NoError(t, err)

	got := b.send(http.MethodPost, path, form)
	require.Equal(t, http.StatusConflict, got.StatusCode)
	assert.Contains(t, got.body, "typed by one")
	assert.Contains(t, got.body, "typed by another")
	assert.Equal(t, "Mario Bianchi", attribute(findInput(t, got, "contact.name"), "value"))
	mario, err := e.clients.Get(t.Context(), e.mario.ID)
	require.NoError(t, err)
	assert.Equal(t, theirs, mario.Description)

	got = b.send(http.MethodPost, path, setValues(form, "version", hiddenFields(t, got, path).Get("version")))
	require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
	mario, err = e.clients.Get(t.Context(), e.mario.ID)
	require.NoError(t, err)
	assert.Equal(t, "typed by one", mario.Description)
	assert.Equal(t, "Mario Bianchi", mario.Contact.Name)
}

// The inputs take as many characters as the library does.
func TestMaxLengths(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInOperator()
	path := "/customers/" + formatID(e.mario.ID) + "/edit"
	page := b.get(path)
	limits := map[string]int{}
	for n := range parseHTML(t, page).Descendants() {
		limit, err := strconv.Atoi(attribute(n, "maxlength"))
		if name := attribute(n, "name"); err == nil && name != "contact.email" { // its last part has limits of its own
			limits[name] = limit
		}
	}
	require.GreaterOrEqual(t, len(limits), 10)
	for name, limit := range limits {
		form := setValues(hiddenFields(t, b.get(path), path), "login", "mario", "contact.name", "Mario")
		got := b.send(http.MethodPost, path, setValues(form, name, strings.Repeat("m", limit+1)))
		assert.Equal(t, "true", attribute(findInput(t, got, name), "aria-invalid"), "%s of %d characters", name, limit+1)
		got = b.send(http.MethodPost, path, setValues(form, name, strings.Repeat("m", limit)))
		assert.Equal(t, http.StatusSeeOther, got.StatusCode, "%s of %d characters", name, limit)
	}
	for _, name := range contactNames[:len(contactNames)-1] {
		assert.Equal(t, attribute(findInput(t, page, name), "maxlength"), attribute(findInput(t, b.get("/customers/new"), name), "maxlength"))
	}
}
