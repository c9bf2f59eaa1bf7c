package panel

import (
	"net/http"
	"net/url"

	"github.com/clientele-go/clientele/accounts"
)

// customerFilters are the query parameters that select and sort customers.
var customerFilters = []string{"q", "status", "cause", "country", "sort", "dir"}

// filters returns those of the named parameters of the request that are not empty.
func (r *request) filters(names []string) url.Values {
	set := url.Values{}
	for _, name := range names {
		if value := r.req.Form.Get(name); value != "" {
			set.Set(name, value)
		}
	}
	return set
}

// customerQuery returns the query for the filters f. By default the newest customers come first.
func customerQuery(f url.Values) accounts.Query {
	q := accounts.Query{
		Search: f.Get("q"), Status: accounts.Status(f.Get("status")), Cause: accounts.Cause(f.Get("cause")),
		Country: f.Get("country"), Sort: accounts.Sort(f.Get("sort")), Desc: f.Get("dir") == "desc",
	}
	if q.Sort == "" {
		q.Sort, q.Desc = accounts.SortCreated, f.Get("dir") != "asc"
	}
	return q
}

// customerTable is the data of the list of customers.
type customerTable struct {
	table
	Items   []accounts.Summary
	Columns []column
}

// column is the header of a column that a list can be sorted by.
type column struct {
	Key   string // "name", "login" or "created"
	Order string // "ascending", "descending" or "none"
	Query url.Values
}

func (r *request) customerList() error {
	f := r.filters(customerFilters)
	q := customerQuery(f)
	q.After, q.Limit = accounts.Cursor(r.req.Form.Get("after")), pageSize
	found, err := r.clients.List(r.req.Context(), q)
	if err != nil {
		return err
	}
	n, err := r.clients.Count(r.req.Context(), q, maxCounted+1)
	if err != nil {
		return err
	}
	t := customerTable{table: r.table(f, capCount(n, maxCounted), found.Next), Items: found.Items, Columns: columns(f, q)}
	t.Filtered = f.Get("q")+f.Get("status")+f.Get("cause")+f.Get("country") != ""
	if err := r.applySelection(&t.table, func(limit int) (int, error) { return r.clients.Count(r.req.Context(), q, limit) }); err != nil {
		return err
	}
	return r.render(http.StatusOK, "customers", r.T("customers.title"), t)
}

// columns returns the headers of the sortable columns. The link of a header sorts by its column, or reverses the order if
// the list is sorted by it already.
func columns(f url.Values, q accounts.Query) []column {
	var all []column
	for _, by := range []accounts.Sort{accounts.SortName, accounts.SortLogin, accounts.SortCreated} {
		c := column{Key: string(by), Order: "none", Query: cloneValues(f)}
		direction := "asc"
		if by == q.Sort {
			c.Order = "descending"
			if !q.Desc {
				c.Order, direction = "ascending", "desc"
			}
		}
		c.Query.Set("sort", string(by))
		c.Query.Set("dir", direction)
		all = append(all, c)
	}
	return all
}

// Column returns the header of the column with the given key.
func (t customerTable) Column(key string) column {
	for _, c := range t.Columns {
		if c.Key == key {
			return c
		}
	}
	return column{}
}
