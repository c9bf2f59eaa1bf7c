package faults_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// The process is killed before each statement of a command, including COMMIT, and after the last one.
func TestProcessKilledBetweenStatements(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel() // most of the time is spent starting processes
			dsn := newDatabase(t, pgtest.Shared(t))
			app := openApp(t, dsn, 2, nil)
			last := ""
			for n := 1; ; n++ {
				require.Less(t, n, maxStatements)
				r := s.begin(t, app, n)
				task := childTask{DSN: dsn, Name: randomName("child"), Scenario: s.name, Round: n, N: n, IDs: r.ids}
				message := runAndKill(t, task)
				waitForConnections(t, app.db, task.Name, "true")
				if message == doneMessage {
					r.checkAndRepeat(t, nil)
					break
				}
				require.True(t, strings.HasPrefix(message, stoppedMessage), message)
				last = strings.TrimPrefix(message, stoppedMessage)
				r.checkAndRepeat(t, accounts.ErrUnavailable)
			}
			require.Equal(t, "commit", last, "the last statement before which the process was killed")
		})
	}
}
