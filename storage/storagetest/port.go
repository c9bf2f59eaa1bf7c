package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// portCases are those of rule 4 that accounts.Store alone shows.
func portCases() []testCase {
	return []testCase{
		{"a command that is refused before it saves changes nothing", refusedBeforeSave},
		{"a command's own error comes back as it is", errorAsItIs},
		{"every command is one transaction", oneTransaction},
		{"every command that is refused at any step changes nothing", refusedAtEachStep},
		{"lock answers the rows and those above them, ascending, without the unknown ones", lockAnswers},
		{"locked accounts come with their holds and hash", lockAccountsAnswers},
		{"accounts locked for their holds come with nothing else", lockHoldsAnswers},
		{"domains and contents of locked rows are all there", belowAnswers},
		{"claims give unique ids, ascending", claimGivesIDs},
		{"claims tell what is taken, and by whom it is blocked", claimTells},
		{"what is below accounts is read without a lock", readBelow},
		{"subscriptions that are due are those without the hold", readDue},
		{"a site is found by its name, or else by the other one", readSite},
		{"events have ascending numbers, and the log says how far it reaches", readEvents},
		{"waiting for another command obeys the context", waitingObeys},
		{"a manager with another store uses that one throughout, with the same options", withAnotherStore},
	}
}

func withAnotherStore(f *fixture) {
	e, other := f.estate(), &spy{Store: f.store}
	m := f.manager(func(o *accounts.Options) {
		o.ReservedLogins, o.ReservedDomains = []string{"peach"}, []string{"reserved.example"}
	}).WithStore(other)
	_, err := m.Suspend(f.ctx, []accounts.ID{e.mario.ID}, accounts.Hold{})
	f.NoError(err)
	_, err = m.Subscriptions().Suspend(f.ctx, []subscriptions.ID{e.blog.ID}, accounts.Hold{})
	f.NoError(err)
	_, err = m.Owner(e.mario.ID).DisableDomains(f.ctx, []subscriptions.DomainID{f.getDomain("blog.example").ID})
	f.NoError(err)
	f.EqualValues(3, other.commands.Load())
	_, err = m.Create(f.ctx, newAccount("peach"))
	f.invalid(err, "login")
	_, err = m.Subscriptions().AddDomain(f.ctx, e.blog.ID, "a.reserved.example")
	f.invalid(err, "name")
}

var errRefused = errors.New("refused by the case")

