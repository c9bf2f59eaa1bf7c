package storagetest

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

func linearObjects() []linearObject {
	return []linearObject{
		{"logins", linearLogins},
		{"names", linearNames},
		{"holds", linearHolds},
		{"owners", linearOwners},
	}
}

func linearManager(store accounts.Store) *accounts.Manager {
	return accounts.NewManager(store, &accounts.Options{Hasher: plainHasher{}})
}

// logins is who has the two logins: the ids of accounts, 0 for nobody.
type logins struct{ anna, bert int64 }

func (l *logins) at(login string) *int64 {
	if login == "anna" {
		return &l.anna
	}
	return &l.bert
}

// of answers the login of an account, or "".
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

// linearLogins are two logins, for which accounts are created, renamed and removed.
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
		do: func(ctx context.Context, c call) answer {
			var a accounts.Account
			var err error
			switch c.kind {
			case "create":
				a, err = clients.Create(ctx, newAccount(c.arg))
			case "get":
				a, err = clients.GetByLogin(ctx, c.arg)
			case "rename":
				_, err = clients.Update(ctx, accounts.ID(c.id), accounts.Changes{Login: &c.arg})
			case "remove":
				_, err = clients.Remove(ctx, []accounts.ID{accounts.ID(c.id)})
			}
			return answer{id: int64(a.ID), err: failed(err)}
		},
		apply: func(state any, c call, id int64) (any, answer) {
			l := state.(logins)
			had := l.of(c.id)
			switch {
			case c.kind == "get" && *l.at(c.arg) == 0:
				return l, answer{err: isNotFound}
			case c.kind == "get":
				return l, answer{id: *l.at(c.arg)}
			case c.kind == "create" && *l.at(c.arg) != 0:
				return l, answer{err: isTaken}
			case c.kind == "create":
				*l.at(c.arg) = id
				return l, answer{id: id}
			case had == "":
				return l, answer{err: isNotFound}
			case c.kind == "remove":
				*l.at(had) = 0
			case had == c.arg: // renamed to what it is
			case *l.at(c.arg) != 0:
				return l, answer{err: isTaken}
			default:
				*l.at(had), *l.at(c.arg) = 0, c.id
			}
			return l, answer{}
		},
	}, nil
}

// place is where a name is: a domain and its subscription; zero for nowhere.
type place struct{ id, under int64 }

// names is where the two names are of which one lies below the other.
type names struct{ above, below place }

const (
	nameAbove = "shop.example"
	nameBelow = "it.shop.example"
)

// at answers the place of a name, and of the other one.
func (n *names) at(name string) (this, other *place) {
	if name == nameAbove {
		return &n.above, &n.below
	}
	return &n.below, &n.above
}

// of answers the name of a domain, or "".
func (n *names) of(id int64) string {
	switch {
	case id == 0:
		return ""
	case n.above.id == id:
		return nameAbove
	case n.below.id == id:
		return nameBelow
	}
	return ""
}

// free tells whether a name may come under a subscription: nobody has it, and another account has none above or below.
func (n *names) free(name string, under int64) bool {
	this, other := n.at(name)
	return this.id == 0 && (other.id == 0 || other.under == under)
}

