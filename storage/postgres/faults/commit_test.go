package faults_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
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
