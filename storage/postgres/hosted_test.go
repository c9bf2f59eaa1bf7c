package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/subscriptions"
)

// hosted is a store whose every command and look-up happens in a transaction that the host begins and commits. Events
// are read and pruned through the pool, because they are no part of a host's transaction.
type hosted struct {
	db *bun.DB
	*postgres.Store
}

func (h hosted) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	refused := false // by fn, which then is not run again
	for {
		_, err := within(ctx, h, func(s *postgres.Store) (struct{}, error) {
			return struct{}{}, s.Update(ctx, func(tx accounts.Tx) error {
				err := fn(tx)
				refused = err != nil && !errors.Is(err, accounts.ErrUnavailable)
				return err
			})
		})
		if refused || ctx.Err() != nil || !errors.Is(err, accounts.ErrUnavailable) {
			return err
		}
	}
}

// within runs one thing in a transaction of the host's.
func within[V any](ctx context.Context, h hosted, run func(*postgres.Store) (V, error)) (V, error) {
	var none V
	tx, err := h.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return none, fmt.Errorf("%w: %w", accounts.ErrUnavailable, err)
	}
	defer func() { _ = tx.Rollback() }()
	v, err := run(h.WithTx(tx))
	if err != nil {
		return none, err
	}
	if err := tx.Commit(); err != nil {
		if err == sql.ErrTxDone || err == ctx.Err() { //nolint:errorlint // only database/sql's own say that nothing was sent
			return none, fmt.Errorf("%w: %w", accounts.ErrUnavailable, ctx.Err())
		}
		return none, fmt.Errorf("%w: %w", accounts.ErrCommitUnknown, err)
	}
	return v, nil
}

func (h hosted) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	return within(ctx, h, func(s *postgres.Store) (accounts.Record, error) { return s.Account(ctx, k) })
}

func (h hosted) Accounts(ctx context.Context, l accounts.ListParams) ([]accounts.Summary, error) {
	return within(ctx, h, func(s *postgres.Store) ([]accounts.Summary, error) { return s.Accounts(ctx, l) })
}

func (h hosted) CountAccounts(ctx context.Context, l accounts.ListParams, atMost int) (int, error) {
	return within(ctx, h, func(s *postgres.Store) (int, error) { return s.CountAccounts(ctx, l, atMost) })
}

func (h hosted) Descendants(ctx context.Context, ids []accounts.ID) (accounts.Descendants, error) {
	return within(ctx, h, func(s *postgres.Store) (accounts.Descendants, error) { return s.Descendants(ctx, ids) })
}

func (h hosted) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	return within(ctx, h, func(s *postgres.Store) (subscriptions.Subscription, error) { return s.Subscription(ctx, k) })
}

func (h hosted) Subscriptions(ctx context.Context, l subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	return within(ctx, h, func(s *postgres.Store) ([]subscriptions.Subscription, error) { return s.Subscriptions(ctx, l) })
}

func (h hosted) CountSubscriptions(ctx context.Context, l subscriptions.ListParams, atMost int) (int, error) {
	return within(ctx, h, func(s *postgres.Store) (int, error) { return s.CountSubscriptions(ctx, l, atMost) })
}

func (h hosted) DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]subscriptions.ID, error) {
	return within(ctx, h, func(s *postgres.Store) ([]subscriptions.ID, error) { return s.DueSubscriptions(ctx, at, limit) })
}

func (h hosted) Domains(ctx context.Context, l subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	return within(ctx, h, func(s *postgres.Store) ([]subscriptions.Domain, error) { return s.Domains(ctx, l) })
}

func (h hosted) CountDomains(ctx context.Context, l subscriptions.DomainListParams, atMost int) (int, error) {
	return within(ctx, h, func(s *postgres.Store) (int, error) { return s.CountDomains(ctx, l, atMost) })
}

func (h hosted) Site(ctx context.Context, name, otherwise string) (subscriptions.Site, error) {
	return within(ctx, h, func(s *postgres.Store) (subscriptions.Site, error) { return s.Site(ctx, name, otherwise) })
}

// turns is a store that is two on two pools, as two processes of a host have them: every call goes to the other one.
type turns struct {
	stores [2]accounts.Store
	taken  atomic.Int64
}

func (t *turns) next() accounts.Store { return t.stores[t.taken.Add(1)%2] }

func (t *turns) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return t.next().Update(ctx, fn)
}

func (t *turns) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	return t.next().Account(ctx, k)
}

func (t *turns) Accounts(ctx context.Context, l accounts.ListParams) ([]accounts.Summary, error) {
	return t.next().Accounts(ctx, l)
}

func (t *turns) CountAccounts(ctx context.Context, l accounts.ListParams, atMost int) (int, error) {
	return t.next().CountAccounts(ctx, l, atMost)
}

func (t *turns) Descendants(ctx context.Context, ids []accounts.ID) (accounts.Descendants, error) {
	return t.next().Descendants(ctx, ids)
}

func (t *turns) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	return t.next().Events(ctx, q)
}

func (t *turns) PruneEvents(ctx context.Context, before time.Time) (int, error) {
	return t.next().PruneEvents(ctx, before)
}

func (t *turns) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	return t.next().Subscription(ctx, k)
}

func (t *turns) Subscriptions(ctx context.Context, l subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	return t.next().Subscriptions(ctx, l)
}

func (t *turns) CountSubscriptions(ctx context.Context, l subscriptions.ListParams, atMost int) (int, error) {
	return t.next().CountSubscriptions(ctx, l, atMost)
}

func (t *turns) DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]subscriptions.ID, error) {
	return t.next().DueSubscriptions(ctx, at, limit)
}

func (t *turns) Domains(ctx context.Context, l subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	return t.next().Domains(ctx, l)
}

func (t *turns) CountDomains(ctx context.Context, l subscriptions.DomainListParams, atMost int) (int, error) {
	return t.next().CountDomains(ctx, l, atMost)
}

func (t *turns) Site(ctx context.Context, name, otherwise string) (subscriptions.Site, error) {
	return t.next().Site(ctx, name, otherwise)
}
