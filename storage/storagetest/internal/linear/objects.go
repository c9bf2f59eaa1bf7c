package linear

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

func linearObjects() []linearObject {
	return []linearObject{
		{"logins", linearLogins},
		{"names", linearNames},
		{"holds", linearHolds},
		{"owners", linearOwners},
		{"entries", linearEntries},
		{"transactions", linearTransactions},
	}
}

func linearManager(store accounts.Store) *accounts.Manager {
	return accounts.NewManager(store, &accounts.Options{Hasher: suite.PlainHasher{}})
}

// logins has the ids of the accounts with the two logins; 0: none.
type logins struct{ anna, bert int64 }

func (l *logins) at(login string) *int64 {
	if login == "anna" {
		return &l.anna
	}
	return &l.bert
}

// of returns the login of an account, or "" if it has none.
func (l *logins) of(id int64) string {
	switch {
	case id == 0:
		return ""
	case l.anna == id:
		return "anna"
	case l.bert == id:
		return "bert"
	}
	return ""
}

// linearLogins models two logins, with which accounts are created, renamed and removed.
func linearLogins(_ context.Context, store accounts.Store) (linearRun, error) {
	clients := linearManager(store)
	return linearRun{
		state: logins{},
		call: func(r *rand.Rand, seen int64) call {
			login := []string{"anna", "bert"}[r.IntN(2)]
			kind := []string{"create", "create", "get", "get", "rename", "remove"}[r.IntN(6)]
			if seen == 0 && (kind == "rename" || kind == "remove") {
				kind = "get"
			}
			c := call{kind: kind, arg: login}
			if kind == "rename" || kind == "remove" {
				c.id = seen
			}
			return c
		},
		do: func(ctx context.Context, c call) response {
			var a accounts.Account
			var err error
			switch c.kind {
			case "create":
				a, err = clients.Create(ctx, suite.NewAccount(c.arg))
			case "get":
				a, err = clients.GetByLogin(ctx, c.arg)
			case "rename":
				_, err = clients.Update(ctx, accounts.ID(c.id), accounts.Changes{Login: &c.arg})
			case "remove":
				_, err = clients.Remove(ctx, []accounts.ID{accounts.ID(c.id)})
			}
			return response{id: int64(a.ID), err: errorText(err)}
		},
		apply: func(state any, c call, id int64) (any, response) {
			l := state.(logins)
			login := l.of(c.id)
			switch {
			case c.kind == "get" && *l.at(c.arg) == 0:
				return l, response{err: errNotFound}
			case c.kind == "get":
				return l, response{id: *l.at(c.arg)}
			case c.kind == "create" && *l.at(c.arg) != 0:
				return l, response{err: errTaken}
			case c.kind == "create":
				*l.at(c.arg) = id
				return l, response{id: id}
			case login == "":
				return l, response{err: errNotFound}
			case c.kind == "remove":
				*l.at(login) = 0
			case login == c.arg: // the login is unchanged
			case *l.at(c.arg) != 0:
				return l, response{err: errTaken}
			default:
				*l.at(login), *l.at(c.arg) = 0, c.id
			}
			return l, response{}
		},
	}, nil
}

// place is the domain with a name and its subscription; zero: none.
type place struct{ id, subscription int64 }

// names has the places of a name and its subdomain.
type names struct{ parent, sub place }

const (
	parentName = "shop.example"
	subName    = "it.shop.example"
)

// at returns the place of a name and that of the other one.
func (n *names) at(name string) (this, other *place) {
	if name == parentName {
		return &n.parent, &n.sub
	}
	return &n.sub, &n.parent
}

// of returns the name of a domain, or "" if it has none.
func (n *names) of(id int64) string {
	switch {
	case id == 0:
		return ""
	case n.parent.id == id:
		return parentName
	case n.sub.id == id:
		return subName
	}
	return ""
}

// free reports whether a name can be added to a subscription: it is not taken, and no other account has the other name.
func (n *names) free(name string, subscription int64) bool {
	this, other := n.at(name)
	return this.id == 0 && (other.id == 0 || other.subscription == subscription)
}

