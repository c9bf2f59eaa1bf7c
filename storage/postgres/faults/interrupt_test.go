package faults_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// everywhere interrupts each command before each of its statements, and checks what the caller was told.
func everywhere(t *testing.T, interrupt func(t *testing.T, watcher *host, conn *pgx.Conn, end context.CancelFunc), told func(t *testing.T, statement string, err error)) {
	dsn := migrated(t, pgtest.Shared(t))
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			watcher, g := openHost(t, dsn, 2, nil), &gate{}
			h := openHost(t, dsn, 2, g)
			for n := 1; ; n++ {
				require.Less(t, n, mostStatements)
				r := s.begin(t, watcher, n)
				ctx, end := context.WithCancel(t.Context())
				at := ""
				g.before(n, func(conn *pgx.Conn, statement string) {
					at = statement
					interrupt(t, watcher, conn, end)
				})
				err := r.give(ctx, h)
				end()
				if !g.reached() {
					r.settle(t, err)
					require.NoError(t, err)
					require.Greater(t, n, 3, "begin, something, and commit")
					break
				}
				told(t, at, err)
				r.settle(t, err)
			}
		})
	}
}

func TestABackendIsTerminatedInTheMiddleOfACommand(t *testing.T) {
	everywhere(t, func(t *testing.T, watcher *host, conn *pgx.Conn, _ context.CancelFunc) {
		pid := conn.PgConn().PID()
		var ended bool
		require.NoError(t, watcher.db.NewRaw("SELECT pg_terminate_backend(?)", pid).Scan(t.Context(), &ended))
		require.True(t, ended)
		waitFor(t, "the end of the backend", func() bool {
			there, err := watcher.db.NewSelect().TableExpr("pg_stat_activity").Where("pid = ?", pid).Exists(t.Context())
			require.NoError(t, err)
			return !there
		})
	}, func(t *testing.T, statement string, err error) {
		if statement == "commit" {
			require.Error(t, err)
			return
		}
		require.ErrorIs(t, err, accounts.ErrUnavailable, statement)
	})
}

func TestAContextEndsBeforeAnyStatement(t *testing.T) {
	everywhere(t, func(_ *testing.T, _ *host, _ *pgx.Conn, end context.CancelFunc) { end() },
		func(t *testing.T, statement string, err error) {
			require.ErrorIs(t, err, context.Canceled, statement)
			require.ErrorIs(t, err, accounts.ErrUnavailable, statement)
		})
}

// The server is busy with a statement, here waiting for a lock, when ctx ends.
func TestAContextEndsInTheMiddleOfAStatement(t *testing.T) {
	dsn := migrated(t, pgtest.Shared(t))
	watcher, h := openHost(t, dsn, 2, nil), openHost(t, dsn, 2, nil)
	for _, s := range scenes()[1:] { // the first one locks no rows
		r := s.begin(t, watcher, 1)
		tx, err := watcher.db.BeginTx(t.Context(), &sql.TxOptions{})
		require.NoError(t, err)
		_, err = tx.ExecContext(t.Context(), "SELECT FROM clientele.accounts FOR UPDATE")
		require.NoError(t, err)
		ctx, end := context.WithTimeout(t.Context(), 100*time.Millisecond)
		told := r.give(ctx, h)
		end()
		require.ErrorIs(t, told, context.DeadlineExceeded, s.name)
		require.ErrorIs(t, told, accounts.ErrUnavailable, s.name)
		require.NoError(t, tx.Rollback())
		waitForConnections(t, watcher.db, h.name, "state <> 'idle'")
		r.settle(t, told)
	}
}
