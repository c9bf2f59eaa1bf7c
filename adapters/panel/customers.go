package panel

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/accounts"
)

// customerFilters are the fields of the address that say which customers a list shows.
var customerFilters = []string{"q", "status", "cause", "country", "sort", "dir"}

// filters answers those fields of the request that are set.
func (v *visit) filters(names []string) url.Values {
	set := url.Values{}
	for _, name := range names {
		if value := v.r.Form.Get(name); value != "" {
			set.Set(name, value)
		}
	}
	return set
}

// customerQuery answers which customers a request is about, in which order. The newest come first.
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

// customerTable is the page of the list.
type customerTable struct {
	table
	Items   []accounts.Summary
	Columns []column
}

// column is the head of a column that a list can be sorted by.
type column struct {
	Key    string // "name", "login" or "created"
	Order  string // "ascending", "descending" or "none"
	Values url.Values
}

func (v *visit) customerList() error {
	f := v.filters(customerFilters)
	q := customerQuery(f)
	q.After, q.Limit = accounts.Cursor(v.r.Form.Get("after")), perPage
	found, err := v.clients.List(v.r.Context(), q)
	if err != nil {
		return err
	}
	n, err := v.clients.Count(v.r.Context(), q, countedTo+1)
	if err != nil {
		return err
	}
	t := customerTable{table: v.table(f, upTo(n, countedTo), found.Next), Items: found.Items, Columns: columns(f, q)}
	t.Filtered = f.Get("q")+f.Get("status")+f.Get("cause")+f.Get("country") != ""
	if err := v.tick(&t.table, func(most int) (int, error) { return v.clients.Count(v.r.Context(), q, most) }); err != nil {
		return err
	}
	return v.show(http.StatusOK, "customers", v.T("customers.title"), t)
}

// columns answers the heads of the columns; following one sorts by it, and turns the order where it is sorted by already.
func columns(f url.Values, q accounts.Query) []column {
	var all []column
	for _, by := range []accounts.Sort{accounts.SortName, accounts.SortLogin, accounts.SortCreated} {
		c := column{Key: string(by), Order: "none", Values: clone(f)}
		direction := "asc"
		if by == q.Sort {
			c.Order = "descending"
			if !q.Desc {
				c.Order, direction = "ascending", "desc"
			}
		}
		c.Values.Set("sort", string(by))
		c.Values.Set("dir", direction)
		all = append(all, c)
	}
	return all
}

// Column answers the head of one column.
func (t customerTable) Column(key string) column {
	for _, c := range t.Columns {
		if c.Key == key {
			return c
		}
	}
	return column{}
}

// customerExport answers the list as CSV, as far as it goes.
func (v *visit) customerExport() error {
	q := customerQuery(v.filters(customerFilters))
	q.Limit = perLook
	found, err := v.clients.List(v.r.Context(), q)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="customers.csv"`)
	_, _ = v.w.Write([]byte("\ufeff")) // spreadsheets take it for UTF-8 then
	out := csv.NewWriter(v.w)
	if err := out.Write(v.exportHead()); err != nil {
		return nil // the browser has gone
	}
	for {
		for _, a := range found.Items {
			if err := out.Write(v.exportRow(a)); err != nil {
				return nil
			}
		}
		if found.Next == "" {
			break
		}
		q.After = found.Next
		if found, err = v.clients.List(v.r.Context(), q); err != nil {
			v.opts.Logger.ErrorContext(v.r.Context(), "panel: an export broke off", "error", err)
			panic(http.ErrAbortHandler) // so that nobody takes it for the whole list
		}
	}
	out.Flush()
	return nil
}

func (v *visit) exportHead() []string {
	head := []string{"id"}
	for _, name := range []string{
		"contact.name", "contact.company", "login", "contact.email", "contact.phone", "contact.address", "contact.city",
		"contact.state", "contact.postalCode", "contact.country",
	} {
		head = append(head, v.T("field."+name))
	}
	return append(head, v.T("list.status"), v.T("list.causes"), v.T("list.subscriptions"), v.T("list.domains"), v.T("list.since"))
}

func (v *visit) exportRow(a accounts.Summary) []string {
	c := a.Contact
	var causes []string
	for _, held := range a.SuspendedBy() {
		causes = append(causes, v.cause(held.Cause))
	}
	row := []string{
		strconv.FormatInt(int64(a.ID), 10), c.Name, c.Company, a.Login, c.Email, c.Phone, c.Address, c.City, c.State, c.PostalCode,
		c.Country, v.T("status." + string(a.Status())), strings.Join(causes, ", "), strconv.Itoa(a.Subscriptions),
		strconv.Itoa(a.Domains), a.CreatedAt.In(v.opts.Location).Format("2006-01-02"),
	}
	for i, cell := range row {
		row[i] = harmless(cell)
	}
	return row
}

// harmless answers a cell that no spreadsheet takes for a formula, as OWASP's "CSV Injection" advises.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
