package faults_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// scene is a command that is to be interrupted, in round after round, and what it makes of the world.
type scene struct {
	name   string
	events int64 // that the command appends
	// prepare makes what the command of this round needs, and answers the ids for it.
	prepare func(ctx context.Context, h *host, round int) ([]int64, error)
	run     func(ctx context.Context, h *host, round int, ids []int64) error
	// done tells whether all is there that the command does; an error if only a part is.
	done func(ctx context.Context, h *host, round int, ids []int64) (bool, error)
}

var errHalf = errors.New("the command is there by half")

func scenes() []scene {
	return []scene{
		{"Create", 4, prepareNothing, runCreate, doneCreate},
		{"Suspend", suspended, prepareSuspend, runSuspend, doneSuspend},
		{"Assign", 2 * assigned, prepareAssign, runAssign, doneAssign},
		{"Remove", 2 * 4, prepareRemove, runRemove, doneRemove},
	}
}

func sceneNamed(name string) scene {
	all := scenes()
	return all[slices.IndexFunc(all, func(s scene) bool { return s.name == name })]
}

// customer is one with a subscription and two domains.
func customer(login string) accounts.New {
	return accounts.New{
		Login: login, Password: "correct horse battery", ExternalID: "ext-" + login,
		Contact:      accounts.Contact{Name: login},
		Subscription: &subscriptions.New{Plan: "gold", ExternalID: "sub-" + login, Domains: []string{login + ".example.com", login + ".example.org"}},
	}
}

// count answers how many of something there are.
func count(is ...bool) (n int) {
	for _, yes := range is {
		if yes {
			n++
		}
	}
	return n
}

// allOrNone answers whether all are so, and errHalf if only some are.
func allOrNone(is ...bool) (bool, error) {
	switch n := count(is...); n {
	case 0:
		return false, nil
	case len(is):
		return true, nil
	default:
		return false, fmt.Errorf("%w: %d of %d", errHalf, n, len(is))
	}
}

// there turns the error of a look-up into whether there is such a thing.
func there(err error, failed *error) bool {
	if err != nil && !errors.Is(err, accounts.ErrNotFound) {
		*failed = errors.Join(*failed, err)
	}
	return err == nil
}

func prepareNothing(context.Context, *host, int) ([]int64, error) { return nil, nil }

func createLogin(round int) string { return fmt.Sprintf("created-%d", round) }

func runCreate(ctx context.Context, h *host, round int, _ []int64) error {
	_, err := h.Create(ctx, customer(createLogin(round)))
	return err
}

// wholeCustomer tells whether a customer is there with everything below, or not at all.
func wholeCustomer(ctx context.Context, h *host, login string) (bool, error) {
	want := customer(login)
	var failed error
	_, byLogin := h.GetByLogin(ctx, want.Login)
	_, byExternalID := h.GetByExternalID(ctx, want.ExternalID)
	_, sub := h.Subscriptions().GetByExternalID(ctx, want.Subscription.ExternalID)
	is := []bool{there(byLogin, &failed), there(byExternalID, &failed), there(sub, &failed)}
	for _, name := range want.Subscription.Domains {
		_, err := h.Subscriptions().Resolve(ctx, name)
		is = append(is, there(err, &failed))
	}
	if failed != nil {
		return false, failed
	}
	return allOrNone(is...)
}

func doneCreate(ctx context.Context, h *host, round int, _ []int64) (bool, error) {
	return wholeCustomer(ctx, h, createLogin(round))
}

const suspended = 100

// prepareSuspend makes the accounts in the first round. Each round has a cause of its own.
func prepareSuspend(ctx context.Context, h *host, _ int) ([]int64, error) {
	page, err := h.List(ctx, accounts.Query{Search: "suspended-", Limit: suspended})
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, a := range page.Items {
		ids = append(ids, int64(a.ID))
	}
	for i := len(ids); i < suspended; i++ {
		login := fmt.Sprintf("suspended-%d", i)
		a, err := h.Create(ctx, accounts.New{Login: login, Password: "correct horse battery", Contact: accounts.Contact{Name: login}})
		if err != nil {
			return nil, err
		}
		ids = append(ids, int64(a.ID))
	}
	return ids, nil
}

func suspendCause(round int) accounts.Cause { return accounts.Cause(fmt.Sprintf("round-%d", round)) }

func runSuspend(ctx context.Context, h *host, round int, ids []int64) error {
	_, err := h.Suspend(ctx, typed[accounts.ID](ids), accounts.Hold{Cause: suspendCause(round), Note: "a note"})
	return err
}

func doneSuspend(ctx context.Context, h *host, round int, ids []int64) (bool, error) {
	page, err := h.List(ctx, accounts.Query{IDs: typed[accounts.ID](ids), Limit: len(ids)})
	if err != nil {
		return false, err
	}
	is := make([]bool, len(page.Items))
	for i, a := range page.Items {
		_, is[i] = a.Holds.Get(suspendCause(round))
	}
	if len(is) != len(ids) {
		return false, fmt.Errorf("%d of %d accounts are there", len(is), len(ids))
	}
	return allOrNone(is...)
}

