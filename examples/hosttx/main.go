// Command hosttx is a host that sells: it writes an invoice of its own and a customer of the library's in one
// transaction of its own, commits one sale, rolls another one back, and prints what is there after each:
//
//	go run ./examples/hosttx -dsn postgres://postgres@localhost/postgres
//
// It keeps all of it in a schema called "clientele_hosttx", which it makes anew each time. Without -dsn it takes the
// database that PGHOST, PGUSER and the like name.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "hosttx:", err)
		os.Exit(1)
	}
}

// run is the whole program.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("hosttx", flag.ContinueOnError)
	flags.SetOutput(out)
	dsn := flags.String("dsn", "", "where PostgreSQL is, such as postgres://user@host/database; empty: what PGHOST and the like say")
	if err := flags.Parse(args); err != nil {
		return err
	}
	db, err := openDB(*dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	s, err := openShop(ctx, db, out)
	if err != nil {
		return err
	}
	return s.day(ctx)
}

// openDB answers a pool as the README of storage/postgres describes it.
func openDB(dsn string) (*bun.DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(4)
	pool.SetMaxIdleConns(4)
	return bun.NewDB(pool, pgdialect.New()), nil
}

// openShop makes the tables, the library's and the host's own.
func openShop(ctx context.Context, db *bun.DB, out io.Writer) (*shop, error) {
	if _, err := db.ExecContext(ctx, "DROP SCHEMA IF EXISTS clientele_hosttx CASCADE"); err != nil {
		return nil, err
	}
	opts := &postgres.Options{Schema: "clientele_hosttx"}
	if err := postgres.Migrate(ctx, db, opts); err != nil {
		return nil, err
	}
	if _, err := db.NewCreateTable().Model((*invoice)(nil)).Exec(ctx); err != nil {
		return nil, err
	}
	store, err := postgres.New(ctx, db, opts)
	if err != nil {
		return nil, err
	}
	return &shop{db: db, store: store, clients: accounts.NewManager(store, nil), out: out}, nil
}

// transaction runs fn in a transaction of the host's, at the level that the library asks for. ErrUnavailable, a deadlock
// for one, means that nothing happened: the host rolls back and repeats all of it.
func transaction(ctx context.Context, db *bun.DB, fn func(ctx context.Context, tx bun.Tx) error) error {
	const attempts = 5
	for attempt := 1; ; attempt++ {
		err := db.RunInTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted}, fn)
		if !errors.Is(err, accounts.ErrUnavailable) || ctx.Err() != nil || attempt == attempts {
			return err
		}
	}
}
