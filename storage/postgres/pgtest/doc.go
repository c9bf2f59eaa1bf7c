// Package pgtest gives tests a PostgreSQL server. Any package's tests may use it:
//
//	func TestStore(t *testing.T) {
//		db := pgtest.Open(t, pgtest.Shared(t).Database(t), 8)
//		…
//	}
//
// Shared answers the server that the environment variable CLIENTELE_TEST_DSN names, or else one that it starts from the
// machine's own binaries, once for each process. Start answers further ones, which a test may stop, kill and read the
// log of.
//
// Servers listen on a Unix socket only, in a directory of their own. They are stopped and their directories deleted when
// the test ends or its process does, however it does: a shell beside it waits for that. What stays is one directory
// with a fresh cluster in the system's temporary directory, from which others are copied.
//
// Where PostgreSQL is missing, tests are skipped and say what to install. With CLIENTELE_REQUIRE_POSTGRES=1 they fail.
package pgtest
