package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"golang.org/x/crypto/bcrypt"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// plain is a hasher that costs nothing.
type plain struct{}

func (plain) Hash(_ context.Context, password string) (string, error) {
	return "plain:" + password, nil
}

func (plain) Verify(_ context.Context, hash, password string) (ok, outdated bool, err error) {
	return hash == "plain:"+password, false, nil
}

// manager returns a manager with a hasher that costs nothing.
func manager(store accounts.Store) *accounts.Manager {
	return accounts.NewManager(store, &accounts.Options{Hasher: plain{}, Secret: make([]byte, 32)})
}

// alice is a customer with one subscription and two domains.
func alice() accounts.New {
	return accounts.New{
		Login: "alice", Password: "correct horse battery", ExternalID: "ext-alice",
		Contact:      accounts.Contact{Name: "Alice Liddell", Email: "alice@wonder.example", Country: "GB"},
		Subscription: &subscriptions.New{Plan: "gold", Domains: []string{"wonder.example.com", "looking-glass.example.com"}},
	}
}

// begin begins a transaction, which is rolled back at the end of the test.
func begin(t *testing.T, db *bun.DB, level sql.IsolationLevel) bun.Tx {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: level})
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

func TestCommandsAndApplicationRowsRollBackTogether(t *testing.T) {
	ctx := t.Context()
	s := newStorePool(t, pgtest.Shared(t).Database(t), 4)
	store := s.openStore(t)
	clients := manager(store)
	_, err := s.db.ExecContext(ctx, "CREATE TABLE invoices (account bigint, cents int)")
	require.NoError(t, err)

	tx := begin(t, s.db, sql.LevelDefault)
	inTx := clients.WithStore(store.WithTx(tx))
	a, err := inTx.Create(ctx, alice())
	require.NoError(t, err)
	_, err = inTx.Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{Cause: accounts.CauseBilling})
	require.NoError(t, err)
	_, err = tx.ExecContext(ctx, "INSERT INTO invoices VALUES (?, 900)", a.ID)
	require.NoError(t, err)

	seen, err := inTx.Get(ctx, a.ID)
	require.NoError(t, err)
	require.Equal(t, accounts.Suspended, seen.Status(), "visible inside the transaction")
	_, err = clients.Get(ctx, a.ID)
	require.ErrorIs(t, err, accounts.ErrNotFound, "not visible outside")

	require.NoError(t, tx.Rollback())
	for _, table := range []string{"invoices", "accounts", "subscriptions", "domains", "account_holds", "events"} {
		name := bun.Ident(s.schemaOf(store) + "." + table)
		if table == "invoices" {
			name = bun.Ident(table)
		}
		var rows int
		require.NoError(t, s.db.NewSelect().ColumnExpr("count(*)").TableExpr("?", name).Scan(ctx, &rows))
		require.Zero(t, rows, table)
	}
	_, err = clients.Create(ctx, alice())
	require.NoError(t, err, "login, external id and names are available")
}

func TestARefusedCommandLeavesTheTransactionUsable(t *testing.T) {
	ctx := t.Context()
	s := newStorePool(t, pgtest.Shared(t).Database(t), 4)
	store := s.openStore(t)
	clients := manager(store)
	a, err := clients.Create(ctx, alice())
	require.NoError(t, err)

	tx := begin(t, s.db, sql.LevelDefault)
	inTx := clients.WithStore(store.WithTx(tx))
	_, err = inTx.Create(ctx, alice())
	require.ErrorIs(t, err, accounts.ErrTaken)
	_, err = inTx.Suspend(ctx, []accounts.ID{a.ID, 4711}, accounts.Hold{})
	require.ErrorIs(t, err, accounts.ErrNotFound)
	_, err = inTx.Update(ctx, a.ID, accounts.Changes{Version: 7})
	require.ErrorIs(t, err, accounts.ErrConflict)
	_, err = inTx.Events(ctx, accounts.EventQuery{})
	require.ErrorIs(t, err, accounts.ErrInvalid)
	_, err = inTx.PruneEvents(ctx, a.CreatedAt)
	require.ErrorIs(t, err, accounts.ErrInvalid)
	_, err = inTx.Head(ctx)
	require.ErrorIs(t, err, accounts.ErrInvalid)
	_, err = inTx.Snapshot(ctx, func(accounts.Batch) error { return errors.New("called") })
	require.ErrorIs(t, err, accounts.ErrInvalid)
	require.ErrorIs(t, store.WithTx(tx).Dump(ctx, func(accounts.DumpPart) error { return errors.New("called") }), accounts.ErrInvalid)
	err = store.WithTx(tx).Restore(ctx, func(func(accounts.DumpPart) error) error { return errors.New("called") })
	require.ErrorIs(t, err, accounts.ErrInvalid)
	err = inTx.Follow(ctx, "", nil, func(context.Context, []accounts.Event, accounts.Cursor) error { return errors.New("called") })
	var invalid *accounts.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "transaction", invalid.Fields[0].Path)
	_, err = inTx.Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{})
	require.NoError(t, err)
	require.NoError(t, tx.Commit())

	seen, err := clients.Get(ctx, a.ID)
	require.NoError(t, err)
	require.Equal(t, accounts.Suspended, seen.Status())
}

