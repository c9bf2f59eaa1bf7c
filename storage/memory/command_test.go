package memory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/subscriptions"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// seed saves one account with a subscription and a domain, each with a hold and attributes.
func seed(tx accounts.Tx) error {
	claimed, err := tx.Claim(accounts.Claim{NewAccounts: 1, Claim: subscriptions.Claim{NewSubscriptions: 1, NewDomains: 1}})
	if err != nil {
		return err
	}
	id, sub, domain := claimed.AccountIDs[0], claimed.SubscriptionIDs[0], claimed.DomainIDs[0]
	return tx.Save(accounts.Writes{
		AddAccounts: []accounts.Record{{Account: accounts.Account{
			ID: id, Login: "mario", Attributes: attributes(), Version: 1, CreatedAt: at, UpdatedAt: at,
		}}},
		PutEntries: []accounts.EntryWrite{{Bucket: "b", Entry: accounts.Entry{Key: "k", Value: []byte("stored"), Version: 1}}},
		Writes: subscriptions.Writes{
			AddSubscriptions: []subscriptions.Record{{Main: domain, Subscription: subscriptions.Subscription{
				ID: sub, AccountID: id, Name: "mario.com", Attributes: attributes(), Version: 1, CreatedAt: at, UpdatedAt: at,
			}}},
			AddDomains: []subscriptions.Domain{{
				ID: domain, SubscriptionID: sub, Name: "mario.com", Attributes: attributes(), CreatedAt: at,
			}},
			PutHolds: []subscriptions.HoldWrite{
				{Level: subscriptions.LevelAccount, ID: int64(id), Hold: hold()},
				{Level: subscriptions.LevelSubscription, ID: int64(sub), Hold: hold()},
				{Level: subscriptions.LevelDomain, ID: int64(domain), Hold: hold()},
			},
			Events: []accounts.Event{{
				At: at, Type: subscriptions.AccountSuspended, AccountID: id, Details: map[string]string{"note": "stored"},
			}},
		},
	})
}

func attributes() map[string]string { return map[string]string{"vat": "stored"} }

func hold() accounts.Hold { return accounts.Hold{Cause: accounts.CauseAbuse, Note: "stored", At: at} }

func newSeededStore(t *testing.T) *memory.Store {
	t.Helper()
	s := memory.New()
	require.NoError(t, s.Update(t.Context(), seed))
	return s
}

// readAll returns the results of all reads of a store after seed.
func readAll(t *testing.T, s *memory.Store) []any {
	t.Helper()
	ctx := t.Context()
	account, err := s.Account(ctx, accounts.AccountKey{ID: 1})
	require.NoError(t, err)
	accountPage, err := s.Accounts(ctx, accounts.ListParams{Limit: 9})
	require.NoError(t, err)
	sub, err := s.Subscription(ctx, subscriptions.SubscriptionKey{ID: 1})
	require.NoError(t, err)
	subPage, err := s.Subscriptions(ctx, subscriptions.ListParams{Limit: 9})
	require.NoError(t, err)
	domainPage, err := s.Domains(ctx, subscriptions.DomainListParams{Limit: 9})
	require.NoError(t, err)
	site, err := s.Site(ctx, "mario.com", "")
	require.NoError(t, err)
	descendants, err := s.Descendants(ctx, []accounts.ID{1})
	require.NoError(t, err)
	log, err := s.Events(ctx, accounts.EventParams{Limit: 9})
	require.NoError(t, err)
	stored, err := s.Entry(ctx, accounts.EntryKey{Bucket: "b", Key: "k"})
	require.NoError(t, err)
	entries, err := s.Entries(ctx, accounts.EntryParams{Bucket: "b", Limit: 9})
	require.NoError(t, err)
	return []any{account, accountPage, sub, subPage, domainPage, site, descendants, log, stored, entries}
}

// modify changes everything in values returned by a store that a caller can change.
func modify(values []any) {
	for _, value := range values {
		switch v := value.(type) {
		case accounts.Record:
			modifyFields(v.Attributes, v.Holds, nil)
		case []accounts.Record:
			modifyFields(v[0].Attributes, v[0].Holds, nil)
		case []accounts.Summary:
			modifyFields(v[0].Attributes, v[0].Holds, nil)
		case subscriptions.Subscription:
			modifyFields(v.Attributes, v.Holds, v.Inherited)
		case []subscriptions.Subscription:
			modifyFields(v[0].Attributes, v[0].Holds, v[0].Inherited)
		case []subscriptions.Domain:
			modifyFields(v[0].Attributes, v[0].Holds, v[0].Inherited)
		case subscriptions.Site:
			modifyFields(v.Domain.Attributes, v.Domain.Holds, v.Domain.Inherited)
		case subscriptions.LockedRows:
			modifyFields(nil, v.Accounts[0].Holds, nil)
			modify([]any{v.Subscriptions[0].Subscription, v.Domains})
		case accounts.Entry:
			v.Value[0]++
		case []accounts.Entry:
			v[0].Value[0]++
		case accounts.LockedEntries:
			v.Entries[0].Value[0]++
		case accounts.EventResult:
			v.Events[0].Details["note"] = "modified"
		}
	}
}

