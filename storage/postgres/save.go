package postgres

import (
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
	// Deletes the rows, their holds and entries by the foreign keys, and the texts of earlier events about them. The subject of an event
	// is the lowest row that it names.
	deleteRows = `
WITH accounts AS (
    DELETE FROM clientele.accounts WHERE id = ANY($1::bigint[]) RETURNING 1
), subscriptions AS (
    DELETE FROM clientele.subscriptions WHERE id = ANY($2::bigint[]) RETURNING 1
), domains AS (
    DELETE FROM clientele.domains WHERE id = ANY($3::bigint[]) RETURNING 1
), redacted AS (
    UPDATE clientele.events SET texts = NULL
    WHERE id = ANY(ARRAY(
        SELECT id FROM clientele.events
        WHERE account_id = ANY(ARRAY(SELECT unnest($1::bigint[]))) AND subscription_id IS NULL AND domain_id IS NULL AND texts IS NOT NULL
        UNION ALL
        SELECT id FROM clientele.events
        WHERE subscription_id = ANY(ARRAY(SELECT unnest($2::bigint[]))) AND domain_id IS NULL AND texts IS NOT NULL
        UNION ALL
        SELECT id FROM clientele.events
        WHERE domain_id = ANY(ARRAY(SELECT unnest($3::bigint[]))) AND texts IS NOT NULL))
)
SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM subscriptions) + (SELECT count(*) FROM domains) AS count`

	endSessions = `
UPDATE clientele.accounts SET session_epoch = session_epoch + 1
WHERE id = ANY($1::bigint[])`

	// A subscription is due at its expiry, unless it has the hold "expired".
	updateDue = `
UPDATE clientele.subscriptions AS s
SET due_at = CASE WHEN NOT EXISTS (
    SELECT FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id AND h.cause = 'expired'
) THEN s.expires_at END
WHERE s.id = ANY($1::bigint[])`
)

// Save implements accounts.Tx. Rows are removed before others are added, which may reuse their names. One statement removes,
// and one adds: foreign keys are checked at the end of each.
func (t *transaction) Save(w accounts.Writes) error {
	t.saved = true
	for _, save := range []func(accounts.Writes) error{t.update, t.remove, t.deleteHolds, t.deleteEntries, t.add, t.saveDue} {
		if err := save(w); err != nil {
			return err
		}
	}
	return nil
}

// additions collects the parts of a statement that adds rows to several tables.
type additions struct {
	inserts []string
	args    []any
	rows    []int // the number of rows of each insert
	mayOmit bool  // rows may be omitted because of a conflict
}

// onConflictDoNothing omits a row that conflicts with another one. An error of the server would write the row's values into
// the server's log.
const onConflictDoNothing = "\nON CONFLICT DO NOTHING"

// add adds the insert of rows into one table.
func add[R any](a *additions, into table[R], rows []R, conflict string) {
	if len(rows) == 0 {
		return
	}
	insert, args := into.insert(rows, len(a.args))
	a.inserts, a.args, a.rows = append(a.inserts, insert+conflict), append(a.args, args...), append(a.rows, len(rows))
	a.mayOmit = a.mayOmit || conflict == onConflictDoNothing
}

// with returns a WITH clause of the first n inserts.
func (a additions) with(n int) string {
	if n == 0 {
		return ""
	}
	ctes := make([]string, n)
	for i, insert := range a.inserts[:n] {
		ctes[i] = "added" + strconv.Itoa(i+1) + " AS (" + lists.Indent("\n"+insert+"\nRETURNING 1") + "\n)"
	}
	return "WITH " + strings.Join(ctes, ", ") + "\n"
}

// countingStatement returns a statement that adds the rows and returns how many it has added.
func (a additions) countingStatement() string {
	counts := make([]string, len(a.inserts))
	for i := range counts {
		counts[i] = "(SELECT count(*) FROM added" + strconv.Itoa(i+1) + ")"
	}
	return a.with(len(a.inserts)) + "SELECT " + strings.Join(counts, "\n    + ") + " AS count"
}

func (t *transaction) add(w accounts.Writes) error {
	var a additions
	add(&a, accountTable, w.AddAccounts, onConflictDoNothing)
	add(&a, subscriptionTable, stored.Subscriptions(w, w.AddSubscriptions), onConflictDoNothing)
	add(&a, domainTable, w.AddDomains, onConflictDoNothing)
	for _, holds := range holdWriteTables {
		add(&a, holds.table, filter(w.PutHolds, func(p subscriptions.HoldWrite) bool { return p.Level == holds.level }), holds.onConflict())
	}
	add(&a, entryTable, w.PutEntries, replaceEntry)
	add(&a, eventTable, stored.WithoutRemovedTexts(w), "")
	last := len(a.inserts) - 1
	switch {
	case last < 0:
		return nil
	case !a.mayOmit:
		return t.exec(a.rows[last], a.with(last)+a.inserts[last], a.args...)
	}
	var added countRow
	if err := t.query(&added, a.countingStatement(), a.args...); err != nil {
		return err
	}
	want := 0
	for _, rows := range a.rows {
		want += rows
	}
	return t.checkRowCount(added.Count, want)
}

func updateRows[R any](t *transaction, in table[R], rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	statement, args := in.update(rows)
	return t.exec(len(rows), statement, args...)
}

func (t *transaction) update(w accounts.Writes) error {
	if err := updateRows(t, accountTable, w.UpdateAccounts); err != nil {
		return err
	}
	if len(w.EndSessions) > 0 {
		if err := t.exec(len(w.EndSessions), endSessions, numberArray(w.EndSessions)); err != nil {
			return err
		}
	}
	if err := updateRows(t, subscriptionTable, stored.Subscriptions(w, w.UpdateSubscriptions)); err != nil {
		return err
	}
	return updateRows(t, domainUpdateTable, w.UpdateDomains)
}

func (t *transaction) remove(w accounts.Writes) error {
	want := len(w.RemoveAccounts) + len(w.RemoveSubscriptions) + len(w.RemoveDomains)
	if want == 0 {
		return nil
	}
	var removed countRow
	if err := t.query(&removed, deleteRows,
		numberArray(w.RemoveAccounts), numberArray(w.RemoveSubscriptions), numberArray(w.RemoveDomains)); err != nil {
		return err
	}
	return t.checkRowCount(removed.Count, want)
}

func (t *transaction) deleteHolds(w accounts.Writes) error {
	for _, holds := range holdKeyTables {
		rows := filter(w.DeleteHolds, func(l subscriptions.HoldKey) bool { return l.Level == holds.level })
		if len(rows) == 0 {
			continue
		}
		statement, args := holds.delete(rows)
		if err := t.exec(anyRowCount, statement, args...); err != nil {
			return err
		}
	}
	return nil
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
func (t *transaction) saveDue(w accounts.Writes) error {
	changes := w.ExpiryHolds()
	for _, r := range slices.Concat(w.AddSubscriptions, w.UpdateSubscriptions) {
		delete(changes, r.ID)
	}
	if len(changes) == 0 {
		return nil
	}
	return t.exec(len(changes), updateDue, numberArray(slices.Sorted(maps.Keys(changes))))
}
