package linear

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// entryVersion is the version of the entry with a key; 0: there is none.
type entryVersion int64

// linearEntries models one entry, which is put on all conditions and deleted.
func linearEntries(_ context.Context, store accounts.Store) (linearRun, error) {
	b := linearManager(store).Bucket(suite.Bucket)
	return linearRun{
		state: entryVersion(0),
		call: func(r *rand.Rand, seen int64) call {
			c := call{kind: []string{"create", "create", "get", "get", "delete"}[r.IntN(5)]}
			if c.kind == "create" {
				c.arg = []string{"any", "absent", "absent", "version"}[r.IntN(4)]
			}
			if c.arg == "version" {
				c.id = max(seen, 1)
			}
			return c
		},
		do: func(ctx context.Context, c call) response {
			var e accounts.Entry
			var err error
			switch c.kind {
			case "create":
				condition := map[string]accounts.Condition{"any": accounts.Any, "absent": accounts.Absent, "version": accounts.AtVersion(c.id)}[c.arg]
				e, err = b.Put(ctx, accounts.Entry{Key: "k"}, condition)
			case "get":
				e, err = b.Get(ctx, "k")
			default:
				err = b.Delete(ctx, "k")
			}
			return response{id: e.Version, err: errorText(err)}
		},
		apply: func(state any, c call, id int64) (any, response) {
			current := state.(entryVersion)
			switch {
			case c.arg == "absent" && current != 0, c.arg == "version" && int64(current) != c.id:
				return current, response{err: errConflict}
			case c.kind == "create":
				return entryVersion(id), response{id: id}
			case current == 0:
				return current, response{err: errNotFound}
			case c.kind == "get":
				return current, response{id: int64(current)}
			}
			return entryVersion(0), response{}
		},
	}, nil
}

// transfers are the numbers in two entries, whose sum is 0, and the subscription's owner, which every transfer changes.
type transfers struct {
	a, b  int64
	owner int64
}

// linearTransactions models transactions in which all commands succeed: each moves 1 from one of two entries to the other, in one
// of two orders, and assigns a subscription to another account. Others read both entries, or one thing alone.
func linearTransactions(ctx context.Context, store accounts.Store) (linearRun, error) {
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
	number := func(ctx context.Context, m *accounts.Manager, key string) (int64, error) {
		e, err := m.Bucket(suite.Bucket).Get(ctx, key)
		if errors.Is(err, accounts.ErrNotFound) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		return strconv.ParseInt(string(e.Value), 10, 64)
	}
	both := func(ctx context.Context, tx *accounts.Manager, first string) (a, b int64, err error) {
		keys := map[string][]string{"a": {"a", "b"}, "b": {"b", "a"}}[first]
		x, err := number(ctx, tx, keys[0])
		if err != nil {
			return 0, 0, err
		}
		y, err := number(ctx, tx, keys[1])
		if first == "b" {
			x, y = y, x
		}
		return x, y, err
	}
	return linearRun{
		state: transfers{owner: int64(s.AccountID)},
		call: func(r *rand.Rand, _ int64) call {
			return call{
				kind: []string{"move", "move", "move", "sum", "get", "owner"}[r.IntN(6)],
				arg:  []string{"a", "b"}[r.IntN(2)],
				to:   int64([]accounts.ID{s.AccountID, bert.ID}[r.IntN(2)]),
			}
		},
		do: func(ctx context.Context, c call) response {
			var got response
			var err error
			switch c.kind {
			case "move":
				err = clients.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error {
					a, b, err := both(ctx, tx, c.arg)
					if err != nil {
						return err
					}
					bucket := tx.Bucket(suite.Bucket)
					if _, err := bucket.Put(ctx, accounts.Entry{Key: "a", Value: fmt.Append(nil, a+1)}, accounts.Any); err != nil {
						return err
					}
					if _, err := tx.Subscriptions().Assign(ctx, []subscriptions.ID{s.ID}, accounts.ID(c.to)); err != nil {
						return err
					}
					if _, err := bucket.Put(ctx, accounts.Entry{Key: "b", Value: fmt.Append(nil, b-1)}, accounts.Any); err != nil {
						return err
					}
					got.holds = fmt.Sprint(a+1, " ", b-1)
					return nil
				})
			case "sum":
				err = clients.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error {
					a, b, err := both(ctx, tx, c.arg)
					got.holds = fmt.Sprint(a, " ", b)
					return err
				})
			case "get":
				var n int64
				n, err = number(ctx, clients, c.arg)
				got.holds = fmt.Sprint(n)
			case "owner":
				var now subscriptions.Subscription
				now, err = subs.Get(ctx, s.ID)
				got.owner = int64(now.AccountID)
			}
			got.err = errorText(err)
			return got
		},
		apply: func(state any, c call, _ int64) (any, response) {
			t := state.(transfers)
			switch {
			case c.kind == "owner":
				return t, response{owner: t.owner}
			case c.kind == "get" && c.arg == "a":
				return t, response{holds: fmt.Sprint(t.a)}
			case c.kind == "get":
				return t, response{holds: fmt.Sprint(t.b)}
			case c.kind == "move":
				t = transfers{a: t.a + 1, b: t.b - 1, owner: c.to}
			}
			return t, response{holds: fmt.Sprint(t.a, " ", t.b)}
		},
	}, nil
}
