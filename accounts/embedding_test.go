package accounts_test

import (
	"testing"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/subscriptions"
)

// A program can embed every input type in its own struct, and validate that with a validator that does not know the
// library's rules.
func TestInputTypesInOtherStructs(t *testing.T) {
	type form struct {
		Token         string `validate:"required"`
		New           accounts.New
		Contact       accounts.Contact
		Changes       accounts.Changes
		Query         accounts.Query
		EventQuery    accounts.EventQuery
		Removal       accounts.Removal
		Hold          accounts.Hold
		Subscription  subscriptions.New
		Edit          *subscriptions.Changes
		Subscriptions subscriptions.Query
		Domains       []subscriptions.DomainQuery `validate:"dive"`
	}
	login := "mario"
	filled := form{
		New:     accounts.New{Login: "!", Subscription: &subscriptions.New{Domains: []string{"!"}}},
		Changes: accounts.Changes{Login: &login, Attributes: map[string]string{"!": "x"}},
		Edit:    &subscriptions.Changes{ExpiresAt: new(time.Time)},
		Domains: []subscriptions.DomainQuery{{}},
	}
	for _, f := range []form{{}, filled} {
		err := validator.New().Struct(f)
		var violations validator.ValidationErrors
		require.ErrorAs(t, err, &violations)
		require.Len(t, violations, 1, "rules of the library were checked, too")
		assert.Equal(t, "Token", violations[0].Field())
	}
}

// NewManager finds invalid options, so that a program does not fail later, at the first command that uses them.
func TestNewManagerPanicsOnInvalidOptions(t *testing.T) {
	for message, opts := range map[string]accounts.Options{
		"clientele: invalid Options.Secret: must have at least 32 bytes, has 5": {Secret: []byte("short")},
		`clientele: invalid entry "two words" in ReservedLogins`:                {ReservedLogins: []string{"fine", "two words"}},
		`clientele: invalid entry "a..b" in ReservedDomains`:                    {ReservedDomains: []string{"*.example.com", "a..b"}},
	} {
		assert.PanicsWithValue(t, message, func() { accounts.NewManager(memory.New(), &opts) })
	}
	assert.PanicsWithValue(t, "clientele: NewManager: the store is nil", func() { accounts.NewManager(nil, nil) })
	assert.NotPanics(t, func() {
		accounts.NewManager(memory.New(), &accounts.Options{
			Secret: make([]byte, 32), ReservedLogins: []string{" Fine "}, ReservedDomains: []string{"*.example.com", "panel", ".x."},
		})
	})
}
