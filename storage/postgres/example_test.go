package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// A program opens its database, creates or updates the tables in the schema clientele, and uses the store.
//
// With an empty database it prints:
//
//	Mario Rossi active
func Example() {
	ctx := context.Background()
	pool, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(16) // the same number
	db := bun.NewDB(pool, pgdialect.New())
	if err := postgres.Migrate(ctx, db, nil); err != nil {
		log.Fatal(err)
	}
	store, err := postgres.New(ctx, db, nil)
	if err != nil {
		log.Fatal(err)
	}
	clients := accounts.NewManager(store, nil)
	if _, err := clients.Create(ctx, accounts.New{
		Login: "mario", Password: "correct horse battery", Contact: accounts.Contact{Name: "Mario Rossi"},
	}); err != nil {
		log.Fatal(err)
	}
	mario, err := clients.GetByLogin(ctx, "mario")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(mario.Contact.Name, mario.Status())
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}
}

// RunInTx commits the application's own rows together with commands of the library, or neither. Hash passwords before: nothing is
// hashed inside.
//
// With an empty database it prints:
//
//	mario 1200
func ExampleStore_RunInTx() {
	ctx := context.Background()
	pool, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	db := bun.NewDB(pool, pgdialect.New())
	if err := postgres.Migrate(ctx, db, nil); err != nil {
		log.Fatal(err)
	}
	store, err := postgres.New(ctx, db, nil)
	if err != nil {
		log.Fatal(err)
	}
	clients := accounts.NewManager(store, nil)
	in := accounts.New{Login: "mario", Password: "correct horse battery", Contact: accounts.Contact{Name: "Mario Rossi"}}
	if in.PasswordHash, err = clients.HashPassword(ctx, in); err != nil {
		log.Fatal(err)
	}
	in.Password = ""

	err = store.RunInTx(ctx, func(ctx context.Context, tx bun.Tx, inTx *postgres.Store) error {
		if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS invoices (account_id bigint, cents bigint)"); err != nil {
			return err
		}
		a, err := clients.WithStore(inTx).Create(ctx, in)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO invoices VALUES (?, 1200)", int64(a.ID))
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	var login string
	var cents int
	err = db.QueryRowContext(ctx, "SELECT a.login, i.cents FROM invoices AS i JOIN clientele.accounts AS a ON a.id = i.account_id").Scan(&login, &cents)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(login, cents)
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}
}

// The examples need a server, so they are run by a test. Each prints what its comment says.
func TestExamples(t *testing.T) {
	server := pgtest.Shared(t)
	for _, c := range []struct {
		run  func()
		want string
	}{{Example, "Mario Rossi active"}, {ExampleStore_RunInTx, "mario 1200"}} {
		t.Setenv("DATABASE_URL", server.Database(t))
		assert.Equal(t, c.want, strings.TrimSpace(printed(t, c.run)))
	}
}

// printed returns what a function writes to the standard output: less than a pipe holds.
func printed(t *testing.T, run func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	stdout := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = stdout }()
	run()
	require.NoError(t, w.Close())
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(text)
}
