package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/examples/internal/database"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// mainEnv is the variable that makes the test program run main.
const mainEnv = "CLIENTELE_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(mainEnv) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObGdescudvJCsg"

// newFile creates the file clientele.db with n accounts in a new directory, which it makes the current one.
func newFile(t *testing.T, n int) {
	t.Helper()
	t.Chdir(t.TempDir())
	store, closeStore, err := database.Open(t.Context(), "clientele.db")
	require.NoError(t, err)
	defer closeStore()
	clients := accounts.NewManager(store, nil)
	for first := 0; first < n; first += 1000 {
		all := make([]accounts.New, min(1000, n-first))
		for i := range all {
			all[i] = accounts.New{Login: fmt.Sprintf("customer%d", first+i), PasswordHash: hash, Contact: accounts.Contact{Name: "Customer"}}
		}
		_, err := clients.CreateMany(t.Context(), all)
		require.NoError(t, err)
	}
}

// count returns the number of accounts of a database.
func count(t *testing.T, name string) int {
	t.Helper()
	store, closeStore, err := database.Open(t.Context(), name)
	require.NoError(t, err)
	defer closeStore()
	n, err := accounts.NewManager(store, nil).Count(t.Context(), accounts.Query{}, 0)
	require.NoError(t, err)
	return n
}

// The program prints testdata/output.txt, which is in the README as well, and moves a file to a server and back.
func TestOutput(t *testing.T) {
	want, err := os.ReadFile("testdata/output.txt")
	require.NoError(t, err)
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), "\n"+string(want), "the README must show the output")
	newFile(t, 1200)
	dsn := pgtest.Shared(t).Database(t)
	defer goleak.VerifyNone(t)
	var out, progress bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-from", "clientele.db", "-to", dsn}, &out, &progress))
	assert.Equal(t, string(want), out.String())
	assert.Contains(t, progress.String(), "(2400/2400)")
	assert.Equal(t, 1200, count(t, dsn))

	out.Reset()
	require.NoError(t, run(t.Context(), []string{"-from", dsn, "-to", "back.db"}, &out, io.Discard))
	assert.Equal(t, "Everything was copied from PostgreSQL to back.db. Start your programs with the new database.\n", out.String())
	assert.Equal(t, 1200, count(t, "back.db"))
}

func TestErrors(t *testing.T) {
	newFile(t, 1)
	require.NoError(t, os.WriteFile("text", []byte("This is a text and no database."), 0o600))
	require.NoError(t, os.WriteFile("zero", nil, 0o600))
	dsn := pgtest.Shared(t).Database(t)
	for _, c := range []struct {
		args []string
		text string
	}{
		{nil, "-to is missing (see -h)"},
		{[]string{"-to", "new.db", "x"}, `unexpected argument "x" (see -h)`},
		{[]string{"-to", "memory"}, "call storage.Copy"},
		{[]string{"-from", "missing.db", "-to", "new.db"}, "-from: stat missing.db: no such file"},
		{[]string{"-from", "zero", "-to", "new.db"}, "-from: zero: "},
		{[]string{"-from", "text", "-to", "new.db"}, "not an SQLite database"},
		{[]string{"-from", dsn, "-to", "new.db"}, "-from: clientele: "}, // without tables
		{[]string{"-to", "no/such/directory.db"}, "-to: no/such/directory.db: "},
		{[]string{"-to", "postgres:///?host=/nowhere"}, "-to: "},
		{[]string{"-to", "clientele.db"}, "the database of -to is not empty: nothing was copied"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), c.args, &out, io.Discard)
		require.ErrorContains(t, err, c.text)
		assert.Empty(t, out.String())
		assert.NoFileExists(t, "missing.db")
	}
	assert.Equal(t, 1, count(t, "clientele.db"))
}

// interrupter ends a context when the copy begins.
type interrupter struct{ cancel context.CancelFunc }

func (i interrupter) Write(text []byte) (int, error) {
	if bytes.Contains(text, []byte("copying")) {
		i.cancel()
	}
	return len(text), nil
}

// A copy that is interrupted leaves the new database empty, and the program can be started again.
func TestInterrupted(t *testing.T) {
	newFile(t, 2_000)
	for _, to := range []string{pgtest.Shared(t).Database(t), "new.db"} {
		ctx, cancel := context.WithCancel(t.Context())
		err := run(ctx, []string{"-to", to}, io.Discard, interrupter{cancel})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "nothing was copied, and the database of -to is as it was")
		assert.Zero(t, count(t, to))
		require.NoError(t, run(t.Context(), []string{"-to", to}, io.Discard, io.Discard))
		assert.Equal(t, 2_000, count(t, to))
	}
}

// Ctrl-C is such an interruption, and a program that is killed leaves nothing behind either.
func TestSignals(t *testing.T) {
	newFile(t, 20_000)
	for signal, message := range map[syscall.Signal]string{
		syscall.SIGINT:  "move: interrupted: nothing was copied, and the database of -to is as it was\n",
		syscall.SIGKILL: "",
	} {
		to := fmt.Sprintf("%d.db", signal)
		command := exec.CommandContext(t.Context(), os.Args[0], "-to", to)
		command.Env = append(os.Environ(), mainEnv+"=1")
		var out, log bytes.Buffer
		command.Stdout, command.Stderr = &out, &log
		require.NoError(t, command.Start())
		require.Eventually(t, func() bool {
			info, err := os.Stat(to + "-wal")
			return err == nil && info.Size() > 1<<20
		}, time.Minute, time.Millisecond)
		require.NoError(t, command.Process.Signal(signal))
		require.Error(t, command.Wait(), &out)
		assert.Equal(t, message, log.String())
		assert.Empty(t, out.String())
		assert.Zero(t, count(t, to))
	}
}
