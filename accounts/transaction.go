package accounts

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// Transaction runs several commands and look-ups as one: it calls fn with a Manager tx, and all commands that fn runs with tx,
// its Subscriptions, its Owner and its Bucket take effect together, with their events, when fn returns nil. If fn returns an
// error, nothing happens and Transaction returns that error as it is. If fn panics, nothing happens and the panic continues.
//
//	err := clients.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error {
//		old, err := tx.Subscriptions().Get(ctx, id)
//		if err != nil {
//			return err
//		}
//		if _, err := tx.Subscriptions().Assign(ctx, []subscriptions.ID{id}, to); err != nil {
//			return err
//		}
//		_, err = tx.Suspend(ctx, []accounts.ID{old.AccountID}, hold)
//		return err
//	})
//
// Each command and look-up of tx sees the commands before it; other callers see them after the commit. Look-ups, and commands
// that are refused, lock nothing: guard what they said with a version, or with an Update that changes nothing. Bucket.Get locks
// its key. On PostgreSQL, look-ups also see what others commit in the meantime. A command that returns an error such as ErrTaken
// has changed nothing, and the transaction continues; but after ErrUnavailable nothing is committed, whatever fn returns.
//
// Function fn may be called again, from the start, so it should have no effects outside the transaction, and should assign its
// results instead of appending them. It uses only tx, only with the context that it gets, and only until it returns, in one
// goroutine. A command or Transaction of another Manager of the same store with that context would wait for fn itself, so it
// returns ErrInvalid at "transaction" at once, and so does everything of tx after the end.
//
// No password is hashed or verified inside: New.Password is ErrInvalid at "password", and SetPassword, HashPassword,
// Authenticate, ResetPassword, Owner.ChangePassword, and Owner.SetContact if it needs the password, are ErrInvalid at
// "transaction". Call HashPassword before, and use New.PasswordHash or SetPasswordHash inside. Options.AllowDomain,
// Options.LoginPolicy and a custom PasswordHasher that checks a given hash are never called while the transaction is open: where
// one is needed, tx goes on as if it agreed, the transaction is rolled back, the function is called, and fn runs again with its
// result. Events, Head, Snapshot, Follow, PruneEvents and Transaction of tx are ErrInvalid at "transaction".
//
// Transaction returns ErrUnavailable if the store cannot do it now or ctx ended before the commit (no changes were made) and
// ErrCommitUnknown if the outcome of the commit is unknown. Use postgres.Store.RunInTx instead if the same transaction has to
// write tables of the application.
func (m *Manager) Transaction(ctx context.Context, fn func(ctx context.Context, tx *Manager) error) (err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Transaction")
	defer func() { end(err) }()
	if fn == nil {
		return input.Invalid("fn", "required", "")
	}
	answers := map[question]error{}
	for range maxQuestionRounds {
		var t *transaction
		err := m.store.Transaction(ctx, func(ctx context.Context, in Store) error {
			t = &transaction{answers: answers}
			return t.run(ctx, m, in, fn)
		})
		if !errors.Is(err, errQuestions) {
			return asUnavailable(ctx, err)
		}
		for _, q := range t.pending {
			if _, asked := answers[q.question]; !asked {
				answers[q.question] = q.ask(ctx)
			}
		}
	}
	return fmt.Errorf("%w: every run of the transaction needed the agreement of AllowDomain or a policy for something else", ErrUnavailable)
}

// asUnavailable returns err as it is, unless it is the error of ctx: then the result also matches ErrUnavailable.
func asUnavailable(ctx context.Context, err error) error {
	ended := ctx.Err() != nil && errors.Is(err, ctx.Err())
	if !ended || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrCommitUnknown) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// maxQuestionRounds bounds how often a transaction is run again because it has other questions each time.
const maxQuestionRounds = 10

// errQuestions ends a transaction that cannot be committed before functions of the application were called.
var errQuestions = errors.New("clientele: functions of the application must be called outside of the transaction")

// question is a call of a function of the application that must not be made while a transaction is open.
type question struct {
	function string
	owner    ID
	text     string
}

// pendingQuestion is a question and the call.
type pendingQuestion struct {
	question
	ask func(ctx context.Context) error
}

// transaction is one run of the function of Transaction.
type transaction struct {
	answers map[question]error // the results of the calls made after previous runs
	pending []pendingQuestion
	failed  error // the first error after which nothing may be committed
	ended   bool
}

