package postgres

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"
)

// runner runs statements on a pool or in a transaction. Arguments go to the server as parameters, by database/sql: bun
// would write them into the statement's text, and a failing statement puts its text into the server's log. Bun scans
// the rows.
type runner struct {
	db     *bun.DB
	schema schema
	on     interface {
		QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error)
		ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
	}
}

// query scans all rows into dest: a pointer to a slice of structs, or to one struct, which then needs a row.
func (r runner) query(ctx context.Context, dest any, statement string, args ...any) *failure {
	rows, err := r.on.QueryContext(ctx, r.schema.in(statement), args...)
	if err != nil {
		return unavailable(ctx, err)
	}
	return r.scan(ctx, rows, dest)
}

func (r runner) scan(ctx context.Context, rows *sql.Rows, dest any) *failure {
	if err := r.db.ScanRows(ctx, rows, dest); err != nil {
		return unavailable(ctx, err)
	}
	return nil
}

// exec answers how many rows the statement touched.
func (r runner) exec(ctx context.Context, statement string, args ...any) (int64, *failure) {
	result, err := r.on.ExecContext(ctx, r.schema.in(statement), args...)
	if err != nil {
		return 0, unavailable(ctx, err)
	}
	touched, err := result.RowsAffected()
	if err != nil {
		return 0, unavailable(ctx, err)
	}
	return touched, nil
}