// linearNames models a name and its subdomain, which are added to, moved between and removed from the subscriptions of
// two accounts. Each subscription has another domain as its main one, so that these can be removed.
func linearNames(ctx context.Context, store accounts.Store) (linearRun, error) {
	clients := linearManager(store)
	subs := clients.Subscriptions()
	first, err := createSubscriber(ctx, clients, "anna", "anna.example")
	if err != nil {
		return linearRun{}, err
	}
	second, err := createSubscriber(ctx, clients, "bert", "bert.example")
	if err != nil {
		return linearRun{}, err
	}
	return linearRun{
		state: names{},
		call: func(r *rand.Rand, seen int64) call {
			c := call{
				kind: []string{"create", "create", "resolve", "resolve", "rename", "move", "remove"}[r.IntN(7)],
				arg:  []string{parentName, subName}[r.IntN(2)],
				to:   int64([]subscriptions.ID{first.ID, second.ID}[r.IntN(2)]),
			}
			if slices.Contains([]string{"rename", "move", "remove"}, c.kind) {
				c.id = seen
			}
			if c.id == 0 && c.kind != "create" {
				c.kind = "resolve"
			}
			return c
		},
		do: func(ctx context.Context, c call) response {
			var d subscriptions.Domain
			var err error
			switch ids := []subscriptions.DomainID{subscriptions.DomainID(c.id)}; c.kind {
			case "create":
				d, err = subs.AddDomain(ctx, subscriptions.ID(c.to), c.arg)
			case "resolve":
				var site subscriptions.Site
				site, err = subs.Resolve(ctx, c.arg)
				d = site.Domain
			case "rename":
				_, err = subs.RenameDomain(ctx, ids[0], c.arg)
			case "move":
				_, err = subs.MoveDomains(ctx, ids, subscriptions.ID(c.to))
			case "remove":
				_, err = subs.RemoveDomains(ctx, ids)
			}
			return response{id: int64(d.ID), owner: int64(d.SubscriptionID), err: errorText(err)}
		},
		apply: func(state any, c call, id int64) (any, response) {
			n := state.(names)
			this, other := n.at(c.arg)
			name := n.of(c.id)
			switch {
			case c.kind == "resolve" && this.id == 0:
				return n, response{err: errNotFound}
			case c.kind == "resolve":
				return n, response{id: this.id, owner: this.subscription}
			case c.kind == "create" && !n.free(c.arg, c.to):
				return n, response{err: errTaken}
			case c.kind == "create":
				*this = place{id, c.to}
				return n, response{id: id, owner: c.to}
			case name == "":
				return n, response{err: errNotFound}
			case c.kind == "remove":
				current, _ := n.at(name)
				*current = place{}
			case c.kind == "rename" && name == c.arg: // the name is unchanged
			case c.kind == "rename" && this.id != 0:
				return n, response{err: errTaken}
			case c.kind == "rename":
				*this, *other = *other, place{}
			default:
				current, conflicting := n.at(name)
				if current.subscription != c.to && conflicting.id != 0 && conflicting.subscription != c.to {
					return n, response{err: errTaken}
				}
				current.subscription = c.to
			}
			return n, response{}
		},
	}, nil
}

// createSubscriber creates an account with a subscription and returns the subscription.
func createSubscriber(ctx context.Context, clients *accounts.Manager, login, domain string) (subscriptions.Subscription, error) {
	in := suite.NewAccount(login)
	a, err := clients.Create(ctx, in)
	if err != nil {
		return subscriptions.Subscription{}, err
	}
	return clients.Subscriptions().Create(ctx, subscriptions.New{AccountID: a.ID, Domains: []string{domain}})
}

// accountHolds is the state on which the sessions of an account depend.
type accountHolds struct {
	billing, abuse bool
	sessionEpoch   int64
}

func (h accountHolds) causes() string {
	var all []string
	if h.abuse {
		all = append(all, string(accounts.CauseAbuse))
	}
	if h.billing {
		all = append(all, string(accounts.CauseBilling))
	}
	return strings.Join(all, ",")
}

func (h *accountHolds) at(cause string) *bool {
	if cause == string(accounts.CauseAbuse) {
		return &h.abuse
	}
	return &h.billing
}