// run calls fn with a Manager that works in the transaction. It returns why the transaction must not be committed.
func (t *transaction) run(ctx context.Context, m *Manager, in Store, fn func(context.Context, *Manager) error) error {
	defer func() { t.ended = true }()
	err := fn(withTransaction(ctx, m.store.Store), m.inTransaction(in, t))
	switch {
	case t.failed != nil:
		return t.failed
	case len(t.pending) > 0:
		return errQuestions
	}
	return err
}

// ask returns the result of a call that was made after a previous run. Otherwise it returns nil, and the call is made after
// this run.
func (t *transaction) ask(q question, call func(ctx context.Context) error) error {
	err, asked := t.answers[q]
	if !asked {
		t.pending = append(t.pending, pendingQuestion{q, call})
	}
	return err
}

// usable returns why nothing may be done in the transaction any more, or nil.
func (t *transaction) usable() error {
	if t.ended {
		return errTransaction()
	}
	return t.failed
}

// observe records an error after which nothing may be committed, and returns it.
func (t *transaction) observe(err error) error {
	if errors.Is(err, ErrUnavailable) && t.failed == nil {
		t.failed = err
	}
	return err
}

func errTransaction() error { return input.Invalid("transaction", "transaction", "") }

// inTransaction returns a copy of m that works in a transaction.
func (m *Manager) inTransaction(in Store, t *transaction) *Manager {
	tx := *m.WithStore(&innerStore{in: in, transaction: t})
	tx.transaction = t
	if m.allowDomain != nil {
		tx.subscriptions = tx.subscriptions.WithAllowDomain(func(_ context.Context, owner ID, name string) error {
			return t.ask(question{"AllowDomain", owner, name}, func(ctx context.Context) error { return m.allowDomain(ctx, owner, name) })
		})
	}
	return &tx
}

// askLoginPolicy calls Options.LoginPolicy, after the transaction if m works in one.
func (m *Manager) askLoginPolicy(ctx context.Context, login string) error {
	call := func(ctx context.Context) error { return m.loginPolicy(ctx, login) }
	if m.transaction == nil {
		return call(ctx)
	}
	return m.transaction.ask(question{function: "LoginPolicy", text: login}, call)
}

// askReadable asks the hasher whether it can read a hash, after the transaction if m works in one.
func (m *Manager) askReadable(ctx context.Context, hash string) error {
	call := func(ctx context.Context) error { return m.passwords.readable(ctx, hash) }
	if m.transaction == nil || m.passwords.builtin {
		return call(ctx)
	}
	return m.transaction.ask(question{function: "PasswordHasher", text: hash}, call)
}

// mayHash returns ErrInvalid if m works in a transaction, in which nothing is hashed.
func (m *Manager) mayHash() error {
	if m.transaction != nil {
		return errTransaction()
	}
	return nil
}

// runningKey is the key of a runningTransaction in a context.
type runningKey struct{}

// runningTransaction says that a context was given to the function of a Transaction on a store.
type runningTransaction struct {
	store Store
	outer *runningTransaction // on another store; may be nil
}

func withTransaction(ctx context.Context, store Store) context.Context {
	outer, _ := ctx.Value(runningKey{}).(*runningTransaction)
	return context.WithValue(ctx, runningKey{}, &runningTransaction{store, outer})
}

// isInTransactionOf reports whether ctx was given to the function of a Transaction on the store.
func isInTransactionOf(ctx context.Context, store Store) bool {
	running, _ := ctx.Value(runningKey{}).(*runningTransaction)
	for ; running != nil; running = running.outer {
		if reflect.ValueOf(store).Comparable() && reflect.ValueOf(running.store).Comparable() && running.store == store {
			return true
		}
	}
	return false
}

// guardedStore is the store of a Manager. It refuses what would wait for the transaction in which it is called.
type guardedStore struct{ Store }

func (s guardedStore) Update(ctx context.Context, fn func(Tx) error) error {
	if isInTransactionOf(ctx, s.Store) {
		return errTransaction()
	}
	return s.Store.Update(ctx, fn)
}

func (s guardedStore) Transaction(ctx context.Context, fn func(context.Context, Store) error) error {
	if isInTransactionOf(ctx, s.Store) {
		return errTransaction()
	}
	return s.Store.Transaction(ctx, fn)
}

