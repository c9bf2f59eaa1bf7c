package postgres_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// A deferred trigger fails while COMMIT runs. Only for states with which the server has certainly rolled back the error matches
// ErrUnavailable. After the others, the transaction may have been committed, and is not repeated.
func TestErrorsOfCommit(t *testing.T) {
	s := newStorePool(t, pgtest.Shared(t).Database(t), 2)
	store := s.openStore(t)
	m := manager(store)
	setTrigger := func(body string) {
		s.execute(t, "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "+body+" RETURN NULL; END $$")
	}
	setTrigger("")
	s.execute(t, "CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON ?.accounts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()",
		bun.Ident(s.schemaOf(store)))
	for body, want := range map[string]error{
		"PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60);": accounts.ErrCommitUnknown,
		"RAISE 'admin_shutdown' USING ERRCODE = '57P01';":                       accounts.ErrCommitUnknown,
		"RAISE 'crash_shutdown' USING ERRCODE = '57P02';":                       accounts.ErrCommitUnknown,
		"RAISE 'io_error' USING ERRCODE = '58030';":                             accounts.ErrCommitUnknown,
		"RAISE 'internal_error' USING ERRCODE = 'XX000';":                       accounts.ErrCommitUnknown,
		"RAISE 'connection_failure' USING ERRCODE = '08006';":                   accounts.ErrCommitUnknown,
		"RAISE 'statement_completion_unknown' USING ERRCODE = '40003';":         accounts.ErrCommitUnknown,
		"RAISE 'query_canceled' USING ERRCODE = '57014';":                       accounts.ErrUnavailable,
		"RAISE 'disk_full' USING ERRCODE = '53100';":                            accounts.ErrUnavailable,
	} {
		setTrigger(body)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		calls := 0
		errInTx := store.RunInTx(ctx, func(ctx context.Context, _ bun.Tx, in *postgres.Store) error {
			calls++
			_, err := m.WithStore(in).Create(ctx, alice())
			return err
		})
		require.Equal(t, 1, calls, body)
		_, err := m.Create(ctx, alice())
		for _, err := range []error{err, errInTx} {
			require.ErrorIs(t, err, want, body)
			for _, kind := range []error{accounts.ErrCommitUnknown, accounts.ErrUnavailable} {
				if kind != want { //nolint:errorlint // these two themselves
					require.NotErrorIs(t, err, kind, body)
				}
			}
		}
		page, err := m.List(ctx, accounts.Query{})
		require.NoError(t, err)
		require.Empty(t, page.Items)
	}
}

// A statement that failed has aborted the transaction. If the function of Update returns nil nevertheless, COMMIT is not sent.
func TestAFailedStatementIsNotIgnored(t *testing.T) {
	s := newStorePool(t, pgtest.Shared(t).Database(t), 2)
	store := s.openStore(t)
	ignoring := func(tx accounts.Tx) error {
		tooLong := accounts.Record{Account: accounts.Account{ID: 1, Login: strings.Repeat("a", 61)}}
		require.Error(t, tx.Save(accounts.Writes{AddAccounts: []accounts.Record{tooLong}}))
		return nil
	}
	err := store.Update(t.Context(), ignoring)
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	tx := begin(t, s.db, sql.LevelReadCommitted)
	require.ErrorIs(t, store.WithTx(tx).Update(t.Context(), ignoring), accounts.ErrUnavailable)
}
