package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/recording"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// transactionCases returns the cases about several commands in one transaction.
func transactionCases() []testCase {
	return []testCase{
		{"a transaction sees its changes, and others see them after the commit", transactionSees},
		{"every method can be called in a transaction, and sees the commands before it", transactionMethods},
		{"the error of the function is returned as it is and nothing has changed", transactionError},
		{"a refused command leaves the transaction usable", transactionRefusals},
		{"a panic rolls the transaction back and goes on", transactionPanic},
		{"a transaction without commands succeeds", transactionEmpty},
		{"a transaction can be run again from the start", transactionAgain},
		{"a context that ends in any phase rolls the transaction back", transactionCancelled},
		{"a store that fails in the middle rolls the transaction back, whatever the function returns", transactionFailing},
		{"values that a transaction frees can be used in it", transactionReuses},
		{"ids of a transaction that was rolled back are not allocated again", transactionIDs},
		{"what hashes or reads the event log is invalid in a transaction", transactionInvalid},
		{"another manager of the store is refused at once with the transaction's context", transactionOtherManager},
		{"everything of a transaction is invalid after its end", transactionEnded},
		{"AllowDomain is called between two runs and its refusal is that of the command", transactionAllowDomain},
		{"LoginPolicy and a custom hasher are called between two runs", transactionPolicies},
		{"a transaction whose function needs another agreement each time ends with ErrUnavailable", transactionEndless},
		{"all events of a transaction are seen at once or never", transactionEvents},
		{"concurrent transactions behave as if run one after another", transactionCounter},
		{"of concurrent transactions that create the same login exactly one succeeds", transactionRace},
		{"transactions that cross in opposite orders end quickly", transactionCrossing},
		{"an Update that fails after Save in a transaction leaves nothing of it", transactionHalfDone},
	}
}

// transaction runs fn and fails unless it is committed.
func (f *fixture) transaction(fn func(ctx context.Context, tx *accounts.Manager) error) {
	f.t.Helper()
	f.NoError(f.clients.Transaction(f.ctx, fn))
}

func transactionSees(f *fixture) {
	data := f.seed()
	var peach accounts.Account
	f.transaction(func(ctx context.Context, tx *accounts.Manager) (err error) {
		in := suite.WithHash(newAccount("peach"))
		in.Subscription = &subscriptions.New{Domains: []string{"peach.example"}}
		peach, err = tx.Create(ctx, in)
		f.NoError(err)
		_, err = tx.Suspend(ctx, []accounts.ID{peach.ID, data.mario.ID}, accounts.Hold{Cause: accounts.CauseBilling})
		f.NoError(err)
		_, err = tx.Subscriptions().Assign(ctx, []subscriptions.ID{data.spare.ID}, peach.ID)
		f.NoError(err)
		entry, err := tx.Bucket(suiteBucket).Put(ctx, accounts.Entry{Key: "k", Value: []byte("v")}, accounts.Absent)
		f.NoError(err)

		got, err := tx.GetByLogin(ctx, "peach")
		f.NoError(err)
		f.Equal(accounts.Suspended, got.Status())
		page, err := tx.List(ctx, accounts.Query{Cause: accounts.CauseBilling, Sort: accounts.SortLogin})
		f.NoError(err)
		f.Len(page.Items, 2)
		f.Equal([]int{2, 3}, []int{page.Items[1].Subscriptions, page.Items[1].Domains})
		site, err := tx.Subscriptions().Resolve(ctx, "www.spare.example")
		f.NoError(err)
		f.Equal(peach.ID, site.Domain.AccountID)
		f.Equal(accounts.Suspended, site.Domain.Status())
		listed, err := tx.Bucket(suiteBucket).List(ctx, "", "", 0)
		f.NoError(err)
		f.Equal([]accounts.Entry{entry}, listed)

		outside, cancel := context.WithTimeout(f.ctx, 200*time.Millisecond) // a store with one connection cannot answer
		defer cancel()
		if _, err = f.clients.GetByLogin(outside, "peach"); !errors.Is(err, context.DeadlineExceeded) {
			f.ErrorIs(err, accounts.ErrNotFound)
		}
		if site, err = f.subs.Resolve(outside, "spare.example"); !errors.Is(err, context.DeadlineExceeded) {
			f.NoError(err)
			f.Equal(subscriptions.Provider, site.Domain.AccountID)
		}
		if _, err = f.clients.Bucket(suiteBucket).Get(outside, "k"); !errors.Is(err, context.DeadlineExceeded) {
			f.ErrorIs(err, accounts.ErrNotFound)
		}
		return nil
	})
	f.hasStatus(accounts.Suspended, "peach.example", "spare.example", "blog.example")
	f.Equal(accounts.Suspended, f.getAccount(peach.ID).Status())
	_, err := f.clients.Bucket(suiteBucket).Get(f.ctx, "k")
	f.NoError(err)
}

