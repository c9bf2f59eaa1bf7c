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

// txStore is a store that runs every command and look-up in a transaction of the application, every other command by RunInTx.
// Events are read and pruned without a transaction, because that is not possible inside one.
type txStore struct {
	db       *bun.DB
	commands *atomic.Int64
	*postgres.Store
}

func (s txStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	if s.commands.Add(1)%2 == 0 {
		return s.RunInTx(ctx, func(ctx context.Context, _ bun.Tx, in *postgres.Store) error { return in.Update(ctx, fn) })
	}
	failedInFn := false // fn has refused the command, and must not run again
	for {
		_, err := inTx(ctx, s, func(in *postgres.Store) (struct{}, error) {
			return struct{}{}, in.Update(ctx, func(tx accounts.Tx) error {
				err := fn(tx)
				failedInFn = err != nil && !errors.Is(err, accounts.ErrUnavailable)
				return err
			})
		})
		if failedInFn || ctx.Err() != nil || !errors.Is(err, accounts.ErrUnavailable) {
			return err
		}
	}
}

// inTransactions is a store that runs every command in a Transaction of its own.
type inTransactions struct{ *postgres.Store }

func (s inTransactions) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Transaction(ctx, func(ctx context.Context, in accounts.Store) error { return in.Update(ctx, fn) })
}

// inTx calls run with a store in a transaction of the application.
func inTx[V any](ctx context.Context, s txStore, run func(*postgres.Store) (V, error)) (V, error) {
	var none V
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return none, fmt.Errorf("%w: %w", accounts.ErrUnavailable, err)
	}
	defer func() { _ = tx.Rollback() }()
	v, err := run(s.WithTx(tx))
	if err != nil {
		return none, err
	}
	if err := tx.Commit(); err != nil {
		if err == sql.ErrTxDone || err == ctx.Err() { //nolint:errorlint // only those of database/sql itself prove that nothing was sent
			return none, fmt.Errorf("%w: %w", accounts.ErrUnavailable, ctx.Err())
		}
		return none, fmt.Errorf("%w: %w", accounts.ErrCommitUnknown, err)
	}
	return v, nil
}

func (s txStore) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	return inTx(ctx, s, func(in *postgres.Store) (accounts.Record, error) { return in.Account(ctx, k) })
}

func (s txStore) Accounts(ctx context.Context, l accounts.ListParams) ([]accounts.Summary, error) {
	return inTx(ctx, s, func(in *postgres.Store) ([]accounts.Summary, error) { return in.Accounts(ctx, l) })
}

func (s txStore) CountAccounts(ctx context.Context, l accounts.ListParams, atMost int) (int, error) {
	return inTx(ctx, s, func(in *postgres.Store) (int, error) { return in.CountAccounts(ctx, l, atMost) })
}

func (s txStore) Descendants(ctx context.Context, ids []accounts.ID) (accounts.Descendants, error) {
	return inTx(ctx, s, func(in *postgres.Store) (accounts.Descendants, error) { return in.Descendants(ctx, ids) })
}

func (s txStore) Entry(ctx context.Context, k accounts.EntryKey) (accounts.Entry, error) {
	return inTx(ctx, s, func(in *postgres.Store) (accounts.Entry, error) { return in.Entry(ctx, k) })
}

func (s txStore) Entries(ctx context.Context, p accounts.EntryParams) ([]accounts.Entry, error) {
	return inTx(ctx, s, func(in *postgres.Store) ([]accounts.Entry, error) { return in.Entries(ctx, p) })
}

func (s txStore) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	return inTx(ctx, s, func(in *postgres.Store) (subscriptions.Subscription, error) { return in.Subscription(ctx, k) })
}

func (s txStore) Subscriptions(ctx context.Context, l subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	return inTx(ctx, s, func(in *postgres.Store) ([]subscriptions.Subscription, error) { return in.Subscriptions(ctx, l) })
}

func (s txStore) CountSubscriptions(ctx context.Context, l subscriptions.ListParams, atMost int) (int, error) {
	return inTx(ctx, s, func(in *postgres.Store) (int, error) { return in.CountSubscriptions(ctx, l, atMost) })
}

