package storagetest

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/cases"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// listAccounts returns all accounts that a query selects, in order and without paging.
func (m *model) listAccounts(q accounts.Query) []accounts.Summary {
	var all []accounts.Summary
	for _, id := range sortedKeys(m.accounts) {
		if m.selectsAccount(q, m.accounts[id]) {
			r := m.descendants([]accounts.ID{id})
			all = append(all, accounts.Summary{Account: m.account(id), Subscriptions: len(r.Subscriptions), Domains: len(r.Domains)})
		}
	}
	slices.SortFunc(all, func(a, b accounts.Summary) int {
		switch q.Sort {
		case accounts.SortLogin:
			return cmp.Compare(a.Login, b.Login)
		case accounts.SortName:
			fold := cases.Fold()
			return cmp.Or(cmp.Compare(fold.String(a.Contact.Name), fold.String(b.Contact.Name)), cmp.Compare(a.ID, b.ID))
		default:
			return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
		}
	})
	if q.Desc {
		slices.Reverse(all)
	}
	return all
}

func (m *model) selectsAccount(q accounts.Query, a accounts.Account) bool {
	texts := []string{a.Login, a.Contact.Name, a.Contact.Company, a.Contact.Email, a.Contact.Phone, a.ExternalID}
	for _, name := range m.descendants([]accounts.ID{a.ID}).Domains {
		texts = append(texts, searchSpellings(name)...)
	}
	switch {
	case q.IDs != nil && !slices.Contains(q.IDs, a.ID), q.Country != "" && q.Country != a.Contact.Country:
		return false
	}
	return matchesSearch(q.Search, texts) && m.matchesStatus(subscriptions.LevelAccount, int64(a.ID), q.Status, q.Cause)
}

// listSubscriptions returns all subscriptions that a query selects, in order and without paging.
func (m *model) listSubscriptions(q subscriptions.Query) []subscriptions.Subscription {
	var all []subscriptions.Subscription
	for _, id := range sortedKeys(m.subscriptions) {
		if s := m.subscription(id); m.selectsSubscription(q, s) {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b subscriptions.Subscription) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	if q.Desc {
		slices.Reverse(all)
	}
	return all
}

func (m *model) selectsSubscription(q subscriptions.Query, s subscriptions.Subscription) bool {
	texts := []string{s.Name, s.ExternalID}
	for _, id := range m.domainsOf(s.ID) {
		texts = append(texts, searchSpellings(m.domains[id].Name)...)
	}
	switch {
	case q.IDs != nil && !slices.Contains(q.IDs, s.ID),
		q.AccountID != nil && *q.AccountID != s.AccountID,
		q.Plan != "" && q.Plan != s.Plan,
		!q.ExpiresBefore.IsZero() && (s.ExpiresAt.IsZero() || !s.ExpiresAt.Before(normalizeTime(q.ExpiresBefore))):
		return false
	}
	return matchesSearch(q.Search, texts) && m.matchesStatus(subscriptions.LevelSubscription, int64(s.ID), q.Status, q.Cause)
}

// listDomains returns all domains that a query selects, sorted by name and without paging.
func (m *model) listDomains(q subscriptions.DomainQuery) []subscriptions.Domain {
	var all []subscriptions.Domain
	for _, id := range sortedKeys(m.domains) {
		if d := m.domain(id); m.selectsDomain(q, d) {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b subscriptions.Domain) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func (m *model) selectsDomain(q subscriptions.DomainQuery, d subscriptions.Domain) bool {
	switch {
	case q.IDs != nil && !slices.Contains(q.IDs, d.ID),
		q.AccountID != nil && *q.AccountID != d.AccountID,
		q.SubscriptionID != 0 && q.SubscriptionID != d.SubscriptionID:
		return false
	}
	return matchesSearch(q.Search, searchSpellings(d.Name)) && m.matchesStatus(subscriptions.LevelDomain, int64(d.ID), q.Status, q.Cause)
}

// matchesStatus reports whether a row has the status and the cause of a query.
func (m *model) matchesStatus(l subscriptions.Level, id int64, s accounts.Status, c accounts.Cause) bool {
	holds := m.effectiveHolds(l, id)
	if s == accounts.Active && len(holds) > 0 || s == accounts.Suspended && len(holds) == 0 {
		return false
	}
	return c == "" || slices.ContainsFunc(holds, func(h accounts.EffectiveHold) bool { return h.Cause == c })
}

// matchesSearch reports whether a search finds one of the texts: anywhere if it has at least three characters, and
// otherwise at the beginning.
func matchesSearch(search string, texts []string) bool {
	term := cases.Fold().String(strings.TrimSpace(search))
	for _, text := range texts {
		text = cases.Fold().String(text)
		if strings.HasPrefix(text, term) || len([]rune(term)) >= 3 && strings.Contains(text, term) {
			return true
		}
	}
	return false
}
