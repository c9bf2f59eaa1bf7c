package accounts

import (
	"context"

	"github.com/clientele-go/clientele/subscriptions"
	"github.com/clientele-go/clientele/subscriptions/input"
)

// List implements ClientManager.
func (m *Manager) List(ctx context.Context, q Query) (Page, error) {
	l, err := q.listing()
	if err != nil {
		return Page{}, err
	}
	asked := l.Limit
	l.Limit++ // one more tells whether there is a next page
	items, err := m.store.Accounts(ctx, l)
	if err != nil {
		return Page{}, err
	}
	items, next := subscriptions.Trim(items, asked, func(last Summary) Cursor {
		return subscriptions.NewCursor(list, l.filters(), last.position(l.Sort))
	})
	return Page{Items: items, Next: next}, nil
}

// Count implements ClientManager.
func (m *Manager) Count(ctx context.Context, q Query, atMost int) (int, error) {
	q.After, q.Limit = "", 0
	l, err := q.listing()
	if err != nil {
		return 0, err
	}
	if atMost < 0 {
		return 0, input.Invalid("atMost", "min", "0")
	}
	return m.store.CountAccounts(ctx, l, atMost)
}

// list is the name of this list in its cursors.
const list = "accounts"

func (q Query) listing() (ListParams, error) {
	var f input.Faults
	l := ListParams{Query: q}
	l.IDs = input.Selection(&f, q.IDs)
	l.Country = input.Country(q.Country)
	f.Var("country", l.Country, "omitempty,country")
	subscriptions.CheckFilters(&f, q.Status, q.Cause)
	switch q.Sort {
	case "":
		l.Sort = SortCreated
	case SortCreated, SortLogin, SortName:
	default:
		f.Add("sort", "oneOf", string(SortCreated+", "+SortLogin+", "+SortName))
	}
	l.Term = subscriptions.NewSearchTerm(&f, q.Search)
	l.Limit = f.Limit(q.Limit)
	from, valid := q.After.Position(list, l.filters())
	if !valid {
		f.Add("after", "cursor", "")
	}
	l.From = from
	return l, f.Err()
}

// filters answers what a cursor of the list belongs to.
func (l ListParams) filters() any {
	l.After, l.Limit, l.From, l.Search = "", 0, subscriptions.Position{}, ""
	return l
}

// position answers where an account stands in an order.
func (a Account) position(s Sort) subscriptions.Position {
	switch s {
	case SortLogin:
		return subscriptions.Position{Key: a.Login}
	case SortName:
		return subscriptions.Position{Key: a.SortName(), ID: int64(a.ID)}
	default:
		return subscriptions.Position{At: a.CreatedAt, ID: int64(a.ID)}
	}
}
