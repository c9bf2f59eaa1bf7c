package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// Server is a running PostgreSQL.
type Server struct {
	dsn        string      // of the database postgres
	supervisor *supervisor // nil: not started by pgtest
	bin        string
}

// settings are those of every server. Its data need not survive a crash of the machine.
const settings = `
listen_addresses = ''
unix_socket_directories = '%s'
port = 5432
fsync = off
full_page_writes = off
jit = off
max_connections = 200
max_prepared_transactions = 10
shared_buffers = 64MB
`

// shared returns the server of Shared, which is started once for the process.
var shared = sync.OnceValues(func() (*Server, error) {
	if dsn := os.Getenv(EnvDSN); dsn != "" {
		return &Server{dsn: dsn}, nil
	}
	return start("")
})

// Shared returns the server that all tests of the process share. If PostgreSQL is not installed, the test is skipped or fails;
// see the package's comment.
func Shared(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	if err != nil {
		skipOrFail(t, err)
	}
	return s
}

// Start starts a server for one test, with more lines of postgresql.conf. It is stopped at the end of the test.
func Start(t testing.TB, moreSettings string) *Server {
	t.Helper()
	s, err := start(moreSettings)
	if err != nil {
		skipOrFail(t, err)
	}
	t.Cleanup(s.supervisor.close)
	return s
}

func start(moreSettings string) (*Server, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, notInstalledError{err}
	}
	template, err := templatePath(bin)
	if err != nil {
		return nil, err
	}
	sup, err := newSupervisor(template, bin, settings+moreSettings)
	if err != nil {
		return nil, err
	}
	s := &Server{supervisor: sup, bin: bin, dsn: "host=" + sup.dir + " port=5432 user=postgres dbname=postgres sslmode=disable"}
	for _, step := range []func() error{
		func() error { return sup.run("template") },
		func() error { return sup.installTemplate(template) },
		func() error { return sup.run("create") },
		func() error { return sup.run("start") },
	} {
		if err := step(); err != nil {
			sup.close()
			return nil, err
		}
	}
	return s, nil
}

// templatePath returns the path of the cluster that servers start with a copy of. It may not exist yet.
func templatePath(bin string) (string, error) {
	user, err := unprivilegedUser()
	if err != nil {
		return "", notInstalledError{err}
	}
	version, err := version(bin)
	if err != nil {
		return "", err
	}
	sum := crc32.ChecksumIEEE([]byte(version + bin))
	path := filepath.Join(os.TempDir(), fmt.Sprintf("pgtest-template-%d-%08x", user.id(), sum))
	if _, err := os.Lstat(path); err == nil && !user.owns(path) {
		return "", fmt.Errorf("pgtest: %s belongs to another user", path)
	}
	return path, nil
}

// DSN returns the DSN of the server's database postgres.
func (s *Server) DSN() string { return s.dsn }

// Dir returns the server's directory; its subdirectory "data" is the cluster. It returns "" for a server that pgtest did not
// start.
func (s *Server) Dir() string {
	if s.supervisor == nil {
		return ""
	}
	return s.supervisor.dir
}

// Binaries returns the directory with PostgreSQL's programs, such as pg_dump. It returns "" for a server that pgtest did not
// start.
func (s *Server) Binaries() string { return s.bin }

// Run runs a shell command as the user that runs the server. As Stop, Start, Kill and Log, it fails the test if pgtest did not
// start the server.
func (s *Server) Run(t testing.TB, line string) {
	t.Helper()
	s.run(t, "run", line)
}

// Stop stops the server. The mode is one of pg_ctl: "smart", "fast" or "immediate".
func (s *Server) Stop(t testing.TB, mode string) {
	t.Helper()
	s.run(t, "stop", mode)
}

// Start starts the server again after Stop or Kill.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.run(t, "start")
}

// Kill kills the server and all its processes with SIGKILL.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.run(t, "kill")
}

func (s *Server) run(t testing.TB, command ...string) {
	t.Helper()
	s.requireOwn(t)
	if err := s.supervisor.run(command...); err != nil {
		t.Fatal(err)
	}
}

// requireOwn fails the test if pgtest did not start the server.
func (s *Server) requireOwn(t testing.TB) {
	t.Helper()
	if s.supervisor == nil {
		t.Fatalf("pgtest: not a server that pgtest has started: unset %s, or use pgtest.Start", EnvDSN)
	}
}

// Log returns the server's log.
func (s *Server) Log(t testing.TB) string {
	t.Helper()
	s.requireOwn(t)
	text, err := os.ReadFile(filepath.Join(s.supervisor.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Database creates a database and returns its DSN. The database is dropped at the end of the test.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:12])
	s.execute(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { s.execute(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	return WithDatabase(t, s.dsn, name)
}

// execute runs one statement in the database postgres.
func (s *Server) execute(t testing.TB, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // t.Context() is done during cleanup
	defer cancel()
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}

// Open returns a pool with the given number of connections and the settings that the README of package postgres recommends. It
// is closed at the end of the test. The configure functions are called last: they may set a tracer, for example.
func Open(t testing.TB, dsn string, connections int, configure ...func(*pgx.ConnConfig)) *bun.DB {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range configure {
		f(config)
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	db := bun.NewDB(pool, pgdialect.New())
	t.Cleanup(func() { _ = db.Close() })
	return db
}
