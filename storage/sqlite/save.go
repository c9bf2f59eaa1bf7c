package sqlite

import (
	"maps"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/stored"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	deleteAccounts      = `DELETE FROM clientele_accounts WHERE id IN (SELECT value FROM json_each(?))`
	deleteSubscriptions = `DELETE FROM clientele_subscriptions WHERE id IN (SELECT value FROM json_each(?))`
	deleteDomains       = `DELETE FROM clientele_domains WHERE id IN (SELECT value FROM json_each(?))`
	deleteHoldsOf       = `DELETE FROM clientele_holds WHERE level = ? AND row_id IN (SELECT value FROM json_each(?))`
	deleteHold          = `DELETE FROM clientele_holds WHERE level = ? AND row_id = ? AND cause = ?`
	deleteEntriesOf     = `DELETE FROM clientele_entries WHERE account_id <> 0 AND account_id IN (SELECT value FROM json_each(?))`

	// Deletes the texts of the events about removed rows.
	redactEvents = `UPDATE clientele_events SET texts = '' WHERE texts <> '' AND subject IN (SELECT value << 2 | ? FROM json_each(?))`

	endSessions = `UPDATE clientele_accounts SET session_epoch = session_epoch + 1 WHERE id IN (SELECT value FROM json_each(?))`

	// Gives the domains of subscriptions that were assigned to their new owners. All domains of a subscription have the same one.
	assignDomains = `
UPDATE clientele_domains AS d
SET account_id = (SELECT s.account_id FROM clientele_subscriptions AS s WHERE s.id = d.subscription_id)
WHERE d.subscription_id IN (
    SELECT s.id FROM json_each(?) AS j CROSS JOIN clientele_subscriptions AS s
    WHERE s.id = j.value
        AND s.account_id IS NOT (SELECT o.account_id FROM clientele_domains AS o WHERE o.subscription_id = s.id LIMIT 1))`

	// A subscription is due at its expiry, unless it has the hold "expired".
	updateDue = `
UPDATE clientele_subscriptions AS s
SET due_at = CASE WHEN NOT EXISTS (
    SELECT 1 FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id AND h.cause = 'expired'
) THEN s.expires_at END
WHERE s.id IN (SELECT value FROM json_each(?))`
)

// Save implements accounts.Tx. Rows are removed before others are added, which may reuse their names.
func (t *transaction) Save(w accounts.Writes) error {
	t.saved = true
	for _, save := range []func(accounts.Writes) error{
		t.update, t.remove, t.deleteHolds, t.deleteEntries, t.add, t.saveDue, t.saveTexts,
	} {
		if err := save(w); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) update(w accounts.Writes) error {
	if err := update(t, accountTable, w.UpdateAccounts); err != nil {
		return err
	}
	if len(w.EndSessions) > 0 {
		if err := t.exec(len(w.EndSessions), endSessions, jsonArray(w.EndSessions)); err != nil {
			return err
		}
	}
	if len(w.UpdateSubscriptions) > 0 {
		if err := update(t, subscriptionTable, stored.Subscriptions(w, w.UpdateSubscriptions)); err != nil {
			return err
		}
		ids := convertAll(w.UpdateSubscriptions, func(r subscriptions.Record) subscriptions.ID { return r.ID })
		if err := t.exec(anyRowCount, assignDomains, jsonArray(ids)); err != nil {
			return err
		}
	}
	return update(t, domainUpdateTable, w.UpdateDomains)
}

func (t *transaction) remove(w accounts.Writes) error {
	for _, removed := range []struct {
		level     int
		count     int
		ids       string
		statement string
	}{
		{levelAccount, len(w.RemoveAccounts), jsonArray(w.RemoveAccounts), deleteAccounts},
		{levelSubscription, len(w.RemoveSubscriptions), jsonArray(w.RemoveSubscriptions), deleteSubscriptions},
		{levelDomain, len(w.RemoveDomains), jsonArray(w.RemoveDomains), deleteDomains},
	} {
		if removed.count == 0 {
			continue
		}
		if err := t.exec(removed.count, removed.statement, removed.ids); err != nil {
			return err
		}
		if err := t.exec(anyRowCount, deleteHoldsOf, removed.level, removed.ids); err != nil {
			return err
		}
		if err := t.exec(anyRowCount, redactEvents, removed.level, removed.ids); err != nil {
			return err
		}
	}
	if len(w.RemoveAccounts) == 0 {
		return nil
	}
	return t.exec(anyRowCount, deleteEntriesOf, jsonArray(w.RemoveAccounts))
}

func (t *transaction) deleteHolds(w accounts.Writes) error {
	for _, k := range w.DeleteHolds {
		if err := t.exec(anyRowCount, deleteHold, levelNumber(k.Level), k.ID, string(k.Cause)); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) add(w accounts.Writes) error {
	if err := insert(t, accountTable, "INSERT", w.AddAccounts); err != nil {
		return err
	}
	if err := insert(t, subscriptionTable, "INSERT", stored.Subscriptions(w, w.AddSubscriptions)); err != nil {
		return err
	}
	if err := insert(t, domainTable, "INSERT", w.AddDomains); err != nil {
		return err
	}
	if err := insert(t, holdTable, "INSERT OR REPLACE", w.PutHolds); err != nil {
		return err
	}
	if err := insert(t, entryTable, "INSERT OR REPLACE", w.PutEntries); err != nil {
		return err
	}
	return t.appendEvents(stored.WithoutRemovedTexts(w))
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
	return t.exec(len(changes), updateDue, jsonArray(slices.Sorted(maps.Keys(changes))))
}
