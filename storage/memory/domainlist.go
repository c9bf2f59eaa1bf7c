package memory

import (
	"context"
	"iter"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// Domains answers the next l.Limit domains behind l.From, by name.
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

// CountDomains counts what l selects and stops at atMost (0: no bound).
func (s *Store) CountDomains(ctx context.Context, l subscriptions.DomainListParams, atMost int) (int, error) {
	r, err := s.read(ctx)
	if err != nil {
		return 0, err
	}
	return r.domainList(l, "", 0).count(ctx, atMost)
}

// domainList answers the list of what lies behind a name. No more than limit rows of it are asked for (0: any number).
func (r *root) domainList(l subscriptions.DomainListParams, behind string, limit int) list[domain] {
	out := list[domain]{compare: domainsByName, keep: r.domainFilter(l)}
	if behind != "" {
		out.from = &domain{}
		out.from.Name = behind
	}
	isHeld := l.Status == subscriptions.Suspended || l.Cause != ""
	held := r.holds.accounts.read.Len() + r.holds.subscriptions.read.Len() + r.holds.domains.read.Len()
	switch {
	case l.IDs != nil:
		out.rows = lookUp(r.domains.byID.read, l.IDs)
	case l.SubscriptionID != 0:
		out.rows, out.ordered = r.domainsOf(l.SubscriptionID, behind), true
	case l.AccountID != nil:
		out.rows = r.domainsOfAccount(*l.AccountID, behind, out.keep, limit)
	case isHeld && rare(held, r.domains.byID.read.Len()):
		out.rows = r.heldDomains(l.Cause)
	default:
		out.rows, out.ordered = r.domains.walkNames(behind), true
	}
	return out
}

func (t *domainTrees) walkNames(from string) iter.Seq[*domain] {
	return func(yield func(*domain) bool) {
		t.byName.read.Ascend(from, func(_ string, row *domain) bool { return yield(row) })
	}
}

// domainsOfAccount answers at least the first limit rows of an account that are kept, and lie behind a name; or all, if
// limit is 0. They are the first ones of each of its subscriptions.
func (r *root) domainsOfAccount(
	id accounts.ID, behind string, keep func(*domain) bool, limit int,
) iter.Seq[*domain] {
	return func(yield func(*domain) bool) {
		for s := range r.subscriptionsOf(id) {
			kept := 0
			for d := range r.domainsOf(s.ID, behind) {
				if !keep(d) {
					continue
				}
				if !yield(d) {
					return
				}
				if kept++; kept == limit {
					break
				}
			}
		}
	}
}

// domainFilter answers what keeps a row in the list.
func (r *root) domainFilter(l subscriptions.DomainListParams) func(*domain) bool {
	n := needleOf(l.Term)
	return func(d *domain) bool {
		switch {
		case !n.in(d.texts),
			l.SubscriptionID != 0 && d.SubscriptionID != l.SubscriptionID,
			l.AccountID != nil && r.ownerOf(d) != *l.AccountID:
			return false
		case l.Status == "" && l.Cause == "":
			return true
		}
		own := r.holds.of(subscriptions.LevelDomain, int64(d.ID))
		return fits(l.Status, l.Cause, append(r.above(d), own)...)
	}
}
