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
	maxCounted   = 1_000 // beyond that a list says "1,000+"
	maxSelection = 10_000
	maxListLimit = 500 // what one call of a list answers at most
)

// count is how many things a list has, as far as it was counted.
type count struct {
	N    int
	More bool // there are more
}

func capCount(n, limit int) count {
	if n > limit {
		return count{N: limit, More: true}
	}
	return count{N: n}
}

// table is what the pages of lists have in common.
type table struct {
	Form     form
	Filters  url.Values
	Filtered bool
	Count    count
	Pager    pager
	Selected string // "", "page" or "all": what is ticked to begin with
	Total    count  // how many match, when all shall be ticked
	after    string
}

func (r *request) table(f url.Values, n count, next subscriptions.Cursor) table {
	return table{Form: form{Values: f}, Filters: f, Count: n, Pager: r.pager(next), after: r.req.Form.Get("after")}
}

// applySelection ticks what the address asks for: this page, or all that match if a command takes so many.
func (r *request) applySelection(t *table, countUpTo func(most int) (int, error)) error {
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

// selectLinks leads to the same list with boxes ticked.
type selectLinks struct {
	Path            string
	Selected        string
	Total           count
	Page, All, None url.Values
	Single          bool // there is no other page
}

// SelectLinks answers the choice of a list.
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

// pager leads through a list.
type pager struct {
	Path     string // the path of the list
	First    bool
	Next     url.Values // nil: this is the last page
	Previous url.Values
}

// maxTrail bounds how many pages the way back is known for.
const maxTrail = 40

// pager answers the pager of a list: a cursor leads only forward, so the way back goes along in the address.
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

// dropEmpty leaves out what is empty.
func dropEmpty(values url.Values) url.Values {
	for name, given := range values {
		if len(given) == 0 || len(given) == 1 && given[0] == "" {
			delete(values, name)
		}
	}
	return values
}

// Query answers an address with a query.
func (p page) Query(path string, values url.Values) string {
	if len(values) == 0 {
		return p.r.url(path)
	}
	return p.r.url(path, "?", values.Encode())
}

// Back answers an address with a query as a form carries it along: as it is within the panel.
func (p page) Back(path string, values url.Values) string {
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// sortLink is the head of a column that a list can be sorted by.
type sortLink struct {
	Path, Label string
	Column      column
}

// SortLink answers the page with that.
func (p page) SortLink(path string, c column, label string) page {
	return p.With(sortLink{path, label, c})
}

// holdsAtLevel is what keeps something down, as something of its own level or from above.
type holdsAtLevel struct {
	Holds []accounts.EffectiveHold
	Level accounts.Level
}

// HoldsAtLevel answers the page with that.
func (p page) HoldsAtLevel(held []accounts.EffectiveHold, level string) page {
	return p.With(holdsAtLevel{held, accounts.Level(level)})
}

// parseIDs reads the ids in a request. One that is no number names nothing.
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
