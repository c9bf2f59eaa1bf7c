package faults_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// cluster is a primary with standbys, which connect to it by Unix sockets.
type cluster struct {
	primary  *pgtest.Server
	standbys []*pgtest.Server
}

// standbySettings make standbys reconnect to their primary quickly.
const standbySettings = "\nwal_retrieve_retry_interval = 100ms\n%s\n"

// newCluster starts a primary and the given number of standbys, with the same settings.
func newCluster(t *testing.T, standbys int, settings string) *cluster {
	t.Helper()
	c := &cluster{primary: pgtest.Start(t, fmt.Sprintf(standbySettings, settings))}
	for i := range standbys {
		c.standbys = append(c.standbys, c.newStandby(t, standbyName(i)))
	}
	admin := adminDB(t, c.primary)
	waitFor(t, "standbys", func() bool {
		n, err := admin.NewSelect().TableExpr("pg_stat_replication").Where("state = 'streaming'").Count(t.Context())
		require.NoError(t, err)
		return n == int64(standbys)
	})
	return c
}

// database creates a database with the tables and returns its DSN. It is not dropped: the primary may be stopped at the end.
func (c *cluster) database(t *testing.T) string {
	t.Helper()
	_, err := adminDB(t, c.primary).ExecContext(t.Context(), "CREATE DATABASE customers")
	require.NoError(t, err)
	dsn := pgtest.WithDatabase(t, c.primary.DSN(), "customers")
	migrate(t, dsn)
	return dsn
}

func standbyName(i int) string { return fmt.Sprintf("standby_%d", i+1) }

// newStandby starts a server, and replaces its cluster with a copy of the primary's that follows the primary.
func (c *cluster) newStandby(t *testing.T, name string) *pgtest.Server {
	t.Helper()
	s := pgtest.Start(t, "")
	s.Stop(t, "immediate")
	backup := filepath.Join(s.Binaries(), "pg_basebackup")
	s.Run(t, strings.Join([]string{
		"rm -rf data",
		fmt.Sprintf("%s -D data -h %s -p 5432 -U postgres -X stream -c fast --no-sync", backup, c.primary.Dir()),
		fmt.Sprintf(`echo "unix_socket_directories = '%s'" >>data/postgresql.conf`, s.Dir()),
		fmt.Sprintf(`echo "primary_conninfo = '%s'" >>data/postgresql.conf`, conninfo(c.primary, name)),
		"touch data/standby.signal",
	}, " && "))
	s.Start(t)
	return s
}

// conninfo returns the primary_conninfo with which the standby called name follows s.
func conninfo(s *pgtest.Server, name string) string {
	return fmt.Sprintf("host=%s port=5432 user=postgres application_name=%s", s.Dir(), name)
}

// dsnOfPrimary returns a DSN that connects to the server of the cluster that is the primary.
func (c *cluster) dsnOfPrimary(t *testing.T, dsn string) string {
	t.Helper()
	hosts := []string{c.primary.Dir()}
	for _, s := range c.standbys {
		hosts = append(hosts, s.Dir())
	}
	return dsn + " host=" + strings.Join(hosts, ",") + " target_session_attrs=read-write"
}

// dsnOn returns the DSN of the same database on another server.
func dsnOn(s *pgtest.Server, dsn string) string { return dsn + " host=" + s.Dir() }

// adminDB returns a pool with one connection to the database postgres of a server.
func adminDB(t *testing.T, s *pgtest.Server) *bun.DB {
	t.Helper()
	db, err := openPool(s.DSN(), "admin", 1, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// catchUp waits until the first standby has replayed everything that the primary has written.
func (c *cluster) catchUp(t *testing.T) {
	t.Helper()
	var lsn string
	require.NoError(t, adminDB(t, c.primary).NewRaw("SELECT pg_current_wal_lsn()").Scan(t.Context(), &lsn))
	standby := adminDB(t, c.standbys[0])
	waitFor(t, "the standby", func() bool {
		var replayed bool
		require.NoError(t, standby.NewRaw("SELECT pg_last_wal_replay_lsn() >= ?::pg_lsn", lsn).Scan(t.Context(), &replayed))
		return replayed
	})
}

// failOver kills the primary, and promotes the standby that has received more. The other one follows it.
func (c *cluster) failOver(t *testing.T) {
	t.Helper()
	c.primary.Kill(t)
	var admins []*bun.DB
	var lsns []string
	for _, s := range c.standbys {
		admin := adminDB(t, s)
		waitFor(t, "the end of replication", func() bool {
			streaming, err := admin.NewSelect().TableExpr("pg_stat_wal_receiver").Where("status = 'streaming'").Exists(t.Context())
			require.NoError(t, err)
			return !streaming
		})
		var lsn string
		require.NoError(t, admin.NewRaw("SELECT pg_last_wal_receive_lsn()").Scan(t.Context(), &lsn))
		admins, lsns = append(admins, admin), append(lsns, lsn)
	}
	var first bool
	require.NoError(t, admins[0].NewRaw("SELECT ?::pg_lsn >= ?::pg_lsn", lsns[0], lsns[1]).Scan(t.Context(), &first))
	winner := 1 - count(first)
	var promoted bool
	require.NoError(t, admins[winner].NewRaw("SELECT pg_promote(true, 30)").Scan(t.Context(), &promoted))
	require.True(t, promoted)
	loser := 1 - winner
	_, err := admins[loser].ExecContext(t.Context(), "ALTER SYSTEM SET primary_conninfo = ?",
		conninfo(c.standbys[winner], standbyName(loser)))
	require.NoError(t, err)
	_, err = admins[loser].ExecContext(t.Context(), "SELECT pg_reload_conf()")
	require.NoError(t, err)
}
