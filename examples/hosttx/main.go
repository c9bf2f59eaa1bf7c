// Command hosttx shows the two ways to run several commands in one transaction. It is a shop that uses postgres.Store.RunInTx to
// write its invoice and the library's customer in one transaction: it commits one sale and rolls another one back. Then it uses
// accounts.Manager.Transaction, which runs on every store, for commands and entries of the library alone: a customer orders twice
// with one idempotency key. It prints all rows after each:
//
//	go run ./examples/hosttx -dsn postgres://postgres@localhost/postgres
//
// The library's tables are in the schema "clientele_hosttx" and the shop's in "hosttx_shop". It drops both and creates them again
// on each run. Without -dsn it connects as PGHOST, PGUSER and the other environment variables of libpq say.
package main

import (
	"context"
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
	dsn := flags.String("dsn", "", "connect to `PostgreSQL`, such as postgres://user@host/database (default: the environment, such as PGHOST)")
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
	if err := s.sellTwice(ctx); err != nil {
		return err
	}
	return s.orderTwice(ctx)
}

// openDB returns a connection pool with the settings that the README of storage/postgres recommends.
func openDB(dsn string) (*bun.DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(4)
	pool.SetMaxIdleConns(4)
	return bun.NewDB(pool, pgdialect.New()), nil
}

// openShop creates the tables of the library and of the shop, and returns the shop.
func openShop(ctx context.Context, db *bun.DB, out io.Writer) (*shop, error) {
	if _, err := db.ExecContext(ctx, "DROP SCHEMA IF EXISTS clientele_hosttx, hosttx_shop CASCADE"); err != nil {
		return nil, err
	}
	opts := &postgres.Options{Schema: "clientele_hosttx"}
	if err := postgres.Migrate(ctx, db, opts); err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA hosttx_shop"); err != nil {
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
