package panel

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// The history names the customer as such, and says of a website that was off that it was switched on, and by whom.
func TestHistoryOfASwitchedWebsite(t *testing.T) {
	e := newEnv(t, nil)
	_, domains := e.firstSubscription(e.mario.ID)
	ids := []subscriptions.DomainID{domains[1].ID}
	owner := e.clients.Owner(e.mario.ID)
	_, err := owner.DisableDomains(t.Context(), ids)
	require.NoError(t, err)
	b := e.signInOperator()
	domain := "/domains/" + formatID(domains[1].ID)
	assert.Contains(t, plainText(t, b.get(domain)), "Switched off by the customer Suspended directly · 3 Jul 2026, 10:00 · by the customer")
	b.post("/language", "language", "it")
	assert.Contains(t, plainText(t, b.get(domain)), "Disattivato dal cliente Sospensione diretta · 3 lug 2026, 10:00 · dal cliente")

	_, err = owner.EnableDomains(t.Context(), ids)
	require.NoError(t, err)
	_, err = owner.DisableDomains(t.Context(), ids)
	require.NoError(t, err)
	_, err = e.clients.Subscriptions().LiftDomains(accounts.WithActor(t.Context(), "anna"), ids, []accounts.Cause{accounts.CauseCustomer})
	require.NoError(t, err)

	for language, want := range map[string][]string{
		"en": {
			"anna Domain activated: pizza.example Switched on again", "the customer Domain suspended: pizza.example Switched off by the customer",
			"the customer Domain activated: pizza.example Switched on by the customer",
		},
		"it": {
			"anna Dominio attivato: pizza.example Riattivato", "il cliente Dominio sospeso: pizza.example Disattivato dal cliente",
			"il cliente Dominio attivato: pizza.example Riattivato dal cliente",
		},
	} {
		b.post("/language", "language", language)
		got := plainText(t, b.get("/customers/"+formatID(e.mario.ID)+"/history"))
		for _, entry := range want {
			assert.Contains(t, got, entry)
		}
	}
}

// plainText returns the text of a page with single spaces.
func plainText(t *testing.T, a response) string {
	t.Helper()
	var text strings.Builder
	for n := range parseHTML(t, a).Descendants() {
		if n.Type == html.TextNode {
			text.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}
