package postgres

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/lists"
	"github.com/clientele-go/clientele/storage/internal/stored"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	// Deletes the rows, and their holds and entries by the foreign keys.
	deleteByID = `
DELETE FROM clientele.%s WHERE id = ANY(%s)`

	// Deletes the texts of earlier events about removed accounts, subscriptions and domains. The subject of an event is the lowest
	// row that it names.
	redactEvents = `
UPDATE clientele.events SET texts = NULL
WHERE id = ANY(ARRAY(
    SELECT id FROM clientele.events
    WHERE account_id = ANY(ARRAY(SELECT unnest(%s))) AND subscription_id IS NULL AND domain_id IS NULL AND texts IS NOT NULL
    UNION ALL
    SELECT id FROM clientele.events
    WHERE subscription_id = ANY(ARRAY(SELECT unnest(%s))) AND domain_id IS NULL AND texts IS NOT NULL
    UNION ALL
    SELECT id FROM clientele.events
    WHERE domain_id = ANY(ARRAY(SELECT unnest(%s))) AND texts IS NOT NULL))`

	endSessions = `
UPDATE clientele.accounts SET session_epoch = session_epoch + 1
WHERE id = ANY(%s)`

	// A subscription is due at its expiry, unless it has the hold "expired".
	updateDue = `
UPDATE clientele.subscriptions SET due_at = CASE WHEN id = ANY(%s) THEN expires_at END
WHERE id = ANY(%s)`

	// Omits a row that conflicts with another one. An error of the server would write the row's values into the server's log.
	onConflictDoNothing = "\nON CONFLICT DO NOTHING"
)

// Save implements accounts.Tx. One statement writes everything: its parts do not see each other's changes, and foreign keys
// are checked at its end. If rows are removed and others are added, which may reuse their names, there are two.
func (t *transaction) Save(w accounts.Writes) error {
	t.saved = true
	var s saving
	s.update(w)
	s.remove(w)
	if len(w.AddAccounts)+len(w.AddSubscriptions)+len(w.AddDomains) > 0 && s.removes {
		if err := t.write(s); err != nil {
			return err
		}
		s = saving{}
	}
	s.deleteHolds(w)
	deleteRows(&s, entryKeyTable, w.DeleteEntries)
	s.add(w)
	s.saveDue(w)
	return t.write(s)
}

// saving collects the parts of a statement that writes to several tables.
type saving struct {
	parts   []string
	args    numbered
	rows    []int // the number of rows that each part must affect, or anyRowCount
	removes bool
}

// part adds a part that must affect the given number of rows.
func (s *saving) part(rows int, part string) {
	s.parts, s.rows = append(s.parts, strings.TrimPrefix(part, "\n")), append(s.rows, rows)
}

// numbers binds an array of numbers.
func numbers[N ~int64 | ~int](s *saving, all []N) string {
	return s.args.bind(numberArray(all), "bigint[]")
}

// write runs the statement, which fails if a part affects another number of rows than it must.
func (t *transaction) write(s saving) error {
	switch len(s.parts) {
	case 0:
		return nil
	case 1:
		return t.exec(s.rows[0], s.parts[0], s.args...)
	}
	parts, counts, want := make([]string, len(s.parts)), []string(nil), 0
	for i, part := range s.parts {
		name := "part" + strconv.Itoa(i+1)
		parts[i] = name + " AS (" + lists.Indent("\n"+part+"\nRETURNING 1") + "\n)"
		if s.rows[i] != anyRowCount {
			counts = append(counts, "(SELECT count(*) FROM "+name+")")
			want += s.rows[i]
		}
	}
	var written countRow
	if err := t.query(&written, "WITH "+strings.Join(parts, ", ")+"\nSELECT "+strings.Join(counts, "\n    + ")+" AS count", s.args...); err != nil {
		return err
	}
	return t.checkRowCount(written.Count, want)
}

