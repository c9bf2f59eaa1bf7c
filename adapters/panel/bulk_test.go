package panel

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/clientele-go/clientele/accounts"
)

// nouns are the words for one and for many things of each kind, by language.
var nouns = map[string]map[string][2]string{
	"en": {"customers": {"customer", "customers"}, "subscriptions": {"subscription", "subscriptions"}, "domains": {"domain", "domains"}},
	"it": {"customers": {"cliente", "clienti"}, "subscriptions": {"abbonamento", "abbonamenti"}, "domains": {"dominio", "domini"}},
}

// The flash message counts what a command changed and what it did not, each in the singular or plural.
func TestFlashOfSuspensionsAndActivations(t *testing.T) {
	steps := []struct {
		do     string
		on     []int // which of the three things
		en, it string
	}{
		{"suspend", []int{0}, "1 ONE suspended.", "1 ONE sospeso."},
		{"suspend", []int{0}, "1 ONE was already suspended.", "1 ONE era già sospeso."},
		{"suspend", []int{0, 1}, "1 ONE suspended; 1 was already suspended.", "1 ONE sospeso; 1 era già sospeso."},
		{"suspend", []int{0, 1}, "2 MANY were already suspended.", "2 MANY erano già sospesi."},
		{"suspend", []int{0, 1, 2}, "1 ONE suspended; 2 were already suspended.", "1 ONE sospeso; 2 erano già sospesi."},
		{"activate", []int{1, 2}, "2 MANY activated.", "2 MANY attivati."},
		{"suspend", []int{1, 2}, "2 MANY suspended.", "2 MANY sospesi."},
		{"activate", []int{2}, "1 ONE activated.", "1 ONE attivato."},
		{"activate", []int{2}, "1 ONE was already active.", "1 ONE era già attivo."},
		{"activate", []int{0, 1, 2}, "2 MANY activated; 1 was already active.", "2 MANY attivati; 1 era già attivo."},
		{"activate", []int{0, 1}, "2 MANY were already active.", "2 MANY erano già attivi."},
		{"suspend", []int{0}, "1 ONE suspended.", "1 ONE sospeso."},
		{"activate", []int{0, 1, 2}, "1 ONE activated; 2 were already active.", "1 ONE attivato; 2 erano già attivi."},
	}
	for language, byKind := range nouns {
		for kind, words := range byKind {
			t.Run(kind+" "+language, func(t *testing.T) {
				e := newEnv(t, nil)
				ids := e.threeOfEach()[kind]
				b := e.signInOperator()
				b.post("/language", "language", language)
				for _, step := range steps {
					want := step.en
					if language == "it" {
						want = step.it
					}
					want = strings.NewReplacer("ONE", words[0], "MANY", words[1]).Replace(want)
					assert.Equal(t, []string{want}, b.runOnSelection(kind, step.do, ids, step.on), "%s %v", step.do, step.on)
				}
			})
		}
	}
}

// Things that stay suspended are counted as such only, whether a hold of theirs was lifted or not.
func TestFlashOfStillSuspended(t *testing.T) {
	for language, want := range map[string]map[string][]string{
		"en": {
			"customers": {
				"1 customer activated.", "1 customer is still suspended because of another hold.",
				"2 customers are still suspended because of another hold.",
			},
			"subscriptions": {
				"1 subscription activated.", "1 subscription is still suspended because of another hold or a suspended customer.",
				"2 subscriptions are still suspended because of another hold or a suspended customer.",
			},
			"domains": {
				"1 domain activated.", "1 domain is still suspended because of another hold or a suspended subscription or customer.",
				"2 domains are still suspended because of another hold or a suspended subscription or customer.",
			},
		},
		"it": {
			"customers": {
				"1 cliente attivato.", "1 cliente resta sospeso per un’altra causa.",
				"2 clienti restano sospesi per un’altra causa.",
			},
			"subscriptions": {
				"1 abbonamento attivato.", "1 abbonamento resta sospeso, per un’altra causa o perché è sospeso il cliente.",
				"2 abbonamenti restano sospesi, per un’altra causa o perché è sospeso il cliente.",
			},
			"domains": {
				"1 dominio attivato.", "1 dominio resta sospeso, per un’altra causa o perché è sospeso l’abbonamento o il cliente.",
				"2 domini restano sospesi, per un’altra causa o perché è sospeso l’abbonamento o il cliente.",
			},
		},
	} {
		for kind, texts := range want {
			t.Run(kind+" "+language, func(t *testing.T) {
				e := newEnv(t, nil)
				ids := e.threeOfEach()[kind]
				b := e.signInOperator()
				b.post("/language", "language", language)
				b.runOnSelection(kind, "suspend", ids, []int{0, 1})
				got := b.confirm("/"+kind+"/suspend?id="+ids[1], "/"+kind+"/suspend", "hold", "abuse")
				require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
				b.get(got.location())
				assert.Equal(t, texts[:2], b.runOnSelection(kind, "activate", ids, []int{0, 1}), "one of two")
				got = b.confirm("/"+kind+"/suspend?id="+ids[0], "/"+kind+"/suspend", "hold", "abuse")
				require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
				b.get(got.location())
				assert.Equal(t, texts[2:], b.runOnSelection(kind, "activate", ids, []int{0, 1}), "neither")
			})
		}
	}
}

