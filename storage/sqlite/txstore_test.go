package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/sqlite"
	"github.com/clientele-go/clientele/subscriptions"
)

// txStore is a store that runs every command and look-up in a transaction of the application, every other command by RunInTx.
// Events are read and pruned without a transaction, because that is not possible inside one.
type txStore struct {
	db       *bun.DB
	commands *atomic.Int64
	*sqlite.Store
}

func (s txStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	if s.commands.Add(1)%2 == 0 {
		return s.RunInTx(ctx, func(ctx context.Context, _ bun.Tx, in *sqlite.Store) error { return in.Update(ctx, fn) })
	}
	_, err := inTx(ctx, s, func(in *sqlite.Store) (struct{}, error) { return struct{}{}, in.Update(ctx, fn) })
	return err
}

// inTransactions is a store that runs every command in a Transaction of its own.
type inTransactions struct{ *sqlite.Store }

func (s inTransactions) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Transaction(ctx, func(ctx context.Context, in accounts.Store) error { return in.Update(ctx, fn) })
}

// inTx calls run with a store in a transaction of the application.
func inTx[V any](ctx context.Context, s txStore, run func(*sqlite.Store) (V, error)) (V, error) {
	var none V
	tx, err := s.db.BeginTx(ctx, nil)
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
	return inTx(ctx, s, func(in *sqlite.Store) (accounts.Record, error) { return in.Account(ctx, k) })
}

func (s txStore) Accounts(ctx context.Context, l accounts.ListParams) ([]accounts.Summary, error) {
	return inTx(ctx, s, func(in *sqlite.Store) ([]accounts.Summary, error) { return in.Accounts(ctx, l) })
}

func (s txStore) CountAccounts(ctx context.Context, l accounts.ListParams, atMost int) (int, error) {
	return inTx(ctx, s, func(in *sqlite.Store) (int, error) { return in.CountAccounts(ctx, l, atMost) })
}

func (s txStore) Descendants(ctx context.Context, ids []accounts.ID) (accounts.Descendants, error) {
	return inTx(ctx, s, func(in *sqlite.Store) (accounts.Descendants, error) { return in.Descendants(ctx, ids) })
}

func (s txStore) Entry(ctx context.Context, k accounts.EntryKey) (accounts.Entry, error) {
	return inTx(ctx, s, func(in *sqlite.Store) (accounts.Entry, error) { return in.Entry(ctx, k) })
}

func (s txStore) Entries(ctx context.Context, p accounts.EntryParams) ([]accounts.Entry, error) {
	return inTx(ctx, s, func(in *sqlite.Store) ([]accounts.Entry, error) { return in.Entries(ctx, p) })
}

func (s txStore) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	return inTx(ctx, s, func(in *sqlite.Store) (subscriptions.Subscription, error) { return in.Subscription(ctx, k) })
}

func (s txStore) Subscriptions(ctx context.Context, l subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	return inTx(ctx, s, func(in *sqlite.Store) ([]subscriptions.Subscription, error) { return in.Subscriptions(ctx, l) })
}

func (s txStore) CountSubscriptions(ctx context.Context, l subscriptions.ListParams, atMost int) (int, error) {
	return inTx(ctx, s, func(in *sqlite.Store) (int, error) { return in.CountSubscriptions(ctx, l, atMost) })
}

func (s txStore) DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]subscriptions.ID, error) {
	return inTx(ctx, s, func(in *sqlite.Store) ([]subscriptions.ID, error) { return in.DueSubscriptions(ctx, at, limit) })
}

func (s txStore) Domains(ctx context.Context, l subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	return inTx(ctx, s, func(in *sqlite.Store) ([]subscriptions.Domain, error) { return in.Domains(ctx, l) })
}

func (s txStore) CountDomains(ctx context.Context, l subscriptions.DomainListParams, atMost int) (int, error) {
	return inTx(ctx, s, func(in *sqlite.Store) (int, error) { return in.CountDomains(ctx, l, atMost) })
}

func (s txStore) Site(ctx context.Context, name, fallback string) (subscriptions.Site, error) {
	return inTx(ctx, s, func(in *sqlite.Store) (subscriptions.Site, error) { return in.Site(ctx, name, fallback) })
}
