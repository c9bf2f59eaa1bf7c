package faults_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// hostileTexts look like SQL, placeholders, parts of arrays, patterns, or names of schemas.
var hostileTexts = []string{
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

// newInjectionApp returns an app with a table called canary, which the hostile texts try to change, and with the tables of the
// store in an unusual schema.
func newInjectionApp(t *testing.T) *app {
	t.Helper()
	dsn := pgtest.Shared(t).Database(t)
	db, err := openPool(dsn, randomName("injection"), 4, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.ExecContext(t.Context(), "CREATE TABLE canary AS SELECT 'intact' AS state")
	require.NoError(t, err)
	opts := &postgres.Options{Schema: "Mixed_Case"}
	require.NoError(t, postgres.Migrate(t.Context(), db, opts))
	store, err := postgres.New(t.Context(), db, opts)
	require.NoError(t, err)
	manager := accounts.NewManager(store, &accounts.Options{Hasher: plain{}, Secret: make([]byte, 32)})
	return &app{Manager: manager, db: db, store: store}
}

// requireCanary checks that no text was executed as SQL.
func (p *app) requireCanary(t *testing.T) {
	t.Helper()
	var rows []string
	require.NoError(t, p.db.NewSelect().TableExpr("canary").Column("state").Scan(t.Context(), &rows))
	require.Equal(t, []string{"intact"}, rows)
}

// columnLengths are the lengths of columns that are shorter than some hostile texts.
var columnLengths = map[string]int{
	"Country": 2, "PostalCode": 20, "Phone": 30, "Cause": 32, "Locale": 35, "City": 50, "State": 50,
}

// fill sets every string in v, including those in maps, slices and structs.
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
		if limit, ok := columnLengths[name]; ok {
			runes := []rune(text)
			text = string(runes[:min(limit, len(runes))])
		}
		v.SetString(text)
	default: // numbers and times contain no text
	}
}

