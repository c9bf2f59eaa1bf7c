package accounts

import (
	"context"
	"strconv"
	"sync"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	maxAccounts    = 1000  // that one CreateMany creates
	maxManyDomains = 10000 // of all their subscriptions
)

// CreateMany adds 1 to 1,000 accounts with at most 10,000 domains in all, each as Create does, in one transaction: all or none.
// It returns them in the order of in. Passwords are hashed before the transaction begins, as many at once as there are
// processors; imports are faster with PasswordHash.
//
// Its errors are those of Create, for all accounts together, with paths that begin with the account's index, such as "[3].login"
// and "[3].subscription.domains[0]". It also returns ErrInvalid at a login, an external id or a domain that an earlier account of
// in has as well, at a domain above or below one of an earlier account, and at "accounts" or "domains" for too few or too many of them.
func (m *Manager) CreateMany(ctx context.Context, in []New) (_ []Account, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.CreateMany")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	switch {
	case len(in) == 0:
		v.Add("accounts", "required", "")
	case len(in) > maxAccounts:
		v.Add("accounts", "maxItems", strconv.Itoa(maxAccounts))
	case countDomains(in) > maxManyDomains:
		v.Add("domains", "maxItems", strconv.Itoa(maxManyDomains))
	}
	if v.Has("accounts") || v.Has("domains") {
		return nil, v.Err()
	}
	drafts := make([]draft, len(in))
	for i, given := range in {
		if drafts[i], err = m.draft(ctx, &v, "["+strconv.Itoa(i)+"]", given); err != nil {
			return nil, err
		}
	}
	checkDistinct(&v, drafts)
	return m.create(ctx, &v, c, drafts)
}

func countDomains(in []New) int {
	n := 0
	for _, a := range in {
		if a.Subscription != nil {
			n += len(a.Subscription.Domains)
		}
	}
	return n
}

// checkDistinct adds the violations of values that an account shares with an earlier one.
func checkDistinct(v *input.Violations, drafts []draft) {
	type value struct{ kind, text string }
	seen := map[value]bool{}
	unique := func(kind, path, text string) {
		if text != "" && seen[value{kind, text}] {
			v.Add(path, "duplicate", text)
		}
		seen[value{kind, text}] = true
	}
	for _, d := range drafts {
		unique("login", d.field("login"), d.in.Login)
		unique("account", d.field("externalID"), d.in.ExternalID)
		for _, id := range d.first.claim().ExternalIDs {
			unique("subscription", d.field("subscription.externalID"), id)
		}
	}
	checkDistinctNames(v, drafts)
}

// place is the position of a domain in the input.
type place struct{ account, domain int }

func (p place) path(drafts []draft) string {
	return drafts[p.account].field("subscription.domains[" + strconv.Itoa(p.domain) + "]")
}

// checkDistinctNames adds the violations of domains that another account has as well, or that are above or below one of its
// domains: at the later one of the two.
func checkDistinctNames(v *input.Violations, drafts []draft) {
	places := map[string]place{}
	for i, d := range drafts {
		for j, name := range d.first.claim().Names {
			this := place{i, j}
			if other, found := places[name]; found && other.account != i {
				v.Add(this.path(drafts), "duplicate", name)
			} else if name != "" {
				places[name] = this
			}
		}
	}
	for i, d := range drafts {
		for j, name := range d.first.claim().Names {
			for _, ancestor := range subscriptions.Ancestors(name) {
				other, found := places[ancestor]
				switch {
				case !found || other.account == i:
				case other.account < i:
					v.Add(place{i, j}.path(drafts), "overlap", ancestor)
				default:
					v.Add(other.path(drafts), "overlap", name)
				}
			}
		}
	}
}

// hashAll computes the missing hashes, as many at once as there are processors.
func (p *passwords) hashAll(ctx context.Context, drafts []draft) error {
	missing := make(chan *draft, len(drafts))
	for i := range drafts {
		if drafts[i].hash = drafts[i].in.PasswordHash; drafts[i].hash == "" {
			missing <- &drafts[i]
		}
	}
	close(missing)
	if len(missing) == 0 {
		return nil
	}
	hashing, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		workers sync.WaitGroup
		once    sync.Once
		failed  error
	)
	for range min(cap(p.running), len(missing)) {
		workers.Go(func() {
			for d := range missing {
				var err error
				if d.hash, err = p.hash(hashing, d.in.Password); err != nil {
					once.Do(func() { failed = err })
					cancel()
					return
				}
			}
		})
	}
	workers.Wait()
	return failed
}
