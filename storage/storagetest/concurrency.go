package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// concurrencyCases returns the cases about concurrent commands, which must behave as if run one after another.
func concurrencyCases() []testCase {
	return []testCase{
		{"of concurrent creations with one login exactly one succeeds", raceLogin},
		{"of concurrent creations with one external id exactly one succeeds", raceExternalID},
		{"of concurrent commands for one domain name exactly one succeeds", raceDomain},
		{"of concurrent additions of a name and its subdomain for two accounts exactly one succeeds", raceSubdomain},
		{"of a concurrent assignment of a name and addition of its subdomain for two accounts exactly one succeeds", raceAssignmentAndAddition},
		{"of concurrent renamings to one name exactly one succeeds", raceRename},
		{"no subscription is created for an account during its removal", raceRemovalAndCreation},
		{"no domain is added to a subscription during its removal", raceRemovalAndAddition},
		{"no subscription is assigned to an account during its removal", raceRemovalAndAssignment},
		{"a value that a running command has claimed is taken for all others", overlappingClaims},
		{"an account is not removed during commands on what belongs to it", removalDuringCommands},
		{"an account is not suspended during commands on what belongs to it", suspensionDuringCommands},
		{"a subscription is not assigned to another account during commands on it", assignmentDuringCommands},
		{"the new owner of a subscription is not removed during commands that waited for the assignment", removalOfNewOwner},
		{"of concurrent removals of one account exactly one succeeds", raceRemoval},
		{"concurrent holds of different causes are all kept", raceHolds},
		{"concurrent commands on the same rows in opposite orders do not deadlock", raceOrders},
		{"a subscription with domains has exactly one main domain after concurrent commands", raceMain},
		{"concurrent calls of Expire expire a subscription once", raceExpire},
		{"every list is a consistent snapshot", snapshotLists},
		{"a reader of events sees each event once while commands write", readWhileWriting},
		{"a reader of events sees the whole log of one instant while it is pruned", readWhilePruning},
		{"Follow delivers each event once while commands write", followWhileWriting},
		{"events are in the order of the concurrent commands that recorded them", eventsInOrder},
		{"a removal also redacts the events of concurrent commands", raceRedaction},
	}
}

// concurrently calls fn in n goroutines at once and returns their errors. It repeats calls that fail with ErrUnavailable.
func concurrently(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = retry(func() error { return fn(i) })
		})
	}
	close(start)
	all.Wait()
	return errs
}

// retry repeats a command as long as it fails with ErrUnavailable and its context has not ended.
func retry(command func() error) error {
	for {
		err := command()
		if !errors.Is(err, accounts.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return err
		}
	}
}

// oneSuccess asserts that exactly one of the commands succeeded and that all others failed with refusal. It returns the
// index of the one that succeeded.
func (f *fixture) oneSuccess(errs []error, refusal error) int {
	f.t.Helper()
	winner := -1
	for i, err := range errs {
		if err == nil {
			f.Equal(-1, winner, "more than one of the concurrent commands succeeded: %v", errs)
			winner = i
			continue
		}
		f.ErrorIs(err, refusal, "the commands that do not succeed must fail with this error")
	}
	f.NotEqual(-1, winner, "none of the concurrent commands succeeded: %v", errs)
	return winner
}

const racers = 6

func raceLogin(f *fixture) {
	for round := range 3 {
		login := fmt.Sprint("mario", round)
		errs := concurrently(racers, func(i int) error {
			in := newAccount(login)
			in.Subscription = &subscriptions.New{Domains: []string{fmt.Sprintf("mario%d-%d.example", round, i)}}
			_, err := f.clients.Create(f.ctx, in)
			return err
		})
		winner := f.oneSuccess(errs, accounts.ErrTaken)
		for i, err := range errs {
			if i != winner {
				f.taken(err, accounts.Taken{Field: "login", Value: login})
			}
		}
		a, err := f.clients.GetByLogin(f.ctx, login)
		f.NoError(err)
		f.Equal(a.ID, f.getDomain(fmt.Sprintf("mario%d-%d.example", round, winner)).AccountID)
		f.Len(f.domains(subscriptions.DomainQuery{}), round+1, "the refused commands must not store their domains")
	}
}