// linearNames are two names, one below the other, that are added to, moved between and removed from the subscriptions of
// two accounts. Each subscription has a main domain besides, so that these may go.
func linearNames(ctx context.Context, store accounts.Store) (linearRun, error) {
	clients := linearManager(store)
	subs := clients.Subscriptions()
	first, err := subscribed(ctx, clients, "anna", "anna.example")
	if err != nil {
		return linearRun{}, err
	}
	second, err := subscribed(ctx, clients, "bert", "bert.example")
	if err != nil {
		return linearRun{}, err
	}
	return linearRun{
		state: names{},
		call: func(r *rand.Rand, seen int64) call {
			c := call{
				kind: []string{"create", "create", "resolve", "resolve", "rename", "move", "remove"}[r.IntN(7)],
				arg:  []string{nameAbove, nameBelow}[r.IntN(2)],
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
		do: func(ctx context.Context, c call) answer {
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
			return answer{id: int64(d.ID), owner: int64(d.SubscriptionID), err: failed(err)}
		},
		apply: func(state any, c call, id int64) (any, answer) {
			n := state.(names)
			this, other := n.at(c.arg)
			had := n.of(c.id)
			switch {
			case c.kind == "resolve" && this.id == 0:
				return n, answer{err: isNotFound}
			case c.kind == "resolve":
				return n, answer{id: this.id, owner: this.under}
			case c.kind == "create" && !n.free(c.arg, c.to):
				return n, answer{err: isTaken}
			case c.kind == "create":
				*this = place{id, c.to}
				return n, answer{id: id, owner: c.to}
			case had == "":
				return n, answer{err: isNotFound}
			case c.kind == "remove":
				own, _ := n.at(had)
				*own = place{}
			case c.kind == "rename" && had == c.arg: // renamed to what it is
			case c.kind == "rename" && this.id != 0:
				return n, answer{err: isTaken}
			case c.kind == "rename":
				*this, *other = *other, place{}
			default:
				own, beside := n.at(had)
				if own.under != c.to && beside.id != 0 && beside.under != c.to {
					return n, answer{err: isTaken}
				}
				own.under = c.to
			}
			return n, answer{}
		},
	}, nil
}

// subscribed creates an account and answers its subscription.
func subscribed(ctx context.Context, clients *accounts.Manager, login, domain string) (subscriptions.Subscription, error) {
	in := newAccount(login)
	a, err := clients.Create(ctx, in)
	if err != nil {
		return subscriptions.Subscription{}, err
	}
	return clients.Subscriptions().Create(ctx, subscriptions.New{AccountID: a.ID, Domains: []string{domain}})
}

// heldAccount is what an account's session depends on.
type heldAccount struct {
	billing, abuse bool
	signIn         int64
}

func (h heldAccount) causes() string {
	var all []string
	if h.abuse {
		all = append(all, string(accounts.CauseAbuse))
	}
	if h.billing {
		all = append(all, string(accounts.CauseBilling))
	}
	return strings.Join(all, ",")
}

func (h *heldAccount) at(cause string) *bool {
	if cause == string(accounts.CauseAbuse) {
		return &h.abuse
	}
	return &h.billing
}

func causesOf(holds accounts.Holds) string {
	var all []string
	for _, h := range holds {
		all = append(all, string(h.Cause))
	}
	return strings.Join(all, ",")
}

// linearHolds are the holds of one account, and the sessions that they end.
func linearHolds(ctx context.Context, store accounts.Store) (linearRun, error) {
	clients := linearManager(store)
	account, err := clients.Create(ctx, newAccount("anna"))
	if err != nil {
		return linearRun{}, err
	}
	ids := []accounts.ID{account.ID}
	return linearRun{
		state: heldAccount{signIn: account.SessionEpoch},
		call: func(r *rand.Rand, _ int64) call {
			return call{
				kind: []string{"suspend", "suspend", "lift", "activate", "get", "check"}[r.IntN(6)],
				arg:  string([]accounts.Cause{accounts.CauseAbuse, accounts.CauseBilling}[r.IntN(2)]),
				to:   account.SessionEpoch + r.Int64N(8),
			}
		},
		do: func(ctx context.Context, c call) answer {
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
			return answer{
				changed: len(out.Changed) > 0, still: len(out.StillSuspended) > 0, holds: causesOf(a.Holds), signIn: a.SessionEpoch, err: failed(err),
			}
		},
		apply: func(state any, c call, _ int64) (any, answer) {
			h := state.(heldAccount)
			before := h
			switch {
			case c.kind == "get":
				return h, answer{holds: h.causes(), signIn: h.signIn}
			case c.kind == "check" && c.to != h.signIn:
				return h, answer{err: isEnded}
			case c.kind == "check" && h.causes() != "":
				return h, answer{holds: h.causes(), signIn: h.signIn, err: isSuspended}
			case c.kind == "check":
				return h, answer{signIn: h.signIn}
			case c.kind == "suspend":
				*h.at(c.arg) = true
				return h, answer{changed: h != before}
			case c.kind == "lift":
				*h.at(c.arg) = false
			default:
				h.billing, h.abuse = false, false
			}
			changed := h != before
			if changed && h.causes() == "" {
				h.signIn++
			}
			return h, answer{changed: changed, still: h.causes() != ""}
		},
	}, nil
}

// owned is a subscription that changes hands, and whether the first of its two owners is suspended.
type owned struct {
	owner int64
	held  bool
}

// linearOwners are a subscription that is assigned to one account, another and the provider, while the first is
// suspended and activated. Its site must be down exactly while that one has it and is suspended.
func linearOwners(ctx context.Context, store accounts.Store) (linearRun, error) {
	clients := linearManager(store)
	subs := clients.Subscriptions()
	s, err := subscribed(ctx, clients, "anna", "anna.example")
	if err != nil {
		return linearRun{}, err
	}
	bert, err := clients.Create(ctx, newAccount("bert"))
	if err != nil {
		return linearRun{}, err
	}
	anna := s.AccountID
	return linearRun{
		state: owned{owner: int64(anna)},
		call: func(r *rand.Rand, _ int64) call {
			return call{
				kind: []string{"assign", "assign", "suspend", "activate", "get", "resolve"}[r.IntN(6)],
				to:   int64([]accounts.ID{anna, bert.ID, subscriptions.Provider}[r.IntN(3)]),
			}
		},
		do: func(ctx context.Context, c call) answer {
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
			return answer{owner: int64(owner), changed: changed > 0, still: status == accounts.Suspended, err: failed(err)}
		},
		apply: func(state any, c call, _ int64) (any, answer) {
			o := state.(owned)
			before := o
			switch c.kind {
			case "assign":
				o.owner = c.to
			case "suspend":
				o.held = true
			case "activate":
				o.held = false
			default:
				return o, answer{owner: o.owner, still: o.held && o.owner == int64(anna)}
			}
			return o, answer{changed: o != before}
		},
	}, nil
}
