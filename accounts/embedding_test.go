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

// A program may put every input type into a form of its own, and validate that with a validator that knows none of the
// library's rules.
func TestInputTypesFitIntoFormsOfPrograms(t *testing.T) {
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
		require.Len(t, violations, 1, "only the form's own rule is broken")
		assert.Equal(t, "Token", violations[0].Field())
	}
}

// Options that are wrong are found when the Manager is made, and not at the first reset at night.
func TestWrongOptionsPanic(t *testing.T) {
	for message, o := range map[string]accounts.Options{
		"clientele: invalid Options.Secret: must have at least 32 bytes, has 5": {Secret: []byte("short")},
		`clientele: invalid entry "two words" in ReservedLogins`:                {ReservedLogins: []string{"fine", "two words"}},
		`clientele: invalid entry "a..b" in ReservedDomains`:                    {ReservedDomains: []string{"*.example.com", "a..b"}},
	} {
		assert.PanicsWithValue(t, message, func() { accounts.NewManager(memory.New(), &o) })
	}
	assert.PanicsWithValue(t, "clientele: NewManager: the store is nil", func() { accounts.NewManager(nil, nil) })
	assert.NotPanics(t, func() {
		accounts.NewManager(memory.New(), &accounts.Options{
			Secret: make([]byte, 32), ReservedLogins: []string{" Fine "}, ReservedDomains: []string{"*.example.com", "panel", ".x."},
		})
	})
}
