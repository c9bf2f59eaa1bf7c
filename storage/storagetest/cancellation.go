package storagetest

import (
	"context"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// cancellationCases prove that every context is obeyed, and that an error says where things stand.
func cancellationCases() []testCase {
	return []testCase{
		{"every method with a cancelled context is unavailable and changes nothing", cancelledBefore},
		{"every method past its deadline is unavailable and changes nothing", deadlinePassed},
		{"every command whose context ends at any step is unavailable and changes nothing", cancelledInside},
		{"the store itself obeys the context in every read", cancelledReads},
		{"a watcher whose context has ended is told nothing", cancelledWatch},
		{"a context that ends while the host is asked makes a command unavailable", cancelledHost},
	}
}

func cancelledBefore(f *fixture) {
	all := f.commands(f.heldEstate())
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	f.allUnavailable(all, ctx, context.Canceled)
}

func deadlinePassed(f *fixture) {
	all := f.commands(f.heldEstate())
	ctx, cancel := context.WithDeadline(f.ctx, time.Unix(1, 0))
	defer cancel()
	f.allUnavailable(all, ctx, context.DeadlineExceeded)
}

// allUnavailable asserts that every method says that nothing happened, and why, and that nothing did.
func (f *fixture) allUnavailable(all []command, ctx context.Context, why error) {
	f.t.Helper()
	f.unchanged(func() {
		for _, c := range all {
			err := c.call(ctx)
			f.ErrorIs(err, why, c.name)
			f.ErrorIs(err, accounts.ErrUnavailable, c.name)
		}
		_, err := f.clients.PruneEvents(ctx, f.clock.now().Add(time.Hour))
		f.ErrorIs(err, why)
		f.ErrorIs(err, accounts.ErrUnavailable)
	})
}

func cancelledInside(f *fixture) {
	e := f.heldEstate()
	for _, place := range []step{begun, locked, claimed, saved} {
		cancel := func() {}
		cancelling := f.managerOf(&spy{Store: f.store, step: func(at step) error {
			if at == place || at == saved {
				cancel()
			}
			return nil
		}}, nil)
		all := f.commandsBy(cancelling, e)
		f.unchanged(func() {
			for _, c := range all {
				if !c.writes {
					continue
				}
				var ctx context.Context
				ctx, cancel = context.WithCancel(f.ctx)
				err := c.call(ctx)
				cancel()
				f.ErrorIs(err, context.Canceled, "%s, cancelled when %s", c.name, place)
				f.ErrorIs(err, accounts.ErrUnavailable, "%s, cancelled when %s", c.name, place)
			}
		})
	}
}

func cancelledReads(f *fixture) {
	f.estate()
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	for what, read := range map[string]func() error{
		"Below":               func() error { _, err := f.store.Descendants(ctx, []accounts.ID{1}); return err },
		"Due":                 func() error { _, err := f.store.DueSubscriptions(ctx, f.clock.stored(), 1); return err },
		"Site":                func() error { _, err := f.store.Site(ctx, "blog.example", ""); return err },
		"Account":             func() error { _, err := f.store.Account(ctx, accounts.AccountKey{Login: "nobody"}); return err },
		"Events":              func() error { _, err := f.store.Events(ctx, accounts.EventParams{Limit: 1}); return err },
		"Update, never begun": func() error { return f.store.Update(ctx, func(accounts.Tx) error { return nil }) },
	} {
		err := read()
		f.ErrorIs(err, context.Canceled, what)
		f.ErrorIs(err, accounts.ErrUnavailable, what)
	}
}

func cancelledWatch(f *fixture) {
	f.account("mario")
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	err := f.clients.Watch(ctx, "", func(accounts.Event) error {
		f.Fail("called after the end")
		return nil
	})
	f.ErrorIs(err, context.Canceled)
}

func cancelledHost(f *fixture) {
	e := f.estate()
	ctx, cancel := context.WithCancel(f.ctx)
	m := f.manager(func(o *accounts.Options) {
		o.AllowDomain = func(ctx context.Context, _ accounts.ID, _ string) error { cancel(); return ctx.Err() }
		o.PasswordPolicy = func(ctx context.Context, _, _ string) error { cancel(); return ctx.Err() }
	})
	in := newAccount("peach")
	in.Password, in.PasswordHash = "", "$plain$x"
	in.Subscription = &subscriptions.New{Domains: []string{"peach.example"}}
	f.unchanged(func() {
		for what, call := range map[string]func() error{
			"Create":    func() error { _, err := m.Create(ctx, in); return err },
			"AddDomain": func() error { _, err := m.Subscriptions().AddDomain(ctx, e.blog.ID, "new.example"); return err },
			"Assign": func() error {
				_, err := m.Subscriptions().Assign(ctx, []subscriptions.ID{e.spare.ID}, e.mario.ID)
				return err
			},
			"SetPassword": func() error { return m.SetPassword(ctx, e.mario.ID, "another password") },
		} {
			ctx, cancel = context.WithCancel(f.ctx)
			err := call()
			f.ErrorIs(err, context.Canceled, what)
			f.ErrorIs(err, accounts.ErrUnavailable, what)
			cancel()
		}
	})
}
