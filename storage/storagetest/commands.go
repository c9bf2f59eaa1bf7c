package storagetest

import (
	"context"
	"slices"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// command is a call of one of the managers' methods.
type command struct {
	name   string
	writes bool // whether it runs a transaction; otherwise it only reads
	call   func(ctx context.Context) error

	noTransaction bool // it is invalid in a Transaction
}

// commands returns a call of every method of the managers, each with valid input: first the reads, then the commands, in
// an order in which all of them succeed one after another on data without holds.
func (f *fixture) commands(data fixtureData) []command { return f.commandsBy(f.clients, data) }

// commandsBy is like commands but calls the methods of m. The fixture's manager prepares the data that they need.
func (f *fixture) commandsBy(m *accounts.Manager, data fixtureData) []command {
	f.t.Helper()
	return f.prepareCommands(data)(m)
}

// prepareCommands prepares the data that commandsBy needs. The result returns the commands of a manager, once.
func (f *fixture) prepareCommands(data fixtureData) func(m *accounts.Manager) []command {
	f.t.Helper()
	due := f.subscribe(subscriptions.New{Name: "due", ExpiresAt: f.clock.now().Add(time.Hour)})
	f.subscribe(subscriptions.New{AccountID: data.mario.ID, Name: "due", ExpiresAt: f.clock.now().Add(time.Hour)})
	f.clock.advance(time.Hour)
	peach := f.account("peach"+string(rune('a'+due.ID%26)), "peach"+string(rune('a'+due.ID%26))+".example")
	preview, err := f.clients.PreviewRemoval(f.ctx, []accounts.ID{peach.ID})
	f.NoError(err)
	token, err := f.clients.ResetToken(f.ctx, data.mario.ID, time.Hour)
	f.NoError(err)
	for i, key := range []string{"session/1", "session/2", "expired/1"} {
		f.put(accounts.Entry{Key: key, ExpiresAt: f.clock.now().Add(time.Hour * time.Duration(2-i))}, accounts.Any)
	}
	main, second := f.getDomain("blog.example").ID, f.getDomain("en.blog.example").ID
	return func(m *accounts.Manager) []command {
		all := slices.Concat(
			f.reads(m, data, token), entryCommands(m, data), f.accountCommands(m, data, token, preview),
			f.subscriptionCommands(m, data, due, main, second),
		)
		for i, c := range all {
			all[i].noTransaction = slices.Contains(notInTransaction, c.name)
		}
		return all
	}
}

// notInTransaction are the names of the commands that are invalid in a Transaction.
var notInTransaction = []string{
	"Authenticate", "Events", "Head", "Snapshot", "HashPassword", "ResetPassword", "Create", "SetPassword", "Owner.SetContact",
	"Owner.ChangePassword", "Transaction",
}

// entryCommands are those of buckets, and Transaction.
func entryCommands(clients *accounts.Manager, data fixtureData) []command {
	b := clients.Bucket(suiteBucket)
	return []command{
		{name: "Bucket.Get", call: func(ctx context.Context) error { _, err := b.Get(ctx, "session/1"); return err }},
		{name: "Bucket.List", call: func(ctx context.Context) error { _, err := b.List(ctx, "", "", 0); return err }},
		{name: "Bucket.Put", writes: true, call: func(ctx context.Context) error {
			_, err := b.Put(ctx, accounts.Entry{Key: "new", Value: []byte("v")}, accounts.Any)
			return err
		}},
		{name: "Bucket.Delete", writes: true, call: func(ctx context.Context) error { return b.Delete(ctx, "session/1") }},
		{name: "Bucket.DeletePrefix", writes: true, call: func(ctx context.Context) error { _, err := b.DeletePrefix(ctx, "session/"); return err }},
		{name: "Bucket.DeleteExpired", writes: true, call: func(ctx context.Context) error { _, err := b.DeleteExpired(ctx); return err }},
		{name: "Transaction", writes: true, call: func(ctx context.Context) error {
			return clients.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error {
				if _, err := tx.SignInAs(ctx, data.mario.ID); err != nil {
					return err
				}
				_, err := tx.Bucket(suiteBucket).Put(ctx, accounts.Entry{Key: "transaction"}, accounts.Any)
				return err
			})
		}},
	}
}