func refusedBeforeSave(f *fixture) {
	e := f.heldEstate()
	f.refused(errRefused, func() error {
		return f.store.Update(f.ctx, func(tx accounts.Tx) error {
			if _, err := tx.Lock(subscriptions.LockSet{Accounts: []accounts.ID{e.mario.ID}, Subscriptions: []subscriptions.ID{e.game.ID}}); err != nil {
				return err
			}
			_, err := tx.Claim(accounts.Claim{
				NewAccounts: 1, Login: "peach", AccountExternalID: "x",
				Claim: subscriptions.Claim{NewSubscriptions: 1, NewDomains: 2, ExternalID: "x", Names: []string{"peach.example", "www.blog.example"}, Owner: e.mario.ID},
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

func errorAsItIs(f *fixture) {
	for _, want := range []error{errRefused, context.Canceled, fmt.Errorf("wrapped: %w", context.DeadlineExceeded), accounts.ErrCommitUnknown} {
		err := f.store.Update(f.ctx, func(accounts.Tx) error { return want })
		f.True(err == want, "want %v itself, got %v", want, err)
	}
}

func oneTransaction(f *fixture) {
	e := f.estate()
	spy := &spy{Store: f.store}
	for _, c := range f.commandsBy(f.managerOf(spy, nil), e) {
		before := spy.commands.Load()
		f.NoError(c.call(f.ctx), c.name)
		want := int64(0)
		if c.writes {
			want = 1
		}
		f.Equal(want, spy.commands.Load()-before, "transactions of %s", c.name)
	}
}

func refusedAtEachStep(f *fixture) {
	e := f.heldEstate()
	for _, place := range []step{begun, locked, claimed, saved} {
		reached := 0
		refusing := f.managerOf(&spy{Store: f.store, step: func(at step) error {
			if at == place {
				reached++
			}
			if at == place || at == saved {
				return errRefused
			}
			return nil
		}}, nil)
		all := f.commandsBy(refusing, e)
		f.unchanged(func() {
			for _, c := range all {
				if c.writes {
					f.Equal(errRefused, c.call(f.ctx), "%s, refused when %s", c.name, place)
				}
			}
		})
		f.Positive(reached, "commands refused when %s", place)
	}
}

func lockAnswers(f *fixture) {
	e := f.heldEstate()
	blog, second, spare := f.getDomain("blog.example"), f.getDomain("en.blog.example"), f.getDomain("spare.example")
	var got subscriptions.LockedRows
	err := f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
		got, err = tx.Lock(subscriptions.LockSet{
			Accounts:      []accounts.ID{nobody, e.luigi.ID},
			Subscriptions: []subscriptions.ID{nobody, e.shop.ID},
			Domains:       []subscriptions.DomainID{nobody, spare.ID, second.ID},
		})
		return err
	})
	f.NoError(err)
	mario, luigi := f.getAccount(e.mario.ID), f.getAccount(e.luigi.ID)
	f.Equal([]subscriptions.Owner{{ID: mario.ID, Holds: mario.Holds}, {ID: luigi.ID, Holds: luigi.Holds}}, got.Accounts, "those named and the owners")
	f.Equal([]subscriptions.Record{
		{Subscription: f.getSubscription(e.blog.ID), Main: blog.ID},
		{Subscription: f.getSubscription(e.shop.ID), Main: f.getDomain("shop.example").ID},
		{Subscription: f.getSubscription(e.spare.ID), Main: spare.ID},
	}, got.Subscriptions, "those named and those of the domains")
	f.Equal([]subscriptions.Domain{second, spare}, got.Domains)

	err = f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
		got, err = tx.Lock(subscriptions.LockSet{Accounts: []accounts.ID{nobody}, Subscriptions: []subscriptions.ID{-1}})
		return err
	})
	f.NoError(err)
	f.Empty(got.Accounts)
	f.Empty(got.Subscriptions)
	f.Empty(got.Domains)
}

func lockAccountsAnswers(f *fixture) {
	e := f.heldEstate()
	var got []accounts.Record
	err := f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
		got, err = tx.LockAccounts([]accounts.ID{e.luigi.ID, nobody, e.mario.ID, -1, 0})
		return err
	})
	f.NoError(err)
	f.Equal([]accounts.Record{
		{Account: f.getAccount(e.mario.ID), Hash: f.hash(e.mario.ID)}, {Account: f.getAccount(e.luigi.ID), Hash: f.hash(e.luigi.ID)},
	}, got)
}

func lockHoldsAnswers(f *fixture) {
	e := f.heldEstate()
	var got []subscriptions.Owner
	err := f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
		got, err = tx.LockHolds([]accounts.ID{e.luigi.ID, nobody, e.mario.ID, e.luigi.ID, -1, 0})
		return err
	})
	f.NoError(err)
	mario := f.getAccount(e.mario.ID)
	f.NotEmpty(mario.Holds)
	f.Equal([]subscriptions.Owner{{ID: mario.ID, Holds: mario.Holds}, {ID: e.luigi.ID, Holds: f.getAccount(e.luigi.ID).Holds}}, got)
}

func belowAnswers(f *fixture) {
	e := f.heldEstate()
	var domains []subscriptions.Domain
	err := f.store.Update(f.ctx, func(tx accounts.Tx) error {
		if _, err := tx.Lock(subscriptions.LockSet{Subscriptions: []subscriptions.ID{e.spare.ID, e.blog.ID}}); err != nil {
			return err
		}
		var err error
		domains, err = tx.DomainsOf([]subscriptions.ID{e.spare.ID, e.blog.ID})
		return err
	})
	f.NoError(err)
	f.Equal([]subscriptions.Domain{
		f.getDomain("blog.example"), f.getDomain("en.blog.example"), f.getDomain("spare.example"), f.getDomain("en.spare.example"),
	}, domains)
	var locked accounts.Descendants
	err = f.store.Update(f.ctx, func(tx accounts.Tx) error {
		if _, err := tx.LockAccounts([]accounts.ID{e.mario.ID, e.luigi.ID}); err != nil {
			return err
		}
		var err error
		locked, err = tx.Descendants([]accounts.ID{e.luigi.ID, e.mario.ID})
		return err
	})
	f.NoError(err)
	read, err := f.store.Descendants(f.ctx, []accounts.ID{e.mario.ID, e.luigi.ID})
	f.NoError(err)
	f.Equal(read, locked)
	f.Len(locked.Subscriptions, 3)
}

