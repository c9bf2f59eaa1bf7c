package faults_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// hostile are texts that want to be SQL, a placeholder, a part of an array, a pattern, or a schema's name.
var hostile = []string{
	`'; DROP TABLE canary; --`,
	`\'; DROP TABLE canary; --`,
	`"; DROP TABLE canary; --`,
	`$$; DROP TABLE canary; $$ $1 $2`,
	`E'\'' || (DELETE FROM canary) /*`,
	`x' OR '1'='1`,
	`1) OR true; --`,
	`{"a",NULL,\"} ::text[] '{`,
	`? ?0 ?1 ?TableName ?.? $1 :name @p1 %s %v`,
	`NULL`,
	`%_\%`,
	`clientele.accounts canary`,
	`ﬀ＇; DROP TABLE canary`, // a wide apostrophe, and a ligature that grows when it is folded
}

// canary is a database with a table that hostile texts are after, and the tables of the store in an unusual schema.
func canary(t *testing.T) *host {
	t.Helper()
	dsn := pgtest.Shared(t).Database(t)
	db, err := pool(dsn, randomName("canary"), 4, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.ExecContext(t.Context(), "CREATE TABLE canary AS SELECT 'alive' AS is")
	require.NoError(t, err)
	opts := &postgres.Options{Schema: "Of_Ours", Prepared: true}
	require.NoError(t, postgres.Migrate(t.Context(), db, opts))
	store, err := postgres.New(t.Context(), db, opts)
	require.NoError(t, err)
	manager := accounts.NewManager(store, &accounts.Options{Hasher: plain{}, Secret: make([]byte, 32)})
	return &host{Manager: manager, db: db, store: store}
}

// alive checks that nothing became SQL.
func (h *host) alive(t *testing.T) {
	t.Helper()
	var is []string
	require.NoError(t, h.db.NewSelect().TableExpr("canary").Column("is").Scan(t.Context(), &is))
	require.Equal(t, []string{"alive"}, is)
}

// shortest are the lengths of columns that do not hold every hostile text.
var shortest = map[string]int{
	"Country": 2, "PostalCode": 20, "Phone": 30, "Cause": 32, "Locale": 35, "City": 50, "State": 50,
}

// fill sets every string below v, those in maps, slices and structs included.
func fill(v reflect.Value, name, text string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), v.Type().Field(i).Name, text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), name, text)
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{text: text}))
	case reflect.String:
		if limit, is := shortest[name]; is {
			runes := []rune(text)
			text = string(runes[:min(limit, len(runes))])
		}
		v.SetString(text)
	default: // numbers and times, which say nothing
	}
}

