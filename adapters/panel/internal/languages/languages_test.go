package languages

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNumbersAndDates(t *testing.T) {
	at := time.Date(2026, 8, 9, 23, 30, 0, 0, time.UTC)
	for language, want := range map[Language][4]string{
		"en": {"English", "1,234", "9 Aug 2026", "1,000+ customers"}, "it": {"Italiano", "1.234", "9 ago 2026", "1.000+ clienti"},
	} {
		assert.Equal(t, want[0], language.Name())
		assert.Equal(t, want[1], language.Number(1234))
		assert.Equal(t, want[2], language.Date(at))
		assert.Equal(t, want[3], language.Text("customers.many", 1000))
	}
}

// Every language has twelve months, a separator of one character, and countries sorted by their names in it.
func TestFormats(t *testing.T) {
	require.Equal(t, Language("en"), All()[0])
	for _, l := range All() {
		assert.Len(t, strings.Fields(l.Text("format.months")), 12, l)
		assert.Len(t, l.Text("format.separator"), 1, l)
		assert.Greater(t, len(l.Countries()), 200, l)
	}
	assert.Contains(t, Language("en").Countries(), Country{"DE", "Germany"})
	assert.Contains(t, Language("it").Countries(), Country{"DE", "Germania"})
}

func TestMatch(t *testing.T) {
	assert.Equal(t, Language("it"), Match("", "it-CH"))
	assert.Equal(t, Language("it"), Match("de, it;q=0.5"))
	assert.Equal(t, Language("en"), Match("de"))
	assert.Equal(t, Language("en"), Match())
}

// A clause counts for itself.
func TestClauses(t *testing.T) {
	two, one := Clause{"done.suspended.customers", 2}, Clause{"done.already.suspended", 1}
	assert.Equal(t, "2 customers suspended; 1 was already suspended.", Language("en").Text("done.sentences", two, one))
	assert.Equal(t, "2 clienti sospesi; 1 era già sospeso.", Language("it").Text("done.sentences", two, one))
}

// The form of an Italian article depends on what follows it, so that none can stand before an argument.
func TestNoItalianArticleBeforeAnArgument(t *testing.T) {
	for key, text := range texts().Texts("it") {
		for _, form := range text {
			assert.NotRegexp(t, `(?i)\b(il|lo|la|i|gli|le|un|una|del|dei|degli|delle|al|ai|agli|alle|dal) \{`, form, key)
		}
	}
}
