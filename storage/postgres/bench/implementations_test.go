package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// implementations are the library and the hand-written SQL, on one database.
type implementations struct {
	clients     *accounts.Manager
	subs        *subscriptions.Manager
	store       *postgres.Store
	handwritten handwritten
}

// callers is the maximum number of concurrent callers, and the number of connections of each pool.
const callers = 16

// openImplementations opens both in the same execution mode: with prepared statements, as the README recommends, or without.
func openImplementations(t testing.TB, dsn string, prepared bool, now func() time.Time) implementations {
	t.Helper()
	grow := func(config *pgx.ConnConfig) { config.AfterConnect = growMemory }
	if !prepared {
		dsn = pgtest.WithSetting(t, dsn, "default_query_exec_mode", "exec")
	}
	store, err := postgres.New(t.Context(), pgtest.Open(t, dsn, callers, grow), nil)
	require.NoError(t, err)
	config, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	config.MinConns, config.MaxConns = callers, callers
	grow(config.ConnConfig)
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	clients := accounts.NewManager(store, &accounts.Options{Hasher: plain{}, Now: now})
	return implementations{clients: clients, subs: clients.Subscriptions(), store: store, handwritten: handwritten{pool, now}}
}

// growMemory makes the backend of a connection allocate much memory once. From then on it keeps memory between statements, which
// saves a third of their time; without it, that would begin at some time during the measurements.
func growMemory(ctx context.Context, conn *pgconn.PgConn) error {
	_, err := conn.Exec(ctx, "SELECT length(repeat('x', 30000000))").ReadAll()
	return err
}

// plain is a hasher that costs nothing.
type plain struct{}

func (plain) Hash(_ context.Context, password string) (string, error) {
	return "$plain$" + password, nil
}

func (plain) Verify(_ context.Context, hash, password string) (ok, outdated bool, err error) {
	return hash == "$plain$"+password, false, nil
}

// customer returns an account that is not among the seeded ones, with one subscription and one domain.
func customer(n int) accounts.New {
	return accounts.New{
		Login: fmt.Sprintf("new%08d", n), Password: "correct horse battery",
		Contact: accounts.Contact{
			Name: fmt.Sprintf("Mario Rossi %d", n), Company: "Rossi & Figli S.r.l.",
			Email: fmt.Sprintf("new%08d@example.com", n), Phone: "+39 051 123456", Country: "IT",
		},
		ExternalID:   fmt.Sprintf("new-%d", n),
		Subscription: &subscriptions.New{Plan: "basic", Domains: []string{fmt.Sprintf("new-customer%08d.com", n)}},
	}
}
