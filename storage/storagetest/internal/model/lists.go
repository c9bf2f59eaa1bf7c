package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

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
	texts := []string{a.Login, a.Contact.Name, a.Contact.Company, a.Contact.Email, a.Contact.Phone, a.Contact.City, a.ExternalID}
	below := m.descendants([]accounts.ID{a.ID})
	for _, name := range below.Domains {
		texts = append(texts, searchSpellings(name)...)
	}
	hasPlan := func(id subscriptions.ID) bool { return m.subscriptions[id].Plan == q.Plan }
	switch {
	case q.IDs != nil && !slices.Contains(q.IDs, a.ID), q.Country != "" && q.Country != a.Contact.Country,
		q.Plan != "" && !slices.ContainsFunc(below.Subscriptions, hasPlan),
		a.CreatedAt.Before(normalizeTime(q.CreatedFrom)),
		!q.CreatedBefore.IsZero() && !a.CreatedAt.Before(normalizeTime(q.CreatedBefore)):
		return false
	}
	return matchesSearch(q.Search, int64(a.ID), texts) && m.matchesStatus(subscriptions.LevelAccount, int64(a.ID), q.Status, q.Cause)
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
	return matchesSearch(q.Search, int64(s.ID), texts) && m.matchesStatus(subscriptions.LevelSubscription, int64(s.ID), q.Status, q.Cause)
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
	return matchesSearch(q.Search, int64(d.ID), searchSpellings(d.Name)) && m.matchesStatus(subscriptions.LevelDomain, int64(d.ID), q.Status, q.Cause)
}

// matchesStatus reports whether a row has the status and the cause of a query.
func (m *model) matchesStatus(l subscriptions.Level, id int64, s accounts.Status, c accounts.Cause) bool {
	holds := m.effectiveHolds(l, id)
	if s == accounts.Active && len(holds) > 0 || s == accounts.Suspended && len(holds) == 0 {
		return false
	}
	return c == "" || slices.ContainsFunc(holds, func(h accounts.EffectiveHold) bool { return h.Cause == c })
}

// matchesSearch reports whether a search finds a row with the id and the texts: each of its words in one of them, in any
// order, and anywhere if it has at least three characters, but otherwise at the beginning of a word.
func matchesSearch(search string, id int64, texts []string) bool {
	words := strings.Fields(foldLoosely(search))
	for _, word := range words {
		byID := word == fmt.Sprintf("#%d", id) || len(words) == 1 && word == fmt.Sprint(id)
		if !byID && !slices.ContainsFunc(texts, func(text string) bool { return containsWord(foldLoosely(text), word) }) {
			return false
		}
	}
	return true
}

func containsWord(text, word string) bool {
	isLetter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	first, _ := utf8.DecodeRuneInString(word)
	previous := ' '
	for i, r := range text {
		begins := previous == ' ' || isLetter(first) && !isLetter(previous)
		if strings.HasPrefix(text[i:], word) && (begins || utf8.RuneCountInString(word) >= 3) {
			return true
		}
		previous = r
	}
	return false
}

// foldLoosely returns a text in Latin script without case and accents.
func foldLoosely(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, cases.Fold().String(norm.NFD.String(text)))
}
