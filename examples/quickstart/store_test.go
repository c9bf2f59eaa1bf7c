package main

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// The walk is the same on PostgreSQL, the first time and the second.
func TestWalkOnPostgreSQL(t *testing.T) {
	dsn := pgtest.Shared(t).Database(t)
	defer goleak.VerifyNone(t)
	golden, err := os.ReadFile("testdata/walk.txt")
	require.NoError(t, err)
	for range 2 {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), []string{"-dsn", dsn}, nil, &out))
		assert.Equal(t, string(golden), port.ReplaceAllString(out.String(), "127.0.0.1:PORT"))
	}
}

// What was suspended stays so when the program is started again.
func TestServeKeepsEverythingInPostgreSQL(t *testing.T) {
	dsn := pgtest.Shared(t).Database(t)
	s := startServing(t, "-dsn", dsn)
	s.types(`suspend mario billing public="Back soon."`, "mario is suspended")
	s.types("quit", "Stopping.")
	require.NoError(t, <-s.ended)

	s = startServing(t, "-dsn", dsn)
	s.visits("pizza.localhost", 503, "Back soon.")
	s.visits("luigi.localhost", 200, "Welcome")
	s.types("lift mario billing", "mario is active")
	s.visits("pizza.localhost", 200, "Welcome")
}

func TestADatabaseThatIsNotThereIsTold(t *testing.T) {
	for _, dsn := range []string{"postgres://127.0.0.1:nowhere", "host=/nowhere user=nobody"} {
		require.Error(t, run(t.Context(), []string{"-dsn", dsn}, nil, io.Discard))
	}
}
