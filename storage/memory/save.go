package memory

import (
	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// save applies the writes of a command. Accounts are added before their subscriptions and these before their domains;
// removals run in the opposite order.
func (r *root) save(w accounts.Writes) {
	r.saveAccounts(w.AddAccounts, w.UpdateAccounts)
	r.saveSubscriptions(w.AddSubscriptions, w.UpdateSubscriptions)
	r.saveDomains(w.AddDomains, w.UpdateDomains)
	for _, id := range w.EndSessions {
		r.endSessions(id)
	}
	r.remove(w)
	for _, h := range w.PutHolds {
		r.putHold(h)
	}
	for _, k := range w.DeleteHolds {
		r.deleteHold(k)
	}
	for _, k := range w.DeleteEntries {
		r.entries.delete(k)
	}
	for _, e := range w.PutEntries {
		r.entries.put(newEntry(e))
	}
	r.log.append(w.Events)
	r.redact(w)
}

func (r *root) saveAccounts(added, updated []accounts.Record) {
	for _, a := range added {
		r.putAccount(newAccount(a))
	}
	for _, a := range updated {
		r.putAccount(newAccount(a))
	}
}

// endSessions raises the SessionEpoch of an account by one.
func (r *root) endSessions(id accounts.ID) {
	row, found := r.accounts.byID.read.Get(id)
	if !found {
		return
	}
	next := *row
	next.SessionEpoch++
	r.putAccount(&next)
}

func (r *root) saveSubscriptions(added, updated []subscriptions.Record) {
	for _, s := range added {
		r.putSubscription(newSubscription(s))
	}
	for _, s := range updated {
		r.putSubscription(newSubscription(s))
	}
}

// saveDomains stores domains. An update keeps the stored CreatedAt, as subscriptions.Writes says.
func (r *root) saveDomains(added, updated []subscriptions.Domain) {
	for _, d := range added {
		r.putDomain(newDomain(d))
	}
	for _, d := range updated {
		old, found := r.domains.byID.read.Get(d.ID)
		if !found {
			continue
		}
		d.CreatedAt = old.CreatedAt
		r.putDomain(newDomain(d))
	}
}

func (r *root) remove(w accounts.Writes) {
	for _, id := range w.RemoveDomains {
		r.removeDomain(id)
	}
	for _, id := range w.RemoveSubscriptions {
		r.removeSubscription(id)
	}
	for _, id := range w.RemoveAccounts {
		r.removeAccount(id)
	}
}

// redact deletes the personal data from all events about removed rows.
func (r *root) redact(w accounts.Writes) {
	for _, id := range w.RemoveDomains {
		r.log.redact(subject{subscriptions.LevelDomain, int64(id)})
	}
	for _, id := range w.RemoveSubscriptions {
		r.log.redact(subject{subscriptions.LevelSubscription, int64(id)})
	}
	for _, id := range w.RemoveAccounts {
		r.log.redact(subject{subscriptions.LevelAccount, int64(id)})
	}
}
