package faults_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
)

// soaks tells whether long tests are wanted.
func soaks() bool { return os.Getenv("CLIENTELE_SOAK") == "1" }

// The primary is killed under load. What was acknowledged is on the standby that takes over, and a reader of the events
// goes on there with its cursor.
func TestAPrimaryIsKilledAndAStandbyTakesOver(t *testing.T) {
	times := 1
	if soaks() {
		times = 10
	}
	for range times {
		t.Run("", func(t *testing.T) {
			c := newCluster(t, 2, "synchronous_standby_names = 'ANY 1 (standby_1, standby_2)'")
			dsn := c.database(t)
			h := openHost(t, c.everywhere(t, dsn), manyWriters+2, nil)
			w, l := startFollower(t, h), startLoad(t, h)
			l.more(t, acknowledged, 200)
			c.failOver(t)
			l.more(t, acknowledged, 200)
			w.check(t, l.check(t).events)
			require.Positive(t, l.told[unavailable].Load()+l.told[uncertain].Load())
		})
	}
}

// besideAStandby answers a host on a primary, and one on its standby.
func besideAStandby(t *testing.T) (c *cluster, onPrimary, onStandby *host) {
	t.Helper()
	c = newCluster(t, 1, "")
	dsn := c.database(t)
	c.catchUp(t)
	return c, openHost(t, dsn, 2, nil), openHost(t, on(c.standbys[0], dsn), 2, nil)
}

// A cursor from the primary is ahead of a standby that lags behind. It is not gone: a reader waits.
func TestAStandbyThatLagsBehindHasNoEventsYet(t *testing.T) {
	ctx := t.Context()
	c, h, r := besideAStandby(t)
	standby := administer(t, c.standbys[0])
	_, err := standby.ExecContext(ctx, "SELECT pg_wal_replay_pause()")
	require.NoError(t, err)
	_, err = h.Create(ctx, customer("alice"))
	require.NoError(t, err)
	page, err := h.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.NotEmpty(t, page.Items)
	_, err = r.Events(ctx, accounts.EventQuery{After: page.Next})
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.NotErrorIs(t, err, accounts.ErrCursorExpired)

	_, err = standby.ExecContext(ctx, "SELECT pg_wal_replay_resume()")
	require.NoError(t, err)
	c.catchUp(t)
	again, err := r.Events(ctx, accounts.EventQuery{After: page.Next})
	require.NoError(t, err)
	require.Empty(t, again.Items)
}

// A standby answers whatever needs no writing.
func TestAStandbyIsReadOnly(t *testing.T) {
	ctx := t.Context()
	c, h, r := besideAStandby(t)
	alice, err := h.Create(ctx, customer("alice"))
	require.NoError(t, err)
	numbered, err := h.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.Len(t, numbered.Items, 4)
	hash, err := bcrypt.GenerateFromPassword([]byte("an old password"), bcrypt.MinCost)
	require.NoError(t, err)
	bob := customer("bob")
	bob.Password, bob.PasswordHash = "", string(hash)
	_, err = h.Create(ctx, bob)
	require.NoError(t, err)
	c.catchUp(t)

	got, err := r.Get(ctx, alice.ID)
	require.NoError(t, err)
	require.Equal(t, alice, got)
	page, err := r.List(ctx, accounts.Query{Search: "alice.example"})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	site, err := r.Subscriptions().Resolve(ctx, "www.bob.example.com")
	require.NoError(t, err)
	require.Equal(t, "gold", site.Plan)
	_, err = r.PreviewRemoval(ctx, []accounts.ID{alice.ID})
	require.NoError(t, err)
	_, err = r.CheckSession(ctx, alice.ID, alice.SessionEpoch)
	require.NoError(t, err)

	events, err := r.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.Equal(t, numbered, events, "bob's have no numbers yet, and a standby gives none")

	head, err := r.Head(ctx)
	require.NoError(t, err)
	require.Equal(t, numbered.Next, head)
	logins := []string{}
	cursor, err := r.Snapshot(ctx, func(b accounts.Batch) error {
		for _, a := range b.Accounts {
			logins = append(logins, a.Login)
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"alice", "bob"}, logins)
	require.Equal(t, head, cursor)

	signsIn := accounts.NewManager(r.store, nil) // with the default hasher
	_, err = signsIn.Authenticate(ctx, "bob", "an old password")
	require.NoError(t, err, "his hash is replaced some other time")
	_, err = signsIn.Authenticate(ctx, "bob", "another password")
	require.ErrorIs(t, err, accounts.ErrInvalidCredentials)

	_, err = r.Suspend(ctx, []accounts.ID{alice.ID}, accounts.Hold{})
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.NotErrorIs(t, err, accounts.ErrCommitUnknown)
	_, err = r.PruneEvents(ctx, alice.CreatedAt.AddDate(1, 0, 0))
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.ErrorIs(t, postgres.Migrate(ctx, r.db, nil), nil, "there is nothing to do")

	more, err := h.Events(ctx, accounts.EventQuery{After: numbered.Next})
	require.NoError(t, err)
	require.Len(t, more.Items, 4)
	c.catchUp(t)
	again, err := r.Events(ctx, accounts.EventQuery{After: numbered.Next})
	require.NoError(t, err)
	require.Equal(t, more, again, "a cursor is good on every server of the cluster")
}