const assigned = 3

// prepareAssign answers the account that shall get subscriptions, then those, which another account has.
func prepareAssign(ctx context.Context, h *host, round int) ([]int64, error) {
	to, err := h.Create(ctx, accounts.New{
		Login: fmt.Sprintf("heir-%d", round), Password: "correct horse battery", Contact: accounts.Contact{Name: "Heir"},
	})
	if err != nil {
		return nil, err
	}
	from, err := h.Create(ctx, accounts.New{
		Login: fmt.Sprintf("giver-%d", round), Password: "correct horse battery", Contact: accounts.Contact{Name: "Giver"},
	})
	if err != nil {
		return nil, err
	}
	ids := []int64{int64(to.ID)}
	for i := range assigned {
		s, err := h.Subscriptions().Create(ctx, subscriptions.New{
			AccountID: from.ID, Domains: []string{fmt.Sprintf("given-%d-%d.example.net", round, i)},
		})
		if err != nil {
			return nil, err
		}
		ids = append(ids, int64(s.ID))
	}
	return ids, nil
}

func runAssign(ctx context.Context, h *host, _ int, ids []int64) error {
	_, err := h.Subscriptions().Assign(ctx, typed[subscriptions.ID](ids[1:]), accounts.ID(ids[0]))
	return err
}

func doneAssign(ctx context.Context, h *host, _ int, ids []int64) (bool, error) {
	page, err := h.Subscriptions().List(ctx, subscriptions.Query{IDs: typed[subscriptions.ID](ids[1:])})
	if err != nil {
		return false, err
	}
	is := make([]bool, len(page.Items))
	for i, s := range page.Items {
		is[i] = int64(s.AccountID) == ids[0] && s.Version == 2
	}
	return allOrNone(is...)
}

func removeLogins(round int) []string {
	return []string{fmt.Sprintf("leaving-%d", round), fmt.Sprintf("moving-%d", round)}
}

func prepareRemove(ctx context.Context, h *host, round int) ([]int64, error) {
	var ids []int64
	for _, login := range removeLogins(round) {
		a, err := h.Create(ctx, customer(login))
		if err != nil {
			return nil, err
		}
		ids = append(ids, int64(a.ID))
	}
	_, err := h.Suspend(ctx, typed[accounts.ID](ids), accounts.Hold{Note: "goes with them"})
	return ids, err
}

func runRemove(ctx context.Context, h *host, _ int, ids []int64) error {
	_, err := h.Remove(ctx, typed[accounts.ID](ids))
	return err
}

func doneRemove(ctx context.Context, h *host, round int, _ []int64) (bool, error) {
	var gone []bool
	for _, login := range removeLogins(round) {
		whole, err := wholeCustomer(ctx, h, login)
		if err != nil {
			return false, err
		}
		gone = append(gone, !whole)
	}
	return allOrNone(gone...)
}

func typed[K ~int64](ids []int64) []K {
	all := make([]K, len(ids))
	for i, id := range ids {
		all[i] = K(id)
	}
	return all
}

// round is one go at a command.
type round struct {
	scene
	h      *host // that looks; the command may be given by another
	n      int
	ids    []int64
	before map[string]any
	events int64 // there before
}

// begin prepares a round.
func (s scene) begin(t *testing.T, h *host, n int) *round {
	t.Helper()
	ids, err := s.prepare(t.Context(), h, n)
	require.NoError(t, err)
	return &round{scene: s, h: h, n: n, ids: ids, before: tables(t, h.db), events: countEvents(t, h.db)}
}

// give gives the command.
func (r *round) give(ctx context.Context, h *host) error { return r.run(ctx, h, r.n, r.ids) }

// check compares what somebody was told with what is there, and answers whether the command is done. All of it is
// there, with its events, or the tables are what they were.
func (r *round) check(t *testing.T, told error) bool {
	t.Helper()
	done, err := r.done(t.Context(), r.h, r.n, r.ids)
	require.NoError(t, err)
	if done {
		require.Equal(t, r.events+r.scene.events, countEvents(t, r.h.db), "events")
	} else {
		require.Equal(t, r.before, tables(t, r.h.db))
	}
	switch {
	case told == nil:
		require.True(t, done, "it was acknowledged")
	case errors.Is(told, accounts.ErrUnavailable):
		require.NotErrorIs(t, told, accounts.ErrCommitUnknown)
		require.False(t, done, "nothing should have happened: %v", told)
	default:
		require.ErrorIs(t, told, accounts.ErrCommitUnknown)
	}
	return done
}

// settle checks, and then gives the command once more if it is not done yet: now it succeeds.
func (r *round) settle(t *testing.T, told error) {
	t.Helper()
	if r.check(t, told) {
		return
	}
	require.NoError(t, r.give(t.Context(), r.h), "the repeated command")
	require.True(t, r.check(t, nil))
}

// mostStatements is more than any command takes, so that counting ends.
const mostStatements = 60
