package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

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

// openImplementations opens both with prepared statements, as drivers do by default.
func openImplementations(t testing.TB, dsn string, now func() time.Time) implementations {
	t.Helper()
	store, err := postgres.New(t.Context(), pgtest.Open(t, dsn, callers), nil)
	require.NoError(t, err)
	config, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	config.MaxConns = callers
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	clients := accounts.NewManager(store, &accounts.Options{Hasher: plain{}, Now: now})
	return implementations{clients: clients, subs: clients.Subscriptions(), store: store, handwritten: handwritten{pool, now}}
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

// imports returns the customers from and up to a number as they are imported.
func imports(from, to int) []accounts.New {
	var all []accounts.New
	for n := from; n < to; n++ {
		in := customer(n)
		in.PasswordHash, in.Password = "$plain$"+in.Password, ""
		all = append(all, in)
	}
	return all
}