func (f *fixture) reads(clients *accounts.Manager, data fixtureData, token string) []command {
	subs, owner := clients.Subscriptions(), clients.Owner(data.mario.ID)
	ids := []accounts.ID{data.mario.ID}
	return []command{
		{name: "Get", writes: false, call: func(ctx context.Context) error { _, err := clients.Get(ctx, data.mario.ID); return err }},
		{name: "GetByLogin", writes: false, call: func(ctx context.Context) error { _, err := clients.GetByLogin(ctx, "mario"); return err }},
		{name: "List", writes: false, call: func(ctx context.Context) error { _, err := clients.List(ctx, accounts.Query{}); return err }},
		{name: "List, searched by name", writes: false, call: func(ctx context.Context) error {
			_, err := clients.List(ctx, accounts.Query{Search: "mario", Sort: accounts.SortName})
			return err
		}},
		{name: "Count", writes: false, call: func(ctx context.Context) error { _, err := clients.Count(ctx, accounts.Query{}, 0); return err }},
		{name: "Authenticate", writes: false, call: func(ctx context.Context) error {
			_, err := clients.Authenticate(ctx, "luigi", password)
			return err
		}},
		{name: "HashPassword", writes: false, call: func(ctx context.Context) error {
			_, err := clients.HashPassword(ctx, newAccount("peach"))
			return err
		}},
		{name: "CheckSession", writes: false, call: func(ctx context.Context) error {
			_, err := clients.CheckSession(ctx, data.mario.ID, data.mario.SessionEpoch)
			return err
		}},
		{name: "PreviewRemoval", writes: false, call: func(ctx context.Context) error { _, err := clients.PreviewRemoval(ctx, ids); return err }},
		{name: "CheckResetToken", writes: false, call: func(ctx context.Context) error { _, err := clients.CheckResetToken(ctx, token); return err }},
		{name: "Events", writes: false, call: func(ctx context.Context) error { _, err := clients.Events(ctx, accounts.EventQuery{}); return err }},
		{name: "Head", writes: false, call: func(ctx context.Context) error { _, err := clients.Head(ctx); return err }},
		{name: "Snapshot", writes: false, call: func(ctx context.Context) error {
			_, err := clients.Snapshot(ctx, func(accounts.Batch) error { return nil })
			return err
		}},
		{name: "Owner.Profile", writes: false, call: func(ctx context.Context) error { _, err := owner.Profile(ctx); return err }},
		{name: "Owner.Subscriptions", writes: false, call: func(ctx context.Context) error {
			_, err := owner.Subscriptions(ctx, subscriptions.Query{})
			return err
		}},
		{name: "Owner.Domains", writes: false, call: func(ctx context.Context) error {
			_, err := owner.Domains(ctx, subscriptions.DomainQuery{})
			return err
		}},
		{name: "subscriptions.Get", writes: false, call: func(ctx context.Context) error { _, err := subs.Get(ctx, data.blog.ID); return err }},
		{name: "subscriptions.List", writes: false, call: func(ctx context.Context) error { _, err := subs.List(ctx, subscriptions.Query{}); return err }},
		{name: "subscriptions.Count", writes: false, call: func(ctx context.Context) error { _, err := subs.Count(ctx, subscriptions.Query{}, 0); return err }},
		{name: "Domain", writes: false, call: func(ctx context.Context) error { _, err := subs.Domain(ctx, "blog.example"); return err }},
		{name: "Domains", writes: false, call: func(ctx context.Context) error { _, err := subs.Domains(ctx, subscriptions.DomainQuery{}); return err }},
		{name: "CountDomains", writes: false, call: func(ctx context.Context) error {
			_, err := subs.CountDomains(ctx, subscriptions.DomainQuery{}, 0)
			return err
		}},
		{name: "Resolve", writes: false, call: func(ctx context.Context) error { _, err := subs.Resolve(ctx, "www.blog.example"); return err }},
	}
}