func modifyFields(attributes map[string]string, holds accounts.Holds, inherited []accounts.EffectiveHold) {
	if attributes != nil {
		attributes["vat"], attributes["new"] = "modified", "modified"
	}
	for i := range holds {
		holds[i].Note = "modified"
	}
	for i := range inherited {
		inherited[i].Note = "modified"
	}
}

func TestReturnedValuesAreCopies(t *testing.T) {
	s, want := newSeededStore(t), readAll(t, newSeededStore(t))
	modify(readAll(t, s))
	require.Equal(t, want, readAll(t, s))
	err := s.Update(t.Context(), func(tx accounts.Tx) error {
		rows := subscriptions.LockSet{
			Accounts: []accounts.ID{1}, Subscriptions: []subscriptions.ID{1}, Domains: []subscriptions.DomainID{1},
		}
		locked, err1 := tx.Lock(rows)
		records, err2 := tx.LockAccounts([]accounts.ID{1})
		domains, err3 := tx.DomainsOf([]subscriptions.ID{1})
		descendants, err4 := tx.Descendants([]accounts.ID{1})
		entries, err5 := tx.LockEntries(accounts.EntryLockSet{Bucket: "b", Key: "k", Value: true})
		modify([]any{locked, records, domains, descendants, entries})
		return errors.Join(err1, err2, err3, err4, err5)
	})
	require.NoError(t, err)
	require.Equal(t, want, readAll(t, s))
}

func TestSavedValuesAreCopied(t *testing.T) {
	want := readAll(t, newSeededStore(t))
	s := memory.New()
	var saved accounts.Writes
	require.NoError(t, s.Update(t.Context(), func(tx accounts.Tx) error {
		return seed(recordingTx{tx, &saved})
	}))
	modifyFields(saved.AddAccounts[0].Attributes, nil, nil)
	modifyFields(saved.AddSubscriptions[0].Attributes, nil, nil)
	modifyFields(saved.AddDomains[0].Attributes, nil, nil)
	saved.Events[0].Details["note"] = "modified"
	saved.PutEntries[0].Value[0]++
	for i := range saved.PutHolds {
		saved.PutHolds[i].Hold.Note = "modified"
	}
	require.Equal(t, want, readAll(t, s))
}

// recordingTx records the Writes of the last Save.
type recordingTx struct {
	accounts.Tx
	saved *accounts.Writes
}

func (s recordingTx) Save(w accounts.Writes) error {
	*s.saved = w
	return s.Tx.Save(w)
}

// modifyAll writes to rows of every kind and to the event log.
func modifyAll(tx accounts.Tx) error {
	records, err := tx.LockAccounts([]accounts.ID{1})
	if err != nil {
		return err
	}
	records[0].Login = "luigi"
	return tx.Save(accounts.Writes{
		UpdateAccounts: records,
		Writes: subscriptions.Writes{
			RemoveDomains:       []subscriptions.DomainID{1},
			RemoveSubscriptions: []subscriptions.ID{1},
			DeleteHolds:         []subscriptions.HoldKey{{Level: subscriptions.LevelAccount, ID: 1, Cause: accounts.CauseAbuse}},
			Events:              []accounts.Event{{At: at, Type: subscriptions.AccountUpdated, AccountID: 1}},
		},
	})
}

func TestAbortedCommandChangesNothing(t *testing.T) {
	errFailed := errors.New("failed")
	for _, c := range []struct {
		name  string
		abort func(t *testing.T, s *memory.Store)
	}{
		{"error", func(t *testing.T, s *memory.Store) {
			err := s.Update(t.Context(), func(tx accounts.Tx) error { return errors.Join(modifyAll(tx), errFailed) })
			require.ErrorIs(t, err, errFailed)
			require.NotErrorIs(t, err, accounts.ErrUnavailable)
		}},
		{"panic", func(t *testing.T, s *memory.Store) {
			require.PanicsWithValue(t, "failed", func() {
				_ = s.Update(t.Context(), func(tx accounts.Tx) error {
					require.NoError(t, modifyAll(tx))
					panic("failed")
				})
			})
		}},
		{"ctx canceled after the last write", func(t *testing.T, s *memory.Store) {
			ctx, cancel := context.WithCancel(t.Context())
			err := s.Update(ctx, func(tx accounts.Tx) error {
				defer cancel()
				return modifyAll(tx)
			})
			requireCanceled(t, err)
		}},
		{"ctx canceled before the first read", func(t *testing.T, s *memory.Store) {
			ctx, cancel := context.WithCancel(t.Context())
			err := s.Update(ctx, func(tx accounts.Tx) error {
				cancel()
				return modifyAll(tx)
			})
			requireCanceled(t, err)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSeededStore(t)
			before := readAll(t, s)
			c.abort(t, s)
			require.Equal(t, before, readAll(t, s))

			require.NoError(t, s.Update(t.Context(), modifyAll), "next command")
			_, err := s.Account(t.Context(), accounts.AccountKey{Login: "luigi"})
			require.NoError(t, err)
			log, err := s.Events(t.Context(), accounts.EventParams{Limit: 9})
			require.NoError(t, err)
			require.Len(t, log.Events, 2)
		})
	}
}

