package postgres

import (
	"context"
	"database/sql"
	"sync/atomic"

	"github.com/uptrace/bun"
)

// hotReads are the statements that a host runs on every request. Where statements are not to be prepared, each sends its text every time.
type hotReads struct {
	accountByID, accountByLogin, site *hotRead
}

// hotRead is one statement that takes its arguments as it is, perhaps prepared when it is first used. The pool prepares
// it anew on each of its connections, and forgets it with them.
type hotRead struct {
	text     string // for its schema
	prepares bool
	stmt     atomic.Pointer[sql.Stmt]
}

func newHotReads(r runner, prepares bool) hotReads {
	hot := func(statement string) *hotRead {
		return &hotRead{text: r.schema.in(statement), prepares: prepares}
	}
	return hotReads{hot(accountBy("a.id = $1")), hot(accountBy("a.login = $1")), hot(siteByName)}
}

// rows runs the statement on a pool.
func (h *hotRead) rows(ctx context.Context, db *bun.DB, args ...any) (*sql.Rows, error) {
	if !h.prepares {
		return db.DB.QueryContext(ctx, h.text, args...)
	}
	stmt := h.stmt.Load()
	if stmt == nil {
		fresh, err := db.DB.PrepareContext(ctx, h.text)
		if err != nil {
			return nil, err
		}
		if h.stmt.CompareAndSwap(nil, fresh) {
			stmt = fresh
		} else { // somebody else was first
			_ = fresh.Close()
			stmt = h.stmt.Load()
		}
	}
	return stmt.QueryContext(ctx, args...)
}
