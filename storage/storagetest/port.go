package storagetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/recording"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// portCases returns the cases about transactions, and about what only accounts.Store itself shows.
func portCases() []testCase {
	return []testCase{
		{"a command that is refused before it saves changes nothing", refusedBeforeSave},
		{"Update returns the error of its function unchanged", errorUnchanged},
		{"every command is one transaction", oneTransaction},
		{"every command that fails in any phase changes nothing", refusedInEachPhase},
		{"no look-up and no list finds what a refused command has saved", refusedLookUps},
		{"Lock returns the rows and their subscriptions and accounts, ascending and without unknown ones", lockRows},
		{"LockAccounts returns accounts with their holds and hash", lockAccounts},
		{"LockHolds returns accounts with their holds only", lockHolds},
		{"DomainsOf and Descendants return everything that belongs to locked rows", descendantsOfLocked},
		{"Claim allocates unique and ascending ids", claimIDs},
		{"Claim reports values that are taken and names that conflict", claimReports},
		{"Claim reports the same as a comparison of all names, for random claims", claimRandomly},
		{"Descendants reads everything that belongs to accounts without a lock", readDescendants},
		{"DueSubscriptions returns overdue subscriptions without the expired hold", readDue},
		{"Site finds a domain by the name or else by the fallback", readSite},
		{"Save writes only the fields of a row that a command may change", saveIgnores},
		{"Save redacts the events of rows that it removes, also those that it appends", saveRedacts},
		{"Events returns events with ascending numbers and the bounds of the log", readEvents},
		{"a command that waits for another one obeys its context", waitingObeysContext},
		{"WithStore returns a manager that uses only the given store, with the same options", withAnotherStore},
	}
}

func withAnotherStore(f *fixture) {
	data, other := f.seed(), &recording.Store{Store: f.store}
	m := f.manager(func(o *accounts.Options) {
		o.ReservedLogins, o.ReservedDomains = []string{"peach"}, []string{"reserved.example"}
	}).WithStore(other)
	_, err := m.Suspend(f.ctx, []accounts.ID{data.mario.ID}, accounts.Hold{})
	f.NoError(err)
	_, err = m.Subscriptions().Suspend(f.ctx, []subscriptions.ID{data.blog.ID}, accounts.Hold{})
	f.NoError(err)
	_, err = m.Owner(data.mario.ID).DisableDomains(f.ctx, []subscriptions.DomainID{f.getDomain("blog.example").ID})
	f.NoError(err)
	f.EqualValues(3, other.Commands.Load())
	_, err = m.Create(f.ctx, newAccount("peach"))
	f.invalid(err, "login")
	_, err = m.Subscriptions().AddDomain(f.ctx, data.blog.ID, "a.reserved.example")
	f.invalid(err, "name")
}

func refusedBeforeSave(f *fixture) {
	data := f.seedSuspended()
	f.refused(errRefused, func() error {
		return f.store.Update(f.ctx, func(tx accounts.Tx) error {
			if _, err := tx.Lock(subscriptions.LockSet{Accounts: []accounts.ID{data.mario.ID}, Subscriptions: []subscriptions.ID{data.game.ID}}); err != nil {
				return err
			}
			_, err := tx.Claim(accounts.Claim{
				NewAccounts: 1, Logins: []string{"peach"}, AccountExternalIDs: []string{"x"},
				Claim: subscriptions.Claim{NewSubscriptions: 1, NewDomains: 2, ExternalIDs: []string{"x"}, Names: []string{"peach.example", "www.blog.example"}, Owner: data.mario.ID},
			})
			if err != nil {
				return err
			}
			return errRefused
		})
	})
	in := newAccount("peach")
	in.ExternalID = "x"
	in.Subscription = &subscriptions.New{ExternalID: "x", Domains: []string{"peach.example"}}
	f.create(in)
}

