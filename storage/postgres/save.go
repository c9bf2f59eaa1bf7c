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
	deleteAccounts      = `DELETE FROM clientele.accounts WHERE id = ANY($1::bigint[])`
	deleteSubscriptions = `DELETE FROM clientele.subscriptions WHERE id = ANY($1::bigint[])`
	deleteDomains       = `DELETE FROM clientele.domains WHERE id = ANY($1::bigint[])`

	// A subscription is due at its expiry, unless the hold "expired" lies on it.
	updateDue = `
UPDATE clientele.subscriptions AS s
SET due_at = CASE WHEN NOT EXISTS (
    SELECT FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id AND h.cause = 'expired'
) THEN s.expires_at END
WHERE s.id = ANY($1::bigint[])`
)

// Save implements accounts.Tx. What is removed goes from the bottom up, before what is added could need its name; what is
// added goes in with one statement, at whose end the references are checked.
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
	rows    int
}

// add adds rows to one table. A row that conflicts with another is dealt with in the statement, without an error of the
// server's, which would put its values into the server's log; one that is left out is missed when they are counted.
func add[R any](a *additions, into table[R], rows []R, conflict string) {
	if len(rows) == 0 {
		return
	}
	insert, args := into.insert(rows, len(a.args))
	a.inserts, a.args, a.rows = append(a.inserts, insert+conflict), append(a.args, args...), a.rows+len(rows)
}

// statement answers one that answers how many rows it has added.
func (a additions) statement() string {
	var with, counts []string
	for i, insert := range a.inserts {
		name := "added" + strconv.Itoa(i+1)
		with = append(with, name+" AS (\n"+insert+"\nRETURNING 1)")
		counts = append(counts, "(SELECT count(*) FROM "+name+")")
	}
	return "WITH " + strings.Join(with, ", ") + "\nSELECT " + strings.Join(counts, " + ") + " AS count"
}

func (t *transaction) add(w accounts.Writes) error {
	const leaveOut = "\nON CONFLICT DO NOTHING"
	var a additions
	add(&a, accountTable, w.AddAccounts, leaveOut)
	add(&a, subscriptionTable, dueIn(w).records(w.AddSubscriptions), leaveOut)
	add(&a, domainTable, w.AddDomains, leaveOut)
	for _, holds := range placedTables {
		add(&a, holds.table, atLevel(w.Place, func(p subscriptions.Placed) bool { return p.Level == holds.level }), holds.replacing())
	}
	add(&a, eventTable, withoutGone(w), "")
	if a.rows == 0 {
		return nil
	}
	var added countRow
	if err := t.query(&added, a.statement(), a.args...); err != nil {
		return err
	}
	return t.touched(added.Count, a.rows)
}

func change[R any](t *transaction, in table[R], rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	statement, args := in.update(rows)
	return t.exec(len(rows), statement, args...)
}

// only runs a statement on the rows with these ids.
func only[N ~int64](t *transaction, statement string, ids []N) error {
	if len(ids) == 0 {
		return nil
	}
	return t.exec(len(ids), statement, numberArray(ids))
}

func (t *transaction) change(w accounts.Writes) error {
	if err := change(t, accountTable, w.UpdateAccounts); err != nil {
		return err
	}
	if err := change(t, subscriptionTable, dueIn(w).records(w.UpdateSubscriptions)); err != nil {
		return err
	}
	return change(t, domainNameTable, w.UpdateDomains)
}

// remove deletes what goes; the holds on it go with it, and the texts of the events about it.
func (t *transaction) remove(w accounts.Writes) error {
	if len(w.RemoveAccounts)+len(w.RemoveSubscriptions)+len(w.RemoveDomains) == 0 {
		return nil
	}
	if err := only(t, deleteDomains, w.RemoveDomains); err != nil {
		return err
	}
	if err := only(t, deleteSubscriptions, w.RemoveSubscriptions); err != nil {
		return err
	}
	if err := only(t, deleteAccounts, w.RemoveAccounts); err != nil {
		return err
	}
	return t.exec(anyNumber, redact, numberArray(w.RemoveAccounts), numberArray(w.RemoveSubscriptions), numberArray(w.RemoveDomains))
}

func (t *transaction) lift(w accounts.Writes) error {
	for _, holds := range liftedTables {
		rows := atLevel(w.Lift, func(l subscriptions.Lifted) bool { return l.Level == holds.level })
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
	return only(t, updateDue, slices.Sorted(maps.Keys(changed)))
}

// due says which subscriptions get (true) or lose (false) the hold "expired".
type due map[subscriptions.ID]bool

func dueIn(w accounts.Writes) due {
	d := due{}
	for _, l := range w.Lift {
		if l.Level == subscriptions.LevelSubscription && l.Cause == subscriptions.CauseExpired {
			d[subscriptions.ID(l.ID)] = false
		}
	}
	for _, p := range w.Place {
		if p.Level == subscriptions.LevelSubscription && p.Hold.Cause == subscriptions.CauseExpired {
			d[subscriptions.ID(p.ID)] = true
		}
	}
	return d
}

func (d due) records(all []subscriptions.Record) []dueRecord {
	return each(all, func(r subscriptions.Record) dueRecord {
		expired, decided := d[r.ID]
		if !decided {
			_, expired = r.Holds.Get(subscriptions.CauseExpired)
		}
		if expired {
			return dueRecord{Record: r}
		}
		return dueRecord{Record: r, due: r.ExpiresAt}
	})
}

// dueRecord is a row of subscriptions with what its column due_at says; zero: NULL.
type dueRecord struct {
	subscriptions.Record
	due time.Time
}
