package panel

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// hiddenFields returns the hidden inputs of the form with the given action.
func hiddenFields(t *testing.T, a response, action string) url.Values {
	t.Helper()
	values, found := url.Values{}, false
	for form := range parseHTML(t, a).Descendants() {
		if form.Data != "form" || attribute(form, "action") != action {
			continue
		}
		found = true
		for n := range form.Descendants() {
			if n.Type == html.ElementNode && n.Data == "input" && attribute(n, "type") == "hidden" {
				values.Add(attribute(n, "name"), attribute(n, "value"))
			}
		}
	}
	require.True(t, found, "no form to %s in\n%s", action, a.body)
	return values
}

// confirm opens a confirmation page and submits its form, with the given pairs of name and value.
func (b *browser) confirm(page, action string, pairs ...string) response {
	b.t.Helper()
	got := b.get(page)
	require.Equal(b.t, http.StatusOK, got.StatusCode, got.body)
	return b.send(http.MethodPost, action, setValues(hiddenFields(b.t, got, action), pairs...))
}

func setValues(form url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func (e *env) countAccounts(q accounts.Query) int {
	e.t.Helper()
	n, err := e.clients.Count(e.t.Context(), q, 0)
	require.NoError(e.t, err)
	return n
}

// All matches can be selected if they are at most 10,000. A command for more is refused, even without the page.
func TestSelectAllMatches(t *testing.T) {
	e := newEnv(t, nil)
	for i := range maxSelection + 1 {
		country := "IT"
		if i == 0 {
			country = "FR"
		}
		_, err := e.clients.Create(t.Context(), accounts.New{
			Login: fmt.Sprintf("many%d", i), Password: "a long password", Contact: accounts.Contact{Name: "Many", Country: country},
		})
		require.NoError(t, err)
	}
	b := e.signInOperator()
	list := b.get("/customers?q=many&select=all")
	assert.Contains(t, list.body, "1,000&#43; customers")
	assert.NotContains(t, list.body, `name="all"`)
	got := b.get("/customers/suspend?all=1&q=many")
	assert.Equal(t, http.StatusBadRequest, got.StatusCode)
	got = b.post("/customers/suspend", "all", "1", "q", "many", "hold", "billing")
	assert.Equal(t, http.StatusBadRequest, got.StatusCode)
	assert.Zero(t, e.countAccounts(accounts.Query{Status: accounts.Suspended}))

	list = b.get("/customers?q=many&country=IT&select=all")
	assert.Contains(t, list.body, "All 10,000 results are selected")
	got = b.confirm("/customers/suspend?all=1&q=many&country=IT", "/customers/suspend", "hold", "billing", "note", "All of Italy")
	require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
	assert.Contains(t, b.get(got.location()).body, "10,000 customers suspended.")
	assert.Equal(t, maxSelection, e.countAccounts(accounts.Query{Cause: accounts.CauseBilling, Country: "IT"}))

	export := b.get("/customers.csv?q=many&status=suspended&sort=login&dir=desc")
	lines := strings.Split(strings.TrimSpace(export.body), "\n")
	require.Len(t, lines, maxSelection+1, "more than one query returns")
	assert.Contains(t, lines[1], `,"many9999",`)
}

// An empty selection redirects back to the list and never means all.
func TestNothingSelected(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInOperator()
	before := e.countEvents()
	for _, kind := range []string{"customers", "subscriptions", "domains"} {
		for _, what := range []string{"suspend", "activate", "remove"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				path := "/" + kind + "/" + what
				got := b.send(method, path, url.Values{"hold": {"billing"}, "lift": {"billing"}, "number": {"4"}})
				assert.Equal(t, http.StatusSeeOther, got.StatusCode, method+" "+path)
			}
		}
	}
	assert.Equal(t, before, e.countEvents())
}