// What reaches the store is written and read as it is, in every column of every table.
func TestTextThatWantsToBeSQLIsStoredAsItIs(t *testing.T) {
	h := canary(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	cursor := int64(0)
	for _, text := range hostile {
		var a accounts.Record
		var s subscriptions.Record
		var d subscriptions.Domain
		var hold subscriptions.Hold
		var e subscriptions.Event
		for _, row := range []any{&a, &s, &d, &hold, &e} {
			fill(reflect.ValueOf(row).Elem(), "", text)
		}
		e.Cursor, d.Name = "", input.Fold(text) // names have no upper case
		a.CreatedAt, a.UpdatedAt, s.CreatedAt, s.UpdatedAt, d.CreatedAt, hold.At, e.At = now, now, now, now, now, now, now
		require.NoError(t, h.store.Update(t.Context(), func(tx accounts.Tx) error {
			claimed, err := tx.Claim(accounts.Claim{
				NewAccounts: 1, Login: text, AccountExternalID: text,
				Claim: subscriptions.Claim{NewSubscriptions: 1, NewDomains: 1, ExternalID: text, Names: []string{d.Name}, Owner: -1},
			})
			if err != nil {
				return err
			}
			if claimed.Login || claimed.AccountExternalID || claimed.ExternalID || claimed.Names != nil || claimed.Conflicting != nil {
				return fmt.Errorf("claimed %+v", claimed)
			}
			a.ID, s.ID, d.ID = claimed.AccountIDs[0], claimed.SubscriptionIDs[0], claimed.DomainIDs[0]
			s.AccountID, d.AccountID, d.SubscriptionID, s.Main, d.Main = a.ID, a.ID, s.ID, d.ID, true
			e.AccountID, e.SubscriptionID, e.DomainID = a.ID, s.ID, d.ID
			return tx.Save(accounts.Writes{
				AddAccounts: []accounts.Record{a},
				Writes: subscriptions.Writes{
					AddSubscriptions: []subscriptions.Record{s}, AddDomains: []subscriptions.Domain{d},
					PutHolds: []subscriptions.HoldWrite{
						{Level: subscriptions.LevelAccount, ID: int64(a.ID), Hold: hold},
						{Level: subscriptions.LevelSubscription, ID: int64(s.ID), Hold: hold},
						{Level: subscriptions.LevelDomain, ID: int64(d.ID), Hold: hold},
					},
					Events: []subscriptions.Event{e},
				},
			})
		}), text)
		h.alive(t)
		a.Holds = subscriptions.Holds{hold}
		s.Holds, s.Inherited = a.Holds, a.Holds.Inherited(nil)
		d.Holds, d.Inherited = a.Holds, a.Holds.Inherited(a.Holds)
		cursor = h.readBack(t, text, cursor, a, s.Subscription, d, e)
	}
}

// readBack reads the rows by every key and filter that is a text.
func (h *host) readBack(
	t *testing.T, text string, cursor int64, a accounts.Record, s subscriptions.Subscription, d subscriptions.Domain, e subscriptions.Event,
) int64 {
	t.Helper()
	ctx := t.Context()
	for _, key := range []accounts.AccountKey{{ID: a.ID}, {Login: text}, {ExternalID: text}} {
		got, err := h.store.Account(ctx, key)
		require.NoError(t, err, text)
		require.Equal(t, a, got)
	}
	for _, key := range []subscriptions.SubscriptionKey{{ID: s.ID}, {ExternalID: text}} {
		got, err := h.store.Subscription(ctx, key)
		require.NoError(t, err, text)
		require.Equal(t, s, got)
	}
	site, err := h.store.Site(ctx, "nobody.example", d.Name)
	require.NoError(t, err, text)
	require.Equal(t, subscriptions.Site{Domain: d, Plan: text}, site)
	piece := subscriptions.SearchTerm{Text: input.Fold(text), Anywhere: true}
	cause := a.Holds[0].Cause
	found, err := h.store.Accounts(ctx, accounts.ListParams{
		Country: a.Contact.Country, Cause: cause, Sort: accounts.SortName, Limit: 50, Term: piece,
	})
	require.NoError(t, err, text)
	require.Equal(t, []accounts.Summary{{Account: a.Account, Subscriptions: 1, Domains: 1}}, found)
	subs, err := h.store.Subscriptions(ctx, subscriptions.ListParams{
		Plan: text, Cause: cause, Limit: 50, Term: piece,
	})
	require.NoError(t, err, text)
	require.Equal(t, []subscriptions.Subscription{s}, subs)
	domains, err := h.store.Domains(ctx, subscriptions.DomainListParams{
		Cause: cause, Limit: 50, Term: piece,
	})
	require.NoError(t, err, text)
	require.Equal(t, []subscriptions.Domain{d}, domains)
	_, err = h.store.Domains(ctx, subscriptions.DomainListParams{
		Limit: 50, From: subscriptions.Position{Key: text},
	})
	require.NoError(t, err, text)
	_, err = h.store.Accounts(ctx, accounts.ListParams{
		Sort: accounts.SortLogin, Limit: 50, From: subscriptions.Position{Key: text, ID: 1},
	})
	require.NoError(t, err, text)
	log, err := h.store.Events(ctx, accounts.EventParams{After: cursor, Limit: 50})
	require.NoError(t, err, text)
	require.Len(t, log.Events, 1)
	require.Equal(t, e, log.Events[0].Event)
	return log.Events[0].Number
}

// harmless tells whether an error says something of the input, not of the server.
func harmless(err error) bool {
	for _, allowed := range []error{
		nil, accounts.ErrInvalid, accounts.ErrNotFound, accounts.ErrInvalidCredentials, accounts.ErrTaken, accounts.ErrConflict,
	} {
		if errors.Is(err, allowed) {
			return true
		}
	}
	return false
}

// commands are all methods that take text, with that text in every place that takes any.
func (h *host) commands(a accounts.Account, s subscriptions.Subscription, d subscriptions.Domain, text string) map[string]func(context.Context) error {
	subs, owner := h.Subscriptions(), h.Owner(a.ID)
	ids, subIDs, domainIDs := []accounts.ID{a.ID}, []subscriptions.ID{s.ID}, []subscriptions.DomainID{d.ID}
	status, cause, cursor := accounts.Status(text), accounts.Cause(text), accounts.Cursor(text)
	attributes := map[string]string{text: text, "key": text}
	contact := accounts.Contact{Name: text, Company: text, Email: text, Phone: text, Address: text, City: text, State: text, PostalCode: text, Country: text}
	hold := accounts.Hold{Note: text, Message: text, Public: text, Cause: cause, By: text}
	sub := subscriptions.New{Name: text, Plan: text, Description: text, ExternalID: text, Attributes: attributes, Domains: []string{text}}
	query := subscriptions.Query{Search: text, Plan: text, Status: status, Cause: cause, After: cursor}
	domains := subscriptions.DomainQuery{Search: text, Status: status, Cause: cause, After: cursor}
	return map[string]func(context.Context) error{
		"Create": func(ctx context.Context) error {
			return second(h.Create(ctx, accounts.New{
				Login: text, Password: text, PasswordHash: text, Contact: contact, AdditionalInfo: text, Description: text,
				ExternalID: text, Locale: text, Attributes: attributes, Subscription: &sub,
			}))
		},
		"GetByLogin":      func(ctx context.Context) error { return second(h.GetByLogin(ctx, text)) },
		"GetByExternalID": func(ctx context.Context) error { return second(h.GetByExternalID(ctx, text)) },
		"List": func(ctx context.Context) error {
			return second(h.List(ctx, accounts.Query{Search: text, Status: status, Cause: cause, Country: text, Sort: accounts.Sort(text), After: cursor}))
		},
		"List, searching":  func(ctx context.Context) error { return second(h.List(ctx, accounts.Query{Search: text})) },
		"Count, searching": func(ctx context.Context) error { return second(h.Count(ctx, accounts.Query{Search: text}, 5)) },
		"Update": func(ctx context.Context) error {
			return second(h.Update(ctx, a.ID, accounts.Changes{
				Login: &text, Contact: &contact, AdditionalInfo: &text, Description: &text, ExternalID: &text, Locale: &text, Attributes: attributes,
			}))
		},
		"SetPassword":  func(ctx context.Context) error { return h.SetPassword(ctx, a.ID, text) },
		"Authenticate": func(ctx context.Context) error { return second(h.Authenticate(ctx, text, text)) },
		"Suspend":      func(ctx context.Context) error { return second(h.Suspend(ctx, ids, hold)) },
		"Lift":         func(ctx context.Context) error { return second(h.Lift(ctx, ids, []accounts.Cause{cause})) },
		"RemoveExactly": func(ctx context.Context) error {
			return second(h.RemoveExactly(ctx, accounts.Removal{Accounts: ids, Subscriptions: subIDs, Domains: []string{text}}))
		},
		"ResetPassword": func(ctx context.Context) error { return second(h.ResetPassword(ctx, text, text)) },
		"Events":        func(ctx context.Context) error { return second(h.Events(ctx, accounts.EventQuery{After: cursor})) },
		"Follow": func(ctx context.Context) error {
			return h.Follow(ctx, cursor, nil, func(context.Context, []accounts.Event, accounts.Cursor) error { return accounts.ErrInvalid })
		},
		"an actor":       func(ctx context.Context) error { return second(h.Activate(accounts.WithActor(ctx, text), ids)) },
		"SetContact":     func(ctx context.Context) error { return second(owner.SetContact(ctx, 0, contact)) },
		"ChangePassword": func(ctx context.Context) error { return second(owner.ChangePassword(ctx, text, text)) },
		"Owner.Subscriptions": func(ctx context.Context) error {
			return second(owner.Subscriptions(ctx, subscriptions.Query{Search: text}))
		},
		"Owner.Domains": func(ctx context.Context) error {
			return second(owner.Domains(ctx, subscriptions.DomainQuery{Search: text}))
		},

		"Subscriptions.Create":          func(ctx context.Context) error { return second(subs.Create(ctx, sub)) },
		"Subscriptions.GetByExternalID": func(ctx context.Context) error { return second(subs.GetByExternalID(ctx, text)) },
		"Subscriptions.List":            func(ctx context.Context) error { return second(subs.List(ctx, query)) },
		"Subscriptions.List, searching": func(ctx context.Context) error {
			return second(subs.List(ctx, subscriptions.Query{Search: text, Plan: text}))
		},
		"Subscriptions.Count": func(ctx context.Context) error { return second(subs.Count(ctx, subscriptions.Query{Search: text}, 5)) },
		"Subscriptions.Update": func(ctx context.Context) error {
			return second(subs.Update(ctx, s.ID, subscriptions.Changes{Name: &text, Plan: &text, Description: &text, ExternalID: &text, Attributes: map[string]string{"key": text}}))
		},
		"Subscriptions.Suspend": func(ctx context.Context) error { return second(subs.Suspend(ctx, subIDs, hold)) },
		"Subscriptions.Lift":    func(ctx context.Context) error { return second(subs.Lift(ctx, subIDs, []accounts.Cause{cause})) },
		"AddDomain":             func(ctx context.Context) error { return second(subs.AddDomain(ctx, s.ID, text)) },
		"Domain":                func(ctx context.Context) error { return second(subs.Domain(ctx, text)) },
		"Domains":               func(ctx context.Context) error { return second(subs.Domains(ctx, domains)) },
		"Domains, searching": func(ctx context.Context) error {
			return second(subs.Domains(ctx, subscriptions.DomainQuery{Search: text}))
		},
		"CountDomains": func(ctx context.Context) error {
			return second(subs.CountDomains(ctx, subscriptions.DomainQuery{Search: text}, 5))
		},
		"RenameDomain":   func(ctx context.Context) error { return second(subs.RenameDomain(ctx, d.ID, text)) },
		"SuspendDomains": func(ctx context.Context) error { return second(subs.SuspendDomains(ctx, domainIDs, hold)) },
		"SuspendDomains, texts": func(ctx context.Context) error {
			return second(subs.SuspendDomains(ctx, domainIDs, subscriptions.Hold{Note: text, Message: text, Public: text}))
		},
		"LiftDomains": func(ctx context.Context) error {
			return second(subs.LiftDomains(ctx, domainIDs, []accounts.Cause{cause}))
		},
		"Resolve":                func(ctx context.Context) error { return second(subs.Resolve(ctx, text)) },
		"Resolve, with its port": func(ctx context.Context) error { return second(subs.Resolve(ctx, text+":443")) },
	}
}

func second[V any](_ V, err error) error { return err }

// Every method that takes text answers hostile text as text: stores it, finds it, or refuses it as invalid.
func TestTextThatWantsToBeSQLInEveryMethod(t *testing.T) {
	ctx := t.Context()
	h := canary(t)
	a, err := h.Create(ctx, customer("alice"))
	require.NoError(t, err)
	s, err := h.Subscriptions().GetByExternalID(ctx, "sub-alice")
	require.NoError(t, err)
	d, err := h.Subscriptions().AddDomain(ctx, s.ID, "more.example.net")
	require.NoError(t, err)
	for i, text := range hostile {
		h.storesIn(t, i, text)
		for name, command := range h.commands(a, s, d, text) {
			err := command(ctx)
			require.True(t, harmless(err), "%s with %s: %v", name, text, err)
		}
		h.alive(t)
	}
	still, err := h.Get(ctx, a.ID)
	require.NoError(t, err)
	require.Equal(t, a.Login, still.Login)
}

// storesIn creates a customer with a text wherever a customer may have it.
func (h *host) storesIn(t *testing.T, i int, text string) {
	t.Helper()
	ctx := accounts.WithActor(t.Context(), text)
	in := customer(fmt.Sprintf("customer-%d", i))
	in.ExternalID, in.AdditionalInfo, in.Description, in.Attributes = text, text, text, map[string]string{"key": text}
	in.Contact = accounts.Contact{Name: text, Company: text, Address: text, City: text, State: text}
	in.Subscription.Name, in.Subscription.Plan, in.Subscription.Description = text, text, text
	in.Subscription.ExternalID, in.Subscription.Attributes = text, in.Attributes
	created, err := h.Create(ctx, in)
	require.NoError(t, err, text)
	got, err := h.GetByExternalID(ctx, text)
	require.NoError(t, err, text)
	require.Equal(t, created, got)
	require.Equal(t, in.Contact, got.Contact)
	s, err := h.Subscriptions().GetByExternalID(ctx, text)
	require.NoError(t, err, text)
	require.Equal(t, []string{text, text, text, text}, []string{s.Name, s.Plan, s.Description, s.Attributes["key"]})
	page, err := h.List(ctx, accounts.Query{Search: text})
	require.NoError(t, err, text)
	require.Equal(t, created.ID, page.Items[len(page.Items)-1].ID, "the last one so far")
	for _, item := range page.Items {
		require.Contains(t, input.Fold(item.Contact.Name), input.Fold(text), "every character stands for itself")
	}
	_, err = h.Create(ctx, in)
	require.ErrorIs(t, err, accounts.ErrTaken, text)
	events, err := h.Events(ctx, accounts.EventQuery{AccountID: &created.ID})
	require.NoError(t, err)
	require.Equal(t, text, events.Items[0].Actor)
	require.Equal(t, text, events.Items[0].Details["externalID"])
}
