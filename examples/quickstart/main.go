// Command quickstart shows the case that panels get wrong: a subscription that is suspended in an account that is suspended
// as well. It creates two customers with three sites, suspends, activates and removes them, and after each step requests every
// site from a real web server and prints the responses:
//
//	go run ./examples/quickstart
//
// With -dsn everything is kept in PostgreSQL, in the schema "clientele_quickstart", which it drops and creates again on each
// run:
//
//	go run ./examples/quickstart -dsn postgres://postgres@localhost/postgres
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
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/postgres"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run is the whole program.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(out)
	dsn := flags.String("dsn", "", "keep everything in `PostgreSQL`, such as postgres://user@host/database (default: in memory)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q (see -h)", flags.Arg(0))
	}
	store, closeStore, err := openStore(ctx, *dsn)
	if err != nil {
		return err
	}
	defer closeStore()
	clients := accounts.NewManager(store, nil)
	server, err := startServer(clients.Subscriptions())
	if err != nil {
		return err
	}
	w := &walk{clients: clients, subs: clients.Subscriptions(), server: server, out: out}
	return errors.Join(w.run(ctx), server.stop())
}

// openStore returns a store and a function that closes it. The store is in memory if dsn is empty. The pool has the settings
// that the README of storage/postgres recommends.
func openStore(ctx context.Context, dsn string) (accounts.Store, func(), error) {
	if dsn == "" {
		return memory.New(), func() {}, nil
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, err
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(8)
	pool.SetMaxIdleConns(8)
	db, opts := bun.NewDB(pool, pgdialect.New()), &postgres.Options{Schema: "clientele_quickstart"}
	if _, err := db.ExecContext(ctx, "DROP SCHEMA IF EXISTS clientele_quickstart CASCADE"); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	if err := postgres.Migrate(ctx, db, opts); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	store, err := postgres.New(ctx, db, opts)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return store, func() { _ = db.Close() }, nil
}