func errorUnchanged(f *fixture) {
	for _, want := range []error{errRefused, context.Canceled, fmt.Errorf("wrapped: %w", context.DeadlineExceeded), accounts.ErrCommitUnknown} {
		err := f.store.Update(f.ctx, func(accounts.Tx) error { return want })
		f.True(err == want, "Update must return %v itself, got %v", want, err) //nolint:errorlint,testifylint // it must not be wrapped
	}
}

func oneTransaction(f *fixture) {
	data := f.seed()
	recorder := &recording.Store{Store: f.store}
	for _, c := range f.commandsBy(f.managerFor(recorder, nil), data) {
		before := recorder.Commands.Load()
		f.NoError(c.call(f.ctx), c.name)
		want := int64(0)
		if c.writes {
			want = 1
		}
		f.Equal(want, recorder.Commands.Load()-before, "number of transactions of %s", c.name)
	}
}

func refusedInEachPhase(f *fixture) {
	data := f.seedSuspended()
	for _, target := range []recording.Phase{recording.AfterBegin, recording.AfterLock, recording.AfterClaim, recording.AfterSave} {
		reached := 0
		m := f.managerFor(&recording.Store{Store: f.store, OnPhase: func(at recording.Phase) error {
			if at == target {
				reached++
			}
			if at == target || at == recording.AfterSave {
				return errRefused
			}
			return nil
		}}, nil)
		all := f.commandsBy(m, data)
		f.unchanged(func() {
			for _, c := range all {
				if c.writes {
					f.Equal(errRefused, c.call(f.ctx), "%s, refused after %s", c.name, target)
				}
			}
		})
		f.Positive(reached, "number of commands refused after %s", target)
	}
}

func lockRows(f *fixture) {
	data := f.seedSuspended()
	blog, second, spare := f.getDomain("blog.example"), f.getDomain("en.blog.example"), f.getDomain("spare.example")
	var got subscriptions.LockedRows
	err := f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
		got, err = tx.Lock(subscriptions.LockSet{
			Accounts:      []accounts.ID{unusedID, data.luigi.ID},
			Subscriptions: []subscriptions.ID{unusedID, data.shop.ID},
			Domains:       []subscriptions.DomainID{unusedID, spare.ID, second.ID},
		})
		return err
	})
	f.NoError(err)
	mario, luigi := f.getAccount(data.mario.ID), f.getAccount(data.luigi.ID)
	f.Equal([]subscriptions.Owner{{ID: mario.ID, Holds: mario.Holds}, {ID: luigi.ID, Holds: luigi.Holds}}, got.Accounts, "the accounts named in the LockSet and the owners of the other rows")
	f.Equal([]subscriptions.Record{
		{Subscription: f.getSubscription(data.blog.ID), Main: blog.ID},
		{Subscription: f.getSubscription(data.shop.ID), Main: f.getDomain("shop.example").ID},
		{Subscription: f.getSubscription(data.spare.ID), Main: spare.ID},
	}, got.Subscriptions, "the subscriptions named in the LockSet and those of the domains")
	f.Equal([]subscriptions.Domain{second, spare}, got.Domains)

	err = f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
		got, err = tx.Lock(subscriptions.LockSet{Accounts: []accounts.ID{unusedID}, Subscriptions: []subscriptions.ID{-1}})
		return err
	})
	f.NoError(err)
	f.Empty(got.Accounts)
	f.Empty(got.Subscriptions)
	f.Empty(got.Domains)
}

func lockAccounts(f *fixture) {
	data := f.seedSuspended()
	var got []accounts.Record
	err := f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
		got, err = tx.LockAccounts([]accounts.ID{data.luigi.ID, unusedID, data.mario.ID, -1, 0})
		return err
	})
	f.NoError(err)
	f.Equal([]accounts.Record{
		{Account: f.getAccount(data.mario.ID), Hash: f.storedHash(data.mario.ID)}, {Account: f.getAccount(data.luigi.ID), Hash: f.storedHash(data.luigi.ID)},
	}, got)
}

