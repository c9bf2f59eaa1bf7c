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
	dsn    string  // of its database postgres
	keeper *keeper // nil: somebody else's server
	bin    string
}

// settings are those of every server. What it writes needs not survive the machine.
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

// shared is started once for the process.
var shared = sync.OnceValues(func() (*Server, error) {
	if dsn := os.Getenv(EnvDSN); dsn != "" {
		return &Server{dsn: dsn}, nil
	}
	return start("")
})

// Shared answers the server of the process. Where there can be none, the test is skipped, or fails; see the package's
// comment.
func Shared(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	if err != nil {
		missing(t, err)
	}
	return s
}

// Start answers a server of the test's own, with further lines of postgresql.conf. It ends with the test.
func Start(t testing.TB, more string) *Server {
	t.Helper()
	s, err := start(more)
	if err != nil {
		missing(t, err)
	}
	t.Cleanup(s.keeper.close)
	return s
}

func start(more string) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, absent{err}
	}
	template, err := template(bin)
	if err != nil {
		return nil, err
	}
	k, err := newKeeper(template, bin, settings+more)
	if err != nil {
		return nil, err
	}
	s := &Server{keeper: k, bin: bin, dsn: "host=" + k.dir + " port=5432 user=postgres dbname=postgres sslmode=disable"}
	for _, step := range []func() error{
		func() error { return k.do("template") },
		func() error { return k.share(template) },
		func() error { return k.do("create") },
		func() error { return k.do("start") },
	} {
		if err := step(); err != nil {
			k.close()
			return nil, err
		}
	}
	return s, nil
}

// template answers where the cluster lies, or will lie, that others are copied from.
func template(bin string) (string, error) {
	who, err := unprivileged()
	if err != nil {
		return "", absent{err}
	}
	version, err := version(bin)
	if err != nil {
		return "", err
	}
	sum := crc32.ChecksumIEEE([]byte(version + bin))
	path := filepath.Join(os.TempDir(), fmt.Sprintf("pgtest-template-%d-%08x", who.id(), sum))
	if _, err := os.Lstat(path); err == nil && !who.owns(path) {
		return "", fmt.Errorf("pgtest: %s belongs to somebody else", path)
	}
	return path, nil
}

// DSN answers how to reach the database postgres of the server.
func (s *Server) DSN() string { return s.dsn }

// Dir answers where the server's files are; "data" below it is its cluster. It is empty for a server that pgtest did
// not start.
func (s *Server) Dir() string {
	if s.keeper == nil {
		return ""
	}
	return s.keeper.dir
}

// Binaries answers the directory of PostgreSQL's programs, such as pg_dump. It is empty for a server that pgtest did not
// start.
func (s *Server) Binaries() string { return s.bin }

// Run runs a line of the shell as the user who runs the server. Like Stop, Start, Kill and Log, it fails the test when
// pgtest did not start the server.
func (s *Server) Run(t testing.TB, line string) {
	t.Helper()
	s.do(t, "run", line)
}

// Stop stops the server: "smart", "fast" or "immediate", as pg_ctl means it.
func (s *Server) Stop(t testing.TB, mode string) {
	t.Helper()
	s.do(t, "stop", mode)
}

// Start starts the server again after Stop or Kill.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.do(t, "start")
}

// Kill ends the server and all its processes with SIGKILL.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.do(t, "kill")
}

func (s *Server) do(t testing.TB, words ...string) {
	t.Helper()
	s.own(t)
	if err := s.keeper.do(words...); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) own(t testing.TB) {
	t.Helper()
	if s.keeper == nil {
		t.Fatalf("pgtest: the server is somebody else's: unset %s, or use pgtest.Start", EnvDSN)
	}
}

// Log answers everything that the server wrote into its log so far.
func (s *Server) Log(t testing.TB) string {
	t.Helper()
	s.own(t)
	text, err := os.ReadFile(filepath.Join(s.keeper.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Database answers how to reach a fresh database, which is dropped when the test ends.
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
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // the test's own has ended in its cleanup
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

// Open answers a pool of so many connections, set up as a host should: see the README of package postgres. It is closed
// when the test ends. What change does to the driver's configuration, such as setting a tracer, is done last.
func Open(t testing.TB, dsn string, connections int, change ...func(*pgx.ConnConfig)) *bun.DB {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	for _, c := range change {
		c(config)
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	db := bun.NewDB(pool, pgdialect.New())
	t.Cleanup(func() { _ = db.Close() })
	return db
}
