package memory

import (
	"context"
	"iter"
	"sync/atomic"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// Dump calls fn with everything that one root contains. It keeps that root in memory until it returns; commands do not wait for
// it.
func (s *Store) Dump(ctx context.Context, fn func(accounts.DumpPart) error) error {
	if s.inner {
		return errInTransaction()
	}
	r, err := s.read(ctx)
	if err != nil {
		return err
	}
	if err := fn(accounts.DumpPart{Head: r.dumpHead(s.ids)}); err != nil {
		return err
	}
	err = inBatches(ctx, convertAll(r.accounts.byID.read, r.account),
		func(rows []accounts.Record) error { return fn(accounts.DumpPart{Accounts: rows}) })
	if err != nil {
		return err
	}
	err = inBatches(ctx, convertAll(r.subscriptions.byID.read, r.subscription),
		func(rows []subscriptions.Record) error { return fn(accounts.DumpPart{Subscriptions: rows}) })
	if err != nil {
		return err
	}
	err = inBatches(ctx, convertAll(r.domains.byID.read, r.ownDomain),
		func(rows []subscriptions.Domain) error { return fn(accounts.DumpPart{Domains: rows}) })
	if err != nil {
		return err
	}
	err = inBatches(ctx, r.entries.all(), func(rows []accounts.EntryWrite) error { return fn(accounts.DumpPart{Entries: rows}) })
	if err != nil {
		return err
	}
	return inBatches(ctx, r.log.all(), func(rows []accounts.NumberedEvent) error { return fn(accounts.DumpPart{Events: rows}) })
}

// dumpHead returns the numbers that were allocated and given. It reads the ids after the root was published, so that they are
// at least as high as those of its rows.
func (r *root) dumpHead(last *ids) *accounts.DumpHead {
	return &accounts.DumpHead{
		AccountID:      accounts.ID(last.account.Load()),
		SubscriptionID: subscriptions.ID(last.subscription.Load()),
		DomainID:       subscriptions.DomainID(last.domain.Load()),
		EntryVersion:   last.entryVersion.Load(),
		Event:          r.log.last,
		Pruned:         r.log.pruned,
		Rows:           r.rows(),
	}
}

// rows returns the number of all rows, entries and events.
func (r *root) rows() int {
	return r.accounts.byID.read.Len() + r.subscriptions.byID.read.Len() + r.domains.byID.read.Len() +
		r.entries.byKey.read.Len() + r.log.byAccount.read.Len()
}

// all returns all entries by bucket and key. The caller owns them.
func (t *entryTrees) all() iter.Seq[accounts.EntryWrite] {
	return func(yield func(accounts.EntryWrite) bool) {
		t.byKey.read.Scan(func(row *entry) bool {
			return yield(accounts.EntryWrite{Bucket: row.bucket, Entry: row.entry(true)})
		})
	}
}

// all returns all events by number.
func (l *eventLog) all() iter.Seq[accounts.NumberedEvent] {
	return func(yield func(accounts.NumberedEvent) bool) {
		for number := range l.storedNumbers(0, false) {
			if !yield(l.numberedEvent(number)) {
				return
			}
		}
	}
}

// Restore builds a root from the parts of a dump and publishes it. Commands wait for it until they obey their contexts; reads do
// not wait.
func (s *Store) Restore(ctx context.Context, dump func(write func(accounts.DumpPart) error) error) error {
	if s.inner {
		return errInTransaction()
	}
	return s.write(ctx, func(r *root) error {
		if r.rows() > 0 || r.log.last > 0 {
			return input.Invalid("store", "empty", "")
		}
		restored := restoration{ctx: ctx, root: r}
		if err := dump(restored.write); err != nil {
			return err
		}
		return restored.end(s.ids)
	})
}

// restoration is a running Restore.
type restoration struct {
	ctx  context.Context //nolint:containedctx // write obeys the ctx of Restore
	root *root
	head accounts.DumpHead
}

func (r *restoration) write(p accounts.DumpPart) error {
	if r.ctx.Err() != nil {
		return unavailable(r.ctx)
	}
	if p.Head != nil {
		r.head = *p.Head
	}
	r.root.save(p.Writes())
	r.root.log.restore(p.Events)
	return nil
}

// end makes the store continue after the numbers of the head.
func (r *restoration) end(last *ids) error {
	if r.ctx.Err() != nil {
		return unavailable(r.ctx)
	}
	r.root.log.extend(r.head.Event)
	r.root.log.pruned = r.head.Pruned
	raise(&last.account, int64(r.head.AccountID))
	raise(&last.subscription, int64(r.head.SubscriptionID))
	raise(&last.domain, int64(r.head.DomainID))
	raise(&last.entryVersion, r.head.EntryVersion)
	return nil
}

// raise makes n at least to. Nothing else writes it concurrently.
func raise(n *atomic.Int64, to int64) { n.Store(max(n.Load(), to)) }
