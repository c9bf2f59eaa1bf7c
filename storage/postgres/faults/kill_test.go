package faults_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// The process is killed before each statement of a command, the COMMIT included, and after the last one.
func TestAProcessIsKilledBetweenAnyTwoStatements(t *testing.T) {
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting for processes to start
			dsn := migrated(t, pgtest.Shared(t))
			h := openHost(t, dsn, 2, nil)
			last := ""
			for n := 1; ; n++ {
				require.Less(t, n, mostStatements)
				r := s.begin(t, h, n)
				o := order{DSN: dsn, Name: randomName("child"), Scene: s.name, Round: n, N: n, IDs: r.ids}
				said := killed(t, o)
				waitForConnections(t, h.db, o.Name, "true")
				if said == saidDone {
					r.settle(t, nil)
					break
				}
				require.True(t, strings.HasPrefix(said, saidStopped), said)
				last = strings.TrimPrefix(said, saidStopped)
				r.settle(t, accounts.ErrUnavailable)
			}
			require.Equal(t, "commit", last, "the last place to be killed at")
		})
	}
}
