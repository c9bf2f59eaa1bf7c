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

// export writes a whole list as a CSV file. read returns the rows of one page and the cursor of the next one, "" after the
// last.
func (r *request) export(file string, header []string, read func(after accounts.Cursor) ([][]string, accounts.Cursor, error)) error {
	rows, next, err := read("")
	if err != nil {
		return err
	}
	h := r.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+file+`"`)
	_, _ = r.w.Write([]byte("\ufeff")) // a byte order mark: spreadsheets then read the file as UTF-8
	out := csv.NewWriter(r.w)
	rows = append([][]string{header}, rows...)
	for {
		for _, row := range rows {
			for i, cell := range row {
				row[i] = escapeFormula(cell)
			}
			if out.Write(row) != nil {
				return nil // the client has disconnected
			}
		}
		if next == "" {
			break
		}
		if rows, next, err = read(next); err != nil {
			r.logError("panel: an export failed", err)
			panic(http.ErrAbortHandler) // so that an incomplete file is reported as a failed download
		}
	}
	out.Flush()
	return nil
}

// escapeFormula returns cell so that no spreadsheet evaluates it as a formula, as OWASP recommends under "CSV Injection".
func escapeFormula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// isoDate returns the date of t in the form 2006-01-02, which spreadsheets and date inputs read in every language, or "" for
// the zero time.
func (r *request) isoDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(r.opts.Location).Format(time.DateOnly)
}

// causeNames returns the names of the causes of holds, each once, separated by commas.
func (r *request) causeNames(holds []accounts.EffectiveHold) string {
	var causes []string
	seen := map[accounts.Cause]bool{}
	for _, h := range holds {
		if !seen[h.Cause] {
			causes = append(causes, r.cause(h.Cause))
		}
		seen[h.Cause] = true
	}
	return strings.Join(causes, ", ")
}

func (r *request) customerExport() error {
	header := []string{"id"}
	for _, name := range []string{
		"contact.name", "contact.company", "login", "contact.email", "contact.phone", "contact.address", "contact.city",
		"contact.state", "contact.postalCode", "contact.country",
	} {
		header = append(header, r.T("field."+name))
	}
	header = append(header, r.T("list.status"), r.T("list.causes"), r.T("list.subscriptions"), r.T("list.domains"), r.T("list.customerSince"))
	q := customerQuery(r.filters(customerFilters))
	q.Limit = maxListLimit
	return r.export("customers.csv", header, func(after accounts.Cursor) ([][]string, accounts.Cursor, error) {
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
	header := []string{"id"}
	for _, name := range []string{
		"list.subscription", "list.customer", "list.login", "field.plan", "list.status", "list.causes", "list.expires",
		"field.externalID", "list.since",
	} {
		header = append(header, r.T(name))
	}
	q := r.subscriptionQuery(r.filters(subscriptionFilters))
	q.Limit = maxListLimit
	return r.export("subscriptions.csv", header, func(after subscriptions.Cursor) ([][]string, subscriptions.Cursor, error) {
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