// transactionMethods runs the methods of the managers one after another in one transaction.
func transactionMethods(f *fixture) {
	data := f.seed()
	names := map[string]bool{}
	commands := f.prepareCommands(data)
	outside := f.clients
	f.transaction(func(ctx context.Context, tx *accounts.Manager) error {
		f.useManager(tx)
		defer f.useManager(outside)
		for _, c := range commands(tx) {
			err := c.call(ctx)
			if c.noTransaction {
				f.ErrorIs(err, accounts.ErrInvalid, c.name)
				continue
			}
			f.NoError(err, c.name)
			names[c.name] = true
		}
		return nil
	})
	f.Greater(len(names), 50)
	f.ErrorIs(f.clients.Bucket(suiteBucket).Delete(f.ctx, "session/2"), accounts.ErrNotFound)
	_, err := f.clients.Get(f.ctx, data.luigi.ID)
	f.ErrorIs(err, accounts.ErrNotFound, "the last command on accounts was a removal")
}

func transactionError(f *fixture) {
	data := f.seed()
	for _, want := range []error{errRefused, accounts.ErrTaken, fmt.Errorf("wrapped: %w", context.DeadlineExceeded), accounts.ErrCommitUnknown} {
		f.unchanged(func() {
			err := f.clients.Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) error {
				_, err := tx.Create(ctx, suite.WithHash(newAccount("peach")))
				f.NoError(err)
				_, err = tx.Remove(ctx, []accounts.ID{data.mario.ID})
				f.NoError(err)
				_, err = tx.Bucket(suiteBucket).Put(ctx, accounts.Entry{Key: "k"}, accounts.Any)
				f.NoError(err)
				return want
			})
			f.True(err == want, "Transaction must return %v itself, got %v", want, err) //nolint:errorlint,testifylint // it must not be wrapped
		})
	}
	f.account("peach")
}

func transactionRefusals(f *fixture) {
	data := f.seed()
	f.transaction(func(ctx context.Context, tx *accounts.Manager) error {
		_, err := tx.Create(ctx, suite.WithHash(newAccount("mario")))
		f.taken(err, accounts.Taken{Field: "login", Value: "mario"})
		_, err = tx.Suspend(ctx, []accounts.ID{data.mario.ID, unusedID}, accounts.Hold{})
		f.notFound(err, accounts.LevelAccount, unusedID)
		_, err = tx.Update(ctx, data.mario.ID, accounts.Changes{Version: 7, Description: ptr("x")})
		f.ErrorIs(err, accounts.ErrConflict)
		_, err = tx.Suspend(ctx, nil, accounts.Hold{})
		f.invalid(err, "ids")
		_, err = tx.Subscriptions().AddDomain(ctx, data.blog.ID, "en.game.example")
		f.taken(err, accounts.Taken{Field: "name", Value: "en.game.example"})
		_, err = tx.Bucket(suiteBucket).Get(ctx, "k")
		f.ErrorIs(err, accounts.ErrNotFound)
		_, err = tx.Bucket(suiteBucket).Put(ctx, accounts.Entry{Key: "k"}, accounts.AtVersion(1))
		f.ErrorIs(err, accounts.ErrConflict)
		_, err = tx.Get(ctx, unusedID)
		f.ErrorIs(err, accounts.ErrNotFound)
		_, err = tx.Create(ctx, suite.WithHash(newAccount("peach")))
		return err
	})
	_, err := f.clients.GetByLogin(f.ctx, "peach")
	f.NoError(err)
	f.Empty(f.getAccount(data.mario.ID).Holds)
}