// insertRows adds the insert of rows into a table. In case of a conflict, the clause says what to do.
func insertRows[R any](s *saving, into table[R], rows []R, conflict string) {
	if len(rows) == 0 {
		return
	}
	insert, args := into.insert(rows, len(s.args))
	s.args = append(s.args, args...)
	s.part(len(rows), insert+conflict)
}

func updateRows[R any](s *saving, in table[R], rows []R) {
	if len(rows) == 0 {
		return
	}
	update, args := in.update(rows, len(s.args))
	s.args = append(s.args, args...)
	s.part(len(rows), update)
}

// deleteRows adds the deletion of the rows with the keys of these.
func deleteRows[R any](s *saving, from table[R], rows []R) {
	if len(rows) == 0 {
		return
	}
	deletion, args := from.delete(rows, len(s.args))
	s.args = append(s.args, args...)
	s.part(len(rows), deletion)
}

func (s *saving) update(w accounts.Writes) {
	updateRows(s, accountTable, w.UpdateAccounts)
	if len(w.EndSessions) > 0 {
		s.part(len(w.EndSessions), fmt.Sprintf(endSessions, numbers(s, w.EndSessions)))
	}
	updateRows(s, subscriptionTable, stored.Subscriptions(w, w.UpdateSubscriptions))
	updateRows(s, domainUpdateTable, w.UpdateDomains)
}

func (s *saving) remove(w accounts.Writes) {
	if len(w.RemoveAccounts)+len(w.RemoveSubscriptions)+len(w.RemoveDomains) == 0 {
		return
	}
	s.removes = true
	accountIDs, subscriptionIDs, domainIDs := numbers(s, w.RemoveAccounts), numbers(s, w.RemoveSubscriptions), numbers(s, w.RemoveDomains)
	s.part(len(w.RemoveAccounts), fmt.Sprintf(deleteByID, "accounts", accountIDs))
	s.part(len(w.RemoveSubscriptions), fmt.Sprintf(deleteByID, "subscriptions", subscriptionIDs))
	s.part(len(w.RemoveDomains), fmt.Sprintf(deleteByID, "domains", domainIDs))
	s.part(anyRowCount, fmt.Sprintf(redactEvents, accountIDs, subscriptionIDs, domainIDs))
}

func (s *saving) deleteHolds(w accounts.Writes) {
	for _, holds := range holdKeyTables {
		deleteRows(s, holds.table, filter(w.DeleteHolds, func(l subscriptions.HoldKey) bool { return l.Level == holds.level }))
	}
}

func (s *saving) add(w accounts.Writes) {
	insertRows(s, accountTable, w.AddAccounts, onConflictDoNothing)
	insertRows(s, subscriptionTable, stored.Subscriptions(w, w.AddSubscriptions), onConflictDoNothing)
	insertRows(s, domainTable, w.AddDomains, onConflictDoNothing)
	for _, holds := range holdWriteTables {
		insertRows(s, holds.table, filter(w.PutHolds, func(p subscriptions.HoldWrite) bool { return p.Level == holds.level }), holds.onConflict())
	}
	insertRows(s, entryTable, w.PutEntries, replaceEntry)
	insertRows(s, eventTable, stored.WithoutRemovedTexts(w), "")
}

func filter[H any](all []H, keep func(H) bool) []H {
	var kept []H
	for _, h := range all {
		if keep(h) {
			kept = append(kept, h)
		}
	}
	return kept
}

// saveDue updates due_at of subscriptions that got or lost the hold "expired" and were not written otherwise.
func (s *saving) saveDue(w accounts.Writes) {
	changes := w.ExpiryHolds()
	for _, r := range slices.Concat(w.AddSubscriptions, w.UpdateSubscriptions) {
		delete(changes, r.ID)
	}
	if len(changes) == 0 {
		return
	}
	changed := slices.Sorted(maps.Keys(changes))
	due := slices.DeleteFunc(slices.Clone(changed), func(id subscriptions.ID) bool { return changes[id] })
	s.part(len(changed), fmt.Sprintf(updateDue, numbers(s, due), numbers(s, changed)))
}
