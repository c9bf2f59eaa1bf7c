package faults_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
)

// soak reports whether long tests are enabled.
func soak() bool { return os.Getenv("CLIENTELE_SOAK") == "1" }

// The primary is killed under load. The standby that is promoted has all acknowledged commands, and a reader of the events
// continues there with its cursor.
func TestFailover(t *testing.T) {
	times := 1
	if soak() {
		times = 10
	}
	for range times {
		t.Run("", func(t *testing.T) {
			c := newCluster(t, 2, "synchronous_standby_names = 'ANY 1 (standby_1, standby_2)'")
			dsn := c.database(t)
			app := openApp(t, c.dsnOfPrimary(t, dsn), writerCount+2, nil)
			w, l := startFollower(t, app), startLoad(t, app)
			l.waitForMore(t, acknowledged, 200)
			c.failOver(t)
			l.waitForMore(t, acknowledged, 200)
			w.check(t, l.check(t).events)
			require.Positive(t, l.counts[unavailable].Load()+l.counts[commitUnknown].Load())
		})
	}
}

// newAppsOnPrimaryAndStandby starts a cluster, and returns one app on the primary and one on the standby.
func newAppsOnPrimaryAndStandby(t *testing.T) (c *cluster, onPrimary, onStandby *app) {
	t.Helper()
	c = newCluster(t, 1, "")
	dsn := c.database(t)
	c.catchUp(t)
	return c, openApp(t, dsn, 2, nil), openApp(t, dsnOn(c.standbys[0], dsn), 2, nil)
}

// A cursor from the primary is ahead of a standby that lags behind. It has not expired: the reader has to wait.
func TestStandbyThatLagsBehind(t *testing.T) {
	ctx := t.Context()
	c, app, standbyApp := newAppsOnPrimaryAndStandby(t)
	standby := adminDB(t, c.standbys[0])
	_, err := standby.ExecContext(ctx, "SELECT pg_wal_replay_pause()")
	require.NoError(t, err)
	_, err = app.Create(ctx, customer("alice"))
	require.NoError(t, err)
	page, err := app.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.NotEmpty(t, page.Items)
	_, err = standbyApp.Events(ctx, accounts.EventQuery{After: page.Next})
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.NotErrorIs(t, err, accounts.ErrCursorExpired)

	_, err = standby.ExecContext(ctx, "SELECT pg_wal_replay_resume()")
	require.NoError(t, err)
	c.catchUp(t)
	again, err := standbyApp.Events(ctx, accounts.EventQuery{After: page.Next})
	require.NoError(t, err)
	require.Empty(t, again.Items)
}

// All reads work on a standby.
func TestStandbyIsReadOnly(t *testing.T) {
	ctx := t.Context()
	c, app, standbyApp := newAppsOnPrimaryAndStandby(t)
	alice, err := app.Create(ctx, customer("alice"))
	require.NoError(t, err)
	numbered, err := app.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.Len(t, numbered.Items, 4)
	hash, err := bcrypt.GenerateFromPassword([]byte("an old password"), bcrypt.MinCost)
	require.NoError(t, err)
	bob := customer("bob")
	bob.Password, bob.PasswordHash = "", string(hash)
	_, err = app.Create(ctx, bob)
	require.NoError(t, err)
	c.catchUp(t)

	got, err := standbyApp.Get(ctx, alice.ID)
	require.NoError(t, err)
	require.Equal(t, alice, got)
	page, err := standbyApp.List(ctx, accounts.Query{Search: "alice.example"})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	site, err := standbyApp.Subscriptions().Resolve(ctx, "www.bob.example.com")
	require.NoError(t, err)
	require.Equal(t, "gold", site.Plan)
	_, err = standbyApp.PreviewRemoval(ctx, []accounts.ID{alice.ID})
	require.NoError(t, err)
	_, err = standbyApp.CheckSession(ctx, alice.ID, alice.SessionEpoch)
	require.NoError(t, err)

	events, err := standbyApp.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.Equal(t, numbered, events, "bob's events have no numbers yet, and a standby assigns none")

	head, err := standbyApp.Head(ctx)
	require.NoError(t, err)
	require.Equal(t, numbered.Next, head)
	logins := []string{}
	cursor, err := standbyApp.Snapshot(ctx, func(b accounts.Batch) error {
		for _, a := range b.Accounts {
			logins = append(logins, a.Login)
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"alice", "bob"}, logins)
	require.Equal(t, head, cursor)

	withDefaults := accounts.NewManager(standbyApp.store, nil) // with the default hasher
	_, err = withDefaults.Authenticate(ctx, "bob", "an old password")
	require.NoError(t, err, "the hash is replaced at a later sign-in")
	_, err = withDefaults.Authenticate(ctx, "bob", "another password")
	require.ErrorIs(t, err, accounts.ErrInvalidCredentials)

	_, err = standbyApp.Suspend(ctx, []accounts.ID{alice.ID}, accounts.Hold{})
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.NotErrorIs(t, err, accounts.ErrCommitUnknown)
	_, err = standbyApp.PruneEvents(ctx, alice.CreatedAt.AddDate(1, 0, 0))
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.NoError(t, postgres.Migrate(ctx, standbyApp.db, nil), "nothing to migrate")

	more, err := app.Events(ctx, accounts.EventQuery{After: numbered.Next})
	require.NoError(t, err)
	require.Len(t, more.Items, 4)
	c.catchUp(t)
	again, err := standbyApp.Events(ctx, accounts.EventQuery{After: numbered.Next})
	require.NoError(t, err)
	require.Equal(t, more, again, "cursors are valid on every server of the cluster")
}
