package faults_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// When COMMIT was sent and no answer comes, only ErrCommitUnknown is true, whatever has become of it.
func TestAConnectionIsCutAroundCommit(t *testing.T) {
	dsn := migrated(t, pgtest.Shared(t))
	p := newProxy(t, dsn)
	watcher, h := openHost(t, dsn, 2, nil), openHost(t, p.dsn, 2, nil)
	n := 0
	for _, s := range scenes() {
		for _, what := range []loss{loseQuestion, loseAnswer, cutAtOnce} {
			n++
			r := s.begin(t, watcher, n)
			p.lose(what)
			told := r.give(t.Context(), h)
			require.True(t, p.struck())
			require.ErrorIs(t, told, accounts.ErrCommitUnknown, s.name)
			require.NotErrorIs(t, told, accounts.ErrUnavailable, s.name)
			waitForConnections(t, watcher.db, h.name, "state <> 'idle'") // the server may be committing still
			done := r.check(t, told)
			if what != cutAtOnce {
				require.Equal(t, what == loseAnswer, done, s.name)
			}
			r.settle(t, told)
		}
	}
}

// A ctx that ends while the answer to COMMIT is waited for is ErrCommitUnknown, and gives the connection up at once.
func TestAContextEndsDuringCommit(t *testing.T) {
	dsn := migrated(t, pgtest.Shared(t))
	p := newProxy(t, dsn)
	watcher, h := openHost(t, dsn, 2, nil), openHost(t, p.dsn, 2, nil)
	n := 0
	for _, s := range scenes() {
		for _, what := range []loss{keepQuestion, keepAnswer} {
			n++
			r := s.begin(t, watcher, n)
			p.lose(what)
			ctx, end := context.WithCancel(t.Context())
			var ended time.Time
			go func() {
				<-p.kept
				ended = time.Now()
				end()
			}()
			told := r.give(ctx, h)
			<-ctx.Done()
			require.Less(t, time.Since(ended), 5*time.Second)
			require.ErrorIs(t, told, context.Canceled, s.name)
			require.ErrorIs(t, told, accounts.ErrCommitUnknown, s.name)
			require.NotErrorIs(t, told, accounts.ErrUnavailable, s.name)
			waitForConnections(t, watcher.db, h.name, "state <> 'idle'")
			require.Equal(t, what == keepAnswer, r.check(t, told), s.name)
			r.settle(t, told)
		}
	}
}
