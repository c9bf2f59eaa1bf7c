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
}

// commands returns a call of every method of the managers, each with valid input: first the reads, then the commands, in
// an order in which all of them succeed one after another on data without holds.
func (f *fixture) commands(data fixtureData) []command { return f.commandsBy(f.clients, data) }

// commandsBy is like commands but calls the methods of m. The fixture's manager prepares the data that they need.
func (f *fixture) commandsBy(m *accounts.Manager, data fixtureData) []command {
	f.t.Helper()
	due := f.subscribe(subscriptions.New{Name: "due", ExpiresAt: f.clock.now().Add(time.Hour)})
	f.subscribe(subscriptions.New{AccountID: data.mario.ID, Name: "due", ExpiresAt: f.clock.now().Add(time.Hour)})
	f.clock.advance(time.Hour)
	peach := f.account("peach"+string(rune('a'+due.ID%26)), "peach"+string(rune('a'+due.ID%26))+".example")
	preview, err := f.clients.PreviewRemoval(f.ctx, []accounts.ID{peach.ID})
	f.NoError(err)
	token, err := f.clients.ResetToken(f.ctx, data.mario.ID, time.Hour)
	f.NoError(err)
	return slices.Concat(f.reads(m, data, token), f.accountCommands(m, data, token, preview), f.subscriptionCommands(m, data, due))
}

func (f *fixture) reads(clients *accounts.Manager, data fixtureData, token string) []command {
	subs, owner := clients.Subscriptions(), clients.Owner(data.mario.ID)
	ids := []accounts.ID{data.mario.ID}
	return []command{
		{"Get", false, func(ctx context.Context) error { _, err := clients.Get(ctx, data.mario.ID); return err }},
		{"GetByLogin", false, func(ctx context.Context) error { _, err := clients.GetByLogin(ctx, "mario"); return err }},
		{"List", false, func(ctx context.Context) error { _, err := clients.List(ctx, accounts.Query{}); return err }},
		{"List, searched by name", false, func(ctx context.Context) error {
			_, err := clients.List(ctx, accounts.Query{Search: "mario", Sort: accounts.SortName})
			return err
		}},
		{"Count", false, func(ctx context.Context) error { _, err := clients.Count(ctx, accounts.Query{}, 0); return err }},
		{"Authenticate", false, func(ctx context.Context) error {
			_, err := clients.Authenticate(ctx, "luigi", password)
			return err
		}},
		{"CheckSession", false, func(ctx context.Context) error {
			_, err := clients.CheckSession(ctx, data.mario.ID, data.mario.SessionEpoch)
			return err
		}},
		{"PreviewRemoval", false, func(ctx context.Context) error { _, err := clients.PreviewRemoval(ctx, ids); return err }},
		{"CheckResetToken", false, func(ctx context.Context) error { _, err := clients.CheckResetToken(ctx, token); return err }},
		{"Events", false, func(ctx context.Context) error { _, err := clients.Events(ctx, accounts.EventQuery{}); return err }},
		{"Head", false, func(ctx context.Context) error { _, err := clients.Head(ctx); return err }},
		{"Snapshot", false, func(ctx context.Context) error {
			_, err := clients.Snapshot(ctx, func(accounts.Batch) error { return nil })
			return err
		}},
		{"Owner.Profile", false, func(ctx context.Context) error { _, err := owner.Profile(ctx); return err }},
		{"Owner.Subscriptions", false, func(ctx context.Context) error {
			_, err := owner.Subscriptions(ctx, subscriptions.Query{})
			return err
		}},
		{"Owner.Domains", false, func(ctx context.Context) error {
			_, err := owner.Domains(ctx, subscriptions.DomainQuery{})
			return err
		}},
		{"subscriptions.Get", false, func(ctx context.Context) error { _, err := subs.Get(ctx, data.blog.ID); return err }},
		{"subscriptions.List", false, func(ctx context.Context) error { _, err := subs.List(ctx, subscriptions.Query{}); return err }},
		{"subscriptions.Count", false, func(ctx context.Context) error { _, err := subs.Count(ctx, subscriptions.Query{}, 0); return err }},
		{"Domain", false, func(ctx context.Context) error { _, err := subs.Domain(ctx, "blog.example"); return err }},
		{"Domains", false, func(ctx context.Context) error { _, err := subs.Domains(ctx, subscriptions.DomainQuery{}); return err }},
		{"CountDomains", false, func(ctx context.Context) error {
			_, err := subs.CountDomains(ctx, subscriptions.DomainQuery{}, 0)
			return err
		}},
		{"Resolve", false, func(ctx context.Context) error { _, err := subs.Resolve(ctx, "www.blog.example"); return err }},
	}
}