func lockHolds(f *fixture) {
	data := f.seedSuspended()
	var got []subscriptions.Owner
	err := f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
		got, err = tx.LockHolds([]accounts.ID{data.luigi.ID, unusedID, data.mario.ID, data.luigi.ID, -1, 0})
		return err
	})
	f.NoError(err)
	mario := f.getAccount(data.mario.ID)
	f.NotEmpty(mario.Holds)
	f.Equal([]subscriptions.Owner{{ID: mario.ID, Holds: mario.Holds}, {ID: data.luigi.ID, Holds: f.getAccount(data.luigi.ID).Holds}}, got)
}

func descendantsOfLocked(f *fixture) {
	data := f.seedSuspended()
	var domains []subscriptions.Domain
	err := f.store.Update(f.ctx, func(tx accounts.Tx) error {
		if _, err := tx.Lock(subscriptions.LockSet{Subscriptions: []subscriptions.ID{data.spare.ID, data.blog.ID}}); err != nil {
			return err
		}
		var err error
		domains, err = tx.DomainsOf([]subscriptions.ID{data.spare.ID, data.blog.ID})
		return err
	})
	f.NoError(err)
	f.Equal([]subscriptions.Domain{
		f.getDomain("blog.example"), f.getDomain("en.blog.example"), f.getDomain("spare.example"), f.getDomain("en.spare.example"),
	}, domains)
	var locked accounts.Descendants
	err = f.store.Update(f.ctx, func(tx accounts.Tx) error {
		if _, err := tx.LockAccounts([]accounts.ID{data.mario.ID, data.luigi.ID}); err != nil {
			return err
		}
		var err error
		locked, err = tx.Descendants([]accounts.ID{data.luigi.ID, data.mario.ID})
		return err
	})
	f.NoError(err)
	read, err := f.store.Descendants(f.ctx, []accounts.ID{data.mario.ID, data.luigi.ID})
	f.NoError(err)
	f.Equal(read, locked)
	f.Len(locked.Subscriptions, 3)
}

func claimIDs(f *fixture) {
	seen := map[string][]int64{}
	for _, result := range []error{nil, errRefused, nil} { // the ids of a refused command are not allocated again
		var got accounts.Claimed
		err := f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
			got, err = tx.Claim(accounts.Claim{NewAccounts: 3, Claim: subscriptions.Claim{NewSubscriptions: 1, NewDomains: 120}})
			return errors.Join(err, result)
		})
		f.ErrorIs(err, result)
		for kind, ids := range map[string][]int64{
			"accounts": suite.As[int64](got.AccountIDs), "subscriptions": suite.As[int64](got.SubscriptionIDs), "domains": suite.As[int64](got.DomainIDs),
		} {
			seen[kind] = append(seen[kind], ids...)
		}
	}
	for kind, n := range map[string]int{"accounts": 9, "subscriptions": 3, "domains": 360} {
		f.Len(seen[kind], n)
		f.Positive(seen[kind][0])
		f.True(slices.IsSorted(seen[kind]), "ids of %s must ascend: %v", kind, seen[kind])
		f.Len(slices.Compact(slices.Clone(seen[kind])), n, "ids of %s must be unique", kind)
	}
}

