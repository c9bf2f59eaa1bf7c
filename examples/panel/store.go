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

// openStore answers where everything is kept, and a function that closes it: in memory if there is no dsn.
func openStore(ctx context.Context, dsn string) (accounts.Store, func(), error) {
	if dsn == "" {
		return memory.New(), func() {}, nil
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // as the README of storage/postgres advises
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	db := bun.NewDB(pool, pgdialect.New())
	store, err := migrated(ctx, db)
	if err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	return store, func() { _ = db.Close() }, nil
}

const connections = 16

// migrated answers the store in a database, after its tables have been made or brought up to date.
func migrated(ctx context.Context, db *bun.DB) (*postgres.Store, error) {
	opts := &postgres.Options{Prepared: true}
	if err := postgres.Migrate(ctx, db, opts); err != nil {
		return nil, err
	}
	return postgres.New(ctx, db, opts)
}