func transactionPanic(f *fixture) {
	data := f.seed()
	f.unchanged(func() {
		f.PanicsWithValue("a bug", func() {
			_ = f.clients.Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) error {
				_, err := tx.Suspend(ctx, []accounts.ID{data.mario.ID}, accounts.Hold{})
				f.NoError(err)
				panic("a bug")
			})
		})
	})
	f.suspendAccount(data.mario.ID, accounts.Hold{})
}

func transactionEmpty(f *fixture) {
	f.seed()
	f.unchanged(func() {
		f.transaction(func(context.Context, *accounts.Manager) error { return nil })
		f.transaction(func(ctx context.Context, tx *accounts.Manager) error {
			_, err := tx.List(ctx, accounts.Query{})
			return err
		})
	})
	f.invalid(f.clients.Transaction(f.ctx, nil), "fn")
}

// againStore runs the function of each Transaction once in vain before it runs it for good.
type againStore struct{ accounts.Store }

func (s againStore) Transaction(ctx context.Context, fn func(context.Context, accounts.Store) error) error {
	err := s.Store.Transaction(ctx, func(ctx context.Context, in accounts.Store) error {
		if err := fn(ctx, in); err != nil {
			return err
		}
		return errRefused
	})
	if !errors.Is(err, errRefused) {
		return err
	}
	return s.Store.Transaction(ctx, fn)
}

func transactionAgain(f *fixture) {
	runs := 0
	var created accounts.Account
	err := f.managerFor(againStore{f.store}, func(o *accounts.Options) { o.Hasher = nil }).Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) (err error) {
		runs++
		in := suite.WithHash(newAccount("mario"))
		in.PasswordHash = "$2a$04$" + strings.Repeat("a", 53)
		created, err = tx.Create(ctx, in)
		return err
	})
	f.NoError(err)
	f.Equal(2, runs)
	f.Equal(created, f.getAccount(created.ID))
	f.Len(f.events(), 1)
}

// transactionCancelled ends the context before, between and after the commands, and in each phase of each of them.
func transactionCancelled(f *fixture) {
	data := f.seed()
	const commands = 3
	phases := []recording.Phase{"before", recording.AfterBegin, recording.AfterLock, recording.AfterClaim, recording.AfterSave, "after"}
	for n := range commands {
		for _, target := range phases {
			ctx, cancel := context.WithCancel(f.ctx)
			current := -1
			m := f.managerFor(&recording.Store{Store: f.store, OnPhase: func(at recording.Phase) error {
				if at == target && current == n {
					cancel()
				}
				return nil
			}}, nil)
			f.unchanged(func() {
				err := m.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error {
					for i, command := range []func() error{
						func() error {
							_, err := tx.Create(ctx, suite.WithHash(newAccount("peach")))
							return err
						},
						func() error {
							_, err := tx.Suspend(ctx, []accounts.ID{data.mario.ID}, accounts.Hold{})
							return err
						},
						func() error {
							_, err := tx.Bucket(suiteBucket).Put(ctx, accounts.Entry{Key: "k"}, accounts.Any)
							return err
						},
					} {
						current = i
						if target == "before" && i == n {
							cancel()
						}
						if err := command(); err != nil {
							f.ErrorIs(err, context.Canceled)
						}
						if target == "after" && i == n {
							cancel()
						}
					}
					if target == recording.AfterClaim && n != 0 || target == recording.AfterLock && n == 0 {
						cancel() // the command has no such phase
					}
					return nil
				})
				f.ErrorIs(err, context.Canceled, "command %d, %s", n, target)
				f.ErrorIs(err, accounts.ErrUnavailable, "command %d, %s", n, target)
			})
			cancel()
		}
	}
	ctx, cancel := context.WithCancel(f.ctx)
	err := f.clients.Transaction(ctx, func(ctx context.Context, _ *accounts.Manager) error {
		cancel()
		return ctx.Err()
	})
	f.ErrorIs(err, context.Canceled)
	f.ErrorIs(err, accounts.ErrUnavailable, "also if the function returns the error of its context")
}

