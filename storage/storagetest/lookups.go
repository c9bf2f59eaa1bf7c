package storagetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/recording"
	"github.com/clientele-go/clientele/subscriptions"
)

// lookUps reads the store in every way in which a row can be found: by each unique key, in each order, by each owner, and
// through claims. The keys include those that only refused commands have written.
func (f *fixture) lookUps() (found []string) {
	f.t.Helper()
	add := func(what string, result any, err error) {
		if err != nil {
			f.ErrorIs(err, accounts.ErrNotFound, what)
			result = "not found"
		}
		found = append(found, fmt.Sprintf("%s: %+v", what, result))
	}
	for _, key := range []string{"mario", "mario2", "luigi", "toad", "crm-0", "crm-1", "order-0", "order-1", "order-2"} {
		a, err := f.store.Account(f.ctx, accounts.AccountKey{Login: key})
		add("login "+key, a, err)
		a, err = f.store.Account(f.ctx, accounts.AccountKey{ExternalID: key})
		add("account "+key, a, err)
		s, err := f.store.Subscription(f.ctx, subscriptions.SubscriptionKey{ExternalID: key})
		add("subscription "+key, s, err)
	}
	names := []string{"blog.example", "en.blog.example", "game.example", "toad.example", "created.example", "added.example", "renamed.example"}
	for _, name := range names {
		site, err := f.store.Site(f.ctx, name, "")
		add(name, site, err)
	}
	for _, q := range orders() {
		add(fmt.Sprintf("accounts by %s, descending %v", q.Sort, q.Desc), f.logins(q), nil)
	}
	owners := []accounts.ID{subscriptions.Provider}
	for _, a := range f.dump().Accounts {
		owners = append(owners, a.ID)
	}
	for _, id := range owners {
		for _, desc := range []bool{false, true} {
			p, err := f.subs.List(f.ctx, subscriptions.Query{AccountID: &id, Desc: desc})
			add(fmt.Sprint("subscriptions of ", id), p.Items, err)
		}
		for _, s := range f.domains(subscriptions.DomainQuery{AccountID: &id}) {
			add(fmt.Sprint("domain of ", id), s, nil)
		}
		log, err := f.store.Events(f.ctx, accounts.EventParams{AccountID: &id, Limit: 500})
		add(fmt.Sprint("events of ", id), log, err)
		var claimed accounts.Claimed
		err = f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
			claimed, err = tx.Claim(accounts.Claim{
				Logins: []string{"toad"}, AccountExternalIDs: []string{"crm-1"}, Claim: subscriptions.Claim{ExternalIDs: []string{"order-2"}, Names: names, Owner: id},
			})
			return err
		})
		slices.Sort(claimed.Names)
		slices.Sort(claimed.Conflicting)
		add(fmt.Sprint("claim for ", id), claimed, err)
	}
	due, err := f.store.DueSubscriptions(f.ctx, f.clock.storedNow().Add(time.Hour), 100)
	add("due", due, err)
	return found
}

// refusedLookUps runs every command and refuses it after it has saved. No look-up and no list may find anything of that, also
// those that read another index than the row itself.
func refusedLookUps(f *fixture) {
	data := f.seedSuspended()
	_, err := f.clients.Update(f.ctx, data.mario.ID, accounts.Changes{ExternalID: ptr("crm-0")})
	f.NoError(err)
	_, err = f.subs.Update(f.ctx, data.blog.ID, subscriptions.Changes{ExternalID: ptr("order-0")})
	f.NoError(err)
	refusing := f.managerFor(&recording.Store{Store: f.store, OnPhase: func(at recording.Phase) error {
		if at == recording.AfterSave {
			return errRefused
		}
		return nil
	}}, nil)
	commands := f.commandsBy(refusing, data)
	before := f.lookUps()
	for _, c := range commands {
		if c.writes {
			f.Equal(errRefused, c.call(f.ctx), c.name)
		}
	}
	f.Equal(before, f.lookUps())

	// Whatever a store remembers for a removal must not be lost by one that is refused.
	f.remove(data.luigi.ID)
	for _, event := range f.events() {
		if event.AccountID == data.luigi.ID && strings.HasPrefix(string(event.Type), "account.") {
			f.Empty(event.Details["note"]+event.Details["message"]+event.Details["public"], "the events of a removed account must be redacted")
		}
	}
}
