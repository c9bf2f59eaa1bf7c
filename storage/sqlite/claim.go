package sqlite

import (
	"sync"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/stored"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	// Allocates ids. Those that this process has allocated in a transaction that was rolled back are not given again.
	allocateIDs = `
UPDATE clientele_state SET
    account_id = max(account_id, ?1) + ?2,
    subscription_id = max(subscription_id, ?3) + ?4,
    domain_id = max(domain_id, ?5) + ?6,
    entry_version = max(entry_version, ?7) + ?8
RETURNING account_id, subscription_id, domain_id, entry_version`

	takenNames              = `SELECT name FROM clientele_domains WHERE name IN (SELECT value FROM json_each(?))`
	takenLogins             = `SELECT login FROM clientele_accounts WHERE login IN (SELECT value FROM json_each(?))`
	takenAccountExternalIDs = `
SELECT external_id FROM clientele_accounts WHERE external_id <> '' AND external_id IN (SELECT value FROM json_each(?))`
	takenExternalIDs = `
SELECT external_id FROM clientele_subscriptions WHERE external_id <> '' AND external_id IN (SELECT value FROM json_each(?))`

	// Claimed names and, of those above them, other accounts' names.
	existingNames = `
SELECT d.name, coalesce(d.account_id <> ?3, false)
FROM clientele_domains AS d
WHERE d.name IN (SELECT value FROM json_each(?1))
    AND (d.account_id <> ?3 OR d.name IN (SELECT value FROM json_each(?2)))`

	// Claimed names, in reverse, below which another account has a name. The names below are a range, in which the search ends
	// at the first conflict. Names that are transferred do not count.
	conflictingBelow = `
SELECT c.value FROM json_each(?1) AS c
WHERE (
    SELECT 1 FROM clientele_domains AS d
    WHERE d.reversed > c.value || '.' AND d.reversed < c.value || '/' AND d.account_id <> ?2
        AND d.name NOT IN (SELECT value FROM json_each(?3))
    LIMIT 1)`
)

// ids are the last ids that were allocated.
type ids struct{ account, subscription, domain, entryVersion int64 }

func (i *ids) fields() []any { return []any{&i.account, &i.subscription, &i.domain, &i.entryVersion} }

// allocated are the last ids that this process has allocated, perhaps in a transaction that was rolled back.
type allocated struct {
	mu sync.Mutex
	ids
}

func (a *allocated) get() ids {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ids
}

func (a *allocated) raise(to ids) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ids = ids{
		max(a.account, to.account), max(a.subscription, to.subscription),
		max(a.domain, to.domain), max(a.entryVersion, to.entryVersion),
	}
}

// allocate allocates as many ids as n says and returns the last ones.
func (t *transaction) allocate(n ids) (ids, error) {
	if n == (ids{}) {
		return ids{}, nil
	}
	known := t.allocated.get()
	last, err := queryIn(t, (*ids).fields, allocateIDs, known.account, n.account, known.subscription, n.subscription,
		known.domain, n.domain, known.entryVersion, n.entryVersion)
	if err != nil {
		return ids{}, err
	}
	t.allocated.raise(last[0])
	return last[0], nil
}

// lastOf returns the last n ids up to last.
func lastOf[ID ~int64](last int64, n int) []ID {
	var all []ID
	for id := last - int64(n) + 1; id <= last; id++ {
		all = append(all, ID(id))
	}
	return all
}

// textRow is a row of one text.
type textRow struct{ text string }

func (r *textRow) fields() []any { return []any{&r.text} }

// taken returns those of the values that a statement finds.
func (t *transaction) taken(statement string, values []string) ([]string, error) {
	if len(values) == 0 {
		return nil, nil
	}
	rows, err := queryIn(t, (*textRow).fields, statement, jsonArray(values))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return convertAll(rows, func(r textRow) string { return r.text }), nil
}

// nameRow is a row of existingNames.
type nameRow struct {
	name    string
	isOther bool // another account has it
}

func (r *nameRow) fields() []any { return []any{&r.name, &r.isOther} }

// Claim implements accounts.Tx. Commands run one at a time, so that what is not taken stays so until the end of the transaction.
func (t *transaction) Claim(c accounts.Claim) (accounts.Claimed, error) {
	var out accounts.Claimed
	last, err := t.allocate(ids{account: int64(c.NewAccounts), subscription: int64(c.NewSubscriptions), domain: int64(c.NewDomains)})
	if err != nil {
		return accounts.Claimed{}, err
	}
	out.AccountIDs = lastOf[accounts.ID](last.account, c.NewAccounts)
	out.SubscriptionIDs = lastOf[subscriptions.ID](last.subscription, c.NewSubscriptions)
	out.DomainIDs = lastOf[subscriptions.DomainID](last.domain, c.NewDomains)
	if out.Logins, err = t.taken(takenLogins, c.Logins); err != nil {
		return accounts.Claimed{}, err
	}
	if out.AccountExternalIDs, err = t.taken(takenAccountExternalIDs, c.AccountExternalIDs); err != nil {
		return accounts.Claimed{}, err
	}
	if out.ExternalIDs, err = t.taken(takenExternalIDs, c.ExternalIDs); err != nil {
		return accounts.Claimed{}, err
	}
	if out.Names, out.Conflicting, err = t.claimNames(c); err != nil {
		return accounts.Claimed{}, err
	}
	return out, nil
}

// claimNames returns the claimed names that exist, and those that have another account's name above or below.
func (t *transaction) claimNames(c accounts.Claim) (taken, conflicting []string, err error) {
	if len(c.Names) == 0 {
		return nil, nil, nil
	}
	if c.Owner == subscriptions.Provider { // its names conflict with none
		existing, err := t.taken(takenNames, c.Names)
		taken, _ = stored.Names{Existing: existing}.Split(c.Names)
		return taken, nil, err
	}
	candidates, reversed := stored.NameLookups(c.Names)
	rows, err := queryIn(t, (*nameRow).fields, existingNames, jsonArray(candidates), jsonArray(c.Names), int64(c.Owner))
	if err != nil {
		return nil, nil, err
	}
	var found stored.Names
	for _, row := range rows {
		found.Existing = append(found.Existing, row.name)
		if row.isOther && !c.Transfer {
			found.Others = append(found.Others, row.name)
		}
	}
	var transferred []string
	if c.Transfer {
		transferred = c.Names
	}
	below, err := queryIn(t, (*textRow).fields, conflictingBelow, jsonArray(reversed), int64(c.Owner), jsonArray(transferred))
	if err != nil {
		return nil, nil, err
	}
	found.Below = convertAll(below, func(r textRow) string { return stored.ReverseLabels(r.text) })
	taken, conflicting = found.Split(c.Names)
	return taken, conflicting, nil
}