func claimGivesIDs(f *fixture) {
	seen := map[string][]int64{}
	for range 3 {
		var got accounts.Claimed
		err := f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
			got, err = tx.Claim(accounts.Claim{NewAccounts: 3, Claim: subscriptions.Claim{NewSubscriptions: 1, NewDomains: 120}})
			return err
		})
		f.NoError(err)
		for kind, ids := range map[string][]int64{
			"accounts": as[int64](got.AccountIDs), "subscriptions": as[int64](got.SubscriptionIDs), "domains": as[int64](got.DomainIDs),
		} {
			seen[kind] = append(seen[kind], ids...)
		}
	}
	for kind, n := range map[string]int{"accounts": 9, "subscriptions": 3, "domains": 360} {
		f.Len(seen[kind], n)
		f.Positive(seen[kind][0])
		f.True(slices.IsSorted(seen[kind]), kind)
		f.Len(slices.Compact(slices.Clone(seen[kind])), n, kind)
	}
}

func claimTells(f *fixture) {
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
	f.Equal(accounts.Claimed{Login: true}, claim(accounts.Claim{Login: "mario"}))
	f.Equal(accounts.Claimed{AccountExternalID: true}, claim(accounts.Claim{AccountExternalID: "x-1", Claim: subscriptions.Claim{ExternalID: "x-1"}}))
	f.Equal(accounts.Claimed{Claimed: subscriptions.Claimed{ExternalID: true}}, claim(accounts.Claim{AccountExternalID: "x-2", Claim: subscriptions.Claim{ExternalID: "x-2"}}))
	f.Equal(accounts.Claimed{}, claim(accounts.Claim{Login: "peach", AccountExternalID: "free", Claim: subscriptions.Claim{ExternalID: "free", Names: []string{"free.example"}, Owner: mario.ID}}))

	names := []string{"www.mario.example", "deep.example", "b.deep.example", "x.a.b.deep.example", "c.deep.example", "spare.example", "x.spare.example", "luigi.example"}
	taken := []string{"luigi.example", "spare.example"}
	for owner, blocked := range map[accounts.ID][]string{
		luigi.ID:               {"b.deep.example", "deep.example", "www.mario.example", "x.a.b.deep.example"},
		-1:                     {"b.deep.example", "deep.example", "www.mario.example", "x.a.b.deep.example"},
		mario.ID:               nil,
		subscriptions.Provider: nil,
	} {
		got := claim(accounts.Claim{Claim: subscriptions.Claim{Names: names, Owner: owner}})
		f.Equal(taken, got.Names)
		f.Equal(blocked, got.Conflicting, "for %d", owner)
	}
	got := claim(accounts.Claim{Claim: subscriptions.Claim{Names: []string{"mario.example", "www.mario.example", "a.b.deep.example", "deep.example"}, Owner: luigi.ID}})
	f.Empty(got.Conflicting, "names of the claim itself are about to change hands")
}