func claimReports(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "x-1"
	in.Subscription = &subscriptions.New{ExternalID: "x-2", Domains: []string{"mario.example", "a.b.deep.example"}}
	mario := f.create(in)
	luigi := f.account("luigi", "luigi.example")
	f.subscription(subscriptions.Provider, "spare.example")
	claim := func(c accounts.Claim) (got accounts.Claimed) {
		f.t.Helper()
		err := f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
			got, err = tx.Claim(c)
			return err
		})
		f.NoError(err)
		f.Empty(got.AccountIDs)
		f.Empty(got.SubscriptionIDs)
		f.Empty(got.DomainIDs)
		got.AccountIDs, got.SubscriptionIDs, got.DomainIDs = nil, nil, nil
		got.Names, got.Conflicting = slices.Sorted(slices.Values(got.Names)), slices.Sorted(slices.Values(got.Conflicting))
		return got
	}
	x1, x2, free := []string{"x-1"}, []string{"x-2"}, []string{"free"}
	f.Equal(accounts.Claimed{Logins: []string{"mario"}}, claim(accounts.Claim{Logins: []string{"mario"}}))
	f.Equal(accounts.Claimed{Logins: []string{"mario"}}, claim(accounts.Claim{Logins: []string{"daisy", "mario", "peach"}}))
	f.Equal(accounts.Claimed{AccountExternalIDs: x1}, claim(accounts.Claim{AccountExternalIDs: x1, Claim: subscriptions.Claim{ExternalIDs: x1}}))
	f.Equal(accounts.Claimed{Claimed: subscriptions.Claimed{ExternalIDs: x2}}, claim(accounts.Claim{AccountExternalIDs: x2, Claim: subscriptions.Claim{ExternalIDs: x2}}))
	f.Equal(accounts.Claimed{AccountExternalIDs: x1, Claimed: subscriptions.Claimed{ExternalIDs: x2}}, claim(accounts.Claim{
		AccountExternalIDs: []string{"x-2", "x-1"}, Claim: subscriptions.Claim{ExternalIDs: []string{"x-2", "x-1"}},
	}))
	f.Equal(accounts.Claimed{}, claim(accounts.Claim{Logins: []string{"peach"}, AccountExternalIDs: free, Claim: subscriptions.Claim{ExternalIDs: free, Names: []string{"free.example"}, Owner: mario.ID}}))

	names := []string{"www.mario.example", "deep.example", "b.deep.example", "x.a.b.deep.example", "c.deep.example", "spare.example", "x.spare.example", "luigi.example"}
	taken := []string{"luigi.example", "spare.example"}
	for owner, conflicting := range map[accounts.ID][]string{
		luigi.ID:               {"b.deep.example", "deep.example", "www.mario.example", "x.a.b.deep.example"},
		-1:                     {"b.deep.example", "deep.example", "www.mario.example", "x.a.b.deep.example"},
		mario.ID:               nil,
		subscriptions.Provider: nil,
	} {
		got := claim(accounts.Claim{Claim: subscriptions.Claim{Names: names, Owner: owner}})
		f.Equal(taken, got.Names)
		f.Equal(conflicting, got.Conflicting, "names that conflict for owner %d", owner)
	}
	got := claim(accounts.Claim{Claim: subscriptions.Claim{Names: []string{"x.free.example", "free.example"}, Owner: luigi.ID}})
	f.Empty(got.Conflicting, "new names of the same claim must not conflict with each other")
	names = []string{"mario.example", "www.mario.example", "a.b.deep.example", "deep.example"}
	got = claim(accounts.Claim{Claim: subscriptions.Claim{Names: names, Owner: luigi.ID}})
	f.Equal([]string{"a.b.deep.example", "mario.example"}, got.Names)
	f.Equal([]string{"deep.example", "www.mario.example"}, got.Conflicting, "names that exist conflict with new ones of the same claim")
	got = claim(accounts.Claim{Claim: subscriptions.Claim{Names: names, Owner: luigi.ID, Transfer: true}})
	f.Empty(got.Conflicting, "names that are transferred together must not conflict with each other")
}

