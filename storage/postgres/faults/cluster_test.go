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

// cluster is a primary with standbys, connected by Unix sockets.
type cluster struct {
	primary  *pgtest.Server
	standbys []*pgtest.Server
}

// quick makes standbys look for their primary often.
const quick = "\nwal_retrieve_retry_interval = 100ms\n%s\n"

// newCluster starts a primary with so many standbys; settings are those of all of them.
func newCluster(t *testing.T, standbys int, settings string) *cluster {
	t.Helper()
	c := &cluster{primary: pgtest.Start(t, fmt.Sprintf(quick, settings))}
	for i := range standbys {
		c.standbys = append(c.standbys, c.newStandby(t, standbyName(i)))
	}
	admin := administer(t, c.primary)
	waitFor(t, "standbys", func() bool {
		n, err := admin.NewSelect().TableExpr("pg_stat_replication").Where("state = 'streaming'").Count(t.Context())
		require.NoError(t, err)
		return n == int64(standbys)
	})
	return c
}

// database answers a database with the tables in it. It ends with the cluster, whose primary may be gone by then.
func (c *cluster) database(t *testing.T) string {
	t.Helper()
	_, err := administer(t, c.primary).ExecContext(t.Context(), "CREATE DATABASE customers")
	require.NoError(t, err)
	dsn := pgtest.WithDatabase(t, c.primary.DSN(), "customers")
	migrate(t, dsn)
	return dsn
}

func standbyName(i int) string { return fmt.Sprintf("standby_%d", i+1) }

// newStandby makes a standby of a server that pgtest starts with a cluster of its own, which is put away.
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

// conninfo says how a standby of that name follows a server.
func conninfo(s *pgtest.Server, name string) string {
	return fmt.Sprintf("host=%s port=5432 user=postgres application_name=%s", s.Dir(), name)
}

// everywhere answers a DSN that leads to whichever server of the cluster takes writes.
func (c *cluster) everywhere(t *testing.T, dsn string) string {
	t.Helper()
	hosts := []string{c.primary.Dir()}
	for _, s := range c.standbys {
		hosts = append(hosts, s.Dir())
	}
	return dsn + " host=" + strings.Join(hosts, ",") + " target_session_attrs=read-write"
}

// on answers the DSN of the same database on another server.
func on(s *pgtest.Server, dsn string) string { return dsn + " host=" + s.Dir() }

// administer answers a connection to the database postgres of a server.
func administer(t *testing.T, s *pgtest.Server) *bun.DB {
	t.Helper()
	db, err := pool(s.DSN(), "administrator", 1, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// catchUp waits until the first standby has all that the primary has.
func (c *cluster) catchUp(t *testing.T) {
	t.Helper()
	var lsn string
	require.NoError(t, administer(t, c.primary).NewRaw("SELECT pg_current_wal_lsn()").Scan(t.Context(), &lsn))
	standby := administer(t, c.standbys[0])
	waitFor(t, "the standby", func() bool {
		var is bool
		require.NoError(t, standby.NewRaw("SELECT pg_last_wal_replay_lsn() >= ?::pg_lsn", lsn).Scan(t.Context(), &is))
		return is
	})
}

// failOver kills the primary, and makes the standby that has more of it the primary of the other.
func (c *cluster) failOver(t *testing.T) {
	t.Helper()
	c.primary.Kill(t)
	var admins []*bun.DB
	var reached []string
	for _, s := range c.standbys {
		admin := administer(t, s)
		waitFor(t, "the end of replication", func() bool {
			streaming, err := admin.NewSelect().TableExpr("pg_stat_wal_receiver").Where("status = 'streaming'").Exists(t.Context())
			require.NoError(t, err)
			return !streaming
		})
		var lsn string
		require.NoError(t, admin.NewRaw("SELECT pg_last_wal_receive_lsn()").Scan(t.Context(), &lsn))
		admins, reached = append(admins, admin), append(reached, lsn)
	}
	var first bool
	require.NoError(t, admins[0].NewRaw("SELECT ?::pg_lsn >= ?::pg_lsn", reached[0], reached[1]).Scan(t.Context(), &first))
	next := 1 - count(first)
	var promoted bool
	require.NoError(t, admins[next].NewRaw("SELECT pg_promote(true, 30)").Scan(t.Context(), &promoted))
	require.True(t, promoted)
	other := 1 - next
	_, err := admins[other].ExecContext(t.Context(), "ALTER SYSTEM SET primary_conninfo = ?",
		conninfo(c.standbys[next], standbyName(other)))
	require.NoError(t, err)
	_, err = admins[other].ExecContext(t.Context(), "SELECT pg_reload_conf()")
	require.NoError(t, err)
}