func requireCanceled(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
}

func TestIDsOfAbortedCommandAreNotReused(t *testing.T) {
	s := memory.New()
	allocate := func(fail error) (id accounts.ID) {
		err := s.Update(t.Context(), func(tx accounts.Tx) error {
			claimed, err := tx.Claim(accounts.Claim{NewAccounts: 1})
			require.NoError(t, err)
			id = claimed.AccountIDs[0]
			return fail
		})
		require.ErrorIs(t, err, fail)
		return id
	}
	failed := allocate(errors.New("failed"))
	require.Greater(t, allocate(nil), failed)
}

func TestWaitingForWriterObeysContext(t *testing.T) {
	s := newSeededStore(t)
	started, release := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- s.Update(context.Background(), func(accounts.Tx) error {
			close(started)
			<-release
			return nil
		})
	}()
	<-started
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := s.Update(ctx, func(accounts.Tx) error {
		t.Error("two commands ran concurrently")
		return nil
	})
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = s.PruneEvents(ctx, at)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	_, err = s.Account(t.Context(), accounts.AccountKey{ID: 1})
	require.NoError(t, err, "a read waited for the command or failed")
	close(release)
	require.NoError(t, <-done)
}

func TestReadsSeeOnlyCommittedData(t *testing.T) {
	s := newSeededStore(t)
	before := readAll(t, s)
	err := s.Update(t.Context(), func(tx accounts.Tx) error {
		err := modifyAll(tx)
		require.Equal(t, before, readAll(t, s), "a read saw changes of a running command")
		return err
	})
	require.NoError(t, err)
	_, err = s.Site(t.Context(), "mario.com", "")
	require.ErrorIs(t, err, accounts.ErrNotFound)
}

func TestTxPanicsAfterCommand(t *testing.T) {
	s := newSeededStore(t)
	var kept accounts.Tx
	require.NoError(t, s.Update(t.Context(), func(tx accounts.Tx) error { kept = tx; return nil }))
	require.Panics(t, func() { _ = kept.Save(accounts.Writes{}) })
}

func TestSiteDoesNotAllocate(t *testing.T) {
	s := memory.New()
	clients := accounts.NewManager(s, &accounts.Options{Hasher: plainHasher{}})
	_, err := clients.Create(t.Context(), newCustomer(1, 1))
	require.NoError(t, err)
	ctx, name := t.Context(), domainName(1, 0)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := s.Site(ctx, name, ""); err != nil {
			t.Error(err)
		}
	}))
}

func TestRemovalRedactsEvents(t *testing.T) {
	s := memory.New()
	about := func(details map[string]string) accounts.Event {
		return accounts.Event{At: at, Type: subscriptions.AccountSuspended, AccountID: 1, Details: details}
	}
	save := func(w accounts.Writes) {
		require.NoError(t, s.Update(t.Context(), func(tx accounts.Tx) error { return tx.Save(w) }))
	}
	save(accounts.Writes{
		AddAccounts: []accounts.Record{{Account: accounts.Account{ID: 1, Login: "mario", CreatedAt: at}}},
		Writes: subscriptions.Writes{Events: []accounts.Event{
			about(map[string]string{"note": "n"}),
			about(map[string]string{"cause": "abuse", "message": "m", "public": "p"}),
		}},
	})
	save(accounts.Writes{
		RemoveAccounts: []accounts.ID{1},
		Writes:         subscriptions.Writes{Events: []accounts.Event{about(map[string]string{"note": "n", "externalID": "x"})}},
	})
	log, err := s.Events(t.Context(), accounts.EventParams{Limit: 9})
	require.NoError(t, err)
	var details []map[string]string
	for _, e := range log.Events {
		details = append(details, e.Details)
	}
	require.Equal(t, []map[string]string{nil, {"cause": "abuse"}, {"externalID": "x"}}, details)
}