// failingStore is a store whose n-th call fails, counted over all its transactions.
type failingStore struct {
	accounts.Store
	calls, at *int
}

func (s failingStore) call() error {
	*s.calls++
	if *s.calls == *s.at {
		return fmt.Errorf("%w: the connection was lost", accounts.ErrUnavailable)
	}
	return nil
}

func (s failingStore) Transaction(ctx context.Context, fn func(context.Context, accounts.Store) error) error {
	return s.Store.Transaction(ctx, func(ctx context.Context, in accounts.Store) error {
		return fn(ctx, failingStore{in, s.calls, s.at})
	})
}

func (s failingStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Store.Update(ctx, func(tx accounts.Tx) error {
		if err := s.call(); err != nil {
			return err
		}
		if err := fn(tx); err != nil {
			return err
		}
		return s.call()
	})
}

func (s failingStore) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	if err := s.call(); err != nil {
		return accounts.Record{}, err
	}
	return s.Store.Account(ctx, k)
}

func transactionFailing(f *fixture) {
	data := f.seed()
	calls, at := 0, 0
	m := f.managerFor(failingStore{f.store, &calls, &at}, nil)
	script := func(ignore bool) func(ctx context.Context, tx *accounts.Manager) error {
		return func(ctx context.Context, tx *accounts.Manager) error {
			_, err1 := tx.Suspend(ctx, []accounts.ID{data.mario.ID}, accounts.Hold{})
			_, err2 := tx.Get(ctx, data.mario.ID)
			_, err3 := tx.Bucket(suiteBucket).Put(ctx, accounts.Entry{Key: "k"}, accounts.Any)
			if ignore {
				return nil
			}
			return errors.Join(err1, err2, err3)
		}
	}
	for _, ignore := range []bool{false, true} {
		for at = 1; at <= 5; at++ {
			f.unchanged(func() {
				calls = 0
				f.ErrorIs(m.Transaction(f.ctx, script(ignore)), accounts.ErrUnavailable, "call %d fails", at)
				f.LessOrEqual(calls, at, "nothing is done after a failure")
			})
		}
	}
	calls = 0
	f.NoError(m.Transaction(f.ctx, script(false)))
	f.Equal(5, calls)
}

func transactionReuses(f *fixture) {
	data := f.seed()
	f.transaction(func(ctx context.Context, tx *accounts.Manager) error {
		_, err := tx.Update(ctx, data.mario.ID, accounts.Changes{Login: ptr("third")})
		f.NoError(err)
		_, err = tx.Update(ctx, data.luigi.ID, accounts.Changes{Login: ptr("mario")})
		f.NoError(err)
		_, err = tx.Update(ctx, data.mario.ID, accounts.Changes{Login: ptr("luigi")})
		f.NoError(err)
		_, err = tx.Subscriptions().Remove(ctx, []subscriptions.ID{data.game.ID})
		f.NoError(err)
		_, err = tx.Subscriptions().AddDomain(ctx, data.blog.ID, "sub.game.example")
		f.NoError(err)
		peach, err := tx.Create(ctx, suite.WithHash(newAccount("peach")))
		f.NoError(err)
		_, err = tx.Bucket(suiteBucket).Put(ctx, accounts.Entry{Key: fmt.Sprintf("account/%d/x", peach.ID)}, accounts.Absent)
		f.NoError(err)
		_, err = tx.Remove(ctx, []accounts.ID{peach.ID})
		f.NoError(err)
		_, err = tx.Create(ctx, suite.WithHash(newAccount("peach")))
		return err
	})
	f.Equal("luigi", f.getAccount(data.mario.ID).Login)
	f.Equal("mario", f.getAccount(data.luigi.ID).Login)
	f.Equal(data.mario.ID, f.getDomain("sub.game.example").AccountID)
	f.Empty(f.entries(suiteBucket))
}

