package memory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// The rows are never changed once they are stored: an update stores another one in place. They are stored without holds
// and without what follows from other rows, which is put in when they are read.
type (
	account struct {
		accounts.Record
		sortName string
		texts    string // what a search looks through
	}
	subscription struct {
		subscriptions.Record
		texts string
	}
	domain struct {
		subscriptions.Domain
		texts string
	}
)

func newAccount(a accounts.Record) *account {
	row := &account{Record: a, texts: joined(a.SearchTexts())}
	row.sortName = part(row.texts, a.SortName())
	row.Login = part(row.texts, a.Login)
	row.Contact.Name = part(row.texts, a.Contact.Name)
	row.Contact.Company = part(row.texts, a.Contact.Company)
	row.Contact.Email = part(row.texts, a.Contact.Email)
	row.Contact.Phone = part(row.texts, a.Contact.Phone)
	row.ExternalID = part(row.texts, a.ExternalID)
	row.Attributes = cloned(a.Attributes)
	row.Holds = nil
	return row
}

func newSubscription(s subscriptions.Record) *subscription {
	row := &subscription{Record: s, texts: joined(s.SearchTexts())}
	row.Name = part(row.texts, s.Name)
	row.ExternalID = part(row.texts, s.ExternalID)
	row.Attributes = cloned(s.Attributes)
	row.Holds, row.Inherited = nil, nil
	return row
}

func newDomain(d subscriptions.Domain) *domain {
	row := &domain{Domain: d, texts: joined(d.SearchTexts())}
	row.Name = part(row.texts, d.Name)
	row.Attributes = cloned(d.Attributes)
	row.AccountID, row.Main, row.Holds, row.Inherited = 0, false, nil, nil
	return row
}

// part answers s as a part of texts where it occurs there, so that memory holds it once.
func part(texts, s string) string {
	if i := strings.Index(texts, s); i >= 0 {
		return texts[i : i+len(s)]
	}
	return s
}

// cloned answers a map that nobody else has; nil for an empty one.
func cloned(attributes map[string]string) map[string]string {
	if len(attributes) == 0 {
		return nil
	}
	return maps.Clone(attributes)
}

func byCreation(a, b *account) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

func byLogin(a, b *account) int { return cmp.Compare(a.Login, b.Login) }

func bySortName(a, b *account) int {
	return cmp.Or(cmp.Compare(a.sortName, b.sortName), cmp.Compare(a.ID, b.ID))
}

func subscriptionsByCreation(a, b *subscription) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

func subscriptionsByAccount(a, b *subscription) int {
	return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), subscriptionsByCreation(a, b))
}

func subscriptionsByExpiry(a, b *subscription) int {
	return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.ID, b.ID))
}

func domainsByName(a, b *domain) int { return cmp.Compare(a.Name, b.Name) }

func domainsBySubscription(a, b *domain) int {
	return cmp.Or(cmp.Compare(a.SubscriptionID, b.SubscriptionID), cmp.Compare(a.Name, b.Name))
}

// account answers a row as it goes out.
func (r *root) account(row *account) accounts.Record {
	out := row.Record
	out.Attributes = maps.Clone(row.Attributes)
	out.Holds = slices.Clone(r.holds.of(subscriptions.LevelAccount, int64(row.ID)))
	return out
}

// subscription answers a row as it goes out.
func (r *root) subscription(row *subscription) subscriptions.Record {
	out := row.Record
	out.Attributes = maps.Clone(row.Attributes)
	out.Holds = slices.Clone(r.holds.of(subscriptions.LevelSubscription, int64(row.ID)))
	out.Inherited = r.holds.of(subscriptions.LevelAccount, int64(row.AccountID)).Inherited(nil)
	return out
}

// domain answers a row, and the subscription that it lies under, as it goes out. It allocates nothing where there are
// neither holds nor attributes, because every visitor's request passes here.
func (r *root) domain(row *domain) (subscriptions.Domain, *subscription) {
	under, _ := r.subscriptions.byID.read.Get(row.SubscriptionID)
	out := row.Domain
	out.AccountID = under.AccountID
	out.Main = under.Main == row.ID
	out.Attributes = maps.Clone(row.Attributes)
	out.Holds = slices.Clone(r.holds.of(subscriptions.LevelDomain, int64(row.ID)))
	out.Inherited = r.holds.of(subscriptions.LevelAccount, int64(under.AccountID)).
		Inherited(r.holds.of(subscriptions.LevelSubscription, int64(under.ID)))
	return out, under
}
