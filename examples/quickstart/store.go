package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/postgres"
)

// openStore returns a store and a function that closes it. The store is in memory if dsn is empty.
func openStore(ctx context.Context, dsn string) (accounts.Store, func(), error) {
	if dsn == "" {
		return memory.New(), func() {}, nil
	}
	db, err := openDB(dsn)
	if err != nil {
		return nil, nil, err
	}
	closeDB := func() { _ = db.Close() }
	opts := &postgres.Options{Schema: "clientele_quickstart"}
	if err := postgres.Migrate(ctx, db, opts); err != nil {
		closeDB()
		return nil, nil, err
	}
	store, err := postgres.New(ctx, db, opts)
	if err != nil {
		closeDB()
		return nil, nil, err
	}
	return store, closeDB, nil
}

// openDB returns a connection pool with the settings that the README of storage/postgres recommends.
func openDB(dsn string) (*bun.DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(8)
	pool.SetMaxIdleConns(8)
	return bun.NewDB(pool, pgdialect.New()), nil
}