func transactionIDs(f *fixture) {
	var lost accounts.Account
	var version int64
	f.Equal(errRefused, f.clients.Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) (err error) {
		lost, err = tx.Create(ctx, suite.WithHash(newAccount("peach")))
		f.NoError(err)
		e, err := tx.Bucket(suiteBucket).Put(ctx, accounts.Entry{Key: "k"}, accounts.Any)
		f.NoError(err)
		version = e.Version
		return errRefused
	}))
	f.Greater(f.account("peach").ID, lost.ID)
	f.Greater(f.put(accounts.Entry{Key: "k"}, accounts.Any).Version, version)
}

func transactionInvalid(f *fixture) {
	data := f.seed()
	token, err := f.clients.ResetToken(f.ctx, data.mario.ID, time.Hour)
	f.NoError(err)
	f.transaction(func(ctx context.Context, tx *accounts.Manager) error {
		owner := tx.Owner(data.mario.ID)
		for name, call := range map[string]func() error{
			"Events":       func() error { _, err := tx.Events(ctx, accounts.EventQuery{}); return err },
			"Head":         func() error { _, err := tx.Head(ctx); return err },
			"PruneEvents":  func() error { _, err := tx.PruneEvents(ctx, f.clock.now()); return err },
			"Snapshot":     func() error { _, err := tx.Snapshot(ctx, func(accounts.Batch) error { return nil }); return err },
			"SetPassword":  func() error { return tx.SetPassword(ctx, data.mario.ID, password) },
			"Authenticate": func() error { _, err := tx.Authenticate(ctx, "mario", password); return err },
			"ResetPassword": func() error {
				_, err := tx.ResetPassword(ctx, token, password)
				return err
			},
			"HashPassword":   func() error { _, err := tx.HashPassword(ctx, newAccount("peach")); return err },
			"ChangePassword": func() error { _, err := owner.ChangePassword(ctx, password, "another password"); return err },
			"SetContact": func() error {
				_, err := owner.SetContact(ctx, 0, accounts.Contact{Name: "Mario", Email: "mario@example.com"}, password)
				return err
			},
			"Transaction": func() error {
				return tx.Transaction(ctx, func(context.Context, *accounts.Manager) error { f.Fail("called"); return nil })
			},
			"Follow": func() error {
				return tx.Follow(ctx, "", nil, func(context.Context, []accounts.Event, accounts.Cursor) error { f.Fail("called"); return nil })
			},
		} {
			f.invalid(call(), "transaction")
			_ = name
		}
		_, err := tx.Create(ctx, newAccount("peach"))
		f.invalid(err, "password")
		_, err = tx.CreateMany(ctx, []accounts.New{suite.WithHash(newAccount("peach")), newAccount("daisy")})
		f.invalid(err, "[1].password")
		_, err = owner.SetContact(ctx, 0, accounts.Contact{Name: "Mario Rossi"}, "")
		f.NoError(err, "without another e-mail address no password is needed")
		_, err = owner.Confirmed().SetContact(ctx, 0, accounts.Contact{Name: "Mario", Email: "mario@example.com"}, "")
		f.NoError(err)
		return tx.SetPasswordHash(ctx, data.mario.ID, "$plain$another password")
	})
	f.Equal("mario@example.com", f.getAccount(data.mario.ID).Contact.Email)
	_, err = f.clients.Authenticate(f.ctx, "mario", "another password")
	f.NoError(err)
}

func transactionOtherManager(f *fixture) {
	data := f.seed()
	other := f.manager(nil)
	f.transaction(func(ctx context.Context, tx *accounts.Manager) error {
		_, err := tx.Suspend(ctx, []accounts.ID{data.mario.ID}, accounts.Hold{})
		f.NoError(err)
		begin := time.Now()
		for _, m := range []*accounts.Manager{f.clients, other} {
			_, err = m.Suspend(ctx, []accounts.ID{data.mario.ID}, accounts.Hold{})
			f.invalid(err, "transaction")
			_, err = m.Create(ctx, newAccount("peach"))
			f.invalid(err, "transaction")
			_, err = m.Subscriptions().Suspend(ctx, []subscriptions.ID{data.blog.ID}, accounts.Hold{})
			f.invalid(err, "transaction")
			_, err = m.Bucket(suiteBucket).Put(ctx, accounts.Entry{Key: "k"}, accounts.Any)
			f.invalid(err, "transaction")
			_, err = m.PruneEvents(ctx, f.clock.now())
			f.invalid(err, "transaction")
			f.invalid(m.Transaction(ctx, func(context.Context, *accounts.Manager) error { return nil }), "transaction")
		}
		f.Less(time.Since(begin), 5*time.Second, "must be refused at once")
		return nil
	})
	f.Len(f.getAccount(data.mario.ID).Holds, 1)
}

