package memory

import (
	"cmp"
	"context"

	"github.com/tidwall/btree"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// snapshotBatchSize is the number of rows in a batch of Snapshot.
const snapshotBatchSize = 500

// Snapshot calls fn with all rows of one root, in batches, and returns the last number of its event log. It keeps that root in
// memory until it returns; commands do not wait for it.
func (s *Store) Snapshot(ctx context.Context, fn func(accounts.Batch) error) (int64, error) {
	if s.inner {
		return 0, errInTransaction()
	}
	r, err := s.read(ctx)
	if err != nil {
		return 0, err
	}
	err = inBatches(ctx, r.accounts.byID.read, func(row *account) accounts.Account { return r.account(row).Account },
		func(rows []accounts.Account) error { return fn(accounts.Batch{Accounts: rows}) })
	if err != nil {
		return 0, err
	}
	err = inBatches(ctx, r.subscriptions.byID.read, func(row *subscription) subscriptions.Subscription { return r.subscription(row).Subscription },
		func(rows []subscriptions.Subscription) error { return fn(accounts.Batch{Subscriptions: rows}) })
	if err != nil {
		return 0, err
	}
	err = inBatches(ctx, r.domains.byID.read, func(row *domain) subscriptions.Domain {
		d, _ := r.domain(row)
		return d
	}, func(rows []subscriptions.Domain) error { return fn(accounts.Batch{Domains: rows}) })
	if err != nil {
		return 0, err
	}
	return r.log.last, nil
}

// inBatches calls fn with all rows of a published tree, as convert returns them, in batches.
func inBatches[ID cmp.Ordered, R, V any](ctx context.Context, rows *btree.Map[ID, R], convert func(R) V, fn func([]V) error) error {
	var batch []V
	var err error
	pass := func() {
		if ctx.Err() != nil {
			err = unavailable(ctx)
			return
		}
		err = fn(batch)
		batch = nil
	}
	rows.Scan(func(_ ID, row R) bool {
		batch = append(batch, convert(row))
		if len(batch) == snapshotBatchSize {
			pass()
		}
		return err == nil
	})
	if err == nil && len(batch) > 0 {
		pass()
	}
	return err
}
