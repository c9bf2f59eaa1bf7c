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

// seed writes one account with a subscription, a domain, and a hold and attributes on each that may have them.
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

func seeded(t *testing.T) *memory.Store {
	t.Helper()
	s := memory.New()
	require.NoError(t, s.Update(t.Context(), seed))
	return s
}

// everything answers all that a store answers after seed.
func everything(t *testing.T, s *memory.Store) []any {
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
	below, err := s.Descendants(ctx, []accounts.ID{1})
	require.NoError(t, err)
	log, err := s.Events(ctx, accounts.EventParams{Limit: 9})
	require.NoError(t, err)
	return []any{account, accountPage, sub, subPage, domainPage, site, below, log}
}

// spoil changes whatever can be changed in what a store handed out.
func spoil(handedOut []any) {
	for _, one := range handedOut {
		switch v := one.(type) {
		case accounts.Record:
			spoilThing(v.Attributes, v.Holds, nil)
		case []accounts.Record:
			spoilThing(v[0].Attributes, v[0].Holds, nil)
		case []accounts.Summary:
			spoilThing(v[0].Attributes, v[0].Holds, nil)
		case subscriptions.Subscription:
			spoilThing(v.Attributes, v.Holds, v.Inherited)
		case []subscriptions.Subscription:
			spoilThing(v[0].Attributes, v[0].Holds, v[0].Inherited)
		case []subscriptions.Domain:
			spoilThing(v[0].Attributes, v[0].Holds, v[0].Inherited)
		case subscriptions.Site:
			spoilThing(v.Domain.Attributes, v.Domain.Holds, v.Domain.Inherited)
		case subscriptions.LockedRows:
			spoilThing(nil, v.Accounts[0].Holds, nil)
			spoil([]any{v.Subscriptions[0].Subscription, v.Domains})
		case accounts.EventResult:
			v.Events[0].Details["note"] = "spoiled"
		}
	}
}

func spoilThing(attributes map[string]string, holds accounts.Holds, inherited []accounts.EffectiveHold) {
	if attributes != nil {
		attributes["vat"], attributes["new"] = "spoiled", "spoiled"
	}
	for i := range holds {
		holds[i].Note = "spoiled"
	}
	for i := range inherited {
		inherited[i].Note = "spoiled"
	}
}

func TestNobodyChangesAStoredValueThroughWhatWasHandedOut(t *testing.T) {
	s, untouched := seeded(t), everything(t, seeded(t))
	spoil(everything(t, s))
	require.Equal(t, untouched, everything(t, s))
	err := s.Update(t.Context(), func(tx accounts.Tx) error {
		rows := subscriptions.LockSet{
			Accounts: []accounts.ID{1}, Subscriptions: []subscriptions.ID{1}, Domains: []subscriptions.DomainID{1},
		}
		locked, err1 := tx.Lock(rows)
		records, err2 := tx.LockAccounts([]accounts.ID{1})
		domains, err3 := tx.DomainsOf([]subscriptions.ID{1})
		below, err4 := tx.Descendants([]accounts.ID{1})
		spoil([]any{locked, records, domains, below})
		return errors.Join(err1, err2, err3, err4)
	})
	require.NoError(t, err)
	require.Equal(t, untouched, everything(t, s))
}

func TestNobodyChangesAStoredValueThroughWhatWasHandedIn(t *testing.T) {
	untouched := everything(t, seeded(t))
	s := memory.New()
	var handedIn accounts.Writes
	require.NoError(t, s.Update(t.Context(), func(tx accounts.Tx) error {
		return seed(spy{tx, &handedIn})
	}))
	spoilThing(handedIn.AddAccounts[0].Attributes, nil, nil)
	spoilThing(handedIn.AddSubscriptions[0].Attributes, nil, nil)
	spoilThing(handedIn.AddDomains[0].Attributes, nil, nil)
	handedIn.Events[0].Details["note"] = "spoiled"
	for i := range handedIn.PutHolds {
		handedIn.PutHolds[i].Hold.Note = "spoiled"
	}
	require.Equal(t, untouched, everything(t, s))
}

// spy keeps what is saved.
type spy struct {
	accounts.Tx
	saved *accounts.Writes
}

func (s spy) Save(w accounts.Writes) error {
	*s.saved = w
	return s.Tx.Save(w)
}

