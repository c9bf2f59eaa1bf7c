// Package database opens the stores that the example programs keep their data in, by the value of a flag such as -db.
package database

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
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
	// Memory is the name of a store in memory.
	Memory = "memory"

	maxConns = 16
)

// Open returns a store and a function that closes it. The data is in a file of SQLite, in PostgreSQL if name is a connection
// string, or in memory. Open creates what does not exist yet.
func Open(ctx context.Context, name string) (accounts.Store, func(), error) {
	return open(ctx, name, true)
}

// OpenExisting is Open for data that exists already, which it leaves as it is.
func OpenExisting(ctx context.Context, name string) (accounts.Store, func(), error) {
	if name != Memory && !IsConnString(name) {
		if _, err := os.Stat(name); err != nil { // SQLite would create the file
			return nil, nil, err
		}
	}
	return open(ctx, name, false)
}

func open(ctx context.Context, name string, migrate bool) (accounts.Store, func(), error) {
	switch {
	case name == Memory:
		return memory.New(), func() {}, nil
	case IsConnString(name):
		return openPostgres(ctx, name, migrate)
	default:
		return openSQLite(ctx, name, migrate)
	}
}

// IsConnString reports whether name is a URL such as postgres://user@host/database, or has keywords such as host=localhost.
func IsConnString(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://") || strings.Contains(name, "=")
}

func openPostgres(ctx context.Context, dsn string, migrate bool) (accounts.Store, func(), error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, err
	}
	db := bun.NewDB(stdlib.OpenDB(*config), pgdialect.New())
	return openDB(db, func() (accounts.Store, error) {
		if migrate {
			if err := postgres.Migrate(ctx, db, nil); err != nil {
				return nil, err
			}
		}
		return postgres.New(ctx, db, nil)
	})
}

func openSQLite(ctx context.Context, file string, migrate bool) (accounts.Store, func(), error) {
	pool, err := sql.Open("sqlite", "file:"+url.PathEscape(file)) // as a part of a URL, so that ? is a part of the name
	if err != nil {
		return nil, nil, err
	}
	db := bun.NewDB(pool, sqlitedialect.New())
	return openDB(db, func() (accounts.Store, error) {
		if migrate {
			if err := sqlite.Migrate(ctx, db, nil); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
		store, err := sqlite.New(ctx, db, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return store, nil
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
