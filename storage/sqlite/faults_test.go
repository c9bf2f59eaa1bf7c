package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/sqlite"
	"github.com/clientele-go/clientele/subscriptions"
)

// filled returns the path of a file with some hundred accounts, which is closed.
func filled(t *testing.T) string {
	t.Helper()
	path := newFile(t)
	db := open(t, path, 1)
	clients := accounts.NewManager(newStore(t, db), nil)
	in := make([]accounts.New, 500)
	for i := range in {
		in[i] = newAccount(i)
	}
	_, err := clients.CreateMany(t.Context(), in)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	return path
}

// corrupt overwrites some pages in the middle of a file.
func corrupt(t *testing.T, path string) {
	t.Helper()
	contents, err := os.ReadFile(path)
	require.NoError(t, err)
	copy(contents[len(contents)/2:], make([]byte, 3*4096))
	require.NoError(t, os.WriteFile(path, contents, 0o600))
}

func TestNewRefusesWhatIsNoDatabase(t *testing.T) {
	for name, c := range map[string]struct {
		path    func(t *testing.T) string
		want    string
		migrate bool // Migrate refuses it, too
	}{
		"a directory": {func(t *testing.T) string { return t.TempDir() }, "cannot be opened", true},
		"a path that does not exist": {func(t *testing.T) string {
			return filepath.Join(t.TempDir(), "missing", "clientele.db")
		}, "cannot be opened", true},
		"a text file": {func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "clientele.db")
			require.NoError(t, os.WriteFile(path, []byte("This is not a database.\n"), 0o600))
			return path
		}, "not an SQLite database", true},
		"a truncated database": {func(t *testing.T) string {
			path := filled(t)
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, os.Truncate(path, info.Size()/2))
			return path
		}, "damaged", true},
		"a corrupted database": {func(t *testing.T) string {
			path := filled(t)
			corrupt(t, path)
			return path
		}, "damaged", false},
		"a database without tables": {func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "clientele.db")
			_, err := open(t, path, 1).ExecContext(t.Context(), "CREATE TABLE invoices (id INTEGER)")
			require.NoError(t, err)
			return path
		}, "call sqlite.Migrate first", false},
		"a database of a newer version": {func(t *testing.T) string {
			path := newFile(t)
			db := open(t, path, 1)
			_, err := db.ExecContext(t.Context(), "INSERT INTO clientele_migrations VALUES (2, '0002_new.sql', '', 2, 0)")
			require.NoError(t, err)
			require.NoError(t, db.Close())
			return path
		}, "upgrade the library", true},
	} {
		t.Run(name, func(t *testing.T) {
			path := c.path(t)
			before, _ := os.ReadFile(path)
			_, err := sqlite.New(t.Context(), open(t, path, 2), nil)
			require.ErrorContains(t, err, c.want)
			require.LessOrEqual(t, strings.Count(err.Error(), "unavailable"), 1, err)
			after, _ := os.ReadFile(path)
			require.Equal(t, before, after, "the file must not change")
			if c.migrate {
				require.ErrorContains(t, sqlite.Migrate(t.Context(), open(t, path, 2), nil), c.want)
				after, _ := os.ReadFile(path)
				require.Equal(t, before, after, "the file must not change")
			}
		})
	}
}