// The flash message of an assignment names the customer, if there is one.
func TestFlashOfAssignments(t *testing.T) {
	for language, want := range map[string][]string{
		"en": {
			"1 subscription assigned to Luigi Verdi.", "1 subscription unchanged.",
			"1 subscription is no longer assigned to a customer.", "2 subscriptions are no longer assigned to a customer.",
			"2 subscriptions unchanged.", "2 subscriptions assigned to Luigi Verdi.",
		},
		"it": {
			"1 abbonamento assegnato a Luigi Verdi.", "1 abbonamento invariato.",
			"1 abbonamento non è più assegnato a un cliente.", "2 abbonamenti non sono più assegnati a un cliente.",
			"2 abbonamenti invariati.", "2 abbonamenti assegnati a Luigi Verdi.",
		},
	} {
		e := newEnv(t, nil)
		ids := e.threeOfEach()["subscriptions"]
		b := e.signInOperator()
		b.post("/language", "language", language)
		var texts []string
		for _, step := range []struct {
			ids []string
			to  string
		}{
			{ids[:2], formatID(e.luigi.ID)}, {ids[:1], "provider"}, {ids[1:3], "provider"}, {ids[:2], "provider"}, {ids[:2], formatID(e.luigi.ID)},
		} {
			got := b.confirm("/subscriptions/assign?id="+strings.Join(step.ids, "&id="), "/subscriptions/assign", "to", step.to)
			require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
			texts = append(texts, flashTexts(t, b.get(got.location()))...)
		}
		assert.Equal(t, want, texts)
	}
}

// threeOfEach returns the ids of three customers, and those of a subscription and of a domain of each, by kind.
func (e *env) threeOfEach() map[string][]string {
	e.t.Helper()
	ids := map[string][]string{}
	for _, a := range []accounts.Account{e.mario, e.luigi, e.addCustomer("carla", "Carla Neri", "carla.example", "black.example")} {
		s, domains := e.firstSubscription(a.ID)
		ids["customers"] = append(ids["customers"], formatID(a.ID))
		ids["subscriptions"] = append(ids["subscriptions"], formatID(s.ID))
		ids["domains"] = append(ids["domains"], formatID(domains[1].ID))
	}
	return ids
}

// Suspending again with other texts is no new suspension; that the texts changed is said apart.
func TestFlashOfUpdatedHolds(t *testing.T) {
	for language, want := range map[string][]string{
		"en": {"2 customers were already suspended.", "The texts of 2 holds were updated."},
		"it": {"2 clienti erano già sospesi.", "I testi di 2 cause sono stati aggiornati."},
	} {
		e := newEnv(t, nil)
		ids := e.threeOfEach()["customers"]
		b := e.signInOperator()
		b.post("/language", "language", language)
		b.runOnSelection("customers", "suspend", ids, []int{0, 1})
		action := "/customers/suspend"
		got := b.confirm(action+"?id="+ids[0]+"&id="+ids[1], action, "hold", "billing", "message", "2 days overdue")
		require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
		assert.ElementsMatch(t, want, flashTexts(t, b.get(got.location())), language)
	}
}

// runOnSelection suspends some things for billing, or lifts that hold, and returns the flash messages on the next page.
func (b *browser) runOnSelection(kind, do string, ids []string, on []int) []string {
	b.t.Helper()
	var query []string
	for _, i := range on {
		query = append(query, "id="+ids[i])
	}
	action := "/" + kind + "/" + do
	got := b.confirm(action+"?"+strings.Join(query, "&"), action, "hold", "billing", "lift", "billing")
	require.Equal(b.t, http.StatusSeeOther, got.StatusCode, got.body)
	return flashTexts(b.t, b.get(got.location()))
}

// flashTexts returns the flash messages on a page.
func flashTexts(t *testing.T, a response) []string {
	t.Helper()
	var texts []string
	for n := range parseHTML(t, a).Descendants() {
		if n.Type != html.ElementNode || !strings.HasPrefix(attribute(n, "class"), "notice ") {
			continue
		}
		var text strings.Builder
		for d := range n.Descendants() {
			if d.Type == html.TextNode {
				text.WriteString(d.Data)
			}
		}
		texts = append(texts, strings.TrimSpace(text.String()))
	}
	return texts
}
