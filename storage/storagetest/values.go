package storagetest

import (
	"errors"

	"golang.org/x/text/unicode/norm"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// valueCases prove that what goes in and comes out are copies.
func valueCases() []testCase {
	return []testCase{
		{"nobody changes a stored value through what was handed in", handedIn},
		{"nobody changes a stored value through what was handed out", handedOut},
		{"a refused command changes nothing through what it locked", handedToCommand},
		{"a list that was handed in keeps its order", handedInOrder},
		{"text that means something to a database comes back as it is", nastyText},
	}
}

const spoilt = "spoilt"

func handedIn(f *fixture) {
	in := newAccount("mario")
	in.Attributes = map[string]string{"key": "value"}
	in.Subscription = &subscriptions.New{Attributes: map[string]string{"key": "value"}, Domains: []string{"mario.example", "en.mario.example"}}
	mario := f.create(in)
	changes := accounts.Changes{Attributes: map[string]string{"two": "value"}, Contact: &accounts.Contact{Name: "Mario"}, Description: point("x")}
	_, err := f.clients.Update(f.ctx, mario.ID, changes)
	f.NoError(err)
	f.unchanged(func() {
		in.Attributes["key"], in.Subscription.Attributes["key"], in.Subscription.Domains[0] = spoilt, spoilt, spoilt
		changes.Attributes["two"], changes.Contact.Name, *changes.Description = spoilt, spoilt, spoilt
	})
	f.Equal("value", f.getAccount(mario.ID).Attributes["two"])
}

// spoil writes into everything that an answer of the kind refers to.
func spoil(holds accounts.Holds, inherited []accounts.EffectiveHold, attributes map[string]string) {
	for i := range holds {
		holds[i] = accounts.Hold{Cause: spoilt}
	}
	for i := range inherited {
		inherited[i] = accounts.EffectiveHold{Level: spoilt}
	}
	for key := range attributes {
		attributes[key] = spoilt
	}
	if attributes != nil {
		attributes[spoilt] = spoilt
	}
}

func spoilAccount(a accounts.Account) {
	spoil(a.Holds, a.SuspendedBy(), a.Attributes)
}

func spoilSubscription(s subscriptions.Subscription) {
	for i := range s.SuspendedBy() {
		s.SuspendedBy()[i] = accounts.EffectiveHold{}
	}
	spoil(s.Holds, s.Inherited, s.Attributes)
}

func spoilDomain(d subscriptions.Domain) {
	for i := range d.SuspendedBy() {
		d.SuspendedBy()[i] = accounts.EffectiveHold{}
	}
	spoil(d.Holds, d.Inherited, d.Attributes)
}

// attributedEstate answers an estate with holds and attributes everywhere.
func (f *fixture) attributedEstate() estate {
	f.t.Helper()
	e := f.heldEstate()
	_, err := f.clients.Update(f.ctx, e.mario.ID, accounts.Changes{Attributes: map[string]string{"key": "value"}, ExternalID: point("crm-1")})
	f.NoError(err)
	_, err = f.subs.Update(f.ctx, e.blog.ID, subscriptions.Changes{Attributes: map[string]string{"key": "value"}, ExternalID: point("order-1")})
	f.NoError(err)
	return e
}

func handedOut(f *fixture) {
	e := f.attributedEstate()
	f.unchanged(func() {
		for range 2 { // what is kept to be handed out again must be no one's either
			spoilAccount(f.getAccount(e.mario.ID))
			a, err := f.clients.GetByLogin(f.ctx, "mario")
			f.NoError(err)
			spoilAccount(a)
			a, err = f.clients.CheckSession(f.ctx, e.mario.ID, e.mario.SessionEpoch)
			f.ErrorIs(err, accounts.ErrSuspended)
			spoilAccount(a)
			p, err := f.clients.List(f.ctx, accounts.Query{})
			f.NoError(err)
			for _, item := range p.Items {
				spoilAccount(item.Account)
			}
			spoilSubscription(f.getSubscription(e.blog.ID))
			s, err := f.subs.GetByExternalID(f.ctx, "order-1")
			f.NoError(err)
			spoilSubscription(s)
			bought, err := f.subs.List(f.ctx, subscriptions.Query{})
			f.NoError(err)
			for _, s := range bought.Items {
				spoilSubscription(s)
			}
			spoilDomain(f.getDomain("blog.example"))
			for _, d := range f.domains(subscriptions.DomainQuery{}) {
				spoilDomain(d)
			}
			site, err := f.subs.Resolve(f.ctx, "blog.example")
			f.NoError(err)
			spoilDomain(site.Domain)
			for _, event := range f.events() {
				for key := range event.Details {
					event.Details[key] = spoilt
				}
			}
		}
	})
	a, err := f.clients.Update(f.ctx, e.mario.ID, accounts.Changes{})
	f.NoError(err)
	s, err := f.subs.Update(f.ctx, e.blog.ID, subscriptions.Changes{})
	f.NoError(err)
	d, err := f.subs.RenameDomain(f.ctx, f.getDomain("blog.example").ID, "renamed.example")
	f.NoError(err)
	f.unchanged(func() {
		spoilAccount(a)
		spoilSubscription(s)
		spoilDomain(d)
	})
}

func handedToCommand(f *fixture) {
	e := f.attributedEstate()
	refusal := errors.New("refused")
	domain := f.getDomain("blog.example").ID
	f.refused(refusal, func() error {
		return f.store.Update(f.ctx, func(tx accounts.Tx) error {
			l, err := tx.Lock(subscriptions.LockSet{Accounts: []accounts.ID{e.mario.ID}, Subscriptions: []subscriptions.ID{e.blog.ID}, Domains: []subscriptions.DomainID{domain}})
			if err != nil {
				return err
			}
			for _, a := range l.Accounts {
				spoil(a.Holds, nil, nil)
			}
			for _, s := range l.Subscriptions {
				spoilSubscription(s.Subscription)
			}
			for _, d := range l.Domains {
				spoilDomain(d)
			}
			domains, err := tx.DomainsOf([]subscriptions.ID{e.blog.ID})
			if err != nil {
				return err
			}
			for _, d := range domains {
				spoilDomain(d)
			}
			return refusal
		})
	})
	f.refused(refusal, func() error {
		return f.store.Update(f.ctx, func(tx accounts.Tx) error {
			records, err := tx.LockAccounts([]accounts.ID{e.mario.ID})
			if err != nil {
				return err
			}
			for _, r := range records {
				spoilAccount(r.Account)
			}
			return refusal
		})
	})
	f.refused(refusal, func() error {
		return f.store.Update(f.ctx, func(tx accounts.Tx) error {
			owners, err := tx.LockHolds([]accounts.ID{e.mario.ID})
			if err != nil {
				return err
			}
			for _, o := range owners {
				spoil(o.Holds, nil, nil)
			}
			return refusal
		})
	})
}

func handedInOrder(f *fixture) {
	e := f.estate()
	ids := []accounts.ID{e.luigi.ID, e.mario.ID, e.luigi.ID}
	_, err := f.clients.Suspend(f.ctx, ids, accounts.Hold{})
	f.NoError(err)
	_, err = f.clients.PreviewRemoval(f.ctx, ids)
	f.NoError(err)
	f.logins(accounts.Query{IDs: ids})
	f.Equal([]accounts.ID{e.luigi.ID, e.mario.ID, e.luigi.ID}, ids)
	names := []string{"Z.example.", "A.example"}
	f.subscription(e.mario.ID, names...)
	f.Equal([]string{"Z.example.", "A.example"}, names)
}

func nastyText(f *fixture) {
	for i, nasty := range []string{
		`it's "quoted" \\ \' back`, "? ?0 ?tableName ??", "$1 $2 :name @name", "%s %d %% _", "'; DROP TABLE accounts; --", "/* x */ {\"a\": null}", "\\x00 \\000 \\u0000 E'\\n'",
		"NULL", "null", "{a,b}", "(1,2)", "☃ 😀 \u200b e\u0308\u0301 ﬁ", "0", "true", "2026-01-01",
	} {
		in := newAccount("mario" + string(rune('a'+i)))
		in.Contact = accounts.Contact{Name: nasty, Company: nasty, Address: nasty, City: nasty, State: nasty}
		in.AdditionalInfo, in.Description, in.ExternalID = nasty, nasty, nasty
		in.Attributes = map[string]string{"key": nasty, "null": "null"}
		in.Subscription = &subscriptions.New{Name: nasty, Plan: nasty, Description: nasty, ExternalID: nasty, Attributes: in.Attributes}
		f.ctx = accounts.WithActor(f.ctx, nasty)
		a := f.create(in)
		f.Equal(a, f.getAccount(a.ID))
		f.Equal(norm.NFC.String(nasty), a.Contact.City)
		s := f.only(a.ID)
		f.Equal(a.Description, s.Description)
		f.Equal(a.Attributes, s.Attributes)
		f.suspendAccount(a.ID, accounts.Hold{Note: nasty, Message: nasty, Public: nasty})
		h := f.getAccount(a.ID).Holds[0]
		f.Equal([]string{a.Description, a.Description, a.Description, a.Description}, []string{h.Note, h.Message, h.Public, h.By})
		event := f.events()[len(f.events())-1]
		f.Equal(a.Description, event.Actor)
		f.Equal(a.Description, event.Details["note"])

		found, err := f.clients.GetByExternalID(f.ctx, nasty)
		f.NoError(err)
		f.Equal(a.ID, found.ID)
		bought, err := f.subs.GetByExternalID(f.ctx, nasty)
		f.NoError(err)
		f.Equal(s.ID, bought.ID)
		f.Contains(f.logins(accounts.Query{Search: nasty}), a.Login)
		f.Contains(f.names(subscriptions.Query{Search: nasty, Plan: nasty}), s.Name)
	}
}
