package memory

import (
	"cmp"
	"context"
	"iter"

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
	err = inBatches(ctx, convertAll(r.accounts.byID.read, func(row *account) accounts.Account { return r.account(row).Account }),
		func(rows []accounts.Account) error { return fn(accounts.Batch{Accounts: rows}) })
	if err != nil {
		return 0, err
	}
	err = inBatches(ctx, convertAll(r.subscriptions.byID.read, func(row *subscription) subscriptions.Subscription {
		return r.subscription(row).Subscription
	}), func(rows []subscriptions.Subscription) error { return fn(accounts.Batch{Subscriptions: rows}) })
	if err != nil {
		return 0, err
	}
	err = inBatches(ctx, convertAll(r.domains.byID.read, r.ownDomain),
		func(rows []subscriptions.Domain) error { return fn(accounts.Batch{Domains: rows}) })
	if err != nil {
		return 0, err
	}
	return r.log.last, nil
}

// ownDomain returns the domain of a row. The caller owns it.
func (r *root) ownDomain(row *domain) subscriptions.Domain {
	d, _ := r.domain(row)
	return d
}

// convertAll returns all rows of a published tree by id, as convert returns them.
func convertAll[ID cmp.Ordered, R, V any](rows *btree.Map[ID, R], convert func(R) V) iter.Seq[V] {
	return func(yield func(V) bool) {
		rows.Scan(func(_ ID, row R) bool { return yield(convert(row)) })
	}
}

// inBatches calls fn with all rows, in batches.
func inBatches[V any](ctx context.Context, rows iter.Seq[V], fn func([]V) error) error {
	var batch []V
	pass := func() error {
		if ctx.Err() != nil {
			return unavailable(ctx)
		}
		full := batch
		batch = nil
		return fn(full)
	}
	for row := range rows {
		batch = append(batch, row)
		if len(batch) < snapshotBatchSize {
			continue
		}
		if err := pass(); err != nil {
			return err
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return pass()
}
