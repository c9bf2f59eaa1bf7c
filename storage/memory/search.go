package memory

import "github.com/clientele-go/clientele/subscriptions"

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

// search is a search of accounts or subscriptions, each of whose terms may be found in their own text or in that of one of
// their domains.
type search struct {
	terms     []subscriptions.SearchTerm
	hasDomain func(id int64, term int) bool // reports whether a row has a domain with terms[term]
}

// finds reports whether every term finds the row with the id and the text.
func (s search) finds(id int64, text string) bool {
	for i, term := range s.terms {
		if !term.Finds(id, text) && !s.hasDomain(id, i) {
			return false
		}
	}
	return true
}

// findsDomain reports whether every term finds the domain.
func findsDomain(terms []subscriptions.SearchTerm, d *domain) bool {
	for _, term := range terms {
		if !term.Finds(int64(d.ID), d.searchText) {
			return false
		}
	}
	return true
}

// accountsWithDomain returns, for each of the terms, the accounts that have a domain with it. It iterates over subscriptions
// and domains together, both by subscription id, because looking up the subscription of every domain would take longer than
// the search. It stops early if check reports that the ctx has ended.
func (r *root) accountsWithDomain(terms []subscriptions.SearchTerm, check *ctxChecker) []idSet {
	found := make([]idSet, len(terms))
	if len(terms) == 0 {
		return found
	}
	domains := r.domains.bySubscription.read.Iter()
	defer domains.Release()
	more := domains.First()
	r.subscriptions.byID.read.Scan(func(id subscriptions.ID, s *subscription) bool {
		for ; more && domains.Item().SubscriptionID == id; more = domains.Next() {
			for i, term := range terms {
				if term.Finds(0, domains.Item().searchText) {
					found[i].add(int64(s.AccountID))
				}
			}
		}
		return !check.done()
	})
	return found
}

// subscriptionsWithDomain returns, for each of the terms, the subscriptions that have a domain with it. It stops early if check
// reports that the ctx has ended.
func (r *root) subscriptionsWithDomain(terms []subscriptions.SearchTerm, check *ctxChecker) []idSet {
	found := make([]idSet, len(terms))
	if len(terms) == 0 {
		return found
	}
	r.domains.byID.read.Scan(func(_ subscriptions.DomainID, d *domain) bool {
		for i, term := range terms {
			if term.Finds(0, d.searchText) {
				found[i].add(int64(d.SubscriptionID))
			}
		}
		return !check.done()
	})
	return found
}

// subscriptionHasDomain reports whether a subscription has a domain with the term.
func (r *root) subscriptionHasDomain(id subscriptions.ID, term subscriptions.SearchTerm) bool {
	for d := range r.domainsOf(id, "") {
		if term.Finds(0, d.searchText) {
			return true
		}
	}
	return false
}

// accountHasDomain reports whether an account has a domain with the term.
func (r *root) accountHasDomain(id subscriptions.AccountID, term subscriptions.SearchTerm) bool {
	for s := range r.subscriptionsOf(id) {
		if r.subscriptionHasDomain(s.ID, term) {
			return true
		}
	}
	return false
}