func transactionEnded(f *fixture) {
	data := f.seed()
	for _, result := range []error{nil, errRefused} {
		var ended *accounts.Manager
		err := f.clients.Transaction(f.ctx, func(_ context.Context, tx *accounts.Manager) error {
			ended = tx
			return result
		})
		f.Equal(result, err)
		f.unchanged(func() {
			for name, call := range map[string]func() error{
				"Get":  func() error { _, err := ended.Get(f.ctx, data.mario.ID); return err },
				"List": func() error { _, err := ended.List(f.ctx, accounts.Query{}); return err },
				"Suspend": func() error {
					_, err := ended.Suspend(f.ctx, []accounts.ID{data.mario.ID}, accounts.Hold{})
					return err
				},
				"Resolve": func() error { _, err := ended.Subscriptions().Resolve(f.ctx, "blog.example"); return err },
				"Profile": func() error { _, err := ended.Owner(data.mario.ID).Profile(f.ctx); return err },
				"Bucket":  func() error { _, err := ended.Bucket(suiteBucket).Get(f.ctx, "k"); return err },
				"Entries": func() error { _, err := ended.Bucket(suiteBucket).List(f.ctx, "", "", 0); return err },
				"Transaction": func() error {
					return ended.Transaction(f.ctx, func(context.Context, *accounts.Manager) error { return nil })
				},
			} {
				f.invalid(call(), "transaction")
				_ = name
			}
		})
	}
}

// transactionAllowDomain has an AllowDomain that runs a command. While a transaction is open, that would never end.
func transactionAllowDomain(f *fixture) {
	data := f.seed()
	var asked []string
	f.useManager(f.manager(func(o *accounts.Options) {
		o.AllowDomain = func(ctx context.Context, owner accounts.ID, name string) error {
			asked = append(asked, fmt.Sprint(owner, " ", name))
			if _, err := f.manager(nil).Suspend(ctx, []accounts.ID{data.luigi.ID}, accounts.Hold{Cause: "asked"}); err != nil {
				return err
			}
			if strings.HasPrefix(name, "denied") {
				return errRefused
			}
			return nil
		}
	}))
	runs := 0
	f.transaction(func(ctx context.Context, tx *accounts.Manager) error {
		runs++
		in := suite.WithHash(newAccount("peach"))
		in.Subscription = &subscriptions.New{Domains: []string{"peach.example"}}
		_, err := tx.Create(ctx, in)
		f.NoError(err)
		_, err = tx.Subscriptions().AddDomain(ctx, data.blog.ID, "second.example")
		f.NoError(err)
		_, err = tx.Subscriptions().Assign(ctx, []subscriptions.ID{data.spare.ID}, data.mario.ID)
		f.NoError(err)
		_, err = tx.Subscriptions().AddDomain(ctx, data.blog.ID, "denied.example")
		if runs > 1 {
			f.ErrorIs(err, errRefused)
		}
		return nil
	})
	f.Equal(2, runs)
	mario := fmt.Sprint(data.mario.ID, " ")
	f.ElementsMatch([]string{"0 peach.example", mario + "second.example", mario + "spare.example", mario + "en.spare.example", mario + "denied.example"}, asked)
	f.Equal(data.mario.ID, f.getDomain("spare.example").AccountID)
	_, err := f.subs.Domain(f.ctx, "denied.example")
	f.ErrorIs(err, accounts.ErrNotFound)

	f.refused(errRefused, func() error {
		return f.clients.Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) error {
			_, err := tx.Subscriptions().AddDomain(ctx, data.blog.ID, "denied.example")
			return err
		})
	})
}

// waitingHasher is a plainHasher that runs a command before it verifies. While a transaction is open, that would never end.
type waitingHasher struct {
	plainHasher
	command func(ctx context.Context) error
}