func TestNewRefusesSettingsThatLoseData(t *testing.T) {
	for setting, want := range map[string]string{
		"_pragma=synchronous(OFF)":                     "synchronous = OFF",
		"_pragma=synchronous(NORMAL)":                  "synchronous = NORMAL",
		"_pragma=journal_mode(MEMORY)":                 "journal_mode = MEMORY",
		"_pragma=journal_mode(OFF)":                    "journal_mode = OFF",
		"_pragma=journal_mode(DELETE)":                 "journal_mode = DELETE",
		"_pragma=locking_mode(EXCLUSIVE)":              "locking_mode = exclusive",
		"mode=ro":                                      "cannot be written",
		"_pragma=query_only(ON)":                       "cannot be written",
		"immutable=1":                                  "journal_mode = DELETE",
		"_pragma=synchronous(EXTRA)":                   "",
		"_txlock=immediate":                            "",
		"_pragma=busy_timeout(5000)":                   "",
		"_pragma=foreign_keys(ON)":                     "",
		"_pragma=trusted_schema(OFF)":                  "",
		"_texttotime=1":                                "",
		"_inttotime=1&_time_integer_format=unix_micro": "",
	} {
		t.Run(setting, func(t *testing.T) {
			_, err := sqlite.New(t.Context(), openDSN(t, "file:"+newFile(t)+"?"+setting, 1), nil)
			if want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, want)
		})
	}
	t.Run("in memory", func(t *testing.T) {
		err := sqlite.Migrate(t.Context(), openDSN(t, ":memory:", 1), nil)
		require.ErrorContains(t, err, "in memory")
	})
	t.Run("another encoding", func(t *testing.T) {
		err := sqlite.Migrate(t.Context(), openDSN(t, "file:"+filepath.Join(t.TempDir(), "x.db")+"?_pragma=encoding('UTF-16')", 1), nil)
		require.ErrorContains(t, err, "UTF-16")
	})
	t.Run("another dialect", func(t *testing.T) {
		_, err := sqlite.New(t.Context(), bun.NewDB(open(t, newFile(t), 1).DB, pgdialect.New()), nil)
		require.ErrorContains(t, err, "sqlitedialect")
	})
	t.Run("a driver without result codes", func(t *testing.T) {
		pool := sql.OpenDB(noDriver{})
		defer func() { _ = pool.Close() }()
		_, err := sqlite.New(t.Context(), bun.NewDB(pool, sqlitedialect.New()), nil)
		require.ErrorContains(t, err, "unsupported driver")
	})
}

// noDriver is a driver all of whose connections fail.
type noDriver struct{}

func (noDriver) Connect(context.Context) (driver.Conn, error) {
	return nil, errors.New("no connection")
}

func (noDriver) Driver() driver.Driver { return nil }

// A file that was deleted or replaced is not written, nor read: another process would see something else.
func TestAFileThatWasMovedIsNotUsed(t *testing.T) {
	for name, move := range map[string]func(t *testing.T, path string){
		"deleted": func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"replaced": func(t *testing.T, path string) {
			require.NoError(t, os.Rename(newFile(t), path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := newFile(t)
			clients := accounts.NewManager(openStore(t, path, 2), nil)
			a, err := clients.Create(t.Context(), newAccount(1))
			require.NoError(t, err)
			move(t, path)
			before, _ := os.ReadFile(path)
			_, err = clients.Create(t.Context(), newAccount(2))
			requireUnavailable(t, err)
			require.ErrorContains(t, err, "deleted, moved or replaced")
			_, err = clients.Get(t.Context(), a.ID)
			requireUnavailable(t, err)
			_, err = clients.Snapshot(t.Context(), func(accounts.Batch) error { return nil })
			requireUnavailable(t, err)
			after, _ := os.ReadFile(path)
			require.Equal(t, before, after, "the file must not change")
		})
	}
}

// requireUnavailable requires that an error matches ErrUnavailable, and says so once.
func requireUnavailable(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.Equal(t, 1, strings.Count(err.Error(), "unavailable"), err)
}

// While another program has the lock, commands wait until they get it or their contexts end, and reads go on. A tenth of a
// second shows what a minute does: nothing but the context ends the waits, the driver's busy_timeout included.
func TestCommandsWaitForAnotherProgram(t *testing.T) {
	for _, dsn := range []string{"", "?_pragma=busy_timeout(60000)", "?_txlock=immediate"} {
		path := newFile(t)
		db := openDSN(t, "file:"+path+dsn, 4)
		store := newStore(t, db)
		clients := accounts.NewManager(store, nil)
		a, err := clients.Create(t.Context(), withHash(0))
		require.NoError(t, err)
		lock := lockFile(t, path, "BEGIN IMMEDIATE")

		waits := func(command func(ctx context.Context) error) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			begun := time.Now()
			err := command(ctx)
			requireUnavailable(t, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Less(t, time.Since(begun), 5*time.Second)
		}
		create := func(ctx context.Context, clients *accounts.Manager) error {
			_, err := clients.Create(ctx, withHash(1))
			return err
		}
		waits(func(ctx context.Context) error { return create(ctx, clients) })
		waits(func(ctx context.Context) error {
			return clients.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error { return create(ctx, tx) })
		})
		if dsn != "?_txlock=immediate" { // BEGIN of the application has no lock
			tx, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			waits(func(ctx context.Context) error { return create(ctx, clients.WithStore(store.WithTx(tx))) })
			require.NoError(t, tx.Rollback())
		}
		_, err = clients.Get(t.Context(), a.ID)
		require.NoError(t, err)
		begun := time.Now()
		require.NoError(t, sqlite.Migrate(t.Context(), db, nil))
		newStore(t, openDSN(t, "file:"+path+dsn, 1))
		require.Less(t, time.Since(begun), 5*time.Second)

		time.AfterFunc(200*time.Millisecond, func() { _, _ = lock.ExecContext(context.Background(), "ROLLBACK") })
		require.NoError(t, create(t.Context(), clients))
		n, err := clients.Count(t.Context(), accounts.Query{}, 0)
		require.NoError(t, err)
		require.Equal(t, 2, n)
	}
}

