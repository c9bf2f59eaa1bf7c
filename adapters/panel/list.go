package panel

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	pageSize     = 50
	maxCounted   = 1_000  // a longer list shows "1,000+"
	maxSelection = 10_000 // also the maximum of ids in a command
	maxListLimit = 500    // the maximum Limit of a query
)

// count is the length of a list, counted up to a limit.
type count struct {
	N    int
	More bool // the list has more than N
}

// capCount returns n as a count of at most limit.
func capCount(n, limit int) count {
	if n > limit {
		return count{N: limit, More: true}
	}
	return count{N: n}
}

// table is the data that all lists have.
type table struct {
	Form     form
	Filters  url.Values
	Filtered bool
	Count    count
	Pager    pager
	Selected string // the initial selection: "", "page" or "all"
	Total    count  // of all matches, if they are to be selected
	after    string
}

func (r *request) table(f url.Values, n count, next subscriptions.Cursor) table {
	return table{Form: form{Values: f}, Filters: f, Count: n, Pager: r.pager(next), after: r.req.Form.Get("after")}
}

// applySelection applies the parameter select: to this page, or to all matches if a command accepts that many.
func (r *request) applySelection(t *table, countUpTo func(limit int) (int, error)) error {
	switch r.req.Form.Get("select") {
	case "page":
		t.Selected = "page"
	case "all":
		n, err := countUpTo(maxSelection + 1)
		if err != nil {
			return err
		}
		t.Total, t.Selected = capCount(n, maxSelection), "all"
		if t.Total.More {
			t.Selected = "page"
		}
	}
	return nil
}

// selectLinks are the links that change the selection of a list.
type selectLinks struct {
	Path            string
	Selected        string
	Total           count
	Page, All, None url.Values
	Single          bool // the list has one page
}

// SelectLinks returns the links that change the selection of the list at path.
func (t table) SelectLinks(path string) selectLinks {
	with := func(what string) url.Values {
		values := cloneValues(t.Filters)
		values.Set("select", what)
		values.Set("after", t.after)
		return dropEmpty(values)
	}
	return selectLinks{
		Path: path, Selected: t.Selected, Total: t.Total, Page: with("page"), All: with("all"), None: with(""),
		Single: t.Pager.First && t.Pager.Next == nil,
	}
}

// pager has the links to the other pages of a list.
type pager struct {
	Path     string // the path of the list
	First    bool
	Next     url.Values // nil on the last page
	Previous url.Values // nil on the first page, or if it is unknown
}

// maxTrail is the maximum of previous pages whose cursors a link contains.
const maxTrail = 40

// pager returns the pager of a list. Cursors lead only forward, so links contain those of the previous pages, as "trail".
func (r *request) pager(next subscriptions.Cursor) pager {
	query := r.req.URL.Query()
	after, trail := query.Get("after"), query["trail"]
	query.Del("select")
	p := pager{Path: r.pagePath, First: after == ""}
	if next != "" {
		p.Next = cloneValues(query)
		p.Next.Set("after", string(next))
		p.Next["trail"] = append(slices.Clone(trail), after)
		if len(p.Next["trail"]) > maxTrail {
			p.Next["trail"] = p.Next["trail"][1:]
		}
	}
	if len(trail) > 0 {
		p.Previous = cloneValues(query)
		p.Previous.Set("after", trail[len(trail)-1])
		p.Previous["trail"] = slices.Clone(trail[:len(trail)-1])
		dropEmpty(p.Previous)
	}
	return p
}

func cloneValues(values url.Values) url.Values {
	clone := url.Values{}
	for name, given := range values {
		clone[name] = slices.Clone(given)
	}
	return clone
}

// dropEmpty deletes the parameters without a value and returns values.
func dropEmpty(values url.Values) url.Values {
	for name, given := range values {
		if len(given) == 0 || len(given) == 1 && given[0] == "" {
			delete(values, name)
		}
	}
	return values
}

// Query returns the URL of path in the panel, with values as its query.
func (p page) Query(path string, values url.Values) string {
	if len(values) == 0 {
		return p.r.url(path)
	}
	return p.r.url(path, "?", values.Encode())
}

// Back returns path with values as its query, without Options.Path: the form in which the parameter back has it.
func (p page) Back(path string, values url.Values) string {
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// sortLink is the header of a column that the list at Path can be sorted by.
type sortLink struct {
	Path, Label string
	Column      column
}

// SortLink returns the page with a sortLink as its data.
func (p page) SortLink(path string, c column, label string) page {
	return p.With(sortLink{path, label, c})
}

// holdsAtLevel are the holds in force for something at Level, its own and inherited ones.
type holdsAtLevel struct {
	Holds []accounts.EffectiveHold
	Level accounts.Level
}

// HoldsAtLevel returns the page with a holdsAtLevel as its data.
func (p page) HoldsAtLevel(holds []accounts.EffectiveHold, level string) page {
	return p.With(holdsAtLevel{holds, accounts.Level(level)})
}

// parseIDs returns the ids, sorted and without duplicates. It returns errPageNotFound if one is not a positive number.
func parseIDs[K ~int64](given []string) ([]K, error) {
	all := make([]K, 0, len(given))
	for _, text := range given {
		id, err := parsePositive[K](text)
		if err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// parsePositive returns the number in text. It returns errPageNotFound if that is not a positive number.
func parsePositive[K ~int64](text string) (K, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, errPageNotFound
	}
	return K(id), nil
}

func (r *request) accountID() (accounts.ID, error) {
	return parsePositive[accounts.ID](r.req.PathValue("id"))
}

func (r *request) subscriptionID() (subscriptions.ID, error) {
	return parsePositive[subscriptions.ID](r.req.PathValue("id"))
}

func (r *request) domainID() (subscriptions.DomainID, error) {
	return parsePositive[subscriptions.DomainID](r.req.PathValue("id"))
}