func (f *fixture) accountCommands(clients *accounts.Manager, data fixtureData, token string, preview accounts.Removal) []command {
	owner := clients.Owner(data.mario.ID)
	ids := []accounts.ID{data.mario.ID}
	in := newAccount("toad")
	in.Subscription = &subscriptions.New{Domains: []string{"toad.example"}}
	return []command{
		{"ResetToken", true, func(ctx context.Context) error {
			_, err := clients.ResetToken(ctx, data.mario.ID, time.Hour)
			return err
		}},
		{"ResetPassword", true, func(ctx context.Context) error { _, err := clients.ResetPassword(ctx, token, password); return err }},
		{"Create", true, func(ctx context.Context) error { _, err := clients.Create(ctx, in); return err }},
		{"Update", true, func(ctx context.Context) error {
			_, err := clients.Update(ctx, data.mario.ID, accounts.Changes{Login: ptr("mario2"), ExternalID: ptr("crm-1")})
			return err
		}},
		{"SetPassword", true, func(ctx context.Context) error { return clients.SetPassword(ctx, data.mario.ID, password) }},
		{"Owner.SetContact", true, func(ctx context.Context) error {
			_, err := owner.SetContact(ctx, 0, accounts.Contact{Name: "Mario", Email: "mario@example.com"}, password)
			return err
		}},
		{"Owner.Confirmed.SetContact", true, func(ctx context.Context) error {
			_, err := owner.Confirmed().SetContact(ctx, 0, accounts.Contact{Name: "Mario", Email: "mario2@example.com"}, "")
			return err
		}},
		{"Owner.ChangePassword", true, func(ctx context.Context) error {
			_, err := owner.ChangePassword(ctx, password, "another password")
			return err
		}},
		{"SignInAs", true, func(ctx context.Context) error { _, err := clients.SignInAs(ctx, data.mario.ID); return err }},
		{"Suspend", true, func(ctx context.Context) error {
			_, err := clients.Suspend(ctx, ids, accounts.Hold{Cause: accounts.CauseBilling})
			return err
		}},
		{"UpdateHolds", true, func(ctx context.Context) error {
			_, err := clients.UpdateHolds(ctx, ids, accounts.CauseAbuse, accounts.HoldTexts{Note: ptr("updated")})
			return err
		}},
		{"Lift", true, func(ctx context.Context) error {
			_, err := clients.Lift(ctx, ids, []accounts.Cause{accounts.CauseAbuse})
			return err
		}},
		{"Activate", true, func(ctx context.Context) error { _, err := clients.Activate(ctx, ids); return err }},
		{"RemoveExactly", true, func(ctx context.Context) error { _, err := clients.RemoveExactly(ctx, preview); return err }},
		{"Remove", true, func(ctx context.Context) error {
			_, err := clients.Remove(ctx, []accounts.ID{data.luigi.ID})
			return err
		}},
	}
}

