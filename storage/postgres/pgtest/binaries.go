package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The environment variables that configure tests.
const (
	// EnvDSN is the name of the variable with the DSN of a database whose role may create databases and schemas.
	EnvDSN = "CLIENTELE_TEST_DSN"
	// RequireVariable is the name of the variable that, when it is "1", makes tests fail instead of being skipped if PostgreSQL
	// or PgBouncer is missing.
	RequireVariable = "CLIENTELE_REQUIRE_POSTGRES"
)

// binDirs are patterns of directories with PostgreSQL's programs that may not be in PATH.
var binDirs = []string{
	"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
	"/usr/pgsql-*/bin",          // Fedora and others, from PostgreSQL's own packages
	"/usr/local/pgsql/bin",
	"/usr/local/opt/postgresql@*/bin",    // Homebrew on Intel
	"/opt/homebrew/opt/postgresql@*/bin", // Homebrew on Apple silicon
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// notInstalledError means that a program that a test needs is not installed. Any other error fails the test.
type notInstalledError struct{ error }

// skipOrFail skips the test if a program is not installed. It fails it for any other err, or if RequireVariable is "1".
func skipOrFail(t testing.TB, err error) {
	t.Helper()
	switch {
	case !errors.As(err, &notInstalledError{}):
		t.Fatal(err)
	case os.Getenv(RequireVariable) == "1":
		t.Fatalf("%v (%s is 1)", err, RequireVariable)
	}
	t.Skipf("%v", err)
}

// findBinaries returns the directory with PostgreSQL's programs.
func findBinaries() (string, error) {
	var found []string
	if config, err := exec.LookPath("pg_config"); err == nil {
		if out, err := exec.Command(config, "--bindir").Output(); err == nil {
			found = append(found, strings.TrimSpace(string(out)))
		}
	}
	if postgres, err := exec.LookPath("postgres"); err == nil {
		found = append(found, filepath.Dir(postgres))
	}
	for _, pattern := range binDirs {
		matches, _ := filepath.Glob(pattern) // the patterns are valid
		slices.Reverse(matches)              // the newest version first
		found = append(found, matches...)
	}
	for _, dir := range found {
		if hasAll(dir, "postgres", "initdb", "pg_ctl") {
			return dir, nil
		}
	}
	return "", errors.New("PostgreSQL is not installed: run make deps, or set " + EnvDSN)
}

func hasAll(dir string, programs ...string) bool {
	for _, program := range programs {
		if _, err := exec.LookPath(filepath.Join(dir, program)); err != nil {
			return false
		}
	}
	return true
}

// findPgBouncer returns the path of PgBouncer.
func findPgBouncer() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer", "/opt/homebrew/bin/pgbouncer", "/usr/local/bin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", notInstalledError{errors.New("PgBouncer is not installed: run make deps")}
}

// version returns the version of an installation.
func version(bin string) (string, error) {
	out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("asking PostgreSQL for its version: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
