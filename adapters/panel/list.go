package panel

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	perPage   = 50
	countedTo = 1_000 // beyond that a list says "1,000+"
	mostAtAll = 10_000
	perLook   = 500 // what one call of a list answers at most
)

// count is how many things a list has, as far as it was counted.
type count struct {
	N    int
	More bool // there are more
}

func upTo(n, most int) count {
	if n > most {
		return count{N: most, More: true}
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
	Picked   string // "", "page" or "all": what is ticked to begin with
	All      count  // how many match, when all shall be ticked
	after    string
}

func (v *visit) table(f url.Values, n count, next subscriptions.Cursor) table {
	return table{Form: form{Values: f}, Filters: f, Count: n, Pager: v.pager(next), after: v.r.Form.Get("after")}
}

// tick ticks what the address asks for: this page, or all that match if a command takes so many.
func (v *visit) tick(t *table, countAll func(most int) (int, error)) error {
	switch v.r.Form.Get("select") {
	case "page":
		t.Picked = "page"
	case "all":
		n, err := countAll(mostAtAll + 1)
		if err != nil {
			return err
		}
		t.All, t.Picked = upTo(n, mostAtAll), "all"
		if t.All.More {
			t.Picked = "page"
		}
	}
	return nil
}

// choice leads to the same list with boxes ticked.
type choice struct {
	Path              string
	Picked            string
	All               count
	Page, Every, None url.Values
	Single            bool // there is no other page
}

// Choice answers the choice of a list.
func (t table) Choice(path string) choice {
	with := func(what string) url.Values {
		values := clone(t.Filters)
		values.Set("select", what)
		values.Set("after", t.after)
		return tidy(values)
	}
	return choice{
		Path: path, Picked: t.Picked, All: t.All, Page: with("page"), Every: with("all"), None: with(""),
		Single: t.Pager.First && t.Pager.Next == nil,
	}
}

// pager leads through a list.
type pager struct {
	Here     string // the path of the list
	First    bool
	Next     url.Values // nil: this is the last page
	Previous url.Values
}

// mostTrail bounds how many pages the way back is known for.
const mostTrail = 40

// pager answers the pager of a list: a cursor leads only forward, so the way back goes along in the address.
func (v *visit) pager(next subscriptions.Cursor) pager {
	given := v.r.URL.Query()
	after, trail := given.Get("after"), given["trail"]
	given.Del("select")
	p := pager{Here: v.here, First: after == ""}
	if next != "" {
		p.Next = clone(given)
		p.Next.Set("after", string(next))
		p.Next["trail"] = append(slices.Clone(trail), after)
		if len(p.Next["trail"]) > mostTrail {
			p.Next["trail"] = p.Next["trail"][1:]
		}
	}
	if len(trail) > 0 {
		p.Previous = clone(given)
		p.Previous.Set("after", trail[len(trail)-1])
		p.Previous["trail"] = slices.Clone(trail[:len(trail)-1])
		tidy(p.Previous)
	}
	return p
}

func clone(values url.Values) url.Values {
	copied := url.Values{}
	for name, given := range values {
		copied[name] = slices.Clone(given)
	}
	return copied
}

// tidy leaves out what is empty.
func tidy(values url.Values) url.Values {
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
		return p.v.url(path)
	}
	return p.v.url(path, "?", values.Encode())
}

// Back answers an address with a query as a form carries it along: as it is within the panel.
func (p page) Back(path string, values url.Values) string {
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// sortedBy is the head of a column that a list can be sorted by.
type sortedBy struct {
	Path, Label string
	Column      column
}

// Sorted answers the page with that.
func (p page) Sorted(path string, c column, label string) page {
	return p.With(sortedBy{path, label, c})
}

// heldAt is what keeps something down, as something of its own level or from above.
type heldAt struct {
	Held  []accounts.EffectiveHold
	Level accounts.Level
}

// Held answers the page with that.
func (p page) Held(held []accounts.EffectiveHold, level string) page {
	return p.With(heldAt{held, accounts.Level(level)})
}

// ids reads the ids in a request. One that is no number names nothing.
func ids[K ~int64](given []string) ([]K, error) {
	all := make([]K, 0, len(given))
	for _, text := range given {
		id, err := number[K](text)
		if err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func number[K ~int64](text string) (K, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, errNoPage
	}
	return K(id), nil
}

func (v *visit) accountID() (accounts.ID, error) { return number[accounts.ID](v.r.PathValue("id")) }
func (v *visit) subscriptionID() (subscriptions.ID, error) {
	return number[subscriptions.ID](v.r.PathValue("id"))
}

func (v *visit) domainID() (subscriptions.DomainID, error) {
	return number[subscriptions.DomainID](v.r.PathValue("id"))
}
