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

// beforeCommit calls fn before the next COMMIT.
func (h *statementHook) beforeCommit(fn func()) {
	h.beforeStatement(1, func(_ *pgx.Conn, statement string) {
		if strings.EqualFold(statement, "commit") {
			fn()
			return
		}
		h.beforeCommit(fn)
	})
}

// waitForLock waits until a connection of the app waits for a lock.
func (p *app) waitForLock(t *testing.T, observer *app) {
	t.Helper()
	waitFor(t, "a connection that waits for a lock", func() bool {
		waits, err := observer.db.NewSelect().TableExpr("pg_stat_activity").
			Where("application_name = ? AND wait_event_type = 'Lock'", p.name).Exists(t.Context())
		require.NoError(t, err)
		return waits
	})
}

// A domain that is added while its account is being removed is removed as well: the removal waits for the command. The same
// holds if the subscription is assigned to another account before the command locks it.
func TestRemovalWaitsForRunningCommands(t *testing.T) {
	dsn := newDatabase(t, pgtest.Shared(t))
	for name, assign := range map[string]bool{"of the owner": false, "of the new owner": true} {
		t.Run(name, func(t *testing.T) {
			hook := &statementHook{}
			app, other := openApp(t, dsn, 2, hook), openApp(t, dsn, 2, nil)
			first, err := other.Create(t.Context(), customer(randomName("first")))
			require.NoError(t, err)
			in := customer(randomName("next"))
			in.Subscription = nil
			next, err := other.Create(t.Context(), in)
			require.NoError(t, err)
			subs, err := other.Subscriptions().List(t.Context(), subscriptions.Query{AccountID: &first.ID})
			require.NoError(t, err)
			to, owner := subs.Items[0].ID, first.ID

			type result struct {
				removal accounts.Removal
				err     error
			}
			removed := make(chan result, 1)
			remove := func() {
				go func() {
					removal, err := other.Remove(t.Context(), []accounts.ID{owner})
					removed <- result{removal, err}
				}()
				other.waitForLock(t, other)
			}
			hook.beforeCommit(remove)
			commit := func() {}
			if assign { // to next, while the command waits for the lock of first
				owner = next.ID
				tx, err := other.db.BeginTx(t.Context(), nil)
				require.NoError(t, err)
				_, err = other.WithStore(other.store.WithTx(tx)).Subscriptions().Assign(t.Context(), []subscriptions.ID{to}, owner)
				require.NoError(t, err)
				commit = func() {
					app.waitForLock(t, other)
					require.NoError(t, tx.Commit())
				}
			}
			type addition struct {
				domain subscriptions.Domain
				err    error
			}
			adding := make(chan addition, 1)
			go func() {
				d, err := app.Subscriptions().AddDomain(t.Context(), to, randomName("added")+".example")
				adding <- addition{d, err}
			}()
			commit()
			done := <-adding
			require.NoError(t, done.err)
			added := done.domain
			require.True(t, hook.fired())
			require.Equal(t, owner, added.AccountID)
			got := <-removed
			require.NoError(t, got.err)
			require.Contains(t, got.removal.Domains, added.Name)
		})
	}
}

// A domain that is moved while a command waits for its subscription is renamed in its new subscription.
func TestDomainIsMovedConcurrently(t *testing.T) {
	dsn := newDatabase(t, pgtest.Shared(t))
	app, other := openApp(t, dsn, 2, nil), openApp(t, dsn, 2, nil)
	e := newFixture(t, other)
	moved, to := e.domains[0], e.accounts[1]
	_, err := other.Suspend(t.Context(), []accounts.ID{to}, accounts.Hold{})
	require.NoError(t, err)

	tx, err := other.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = other.WithStore(other.store.WithTx(tx)).Subscriptions().MoveDomains(t.Context(), []subscriptions.DomainID{moved}, e.subscriptions[1])
	require.NoError(t, err)
	type result struct {
		domain subscriptions.Domain
		err    error
	}
	renamed := make(chan result, 1)
	go func() {
		d, err := app.Subscriptions().RenameDomain(t.Context(), moved, randomName("renamed")+".example")
		renamed <- result{d, err}
	}()
	app.waitForLock(t, other)
	require.NoError(t, tx.Commit())
	got := <-renamed
	require.NoError(t, got.err)
	require.Equal(t, to, got.domain.AccountID)
	require.Equal(t, e.subscriptions[1], got.domain.SubscriptionID)
	require.Equal(t, subscriptions.Suspended, got.domain.Status())
	stored, err := app.Subscriptions().Domain(t.Context(), got.domain.Name)
	require.NoError(t, err)
	require.Equal(t, stored, got.domain)
}