// claimRandomly compares random claims with what follows from the names that exist.
func claimRandomly(f *fixture) {
	owners := []accounts.ID{f.account("mario").ID, f.account("luigi").ID, subscriptions.Provider}
	universe := []string{"one.example", "two.example"}
	for range 2 { // names below these, on two levels
		for _, name := range slices.Clone(universe) {
			universe = append(universe, "a."+name, "b."+name)
		}
	}
	universe = slices.Compact(slices.Sorted(slices.Values(universe)))
	random := rand.New(rand.NewPCG(1, 2))
	some := func(odds int) (names []string) {
		for _, name := range universe {
			if random.IntN(odds) == 0 {
				names = append(names, name)
			}
		}
		return names
	}
	for range 5 {
		exists := map[string]accounts.ID{}
		var w accounts.Writes
		err := f.store.Update(f.ctx, func(tx accounts.Tx) error {
			w = accounts.Writes{}
			clear(exists)
			names := some(3)
			claimed, err := tx.Claim(accounts.Claim{Claim: subscriptions.Claim{NewSubscriptions: len(names), NewDomains: len(names)}})
			if err != nil {
				return err
			}
			for i, name := range names { // each in a subscription of its own, whoever owns what is above and below
				owner := owners[random.IntN(len(owners))]
				exists[name] = owner
				s := subscriptions.Subscription{ID: claimed.SubscriptionIDs[i], AccountID: owner, Name: name, Version: 1, CreatedAt: f.clock.storedNow(), UpdatedAt: f.clock.storedNow()}
				w.AddSubscriptions = append(w.AddSubscriptions, subscriptions.Record{Subscription: s, Main: claimed.DomainIDs[i]})
				w.AddDomains = append(w.AddDomains, subscriptions.Domain{ID: claimed.DomainIDs[i], SubscriptionID: s.ID, AccountID: owner, Name: name, CreatedAt: s.CreatedAt})
			}
			return tx.Save(w)
		})
		f.NoError(err)
		for range 60 {
			c := subscriptions.Claim{Names: some(2 + random.IntN(5)), Owner: append(owners, -1)[random.IntN(4)], Transfer: random.IntN(3) == 0}
			var want subscriptions.Claimed
			for _, name := range c.Names {
				if _, found := exists[name]; found {
					want.Names = append(want.Names, name)
				}
				conflicts := func(other string) bool {
					return exists[other] != subscriptions.Provider && exists[other] != c.Owner && !(c.Transfer && slices.Contains(c.Names, other)) &&
						(strings.HasSuffix(name, "."+other) || strings.HasSuffix(other, "."+name))
				}
				if c.Owner != subscriptions.Provider && slices.ContainsFunc(universe, conflicts) {
					want.Conflicting = append(want.Conflicting, name)
				}
			}
			var got accounts.Claimed
			err := f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
				got, err = tx.Claim(accounts.Claim{Claim: c})
				return err
			})
			f.NoError(err)
			slices.Sort(got.Names)
			slices.Sort(got.Conflicting)
			f.Equal(want.Names, got.Names, "%+v, where %v exist", c, exists)
			f.Equal(want.Conflicting, got.Conflicting, "%+v, where %v exist", c, exists)
		}
		err = f.store.Update(f.ctx, func(tx accounts.Tx) error {
			var lock subscriptions.LockSet
			var remove accounts.Writes
			for _, s := range w.AddSubscriptions {
				lock.Subscriptions = append(lock.Subscriptions, s.ID)
				remove.RemoveDomains = append(remove.RemoveDomains, s.Main)
			}
			remove.RemoveSubscriptions = lock.Subscriptions
			if _, err := tx.Lock(lock); err != nil {
				return err
			}
			return tx.Save(remove)
		})
		f.NoError(err)
	}
}

func readDescendants(f *fixture) {
	data := f.seedSuspended()
	_, err := f.clients.Update(f.ctx, data.mario.ID, accounts.Changes{ExternalID: ptr("crm-mario")})
	f.NoError(err)
	_, err = f.subs.Update(f.ctx, data.blog.ID, subscriptions.Changes{ExternalID: ptr("order-blog")})
	f.NoError(err)
	got, err := f.store.Descendants(f.ctx, []accounts.ID{data.luigi.ID, unusedID, data.mario.ID, data.luigi.ID})
	f.NoError(err)
	f.Equal([]accounts.Account{{ID: data.mario.ID, Login: "mario", ExternalID: "crm-mario"}, {ID: data.luigi.ID, Login: "luigi"}}, got.Accounts)
	f.Equal([]subscriptions.Subscription{
		{ID: data.blog.ID, AccountID: data.mario.ID, ExternalID: "order-blog"}, {ID: data.shop.ID, AccountID: data.mario.ID}, {ID: data.game.ID, AccountID: data.luigi.ID},
	}, got.Subscriptions)
	for i, d := range got.Domains {
		whole := f.getDomain(d.Name)
		f.Equal(subscriptions.Domain{ID: whole.ID, SubscriptionID: whole.SubscriptionID, AccountID: whole.AccountID, Name: whole.Name}, d)
		if i > 0 {
			f.Greater(d.ID, got.Domains[i-1].ID)
		}
	}
	f.Len(got.Domains, 6)
	got, err = f.store.Descendants(f.ctx, []accounts.ID{unusedID})
	f.NoError(err)
	f.Empty(got.Accounts)
	f.Empty(got.Subscriptions)
	f.Empty(got.Domains)
}

