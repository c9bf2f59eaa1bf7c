package faults_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// beforeCommit lets something happen when the transaction under way has only to be committed.
func (g *gate) beforeCommit(then func()) {
	g.before(1, func(_ *pgx.Conn, statement string) {
		if strings.EqualFold(statement, "commit") {
			then()
			return
		}
		g.beforeCommit(then)
	})
}

// waitForLock waits until the host waits for a lock, by what another host sees.
func (h *host) waitForLock(t *testing.T, watcher *host) {
	t.Helper()
	waitFor(t, "the command waits", func() bool {
		waits, err := watcher.db.NewSelect().TableExpr("pg_stat_activity").
			Where("application_name = ? AND wait_event_type = 'Lock'", h.name).Exists(t.Context())
		require.NoError(t, err)
		return waits
	})
}

// What is added while its owner is being removed goes with the owner: the removal waits for it. That holds for the owner
// whom the subscription has when the command gets hold of it, too.
func TestARemovalWaitsForWhatIsAddedBelow(t *testing.T) {
	dsn := migrated(t, pgtest.Shared(t))
	for name, assignedMeanwhile := range map[string]bool{"to its owner": false, "to its next owner": true} {
		t.Run(name, func(t *testing.T) {
			g := &gate{}
			h, other := openHost(t, dsn, 2, g), openHost(t, dsn, 2, nil)
			one, err := other.Create(t.Context(), customer(randomName("one")))
			require.NoError(t, err)
			in := customer(randomName("next"))
			in.Subscription = nil
			next, err := other.Create(t.Context(), in)
			require.NoError(t, err)
			subs, err := other.Subscriptions().List(t.Context(), subscriptions.Query{AccountID: &one.ID})
			require.NoError(t, err)
			to, owner := subs.Items[0].ID, one.ID

			type told struct {
				removal accounts.Removal
				err     error
			}
			removed := make(chan told, 1)
			remove := func() {
				go func() {
					removal, err := other.Remove(t.Context(), []accounts.ID{owner})
					removed <- told{removal, err}
				}()
				other.waitForLock(t, other)
			}
			if assignedMeanwhile {
				owner = next.ID
				g.before(3, func(*pgx.Conn, string) { // behind BEGIN and the lock of the owner
					_, err := other.Subscriptions().Assign(t.Context(), []subscriptions.ID{to}, owner)
					require.NoError(t, err)
					g.beforeCommit(remove)
				})
			} else {
				g.beforeCommit(remove)
			}
			added, err := h.Subscriptions().AddDomain(t.Context(), to, randomName("added")+".example")
			require.NoError(t, err)
			require.True(t, g.reached())
			require.Equal(t, owner, added.AccountID)
			got := <-removed
			require.NoError(t, got.err)
			require.Contains(t, got.removal.Domains, added.Name)
		})
	}
}

// A domain that is moved away while its subscription is waited for belongs to where it is then.
func TestADomainThatIsMovedMeanwhile(t *testing.T) {
	dsn := migrated(t, pgtest.Shared(t))
	h, other := openHost(t, dsn, 2, nil), openHost(t, dsn, 2, nil)
	e := newEstate(t, other)
	moved, to := e.domains[0], e.accounts[1]
	_, err := other.Suspend(t.Context(), []accounts.ID{to}, accounts.Hold{})
	require.NoError(t, err)

	tx, err := other.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = other.WithStore(other.store.WithTx(tx)).Subscriptions().MoveDomains(t.Context(), []subscriptions.DomainID{moved}, e.subscriptions[1])
	require.NoError(t, err)
	type told struct {
		domain subscriptions.Domain
		err    error
	}
	renamed := make(chan told, 1)
	go func() {
		d, err := h.Subscriptions().RenameDomain(t.Context(), moved, randomName("renamed")+".example")
		renamed <- told{d, err}
	}()
	h.waitForLock(t, other)
	require.NoError(t, tx.Commit())
	got := <-renamed
	require.NoError(t, got.err)
	require.Equal(t, to, got.domain.AccountID)
	require.Equal(t, e.subscriptions[1], got.domain.SubscriptionID)
	require.Equal(t, subscriptions.Suspended, got.domain.Status())
	stored, err := h.Subscriptions().Domain(t.Context(), got.domain.Name)
	require.NoError(t, err)
	require.Equal(t, stored, got.domain)
}
