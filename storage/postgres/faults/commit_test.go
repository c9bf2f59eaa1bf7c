package faults_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// If COMMIT was sent and no reply comes, the error is ErrCommitUnknown, whether it has taken effect or not.
func TestConnectionLostDuringCommit(t *testing.T) {
	dsn := newDatabase(t, pgtest.Shared(t))
	p := newProxy(t, dsn)
	observer, app := openApp(t, dsn, 2, nil), openApp(t, p.dsn, 2, nil)
	n := 0
	for _, s := range scenarios() {
		for _, fault := range []commitFault{dropRequest, dropReply, dropAfterRequest} {
			n++
			r := s.begin(t, observer, n)
			p.failNextCommit(fault)
			err := r.runWith(t.Context(), app)
			require.True(t, p.triggered())
			require.ErrorIs(t, err, accounts.ErrCommitUnknown, s.name)
			require.NotErrorIs(t, err, accounts.ErrUnavailable, s.name)
			waitForConnections(t, observer.db, app.name, "state <> 'idle'") // the server may still be committing
			done := r.check(t, err)
			if fault != dropAfterRequest {
				require.Equal(t, fault == dropReply, done, s.name)
			}
			r.checkAndRepeat(t, err)
		}
	}
}

// RunInTx calls its function once, whatever becomes of COMMIT, and commits the application's row together with the customer.
func TestRunInTxIsNotRepeatedAfterCommit(t *testing.T) {
	dsn := newDatabase(t, pgtest.Shared(t))
	p := newProxy(t, dsn)
	observer, app := openApp(t, dsn, 2, nil), openApp(t, p.dsn, 2, nil)
	_, err := observer.db.ExecContext(t.Context(), "CREATE TABLE invoices (login text)")
	require.NoError(t, err)
	for fault, committed := range map[commitFault]bool{dropRequest: false, dropReply: true, holdRequest: false, holdReply: true} {
		login, calls := randomName("commit"), 0
		ctx, cancel := context.WithCancel(t.Context())
		p.failNextCommit(fault)
		if fault == holdRequest || fault == holdReply {
			go func() {
				<-p.held
				cancel()
			}()
		}
		err := app.store.RunInTx(ctx, func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
			calls++
			if _, err := tx.ExecContext(ctx, "INSERT INTO invoices VALUES (?)", login); err != nil {
				return err
			}
			_, err := app.WithStore(in).Create(ctx, customer(login))
			return err
		})
		require.ErrorIs(t, err, accounts.ErrCommitUnknown)
		require.NotErrorIs(t, err, accounts.ErrUnavailable)
		if ctx.Err() != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
		cancel()
		require.True(t, p.triggered())
		require.Equal(t, 1, calls)
		waitForConnections(t, observer.db, app.name, "state <> 'idle'")
		created, err := customerExists(t.Context(), observer, login)
		require.NoError(t, err)
		invoices, err := observer.db.NewSelect().TableExpr("invoices").Where("login = ?", login).Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, []bool{committed, committed}, []bool{created, invoices == 1})
	}
}

// If ctx ends while the reply to COMMIT is awaited, the error is ErrCommitUnknown, and the connection is closed immediately.
func TestContextEndsDuringCommit(t *testing.T) {
	dsn := newDatabase(t, pgtest.Shared(t))
	p := newProxy(t, dsn)
	observer, app := openApp(t, dsn, 2, nil), openApp(t, p.dsn, 2, nil)
	n := 0
	for _, s := range scenarios() {
		for _, fault := range []commitFault{holdRequest, holdReply} {
			n++
			r := s.begin(t, observer, n)
			p.failNextCommit(fault)
			ctx, cancel := context.WithCancel(t.Context())
			var canceled time.Time
			go func() {
				<-p.held
				canceled = time.Now()
				cancel()
			}()
			err := r.runWith(ctx, app)
			<-ctx.Done()
			require.Less(t, time.Since(canceled), 5*time.Second)
			require.ErrorIs(t, err, context.Canceled, s.name)
			require.ErrorIs(t, err, accounts.ErrCommitUnknown, s.name)
			require.NotErrorIs(t, err, accounts.ErrUnavailable, s.name)
			waitForConnections(t, observer.db, app.name, "state <> 'idle'")
			require.Equal(t, fault == holdReply, r.check(t, err), s.name)
			r.checkAndRepeat(t, err)
		}
	}
}
