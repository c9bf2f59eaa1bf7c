package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// concurrencyCases prove that commands at the same time behave as if run one after another.
func concurrencyCases() []testCase {
	return []testCase{
		{"of creations of one login at the same time exactly one wins", raceLogin},
		{"of creations of one external id at the same time exactly one wins", raceExternalID},
		{"of accounts that want one domain at the same time exactly one gets it", raceDomain},
		{"of accounts that want a name and one below it at the same time exactly one gets it", raceNeighbours},
		{"of an account that gets a name by assignment and one that adds a neighbour exactly one wins", raceAssignment},
		{"of renamings to one name at the same time exactly one wins", raceRename},
		{"no subscription slips under an account while it is removed", raceOrphan},
		{"no domain slips under a subscription while it is removed", raceDomainOrphan},
		{"no subscription is assigned to an account that is gone", raceAssignOrphan},
		{"of removals of one account at the same time exactly one wins", raceRemoval},
		{"holds of many causes placed at the same time are all there", raceHolds},
		{"commands on the same accounts in opposite orders never lock each other out", raceOrders},
		{"a subscription with domains has exactly one main domain, whatever happens at the same time", raceMain},
		{"a subscription expires once", raceExpire},
		{"one list is one moment", snapshotLists},
		{"a reader of events beside writers misses none and sees each once", readerBesideWriters},
		{"a watcher of events beside writers misses none and sees each once", watcherBesideWriters},
		{"the events tell the same story as the store", eventsTellState},
		{"texts are gone from the events of what is removed beside other commands", raceRedaction},
	}
}

// together runs fn n times at once, each again while the store says that nothing happened, and answers their errors.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = persistent(func() error { return fn(i) })
		})
	}
	close(start)
	all.Wait()
	return errs
}

// persistent repeats a command that did not happen, as ErrUnavailable asks for, until its context ends.
func persistent(command func() error) error {
	for {
		err := command()
		if !errors.Is(err, accounts.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return err
		}
	}
}

// oneWinner asserts that exactly one of the commands happened and all others were refused, and answers which.
func (f *fixture) oneWinner(errs []error, refusal error) int {
	f.t.Helper()
	winner := -1
	for i, err := range errs {
		if err == nil {
			f.Equal(-1, winner, "only one may win: %v", errs)
			winner = i
			continue
		}
		f.ErrorIs(err, refusal)
	}
	f.NotEqual(-1, winner, "one must win: %v", errs)
	return winner
}

const rivals = 6

func raceLogin(f *fixture) {
	for round := range 3 {
		login := fmt.Sprint("mario", round)
		errs := together(rivals, func(i int) error {
			in := newAccount(login)
			in.Subscription = &subscriptions.New{Domains: []string{fmt.Sprintf("mario%d-%d.example", round, i)}}
			_, err := f.clients.Create(f.ctx, in)
			return err
		})
		winner := f.oneWinner(errs, accounts.ErrTaken)
		for i, err := range errs {
			if i != winner {
				f.taken(err, accounts.Taken{Field: "login", Value: login})
			}
		}
		a, err := f.clients.GetByLogin(f.ctx, login)
		f.NoError(err)
		f.Equal(a.ID, f.getDomain(fmt.Sprintf("mario%d-%d.example", round, winner)).AccountID)
		f.Len(f.domains(subscriptions.DomainQuery{}), round+1, "the losers left nothing")
	}
}

func raceExternalID(f *fixture) {
	errs := together(rivals, func(i int) error {
		in := newAccount(fmt.Sprint("mario", i))
		in.ExternalID = "crm-1"
		_, err := f.clients.Create(f.ctx, in)
		return err
	})
	winner := f.oneWinner(errs, accounts.ErrTaken)
	f.taken(errs[(winner+1)%rivals], accounts.Taken{Field: "externalID", Value: "crm-1"})
	errs = together(rivals, func(int) error {
		_, err := f.subs.Create(f.ctx, subscriptions.New{Name: "x", ExternalID: "order-1"})
		return err
	})
	winner = f.oneWinner(errs, accounts.ErrTaken)
	f.taken(errs[(winner+1)%rivals], accounts.Taken{Field: "externalID", Value: "order-1"})
}

// subscribers creates n accounts with one subscription each, and answers the subscriptions.
func (f *fixture) subscribers(n int) []subscriptions.Subscription {
	f.t.Helper()
	var all []subscriptions.Subscription
	for i := range n {
		a := f.account(fmt.Sprintf("subscriber%d", i), fmt.Sprintf("subscriber%d.example", i))
		all = append(all, f.only(a.ID))
	}
	return all
}