func raceExternalID(f *fixture) {
	errs := concurrently(racers, func(i int) error {
		in := newAccount(fmt.Sprint("mario", i))
		in.ExternalID = "crm-1"
		_, err := f.clients.Create(f.ctx, in)
		return err
	})
	winner := f.oneSuccess(errs, accounts.ErrTaken)
	f.taken(errs[(winner+1)%racers], accounts.Taken{Field: "externalID", Value: "crm-1"})
	errs = concurrently(racers, func(int) error {
		_, err := f.subs.Create(f.ctx, subscriptions.New{Name: "x", ExternalID: "order-1"})
		return err
	})
	winner = f.oneSuccess(errs, accounts.ErrTaken)
	f.taken(errs[(winner+1)%racers], accounts.Taken{Field: "externalID", Value: "order-1"})
}

// subscribers creates n accounts with one subscription each and returns the subscriptions.
func (f *fixture) subscribers(n int) []subscriptions.Subscription {
	f.t.Helper()
	var all []subscriptions.Subscription
	for i := range n {
		a := f.account(fmt.Sprintf("subscriber%d", i), fmt.Sprintf("subscriber%d.example", i))
		all = append(all, f.onlySubscription(a.ID))
	}
	return all
}

func raceDomain(f *fixture) {
	all := f.subscribers(racers)
	for round := range 3 {
		name := fmt.Sprintf("round%d.example", round)
		errs := concurrently(racers, func(i int) error {
			switch i % 3 {
			case 0:
				_, err := f.subs.AddDomain(f.ctx, all[i].ID, name)
				return err
			case 1:
				_, err := f.subs.Create(f.ctx, subscriptions.New{AccountID: all[i].AccountID, Domains: []string{name}})
				return asNameError(err)
			default:
				_, err := f.subs.RenameDomain(f.ctx, f.mainDomain(all[i]), name)
				return err
			}
		})
		winner := f.oneSuccess(errs, accounts.ErrTaken)
		f.taken(errs[(winner+1)%racers], accounts.Taken{Field: "name", Value: name})
		f.Equal(all[winner].AccountID, f.getDomain(name).AccountID)
	}
}

// asNameError converts an error about the first domain of a creation into the one that AddDomain returns.
func asNameError(err error) error {
	var taken *accounts.TakenError
	if errors.As(err, &taken) && taken.Field == "domains[0]" {
		return &accounts.TakenError{Field: "name", Value: taken.Value}
	}
	return err
}

// mainDomain returns the id of a subscription's main domain, or 0. It asserts nothing because goroutines call it.
func (f *fixture) mainDomain(s subscriptions.Subscription) subscriptions.DomainID {
	p, err := f.subs.Domains(f.ctx, subscriptions.DomainQuery{SubscriptionID: s.ID})
	if err != nil {
		return 0
	}
	for _, d := range p.Items {
		if d.Main {
			return d.ID
		}
	}
	return 0
}

func raceSubdomain(f *fixture) {
	all := f.subscribers(2)
	for round := range 8 {
		names := []string{fmt.Sprintf("round%d.example", round), fmt.Sprintf("a.b.round%d.example", round)}
		errs := concurrently(2, func(i int) error {
			_, err := f.subs.AddDomain(f.ctx, all[i].ID, names[i])
			return err
		})
		winner := f.oneSuccess(errs, accounts.ErrTaken)
		f.taken(errs[1-winner], accounts.Taken{Field: "name", Value: names[1-winner]})
	}
}

func raceAssignmentAndAddition(f *fixture) {
	all := f.subscribers(2)
	for round := range 6 {
		spare := f.subscription(subscriptions.Provider, fmt.Sprintf("round%d.example", round))
		errs := concurrently(2, func(i int) error {
			if i == 0 {
				_, err := f.subs.Assign(f.ctx, []subscriptions.ID{spare.ID}, all[0].AccountID)
				return err
			}
			_, err := f.subs.AddDomain(f.ctx, all[1].ID, fmt.Sprintf("sub.round%d.example", round))
			return err
		})
		f.oneSuccess(errs, accounts.ErrTaken)
	}
}

func raceRename(f *fixture) {
	all := f.subscribers(racers)
	var ids []subscriptions.DomainID
	for _, s := range all {
		ids = append(ids, f.mainDomain(s))
	}
	errs := concurrently(racers, func(i int) error {
		_, err := f.subs.RenameDomain(f.ctx, ids[i], "wanted.example")
		return err
	})
	winner := f.oneSuccess(errs, accounts.ErrTaken)
	f.Equal(ids[winner], f.getDomain("wanted.example").ID)
	f.Len(f.domains(subscriptions.DomainQuery{}), racers)
}

