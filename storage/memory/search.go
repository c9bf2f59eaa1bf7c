package memory

import (
	"strings"

	"github.com/clientele-go/clientele/subscriptions"
)

// sep precedes each of the search texts of a row. Texts that reach a store have no NUL.
const sep = "\x00"

// joinTexts returns the search texts of a row as one string, so that one call of strings.Contains searches the row.
func joinTexts(texts []string) string {
	return sep + strings.Join(texts, sep)
}

// firstText returns the first of the texts that joinTexts joined, with its separator.
func firstText(texts string) string {
	if i := strings.Index(texts[len(sep):], sep); i >= 0 {
		return texts[:len(sep)+i]
	}
	return texts
}

// searchTerm is matched against the joined search texts of a row. The empty term matches every row.
type searchTerm string

// newSearchTerm returns the term for p, with a leading separator if p matches only at the beginning of a text.
func newSearchTerm(p subscriptions.SearchTerm) searchTerm {
	if p.Text == "" || p.Anywhere {
		return searchTerm(p.Text)
	}
	return searchTerm(sep + p.Text)
}

func (t searchTerm) matches(texts string) bool { return strings.Contains(texts, string(t)) }

// idSet is a set of ids, one bit each. This store allocates ids consecutively, so a bit set takes less memory than a list.
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

// accountsWithDomain returns the accounts that have a domain matching term. It iterates over subscriptions and domains
// together, both by subscription id, because looking up the subscription of every domain would take longer than the
// search. It stops early if check reports that the ctx has ended.
func (r *root) accountsWithDomain(term searchTerm, check *ctxChecker) idSet {
	var found idSet
	domains := r.domains.bySubscription.read.Iter()
	defer domains.Release()
	more := domains.First()
	r.subscriptions.byID.read.Scan(func(id subscriptions.ID, s *subscription) bool {
		for ; more && domains.Item().SubscriptionID == id; more = domains.Next() {
			if term.matches(domains.Item().texts) {
				found.add(int64(s.AccountID))
			}
		}
		return !check.done()
	})
	return found
}

// subscriptionsWithDomain returns the subscriptions that have a domain matching term. It stops early if check reports that
// the ctx has ended.
func (r *root) subscriptionsWithDomain(term searchTerm, check *ctxChecker) idSet {
	var found idSet
	r.domains.byID.read.Scan(func(_ subscriptions.DomainID, d *domain) bool {
		if term.matches(d.texts) {
			found.add(int64(d.SubscriptionID))
		}
		return !check.done()
	})
	return found
}

// subscriptionHasDomain reports whether a subscription has a domain matching term.
func (r *root) subscriptionHasDomain(id subscriptions.ID, term searchTerm) bool {
	for d := range r.domainsOf(id, "") {
		if term.matches(d.texts) {
			return true
		}
	}
	return false
}

// accountHasDomain reports whether an account has a domain matching term.
func (r *root) accountHasDomain(a *account, term searchTerm) bool {
	for s := range r.subscriptionsOf(a.ID) {
		if r.subscriptionHasDomain(s.ID, term) {
			return true
		}
	}
	return false
}
