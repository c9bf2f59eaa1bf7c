package accounts

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/subscriptions"
)

// annotated is a store of one domain, with attributes that no command can set yet.
type annotated struct{ Store }

func (annotated) Domains(context.Context, subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	return []subscriptions.Domain{{ID: 1, Name: "mario.example", Attributes: map[string]string{"certificate": "secret"}}}, nil
}

func TestOwnersSeeNoAttributesOfDomains(t *testing.T) {
	page, err := NewManager(annotated{}, nil).Owner(1).Domains(context.Background(), subscriptions.DomainQuery{})
	require.NoError(t, err)
	assert.Equal(t, []subscriptions.Domain{{ID: 1, Name: "mario.example"}}, page.Items)
}