func (h waitingHasher) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	if err := h.command(ctx); err != nil {
		return false, false, err
	}
	if !strings.HasPrefix(hash, "$plain$") {
		return false, false, errors.New("cannot read the hash")
	}
	return h.plainHasher.Verify(ctx, hash, password)
}

func transactionPolicies(f *fixture) {
	data := f.seed()
	command := func(ctx context.Context) error {
		_, err := f.manager(nil).Suspend(ctx, []accounts.ID{data.luigi.ID}, accounts.Hold{Cause: "asked"})
		return err
	}
	f.useManager(f.manager(func(o *accounts.Options) {
		o.Hasher = waitingHasher{command: command}
		o.LoginPolicy = func(ctx context.Context, login string) error {
			if err := command(ctx); err != nil {
				return err
			}
			if login == "denied" {
				return &accounts.InvalidError{Fields: []accounts.FieldError{{Rule: "denied", Message: "not this one"}}}
			}
			return nil
		}
	}))
	runs := 0
	f.transaction(func(ctx context.Context, tx *accounts.Manager) error {
		runs++
		_, err := tx.Create(ctx, suite.WithHash(newAccount("peach")))
		f.NoError(err)
		_, err = tx.Update(ctx, data.mario.ID, accounts.Changes{Login: ptr("mario2")})
		f.NoError(err)
		_, denied := tx.Update(ctx, data.mario.ID, accounts.Changes{Login: ptr("denied")})
		unreadable := tx.SetPasswordHash(ctx, data.mario.ID, "$unknown$")
		if runs > 1 {
			f.invalid(denied, "login")
			f.invalid(unreadable, "passwordHash")
		}
		return tx.SetPasswordHash(ctx, data.mario.ID, "$plain$another password")
	})
	f.Equal(2, runs)
	f.Equal("mario2", f.getAccount(data.mario.ID).Login)
	hash, err := f.clients.HashPassword(f.ctx, newAccount("peach"))
	f.NoError(err)
	f.Equal("$plain$"+password, hash)
	_, err = f.clients.Authenticate(f.ctx, "mario2", "another password")
	f.NoError(err)
}

func transactionEndless(f *fixture) {
	data, runs := f.seed(), 0
	f.useManager(f.manager(func(o *accounts.Options) {
		o.AllowDomain = func(context.Context, accounts.ID, string) error { return nil }
	}))
	f.refused(accounts.ErrUnavailable, func() error {
		return f.clients.Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) error {
			runs++
			_, err := tx.Subscriptions().AddDomain(ctx, data.blog.ID, fmt.Sprintf("run%d.example", runs))
			return err
		})
	})
	f.Less(runs, 100)
}

func transactionEvents(f *fixture) {
	data := f.seed()
	before := len(f.events())
	const commands, rounds = 5, 6
	ctx, cancel := context.WithCancel(f.ctx)
	counts := make(chan []int, 1)
	go func() {
		var seen []int
		for ctx.Err() == nil {
			if p, err := f.clients.Events(f.ctx, accounts.EventQuery{Limit: 500}); err == nil {
				seen = append(seen, len(p.Items))
			}
		}
		counts <- seen
	}()
	var errs []error
	for n := range rounds {
		errs = append(errs, f.clients.Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) error {
			for i := range commands {
				_, err := tx.Suspend(ctx, []accounts.ID{data.mario.ID}, accounts.Hold{Cause: accounts.Cause(fmt.Sprintf("cause-%d-%d", n, i))})
				if err != nil {
					return err
				}
			}
			if n%2 == 1 {
				return errRefused
			}
			return nil
		}))
	}
	cancel()
	for _, n := range <-counts {
		f.Zero((n-before)%commands, "a reader has seen a part of the events of a transaction: %d", n-before)
	}
	f.Equal([]error{nil, errRefused, nil, errRefused, nil, errRefused}, errs)
	var causes []string
	for _, e := range f.events()[before:] {
		causes = append(causes, e.Details["cause"])
	}
	f.Len(causes, commands*rounds/2)
	f.True(slices.IsSorted(causes), "events must be in the order of the commands: %v", causes)
}