func raceDomain(f *fixture) {
	all := f.subscribers(rivals)
	for round := range 3 {
		name := fmt.Sprintf("round%d.example", round)
		errs := together(rivals, func(i int) error {
			switch i % 3 {
			case 0:
				_, err := f.subs.AddDomain(f.ctx, all[i].ID, name)
				return err
			case 1:
				_, err := f.subs.Create(f.ctx, subscriptions.New{AccountID: all[i].AccountID, Domains: []string{name}})
				return field0(err)
			default:
				_, err := f.subs.RenameDomain(f.ctx, f.mainOf(all[i]), name)
				return err
			}
		})
		winner := f.oneWinner(errs, accounts.ErrTaken)
		f.taken(errs[(winner+1)%rivals], accounts.Taken{Field: "name", Value: name})
		f.Equal(all[winner].AccountID, f.getDomain(name).AccountID)
	}
}

// field0 answers the error of a creation as if its first domain had been added by itself.
func field0(err error) error {
	var taken *accounts.TakenError
	if errors.As(err, &taken) && taken.Field == "domains[0]" {
		return &accounts.TakenError{Field: "name", Value: taken.Value}
	}
	return err
}

// mainOf answers the main domain of a subscription. Goroutines call it, so it asserts nothing.
func (f *fixture) mainOf(s subscriptions.Subscription) subscriptions.DomainID {
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

func raceNeighbours(f *fixture) {
	all := f.subscribers(2)
	for round := range 8 {
		names := []string{fmt.Sprintf("round%d.example", round), fmt.Sprintf("a.b.round%d.example", round)}
		errs := together(2, func(i int) error {
			_, err := f.subs.AddDomain(f.ctx, all[i].ID, names[i])
			return err
		})
		winner := f.oneWinner(errs, accounts.ErrTaken)
		f.taken(errs[1-winner], accounts.Taken{Field: "name", Value: names[1-winner]})
	}
}

func raceAssignment(f *fixture) {
	all := f.subscribers(2)
	for round := range 6 {
		spare := f.subscription(subscriptions.Provider, fmt.Sprintf("round%d.example", round))
		errs := together(2, func(i int) error {
			if i == 0 {
				_, err := f.subs.Assign(f.ctx, []subscriptions.ID{spare.ID}, all[0].AccountID)
				return err
			}
			_, err := f.subs.AddDomain(f.ctx, all[1].ID, fmt.Sprintf("sub.round%d.example", round))
			return err
		})
		f.oneWinner(errs, accounts.ErrTaken)
	}
}

func raceRename(f *fixture) {
	all := f.subscribers(rivals)
	var ids []subscriptions.DomainID
	for _, s := range all {
		ids = append(ids, f.mainOf(s))
	}
	errs := together(rivals, func(i int) error {
		_, err := f.subs.RenameDomain(f.ctx, ids[i], "wanted.example")
		return err
	})
	winner := f.oneWinner(errs, accounts.ErrTaken)
	f.Equal(ids[winner], f.getDomain("wanted.example").ID)
	f.Len(f.domains(subscriptions.DomainQuery{}), rivals)
}

func raceOrphan(f *fixture) {
	for round := range 4 {
		mario := f.account(fmt.Sprint("mario", round))
		created := make([]subscriptions.ID, rivals)
		var removal accounts.Removal
		errs := together(rivals, func(i int) error {
			if i == rivals/2 {
				r, err := f.clients.Remove(f.ctx, []accounts.ID{mario.ID})
				removal = r
				return err
			}
			s, err := f.subs.Create(f.ctx, subscriptions.New{AccountID: mario.ID, Domains: []string{fmt.Sprintf("m%d-%d.example", round, i)}})
			created[i] = s.ID
			return err
		})
		var there []subscriptions.ID
		for i, err := range errs {
			if err == nil && i != rivals/2 {
				there = append(there, created[i])
				continue
			}
			if err != nil {
				f.NotEqual(rivals/2, i, "the removal: %v", err)
				f.notFound(err, accounts.LevelAccount, int64(mario.ID))
			}
		}
		slices.Sort(there)
		f.Equal(there, as[subscriptions.ID](removal.Subscriptions), "what was created before is what was removed")
		f.Len(removal.Domains, len(there))
		left := f.dump()
		f.Empty(left.Accounts)
		f.Empty(left.Subscriptions, "orphans")
		f.Empty(left.Domains, "orphans")
	}
}

func raceDomainOrphan(f *fixture) {
	mario := f.account("mario", "mario.example")
	home := f.only(mario.ID)
	for round := range 4 {
		s := f.subscription(mario.ID)
		mover := f.addDomain(home.ID, fmt.Sprintf("mover%d.example", round))
		var removal accounts.Removal
		errs := together(4, func(i int) error {
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
		happened := 0
		for _, err := range errs[1:] {
			if err == nil {
				happened++
				continue
			}
			f.notFound(err, accounts.LevelSubscription, int64(s.ID))
		}
		f.Len(removal.Domains, happened)
		for _, d := range f.domains(subscriptions.DomainQuery{}) {
			f.Equal(home.ID, d.SubscriptionID, "orphan %s", d.Name)
		}
	}
}

func raceAssignOrphan(f *fixture) {
	for round := range 4 {
		mario := f.account(fmt.Sprint("mario", round))
		spare := f.subscription(subscriptions.Provider, fmt.Sprintf("spare%d.example", round))
		var removal accounts.Removal
		errs := together(2, func(i int) error {
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
	e := f.estate()
	events := f.recorded(func() {
		errs := together(rivals, func(int) error {
			_, err := f.clients.Remove(f.ctx, []accounts.ID{e.luigi.ID, e.mario.ID})
			return err
		})
		f.oneWinner(errs, accounts.ErrNotFound)
	})
	f.Len(events, 2+3+6, "never a second effect")
}

func raceHolds(f *fixture) {
	for _, r := range f.rungs() {
		errs := together(rivals, func(i int) error {
			_, err := r.suspend(f.ctx, r.ids, accounts.Hold{Cause: accounts.Cause(fmt.Sprint("cause-", i%3)), Note: fmt.Sprint(i)})
			return err
		})
		f.NoError(errors.Join(errs...))
		for _, id := range r.ids {
			f.Len(r.holds(id), 3, r.level)
		}
		errs = together(3, func(i int) error {
			_, err := r.lift(f.ctx, r.ids, []accounts.Cause{accounts.Cause(fmt.Sprint("cause-", i))})
			return err
		})
		f.NoError(errors.Join(errs...))
		for _, id := range r.ids {
			f.Empty(r.holds(id), r.level)
		}
	}
}

func raceOrders(f *fixture) {
	e := f.estate()
	blog, game := f.getDomain("blog.example").ID, f.getDomain("game.example").ID
	errs := together(8, func(i int) error {
		var err error
		for range 4 {
			hold := accounts.Hold{Cause: accounts.Cause(fmt.Sprint("cause-", i)), Note: "x"}
			switch i {
			case 0:
				_, err = f.clients.Suspend(f.ctx, []accounts.ID{e.mario.ID, e.luigi.ID}, hold)
			case 1:
				_, err = f.clients.Suspend(f.ctx, []accounts.ID{e.luigi.ID, e.mario.ID}, hold)
			case 2:
				_, err = f.subs.Suspend(f.ctx, []subscriptions.ID{e.game.ID, e.blog.ID}, hold)
			case 3:
				_, err = f.subs.SuspendDomains(f.ctx, []subscriptions.DomainID{game, blog}, hold)
			case 4:
				_, err = f.subs.Assign(f.ctx, []subscriptions.ID{e.spare.ID}, e.luigi.ID)
			case 5:
				_, err = f.subs.Assign(f.ctx, []subscriptions.ID{e.spare.ID}, e.mario.ID)
			case 6:
				_, err = f.clients.Update(f.ctx, e.mario.ID, accounts.Changes{Description: point(fmt.Sprint(i))})
			case 7:
				_, err = f.clients.Activate(f.ctx, []accounts.ID{e.luigi.ID, e.mario.ID})
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
		errs := together(6, func(i int) error {
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
				f.invalid(err, "ids") // it was the main domain just then
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
			f.Equal(1, n, "main domains of subscription %d", id)
		}
	}
}

func raceExpire(f *fixture) {
	for range 5 {
		f.subscribe(subscriptions.New{Name: "x", ExpiresAt: f.clock.now().Add(1e9)})
	}
	f.clock.advance(1e10)
	changed := make([]int, rivals)
	events := f.recorded(func() {
		errs := together(rivals, func(i int) error {
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
	e := f.estate()
	const rounds = 20
	var torn []string
	errs := together(3, func(i int) error {
		for round := range rounds {
			var err error
			switch i {
			case 0:
				if round%2 == 0 {
					_, err = f.clients.Suspend(f.ctx, []accounts.ID{e.mario.ID}, accounts.Hold{})
				} else {
					_, err = f.clients.Activate(f.ctx, []accounts.ID{e.mario.ID})
				}
			case 1:
				_, err = f.subs.Assign(f.ctx, []subscriptions.ID{e.blog.ID, e.shop.ID}, []accounts.ID{e.luigi.ID, e.mario.ID}[round%2])
			case 2:
				var p subscriptions.DomainPage
				p, err = f.subs.Domains(f.ctx, subscriptions.DomainQuery{IDs: f.ids(e.blog, e.shop)})
				for _, d := range p.Items {
					if d.AccountID != p.Items[0].AccountID || d.Status() != p.Items[0].Status() {
						torn = append(torn, fmt.Sprintf("%+v", p.Items))
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
	f.Empty(torn, "domains that always share owner and status")
}

// ids answers the domains of subscriptions. Goroutines call it, so it asserts nothing.
func (f *fixture) ids(of ...subscriptions.Subscription) []subscriptions.DomainID {
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
	writers = 4
	turns   = 12
)

// write is what a writer does: commands with one, two and several events, some of them refused.
func (f *fixture) write(ctx context.Context, writer int, a accounts.Account) error {
	for turn := range turns {
		_, err := f.clients.Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{Note: fmt.Sprint(turn)})
		if err != nil {
			return err
		}
		_, err = f.clients.Create(ctx, newAccount("subscriber0"))
		if !errors.Is(err, accounts.ErrTaken) {
			return fmt.Errorf("a second account of one login: %w", err)
		}
		if turn%4 == 0 {
			_, err = f.subs.Create(ctx, subscriptions.New{AccountID: a.ID, Domains: []string{fmt.Sprintf("w%d-%d.example", writer, turn), fmt.Sprintf("x%d-%d.example", writer, turn)}})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// written is how many events the writers append.
const written = writers * (turns + turns/4*3)

func readerBesideWriters(f *fixture) {
	all := f.subscribers(writers)
	start := len(f.events())
	_, cursor := f.eventsAfter("")
	var seen []accounts.Event
	errs := together(writers+1, func(i int) error {
		if i < writers {
			return f.write(f.ctx, i, f.owner(all[i]))
		}
		for len(seen) < written {
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
	f.Len(seen, written)
}

// owner answers no more of a subscription's account than its id.
func (f *fixture) owner(s subscriptions.Subscription) accounts.Account {
	return accounts.Account{ID: s.AccountID}
}

func watcherBesideWriters(f *fixture) {
	all := f.subscribers(writers)
	before := f.events()
	done := errors.New("seen all")
	var seen []accounts.Event
	errs := together(writers+1, func(i int) error {
		if i < writers {
			return f.write(f.ctx, i, f.owner(all[i]))
		}
		return f.clients.Watch(f.ctx, before[len(before)-1].Cursor, func(e accounts.Event) error {
			seen = append(seen, e)
			if len(seen) == written {
				return done
			}
			return nil
		})
	})
	f.ErrorIs(errs[writers], done)
	f.NoError(errors.Join(errs[:writers]...))
	f.Equal(f.events()[len(before):], seen)
}

func eventsTellState(f *fixture) {
	e := f.estate()
	start := len(f.events())
	errs := together(4, func(i int) error {
		cause := accounts.Cause(fmt.Sprint("cause-", i%2))
		for range 6 {
			var err error
			if i < 2 {
				_, err = f.clients.Suspend(f.ctx, []accounts.ID{e.mario.ID, e.luigi.ID}, accounts.Hold{Cause: cause})
			} else {
				_, err = f.clients.Lift(f.ctx, []accounts.ID{e.luigi.ID, e.mario.ID}, []accounts.Cause{cause})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	f.NoError(errors.Join(errs...))
	held := map[accounts.ID]map[string]bool{e.mario.ID: {}, e.luigi.ID: {}}
	for _, event := range f.events()[start:] {
		placed, cause := event.Type == subscriptions.AccountSuspended, event.Details["cause"]
		f.NotEqual(placed, held[event.AccountID][cause], "events of one account are in the order of its commands")
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
		s := f.only(mario.ID)
		errs := together(3, func(i int) error {
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
		f.NotContains(fmt.Sprint(event.Details), "secret")
	}
}
