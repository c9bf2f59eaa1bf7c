package memory

import (
	"strings"

	"github.com/clientele-go/clientele/subscriptions"
)

// mark stands before each of a row's search texts. No text that reaches a store has it.
const mark = "\x00"

// joined answers the texts of a row as one, so that a row is searched in one go.
func joined(texts []string) string {
	return mark + strings.Join(texts, mark)
}

// firstOf answers the first of joined texts, joined.
func firstOf(texts string) string {
	if i := strings.Index(texts[len(mark):], mark); i >= 0 {
		return texts[:len(mark)+i]
	}
	return texts
}

// needle is what a search looks for in joined texts. The empty one is everywhere.
type needle string

func needleOf(p subscriptions.SearchTerm) needle {
	if p.Text == "" || p.Anywhere {
		return needle(p.Text)
	}
	return needle(mark + p.Text)
}

func (n needle) in(texts string) bool { return strings.Contains(texts, string(n)) }

// idSet is a set of ids. This store gives them out in a row, so that a bit for each is less than any list.
type idSet []uint64

func (s *idSet) add(id int64) {
	if missing := int(id/64) + 1 - len(*s); missing > 0 {
		*s = append(*s, make([]uint64, missing)...)
	}
	(*s)[id/64] |= 1 << (id % 64)
}

func (s idSet) has(id int64) bool {
	return id/64 < int64(len(s)) && s[id/64]&(1<<(id%64)) != 0
}

// accountsNaming answers the accounts that have a domain with the needle. It goes through subscriptions and domains side
// by side, because looking each domain's subscription up would take longer than the search. It stops when p has ended.
func (r *root) accountsNaming(n needle, p *pace) idSet {
	var found idSet
	domains := r.domains.bySubscription.read.Iter()
	defer domains.Release()
	more := domains.First()
	r.subscriptions.byID.read.Scan(func(id subscriptions.ID, s *subscription) bool {
		for ; more && domains.Item().SubscriptionID == id; more = domains.Next() {
			if n.in(domains.Item().texts) {
				found.add(int64(s.AccountID))
			}
		}
		return !p.ended()
	})
	return found
}

// subscriptionsNaming answers the subscriptions that have a domain with the needle. It stops when p has ended.
func (r *root) subscriptionsNaming(n needle, p *pace) idSet {
	var found idSet
	r.domains.byID.read.Scan(func(_ subscriptions.DomainID, d *domain) bool {
		if n.in(d.texts) {
			found.add(int64(d.SubscriptionID))
		}
		return !p.ended()
	})
	return found
}

// names tells whether a domain of a subscription has the needle.
func (r *root) names(id subscriptions.ID, n needle) bool {
	for d := range r.domainsOf(id, "") {
		if n.in(d.texts) {
			return true
		}
	}
	return false
}

// accountNames tells whether a domain of an account has the needle.
func (r *root) accountNames(a *account, n needle) bool {
	for s := range r.subscriptionsOf(a.ID) {
		if r.names(s.ID, n) {
			return true
		}
	}
	return false
}
