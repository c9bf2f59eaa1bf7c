package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAServerThatWillNotDoIsRefusedWithWhatToDo(t *testing.T) {
	require.NoError(t, serverRow{Version: 130_000, Conforms: true}.refusal())
	require.ErrorContains(t, serverRow{Version: 120_017, Conforms: true}.refusal(), "PostgreSQL 12: upgrade it to 13 or later")
	require.ErrorContains(t, serverRow{Version: 150_000}.refusal(), "standard_conforming_strings")
}
