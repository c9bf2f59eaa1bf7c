package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/sqlite"
)

// A program opens its file, migrates it, and finds what it was told the last time.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "clientele")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "clientele.db")

	run := func(command func(clients *accounts.Manager) error) error {
		pool, err := sql.Open("sqlite", "file:"+path)
		if err != nil {
			return err
		}
		db := bun.NewDB(pool, sqlitedialect.New())
		defer func() { _ = db.Close() }()
		if err := sqlite.Migrate(ctx, db, nil); err != nil {
			return err
		}
		store, err := sqlite.New(ctx, db, nil)
		if err != nil {
			return err
		}
		return command(accounts.NewManager(store, nil))
	}
	err = run(func(clients *accounts.Manager) error {
		_, err := clients.Create(ctx, accounts.New{
			Login: "mario", Password: "correct horse battery", Contact: accounts.Contact{Name: "Mario Rossi"},
		})
		return err
	})
	err = errors.Join(err, run(func(clients *accounts.Manager) error {
		a, err := clients.GetByLogin(ctx, "mario")
		fmt.Println(a.Contact.Name, a.Status())
		return err
	}))
	if err != nil {
		fmt.Println(err)
	}
	// Output: Mario Rossi active
}

// RunInTx commits the application's own rows together with commands of the library.
func ExampleStore_RunInTx() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "clientele")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "clientele.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	db := bun.NewDB(pool, sqlitedialect.New())
	defer func() { _ = db.Close() }()
	if err := sqlite.Migrate(ctx, db, nil); err != nil {
		fmt.Println(err)
		return
	}
	store, err := sqlite.New(ctx, db, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	clients := accounts.NewManager(store, nil)

	err = store.RunInTx(ctx, func(ctx context.Context, tx bun.Tx, in *sqlite.Store) error {
		if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS invoices (account_id INTEGER, cents INTEGER)"); err != nil {
			return err
		}
		a, err := clients.WithStore(in).Create(ctx, accounts.New{
			Login: "mario", PasswordHash: hash, Contact: accounts.Contact{Name: "Mario Rossi"},
		})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO invoices VALUES (?, 1200)", int64(a.ID))
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var login string
	var cents int
	err = db.QueryRowContext(ctx, "SELECT a.login, i.cents FROM invoices AS i JOIN clientele_accounts AS a ON a.id = i.account_id").Scan(&login, &cents)
	fmt.Println(login, cents, err)
	// Output: mario 1200 <nil>
}