func (f *fixture) accountCommands(clients *accounts.Manager, data fixtureData, token string, preview accounts.Removal) []command {
	owner := clients.Owner(data.mario.ID)
	ids := []accounts.ID{data.mario.ID}
	in := newAccount("toad")
	in.Subscription = &subscriptions.New{Domains: []string{"toad.example"}}
	return []command{
		{name: "ResetToken", writes: true, call: func(ctx context.Context) error {
			_, err := clients.ResetToken(ctx, data.mario.ID, time.Hour)
			return err
		}},
		{name: "ResetPassword", writes: true, call: func(ctx context.Context) error { _, err := clients.ResetPassword(ctx, token, password); return err }},
		{name: "Create", writes: true, call: func(ctx context.Context) error { _, err := clients.Create(ctx, in); return err }},
		{name: "Update", writes: true, call: func(ctx context.Context) error {
			_, err := clients.Update(ctx, data.mario.ID, accounts.Changes{Login: ptr("mario2"), ExternalID: ptr("crm-1")})
			return err
		}},
		{name: "CreateMany", writes: true, call: func(ctx context.Context) error { _, err := clients.CreateMany(ctx, many("batch", 2)); return err }},
		{name: "SetPasswordHash", writes: true, call: func(ctx context.Context) error {
			return clients.SetPasswordHash(ctx, data.mario.ID, "$plain$"+password)
		}},
		{name: "SetPassword", writes: true, call: func(ctx context.Context) error { return clients.SetPassword(ctx, data.mario.ID, password) }},
		{name: "Owner.SetContact", writes: true, call: func(ctx context.Context) error {
			_, err := owner.SetContact(ctx, 0, accounts.Contact{Name: "Mario", Email: "mario@example.com"}, password)
			return err
		}},
		{name: "Owner.Confirmed.SetContact", writes: true, call: func(ctx context.Context) error {
			_, err := owner.Confirmed().SetContact(ctx, 0, accounts.Contact{Name: "Mario", Email: "mario2@example.com"}, "")
			return err
		}},
		{name: "Owner.ChangePassword", writes: true, call: func(ctx context.Context) error {
			_, err := owner.ChangePassword(ctx, password, "another password")
			return err
		}},
		{name: "SignInAs", writes: true, call: func(ctx context.Context) error { _, err := clients.SignInAs(ctx, data.mario.ID); return err }},
		{name: "Suspend", writes: true, call: func(ctx context.Context) error {
			_, err := clients.Suspend(ctx, ids, accounts.Hold{Cause: accounts.CauseBilling})
			return err
		}},
		{name: "UpdateHolds", writes: true, call: func(ctx context.Context) error {
			_, err := clients.UpdateHolds(ctx, ids, accounts.CauseAbuse, accounts.HoldTexts{Note: ptr("updated")})
			return err
		}},
		{name: "Lift", writes: true, call: func(ctx context.Context) error {
			_, err := clients.Lift(ctx, ids, []accounts.Cause{accounts.CauseAbuse})
			return err
		}},
		{name: "Activate", writes: true, call: func(ctx context.Context) error { _, err := clients.Activate(ctx, ids); return err }},
		{name: "RemoveExactly", writes: true, call: func(ctx context.Context) error { _, err := clients.RemoveExactly(ctx, preview); return err }},
		{name: "Remove", writes: true, call: func(ctx context.Context) error {
			_, err := clients.Remove(ctx, []accounts.ID{data.luigi.ID})
			return err
		}},
	}
}