func raceRemovalAndCreation(f *fixture) {
	for round := range 4 {
		mario := f.account(fmt.Sprint("mario", round))
		created := make([]subscriptions.ID, racers)
		var removal accounts.Removal
		errs := concurrently(racers, func(i int) error {
			if i == racers/2 {
				r, err := f.clients.Remove(f.ctx, []accounts.ID{mario.ID})
				removal = r
				return err
			}
			s, err := f.subs.Create(f.ctx, subscriptions.New{AccountID: mario.ID, Domains: []string{fmt.Sprintf("m%d-%d.example", round, i)}})
			created[i] = s.ID
			return err
		})
		var succeeded []subscriptions.ID
		for i, err := range errs {
			if err == nil && i != racers/2 {
				succeeded = append(succeeded, created[i])
				continue
			}
			if err != nil {
				f.NotEqual(racers/2, i, "the removal must succeed: %v", err)
				f.notFound(err, accounts.LevelAccount, int64(mario.ID))
			}
		}
		slices.Sort(succeeded)
		f.Equal(succeeded, suite.As[subscriptions.ID](removal.Subscriptions), "the removal must report exactly the subscriptions that were created before it")
		f.Len(removal.Domains, len(succeeded))
		left := f.dump()
		f.Empty(left.Accounts)
		f.Empty(left.Subscriptions, "subscriptions of an account that was removed")
		f.Empty(left.Domains, "domains of an account that was removed")
	}
}

func raceRemovalAndAddition(f *fixture) {
	mario := f.account("mario", "mario.example")
	home := f.onlySubscription(mario.ID)
	for round := range 4 {
		s := f.subscription(mario.ID)
		mover := f.addDomain(home.ID, fmt.Sprintf("mover%d.example", round))
		var removal accounts.Removal
		errs := concurrently(4, func(i int) error {
			switch i {
			case 0:
				r, err := f.subs.Remove(f.ctx, []subscriptions.ID{s.ID})
				removal = r
				return err
			case 1:
				_, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{mover.ID}, s.ID)
				return err
			default:
				_, err := f.subs.AddDomain(f.ctx, s.ID, fmt.Sprintf("new%d-%d.example", round, i))
				return err
			}
		})
		f.NoError(errs[0])
		succeeded := 0
		for _, err := range errs[1:] {
			if err == nil {
				succeeded++
				continue
			}
			f.notFound(err, accounts.LevelSubscription, int64(s.ID))
		}
		f.Len(removal.Domains, succeeded)
		for _, d := range f.domains(subscriptions.DomainQuery{}) {
			f.Equal(home.ID, d.SubscriptionID, "%s belongs to a subscription that was removed", d.Name)
		}
	}
}

func raceRemovalAndAssignment(f *fixture) {
	for round := range 4 {
		mario := f.account(fmt.Sprint("mario", round))
		spare := f.subscription(subscriptions.Provider, fmt.Sprintf("spare%d.example", round))
		var removal accounts.Removal
		errs := concurrently(2, func(i int) error {
			if i == 0 {
				r, err := f.clients.Remove(f.ctx, []accounts.ID{mario.ID})
				removal = r
				return err
			}
			_, err := f.subs.Assign(f.ctx, []subscriptions.ID{spare.ID}, mario.ID)
			return err
		})
		f.NoError(errs[0])
		if errs[1] == nil {
			f.Equal([]subscriptions.ID{spare.ID}, removal.Subscriptions)
			_, err := f.subs.Get(f.ctx, spare.ID)
			f.ErrorIs(err, accounts.ErrNotFound)
			continue
		}
		f.notFound(errs[1], accounts.LevelAccount, int64(mario.ID))
		f.Equal(subscriptions.Provider, f.getSubscription(spare.ID).AccountID)
	}
}

func raceRemoval(f *fixture) {
	data := f.seed()
	events := f.eventsOf(func() {
		errs := concurrently(racers, func(int) error {
			_, err := f.clients.Remove(f.ctx, []accounts.ID{data.luigi.ID, data.mario.ID})
			return err
		})
		f.oneSuccess(errs, accounts.ErrNotFound)
	})
	f.Len(events, 2+3+6, "one removal must record one event for each removed row")
}

