package pgtest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// pgBouncerSettings configure PgBouncer for transaction pooling.
const pgBouncerSettings = `
[databases]
* = host=%[1]s port=5432 user=postgres

[pgbouncer]
listen_addr =
unix_socket_dir = %[1]s
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 8
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
`

// PgBouncer starts a PgBouncer in transaction mode in front of the server, unless one is running. It returns the DSN with which
// the database of dsn is reached through it, without prepared statements, which PgBouncer knows from 1.21 on only. PgBouncer
// stops with the server.
func (s *Server) PgBouncer(t testing.TB, dsn string) string {
	t.Helper()
	program, err := findPgBouncer()
	if err != nil {
		skipOrFail(t, err)
	}
	if s.supervisor == nil {
		skipOrFail(t, notInstalledError{fmt.Errorf("PgBouncer needs a server that pgtest has started: unset %s", EnvDSN)})
	}
	socket := filepath.Join(s.supervisor.dir, ".s.PGSQL.6432")
	if _, err := os.Stat(socket); err != nil {
		s.startPgBouncer(t, program, socket)
	}
	return dsn + " port=6432 default_query_exec_mode=exec"
}

func (s *Server) startPgBouncer(t testing.TB, program, socket string) {
	t.Helper()
	ini := filepath.Join(s.supervisor.dir, "pgbouncer.ini")
	if err := os.WriteFile(ini, fmt.Appendf(nil, pgBouncerSettings, s.supervisor.dir), 0o644); err != nil { // read by the server's user
		t.Fatal(err)
	}
	s.run(t, "bouncer", program, "-q", ini)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("unix", socket); err == nil {
			_ = conn.Close()
			return
		}
	}
	t.Fatal("PgBouncer is not listening")
}
