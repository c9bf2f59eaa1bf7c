package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAServerThatIsTooOldIsRefused(t *testing.T) {
	server := serverRow{
		Version: 130_000, StandardConformingStrings: "on", DateStyle: "ISO",
		ServerEncoding: "UTF8", ClientEncoding: "UTF8", ArrayNulls: "on",
	}
	require.NoError(t, server.refusal())
	server.Version = 120_017
	require.ErrorContains(t, server.refusal(), "PostgreSQL 12: upgrade it to 13 or later")
}
