package postgres

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"
)

// runner runs statements on a pool or in a transaction. It passes arguments to the server as parameters, through
// database/sql: Bun would write them into the statement's text, and a failing statement's text is written into the server's
// log. Bun scans the rows.
type runner struct {
	db     *bun.DB
	schema schema
	conn   interface {
		QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error)
		ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
	}
}

// query scans all rows into dest: a pointer to a slice of structs, or to one struct, which requires a row.
func (r runner) query(ctx context.Context, dest any, statement string, args ...any) *dbError {
	rows, err := r.conn.QueryContext(ctx, r.schema.qualify(statement), args...)
	if err != nil {
		return unavailable(ctx, err)
	}
	return r.scan(ctx, rows, dest)
}

// queryNamed is query for a statement with named arguments.
func (r runner) queryNamed(ctx context.Context, dest any, statement string, args arguments) *dbError {
	text, values := args.number(statement)
	return r.query(ctx, dest, text, values...)
}

func (r runner) scan(ctx context.Context, rows *sql.Rows, dest any) *dbError {
	if err := r.db.ScanRows(ctx, rows, dest); err != nil {
		return unavailable(ctx, err)
	}
	return nil
}

// exec returns the number of rows that the statement affected.
func (r runner) exec(ctx context.Context, statement string, args ...any) (int64, *dbError) {
	result, err := r.conn.ExecContext(ctx, r.schema.qualify(statement), args...)
	if err != nil {
		return 0, unavailable(ctx, err)
	}
	affected, err := result.RowsAffected()
	if err != nil {
		return 0, unavailable(ctx, err)
	}
	return affected, nil
}
