package accounts_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

func TestDeriveKey(t *testing.T) {
	derive := func(secret, purpose string) []byte {
		key, err := accounts.NewManager(memory.New(), &accounts.Options{Secret: []byte(strings.Repeat(secret, 32))}).DeriveKey(purpose)
		require.NoError(t, err)
		assert.Len(t, key, 32)
		return key
	}
	assert.Equal(t, derive("s", "cookies"), derive("s", "cookies"), "the same in every process")
	assert.NotEqual(t, derive("s", "cookies"), derive("s", "tokens"))
	assert.NotEqual(t, derive("s", "cookies"), derive("t", "cookies"))
	assert.NotContains(t, string(derive("s", "cookies")), "ssss")

	_, err := accounts.NewManager(memory.New(), nil).DeriveKey("cookies")
	var invalid *accounts.InvalidError
	require.ErrorAs(t, err, &invalid)
	assert.Equal(t, "secret", invalid.Fields[0].Path)
}
