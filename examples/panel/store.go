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
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, err
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(maxConns)
	db := bun.NewDB(pool, pgdialect.New())
	store, err := migrateAndOpen(ctx, db)
	if err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	return store, func() { _ = db.Close() }, nil
}

const maxConns = 16

// migrateAndOpen creates or migrates the tables of a database and returns its store.
func migrateAndOpen(ctx context.Context, db *bun.DB) (*postgres.Store, error) {
	if err := postgres.Migrate(ctx, db, nil); err != nil {
		return nil, err
	}
	return postgres.New(ctx, db, nil)
}
