package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/sqlite"
)

const (
	defaultDB = "clientele.db"
	inMemory  = "memory"
	maxConns  = 16
)

// openStore returns a store and a function that closes it. The data is in a file of SQLite, in PostgreSQL if db is a connection
// string, or in memory.
func openStore(ctx context.Context, db string) (accounts.Store, func(), error) {
	switch {
	case db == inMemory:
		return memory.New(), func() {}, nil
	case isConnString(db):
		return openPostgres(ctx, db)
	default:
		return openSQLite(ctx, db)
	}
}

// isConnString reports whether db is a URL such as postgres://user@host/database, or has keywords such as host=localhost.
func isConnString(db string) bool {
	return strings.HasPrefix(db, "postgres://") || strings.HasPrefix(db, "postgresql://") || strings.Contains(db, "=")
}

func openPostgres(ctx context.Context, dsn string) (accounts.Store, func(), error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, err
	}
	db := bun.NewDB(stdlib.OpenDB(*config), pgdialect.New())
	return openDB(db, func() (accounts.Store, error) {
		if err := postgres.Migrate(ctx, db, nil); err != nil {
			return nil, err
		}
		return postgres.New(ctx, db, nil)
	})
}

func openSQLite(ctx context.Context, file string) (accounts.Store, func(), error) {
	pool, err := sql.Open("sqlite", "file:"+url.PathEscape(file)) // as a part of a URL, so that ? is a part of the name
	if err != nil {
		return nil, nil, err
	}
	db := bun.NewDB(pool, sqlitedialect.New())
	return openDB(db, func() (accounts.Store, error) {
		if err := sqlite.Migrate(ctx, db, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return sqlite.New(ctx, db, nil)
	})
}

// openDB returns the store that open returns and a function that closes the pool.
func openDB(db *bun.DB, open func() (accounts.Store, error)) (accounts.Store, func(), error) {
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	store, err := open()
	if err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	return store, func() { _ = db.Close() }, nil
}
