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

// interruptEverywhere calls interrupt before each statement of each scenario, and passes the error of the command to check.
func interruptEverywhere(
	t *testing.T,
	interrupt func(t *testing.T, observer *app, conn *pgx.Conn, cancel context.CancelFunc),
	check func(t *testing.T, statement string, err error),
) {
	dsn := newDatabase(t, pgtest.Shared(t))
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			observer, hook := openApp(t, dsn, 2, nil), &statementHook{}
			app := openApp(t, dsn, 2, hook)
			for n := 1; ; n++ {
				require.Less(t, n, maxStatements)
				r := s.begin(t, observer, n)
				ctx, cancel := context.WithCancel(t.Context())
				interrupted := ""
				hook.beforeStatement(n, func(conn *pgx.Conn, statement string) {
					interrupted = statement
					interrupt(t, observer, conn, cancel)
				})
				err := r.runWith(ctx, app)
				cancel()
				if !hook.fired() {
					r.checkAndRepeat(t, err)
					require.NoError(t, err)
					require.Greater(t, n, 3, "BEGIN, COMMIT and other statements")
					break
				}
				check(t, interrupted, err)
				r.checkAndRepeat(t, err)
			}
		})
	}
}

func TestBackendTerminatedBeforeAnyStatement(t *testing.T) {
	interruptEverywhere(t, func(t *testing.T, observer *app, conn *pgx.Conn, _ context.CancelFunc) {
		pid := conn.PgConn().PID()
		var terminated bool
		require.NoError(t, observer.db.NewRaw("SELECT pg_terminate_backend(?)", pid).Scan(t.Context(), &terminated))
		require.True(t, terminated)
		waitFor(t, "the end of the backend", func() bool {
			running, err := observer.db.NewSelect().TableExpr("pg_stat_activity").Where("pid = ?", pid).Exists(t.Context())
			require.NoError(t, err)
			return !running
		})
	}, func(t *testing.T, statement string, err error) {
		if statement == "commit" {
			require.Error(t, err)
			return
		}
		require.ErrorIs(t, err, accounts.ErrUnavailable, statement)
	})
}

func TestContextEndsBeforeAnyStatement(t *testing.T) {
	interruptEverywhere(t, func(_ *testing.T, _ *app, _ *pgx.Conn, cancel context.CancelFunc) { cancel() },
		func(t *testing.T, statement string, err error) {
			require.ErrorIs(t, err, context.Canceled, statement)
			require.ErrorIs(t, err, accounts.ErrUnavailable, statement)
		})
}

// The context ends while the server runs a statement, which waits for a lock here.
func TestContextEndsDuringAStatement(t *testing.T) {
	dsn := newDatabase(t, pgtest.Shared(t))
	observer, app := openApp(t, dsn, 2, nil), openApp(t, dsn, 2, nil)
	for _, s := range scenarios()[1:] { // the first one locks no rows
		r := s.begin(t, observer, 1)
		tx, err := observer.db.BeginTx(t.Context(), &sql.TxOptions{})
		require.NoError(t, err)
		_, err = tx.ExecContext(t.Context(), "SELECT FROM clientele.accounts FOR UPDATE")
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err = r.runWith(ctx, app)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded, s.name)
		require.ErrorIs(t, err, accounts.ErrUnavailable, s.name)
		require.NoError(t, tx.Rollback())
		waitForConnections(t, observer.db, app.name, "state <> 'idle'")
		r.checkAndRepeat(t, err)
	}
}
