package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// The program prints testdata/output.txt each time it is run.
func TestOutput(t *testing.T) {
	dsn := pgtest.Shared(t).Database(t)
	defer goleak.VerifyNone(t)
	want, err := os.ReadFile("testdata/output.txt")
	require.NoError(t, err)
	for range 2 {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), []string{"-dsn", dsn}, &out))
		assert.Equal(t, string(want), out.String())
	}
}

// The shop's tables outlive the library's.
func TestTheShopsTablesAreNotTheLibrarys(t *testing.T) {
	ctx := t.Context()
	s, err := openShop(ctx, pgtest.Open(t, pgtest.Shared(t).Database(t), 4), io.Discard)
	require.NoError(t, err)
	require.NoError(t, s.sell(ctx, "mario", func() error { return nil }))
	_, err = s.db.ExecContext(ctx, "DROP SCHEMA clientele_hosttx CASCADE")
	require.NoError(t, err)
	n, err := s.db.NewSelect().Model((*invoice)(nil)).Count(ctx)
	require.NoError(t, err)
	assert.EqualValues(t, 1, n)
}

// A sale that was rolled back can be repeated.
func TestARolledBackSaleLeavesNoRows(t *testing.T) {
	ctx := t.Context()
	s, err := openShop(ctx, pgtest.Open(t, pgtest.Shared(t).Database(t), 4), io.Discard)
	require.NoError(t, err)
	require.ErrorIs(t, s.sell(ctx, "luigi", func() error { return errCardDeclined }), errCardDeclined)
	_, err = s.clients.GetByLogin(ctx, "luigi")
	require.ErrorIs(t, err, accounts.ErrNotFound)
	require.NoError(t, s.sell(ctx, "luigi", func() error { return nil }))
	require.ErrorIs(t, s.sell(ctx, "luigi", func() error { return nil }), accounts.ErrTaken)
	n, err := s.db.NewSelect().Model((*invoice)(nil)).Count(ctx)
	require.NoError(t, err)
	assert.EqualValues(t, 1, n)
}

// Of concurrent orders with one key one creates the customer, and all get the same response.
func TestAnOrderIsExecutedOnce(t *testing.T) {
	ctx := t.Context()
	s, err := openShop(ctx, pgtest.Open(t, pgtest.Shared(t).Database(t), 4), io.Discard)
	require.NoError(t, err)
	type result struct {
		response string
		err      error
	}
	const orders = 4
	results := make(chan result, orders)
	for range orders {
		go func() {
			response, err := s.order(ctx, "key", "peach")
			results <- result{response, err}
		}()
	}
	for range orders {
		assert.Equal(t, result{response: "peach is customer 1"}, <-results)
	}
	n, err := s.clients.Count(ctx, accounts.Query{}, 0)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

// deadlock is an error as drivers return it.
type deadlock struct{}

func (deadlock) Error() string    { return "deadlock detected" }
func (deadlock) SQLState() string { return "40P01" }

// A sale that fails because of a deadlock is repeated, and leaves one customer and one invoice.
func TestASaleIsRepeatedAfterADeadlock(t *testing.T) {
	ctx := t.Context()
	s, err := openShop(ctx, pgtest.Open(t, pgtest.Shared(t).Database(t), 4), io.Discard)
	require.NoError(t, err)
	charges := 0
	require.NoError(t, s.sell(ctx, "mario", func() error {
		if charges++; charges == 1 {
			return deadlock{}
		}
		return nil
	}))
	assert.Equal(t, 2, charges)
	_, err = s.clients.GetByLogin(ctx, "mario")
	require.NoError(t, err)
	n, err := s.db.NewSelect().Model((*invoice)(nil)).Count(ctx)
	require.NoError(t, err)
	assert.EqualValues(t, 1, n)
}

func TestInvalidArguments(t *testing.T) {
	require.ErrorIs(t, run(t.Context(), []string{"-h"}, io.Discard), flag.ErrHelp)
	require.Error(t, run(t.Context(), []string{"-dsn", "postgres://127.0.0.1:nowhere"}, io.Discard))
	require.Error(t, run(t.Context(), []string{"-dsn", "host=/nowhere user=nobody"}, io.Discard))
}
