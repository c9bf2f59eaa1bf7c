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

// The story is the same on PostgreSQL, both in an empty database and in its second run.
func TestStoryOnPostgreSQL(t *testing.T) {
	dsn := pgtest.Shared(t).Database(t)
	defer goleak.VerifyNone(t)
	golden, err := os.ReadFile("testdata/story.txt")
	require.NoError(t, err)
	for range 2 {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), []string{"-dsn", dsn}, nil, &out))
		assert.Equal(t, string(golden), port.ReplaceAllString(out.String(), "127.0.0.1:PORT"))
	}
}

// Holds are still there when the program is started again.
func TestServeKeepsEverythingInPostgreSQL(t *testing.T) {
	dsn := pgtest.Shared(t).Database(t)
	s := startProcess(t, "-dsn", dsn)
	s.enter(`suspend mario billing public="Back soon."`, "mario is suspended")
	s.enter("quit", "Stopping.")
	require.NoError(t, <-s.done)

	s = startProcess(t, "-dsn", dsn)
	s.get("pizza.localhost", 503, "Back soon.")
	s.get("luigi.localhost", 200, "Welcome")
	s.enter("lift mario billing", "mario is active")
	s.get("pizza.localhost", 200, "Welcome")
}

func TestInvalidDSN(t *testing.T) {
	for _, dsn := range []string{"postgres://127.0.0.1:nowhere", "host=/nowhere user=nobody"} {
		require.Error(t, run(t.Context(), []string{"-dsn", dsn}, nil, io.Discard))
	}
}
