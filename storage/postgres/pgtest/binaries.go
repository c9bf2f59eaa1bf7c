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

// Names of the environment variables that say where tests run.
const (
	// EnvDSN names a database whose role may create databases and schemas.
	EnvDSN = "CLIENTELE_TEST_DSN"
	// RequireVariable makes tests fail, not skip, where PostgreSQL or PgBouncer is missing, when it is "1".
	RequireVariable = "CLIENTELE_REQUIRE_POSTGRES"
)

// places are where servers' programs lie that are not on the PATH, the newest version last.
var places = []string{
	"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
	"/usr/pgsql-*/bin",          // Fedora and others, from PostgreSQL's own packages
	"/usr/local/pgsql/bin",
	"/usr/local/opt/postgresql@*/bin",    // Homebrew on Intel
	"/opt/homebrew/opt/postgresql@*/bin", // Homebrew on Apple silicon
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// absent says that what a test needs is not on this machine. All else that goes wrong is a failure.
type absent struct{ error }

// missing skips the test for want of something, or fails it where that is required.
func missing(t testing.TB, err error) {
	t.Helper()
	switch {
	case !errors.As(err, &absent{}):
		t.Fatal(err)
	case os.Getenv(RequireVariable) == "1":
		t.Fatalf("%v (%s is 1)", err, RequireVariable)
	}
	t.Skipf("%v", err)
}

// binaries answers the directory with the server's programs.
func binaries() (string, error) {
	var found []string
	if config, err := exec.LookPath("pg_config"); err == nil {
		if out, err := exec.Command(config, "--bindir").Output(); err == nil {
			found = append(found, strings.TrimSpace(string(out)))
		}
	}
	if postgres, err := exec.LookPath("postgres"); err == nil {
		found = append(found, filepath.Dir(postgres))
	}
	for _, place := range places {
		matches, _ := filepath.Glob(place) // the patterns are valid
		slices.Reverse(matches)
		found = append(found, matches...)
	}
	for _, dir := range found {
		if hasAll(dir, "postgres", "initdb", "pg_ctl") {
			return dir, nil
		}
	}
	return "", errors.New("PostgreSQL's server is not installed: make deps, or set " + EnvDSN)
}

func hasAll(dir string, programs ...string) bool {
	for _, program := range programs {
		if _, err := exec.LookPath(filepath.Join(dir, program)); err != nil {
			return false
		}
	}
	return true
}

// bouncer answers the program of PgBouncer.
func bouncer() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer", "/opt/homebrew/bin/pgbouncer", "/usr/local/bin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", absent{errors.New("PgBouncer is not installed: make deps")}
}

// version answers what tells one installation from another.
func version(bin string) (string, error) {
	out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("asking PostgreSQL for its version: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
