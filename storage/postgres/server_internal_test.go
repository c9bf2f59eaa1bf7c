package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServerVersionIsChecked(t *testing.T) {
	server := serverRow{
		Version: 130_000, StandardConformingStrings: "on", DateStyle: "ISO",
		ServerEncoding: "UTF8", ClientEncoding: "UTF8", ArrayNulls: "on",
	}
	require.NoError(t, server.validate())
	server.Version = 120_017
	require.ErrorContains(t, server.validate(), "PostgreSQL 12: upgrade the server to 13 or later")
}
