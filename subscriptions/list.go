package subscriptions

import (
	"context"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/internal/keyset"
)

// subscriptionList and domainList are the names of the lists in their cursors.
const (
	subscriptionList = "subscriptions"
	domainList       = "domains"
)

// List returns one page of the subscriptions that q selects, by (CreatedAt, ID), in descending order if q.Desc. Next is
// empty on the last page.
//
// It returns ErrInvalid with the path of every invalid field of q ("ids", "search", "limit", "after", …), and ErrUnavailable
// if the store is unavailable.
func (m *Manager) List(ctx context.Context, q Query) (_ Page, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.List")
	defer func() { end(err) }()
	p, err := m.listParams(q)
	if err != nil {
		return Page{}, err
	}
	limit := p.Limit
	p.Limit++ // one more row, which shows whether there is a next page
	rows, err := m.store.Subscriptions(ctx, p)
	if err != nil {
		return Page{}, err
	}
	items, next := keyset.Page(rows, limit, func(last Subscription) string {
		return string(newCursor(subscriptionList, p.filters(), Position{At: last.CreatedAt, ID: int64(last.ID)}))
	})
	return Page{Items: items, Next: Cursor(next)}, nil
}

// Count returns the number of subscriptions that q selects, but not more than atMost; 0 means no bound. Limit and After of
// q are ignored.
//
// It returns ErrInvalid with the path of every invalid field of q or at "atMost", and ErrUnavailable if the store is
// unavailable.
func (m *Manager) Count(ctx context.Context, q Query, atMost int) (_ int, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Count")
	defer func() { end(err) }()
	q.After, q.Limit = "", 0
	p, err := m.listParams(q)
	if err != nil {
		return 0, err
	}
	if atMost < 0 {
		return 0, input.Invalid("atMost", "min", "0")
	}
	return m.store.CountSubscriptions(ctx, p, atMost)
}

func (m *Manager) listParams(q Query) (ListParams, error) {
	var v input.Violations
	p := ListParams{
		IDs: input.Selection(&v, q.IDs), AccountID: m.ownerFilter(q.AccountID), Plan: input.Line(q.Plan),
		Status: q.Status, Cause: q.Cause, ExpiresBefore: input.Time(q.ExpiresBefore), Desc: q.Desc,
		HideExternalID: m.scope != nil,
	}
	v.Var("plan", p.Plan, "max=100,line")
	v.Var("expiresBefore", p.ExpiresBefore, "time")
	input.CheckFilters(&v, q.Status, q.Cause, Active, Suspended)
	p.Terms = input.SearchWords[SearchTerm](&v, q.Search)
	p.Limit = v.Limit(q.Limit)
	from, valid := q.After.position(subscriptionList, p.filters())
	if !valid {
		v.Add("after", "cursor", "")
	}
	p.From = from
	return p, v.Err()
}

// ownerFilter returns the account to which a list is limited. If m is restricted to another account than the requested one,
// it returns newAccount, so that the list is empty.
func (m *Manager) ownerFilter(asked *AccountID) *AccountID {
	if m.scope == nil {
		return asked
	}
	if asked != nil && *asked != *m.scope {
		none := newAccount
		return &none
	}
	return m.scope
}

// filters returns the parameters of the list to which its cursors are bound.
func (p ListParams) filters() any {
	p.Limit, p.From = 0, Position{}
	return p
}

// Domains returns one page of the domains that q selects, by name in byte order. Next is empty on the last page.
//
// It returns ErrInvalid with the path of every invalid field of q ("ids", "search", "limit", "after", …), and ErrUnavailable
// if the store is unavailable.
func (m *Manager) Domains(ctx context.Context, q DomainQuery) (_ DomainPage, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Domains")
	defer func() { end(err) }()
	p, err := m.domainListParams(q)
	if err != nil {
		return DomainPage{}, err
	}
	limit := p.Limit
	p.Limit++ // one more row, which shows whether there is a next page
	rows, err := m.store.Domains(ctx, p)
	if err != nil {
		return DomainPage{}, err
	}
	items, next := keyset.Page(rows, limit, func(last Domain) string {
		return string(newCursor(domainList, p.filters(), Position{Key: last.Name}))
	})
	return DomainPage{Items: items, Next: Cursor(next)}, nil
}

// CountDomains returns the number of domains that q selects, but not more than atMost; 0 means no bound. Limit and After of
// q are ignored.
//
// It returns ErrInvalid with the path of every invalid field of q or at "atMost", and ErrUnavailable if the store is
// unavailable.
func (m *Manager) CountDomains(ctx context.Context, q DomainQuery, atMost int) (_ int, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.CountDomains")
	defer func() { end(err) }()
	q.After, q.Limit = "", 0
	p, err := m.domainListParams(q)
	if err != nil {
		return 0, err
	}
	if atMost < 0 {
		return 0, input.Invalid("atMost", "min", "0")
	}
	return m.store.CountDomains(ctx, p, atMost)
}

func (m *Manager) domainListParams(q DomainQuery) (DomainListParams, error) {
	var v input.Violations
	p := DomainListParams{
		IDs: input.Selection(&v, q.IDs), AccountID: m.ownerFilter(q.AccountID), SubscriptionID: q.SubscriptionID,
		Status: q.Status, Cause: q.Cause,
	}
	input.CheckFilters(&v, q.Status, q.Cause, Active, Suspended)
	p.Terms = input.SearchWords[SearchTerm](&v, q.Search)
	p.Limit = v.Limit(q.Limit)
	from, valid := q.After.position(domainList, p.filters())
	if !valid {
		v.Add("after", "cursor", "")
	}
	p.From = from
	return p, v.Err()
}

// filters returns the parameters of the list to which its cursors are bound.
func (p DomainListParams) filters() any {
	p.Limit, p.From = 0, Position{}
	return p
}