// Hostile text is written and read unchanged, in every column of every table.
func TestHostileTextIsStoredUnchanged(t *testing.T) {
	app := newInjectionApp(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	cursor := int64(0)
	for _, text := range hostileTexts {
		var a accounts.Record
		var s subscriptions.Record
		var d subscriptions.Domain
		var hold subscriptions.Hold
		var e subscriptions.Event
		for _, row := range []any{&a, &s, &d, &hold, &e} {
			fill(reflect.ValueOf(row).Elem(), "", text)
		}
		e.Cursor, d.Name = "", input.Fold(text) // names are in lower case
		a.CreatedAt, a.UpdatedAt, s.CreatedAt, s.UpdatedAt, d.CreatedAt, hold.At, e.At = now, now, now, now, now, now, now
		require.NoError(t, app.store.Update(t.Context(), func(tx accounts.Tx) error {
			claimed, err := tx.Claim(accounts.Claim{
				NewAccounts: 1, Logins: []string{text}, AccountExternalIDs: []string{text},
				Claim: subscriptions.Claim{NewSubscriptions: 1, NewDomains: 1, ExternalIDs: []string{text}, Names: []string{d.Name}, Owner: -1},
			})
			if err != nil {
				return err
			}
			if claimed.Logins != nil || claimed.AccountExternalIDs != nil || claimed.ExternalIDs != nil || claimed.Names != nil || claimed.Conflicting != nil {
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
		app.requireCanary(t)
		a.Holds = subscriptions.Holds{hold}
		s.Holds, s.Inherited = a.Holds, a.Holds.Inherited(nil)
		d.Holds, d.Inherited = a.Holds, a.Holds.Inherited(a.Holds)
		cursor = app.requireStored(t, text, cursor, a, s.Subscription, d, e)
	}
}

// requireStored reads the rows by every key and filter that is a text. It returns the number of the last event.
func (p *app) requireStored(
	t *testing.T, text string, cursor int64, a accounts.Record, s subscriptions.Subscription, d subscriptions.Domain, e subscriptions.Event,
) int64 {
	t.Helper()
	ctx := t.Context()
	for _, key := range []accounts.AccountKey{{ID: a.ID}, {Login: text}, {ExternalID: text}} {
		got, err := p.store.Account(ctx, key)
		require.NoError(t, err, text)
		require.Equal(t, a, got)
	}
	for _, key := range []subscriptions.SubscriptionKey{{ID: s.ID}, {ExternalID: text}} {
		got, err := p.store.Subscription(ctx, key)
		require.NoError(t, err, text)
		require.Equal(t, s, got)
	}
	site, err := p.store.Site(ctx, "unknown.example", d.Name)
	require.NoError(t, err, text)
	require.Equal(t, subscriptions.Site{Domain: d, Plan: text}, site)
	terms := []subscriptions.SearchTerm{{Text: input.SearchText(text)}}
	cause := a.Holds[0].Cause
	found, err := p.store.Accounts(ctx, accounts.ListParams{
		Country: a.Contact.Country, Cause: cause, Sort: accounts.SortName, Limit: 50, Terms: terms,
	})
	require.NoError(t, err, text)
	require.Equal(t, []accounts.Summary{{Account: a.Account, Subscriptions: 1, Domains: 1}}, found)
	subs, err := p.store.Subscriptions(ctx, subscriptions.ListParams{
		Plan: text, Cause: cause, Limit: 50, Terms: terms,
	})
	require.NoError(t, err, text)
	require.Equal(t, []subscriptions.Subscription{s}, subs)
	domains, err := p.store.Domains(ctx, subscriptions.DomainListParams{
		Cause: cause, Limit: 50, Terms: terms,
	})
	require.NoError(t, err, text)
	require.Equal(t, []subscriptions.Domain{d}, domains)
	_, err = p.store.Domains(ctx, subscriptions.DomainListParams{
		Limit: 50, From: subscriptions.Position{Key: text},
	})
	require.NoError(t, err, text)
	_, err = p.store.Accounts(ctx, accounts.ListParams{
		Sort: accounts.SortLogin, Limit: 50, From: subscriptions.Position{Key: text, ID: 1},
	})
	require.NoError(t, err, text)
	log, err := p.store.Events(ctx, accounts.EventParams{After: cursor, Limit: 50})
	require.NoError(t, err, text)
	require.Len(t, log.Events, 1)
	require.Equal(t, e, log.Events[0].Event)
	return log.Events[0].Number
}

// isRefusal reports whether err is nil or caused by the input, and not by the server.
func isRefusal(err error) bool {
	for _, allowed := range []error{
		nil, accounts.ErrInvalid, accounts.ErrNotFound, accounts.ErrInvalidCredentials, accounts.ErrTaken, accounts.ErrConflict,
	} {
		if errors.Is(err, allowed) {
			return true
		}
	}
	return false
}

// commands returns calls of all methods that have text parameters, with text for each of them.
func (p *app) commands(a accounts.Account, s subscriptions.Subscription, d subscriptions.Domain, text string) map[string]func(context.Context) error {
	subs, owner := p.Subscriptions(), p.Owner(a.ID)
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
			return second(p.Create(ctx, accounts.New{
				Login: text, Password: text, PasswordHash: text, Contact: contact, AdditionalInfo: text, Description: text,
				ExternalID: text, Locale: text, Attributes: attributes, Subscription: &sub,
			}))
		},
		"GetByLogin":      func(ctx context.Context) error { return second(p.GetByLogin(ctx, text)) },
		"GetByExternalID": func(ctx context.Context) error { return second(p.GetByExternalID(ctx, text)) },
		"List": func(ctx context.Context) error {
			return second(p.List(ctx, accounts.Query{Search: text, Status: status, Cause: cause, Country: text, Sort: accounts.Sort(text), After: cursor}))
		},
		"List, searching":  func(ctx context.Context) error { return second(p.List(ctx, accounts.Query{Search: text})) },
		"Count, searching": func(ctx context.Context) error { return second(p.Count(ctx, accounts.Query{Search: text}, 5)) },
		"Update": func(ctx context.Context) error {
			return second(p.Update(ctx, a.ID, accounts.Changes{
				Login: &text, Contact: &contact, AdditionalInfo: &text, Description: &text, ExternalID: &text, Locale: &text, Attributes: attributes,
			}))
		},
		"SetPassword":  func(ctx context.Context) error { return p.SetPassword(ctx, a.ID, text) },
		"Authenticate": func(ctx context.Context) error { return second(p.Authenticate(ctx, text, text)) },
		"Suspend":      func(ctx context.Context) error { return second(p.Suspend(ctx, ids, hold)) },
		"Lift":         func(ctx context.Context) error { return second(p.Lift(ctx, ids, []accounts.Cause{cause})) },
		"RemoveExactly": func(ctx context.Context) error {
			return second(p.RemoveExactly(ctx, accounts.Removal{Accounts: ids, Subscriptions: subIDs, Domains: []string{text}}))
		},
		"ResetPassword":   func(ctx context.Context) error { return second(p.ResetPassword(ctx, text, text)) },
		"CheckResetToken": func(ctx context.Context) error { return second(p.CheckResetToken(ctx, text)) },
		"Events":          func(ctx context.Context) error { return second(p.Events(ctx, accounts.EventQuery{After: cursor})) },
		"Follow": func(ctx context.Context) error {
			return p.Follow(ctx, cursor, nil, func(context.Context, []accounts.Event, accounts.Cursor) error { return accounts.ErrInvalid })
		},
		"an actor":       func(ctx context.Context) error { return second(p.Activate(accounts.WithActor(ctx, text), ids)) },
		"SetContact":     func(ctx context.Context) error { return second(owner.SetContact(ctx, 0, contact, text)) },
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

// Every method with text parameters treats hostile text as text: it stores it, finds it, or refuses it as invalid.
func TestHostileTextInEveryMethod(t *testing.T) {
	ctx := t.Context()
	app := newInjectionApp(t)
	a, err := app.Create(ctx, customer("alice"))
	require.NoError(t, err)
	s, err := app.Subscriptions().GetByExternalID(ctx, "sub-alice")
	require.NoError(t, err)
	d, err := app.Subscriptions().AddDomain(ctx, s.ID, "more.example.net")
	require.NoError(t, err)
	for i, text := range hostileTexts {
		app.createWithText(t, i, text)
		for name, command := range app.commands(a, s, d, text) {
			err := command(ctx)
			require.True(t, isRefusal(err), "%s with %s: %v", name, text, err)
		}
		app.requireCanary(t)
	}
	got, err := app.Get(ctx, a.ID)
	require.NoError(t, err)
	require.Equal(t, a.Login, got.Login)
}

// createWithText creates a customer with the text in every field that may have it.
func (p *app) createWithText(t *testing.T, i int, text string) {
	t.Helper()
	ctx := accounts.WithActor(t.Context(), text)
	in := customer(fmt.Sprintf("customer-%d", i))
	in.ExternalID, in.AdditionalInfo, in.Description, in.Attributes = text, text, text, map[string]string{"key": text}
	in.Contact = accounts.Contact{Name: text, Company: text, Address: text, City: text, State: text}
	in.Subscription.Name, in.Subscription.Plan, in.Subscription.Description = text, text, text
	in.Subscription.ExternalID, in.Subscription.Attributes = text, in.Attributes
	created, err := p.Create(ctx, in)
	require.NoError(t, err, text)
	got, err := p.GetByExternalID(ctx, text)
	require.NoError(t, err, text)
	require.Equal(t, created, got)
	require.Equal(t, in.Contact, got.Contact)
	s, err := p.Subscriptions().GetByExternalID(ctx, text)
	require.NoError(t, err, text)
	require.Equal(t, []string{text, text, text, text}, []string{s.Name, s.Plan, s.Description, s.Attributes["key"]})
	words := strings.Fields(text)
	search := strings.Join(words[:min(8, len(words))], " ")
	page, err := p.List(ctx, accounts.Query{Search: search})
	require.NoError(t, err, text)
	require.Equal(t, created.ID, page.Items[len(page.Items)-1].ID, "the last one")
	for _, item := range page.Items {
		for _, term := range input.SearchWords[subscriptions.SearchTerm](&input.Violations{}, search) {
			require.True(t, term.Finds(int64(item.ID), item.SearchText()), "no character is a wildcard: %q", search)
		}
	}
	_, err = p.Create(ctx, in)
	require.ErrorIs(t, err, accounts.ErrTaken, text)
	events, err := p.Events(ctx, accounts.EventQuery{AccountID: &created.ID})
	require.NoError(t, err)
	require.Equal(t, text, events.Items[0].Actor)
	require.Equal(t, text, events.Items[0].Details["externalID"])
}
