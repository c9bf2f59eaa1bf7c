package pgtest_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// victim makes this binary start a server, say where, and wait to be killed.
const victim = "PGTEST_VICTIM"

func TestNothingIsLeftAfterASIGKILL(t *testing.T) {
	if os.Getenv(victim) != "" {
		server := pgtest.Start(t, "")
		pgtest.Open(t, server.DSN(), 1)
		server.Bounce(t, server.DSN())
		_, _ = os.Stdout.WriteString("\n" + victim + " " + server.Dir() + "\n")
		select {}
	}
	pgtest.Shared(t) // skips where there is no PostgreSQL
	cmd := exec.Command(os.Args[0], "-test.run", "^TestNothingIsLeftAfterASIGKILL$")
	cmd.Env = append(os.Environ(), victim+"=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var dir string
	for lines := bufio.NewScanner(out); dir == "" && lines.Scan(); {
		dir, _ = strings.CutPrefix(lines.Text(), victim+" ")
		if !strings.HasPrefix(dir, "/") {
			dir = ""
		}
	}
	require.DirExists(t, dir)
	pid := postmaster(t, dir)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()

	require.Eventually(t, func() bool {
		_, err := os.Stat(dir)
		return os.IsNotExist(err) && syscall.Kill(pid, 0) == syscall.ESRCH
	}, 30*time.Second, 20*time.Millisecond)
}

func TestAServerIsStoppedKilledAndStartedAgain(t *testing.T) {
	server := pgtest.Start(t, "work_mem = '7MB'")
	db := pgtest.Open(t, server.DSN(), 1)
	ask := func() string {
		var setting string
		require.NoError(t, db.QueryRowContext(t.Context(), "SHOW work_mem").Scan(&setting))
		return setting
	}
	require.Equal(t, "7MB", ask())
	server.Stop(t, "fast")
	require.Error(t, db.PingContext(t.Context()))
	server.Start(t)
	require.Equal(t, "7MB", ask())
	first := postmaster(t, server.Dir())
	server.Kill(t)
	server.Start(t)
	require.NotEqual(t, first, postmaster(t, server.Dir()))
	require.Eventually(t, func() bool { return db.PingContext(t.Context()) == nil }, 10*time.Second, 10*time.Millisecond)
	require.Contains(t, server.Log(t), "database system was not properly shut down")
}

func TestADatabaseIsFreshAndReachedThroughPgBouncerToo(t *testing.T) {
	server := pgtest.Shared(t)
	dsn := server.Database(t)
	db := pgtest.Open(t, dsn, 1)
	_, err := db.ExecContext(t.Context(), "CREATE TABLE mine (id int)")
	require.NoError(t, err)
	_, err = pgtest.Open(t, server.Bounce(t, dsn), 1).ExecContext(t.Context(), "INSERT INTO mine VALUES (1)")
	require.NoError(t, err)
	_, err = pgtest.Open(t, server.Database(t), 1).ExecContext(t.Context(), "INSERT INTO mine VALUES (1)")
	require.ErrorContains(t, err, "42P01")
}

func postmaster(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	require.NoError(t, err)
	return pid
}
