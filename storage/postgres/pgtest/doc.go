// Package pgtest provides PostgreSQL servers for tests. The tests of any package may use it:
//
//	func TestStore(t *testing.T) {
//		db := pgtest.Open(t, pgtest.Shared(t).Database(t), 8)
//		…
//	}
//
// Shared returns the server of the DSN in the environment variable CLIENTELE_TEST_DSN, or else a server that it starts from
// the installed PostgreSQL, once for each process. Start starts further servers, which a test may stop, kill and restart, and
// whose log it may read.
//
// Servers listen only on a Unix socket in their directory. They are stopped and their directories are deleted at the end of the
// test or of its process, even if that is killed: a shell waits for that. One directory with an empty cluster remains in the
// system's temporary directory; new servers start with a copy of it.
//
// NewNetwork relays connections to a server as a network does, counts their round trips, and may take time.
//
// If PostgreSQL is not installed, tests are skipped with a message about what to install. With CLIENTELE_REQUIRE_POSTGRES=1 they
// fail.
package pgtest