// A transaction stays usable after a sign-in with an outdated hash, which is not replaced there.
func TestSigningInWithAnOutdatedHashLeavesTheTransactionUsable(t *testing.T) {
	ctx := t.Context()
	s := newStorePool(t, pgtest.Shared(t).Database(t), 4)
	store := s.openStore(t)
	in := alice()
	hash, err := bcrypt.GenerateFromPassword([]byte(in.Password), bcrypt.MinCost)
	require.NoError(t, err)
	typed := in.Password
	in.Password, in.PasswordHash = "", string(hash)
	clients := accounts.NewManager(store, nil)
	a, err := clients.Create(ctx, in)
	require.NoError(t, err)
	stored := func() string {
		r, err := store.Account(ctx, accounts.AccountKey{ID: a.ID})
		require.NoError(t, err)
		return r.Hash
	}
	schema := bun.Ident(s.schemaOf(store))
	s.execute(t, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space left'; END $$")
	s.execute(t, "CREATE TRIGGER refuse BEFORE UPDATE ON ?.accounts EXECUTE FUNCTION refuse()", schema)

	tx := begin(t, s.db, sql.LevelDefault)
	joined := clients.WithStore(store.WithTx(tx))
	signedIn, err := joined.Authenticate(ctx, "alice", typed)
	require.NoError(t, err)
	require.Equal(t, a, signedIn)
	_, err = joined.SignInAs(ctx, a.ID)
	require.NoError(t, err, "the transaction is usable")
	require.NoError(t, tx.Commit())

	_, err = clients.Authenticate(ctx, "alice", typed)
	require.NoError(t, err, "the hash is replaced at a later sign-in")
	require.Equal(t, string(hash), stored())
	s.execute(t, "DROP TRIGGER refuse ON ?.accounts", schema)
	_, err = clients.Authenticate(ctx, "alice", typed)
	require.NoError(t, err)
	require.NotEqual(t, string(hash), stored())
}

func TestOtherIsolationLevelsAreInvalid(t *testing.T) {
	ctx := t.Context()
	s := newStorePool(t, pgtest.Shared(t).Database(t), 4)
	store := s.openStore(t)
	for _, level := range []sql.IsolationLevel{sql.LevelRepeatableRead, sql.LevelSerializable} {
		tx := begin(t, s.db, level)
		inTx := manager(store).WithStore(store.WithTx(tx))
		_, err := inTx.Create(ctx, alice())
		var invalid *accounts.InvalidError
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, "transaction", invalid.Fields[0].Path)
		require.Equal(t, "isolation", invalid.Fields[0].Rule)
		page, err := inTx.List(ctx, accounts.Query{})
		require.NoError(t, err, "reads work at any level")
		require.Empty(t, page.Items)
		require.NoError(t, tx.Commit())
	}
	_, err := manager(store).Create(ctx, alice())
	require.NoError(t, err)
}

// The library begins its transactions READ COMMITTED, whatever the default is: commands, numbering and pruning. Each statement
// that writes to a table checks that.
func TestTheServersDefaultLevelDoesNotMatter(t *testing.T) {
	ctx := t.Context()
	for _, level := range []string{"serializable", "repeatable read", "read uncommitted"} {
		s := newStorePool(t, pgtest.Shared(t).Database(t)+" default_transaction_isolation='"+level+"'", 2)
		store := s.openStore(t)
		s.execute(t, `
CREATE FUNCTION check_level() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE '% of % is %', TG_OP, TG_TABLE_NAME, current_setting('transaction_isolation');
    END IF;
    RETURN NULL;
END $$`)
		for _, table := range []string{"accounts", "account_holds", "subscriptions", "domains", "events", "event_log"} {
			s.execute(t, "CREATE TRIGGER check_level BEFORE INSERT OR UPDATE OR DELETE ON ?.? FOR EACH STATEMENT EXECUTE FUNCTION check_level()",
				bun.Ident(s.schemaOf(store)), bun.Ident(table))
		}
		clients := manager(store)
		a, err := clients.Create(ctx, alice())
		require.NoError(t, err)
		_, err = clients.Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{})
		require.NoError(t, err)
		page, err := clients.Events(ctx, accounts.EventQuery{})
		require.NoError(t, err)
		require.Len(t, page.Items, 5)
		_, err = clients.Remove(ctx, []accounts.ID{a.ID})
		require.NoError(t, err)
		n, err := clients.PruneEvents(ctx, time.Now().Add(time.Hour))
		require.NoError(t, err)
		require.Equal(t, 9, n)
		s.execute(t, "DROP FUNCTION check_level() CASCADE")
	}
}

var _ accounts.Store = (*postgres.Store)(nil)
