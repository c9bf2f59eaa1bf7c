package postgres

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	// What goes, the holds on it by its references, and the texts of earlier events about it. An event is about the lowest
	// thing that it names.
	remove = `
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

	// A subscription is due at its expiry, unless the hold "expired" lies on it.
	updateDue = `
UPDATE clientele.subscriptions AS s
SET due_at = CASE WHEN NOT EXISTS (
    SELECT FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id AND h.cause = 'expired'
) THEN s.expires_at END
WHERE s.id = ANY($1::bigint[])`
)

// Save implements accounts.Tx. What is removed goes before what is added could need its name. One statement removes, and
// one adds: references are checked at the end of each.
func (t *transaction) Save(w accounts.Writes) error {
	for _, save := range []func(accounts.Writes) error{t.change, t.remove, t.lift, t.add, t.saveDue} {
		if err := save(w); err != nil {
			return err
		}
	}
	return nil
}

// additions are the parts of a statement that adds rows to several tables.
type additions struct {
	inserts []string
	args    []any
	rows    []int // of each insert
	partial bool  // rows may be left out
}

// A row that conflicts with another is dealt with in the statement, without an error of the server's, which would put its
// values into the server's log.
const leaveOut = "\nON CONFLICT DO NOTHING"

// add adds rows to one table.
func add[R any](a *additions, into table[R], rows []R, conflict string) {
	if len(rows) == 0 {
		return
	}
	insert, args := into.insert(rows, len(a.args))
	a.inserts, a.args, a.rows = append(a.inserts, insert+conflict), append(a.args, args...), append(a.rows, len(rows))
	a.partial = a.partial || conflict == leaveOut
}

// with answers the first inserts, for others behind them.
func (a additions) with(first int) string {
	if first == 0 {
		return ""
	}
	with := make([]string, first)
	for i, insert := range a.inserts[:first] {
		with[i] = "added" + strconv.Itoa(i+1) + " AS (\n" + insert + "\nRETURNING 1)"
	}
	return "WITH " + strings.Join(with, ", ") + "\n"
}

// counted answers a statement that answers how many rows it has added.
func (a additions) counted() string {
	counts := make([]string, len(a.inserts))
	for i := range counts {
		counts[i] = "(SELECT count(*) FROM added" + strconv.Itoa(i+1) + ")"
	}
	return a.with(len(a.inserts)) + "SELECT " + strings.Join(counts, " + ") + " AS count"
}

func (t *transaction) add(w accounts.Writes) error {
	var a additions
	add(&a, accountTable, w.AddAccounts, leaveOut)
	add(&a, subscriptionTable, subscriptionWrites(w, w.AddSubscriptions), leaveOut)
	add(&a, domainTable, w.AddDomains, leaveOut)
	for _, holds := range placedTables {
		add(&a, holds.table, atLevel(w.PutHolds, func(p subscriptions.HoldWrite) bool { return p.Level == holds.level }), holds.replacing())
	}
	add(&a, eventTable, withoutGone(w), "")
	last := len(a.inserts) - 1
	switch {
	case last < 0:
		return nil
	case !a.partial:
		return t.exec(a.rows[last], a.with(last)+a.inserts[last], a.args...)
	}
	var added countRow
	if err := t.query(&added, a.counted(), a.args...); err != nil {
		return err
	}
	wanted := 0
	for _, rows := range a.rows {
		wanted += rows
	}
	return t.touched(added.Count, wanted)
}

func change[R any](t *transaction, in table[R], rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	statement, args := in.update(rows)
	return t.exec(len(rows), statement, args...)
}

func (t *transaction) change(w accounts.Writes) error {
	if err := change(t, accountTable, w.UpdateAccounts); err != nil {
		return err
	}
	if err := change(t, subscriptionTable, subscriptionWrites(w, w.UpdateSubscriptions)); err != nil {
		return err
	}
	return change(t, domainNameTable, w.UpdateDomains)
}

func (t *transaction) remove(w accounts.Writes) error {
	wanted := len(w.RemoveAccounts) + len(w.RemoveSubscriptions) + len(w.RemoveDomains)
	if wanted == 0 {
		return nil
	}
	var removed countRow
	if err := t.query(&removed, remove,
		numberArray(w.RemoveAccounts), numberArray(w.RemoveSubscriptions), numberArray(w.RemoveDomains)); err != nil {
		return err
	}
	return t.touched(removed.Count, wanted)
}

func (t *transaction) lift(w accounts.Writes) error {
	for _, holds := range liftedTables {
		rows := atLevel(w.DeleteHolds, func(l subscriptions.HoldKey) bool { return l.Level == holds.level })
		if len(rows) == 0 {
			continue
		}
		statement, args := holds.delete(rows)
		if err := t.exec(anyNumber, statement, args...); err != nil {
			return err
		}
	}
	return nil
}

func atLevel[H any](all []H, is func(H) bool) []H {
	var some []H
	for _, h := range all {
		if is(h) {
			some = append(some, h)
		}
	}
	return some
}

// saveDue keeps due_at of subscriptions that got or lost the hold "expired" and were not written otherwise.
func (t *transaction) saveDue(w accounts.Writes) error {
	changed := dueIn(w)
	for _, r := range slices.Concat(w.AddSubscriptions, w.UpdateSubscriptions) {
		delete(changed, r.ID)
	}
	if len(changed) == 0 {
		return nil
	}
	return t.exec(len(changed), updateDue, numberArray(slices.Sorted(maps.Keys(changed))))
}

// due says which subscriptions get (true) or lose (false) the hold "expired".
type due map[subscriptions.ID]bool

func dueIn(w accounts.Writes) due {
	d := due{}
	for _, l := range w.DeleteHolds {
		if l.Level == subscriptions.LevelSubscription && l.Cause == subscriptions.CauseExpired {
			d[subscriptions.ID(l.ID)] = false
		}
	}
	for _, p := range w.PutHolds {
		if p.Level == subscriptions.LevelSubscription && p.Hold.Cause == subscriptions.CauseExpired {
			d[subscriptions.ID(p.ID)] = true
		}
	}
	return d
}

// subscriptionWrite is a row of subscriptions with what the library adds to it.
type subscriptionWrite struct {
	subscriptions.Record
	due              time.Time // zero: NULL
	accountCreatedAt string    // empty: as the row of the account says
}

func subscriptionWrites(w accounts.Writes, all []subscriptions.Record) []subscriptionWrite {
	expired, created := dueIn(w), map[accounts.ID]string{}
	for _, a := range w.AddAccounts {
		created[a.ID] = instant(a.CreatedAt)
	}
	return each(all, func(r subscriptions.Record) subscriptionWrite {
		row := subscriptionWrite{Record: r, accountCreatedAt: created[r.AccountID]}
		held, decided := expired[r.ID]
		if !decided {
			_, held = r.Holds.Get(subscriptions.CauseExpired)
		}
		if !held {
			row.due = r.ExpiresAt
		}
		return row
	})
}
