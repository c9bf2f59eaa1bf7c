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
func (r *request) export(file string, head []string, read func(after accounts.Cursor) ([][]string, accounts.Cursor, error)) error {
	rows, next, err := read("")
	if err != nil {
		return err
	}
	h := r.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+file+`"`)
	_, _ = r.w.Write([]byte("\ufeff")) // spreadsheets take it for UTF-8 then
	out := csv.NewWriter(r.w)
	rows = append([][]string{head}, rows...)
	for {
		for _, row := range rows {
			for i, cell := range row {
				row[i] = escapeFormula(cell)
			}
			if out.Write(row) != nil {
				return nil // the browser has gone
			}
		}
		if next == "" {
			break
		}
		if rows, next, err = read(next); err != nil {
			r.opts.Logger.ErrorContext(r.req.Context(), "panel: an export broke off", "error", err)
			panic(http.ErrAbortHandler) // so that nobody takes it for the whole list
		}
	}
	out.Flush()
	return nil
}

// escapeFormula answers a cell that no spreadsheet takes for a formula, as OWASP's "CSV Injection" advises.
func escapeFormula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// isoDate answers a date as spreadsheets and inputs of the type date read it in every language; "" for never.
func (r *request) isoDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(r.opts.Location).Format(time.DateOnly)
}

// causeNames answers the causes of what keeps something down, each once.
func (r *request) causeNames(by []accounts.EffectiveHold) string {
	var causes []string
	seen := map[accounts.Cause]bool{}
	for _, h := range by {
		if !seen[h.Cause] {
			causes = append(causes, r.cause(h.Cause))
		}
		seen[h.Cause] = true
	}
	return strings.Join(causes, ", ")
}

func (r *request) customerExport() error {
	head := []string{"id"}
	for _, name := range []string{
		"contact.name", "contact.company", "login", "contact.email", "contact.phone", "contact.address", "contact.city",
		"contact.state", "contact.postalCode", "contact.country",
	} {
		head = append(head, r.T("field."+name))
	}
	head = append(head, r.T("list.status"), r.T("list.causes"), r.T("list.subscriptions"), r.T("list.domains"), r.T("list.since"))
	q := customerQuery(r.filters(customerFilters))
	q.Limit = maxListLimit
	return r.export("customers.csv", head, func(after accounts.Cursor) ([][]string, accounts.Cursor, error) {
		q.After = after
		found, err := r.clients.List(r.req.Context(), q)
		var rows [][]string
		for _, a := range found.Items {
			c := a.Contact
			rows = append(rows, []string{
				formatID(a.ID), c.Name, c.Company, a.Login, c.Email, c.Phone, c.Address, c.City, c.State, c.PostalCode, c.Country,
				r.T("status." + string(a.Status())), r.causeNames(a.SuspendedBy()), strconv.Itoa(a.Subscriptions), strconv.Itoa(a.Domains),
				r.isoDate(a.CreatedAt),
			})
		}
		return rows, found.Next, err
	})
}

func (r *request) subscriptionExport() error {
	head := []string{"id"}
	for _, name := range []string{
		"list.subscription", "list.customer", "list.login", "field.plan", "list.status", "list.causes", "list.expires",
		"field.externalID", "list.since",
	} {
		head = append(head, r.T(name))
	}
	q := r.subscriptionQuery(r.filters(subscriptionFilters))
	q.Limit = maxListLimit
	return r.export("subscriptions.csv", head, func(after subscriptions.Cursor) ([][]string, subscriptions.Cursor, error) {
		q.After = after
		found, err := r.subscriptions().List(r.req.Context(), q)
		if err != nil {
			return nil, "", err
		}
		listed, err := r.withCustomers(found.Items)
		var rows [][]string
		for _, s := range listed {
			rows = append(rows, []string{
				formatID(s.ID), s.DisplayName(), s.Customer.Contact.Name, s.Customer.Login, s.Plan, r.T("status." + string(s.Status())),
				r.causeNames(s.SuspendedBy()), r.isoDate(s.ExpiresAt), s.ExternalID, r.isoDate(s.CreatedAt),
			})
		}
		return rows, found.Next, err
	})
}

func formatID[K ~int64](id K) string { return strconv.FormatInt(int64(id), 10) }