func (s guardedStore) PruneEvents(ctx context.Context, before time.Time) (int, error) {
	if isInTransactionOf(ctx, s.Store) {
		return 0, errTransaction()
	}
	return s.Store.PruneEvents(ctx, before)
}

// innerStore is the store of a Manager that works in a transaction. It returns ErrInvalid after the end, and after an error with
// which nothing can be committed any more, that error.
type innerStore struct {
	in          Store
	transaction *transaction
}

var _ Store = (*innerStore)(nil)

func (s *innerStore) Update(ctx context.Context, fn func(Tx) error) error {
	if err := s.transaction.usable(); err != nil {
		return err
	}
	return s.transaction.observe(s.in.Update(ctx, fn))
}

// read calls one of the methods that look something up.
func read[V any](s *innerStore, look func(Store) (V, error)) (V, error) {
	if err := s.transaction.usable(); err != nil {
		var none V
		return none, err
	}
	v, err := look(s.in)
	return v, s.transaction.observe(err)
}

func (s *innerStore) Account(ctx context.Context, k AccountKey) (Record, error) {
	return read(s, func(in Store) (Record, error) { return in.Account(ctx, k) })
}

func (s *innerStore) Accounts(ctx context.Context, p ListParams) ([]Summary, error) {
	return read(s, func(in Store) ([]Summary, error) { return in.Accounts(ctx, p) })
}

func (s *innerStore) CountAccounts(ctx context.Context, p ListParams, atMost int) (int, error) {
	return read(s, func(in Store) (int, error) { return in.CountAccounts(ctx, p, atMost) })
}

func (s *innerStore) Descendants(ctx context.Context, ids []ID) (Descendants, error) {
	return read(s, func(in Store) (Descendants, error) { return in.Descendants(ctx, ids) })
}

func (s *innerStore) Entry(ctx context.Context, k EntryKey) (Entry, error) {
	return read(s, func(in Store) (Entry, error) { return in.Entry(ctx, k) })
}

func (s *innerStore) Entries(ctx context.Context, p EntryParams) ([]Entry, error) {
	return read(s, func(in Store) ([]Entry, error) { return in.Entries(ctx, p) })
}

func (s *innerStore) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	return read(s, func(in Store) (subscriptions.Subscription, error) { return in.Subscription(ctx, k) })
}

func (s *innerStore) Subscriptions(ctx context.Context, p subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	return read(s, func(in Store) ([]subscriptions.Subscription, error) { return in.Subscriptions(ctx, p) })
}

func (s *innerStore) CountSubscriptions(ctx context.Context, p subscriptions.ListParams, atMost int) (int, error) {
	return read(s, func(in Store) (int, error) { return in.CountSubscriptions(ctx, p, atMost) })
}

func (s *innerStore) DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]subscriptions.ID, error) {
	return read(s, func(in Store) ([]subscriptions.ID, error) { return in.DueSubscriptions(ctx, at, limit) })
}

func (s *innerStore) Domains(ctx context.Context, p subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	return read(s, func(in Store) ([]subscriptions.Domain, error) { return in.Domains(ctx, p) })
}

func (s *innerStore) CountDomains(ctx context.Context, p subscriptions.DomainListParams, atMost int) (int, error) {
	return read(s, func(in Store) (int, error) { return in.CountDomains(ctx, p, atMost) })
}

func (s *innerStore) Site(ctx context.Context, name, fallback string) (subscriptions.Site, error) {
	return read(s, func(in Store) (subscriptions.Site, error) { return in.Site(ctx, name, fallback) })
}

func (s *innerStore) Events(context.Context, EventParams) (EventResult, error) {
	return EventResult{}, errTransaction()
}

func (s *innerStore) PruneEvents(context.Context, time.Time) (int, error) { return 0, errTransaction() }

func (s *innerStore) Snapshot(context.Context, func(Batch) error) (int64, error) {
	return 0, errTransaction()
}

func (s *innerStore) Dump(context.Context, func(DumpPart) error) error { return errTransaction() }

func (s *innerStore) Restore(context.Context, func(func(DumpPart) error) error) error {
	return errTransaction()
}

func (s *innerStore) Transaction(context.Context, func(context.Context, Store) error) error {
	return errTransaction()
}