func readBelow(f *fixture) {
	e := f.heldEstate()
	_, err := f.clients.Update(f.ctx, e.mario.ID, accounts.Changes{ExternalID: point("crm-mario")})
	f.NoError(err)
	_, err = f.subs.Update(f.ctx, e.blog.ID, subscriptions.Changes{ExternalID: point("order-blog")})
	f.NoError(err)
	got, err := f.store.Descendants(f.ctx, []accounts.ID{e.luigi.ID, nobody, e.mario.ID, e.luigi.ID})
	f.NoError(err)
	f.Equal([]accounts.Account{{ID: e.mario.ID, ExternalID: "crm-mario"}, {ID: e.luigi.ID}}, got.Accounts)
	f.Equal([]subscriptions.Subscription{
		{ID: e.blog.ID, AccountID: e.mario.ID, ExternalID: "order-blog"}, {ID: e.shop.ID, AccountID: e.mario.ID}, {ID: e.game.ID, AccountID: e.luigi.ID},
	}, got.Subscriptions)
	for i, d := range got.Domains {
		whole := f.getDomain(d.Name)
		f.Equal(subscriptions.Domain{ID: whole.ID, SubscriptionID: whole.SubscriptionID, AccountID: whole.AccountID, Name: whole.Name}, d)
		if i > 0 {
			f.Greater(d.ID, got.Domains[i-1].ID)
		}
	}
	f.Len(got.Domains, 6)
	got, err = f.store.Descendants(f.ctx, []accounts.ID{nobody})
	f.NoError(err)
	f.Empty(got.Accounts)
	f.Empty(got.Subscriptions)
	f.Empty(got.Domains)
}

func readDue(f *fixture) {
	at := f.clock.stored().Add(time.Hour)
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
	f.estate()
	for _, c := range []struct{ name, otherwise, found string }{
		{"blog.example", "", "blog.example"},
		{"blog.example", "shop.example", "blog.example"},
		{"no.example", "shop.example", "shop.example"},
		{"no.example", "", ""},
		{"no.example", "neither.example", ""},
	} {
		site, err := f.store.Site(f.ctx, c.name, c.otherwise)
		if c.found == "" {
			f.unknownName(accounts.LevelDomain, c.name, func(string) error { return err })
			continue
		}
		f.NoError(err)
		f.Equal(subscriptions.Site{Domain: f.getDomain(c.found), Plan: "basic"}, site)
	}
}

func readEvents(f *fixture) {
	log, err := f.store.Events(f.ctx, accounts.EventParams{Limit: 10})
	f.NoError(err)
	f.Empty(log.Events)
	f.Zero(log.Pruned)
	f.Zero(log.Last)
	f.estate()
	log, err = f.store.Events(f.ctx, accounts.EventParams{Limit: 1000})
	f.NoError(err)
	var numbers []int64
	for _, e := range log.Events {
		numbers = append(numbers, e.Number)
		f.Empty(e.Cursor, "cursors are the domain's")
	}
	f.Positive(numbers[0])
	f.True(slices.IsSorted(numbers))
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
	n, err := f.store.PruneEvents(f.ctx, f.clock.stored().Add(time.Microsecond))
	f.NoError(err)
	f.Equal(14, n)
	part, err = f.store.Events(f.ctx, accounts.EventParams{Limit: 9})
	f.NoError(err)
	f.Equal(accounts.EventResult{Pruned: log.Last, Last: log.Last}, accounts.EventResult{Pruned: part.Pruned, Last: part.Last})
}

func waitingObeys(f *fixture) {
	mario := f.account("mario")
	held := f.hold(func(tx accounts.Tx) error {
		_, err := tx.LockAccounts([]accounts.ID{mario.ID})
		return err
	})
	ctx, cancel := context.WithTimeout(f.ctx, 100*time.Millisecond)
	defer cancel()
	_, err := f.clients.Suspend(ctx, []accounts.ID{mario.ID}, accounts.Hold{})
	f.ErrorIs(err, context.DeadlineExceeded)
	f.ErrorIs(err, accounts.ErrUnavailable)
	f.NoError(held())
	f.Empty(f.getAccount(mario.ID).Holds)
}

// patience is how long a case holds a command open for a store that makes others wait without asking their contexts.
const patience = 5 * time.Second

// hold runs a command that does something and then stays open, until the answered function ends it and answers its
// error, or until patience is over.
func (f *fixture) hold(do func(tx accounts.Tx) error) (end func() error) {
	inside, release := make(chan struct{}, 1), make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	impatient := time.AfterFunc(patience, free)
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
		impatient.Stop()
		free()
	})
	select {
	case <-inside:
	case err := <-done:
		f.NoError(err, "the command that shall stay open")
	}
	return func() error {
		free()
		return <-done
	}
}
