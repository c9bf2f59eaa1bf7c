package subscriptions

import (
	"context"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// List implements SubscriptionManager.
func (m *Manager) List(ctx context.Context, q Query) (Page, error) {
	l, err := m.listing(q)
	if err != nil {
		return Page{}, err
	}
	asked := l.Limit
	l.Limit++ // one more tells whether there is a next page
	items, err := m.store.Subscriptions(ctx, l)
	if err != nil {
		return Page{}, err
	}
	items, next := Trim(items, asked, func(last Subscription) Cursor {
		return NewCursor(list, l.filters(), Position{At: last.CreatedAt, ID: int64(last.ID)})
	})
	return Page{Items: items, Next: next}, nil
}

// Count implements SubscriptionManager.
func (m *Manager) Count(ctx context.Context, q Query, atMost int) (int, error) {
	q.After, q.Limit = "", 0
	l, err := m.listing(q)
	if err != nil {
		return 0, err
	}
	if atMost < 0 {
		return 0, input.Invalid("atMost", "min", "0")
	}
	return m.store.CountSubscriptions(ctx, l, atMost)
}

// list is the name of this list in its cursors.
const list = "subscriptions"

func (m *Manager) listing(q Query) (ListParams, error) {
	var f input.Faults
	l := ListParams{Query: q, Own: m.scope != nil}
	l.AccountID = m.ownerFilter(q.AccountID)
	l.IDs = input.Selection(&f, q.IDs)
	l.Plan = input.Line(q.Plan)
	l.ExpiresBefore = Cut(q.ExpiresBefore)
	f.Var("plan", l.Plan, "max=100,line")
	f.Var("expiresBefore", l.ExpiresBefore, "time")
	CheckFilters(&f, q.Status, q.Cause)
	l.Term = NewSearchTerm(&f, q.Search)
	l.Limit = f.Limit(q.Limit)
	from, valid := q.After.Position(list, l.filters())
	if !valid {
		f.Add("after", "cursor", "")
	}
	l.From = from
	return l, f.Err()
}

// ownerFilter answers whose things a list shows: a scoped Manager shows its owner's alone, and nobody's when others'
// are asked for.
func (m *Manager) ownerFilter(asked *AccountID) *AccountID {
	if m.scope == nil {
		return asked
	}
	if asked != nil && *asked != *m.scope {
		nobody := Nobody
		return &nobody
	}
	return m.scope
}

// filters answers what a cursor of the list belongs to.
func (l ListParams) filters() any {
	l.After, l.Limit, l.From, l.Search = "", 0, Position{}, ""
	return l
}

// CheckFilters checks the filters that all lists have in common.
func CheckFilters(f *input.Faults, s Status, c Cause) {
	if s != "" && s != Active && s != Suspended {
		f.Add("status", "oneOf", string(Active+", "+Suspended))
	}
	f.Var("cause", string(c), "omitempty,cause")
}

// Domains implements DomainManager.
func (m *Manager) Domains(ctx context.Context, q DomainQuery) (DomainPage, error) {
	l, err := m.domainListing(q)
	if err != nil {
		return DomainPage{}, err
	}
	asked := l.Limit
	l.Limit++ // one more tells whether there is a next page
	items, err := m.store.Domains(ctx, l)
	if err != nil {
		return DomainPage{}, err
	}
	items, next := Trim(items, asked, func(last Domain) Cursor {
		return NewCursor(domainList, l.filters(), Position{Key: last.Name})
	})
	return DomainPage{Items: items, Next: next}, nil
}

// CountDomains implements DomainManager.
func (m *Manager) CountDomains(ctx context.Context, q DomainQuery, atMost int) (int, error) {
	q.After, q.Limit = "", 0
	l, err := m.domainListing(q)
	if err != nil {
		return 0, err
	}
	if atMost < 0 {
		return 0, input.Invalid("atMost", "min", "0")
	}
	return m.store.CountDomains(ctx, l, atMost)
}

// domainList is the name of this list in its cursors.
const domainList = "domains"

func (m *Manager) domainListing(q DomainQuery) (DomainListParams, error) {
	var f input.Faults
	l := DomainListParams{DomainQuery: q}
	l.AccountID = m.ownerFilter(q.AccountID)
	l.IDs = input.Selection(&f, q.IDs)
	CheckFilters(&f, q.Status, q.Cause)
	l.Term = NewSearchTerm(&f, q.Search)
	l.Limit = f.Limit(q.Limit)
	from, valid := q.After.Position(domainList, l.filters())
	if !valid {
		f.Add("after", "cursor", "")
	}
	l.From = from
	return l, f.Err()
}

// filters answers what a cursor of the list belongs to.
func (l DomainListParams) filters() any {
	l.After, l.Limit, l.From, l.Search = "", 0, Position{}, ""
	return l
}