func (s txStore) DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]subscriptions.ID, error) {
	return inTx(ctx, s, func(in *postgres.Store) ([]subscriptions.ID, error) { return in.DueSubscriptions(ctx, at, limit) })
}

func (s txStore) Domains(ctx context.Context, l subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	return inTx(ctx, s, func(in *postgres.Store) ([]subscriptions.Domain, error) { return in.Domains(ctx, l) })
}

func (s txStore) CountDomains(ctx context.Context, l subscriptions.DomainListParams, atMost int) (int, error) {
	return inTx(ctx, s, func(in *postgres.Store) (int, error) { return in.CountDomains(ctx, l, atMost) })
}

func (s txStore) Site(ctx context.Context, name, fallback string) (subscriptions.Site, error) {
	return inTx(ctx, s, func(in *postgres.Store) (subscriptions.Site, error) { return in.Site(ctx, name, fallback) })
}

// alternatingStore alternates between two stores with different pools, as two processes have them.
type alternatingStore struct {
	stores [2]accounts.Store
	calls  atomic.Int64
}

func (t *alternatingStore) next() accounts.Store { return t.stores[t.calls.Add(1)%2] }

func (t *alternatingStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return t.next().Update(ctx, fn)
}

func (t *alternatingStore) Transaction(ctx context.Context, fn func(context.Context, accounts.Store) error) error {
	return t.next().Transaction(ctx, fn)
}

func (t *alternatingStore) Entry(ctx context.Context, k accounts.EntryKey) (accounts.Entry, error) {
	return t.next().Entry(ctx, k)
}

func (t *alternatingStore) Entries(ctx context.Context, p accounts.EntryParams) ([]accounts.Entry, error) {
	return t.next().Entries(ctx, p)
}

func (t *alternatingStore) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	return t.next().Account(ctx, k)
}

func (t *alternatingStore) Accounts(ctx context.Context, l accounts.ListParams) ([]accounts.Summary, error) {
	return t.next().Accounts(ctx, l)
}

func (t *alternatingStore) CountAccounts(ctx context.Context, l accounts.ListParams, atMost int) (int, error) {
	return t.next().CountAccounts(ctx, l, atMost)
}

func (t *alternatingStore) Descendants(ctx context.Context, ids []accounts.ID) (accounts.Descendants, error) {
	return t.next().Descendants(ctx, ids)
}

func (t *alternatingStore) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	return t.next().Events(ctx, q)
}

func (t *alternatingStore) PruneEvents(ctx context.Context, before time.Time) (int, error) {
	return t.next().PruneEvents(ctx, before)
}

func (t *alternatingStore) Dump(ctx context.Context, fn func(accounts.DumpPart) error) error {
	return t.next().Dump(ctx, fn)
}

func (t *alternatingStore) Restore(ctx context.Context, dump func(func(accounts.DumpPart) error) error) error {
	return t.next().Restore(ctx, dump)
}

func (t *alternatingStore) Snapshot(ctx context.Context, fn func(accounts.Batch) error) (int64, error) {
	return t.next().Snapshot(ctx, fn)
}

func (t *alternatingStore) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	return t.next().Subscription(ctx, k)
}

func (t *alternatingStore) Subscriptions(ctx context.Context, l subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	return t.next().Subscriptions(ctx, l)
}

func (t *alternatingStore) CountSubscriptions(ctx context.Context, l subscriptions.ListParams, atMost int) (int, error) {
	return t.next().CountSubscriptions(ctx, l, atMost)
}

func (t *alternatingStore) DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]subscriptions.ID, error) {
	return t.next().DueSubscriptions(ctx, at, limit)
}

func (t *alternatingStore) Domains(ctx context.Context, l subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	return t.next().Domains(ctx, l)
}

func (t *alternatingStore) CountDomains(ctx context.Context, l subscriptions.DomainListParams, atMost int) (int, error) {
	return t.next().CountDomains(ctx, l, atMost)
}

func (t *alternatingStore) Site(ctx context.Context, name, fallback string) (subscriptions.Site, error) {
	return t.next().Site(ctx, name, fallback)
}
