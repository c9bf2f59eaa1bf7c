package pgtest_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// victimVariable makes the test binary start a server, print its directory, and wait to be killed.
const victimVariable = "PGTEST_VICTIM"

func TestSIGKILLLeavesNothingBehind(t *testing.T) {
	if os.Getenv(victimVariable) != "" {
		server := pgtest.Start(t, "")
		pgtest.Open(t, server.DSN(), 1)
		server.PgBouncer(t, server.DSN())
		_, _ = os.Stdout.WriteString("\n" + victimVariable + " " + server.Dir() + "\n")
		select {}
	}
	pgtest.Shared(t) // skips where there is no PostgreSQL
	cmd := exec.Command(os.Args[0], "-test.run", "^TestSIGKILLLeavesNothingBehind$")
	cmd.Env = append(os.Environ(), victimVariable+"=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var dir string
	for lines := bufio.NewScanner(out); dir == "" && lines.Scan(); {
		dir, _ = strings.CutPrefix(lines.Text(), victimVariable+" ")
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
		return os.IsNotExist(err) && hasEnded(pid)
	}, 30*time.Second, 20*time.Millisecond)
}

func TestStopKillAndStart(t *testing.T) {
	server := pgtest.Start(t, "work_mem = '7MB'")
	db := pgtest.Open(t, server.DSN(), 1)
	workMem := func() string {
		var setting string
		require.NoError(t, db.QueryRowContext(t.Context(), "SHOW work_mem").Scan(&setting))
		return setting
	}
	require.Equal(t, "7MB", workMem())
	server.Stop(t, "fast")
	require.Error(t, db.PingContext(t.Context()))
	server.Start(t)
	require.Equal(t, "7MB", workMem())
	first := postmaster(t, server.Dir())
	server.Kill(t)
	server.Start(t)
	require.NotEqual(t, first, postmaster(t, server.Dir()))
	require.Eventually(t, func() bool { return db.PingContext(t.Context()) == nil }, 10*time.Second, 10*time.Millisecond)
	require.Contains(t, server.Log(t), "database system was not properly shut down")
}

func TestDatabaseAndPgBouncer(t *testing.T) {
	server := pgtest.Shared(t)
	dsn := server.Database(t)
	db := pgtest.Open(t, dsn, 1)
	_, err := db.ExecContext(t.Context(), "CREATE TABLE mine (id int)")
	require.NoError(t, err)
	_, err = pgtest.Open(t, server.PgBouncer(t, dsn), 1).ExecContext(t.Context(), "INSERT INTO mine VALUES (1)")
	require.NoError(t, err)
	_, err = pgtest.Open(t, server.Database(t), 1).ExecContext(t.Context(), "INSERT INTO mine VALUES (1)")
	require.ErrorContains(t, err, "42P01")
}

// oneServer returns a process that starts a server with one more line of settings, and with TMPDIR set to dir.
func oneServer(t *testing.T, dir, settings string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestOneServer$", "-test.v")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, settingsVariable+"="+settings)
	return cmd
}

const settingsVariable = "PGTEST_SETTINGS"

func TestOneServer(t *testing.T) {
	settings := os.Getenv(settingsVariable)
	if settings == "" {
		settings = "work_mem = '8MB'"
	}
	require.NoError(t, pgtest.Open(t, pgtest.Start(t, settings).DSN(), 1).PingContext(t.Context()))
}

// tempDir returns an empty directory in which every user may create files, as in the system's temporary directory.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fresh-") //nolint:usetesting // the directories above t.TempDir are closed to other users
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o777|os.ModeSticky))
	return dir
}

// Several processes create the cluster to copy concurrently, and one is kept.
func TestStartConcurrently(t *testing.T) {
	pgtest.Shared(t) // skips where there is no PostgreSQL
	dir := tempDir(t)
	var all sync.WaitGroup
	output, errs := make([][]byte, 4), make([]error, 4)
	for i := range output {
		cmd := oneServer(t, dir, "work_mem = '9MB'")
		all.Go(func() { output[i], errs[i] = cmd.CombinedOutput() })
	}
	all.Wait()
	for i, out := range output {
		require.NoError(t, errs[i], "%s", out)
		require.Contains(t, string(out), "--- PASS: TestOneServer", "not skipped")
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Contains(t, left[0].Name(), "pgtest-template-")
}

// A server that cannot start fails the test, and leaves no files behind.
func TestAServerThatCannotStart(t *testing.T) {
	pgtest.Shared(t) // skips where there is no PostgreSQL
	dir := tempDir(t)
	out, err := oneServer(t, dir, "nonsense = 1").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "--- FAIL: TestOneServer")
	require.Contains(t, string(out), "nonsense")
	left, err := filepath.Glob(filepath.Join(dir, "pgtest-[0-9]*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestWithDatabase(t *testing.T) {
	for _, dsn := range []string{
		"host=db.example user=anna password='a b\\'c' dbname=one sslmode=disable application_name=mine",
		"postgres://anna:a%20b%27c@db.example/one?sslmode=disable&application_name=mine",
		"postgresql://anna:a%20b%27c@db.example:5433,other.example:5434/?sslmode=disable&application_name=mine",
	} {
		config, err := pgx.ParseConfig(pgtest.WithDatabase(t, dsn, "another one"))
		require.NoError(t, err)
		require.Equal(t, "another one", config.Database)
		require.Equal(t, []string{"db.example", "anna", "a b'c", "mine"},
			[]string{config.Host, config.User, config.Password, config.RuntimeParams["application_name"]})
		require.Nil(t, config.TLSConfig)
		if strings.Contains(dsn, "5434") {
			require.EqualValues(t, 5433, config.Port)
			require.EqualValues(t, 5434, config.Fallbacks[0].Port)
		}
	}
}

// hasEnded reports whether a process has ended.
func hasEnded(pid int) bool {
	process, err := os.FindProcess(pid)
	return err != nil || errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone)
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