func readDue(f *fixture) {
	at := f.clock.storedNow().Add(time.Hour)
	var ids []subscriptions.ID
	for _, expires := range []time.Time{at.Add(time.Microsecond), at, {}, at.Add(-time.Minute), at, at.Add(-time.Hour * 2)} {
		ids = append(ids, f.subscribe(subscriptions.New{Name: "x", ExpiresAt: expires}).ID)
	}
	f.suspendSubscription(ids[3], accounts.Hold{Cause: accounts.CauseBilling})
	f.Equal(accounts.Suspended, f.getSubscription(ids[5]).Status())
	for limit, want := range map[int][]subscriptions.ID{1: {ids[3]}, 2: {ids[3], ids[1]}, 9: {ids[3], ids[1], ids[4]}} {
		due, err := f.store.DueSubscriptions(f.ctx, at, limit)
		f.NoError(err)
		f.Equal(want, due)
	}
	due, err := f.store.DueSubscriptions(f.ctx, at.Add(-time.Minute-1), 9)
	f.NoError(err)
	f.Empty(due)
}

func readSite(f *fixture) {
	f.seed()
	for _, c := range []struct{ name, fallback, found string }{
		{"blog.example", "", "blog.example"},
		{"blog.example", "shop.example", "blog.example"},
		{"no.example", "shop.example", "shop.example"},
		{"no.example", "", ""},
		{"no.example", "neither.example", ""},
	} {
		site, err := f.store.Site(f.ctx, c.name, c.fallback)
		if c.found == "" {
			f.unknownName(accounts.LevelDomain, c.name, func(string) error { return err })
			continue
		}
		f.NoError(err)
		f.Equal(subscriptions.Site{Domain: f.getDomain(c.found), Plan: "basic"}, site)
	}
}

// saveIgnores saves rows with other values in the fields that are derived or written otherwise.
func saveIgnores(f *fixture) {
	data := f.seedAttributes()
	foreign := accounts.Holds{{Cause: "foreign", At: f.clock.storedNow()}}
	f.unchanged(func() {
		err := f.store.Update(f.ctx, func(tx accounts.Tx) error {
			records, err := tx.LockAccounts([]accounts.ID{data.mario.ID})
			if err != nil {
				return err
			}
			records[0].Holds = foreign
			return tx.Save(accounts.Writes{UpdateAccounts: records})
		})
		f.NoError(err)
		second := f.getDomain("en.blog.example").ID
		err = f.store.Update(f.ctx, func(tx accounts.Tx) error {
			l, err := tx.Lock(subscriptions.LockSet{Domains: []subscriptions.DomainID{second}})
			if err != nil {
				return err
			}
			s, d := &l.Subscriptions[0], &l.Domains[0]
			s.Holds, s.Inherited = foreign, foreign.Effective(accounts.LevelAccount)
			d.Holds, d.Inherited = foreign, foreign.Effective(accounts.LevelAccount)
			d.AccountID, d.Plan, d.Main, d.CreatedAt = data.luigi.ID, "foreign", true, d.CreatedAt.Add(time.Hour)
			return tx.Save(accounts.Writes{Writes: subscriptions.Writes{UpdateSubscriptions: l.Subscriptions, UpdateDomains: l.Domains}})
		})
		f.NoError(err)
	})
}