// transactionCounter increments a counter in concurrent transactions. Get locks it, so no increment is lost.
func transactionCounter(f *fixture) {
	const workers, increments = 4, 5
	errs := make(chan error, workers)
	for range workers {
		go func() {
			var err error
			for range increments {
				err = errors.Join(err, f.clients.Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) error {
					counter := tx.Bucket(suiteBucket)
					e, err := counter.Get(ctx, "n")
					if err != nil && !errors.Is(err, accounts.ErrNotFound) {
						return err
					}
					_, err = counter.Put(ctx, accounts.Entry{Key: "n", Value: append(e.Value, 'x')}, accounts.Any)
					return err
				}))
			}
			errs <- err
		}()
	}
	for range workers {
		f.NoError(<-errs)
	}
	e, err := f.clients.Bucket(suiteBucket).Get(f.ctx, "n")
	f.NoError(err)
	f.Len(e.Value, workers*increments)
}

func transactionRace(f *fixture) {
	errs := concurrently(racers, func(i int) error {
		return f.clients.Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) error {
			if _, err := tx.Create(ctx, suite.WithHash(newAccount(fmt.Sprint("own", i)))); err != nil {
				return err
			}
			_, err := tx.Create(ctx, suite.WithHash(newAccount("mario")))
			return err
		})
	})
	f.oneSuccess(errs, accounts.ErrTaken)
	page, err := f.clients.List(f.ctx, accounts.Query{})
	f.NoError(err)
	f.Len(page.Items, 2, "the refused transactions must not store their other accounts")
}

// transactionCrossing runs transactions that touch the same rows in opposite orders. None may fail, and none may take long:
// a database that waits until it detects a deadlock would.
func transactionCrossing(f *fixture) {
	data := f.seed()
	ids := []accounts.ID{data.mario.ID, data.luigi.ID}
	subs := []subscriptions.ID{data.blog.ID, data.game.ID}
	var runs atomic.Int64
	const workers, rounds = 6, 6
	crossing := func(worker, round int) error {
		return f.clients.Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) error {
			runs.Add(1)
			for i := range 2 {
				n := (worker + i) % 2
				hold := accounts.Hold{Cause: accounts.Cause(fmt.Sprintf("cause-%d-%d", worker, round))}
				if _, err := tx.Subscriptions().Suspend(ctx, subs[n:n+1], hold); err != nil {
					return err
				}
				if _, err := tx.Suspend(ctx, ids[n:n+1], hold); err != nil {
					return err
				}
				if _, err := tx.Bucket(suiteBucket).Put(ctx, accounts.Entry{Key: fmt.Sprint(n)}, accounts.Any); err != nil {
					return err
				}
			}
			return nil
		})
	}
	begin := time.Now()
	errs := make(chan error, workers)
	for worker := range workers {
		go func() {
			var err error
			for round := range rounds {
				err = errors.Join(err, crossing(worker, round))
			}
			errs <- err
		}()
	}
	for range workers {
		f.NoError(<-errs)
	}
	f.Less(time.Since(begin), 15*time.Second, "%d transactions ran %d times", workers*rounds, runs.Load())
	f.Len(f.getAccount(data.mario.ID).Holds, workers*rounds)
	f.Len(f.getSubscription(data.game.ID).Holds, workers*rounds)
}

// transactionHalfDone ignores the error of an Update that has saved already.
func transactionHalfDone(f *fixture) {
	mario := f.account("mario")
	for _, saved := range []bool{false, true} {
		before := f.dump()
		err := f.store.Transaction(f.ctx, func(ctx context.Context, in accounts.Store) error {
			err := in.Update(ctx, func(tx accounts.Tx) error {
				r, err := tx.LockAccounts([]accounts.ID{mario.ID})
				if err != nil {
					return err
				}
				if saved {
					r[0].Description = "half done"
					if err := tx.Save(accounts.Writes{UpdateAccounts: r}); err != nil {
						return err
					}
				}
				return errRefused
			})
			f.Equal(errRefused, err)
			return nil
		})
		if !saved {
			f.NoError(err)
		}
		f.Equal(before, f.dump())
	}
}
