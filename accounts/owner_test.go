package accounts

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/subscriptions"
)

// attributeStore is a store with one domain that has attributes, which no command can set yet.
type attributeStore struct{ Store }

func (attributeStore) Domains(context.Context, subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	return []subscriptions.Domain{{ID: 1, Name: "mario.example", Attributes: map[string]string{"certificate": "secret"}}}, nil
}

func TestOwnerDomainsHaveNoAttributes(t *testing.T) {
	page, err := NewManager(attributeStore{}, nil).Owner(1).Domains(context.Background(), subscriptions.DomainQuery{})
	require.NoError(t, err)
	assert.Equal(t, []subscriptions.Domain{{ID: 1, Name: "mario.example"}}, page.Items)
}
