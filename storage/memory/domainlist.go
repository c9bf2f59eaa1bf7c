package memory

import (
	"context"
	"iter"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// Domains returns the first l.Limit domains after l.From that l selects, by name.
func (s *Store) Domains(ctx context.Context, l subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	r, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := r.domainList(l, l.From.Key, l.Limit).page(ctx, l.Limit)
	if err != nil {
		return nil, err
	}
	page := make([]subscriptions.Domain, len(rows))
	for i, row := range rows {
		page[i], _ = r.domain(row)
	}
	return page, nil
}

// CountDomains returns the number of domains that l selects, but not more than atMost; 0 means no bound.
func (s *Store) CountDomains(ctx context.Context, l subscriptions.DomainListParams, atMost int) (int, error) {
	r, err := s.read(ctx)
	if err != nil {
		return 0, err
	}
	return r.domainList(l, "", 0).count(ctx, atMost)
}

// domainList returns the list of domains after a name. The caller reads at most limit rows; 0 means no bound.
func (r *root) domainList(l subscriptions.DomainListParams, after string, limit int) list[domain] {
	out := list[domain]{compare: domainsByName, keep: r.domainFilter(l)}
	if after != "" {
		out.after = &domain{}
		out.after.Name = after
	}
	isHeld := l.Status == subscriptions.Suspended || l.Cause != ""
	held := r.holds.accounts.read.Len() + r.holds.subscriptions.read.Len() + r.holds.domains.read.Len()
	switch {
	case l.IDs != nil:
		out.rows = lookUp(r.domains.byID.read, l.IDs)
	case l.SubscriptionID != 0:
		out.rows, out.ordered = r.domainsOf(l.SubscriptionID, after), true
	case l.AccountID != nil:
		out.rows = r.domainsOfAccount(*l.AccountID, after, out.keep, limit)
	case isHeld && worthIndexing(held, r.domains.byID.read.Len()):
		out.rows = r.heldDomains(l.Cause)
	default:
		out.rows, out.ordered = r.domains.iterateNames(after), true
	}
	return out
}

func (t *domainTrees) iterateNames(start string) iter.Seq[*domain] {
	return func(yield func(*domain) bool) {
		t.byName.read.Ascend(start, func(_ string, row *domain) bool { return yield(row) })
	}
}

// domainsOfAccount returns, of each of the account's subscriptions, the first limit domains after a name for which keep
// reports true, or all of them if limit is 0. The first limit domains of the account are among them.
func (r *root) domainsOfAccount(
	id accounts.ID, after string, keep func(*domain) bool, limit int,
) iter.Seq[*domain] {
	return func(yield func(*domain) bool) {
		for s := range r.subscriptionsOf(id) {
			n := 0
			for d := range r.domainsOf(s.ID, after) {
				if !keep(d) {
					continue
				}
				if !yield(d) {
					return
				}
				if n++; n == limit {
					break
				}
			}
		}
	}
}

// domainFilter returns a function that reports whether l selects a domain, apart from its IDs.
func (r *root) domainFilter(l subscriptions.DomainListParams) func(*domain) bool {
	return func(d *domain) bool {
		switch {
		case !findsDomain(l.Terms, d),
			l.SubscriptionID != 0 && d.SubscriptionID != l.SubscriptionID,
			l.AccountID != nil && r.ownerOf(d) != *l.AccountID:
			return false
		case l.Status == "" && l.Cause == "":
			return true
		}
		domainHolds := r.holds.get(subscriptions.LevelDomain, int64(d.ID))
		return matchesFilter(l.Status, l.Cause, append(r.parentHolds(d), domainHolds)...)
	}
}