// A removal of customers or subscriptions deletes exactly what was shown, and requires the number of domains.
func TestRemovalIsWhatWasShown(t *testing.T) {
	e := newEnv(t, nil)
	s, _ := e.firstSubscription(e.mario.ID)
	b := e.signInOperator()
	for i, removal := range []struct{ page, action string }{
		{"/customers/remove?id=" + formatID(e.mario.ID), "/customers/remove"},
		{"/subscriptions/remove?id=" + formatID(s.ID), "/subscriptions/remove"},
	} {
		page := b.get(removal.page)
		for _, name := range []string{"mario.example", "pizza.example"} {
			assert.Contains(t, page.body, name)
		}
		form := hiddenFields(t, page, removal.action)
		before := e.countEvents()
		for _, wrong := range []string{"", "0", "1", "all"} {
			got := b.send(http.MethodPost, removal.action, setValues(form, "number", wrong))
			assert.Equal(t, http.StatusUnprocessableEntity, got.StatusCode, wrong)
		}
		assert.Equal(t, before, e.countEvents())

		late := fmt.Sprintf("late%d.example", i)
		added, err := e.clients.Subscriptions().AddDomain(t.Context(), s.ID, late)
		require.NoError(t, err)
		got := b.send(http.MethodPost, removal.action, setValues(form, "number", "2"))
		assert.Equal(t, http.StatusConflict, got.StatusCode)
		assert.Contains(t, got.body, late, "the page shows the current state")
		_, err = e.clients.Subscriptions().RemoveDomains(t.Context(), []subscriptions.DomainID{added.ID})
		require.NoError(t, err)
	}
	got := b.confirm("/subscriptions/remove?id="+formatID(s.ID), "/subscriptions/remove", "number", "2")
	require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
	_, err := e.clients.Subscriptions().Get(t.Context(), s.ID)
	require.ErrorIs(t, err, accounts.ErrNotFound)
	got = b.confirm("/customers/remove?id="+formatID(e.mario.ID), "/customers/remove")
	require.Equal(t, http.StatusSeeOther, got.StatusCode, "without domains, no number is needed")
	_, err = e.clients.Get(t.Context(), e.mario.ID)
	require.ErrorIs(t, err, accounts.ErrNotFound)
	assert.Contains(t, b.get(got.location()).body, "1 customer removed.")
}

// The required number is that of all domains, although the store returns them in several pages.
func TestRemovalOfManyDomains(t *testing.T) {
	e := newEnv(t, nil)
	var names, ids []string
	for i := range maxListLimit + 1 {
		names = append(names, fmt.Sprintf("many%d.example", i))
	}
	s, err := e.clients.Subscriptions().Create(t.Context(), subscriptions.New{AccountID: e.mario.ID, Domains: names})
	require.NoError(t, err)
	for after := subscriptions.Cursor(""); ; {
		found, err := e.clients.Subscriptions().Domains(t.Context(), subscriptions.DomainQuery{SubscriptionID: s.ID, After: after})
		require.NoError(t, err)
		for _, d := range found.Items {
			ids = append(ids, formatID(d.ID))
		}
		if after = found.Next; after == "" {
			break
		}
	}
	b := e.signInOperator()
	page := "/domains/remove?" + url.Values{"id": ids}.Encode()
	assert.Equal(t, http.StatusUnprocessableEntity, b.confirm(page, "/domains/remove", "number", formatID(int64(maxListLimit))).StatusCode)
	got := b.confirm(page, "/domains/remove", "number", formatID(int64(maxListLimit+1)))
	require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
	left, err := e.clients.Subscriptions().CountDomains(t.Context(), subscriptions.DomainQuery{SubscriptionID: s.ID}, 0)
	require.NoError(t, err)
	assert.Zero(t, left)
}

// Activating lifts only the checked causes.
func TestActivateLiftsCheckedCauses(t *testing.T) {
	e := newEnv(t, nil)
	for _, cause := range []accounts.Cause{accounts.CauseAbuse, accounts.CauseBilling, "migration"} {
		_, err := e.clients.Suspend(t.Context(), []accounts.ID{e.mario.ID}, accounts.Hold{Cause: cause})
		require.NoError(t, err)
	}
	b := e.signInOperator()
	path := "/customers/activate?id=" + formatID(e.mario.ID)
	page := b.get(path).body
	for _, cause := range []string{"abuse", "billing", "migration"} {
		assert.Contains(t, page, `name="lift" value="`+cause+`" checked`)
	}
	assert.Equal(t, http.StatusUnprocessableEntity, b.confirm(path, "/customers/activate").StatusCode, "no cause")
	got := b.confirm(path, "/customers/activate", "lift", "billing")
	require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
	assert.Contains(t, b.get(got.location()).body, "still suspended")
	mario, err := e.clients.Get(t.Context(), e.mario.ID)
	require.NoError(t, err)
	assert.Len(t, mario.Holds, 2)
	_, found := mario.Holds.Get(accounts.CauseAbuse)
	assert.True(t, found)
}

// A list whose filters are invalid says which, and why.
func TestInvalidFilters(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInOperator()
	for path, message := range map[string]string{
		"/customers?q=a+b+c+d+e+f+g+h+i":           "Search: at most 8 words are searched for",
		"/customers?q=" + strings.Repeat("a", 256): "Search can have at most 255 characters",
		"/customers?country=XX":                    "Country must be a two-letter country code",
		"/subscriptions?q=a+b+c+d+e+f+g+h+i":       "Search: at most 8 words are searched for",
		"/customers?after=forged":                  "Cursor is not valid for this list",
		"/customers.csv?q=a+b+c+d+e+f+g+h+i":       "Search: at most 8 words are searched for",
	} {
		got := b.get(path)
		assert.Equal(t, http.StatusBadRequest, got.StatusCode, path)
		assert.Contains(t, got.body, message, path)
	}
}
