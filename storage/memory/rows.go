package memory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// Rows never change once they are stored: an update stores a new row. They are stored without their holds and without
// the fields that are derived from other rows; both are filled in when the rows are read.
type (
	account struct {
		accounts.Record
		sortName   string
		searchText string
	}
	subscription struct {
		subscriptions.Record
		searchText string
	}
	domain struct {
		subscriptions.Domain
		searchText string
	}
)

func newAccount(a accounts.Record) *account {
	row := &account{Record: a, searchText: a.SearchText()}
	row.sortName = internSubstring(row.searchText, a.SortName())
	row.Login = internSubstring(row.searchText, a.Login)
	row.Attributes = cloneAttributes(a.Attributes)
	row.Holds = nil
	return row
}

func newSubscription(s subscriptions.Record) *subscription {
	row := &subscription{Record: s, searchText: s.SearchText()}
	row.Attributes = cloneAttributes(s.Attributes)
	row.Holds, row.Inherited = nil, nil
	return row
}

func newDomain(d subscriptions.Domain) *domain {
	row := &domain{Domain: d, searchText: d.SearchText()}
	row.Attributes = cloneAttributes(d.Attributes)
	row.AccountID, row.Main, row.Plan, row.Holds, row.Inherited = 0, false, "", nil, nil
	return row
}

// internSubstring returns s as a substring of texts if it occurs in it, so that its bytes are kept in memory only once.
func internSubstring(texts, s string) string {
	if i := strings.Index(texts, s); i >= 0 {
		return texts[i : i+len(s)]
	}
	return s
}

// cloneAttributes returns a copy of attributes, or nil if there are none.
func cloneAttributes(attributes map[string]string) map[string]string {
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

// account returns the record of a row, with its holds. The caller owns it.
func (r *root) account(row *account) accounts.Record {
	out := row.Record
	out.Attributes = maps.Clone(row.Attributes)
	out.Holds = slices.Clone(r.holds.get(subscriptions.LevelAccount, int64(row.ID)))
	return out
}

// subscription returns the record of a row, with its holds and those that it inherits. The caller owns it.
func (r *root) subscription(row *subscription) subscriptions.Record {
	out := row.Record
	out.Attributes = maps.Clone(row.Attributes)
	out.Holds = slices.Clone(r.holds.get(subscriptions.LevelSubscription, int64(row.ID)))
	out.Inherited = r.holds.get(subscriptions.LevelAccount, int64(row.AccountID)).Inherited(nil)
	return out
}

// domain returns the domain of a row, with its holds and those that it inherits, and the row of its subscription. The
// caller owns the domain. If there are neither holds nor attributes, domain allocates nothing, because it runs for every
// request of a visitor.
func (r *root) domain(row *domain) (subscriptions.Domain, *subscription) {
	sub, _ := r.subscriptions.byID.read.Get(row.SubscriptionID)
	out := row.Domain
	out.AccountID = sub.AccountID
	out.Main = sub.Main == row.ID
	out.Plan = sub.Plan
	out.Attributes = maps.Clone(row.Attributes)
	out.Holds = slices.Clone(r.holds.get(subscriptions.LevelDomain, int64(row.ID)))
	out.Inherited = r.holds.get(subscriptions.LevelAccount, int64(sub.AccountID)).
		Inherited(r.holds.get(subscriptions.LevelSubscription, int64(sub.ID)))
	return out, sub
}