func (f *fixture) subscriptionCommands(
	clients *accounts.Manager, data fixtureData, due subscriptions.Subscription, main, second subscriptions.DomainID,
) []command {
	subs, owner := clients.Subscriptions(), clients.Owner(data.mario.ID)
	ids, domains := []subscriptions.ID{data.blog.ID}, []subscriptions.DomainID{main, second}
	return []command{
		{name: "subscriptions.Create", writes: true, call: func(ctx context.Context) error {
			_, err := subs.Create(ctx, subscriptions.New{AccountID: data.mario.ID, ExternalID: "order-1", Domains: []string{"created.example"}})
			return err
		}},
		{name: "subscriptions.Update", writes: true, call: func(ctx context.Context) error {
			_, err := subs.Update(ctx, data.blog.ID, subscriptions.Changes{Plan: ptr("gold"), ExternalID: ptr("order-2")})
			return err
		}},
		{name: "subscriptions.Suspend", writes: true, call: func(ctx context.Context) error {
			_, err := subs.Suspend(ctx, ids, accounts.Hold{Cause: accounts.CauseBilling})
			return err
		}},
		{name: "subscriptions.UpdateHolds", writes: true, call: func(ctx context.Context) error {
			_, err := subs.UpdateHolds(ctx, ids, accounts.CauseAbuse, accounts.HoldTexts{Note: ptr("updated")})
			return err
		}},
		{name: "subscriptions.Lift", writes: true, call: func(ctx context.Context) error {
			_, err := subs.Lift(ctx, ids, []accounts.Cause{accounts.CauseAbuse})
			return err
		}},
		{name: "subscriptions.Activate", writes: true, call: func(ctx context.Context) error { _, err := subs.Activate(ctx, ids); return err }},
		{name: "ExpireAll", writes: true, call: func(ctx context.Context) error { _, err := subs.ForAccount(data.mario.ID).ExpireAll(ctx); return err }},
		{name: "Expire", writes: true, call: func(ctx context.Context) error { _, err := subs.Expire(ctx); return err }},
		{name: "AddDomain", writes: true, call: func(ctx context.Context) error {
			_, err := subs.AddDomain(ctx, data.blog.ID, "added.example")
			return err
		}},
		{name: "RenameDomain", writes: true, call: func(ctx context.Context) error {
			_, err := subs.RenameDomain(ctx, second, "renamed.example")
			return err
		}},
		{name: "SuspendDomains", writes: true, call: func(ctx context.Context) error {
			_, err := subs.SuspendDomains(ctx, domains, accounts.Hold{Cause: accounts.CauseBilling})
			return err
		}},
		{name: "UpdateDomainHolds", writes: true, call: func(ctx context.Context) error {
			_, err := subs.UpdateDomainHolds(ctx, domains, accounts.CauseAbuse, accounts.HoldTexts{Note: ptr("updated")})
			return err
		}},
		{name: "UpdateDomain", writes: true, call: func(ctx context.Context) error {
			_, err := subs.UpdateDomain(ctx, second, subscriptions.DomainChanges{Attributes: map[string]string{"php": "8.4"}})
			return err
		}},
		{name: "LiftDomains", writes: true, call: func(ctx context.Context) error {
			_, err := subs.LiftDomains(ctx, domains, []accounts.Cause{accounts.CauseAbuse})
			return err
		}},
		{name: "ActivateDomains", writes: true, call: func(ctx context.Context) error { _, err := subs.ActivateDomains(ctx, domains); return err }},
		{name: "Owner.EnableDomains", writes: true, call: func(ctx context.Context) error { _, err := owner.EnableDomains(ctx, domains); return err }},
		{name: "SetMainDomain", writes: true, call: func(ctx context.Context) error { return subs.SetMainDomain(ctx, second) }},
		{name: "MoveDomains", writes: true, call: func(ctx context.Context) error {
			_, err := subs.MoveDomains(ctx, []subscriptions.DomainID{f.secondDomain(data)}, data.shop.ID)
			return err
		}},
		{name: "Assign", writes: true, call: func(ctx context.Context) error {
			_, err := subs.Assign(ctx, []subscriptions.ID{data.spare.ID}, data.mario.ID)
			return err
		}},
		{name: "RemoveDomains", writes: true, call: func(ctx context.Context) error {
			_, err := subs.RemoveDomains(ctx, []subscriptions.DomainID{f.secondDomain(data)})
			return err
		}},
		{name: "subscriptions.RemoveExactly", writes: true, call: func(ctx context.Context) error {
			_, err := subs.RemoveExactly(ctx, subscriptions.Removal{Subscriptions: []subscriptions.ID{due.ID}})
			return err
		}},
		{name: "subscriptions.Remove", writes: true, call: func(ctx context.Context) error { _, err := subs.Remove(ctx, ids); return err }},
	}
}

// secondDomain returns a domain of Mario's blog that is not its main one, or of his shop if the blog has none left.
func (f *fixture) secondDomain(data fixtureData) subscriptions.DomainID {
	f.t.Helper()
	for _, id := range []subscriptions.ID{data.blog.ID, data.shop.ID} {
		for _, d := range f.domains(subscriptions.DomainQuery{SubscriptionID: id}) {
			if !d.Main {
				return d.ID
			}
		}
	}
	f.Fail("only main domains are left")
	return 0
}
