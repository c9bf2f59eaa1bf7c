package postgres

import (
	"maps"
	"slices"
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

// Save implements accounts.Tx. What is added goes from the top down, what is removed from the bottom up.
func (t *transaction) Save(w accounts.Writes) error {
	for _, save := range []func(accounts.Writes) error{
		t.saveAccounts, t.saveSubscriptions, t.saveDomains, t.remove, t.lift, t.place, t.saveDue, t.saveEvents,
	} {
		if err := save(w); err != nil {
			return err
		}
	}
	return nil
}

// add inserts rows. One that conflicts with another is left out without an error of the server's, which would put its
// values into the server's log; it is missed when the rows are counted.
func add[R any](t *transaction, into table[R], rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	statement, args := into.insert(rows)
	return t.exec(len(rows), statement+"\nON CONFLICT DO NOTHING", args...)
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

func (t *transaction) saveAccounts(w accounts.Writes) error {
	if err := add(t, accountTable, w.AddAccounts); err != nil {
		return err
	}
	return change(t, accountTable, w.UpdateAccounts)
}

func (t *transaction) saveSubscriptions(w accounts.Writes) error {
	due := dueIn(w)
	if err := add(t, subscriptionTable, due.records(w.AddSubscriptions)); err != nil {
		return err
	}
	return change(t, subscriptionTable, due.records(w.UpdateSubscriptions))
}

func (t *transaction) saveDomains(w accounts.Writes) error {
	if err := add(t, domainTable, w.AddDomains); err != nil {
		return err
	}
	return change(t, domainNameTable, w.UpdateDomains)
}

// remove deletes what goes; the holds on it go with it.
func (t *transaction) remove(w accounts.Writes) error {
	if err := only(t, deleteDomains, w.RemoveDomains); err != nil {
		return err
	}
	if err := only(t, deleteSubscriptions, w.RemoveSubscriptions); err != nil {
		return err
	}
	return only(t, deleteAccounts, w.RemoveAccounts)
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

func (t *transaction) place(w accounts.Writes) error {
	for _, holds := range placedTables {
		rows := atLevel(w.Place, func(p subscriptions.Placed) bool { return p.Level == holds.level })
		if len(rows) == 0 {
			continue
		}
		statement, args := holds.insert(rows)
		if err := t.exec(len(rows), statement+holds.replacing(), args...); err != nil {
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
