package storagetest

import (
	"errors"

	"golang.org/x/text/unicode/norm"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// valueCases returns the cases about the copying of arguments and results, and the literal storage of texts.
func valueCases() []testCase {
	return []testCase{
		{"changing an argument after the call changes no stored value", argumentsAreCopied},
		{"changing a returned value changes no stored value", resultsAreCopied},
		{"a refused command that changed locked rows in memory changes no stored value", lockedRowsAreCopied},
		{"a slice that is an argument keeps its order", argumentsKeepOrder},
		{"text that has a meaning in a database is stored literally", literalText},
	}
}

const overwritten = "spoilt"

func argumentsAreCopied(f *fixture) {
	in := newAccount("mario")
	in.Attributes = map[string]string{"key": "value"}
	in.Subscription = &subscriptions.New{Attributes: map[string]string{"key": "value"}, Domains: []string{"mario.example", "en.mario.example"}}
	mario := f.create(in)
	changes := accounts.Changes{Attributes: map[string]string{"two": "value"}, Contact: &accounts.Contact{Name: "Mario"}, Description: ptr("x")}
	_, err := f.clients.Update(f.ctx, mario.ID, changes)
	f.NoError(err)
	f.unchanged(func() {
		in.Attributes["key"], in.Subscription.Attributes["key"], in.Subscription.Domains[0] = overwritten, overwritten, overwritten
		changes.Attributes["two"], changes.Contact.Name, *changes.Description = overwritten, overwritten, overwritten
	})
	f.Equal("value", f.getAccount(mario.ID).Attributes["two"])
}

// overwrite changes all elements of a returned value's slices and map.
func overwrite(holds accounts.Holds, inherited []accounts.EffectiveHold, attributes map[string]string) {
	for i := range holds {
		holds[i] = accounts.Hold{Cause: overwritten}
	}
	for i := range inherited {
		inherited[i] = accounts.EffectiveHold{Level: overwritten}
	}
	for key := range attributes {
		attributes[key] = overwritten
	}
	if attributes != nil {
		attributes[overwritten] = overwritten
	}
}

func overwriteAccount(a accounts.Account) {
	overwrite(a.Holds, a.SuspendedBy(), a.Attributes)
}

func overwriteSubscription(s subscriptions.Subscription) {
	for i := range s.SuspendedBy() {
		s.SuspendedBy()[i] = accounts.EffectiveHold{}
	}
	overwrite(s.Holds, s.Inherited, s.Attributes)
}

func overwriteDomain(d subscriptions.Domain) {
	for i := range d.SuspendedBy() {
		d.SuspendedBy()[i] = accounts.EffectiveHold{}
	}
	overwrite(d.Holds, d.Inherited, d.Attributes)
}

// seedAttributes is like seedSuspended and sets attributes at every level, and external ids.
func (f *fixture) seedAttributes() fixtureData {
	f.t.Helper()
	data := f.seedSuspended()
	_, err := f.clients.Update(f.ctx, data.mario.ID, accounts.Changes{Attributes: map[string]string{"key": "value"}, ExternalID: ptr("crm-1")})
	f.NoError(err)
	_, err = f.subs.Update(f.ctx, data.blog.ID, subscriptions.Changes{Attributes: map[string]string{"key": "value"}, ExternalID: ptr("order-1")})
	f.NoError(err)
	_, err = f.subs.UpdateDomain(f.ctx, f.getDomain("blog.example").ID, subscriptions.DomainChanges{Attributes: map[string]string{"key": "value"}})
	f.NoError(err)
	return data
}

func resultsAreCopied(f *fixture) {
	data := f.seedAttributes()
	f.unchanged(func() {
		for range 2 { // a cached value must be copied as well
			overwriteAccount(f.getAccount(data.mario.ID))
			a, err := f.clients.GetByLogin(f.ctx, "mario")
			f.NoError(err)
			overwriteAccount(a)
			a, err = f.clients.CheckSession(f.ctx, data.mario.ID, data.mario.SessionEpoch)
			f.ErrorIs(err, accounts.ErrSuspended)
			overwriteAccount(a)
			p, err := f.clients.List(f.ctx, accounts.Query{})
			f.NoError(err)
			for _, item := range p.Items {
				overwriteAccount(item.Account)
			}
			overwriteSubscription(f.getSubscription(data.blog.ID))
			s, err := f.subs.GetByExternalID(f.ctx, "order-1")
			f.NoError(err)
			overwriteSubscription(s)
			subs, err := f.subs.List(f.ctx, subscriptions.Query{})
			f.NoError(err)
			for _, s := range subs.Items {
				overwriteSubscription(s)
			}
			overwriteDomain(f.getDomain("blog.example"))
			for _, d := range f.domains(subscriptions.DomainQuery{}) {
				overwriteDomain(d)
			}
			site, err := f.subs.Resolve(f.ctx, "blog.example")
			f.NoError(err)
			overwriteDomain(site.Domain)
			for _, event := range f.events() {
				for key := range event.Details {
					event.Details[key] = overwritten
				}
			}
		}
	})
	a, err := f.clients.Update(f.ctx, data.mario.ID, accounts.Changes{})
	f.NoError(err)
	s, err := f.subs.Update(f.ctx, data.blog.ID, subscriptions.Changes{})
	f.NoError(err)
	d, err := f.subs.RenameDomain(f.ctx, f.getDomain("blog.example").ID, "renamed.example")
	f.NoError(err)
	f.unchanged(func() {
		overwriteAccount(a)
		overwriteSubscription(s)
		overwriteDomain(d)
	})
}

func lockedRowsAreCopied(f *fixture) {
	data := f.seedAttributes()
	refusal := errors.New("refused")
	domain := f.getDomain("blog.example").ID
	f.refused(refusal, func() error {
		return f.store.Update(f.ctx, func(tx accounts.Tx) error {
			l, err := tx.Lock(subscriptions.LockSet{Accounts: []accounts.ID{data.mario.ID}, Subscriptions: []subscriptions.ID{data.blog.ID}, Domains: []subscriptions.DomainID{domain}})
			if err != nil {
				return err
			}
			for _, a := range l.Accounts {
				overwrite(a.Holds, nil, nil)
			}
			for _, s := range l.Subscriptions {
				overwriteSubscription(s.Subscription)
			}
			for _, d := range l.Domains {
				overwriteDomain(d)
			}
			domains, err := tx.DomainsOf([]subscriptions.ID{data.blog.ID})
			if err != nil {
				return err
			}
			for _, d := range domains {
				overwriteDomain(d)
			}
			return refusal
		})
	})
	f.refused(refusal, func() error {
		return f.store.Update(f.ctx, func(tx accounts.Tx) error {
			records, err := tx.LockAccounts([]accounts.ID{data.mario.ID})
			if err != nil {
				return err
			}
			for _, r := range records {
				overwriteAccount(r.Account)
			}
			return refusal
		})
	})
	f.refused(refusal, func() error {
		return f.store.Update(f.ctx, func(tx accounts.Tx) error {
			owners, err := tx.LockHolds([]accounts.ID{data.mario.ID})
			if err != nil {
				return err
			}
			for _, o := range owners {
				overwrite(o.Holds, nil, nil)
			}
			return refusal
		})
	})
}

func argumentsKeepOrder(f *fixture) {
	data := f.seed()
	ids := []accounts.ID{data.luigi.ID, data.mario.ID, data.luigi.ID}
	_, err := f.clients.Suspend(f.ctx, ids, accounts.Hold{})
	f.NoError(err)
	_, err = f.clients.PreviewRemoval(f.ctx, ids)
	f.NoError(err)
	f.logins(accounts.Query{IDs: ids})
	f.Equal([]accounts.ID{data.luigi.ID, data.mario.ID, data.luigi.ID}, ids)
	names := []string{"Z.example.", "A.example"}
	f.subscription(data.mario.ID, names...)
	f.Equal([]string{"Z.example.", "A.example"}, names)
}

func literalText(f *fixture) {
	for i, text := range []string{
		`it's "quoted" \\ \' back`, "? ?0 ?tableName ??", "$1 $2 :name @name", "%s %d %% _", "'; DROP TABLE accounts; --", "/* x */ {\"a\": null}", "\\x00 \\000 \\u0000 E'\\n'",
		"NULL", "null", "{a,b}", "(1,2)", "☃ 😀 e\u0308\u0301 ﬁ", "0", "true", "2026-01-01",
	} {
		in := newAccount("mario" + string(rune('a'+i)))
		in.Contact = accounts.Contact{Name: text, Company: text, Address: text, City: text, State: text}
		in.AdditionalInfo, in.Description, in.ExternalID = text, text, text
		in.Attributes = map[string]string{"key": text, "null": "null"}
		in.Subscription = &subscriptions.New{Name: text, Plan: text, Description: text, ExternalID: text, Attributes: in.Attributes}
		f.ctx = accounts.WithActor(f.ctx, text)
		a := f.create(in)
		f.Equal(a, f.getAccount(a.ID))
		f.Equal(norm.NFC.String(text), a.Contact.City)
		s := f.onlySubscription(a.ID)
		f.Equal(a.Description, s.Description)
		f.Equal(a.Attributes, s.Attributes)
		f.suspendAccount(a.ID, accounts.Hold{Note: text, Message: text, Public: text})
		h := f.getAccount(a.ID).Holds[0]
		f.Equal([]string{a.Description, a.Description, a.Description, a.Description}, []string{h.Note, h.Message, h.Public, h.By})
		event := f.events()[len(f.events())-1]
		f.Equal(a.Description, event.Actor)
		f.Equal(a.Description, event.Details["note"])

		found, err := f.clients.GetByExternalID(f.ctx, text)
		f.NoError(err)
		f.Equal(a.ID, found.ID)
		sub, err := f.subs.GetByExternalID(f.ctx, text)
		f.NoError(err)
		f.Equal(s.ID, sub.ID)
		f.Contains(f.logins(accounts.Query{Search: text}), a.Login)
		f.Contains(f.names(subscriptions.Query{Search: text, Plan: text}), s.Name)
	}
}
