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

// carried answers what the form of a page that is sent to an address carries along.
func carried(t *testing.T, a answer, action string) url.Values {
	t.Helper()
	values, found := url.Values{}, false
	for form := range document(t, a).Descendants() {
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

// confirm opens a page of confirmation and sends its form with more in it.
func (b *browser) confirm(page, action string, pairs ...string) answer {
	b.t.Helper()
	got := b.get(page)
	require.Equal(b.t, http.StatusOK, got.StatusCode, got.body)
	return b.send(http.MethodPost, action, with(carried(b.t, got, action), pairs...))
}

func with(form url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func (o *office) count(q accounts.Query) int {
	o.t.Helper()
	n, err := o.clients.Count(o.t.Context(), q, 0)
	require.NoError(o.t, err)
	return n
}

// All that match are offered up to 10,000, in one command; more are refused, however they are asked for.
func TestAllThatMatch(t *testing.T) {
	o := open(t, nil)
	for i := range mostAtAll + 1 {
		country := "IT"
		if i == 0 {
			country = "FR"
		}
		_, err := o.clients.Create(t.Context(), accounts.New{
			Login: fmt.Sprintf("many%d", i), Password: "a long password", Contact: accounts.Contact{Name: "Many", Country: country},
		})
		require.NoError(t, err)
	}
	b := o.operator()
	list := b.get("/customers?q=many&select=all")
	assert.Contains(t, list.body, "1,000&#43; customers")
	assert.NotContains(t, list.body, `name="all"`)
	got := b.get("/customers/suspend?all=1&q=many")
	assert.Equal(t, http.StatusBadRequest, got.StatusCode)
	got = b.post("/customers/suspend", "all", "1", "q", "many", "hold", "billing")
	assert.Equal(t, http.StatusBadRequest, got.StatusCode)
	assert.Zero(t, o.count(accounts.Query{Status: accounts.Suspended}))

	list = b.get("/customers?q=many&country=IT&select=all")
	assert.Contains(t, list.body, "All 10,000 results are selected")
	got = b.confirm("/customers/suspend?all=1&q=many&country=IT", "/customers/suspend", "hold", "billing", "note", "All of Italy")
	require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
	assert.Contains(t, b.get(got.to()).body, "10,000 customers suspended.")
	assert.Equal(t, mostAtAll, o.count(accounts.Query{Cause: accounts.CauseBilling, Country: "IT"}))

	export := b.get("/customers.csv?q=many&status=suspended&sort=login&dir=desc")
	lines := strings.Split(strings.TrimSpace(export.body), "\n")
	require.Len(t, lines, mostAtAll+1, "more than one look-up finds")
	assert.Contains(t, lines[1], ",many9999,")
}

// Nothing ticked leads back to the list, and never means everything.
func TestNothingSelected(t *testing.T) {
	o := open(t, nil)
	b := o.operator()
	before := o.events()
	for _, kind := range []string{"customers", "subscriptions", "domains"} {
		for _, what := range []string{"suspend", "activate", "remove"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				path := "/" + kind + "/" + what
				got := b.send(method, path, url.Values{"hold": {"billing"}, "lift": {"billing"}, "number": {"4"}})
				assert.Equal(t, http.StatusSeeOther, got.StatusCode, method+" "+path)
			}
		}
	}
	assert.Equal(t, before, o.events())
}

// What is removed is what was shown: customers and subscriptions alike, and only with the number of domains that go down.
func TestRemovalIsWhatWasShown(t *testing.T) {
	o := open(t, nil)
	s, _ := o.below(o.mario.ID)
	b := o.operator()
	for i, removal := range []struct{ page, action string }{
		{"/customers/remove?id=" + text(o.mario.ID), "/customers/remove"},
		{"/subscriptions/remove?id=" + text(s.ID), "/subscriptions/remove"},
	} {
		page := b.get(removal.page)
		for _, name := range []string{"mario.example", "pizza.example"} {
			assert.Contains(t, page.body, name)
		}
		form := carried(t, page, removal.action)
		before := o.events()
		for _, wrong := range []string{"", "0", "1", "all"} {
			got := b.send(http.MethodPost, removal.action, with(form, "number", wrong))
			assert.Equal(t, http.StatusUnprocessableEntity, got.StatusCode, wrong)
		}
		assert.Equal(t, before, o.events())

		late := fmt.Sprintf("late%d.example", i)
		added, err := o.clients.Subscriptions().AddDomain(t.Context(), s.ID, late)
		require.NoError(t, err)
		got := b.send(http.MethodPost, removal.action, with(form, "number", "2"))
		assert.Equal(t, http.StatusConflict, got.StatusCode)
		assert.Contains(t, got.body, late, "it is shown as it is now")
		_, err = o.clients.Subscriptions().RemoveDomains(t.Context(), []subscriptions.DomainID{added.ID})
		require.NoError(t, err)
	}
	got := b.confirm("/subscriptions/remove?id="+text(s.ID), "/subscriptions/remove", "number", "2")
	require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
	_, err := o.clients.Subscriptions().Get(t.Context(), s.ID)
	require.ErrorIs(t, err, accounts.ErrNotFound)
	got = b.confirm("/customers/remove?id="+text(o.mario.ID), "/customers/remove")
	require.Equal(t, http.StatusSeeOther, got.StatusCode, "no domain goes down any more")
	_, err = o.clients.Get(t.Context(), o.mario.ID)
	require.ErrorIs(t, err, accounts.ErrNotFound)
	assert.Contains(t, b.get(got.to()).body, "1 customer removed.")
}

// The number that is asked for is that of all domains, though they come from the store in pages.
func TestRemovalOfManyDomains(t *testing.T) {
	o := open(t, nil)
	var names, ids []string
	for i := range perLook + 1 {
		names = append(names, fmt.Sprintf("many%d.example", i))
	}
	s, err := o.clients.Subscriptions().Create(t.Context(), subscriptions.New{AccountID: o.mario.ID, Domains: names})
	require.NoError(t, err)
	for after := subscriptions.Cursor(""); ; {
		found, err := o.clients.Subscriptions().Domains(t.Context(), subscriptions.DomainQuery{SubscriptionID: s.ID, After: after})
		require.NoError(t, err)
		for _, d := range found.Items {
			ids = append(ids, text(d.ID))
		}
		if after = found.Next; after == "" {
			break
		}
	}
	b := o.operator()
	page := "/domains/remove?" + url.Values{"id": ids}.Encode()
	assert.Equal(t, http.StatusUnprocessableEntity, b.confirm(page, "/domains/remove", "number", text(int64(perLook))).StatusCode)
	got := b.confirm(page, "/domains/remove", "number", text(int64(perLook+1)))
	require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
	left, err := o.clients.Subscriptions().CountDomains(t.Context(), subscriptions.DomainQuery{SubscriptionID: s.ID}, 0)
	require.NoError(t, err)
	assert.Zero(t, left)
}

// An operator chooses which causes go and which stay.
func TestActivateLiftsWhatIsTicked(t *testing.T) {
	o := open(t, nil)
	for _, cause := range []accounts.Cause{accounts.CauseAbuse, accounts.CauseBilling, "migration"} {
		_, err := o.clients.Suspend(t.Context(), []accounts.ID{o.mario.ID}, accounts.Hold{Cause: cause})
		require.NoError(t, err)
	}
	b := o.operator()
	path := "/customers/activate?id=" + text(o.mario.ID)
	page := b.get(path).body
	for _, cause := range []string{"abuse", "billing", "migration"} {
		assert.Contains(t, page, `name="lift" value="`+cause+`" checked`)
	}
	assert.Equal(t, http.StatusUnprocessableEntity, b.confirm(path, "/customers/activate").StatusCode, "no cause")
	got := b.confirm(path, "/customers/activate", "lift", "billing")
	require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
	assert.Contains(t, b.get(got.to()).body, "still suspended")
	mario, err := o.clients.Get(t.Context(), o.mario.ID)
	require.NoError(t, err)
	assert.Len(t, mario.Holds, 2)
	_, stays := mario.Holds.Get(accounts.CauseAbuse)
	assert.True(t, stays)
}
