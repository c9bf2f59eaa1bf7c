package sqlite_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/storage/sqlite"
)

// unwritableDir is the environment variable with the directory of the child process of TestUnwritableFiles.
const unwritableDir = "CLIENTELE_SQLITE_UNWRITABLE"

// nobody is the user and group of the child process, which owns no other file.
const nobody = 65534

// Root may write everything, so that it runs the test in a child process without its rights.
func TestUnwritableFiles(t *testing.T) {
	dir := os.Getenv(unwritableDir)
	if dir == "" && os.Geteuid() == 0 {
		dir, err := os.MkdirTemp("", "clientele-unwritable")
		require.NoError(t, err)
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		require.NoError(t, os.Chown(dir, nobody, nobody))
		child := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestUnwritableFiles$", "-test.v")
		child.Env = append(os.Environ(), unwritableDir+"="+dir, "TMPDIR="+dir)
		child.Dir = dir
		child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		output, err := child.CombinedOutput()
		require.NoError(t, err, "%s", output)
		require.Contains(t, string(output), "--- PASS: TestUnwritableFiles")
		return
	}
	if dir == "" {
		dir = t.TempDir()
	}
	for name, c := range map[string]struct {
		prepare func(t *testing.T, path string)
		want    string
	}{
		"a file that may not be written": {func(t *testing.T, path string) {
			copyTo(t, path, 0o400)
		}, "cannot be written: check the rights"},
		"a file that may not be read": {func(t *testing.T, path string) {
			copyTo(t, path, 0o200)
		}, "the program needs the right to read and write it"},
		"a directory that may not be written": {func(t *testing.T, path string) {
			copyTo(t, path, 0o600)
			makeReadOnly(t, filepath.Dir(path))
		}, "check the rights of its directory"},
		"a new file in a directory that may not be written": {func(t *testing.T, path string) {
			makeReadOnly(t, filepath.Dir(path))
		}, "its directory must exist and be writable"},
	} {
		t.Run(name, func(t *testing.T) {
			sub, err := os.MkdirTemp(dir, "case")
			require.NoError(t, err)
			path := filepath.Join(sub, "clientele.db")
			c.prepare(t, path)
			before := describe(path)
			err = sqlite.Migrate(t.Context(), open(t, path, 2), nil)
			if err == nil { // there was nothing to migrate
				_, err = sqlite.New(t.Context(), open(t, path, 2), nil)
			}
			requireUnavailable(t, err)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, before, describe(path), "the file must not change")
		})
	}
}

func copyTo(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	contents, err := template()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, contents, 0o600))
	require.NoError(t, os.Chmod(path, mode))
}

// makeReadOnly forbids writing a directory until the end of the test.
func makeReadOnly(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { require.NoError(t, os.Chmod(dir, 0o700)) })
}

// describe returns a text that changes if a file is written.
func describe(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(info.Mode(), info.Size(), info.ModTime())
}
