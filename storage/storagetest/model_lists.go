package storagetest

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/cases"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// listAccounts answers everything that a query selects, in order, without regard to pages.
func (m *model) listAccounts(q accounts.Query) []accounts.Summary {
	var all []accounts.Summary
	for _, id := range sorted(m.accounts) {
		if m.selectsAccount(q, m.accounts[id]) {
			r := m.below([]accounts.ID{id})
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
	for _, name := range m.below([]accounts.ID{a.ID}).Domains {
		texts = append(texts, spellings(name)...)
	}
	switch {
	case q.IDs != nil && !slices.Contains(q.IDs, a.ID), q.Country != "" && q.Country != a.Contact.Country:
		return false
	}
	return finds(q.Search, texts) && m.held(subscriptions.LevelAccount, int64(a.ID), q.Status, q.Cause)
}

// listSubscriptions answers everything that a query selects, in order, without regard to pages.
func (m *model) listSubscriptions(q subscriptions.Query) []subscriptions.Subscription {
	var all []subscriptions.Subscription
	for _, id := range sorted(m.subscriptions) {
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
		texts = append(texts, spellings(m.domains[id].Name)...)
	}
	switch {
	case q.IDs != nil && !slices.Contains(q.IDs, s.ID),
		q.AccountID != nil && *q.AccountID != s.AccountID,
		q.Plan != "" && q.Plan != s.Plan,
		!q.ExpiresBefore.IsZero() && (s.ExpiresAt.IsZero() || !s.ExpiresAt.Before(cut(q.ExpiresBefore))):
		return false
	}
	return finds(q.Search, texts) && m.held(subscriptions.LevelSubscription, int64(s.ID), q.Status, q.Cause)
}

// listDomains answers everything that a query selects, by name, without regard to pages.
func (m *model) listDomains(q subscriptions.DomainQuery) []subscriptions.Domain {
	var all []subscriptions.Domain
	for _, id := range sorted(m.domains) {
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
	return finds(q.Search, spellings(d.Name)) && m.held(subscriptions.LevelDomain, int64(d.ID), q.Status, q.Cause)
}

// held tells whether a thing has the status and the cause that a query wants.
func (m *model) held(l subscriptions.Level, id int64, s accounts.Status, c accounts.Cause) bool {
	held := m.heldBy(l, id)
	if s == accounts.Active && len(held) > 0 || s == accounts.Suspended && len(held) == 0 {
		return false
	}
	return c == "" || slices.ContainsFunc(held, func(h accounts.EffectiveHold) bool { return h.Cause == c })
}

// finds tells whether a search finds one of the texts: from three characters anywhere, else at the beginning.
func finds(search string, texts []string) bool {
	piece := cases.Fold().String(strings.TrimSpace(search))
	for _, text := range texts {
		text = cases.Fold().String(text)
		if strings.HasPrefix(text, piece) || len([]rune(piece)) >= 3 && strings.Contains(text, piece) {
			return true
		}
	}
	return false
}
