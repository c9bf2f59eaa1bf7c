package pgtest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// bouncerSettings make a PgBouncer that gives a connection to every transaction, and takes it away afterwards.
const bouncerSettings = `
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

// PgBouncer starts a PgBouncer in transaction mode before the server and answers how a database of it, whose DSN is given,
// is reached through it. It ends with the server.
func (s *Server) PgBouncer(t testing.TB, dsn string) string {
	t.Helper()
	program, err := bouncer()
	if err != nil {
		missing(t, err)
	}
	if s.keeper == nil {
		missing(t, absent{fmt.Errorf("PgBouncer needs a server of the tests' own: unset %s", EnvDSN)})
	}
	socket := filepath.Join(s.keeper.dir, ".s.PGSQL.6432")
	if _, err := os.Stat(socket); err != nil {
		s.startBouncer(t, program, socket)
	}
	return dsn + " port=6432"
}

func (s *Server) startBouncer(t testing.TB, program, socket string) {
	t.Helper()
	ini := filepath.Join(s.keeper.dir, "pgbouncer.ini")
	if err := os.WriteFile(ini, fmt.Appendf(nil, bouncerSettings, s.keeper.dir), 0o644); err != nil { //nolint:gosec // read by the server's user
		t.Fatal(err)
	}
	s.do(t, "bouncer", program, "-q", ini)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("unix", socket); err == nil {
			_ = conn.Close()
			return
		}
	}
	t.Fatal("PgBouncer does not listen")
}