func saveRedacts(f *fixture) {
	data := f.seed()
	texts := map[string]string{"cause": "abuse", "note": "a", "message": "b", "public": "c"}
	events := f.eventsOf(func() {
		err := f.store.Update(f.ctx, func(tx accounts.Tx) error {
			if _, err := tx.LockHolds([]accounts.ID{data.luigi.ID}); err != nil {
				return err
			}
			d, err := tx.Descendants([]accounts.ID{data.luigi.ID})
			if err != nil {
				return err
			}
			w := accounts.Writes{RemoveAccounts: []accounts.ID{data.luigi.ID}}
			w.RemoveSubscriptions = []subscriptions.ID{data.game.ID}
			suspended := func(t accounts.EventType, account accounts.ID, s subscriptions.ID, d subscriptions.DomainID) {
				w.Events = append(w.Events, accounts.Event{
					At: f.clock.storedNow(), Type: t, AccountID: account, SubscriptionID: s, DomainID: d, Details: maps.Clone(texts),
				})
			}
			suspended(subscriptions.AccountSuspended, data.mario.ID, 0, 0) // which stays
			suspended(subscriptions.AccountSuspended, data.luigi.ID, 0, 0)
			suspended(subscriptions.SubscriptionSuspended, data.luigi.ID, data.game.ID, 0)
			for _, d := range d.Domains {
				w.RemoveDomains = append(w.RemoveDomains, d.ID)
				suspended(subscriptions.DomainSuspended, data.luigi.ID, data.game.ID, d.ID)
			}
			return tx.Save(w)
		})
		f.NoError(err)
	})
	f.Len(events, 5)
	f.Equal(texts, events[0].Details)
	for _, event := range events[1:] {
		f.Equal(map[string]string{"cause": "abuse"}, event.Details, "%s of a removed row", event.Type)
	}
}

func readEvents(f *fixture) {
	log, err := f.store.Events(f.ctx, accounts.EventParams{Limit: 10})
	f.NoError(err)
	f.Empty(log.Events)
	f.Zero(log.Pruned)
	f.Zero(log.Last)
	f.seed()
	log, err = f.store.Events(f.ctx, accounts.EventParams{Limit: 1000})
	f.NoError(err)
	var numbers []int64
	for _, e := range log.Events {
		numbers = append(numbers, e.Number)
		f.Empty(e.Cursor, "a store must not set cursors")
	}
	f.Positive(numbers[0])
	f.True(slices.IsSorted(numbers), "numbers of events must ascend: %v", numbers)
	f.Len(slices.Compact(slices.Clone(numbers)), 14)
	f.Equal(numbers[13], log.Last)

	part, err := f.store.Events(f.ctx, accounts.EventParams{After: numbers[3], Limit: 2})
	f.NoError(err)
	f.Equal(log.Events[4:6], part.Events)
	f.Equal(log.Last, part.Last)
	part, err = f.store.Events(f.ctx, accounts.EventParams{After: numbers[3], Limit: 2, Desc: true})
	f.NoError(err)
	f.Equal([]accounts.NumberedEvent{log.Events[2], log.Events[1]}, part.Events)
	part, err = f.store.Events(f.ctx, accounts.EventParams{Limit: 1, Desc: true})
	f.NoError(err)
	f.Equal(log.Events[13:], part.Events)
	n, err := f.store.PruneEvents(f.ctx, f.clock.storedNow().Add(time.Microsecond))
	f.NoError(err)
	f.Equal(14, n)
	part, err = f.store.Events(f.ctx, accounts.EventParams{Limit: 9})
	f.NoError(err)
	f.Equal(accounts.EventResult{Pruned: log.Last, Last: log.Last}, accounts.EventResult{Pruned: part.Pruned, Last: part.Last})
}

