package panel

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// export answers a list as CSV, as far as it goes: read answers the rows of one page, and where the next one begins.
func (v *visit) export(file string, head []string, read func(after accounts.Cursor) ([][]string, accounts.Cursor, error)) error {
	rows, next, err := read("")
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+file+`"`)
	_, _ = v.w.Write([]byte("\ufeff")) // spreadsheets take it for UTF-8 then
	out := csv.NewWriter(v.w)
	rows = append([][]string{head}, rows...)
	for {
		for _, row := range rows {
			for i, cell := range row {
				row[i] = harmless(cell)
			}
			if out.Write(row) != nil {
				return nil // the browser has gone
			}
		}
		if next == "" {
			break
		}
		if rows, next, err = read(next); err != nil {
			v.opts.Logger.ErrorContext(v.r.Context(), "panel: an export broke off", "error", err)
			panic(http.ErrAbortHandler) // so that nobody takes it for the whole list
		}
	}
	out.Flush()
	return nil
}

// harmless answers a cell that no spreadsheet takes for a formula, as OWASP's "CSV Injection" advises.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// day answers a date as spreadsheets and inputs of the type date read it in every language; "" for never.
func (v *visit) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(v.opts.Location).Format(time.DateOnly)
}

// held answers the causes of what keeps something down, each once.
func (v *visit) held(by []accounts.EffectiveHold) string {
	var causes []string
	seen := map[accounts.Cause]bool{}
	for _, h := range by {
		if !seen[h.Cause] {
			causes = append(causes, v.cause(h.Cause))
		}
		seen[h.Cause] = true
	}
	return strings.Join(causes, ", ")
}

func (v *visit) customerExport() error {
	head := []string{"id"}
	for _, name := range []string{
		"contact.name", "contact.company", "login", "contact.email", "contact.phone", "contact.address", "contact.city",
		"contact.state", "contact.postalCode", "contact.country",
	} {
		head = append(head, v.T("field."+name))
	}
	head = append(head, v.T("list.status"), v.T("list.causes"), v.T("list.subscriptions"), v.T("list.domains"), v.T("list.customerSince"))
	q := customerQuery(v.filters(customerFilters))
	q.Limit = perLook
	return v.export("customers.csv", head, func(after accounts.Cursor) ([][]string, accounts.Cursor, error) {
		q.After = after
		found, err := v.clients.List(v.r.Context(), q)
		var rows [][]string
		for _, a := range found.Items {
			c := a.Contact
			rows = append(rows, []string{
				text(a.ID), c.Name, c.Company, a.Login, c.Email, c.Phone, c.Address, c.City, c.State, c.PostalCode, c.Country,
				v.T("status." + string(a.Status())), v.held(a.SuspendedBy()), strconv.Itoa(a.Subscriptions), strconv.Itoa(a.Domains),
				v.day(a.CreatedAt),
			})
		}
		return rows, found.Next, err
	})
}

func (v *visit) subscriptionExport() error {
	head := []string{"id"}
	for _, name := range []string{
		"list.subscription", "list.customer", "list.login", "field.plan", "list.status", "list.causes", "list.expires",
		"field.externalID", "list.since",
	} {
		head = append(head, v.T(name))
	}
	q := v.subscriptionQuery(v.filters(subscriptionFilters))
	q.Limit = perLook
	return v.export("subscriptions.csv", head, func(after subscriptions.Cursor) ([][]string, subscriptions.Cursor, error) {
		q.After = after
		found, err := v.subscriptions().List(v.r.Context(), q)
		if err != nil {
			return nil, "", err
		}
		listed, err := v.listed(found.Items)
		var rows [][]string
		for _, s := range listed {
			rows = append(rows, []string{
				text(s.ID), s.DisplayName(), s.Customer.Contact.Name, s.Customer.Login, s.Plan, v.T("status." + string(s.Status())),
				v.held(s.SuspendedBy()), v.day(s.ExpiresAt), s.ExternalID, v.day(s.CreatedAt),
			})
		}
		return rows, found.Next, err
	})
}

func text[K ~int64](id K) string { return strconv.FormatInt(int64(id), 10) }
