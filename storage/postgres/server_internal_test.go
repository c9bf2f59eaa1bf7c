package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAServerThatWillNotDoIsRefusedWithWhatToDo(t *testing.T) {
	require.NoError(t, serverRow{Version: 130_000, Conforms: true, ISO: true}.refusal())
	require.ErrorContains(t, serverRow{Version: 120_017, Conforms: true, ISO: true}.refusal(), "PostgreSQL 12: upgrade it to 13 or later")
	require.ErrorContains(t, serverRow{Version: 150_000, ISO: true}.refusal(), "standard_conforming_strings")
}