// lockFile makes another program's connection run a statement that locks the file.
func lockFile(t *testing.T, path, statement string) *sql.Conn {
	t.Helper()
	conn, err := openDSN(t, "file:"+path, 1).Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.ExecContext(t.Context(), statement)
	require.NoError(t, err)
	return conn.Conn
}

// A file that another program keeps for itself can be neither read nor migrated. All calls wait until their contexts end.
func TestAnExclusivelyLockedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clientele.db")
	_, err := open(t, path, 1).ExecContext(t.Context(), "CREATE TABLE invoices (id INTEGER)")
	require.NoError(t, err)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	lock := lockFile(t, path, "BEGIN EXCLUSIVE")
	db := open(t, path, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = sqlite.Migrate(ctx, db, nil)
	requireUnavailable(t, err)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = sqlite.New(ctx, db, nil)
	requireUnavailable(t, err)
	require.ErrorContains(t, err, "another program has locked the file")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after, "the file must not change")
	_, err = lock.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, sqlite.Migrate(t.Context(), db, nil))
}

// Reads neither wait for a command nor see what it has not committed.
func TestReadsDoNotWaitForCommands(t *testing.T) {
	store := openStore(t, newFile(t), 4)
	clients := accounts.NewManager(store, nil)
	a, err := clients.Create(t.Context(), newAccount(1))
	require.NoError(t, err)
	err = clients.Transaction(t.Context(), func(ctx context.Context, tx *accounts.Manager) error {
		_, err := tx.Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{})
		require.NoError(t, err)
		got, err := clients.Get(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, subscriptions.Active, got.Status())
		return nil
	})
	require.NoError(t, err)
}

// A command in a transaction that had read before another command was committed must not decide on what it has read.
func TestAStaleTransactionIsRefused(t *testing.T) {
	db := open(t, newFile(t), 4)
	store := newStore(t, db)
	clients := accounts.NewManager(store, nil)
	a, err := clients.Create(t.Context(), newAccount(1))
	require.NoError(t, err)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	in := clients.WithStore(store.WithTx(tx))
	_, err = in.Get(t.Context(), a.ID)
	require.NoError(t, err)
	_, err = clients.Suspend(t.Context(), []accounts.ID{a.ID}, accounts.Hold{})
	require.NoError(t, err)
	_, err = in.Activate(t.Context(), []accounts.ID{a.ID})
	requireUnavailable(t, err)
	_, err = in.Get(t.Context(), a.ID)
	require.ErrorIs(t, err, accounts.ErrUnavailable, "the transaction must be rolled back")
	require.NoError(t, tx.Rollback())
}

