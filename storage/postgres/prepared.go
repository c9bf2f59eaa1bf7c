package postgres

import (
	"context"
	"database/sql"
	"sync/atomic"

	"github.com/uptrace/bun"
)

// preparedQueries are the statements that an application runs on every request. Without Options.Prepared, each sends its text
// every time.
type preparedQueries struct {
	accountByID, accountByLogin, site, entry *preparedQuery
}

// preparedQuery is one statement, prepared when it is first used if prepare is set. The pool prepares it again on each of its
// connections, until they are closed.
type preparedQuery struct {
	text    string // for its schema
	prepare bool
	stmt    atomic.Pointer[sql.Stmt]
}

func newPreparedQueries(r runner, prepare bool) preparedQueries {
	newQuery := func(statement string) *preparedQuery {
		return &preparedQuery{text: r.schema.qualify(statement), prepare: prepare}
	}
	return preparedQueries{newQuery(accountBy("a.id = $1")), newQuery(accountBy("a.login = $1")), newQuery(siteByName), newQuery(entryByKey)}
}

// rows runs the statement on a pool.
func (q *preparedQuery) rows(ctx context.Context, db *bun.DB, args ...any) (*sql.Rows, error) {
	if !q.prepare {
		return db.DB.QueryContext(ctx, q.text, args...)
	}
	stmt := q.stmt.Load()
	if stmt == nil {
		prepared, err := db.DB.PrepareContext(ctx, q.text)
		if err != nil {
			return nil, err
		}
		if q.stmt.CompareAndSwap(nil, prepared) {
			stmt = prepared
		} else { // a concurrent call was first
			_ = prepared.Close()
			stmt = q.stmt.Load()
		}
	}
	return stmt.QueryContext(ctx, args...)
}
