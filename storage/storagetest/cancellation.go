package storagetest

import (
	"context"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/recording"
	"github.com/clientele-go/clientele/subscriptions"
)

// cancellationCases returns the cases about contexts: every method obeys its context, and ErrUnavailable means that
// nothing has changed.
func cancellationCases() []testCase {
	return []testCase{
		{"every method with a cancelled context fails with ErrUnavailable and changes nothing", cancelledBefore},
		{"every method past its deadline fails with ErrUnavailable and changes nothing", deadlinePassed},
		{"every command whose context ends in any phase fails with ErrUnavailable and changes nothing", cancelledInEachPhase},
		{"every method of the store obeys its context", cancelledReads},
		{"Follow delivers no event after its context has ended", cancelledFollow},
		{"a Snapshot whose context ends between two batches fails with ErrUnavailable", cancelledSnapshot},
		{"a command whose context ends during AllowDomain or PasswordPolicy fails with ErrUnavailable", cancelledCallback},
	}
}

func cancelledBefore(f *fixture) {
	all := f.commands(f.seedSuspended())
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	f.allUnavailable(all, ctx, context.Canceled)
}

func deadlinePassed(f *fixture) {
	all := f.commands(f.seedSuspended())
	ctx, cancel := context.WithDeadline(f.ctx, time.Unix(1, 0))
	defer cancel()
	f.allUnavailable(all, ctx, context.DeadlineExceeded)
}

// allUnavailable asserts that every method fails with ErrUnavailable and cause, and that nothing changes.
func (f *fixture) allUnavailable(all []command, ctx context.Context, cause error) {
	f.t.Helper()
	f.unchanged(func() {
		for _, c := range all {
			err := c.call(ctx)
			f.ErrorIs(err, cause, c.name)
			f.ErrorIs(err, accounts.ErrUnavailable, c.name)
		}
		_, err := f.clients.PruneEvents(ctx, f.clock.now().Add(time.Hour))
		f.ErrorIs(err, cause)
		f.ErrorIs(err, accounts.ErrUnavailable)
	})
}

func cancelledInEachPhase(f *fixture) {
	data := f.seedSuspended()
	for _, target := range []recording.Phase{recording.AfterBegin, recording.AfterLock, recording.AfterClaim, recording.AfterSave} {
		cancel := func() {}
		m := f.managerFor(&recording.Store{Store: f.store, OnPhase: func(at recording.Phase) error {
			if at == target || at == recording.AfterSave {
				cancel()
			}
			return nil
		}}, nil)
		all := f.commandsBy(m, data)
		f.unchanged(func() {
			for _, c := range all {
				if !c.writes {
					continue
				}
				var ctx context.Context
				ctx, cancel = context.WithCancel(f.ctx)
				err := c.call(ctx)
				cancel()
				f.ErrorIs(err, context.Canceled, "%s, cancelled after %s", c.name, target)
				f.ErrorIs(err, accounts.ErrUnavailable, "%s, cancelled after %s", c.name, target)
			}
		})
	}
}

func cancelledReads(f *fixture) {
	f.seed()
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	for method, read := range map[string]func() error{
		"Descendants":      func() error { _, err := f.store.Descendants(ctx, []accounts.ID{1}); return err },
		"DueSubscriptions": func() error { _, err := f.store.DueSubscriptions(ctx, f.clock.storedNow(), 1); return err },
		"Site":             func() error { _, err := f.store.Site(ctx, "blog.example", ""); return err },
		"Account":          func() error { _, err := f.store.Account(ctx, accounts.AccountKey{Login: "unknown"}); return err },
		"Events":           func() error { _, err := f.store.Events(ctx, accounts.EventParams{Limit: 1}); return err },
		"Snapshot":         func() error { _, err := f.store.Snapshot(ctx, func(accounts.Batch) error { return nil }); return err },
		"Dump":             func() error { return f.store.Dump(ctx, func(accounts.DumpPart) error { return nil }) },
		"Update":           func() error { return f.store.Update(ctx, func(accounts.Tx) error { return nil }) },
	} {
		err := read()
		f.ErrorIs(err, context.Canceled, method)
		f.ErrorIs(err, accounts.ErrUnavailable, method)
	}
}

func cancelledFollow(f *fixture) {
	f.account("mario")
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	err := f.clients.Follow(ctx, "", nil, func(context.Context, []accounts.Event, accounts.Cursor) error {
		f.Fail("Follow delivered events after its context had ended")
		return nil
	})
	f.ErrorIs(err, context.Canceled)
}

func cancelledSnapshot(f *fixture) {
	f.seed()
	ctx, cancel := context.WithCancel(f.ctx)
	calls := 0
	cursor, err := f.clients.Snapshot(ctx, func(accounts.Batch) error {
		calls++
		cancel()
		return nil
	})
	f.ErrorIs(err, context.Canceled)
	f.ErrorIs(err, accounts.ErrUnavailable)
	f.Empty(cursor)
	f.Equal(1, calls)
	f.takeSnapshot()
}

func cancelledCallback(f *fixture) {
	data := f.seed()
	ctx, cancel := context.WithCancel(f.ctx)
	m := f.manager(func(o *accounts.Options) {
		o.AllowDomain = func(ctx context.Context, _ accounts.ID, _ string) error { cancel(); return ctx.Err() }
		o.PasswordPolicy = func(ctx context.Context, _, _ string) error { cancel(); return ctx.Err() }
	})
	in := newAccount("peach")
	in.Password, in.PasswordHash = "", "$plain$x"
	in.Subscription = &subscriptions.New{Domains: []string{"peach.example"}}
	f.unchanged(func() {
		for method, call := range map[string]func() error{
			"Create":    func() error { _, err := m.Create(ctx, in); return err },
			"AddDomain": func() error { _, err := m.Subscriptions().AddDomain(ctx, data.blog.ID, "new.example"); return err },
			"Assign": func() error {
				_, err := m.Subscriptions().Assign(ctx, []subscriptions.ID{data.spare.ID}, data.mario.ID)
				return err
			},
			"SetPassword": func() error { return m.SetPassword(ctx, data.mario.ID, "another password") },
		} {
			ctx, cancel = context.WithCancel(f.ctx)
			err := call()
			f.ErrorIs(err, context.Canceled, method)
			f.ErrorIs(err, accounts.ErrUnavailable, method)
			cancel()
		}
	})
}