// change writes to every kind of row, and to the log.
func change(tx accounts.Tx) error {
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

func TestAnAbortedCommandLeavesNothing(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range []struct {
		name  string
		abort func(t *testing.T, s *memory.Store)
	}{
		{"an error", func(t *testing.T, s *memory.Store) {
			err := s.Update(t.Context(), func(tx accounts.Tx) error { return errors.Join(change(tx), refused) })
			require.ErrorIs(t, err, refused)
			require.NotErrorIs(t, err, accounts.ErrUnavailable)
		}},
		{"a panic", func(t *testing.T, s *memory.Store) {
			require.PanicsWithValue(t, "refused", func() {
				_ = s.Update(t.Context(), func(tx accounts.Tx) error {
					require.NoError(t, change(tx))
					panic("refused")
				})
			})
		}},
		{"a ctx that ends after the last write", func(t *testing.T, s *memory.Store) {
			ctx, cancel := context.WithCancel(t.Context())
			err := s.Update(ctx, func(tx accounts.Tx) error {
				defer cancel()
				return change(tx)
			})
			requireCutShort(t, err)
		}},
		{"a ctx that ends before the first read", func(t *testing.T, s *memory.Store) {
			ctx, cancel := context.WithCancel(t.Context())
			err := s.Update(ctx, func(tx accounts.Tx) error {
				cancel()
				return change(tx)
			})
			requireCutShort(t, err)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := seeded(t)
			before := everything(t, s)
			c.abort(t, s)
			require.Equal(t, before, everything(t, s))

			require.NoError(t, s.Update(t.Context(), change), "the next command")
			_, err := s.Account(t.Context(), accounts.AccountKey{Login: "luigi"})
			require.NoError(t, err)
			log, err := s.Events(t.Context(), accounts.EventParams{Limit: 9})
			require.NoError(t, err)
			require.Len(t, log.Events, 2)
		})
	}
}

func requireCutShort(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
}

func TestAnAbortedCommandsIDsAreNotGivenAgain(t *testing.T) {
	s := memory.New()
	given := func(fail error) (id accounts.ID) {
		err := s.Update(t.Context(), func(tx accounts.Tx) error {
			claimed, err := tx.Claim(accounts.Claim{NewAccounts: 1})
			require.NoError(t, err)
			id = claimed.AccountIDs[0]
			return fail
		})
		require.ErrorIs(t, err, fail)
		return id
	}
	failed := given(errors.New("refused"))
	require.Greater(t, given(nil), failed)
}

func TestWaitingForTheWriterObeysCtx(t *testing.T) {
	s := seeded(t)
	begun, end := make(chan struct{}), make(chan struct{})
	ended := make(chan error)
	go func() {
		ended <- s.Update(context.Background(), func(accounts.Tx) error {
			close(begun)
			<-end
			return nil
		})
	}()
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := s.Update(ctx, func(accounts.Tx) error {
		t.Error("a second command ran beside the first")
		return nil
	})
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = s.PruneEvents(ctx, at)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	_, err = s.Account(t.Context(), accounts.AccountKey{ID: 1})
	require.NoError(t, err, "readers do not wait")
	close(end)
	require.NoError(t, <-ended)
}

func TestAReaderKeepsItsSnapshot(t *testing.T) {
	s := seeded(t)
	before := everything(t, s)
	err := s.Update(t.Context(), func(tx accounts.Tx) error {
		err := change(tx)
		require.Equal(t, before, everything(t, s), "before the command has ended")
		return err
	})
	require.NoError(t, err)
	_, err = s.Site(t.Context(), "mario.com", "")
	require.ErrorIs(t, err, accounts.ErrNotFound)
}

func TestATxEndsWithItsCommand(t *testing.T) {
	s := seeded(t)
	var kept accounts.Tx
	require.NoError(t, s.Update(t.Context(), func(tx accounts.Tx) error { kept = tx; return nil }))
	require.Panics(t, func() { _ = kept.Save(accounts.Writes{}) })
}

func TestResolvingAllocatesNothing(t *testing.T) {
	s := memory.New()
	clients := accounts.NewManager(s, &accounts.Options{Hasher: plain{}})
	_, err := clients.Create(t.Context(), customer(1, 1))
	require.NoError(t, err)
	ctx, name := t.Context(), domainName(1, 0)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := s.Site(ctx, name, ""); err != nil {
			t.Error(err)
		}
	}))
}

func TestRemovalTakesTheTextsOfAllEvents(t *testing.T) {
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
