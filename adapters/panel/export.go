package panel

import (
	"net/http"
	"regexp"
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
	separator := r.T("format.separator") // that of a spreadsheet in this language
	rows = append([][]string{header}, rows...)
	for {
		var lines []byte
		for _, row := range rows {
			lines = appendRow(lines, separator, row)
		}
		if _, err := r.w.Write(lines); err != nil {
			return nil // the client has disconnected
		}
		if next == "" {
			break
		}
		if rows, next, err = read(next); err != nil {
			r.logError("panel: an export failed", err)
			panic(http.ErrAbortHandler) // so that an incomplete file is reported as a failed download
		}
	}
	return nil
}

// appendRow appends a line with all cells in quotes (RFC 4180), so that a separator in a cell is never taken for one between
// cells.
func appendRow(line []byte, separator string, cells []string) []byte {
	for i, cell := range cells {
		if i > 0 {
			line = append(line, separator...)
		}
		line = append(line, '"')
		line = append(line, strings.ReplaceAll(escapeFormula(cell), `"`, `""`)...)
		line = append(line, '"')
	}
	return append(line, '\n')
}

var (
	// formulaStart matches what begins a formula, at the beginning of a cell or where a program that expects another separator
	// sees one. Spaces, invisible characters and quotes before it do not help.
	formulaStart = regexp.MustCompile("(^|[,;\t\r\n\v\f\u0085\u2028\u2029])([\\s\\p{Z}\\p{Cf}\"]*)([=+\\-@＝＋－＠])")
	// phoneNumber matches an international telephone number. As a formula it could only be a sum of numbers.
	phoneNumber = regexp.MustCompile(`^\+(?:[\s\p{Zs}()+./-]*[0-9]){5}[0-9\s\p{Zs}()+./-]*$`)
)

// escapeFormula returns cell so that no spreadsheet evaluates it, or a part of it, as a formula. It puts an apostrophe before
// what would begin one, which OWASP recommends under "CSV Injection": spreadsheets then read text, and people can read it,
// too. Telephone numbers stay as they are.
func escapeFormula(cell string) string {
	if phoneNumber.MatchString(cell) {
		return cell
	}
	return formulaStart.ReplaceAllString(cell, "$1$2'$3")
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