// waitingObeysContext keeps a command open until those that wait for it have returned, because their contexts have ended. If
// one of them only returns after the open command has ended, it did not obey its context.
func waitingObeysContext(f *fixture) {
	data := f.seed()
	before := f.dump()
	hold := accounts.Hold{Cause: accounts.CauseBilling}
	for _, c := range []struct {
		what string
		lock func(tx accounts.Tx) error
		wait func(ctx context.Context) error
	}{
		{
			"an account",
			func(tx accounts.Tx) error { _, err := tx.LockAccounts([]accounts.ID{data.mario.ID}); return err },
			func(ctx context.Context) error {
				_, err := f.clients.Suspend(ctx, []accounts.ID{data.mario.ID}, hold)
				return err
			},
		},
		{
			"a subscription",
			func(tx accounts.Tx) error {
				_, err := tx.Lock(subscriptions.LockSet{Subscriptions: []subscriptions.ID{data.blog.ID}})
				return err
			},
			func(ctx context.Context) error {
				_, err := f.subs.Suspend(ctx, []subscriptions.ID{data.blog.ID}, hold)
				return err
			},
		},
		{
			"a claim",
			func(tx accounts.Tx) error {
				_, err := tx.Claim(accounts.Claim{Claim: subscriptions.Claim{Names: []string{"wanted.example"}}})
				return err
			},
			func(ctx context.Context) error {
				_, err := f.subs.AddDomain(ctx, data.blog.ID, "wanted.example")
				return err
			},
		},
		{
			"an owner",
			func(tx accounts.Tx) error { _, err := tx.LockAccounts([]accounts.ID{data.mario.ID}); return err },
			func(ctx context.Context) error {
				_, err := f.subs.Create(ctx, subscriptions.New{AccountID: data.mario.ID, Name: "late"})
				return err
			},
		},
		{
			"the log, to prune it",
			func(tx accounts.Tx) error { return tx.Save(accounts.Writes{}) },
			func(ctx context.Context) error {
				_, err := f.clients.PruneEvents(ctx, before.Events[0].At)
				if err == nil { // a store need not make it wait
					<-ctx.Done()
					err = fmt.Errorf("%w: %w", accounts.ErrUnavailable, ctx.Err())
				}
				return err
			},
		},
	} {
		end := f.holdOpen(c.lock)
		ctx, cancel := context.WithTimeout(f.ctx, 20*time.Millisecond)
		err := c.wait(ctx)
		cancel()
		stillOpen, openErr := end()
		f.True(stillOpen, "what waited for %s has not returned when its context ended, but when the command that it waited for did", c.what)
		f.NoError(openErr)
		f.ErrorIs(err, context.DeadlineExceeded, c.what)
		f.ErrorIs(err, accounts.ErrUnavailable, c.what)
	}
	f.Equal(before, f.dump())
}

// maxOpen is how long a case keeps a command open. It lets a case go on if the store makes other commands wait without
// obeying their contexts.
const maxOpen = 20 * time.Second

// holdOpen starts a command that calls do and then stays open until end is called or maxOpen has passed. end reports whether the
// command was still open, and returns its error.
func (f *fixture) holdOpen(do func(tx accounts.Tx) error) (end func() (stillOpen bool, err error)) {
	inside, release := make(chan struct{}, 1), make(chan struct{})
	closeRelease := sync.OnceFunc(func() { close(release) })
	timer := time.AfterFunc(maxOpen, closeRelease)
	done := make(chan error, 1)
	go func() {
		done <- f.store.Update(f.ctx, func(tx accounts.Tx) error {
			if err := do(tx); err != nil {
				return err
			}
			select {
			case inside <- struct{}{}:
			default: // the store runs the function again
			}
			<-release
			return nil
		})
	}()
	f.t.Cleanup(func() {
		timer.Stop()
		closeRelease()
	})
	select {
	case <-inside:
	case err := <-done:
		f.NoError(err, "the command that is to stay open has failed")
	}
	return func() (bool, error) {
		stillOpen := timer.Stop()
		closeRelease()
		return stillOpen, <-done
	}
}
