package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// stores hands out empty stores in one database, each in a schema of its own, which it empties and hands out again.
type stores struct {
	db *bun.DB
	*schemas
}

type schemas struct {
	mu   sync.Mutex
	made int
	free []string
	of   map[*postgres.Store]string
}

func newStores(t *testing.T, dsn string, connections int) stores {
	t.Helper()
	s := stores{db: pgtest.Open(t, dsn, connections), schemas: &schemas{of: map[*postgres.Store]string{}}}
	s.execute(t, "CREATE EXTENSION IF NOT EXISTS pg_trgm")
	return s
}

// through answers the same stores on another pool.
func (s stores) through(db *bun.DB) stores { return stores{db, s.schemas} }

func (s stores) open(t *testing.T) accounts.Store { return s.openStore(t) }

func (s stores) openStore(t *testing.T) *postgres.Store {
	t.Helper()
	schema := s.take(t)
	store, err := postgres.New(t.Context(), s.db, &postgres.Options{Schema: schema})
	require.NoError(t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of[store] = schema
	return store
}

func (s stores) schemaOf(store *postgres.Store) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[store]
}

// take answers a schema with empty tables until the test ends.
func (s stores) take(t *testing.T) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var schema string
	if n := len(s.free); n > 0 {
		schema, s.free = s.free[n-1], s.free[:n-1]
	} else {
		s.made++
		schema = fmt.Sprintf("Schema_%d", s.made)
		require.NoError(t, postgres.Migrate(t.Context(), s.db, &postgres.Options{Schema: schema}))
	}
	t.Cleanup(func() {
		s.empty(t, schema)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.free = append(s.free, schema)
	})
	return schema
}

func (s stores) empty(t *testing.T, schema string) {
	t.Helper()
	s.execute(t, `
UPDATE ?0.subscriptions SET main_domain_id = NULL WHERE main_domain_id IS NOT NULL;
DELETE FROM ?0.domains;
DELETE FROM ?0.subscriptions;
DELETE FROM ?0.accounts;
DELETE FROM ?0.events;
UPDATE ?0.event_log SET last = 0, pruned = 0;
ALTER SEQUENCE ?0.account_ids RESTART;
ALTER SEQUENCE ?0.subscription_ids RESTART;
ALTER SEQUENCE ?0.domain_ids RESTART`, bun.Ident(schema))
}

// execute runs statements that are no part of what is tested, also after the test's own context has ended.
func (s stores) execute(t *testing.T, statements string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := s.db.ExecContext(ctx, statements, args...)
	require.NoError(t, err)
}