func (f *fixture) subscriptionCommands(clients *accounts.Manager, data fixtureData, due subscriptions.Subscription) []command {
	subs, owner := clients.Subscriptions(), clients.Owner(data.mario.ID)
	main, second := f.getDomain("blog.example").ID, f.getDomain("en.blog.example").ID
	ids, domains := []subscriptions.ID{data.blog.ID}, []subscriptions.DomainID{main, second}
	return []command{
		{"subscriptions.Create", true, func(ctx context.Context) error {
			_, err := subs.Create(ctx, subscriptions.New{AccountID: data.mario.ID, ExternalID: "order-1", Domains: []string{"created.example"}})
			return err
		}},
		{"subscriptions.Update", true, func(ctx context.Context) error {
			_, err := subs.Update(ctx, data.blog.ID, subscriptions.Changes{Plan: ptr("gold"), ExternalID: ptr("order-2")})
			return err
		}},
		{"subscriptions.Suspend", true, func(ctx context.Context) error {
			_, err := subs.Suspend(ctx, ids, accounts.Hold{Cause: accounts.CauseBilling})
			return err
		}},
		{"subscriptions.UpdateHolds", true, func(ctx context.Context) error {
			_, err := subs.UpdateHolds(ctx, ids, accounts.CauseAbuse, accounts.HoldTexts{Note: ptr("updated")})
			return err
		}},
		{"subscriptions.Lift", true, func(ctx context.Context) error {
			_, err := subs.Lift(ctx, ids, []accounts.Cause{accounts.CauseAbuse})
			return err
		}},
		{"subscriptions.Activate", true, func(ctx context.Context) error { _, err := subs.Activate(ctx, ids); return err }},
		{"ExpireAll", true, func(ctx context.Context) error { _, err := subs.ForAccount(data.mario.ID).ExpireAll(ctx); return err }},
		{"Expire", true, func(ctx context.Context) error { _, err := subs.Expire(ctx); return err }},
		{"AddDomain", true, func(ctx context.Context) error {
			_, err := subs.AddDomain(ctx, data.blog.ID, "added.example")
			return err
		}},
		{"RenameDomain", true, func(ctx context.Context) error {
			_, err := subs.RenameDomain(ctx, second, "renamed.example")
			return err
		}},
		{"SuspendDomains", true, func(ctx context.Context) error {
			_, err := subs.SuspendDomains(ctx, domains, accounts.Hold{Cause: accounts.CauseBilling})
			return err
		}},
		{"UpdateDomainHolds", true, func(ctx context.Context) error {
			_, err := subs.UpdateDomainHolds(ctx, domains, accounts.CauseAbuse, accounts.HoldTexts{Note: ptr("updated")})
			return err
		}},
		{"UpdateDomain", true, func(ctx context.Context) error {
			_, err := subs.UpdateDomain(ctx, second, subscriptions.DomainChanges{Attributes: map[string]string{"php": "8.4"}})
			return err
		}},
		{"LiftDomains", true, func(ctx context.Context) error {
			_, err := subs.LiftDomains(ctx, domains, []accounts.Cause{accounts.CauseAbuse})
			return err
		}},
		{"ActivateDomains", true, func(ctx context.Context) error { _, err := subs.ActivateDomains(ctx, domains); return err }},
		{"Owner.EnableDomains", true, func(ctx context.Context) error { _, err := owner.EnableDomains(ctx, domains); return err }},
		{"SetMainDomain", true, func(ctx context.Context) error { return subs.SetMainDomain(ctx, second) }},
		{"MoveDomains", true, func(ctx context.Context) error {
			_, err := subs.MoveDomains(ctx, []subscriptions.DomainID{f.secondDomain(data)}, data.shop.ID)
			return err
		}},
		{"Assign", true, func(ctx context.Context) error {
			_, err := subs.Assign(ctx, []subscriptions.ID{data.spare.ID}, data.mario.ID)
			return err
		}},
		{"RemoveDomains", true, func(ctx context.Context) error {
			_, err := subs.RemoveDomains(ctx, []subscriptions.DomainID{f.secondDomain(data)})
			return err
		}},
		{"subscriptions.RemoveExactly", true, func(ctx context.Context) error {
			_, err := subs.RemoveExactly(ctx, subscriptions.Removal{Subscriptions: []subscriptions.ID{due.ID}})
			return err
		}},
		{"subscriptions.Remove", true, func(ctx context.Context) error { _, err := subs.Remove(ctx, ids); return err }},
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