// linearHolds models the holds of one account and the sessions that they end.
func linearHolds(ctx context.Context, store accounts.Store) (linearRun, error) {
	clients := linearManager(store)
	account, err := clients.Create(ctx, suite.NewAccount("anna"))
	if err != nil {
		return linearRun{}, err
	}
	ids := []accounts.ID{account.ID}
	return linearRun{
		state: accountHolds{sessionEpoch: account.SessionEpoch},
		call: func(r *rand.Rand, _ int64) call {
			return call{
				kind: []string{"suspend", "suspend", "lift", "activate", "get", "check"}[r.IntN(6)],
				arg:  string([]accounts.Cause{accounts.CauseAbuse, accounts.CauseBilling}[r.IntN(2)]),
				to:   account.SessionEpoch + r.Int64N(8),
			}
		},
		do: func(ctx context.Context, c call) response {
			var out accounts.Outcome
			var a accounts.Account
			var err error
			switch c.kind {
			case "suspend":
				out, err = clients.Suspend(ctx, ids, accounts.Hold{Cause: accounts.Cause(c.arg)})
			case "lift":
				out, err = clients.Lift(ctx, ids, []accounts.Cause{accounts.Cause(c.arg)})
			case "activate":
				out, err = clients.Activate(ctx, ids)
			case "get":
				a, err = clients.Get(ctx, account.ID)
			case "check":
				a, err = clients.CheckSession(ctx, account.ID, c.to)
			}
			return response{
				changed: len(out.Changed) > 0, suspended: len(out.StillSuspended) > 0, holds: suite.CausesOf(a.Holds), sessionEpoch: a.SessionEpoch, err: errorText(err),
			}
		},
		apply: func(state any, c call, _ int64) (any, response) {
			h := state.(accountHolds)
			before := h
			switch {
			case c.kind == "get":
				return h, response{holds: h.causes(), sessionEpoch: h.sessionEpoch}
			case c.kind == "check" && c.to != h.sessionEpoch:
				return h, response{err: errSessionEnded}
			case c.kind == "check" && h.causes() != "":
				return h, response{holds: h.causes(), sessionEpoch: h.sessionEpoch, err: errSuspended}
			case c.kind == "check":
				return h, response{sessionEpoch: h.sessionEpoch}
			case c.kind == "suspend":
				*h.at(c.arg) = true
				return h, response{changed: h != before}
			case c.kind == "lift":
				*h.at(c.arg) = false
			default:
				h.billing, h.abuse = false, false
			}
			changed := h != before
			if changed && h.causes() == "" {
				h.sessionEpoch++
			}
			return h, response{changed: changed, suspended: h.causes() != ""}
		},
	}, nil
}

// ownership is the owner of a subscription, and whether the first of its two owners is suspended.
type ownership struct {
	owner     int64
	suspended bool
}

// linearOwners models a subscription that is assigned to one account, another one and the provider, while the first is
// suspended and activated. Its site must be suspended exactly while the first account has it and is suspended.
func linearOwners(ctx context.Context, store accounts.Store) (linearRun, error) {
	clients := linearManager(store)
	subs := clients.Subscriptions()
	s, err := createSubscriber(ctx, clients, "anna", "anna.example")
	if err != nil {
		return linearRun{}, err
	}
	bert, err := clients.Create(ctx, suite.NewAccount("bert"))
	if err != nil {
		return linearRun{}, err
	}
	anna := s.AccountID
	return linearRun{
		state: ownership{owner: int64(anna)},
		call: func(r *rand.Rand, _ int64) call {
			return call{
				kind: []string{"assign", "assign", "suspend", "activate", "get", "resolve"}[r.IntN(6)],
				to:   int64([]accounts.ID{anna, bert.ID, subscriptions.Provider}[r.IntN(3)]),
			}
		},
		do: func(ctx context.Context, c call) response {
			var owner accounts.ID
			var changed int
			var status accounts.Status
			var err error
			switch c.kind {
			case "assign":
				var out subscriptions.Outcome[subscriptions.ID]
				out, err = subs.Assign(ctx, []subscriptions.ID{s.ID}, accounts.ID(c.to))
				changed = len(out.Changed)
			case "suspend":
				var out accounts.Outcome
				out, err = clients.Suspend(ctx, []accounts.ID{anna}, accounts.Hold{})
				changed = len(out.Changed)
			case "activate":
				var out accounts.Outcome
				out, err = clients.Activate(ctx, []accounts.ID{anna})
				changed = len(out.Changed)
			case "get":
				var now subscriptions.Subscription
				now, err = subs.Get(ctx, s.ID)
				owner, status = now.AccountID, now.Status()
			case "resolve":
				var site subscriptions.Site
				site, err = subs.Resolve(ctx, "www.anna.example")
				owner, status = site.Domain.AccountID, site.Domain.Status()
			}
			return response{owner: int64(owner), changed: changed > 0, suspended: status == accounts.Suspended, err: errorText(err)}
		},
		apply: func(state any, c call, _ int64) (any, response) {
			o := state.(ownership)
			before := o
			switch c.kind {
			case "assign":
				o.owner = c.to
			case "suspend":
				o.suspended = true
			case "activate":
				o.suspended = false
			default:
				return o, response{owner: o.owner, suspended: o.suspended && o.owner == int64(anna)}
			}
			return o, response{changed: o != before}
		},
	}, nil
}