// Ids are not given again, neither after a rollback nor after a restart.
func TestIDsAreNotGivenAgain(t *testing.T) {
	path := newFile(t)
	db := open(t, path, 2)
	clients := accounts.NewManager(newStore(t, db), nil)
	rollback := errors.New("rollback")
	var first accounts.ID
	err := clients.Transaction(t.Context(), func(ctx context.Context, tx *accounts.Manager) error {
		a, err := tx.Create(ctx, withHash(1))
		require.NoError(t, err)
		first = a.ID
		return rollback
	})
	require.ErrorIs(t, err, rollback)
	require.NoError(t, db.Close())
	a, err := accounts.NewManager(openStore(t, path, 1), nil).Create(t.Context(), withHash(1))
	require.NoError(t, err)
	require.Greater(t, a.ID, first)
}

// SQLite rolls a transaction back when a statement that writes is interrupted. No command may follow as if it went on.
func TestNothingFollowsATransactionThatHasEnded(t *testing.T) {
	store := openStore(t, newFile(t), 2)
	clients := accounts.NewManager(store, nil)
	err := store.RunInTx(t.Context(), func(ctx context.Context, tx bun.Tx, in *sqlite.Store) error {
		_, err := tx.ExecContext(ctx, "CREATE TABLE invoices (id INTEGER)")
		require.NoError(t, err)
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		_, err = tx.ExecContext(short, `INSERT INTO invoices
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n`)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = clients.WithStore(in).Create(ctx, withHash(1))
		requireUnavailable(t, err)
		return nil
	})
	requireUnavailable(t, err)
	n, err := clients.Count(t.Context(), accounts.Query{}, 0)
	require.NoError(t, err)
	require.Zero(t, n)
}

// Every text is an argument, none a part of a statement.
func TestTextsAreNotSQL(t *testing.T) {
	store := openStore(t, newFile(t), 2)
	clients := accounts.NewManager(store, nil)
	const text = `'"); DROP TABLE clientele_accounts; -- \ % _ " OR NEAR( * ^ : ?1 :term`
	in := withHash(1)
	in.Contact = accounts.Contact{Name: text, Company: text, Address: text, City: text, State: text}
	in.ExternalID, in.Description, in.AdditionalInfo, in.Attributes = text, text, text, map[string]string{"note": text}
	in.Subscription = &subscriptions.New{Name: text, Plan: text, Description: text, ExternalID: text, Domains: []string{"site.example"}}
	ctx := accounts.WithActor(t.Context(), text)
	a, err := clients.Create(ctx, in)
	require.NoError(t, err)
	_, err = clients.Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{Cause: "abuse", Note: text, Message: text, Public: text})
	require.NoError(t, err)
	_, err = clients.Bucket("keys").Put(ctx, accounts.Entry{Key: text, Value: []byte(text)}, accounts.Any)
	require.NoError(t, err)

	a, err = clients.GetByExternalID(ctx, text)
	require.NoError(t, err)
	require.Equal(t, text, a.Contact.Name)
	require.Equal(t, text, a.Holds[0].Note)
	require.Equal(t, text, a.Attributes["note"])
	for _, word := range []string{`"); drop`, `%`, `_`, `\`, `near(`, `*`, `^`, `:`, `?1`, `:term`, `--`} {
		page, err := clients.List(ctx, accounts.Query{Search: word, Plan: text})
		require.NoError(t, err, word)
		require.Len(t, page.Items, 1, word)
	}
	entries, err := clients.Bucket("keys").List(ctx, text[:20], "", 0)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	_, err = clients.GetByLogin(ctx, text)
	require.ErrorIs(t, err, accounts.ErrNotFound)
}
