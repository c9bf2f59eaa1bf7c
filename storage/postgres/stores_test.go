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

// storePool provides empty stores in one database, each in another schema. Schemas are emptied and reused.
type storePool struct {
	db *bun.DB
	*schemas
}

type schemas struct {
	mu    sync.Mutex
	made  int
	free  []string
	names map[*postgres.Store]string
}

func newStorePool(t *testing.T, dsn string, connections int) storePool {
	t.Helper()
	s := storePool{db: pgtest.Open(t, dsn, connections), schemas: &schemas{names: map[*postgres.Store]string{}}}
	s.execute(t, "CREATE EXTENSION IF NOT EXISTS pg_trgm")
	return s
}

// withDB returns a copy that opens the stores with another connection pool.
func (s storePool) withDB(db *bun.DB) storePool { return storePool{db, s.schemas} }

func (s storePool) open(t *testing.T) accounts.Store { return s.openStore(t) }

func (s storePool) openStore(t *testing.T) *postgres.Store {
	t.Helper()
	schema := s.takeSchema(t)
	store, err := postgres.New(t.Context(), s.db, &postgres.Options{Schema: schema})
	require.NoError(t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[store] = schema
	return store
}

func (s storePool) schemaOf(store *postgres.Store) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[store]
}

// takeSchema returns a schema with empty tables. It can be reused after the test.
func (s storePool) takeSchema(t *testing.T) string {
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

func (s storePool) empty(t *testing.T, schema string) {
	t.Helper()
	s.execute(t, `
UPDATE ?0.subscriptions SET main_domain_id = NULL WHERE main_domain_id IS NOT NULL;
DELETE FROM ?0.domains;
DELETE FROM ?0.subscriptions;
DELETE FROM ?0.accounts;
DELETE FROM ?0.entries;
DELETE FROM ?0.events;
UPDATE ?0.event_log SET last = 0, pruned = 0;
ALTER SEQUENCE ?0.account_ids RESTART;
ALTER SEQUENCE ?0.subscription_ids RESTART;
ALTER SEQUENCE ?0.domain_ids RESTART;
ALTER SEQUENCE ?0.entry_versions RESTART`, bun.Ident(schema))
}

// execute runs statements of the test itself, also after the test's context has ended.
func (s storePool) execute(t *testing.T, statements string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := s.db.ExecContext(ctx, statements, args...)
	require.NoError(t, err)
}
