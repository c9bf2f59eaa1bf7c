package accounts

import (
	"context"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/internal/keyset"
	"github.com/clientele-go/clientele/subscriptions"
)

// accountList is the name of the list of accounts in its cursors.
const accountList = "accounts"

// List returns one page of the accounts that q selects, in the order of q.Sort, descending if q.Desc, each with the numbers
// of its subscriptions and domains. Next is empty on the last page.
//
// It returns ErrInvalid with the path of every invalid field of q ("ids", "search", "sort", "limit", "after", …), and
// ErrUnavailable if the store cannot answer.
func (m *Manager) List(ctx context.Context, q Query) (_ Page, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.List")
	defer func() { end(err) }()
	p, err := q.listParams()
	if err != nil {
		return Page{}, err
	}
	limit := p.Limit
	p.Limit++ // one more row, which shows whether there is a next page
	rows, err := m.store.Accounts(ctx, p)
	if err != nil {
		return Page{}, err
	}
	items, next := keyset.Page(rows, limit, func(last Summary) string {
		return keyset.Encode(accountList, p.filters(), last.position(p.Sort))
	})
	return Page{Items: items, Next: Cursor(next)}, nil
}

// Count returns the number of accounts that q selects, but not more than atMost; 0 means no bound. Limit and After of q are
// ignored.
//
// It returns ErrInvalid with the path of every invalid field of q or at "atMost", and ErrUnavailable if the store cannot
// answer.
func (m *Manager) Count(ctx context.Context, q Query, atMost int) (_ int, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Count")
	defer func() { end(err) }()
	q.After, q.Limit = "", 0
	p, err := q.listParams()
	if err != nil {
		return 0, err
	}
	if atMost < 0 {
		return 0, input.Invalid("atMost", "min", "0")
	}
	return m.store.CountAccounts(ctx, p, atMost)
}

func (q Query) listParams() (ListParams, error) {
	var v input.Violations
	p := ListParams{
		IDs: input.Selection(&v, q.IDs), Status: q.Status, Cause: q.Cause, Country: input.Country(q.Country),
		Plan: input.Line(q.Plan), CreatedFrom: input.Time(q.CreatedFrom), CreatedBefore: input.Time(q.CreatedBefore),
		Terms: input.SearchWords[subscriptions.SearchTerm](&v, q.Search), Sort: q.Sort, Desc: q.Desc,
	}
	v.Var("plan", p.Plan, "max=100,line")
	v.Var("createdFrom", p.CreatedFrom, "time")
	v.Var("createdBefore", p.CreatedBefore, "time")
	v.Var("country", p.Country, "omitempty,country")
	input.CheckFilters(&v, q.Status, q.Cause, Active, Suspended)
	switch q.Sort {
	case "":
		p.Sort = SortCreated
	case SortCreated, SortLogin, SortName:
	default:
		v.Add("sort", "oneOf", string(SortCreated+", "+SortLogin+", "+SortName))
	}
	p.Limit = v.Limit(q.Limit)
	from, valid := keyset.Decode(string(q.After), accountList, p.filters())
	if !valid {
		v.Add("after", "cursor", "")
	}
	p.From = subscriptions.Position(from)
	return p, v.Err()
}

// filters returns the parameters of the list to which its cursors are bound.
func (p ListParams) filters() any {
	p.Limit, p.From = 0, subscriptions.Position{}
	return p
}

// position returns the position of an account in an order.
func (a Account) position(s Sort) keyset.Position {
	switch s {
	case SortLogin:
		return keyset.Position{Key: a.Login}
	case SortName:
		return keyset.Position{Key: a.SortName(), ID: int64(a.ID)}
	default:
		return keyset.Position{At: a.CreatedAt, ID: int64(a.ID)}
	}
}