func raceHolds(f *fixture) {
	for _, ops := range f.levels() {
		errs := concurrently(racers, func(i int) error {
			_, err := ops.Suspend(f.ctx, ops.ids, accounts.Hold{Cause: accounts.Cause(fmt.Sprint("cause-", i%3)), Note: fmt.Sprint(i)})
			return err
		})
		f.NoError(errors.Join(errs...))
		for _, id := range ops.ids {
			f.Len(ops.holds(id), 3, "at the level %s", ops.level)
		}
		errs = concurrently(3, func(i int) error {
			_, err := ops.Lift(f.ctx, ops.ids, []accounts.Cause{accounts.Cause(fmt.Sprint("cause-", i))})
			return err
		})
		f.NoError(errors.Join(errs...))
		for _, id := range ops.ids {
			f.Empty(ops.holds(id), "at the level %s", ops.level)
		}
	}
}

func raceOrders(f *fixture) {
	data := f.seed()
	blog, game := f.getDomain("blog.example").ID, f.getDomain("game.example").ID
	errs := concurrently(8, func(i int) error {
		var err error
		for range 4 {
			hold := accounts.Hold{Cause: accounts.Cause(fmt.Sprint("cause-", i)), Note: "x"}
			switch i {
			case 0:
				_, err = f.clients.Suspend(f.ctx, []accounts.ID{data.mario.ID, data.luigi.ID}, hold)
			case 1:
				_, err = f.clients.Suspend(f.ctx, []accounts.ID{data.luigi.ID, data.mario.ID}, hold)
			case 2:
				_, err = f.subs.Suspend(f.ctx, []subscriptions.ID{data.game.ID, data.blog.ID}, hold)
			case 3:
				_, err = f.subs.SuspendDomains(f.ctx, []subscriptions.DomainID{game, blog}, hold)
			case 4:
				_, err = f.subs.Assign(f.ctx, []subscriptions.ID{data.spare.ID}, data.luigi.ID)
			case 5:
				_, err = f.subs.Assign(f.ctx, []subscriptions.ID{data.spare.ID}, data.mario.ID)
			case 6:
				_, err = f.clients.Update(f.ctx, data.mario.ID, accounts.Changes{Description: ptr(fmt.Sprint(i))})
			case 7:
				_, err = f.clients.Activate(f.ctx, []accounts.ID{data.luigi.ID, data.mario.ID})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	f.NoError(errors.Join(errs...))
}

func raceMain(f *fixture) {
	s := f.subscription(subscriptions.Provider, "d0.example", "d1.example", "d2.example", "d3.example")
	other := f.subscription(subscriptions.Provider, "other.example")
	var ids []subscriptions.DomainID
	for _, d := range f.domains(subscriptions.DomainQuery{SubscriptionID: s.ID}) {
		ids = append(ids, d.ID)
	}
	for range 3 {
		errs := concurrently(6, func(i int) error {
			switch i {
			case 0, 1:
				return f.subs.SetMainDomain(f.ctx, ids[i])
			case 2:
				_, err := f.subs.MoveDomains(f.ctx, ids[1:2], other.ID)
				return err
			case 3:
				_, err := f.subs.MoveDomains(f.ctx, ids[:1], other.ID)
				return err
			case 4:
				_, err := f.subs.RemoveDomains(f.ctx, ids[2:3])
				return err
			default:
				_, err := f.subs.MoveDomains(f.ctx, ids[:2], s.ID)
				return err
			}
		})
		for _, err := range errs {
			if err != nil && !errors.Is(err, accounts.ErrNotFound) {
				f.invalid(err, "ids") // it was the main domain at that time
			}
		}
		mains := map[subscriptions.ID]int{}
		for _, d := range f.domains(subscriptions.DomainQuery{}) {
			mains[d.SubscriptionID] += 0
			if d.Main {
				mains[d.SubscriptionID]++
			}
		}
		for id, n := range mains {
			f.Equal(1, n, "number of main domains of subscription %d", id)
		}
	}
}

func raceExpire(f *fixture) {
	for range 5 {
		f.subscribe(subscriptions.New{Name: "x", ExpiresAt: f.clock.now().Add(1e9)})
	}
	f.clock.advance(1e10)
	changed := make([]int, racers)
	events := f.eventsOf(func() {
		errs := concurrently(racers, func(i int) error {
			out, err := f.subs.Expire(f.ctx)
			changed[i] = len(out.Changed)
			return err
		})
		f.NoError(errors.Join(errs...))
	})
	f.Len(events, 5)
	sum := 0
	for _, n := range changed {
		sum += n
	}
	f.Equal(5, sum)
}

func snapshotLists(f *fixture) {
	data := f.seed()
	const rounds = 20
	var inconsistent []string
	errs := concurrently(3, func(i int) error {
		for round := range rounds {
			var err error
			switch i {
			case 0:
				if round%2 == 0 {
					_, err = f.clients.Suspend(f.ctx, []accounts.ID{data.mario.ID}, accounts.Hold{})
				} else {
					_, err = f.clients.Activate(f.ctx, []accounts.ID{data.mario.ID})
				}
			case 1:
				_, err = f.subs.Assign(f.ctx, []subscriptions.ID{data.blog.ID, data.shop.ID}, []accounts.ID{data.luigi.ID, data.mario.ID}[round%2])
			case 2:
				var p subscriptions.DomainPage
				p, err = f.subs.Domains(f.ctx, subscriptions.DomainQuery{IDs: f.domainIDs(data.blog, data.shop)})
				for _, d := range p.Items {
					if d.AccountID != p.Items[0].AccountID || d.Status() != p.Items[0].Status() {
						inconsistent = append(inconsistent, fmt.Sprintf("%+v", p.Items))
					}
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	f.NoError(errors.Join(errs...))
	f.Empty(inconsistent, "pages with different owners or statuses of domains that always have the same")
}

// domainIDs returns the ids of the domains of subscriptions. It asserts nothing because goroutines call it.
func (f *fixture) domainIDs(of ...subscriptions.Subscription) []subscriptions.DomainID {
	all := []subscriptions.DomainID{}
	for _, s := range of {
		p, _ := f.subs.Domains(f.ctx, subscriptions.DomainQuery{SubscriptionID: s.ID})
		for _, d := range p.Items {
			all = append(all, d.ID)
		}
	}
	return all
}

const (
	writers      = 4
	writerRounds = 12
)

// write runs the commands of one writer: some record one event, some record three, and some are refused.
func (f *fixture) write(ctx context.Context, writer int, a accounts.Account) error {
	for round := range writerRounds {
		_, err := f.clients.Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{Note: fmt.Sprint(round)})
		if err != nil {
			return err
		}
		_, err = f.clients.Create(ctx, newAccount("subscriber0"))
		if !errors.Is(err, accounts.ErrTaken) {
			return fmt.Errorf("creating a second account with one login must fail with ErrTaken: %w", err)
		}
		if round%4 == 0 {
			_, err = f.subs.Create(ctx, subscriptions.New{AccountID: a.ID, Domains: []string{fmt.Sprintf("w%d-%d.example", writer, round), fmt.Sprintf("x%d-%d.example", writer, round)}})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// writtenEvents is the number of events that the writers record.
const writtenEvents = writers * (writerRounds + writerRounds/4*3)

func readWhileWriting(f *fixture) {
	all := f.subscribers(writers)
	start := len(f.events())
	_, cursor := f.eventsAfter("")
	var seen []accounts.Event
	errs := concurrently(writers+1, func(i int) error {
		if i < writers {
			return f.write(f.ctx, i, f.ownerOf(all[i]))
		}
		for len(seen) < writtenEvents {
			p, err := f.clients.Events(f.ctx, accounts.EventQuery{After: cursor, Limit: 1 + len(seen)%7})
			if err != nil {
				return err
			}
			seen, cursor = append(seen, p.Items...), p.Next
		}
		return nil
	})
	f.NoError(errors.Join(errs...))
	f.Equal(f.events()[start:], seen)
	f.Len(seen, writtenEvents)
}

// readWhilePruning reads the whole log again and again, the oldest events last, while these are pruned. Each result must have
// every event between its bounds.
func readWhilePruning(f *fixture) {
	const batches, batchSize = 25, 40
	mario := f.account("mario").ID
	begin := f.clock.storedNow().Add(time.Second)
	for i := range batches {
		event := accounts.Event{At: begin.Add(time.Duration(i) * time.Second), Type: subscriptions.AccountSignedInAs, AccountID: mario}
		f.NoError(f.store.Update(f.ctx, func(tx accounts.Tx) error {
			return tx.Save(accounts.Writes{Writes: subscriptions.Writes{Events: slices.Repeat([]accounts.Event{event}, batchSize)}})
		}))
	}
	var pruned atomic.Bool
	errs := concurrently(3, func(i int) error {
		if i == 0 {
			defer pruned.Store(true)
			for batch := range batches {
				if _, err := f.store.PruneEvents(f.ctx, begin.Add(time.Duration(batch)*time.Second+1)); err != nil {
					return err
				}
			}
			return nil
		}
		q := accounts.EventParams{Limit: 2 * batches * batchSize, Desc: true}
		if i == 1 {
			q.AccountID = &mario
		}
		for !pruned.Load() {
			log, err := f.store.Events(f.ctx, q)
			if err != nil {
				return err
			}
			for j, e := range log.Events {
				if e.Number != log.Last-int64(j) || e.AccountID != mario {
					return fmt.Errorf("event %d of the log from %d to %d, newest first, has number %d: %+v", j, log.Pruned+1, log.Last, e.Number, e.Event)
				}
			}
			if n := int64(len(log.Events)); n != log.Last-log.Pruned {
				return fmt.Errorf("the log from %d to %d has %d events", log.Pruned+1, log.Last, n)
			}
		}
		return nil
	})
	f.NoError(errors.Join(errs...))
}

// ownerOf returns an Account with only the id of a subscription's owner.
func (f *fixture) ownerOf(s subscriptions.Subscription) accounts.Account {
	return accounts.Account{ID: s.AccountID}
}

func followWhileWriting(f *fixture) {
	all := f.subscribers(writers)
	before := f.events()
	done := errors.New("seen all")
	var seen []accounts.Event
	errs := concurrently(writers+1, func(i int) error {
		if i < writers {
			return f.write(f.ctx, i, f.ownerOf(all[i]))
		}
		return f.clients.Follow(f.ctx, before[len(before)-1].Cursor, nil, func(_ context.Context, batch []accounts.Event, _ accounts.Cursor) error {
			seen = append(seen, batch...)
			if len(seen) == writtenEvents {
				return done
			}
			return nil
		})
	})
	f.ErrorIs(errs[writers], done)
	f.NoError(errors.Join(errs[:writers]...))
	f.Equal(f.events()[len(before):], seen)
}

func eventsInOrder(f *fixture) {
	data := f.seed()
	start := len(f.events())
	errs := concurrently(4, func(i int) error {
		cause := accounts.Cause(fmt.Sprint("cause-", i%2))
		for range 6 {
			var err error
			if i < 2 {
				_, err = f.clients.Suspend(f.ctx, []accounts.ID{data.mario.ID, data.luigi.ID}, accounts.Hold{Cause: cause})
			} else {
				_, err = f.clients.Lift(f.ctx, []accounts.ID{data.luigi.ID, data.mario.ID}, []accounts.Cause{cause})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	f.NoError(errors.Join(errs...))
	held := map[accounts.ID]map[string]bool{data.mario.ID: {}, data.luigi.ID: {}}
	for _, event := range f.events()[start:] {
		placed, cause := event.Type == subscriptions.AccountSuspended, event.Details["cause"]
		f.NotEqual(placed, held[event.AccountID][cause], "the events of an account must be in the order of its commands")
		held[event.AccountID][cause] = placed
	}
	for id, causes := range held {
		n := 0
		for _, placed := range causes {
			if placed {
				n++
			}
		}
		f.Len(f.getAccount(id).Holds, n)
	}
}

func raceRedaction(f *fixture) {
	for round := range 4 {
		mario := f.account(fmt.Sprint("mario", round), fmt.Sprintf("mario%d.example", round))
		s := f.onlySubscription(mario.ID)
		errs := concurrently(3, func(i int) error {
			hold := accounts.Hold{Cause: accounts.Cause(fmt.Sprint("cause-", round)), Note: "secret", Message: "secret", Public: "secret"}
			switch i {
			case 0:
				_, err := f.clients.Remove(f.ctx, []accounts.ID{mario.ID})
				return err
			case 1:
				_, err := f.subs.Suspend(f.ctx, []subscriptions.ID{s.ID}, hold)
				return err
			default:
				_, err := f.clients.Suspend(f.ctx, []accounts.ID{mario.ID}, hold)
				return err
			}
		})
		f.NoError(errs[0])
		for _, err := range errs[1:] {
			if err != nil {
				f.ErrorIs(err, accounts.ErrNotFound)
			}
		}
	}
	for _, event := range f.events() {
		f.NotContains(fmt.Sprint(event.Details), "secret", "the events of removed rows must be redacted")
	}
}
