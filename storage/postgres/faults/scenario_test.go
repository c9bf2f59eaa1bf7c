package faults_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/subscriptions"
)

// scenario is a command that tests interrupt, once in each round, and a check of its effect.
type scenario struct {
	name   string
	events int64 // the number of events that the command appends
	// prepare creates the rows that the command needs in this round, and returns its ids.
	prepare func(ctx context.Context, app *app, round int) ([]int64, error)
	run     func(ctx context.Context, app *app, round int, ids []int64) error
	// done reports whether the command has taken effect. It returns an error if only a part of it has.
	done func(ctx context.Context, app *app, round int, ids []int64) (bool, error)
}

var errPartial = errors.New("the command has taken effect in part")

func scenarios() []scenario {
	return []scenario{
		{"Create", 4, prepareNothing, runCreate, doneCreate},
		{"Suspend", suspendedCount, prepareSuspend, runSuspend, doneSuspend},
		{"Assign", 2 * assignedCount, prepareAssign, runAssign, doneAssign},
		{"Remove", 2 * 4, prepareRemove, runRemove, doneRemove},
		{"RunInTx", 1 + 4, prepareRunInTx, runRunInTx, doneRunInTx},
	}
}

func scenarioNamed(name string) scenario {
	all := scenarios()
	return all[slices.IndexFunc(all, func(s scenario) bool { return s.name == name })]
}

// customer returns a customer with a subscription and two domains.
func customer(login string) accounts.New {
	return accounts.New{
		Login: login, Password: "correct horse battery", ExternalID: "ext-" + login,
		Contact:      accounts.Contact{Name: login},
		Subscription: &subscriptions.New{Plan: "gold", ExternalID: "sub-" + login, Domains: []string{login + ".example.com", login + ".example.org"}},
	}
}

// count returns the number of values that are true.
func count(values ...bool) (n int) {
	for _, v := range values {
		if v {
			n++
		}
	}
	return n
}

// allOrNone reports whether all values are true. It returns errPartial if only some are.
func allOrNone(values ...bool) (bool, error) {
	switch n := count(values...); n {
	case 0:
		return false, nil
	case len(values):
		return true, nil
	default:
		return false, fmt.Errorf("%w: %d of %d", errPartial, n, len(values))
	}
}

// exists reports whether a look-up that returned err has found a row. It adds errors other than ErrNotFound to failed.
func exists(err error, failed *error) bool {
	if err != nil && !errors.Is(err, accounts.ErrNotFound) {
		*failed = errors.Join(*failed, err)
	}
	return err == nil
}

func prepareNothing(context.Context, *app, int) ([]int64, error) { return nil, nil }

func createLogin(round int) string { return fmt.Sprintf("created-%d", round) }

func runCreate(ctx context.Context, app *app, round int, _ []int64) error {
	_, err := app.Create(ctx, customer(createLogin(round)))
	return err
}

// customerExists reports whether the customer exists with its subscription and domains. It returns errPartial if only some do.
func customerExists(ctx context.Context, app *app, login string) (bool, error) {
	want := customer(login)
	var failed error
	_, byLogin := app.GetByLogin(ctx, want.Login)
	_, byExternalID := app.GetByExternalID(ctx, want.ExternalID)
	_, sub := app.Subscriptions().GetByExternalID(ctx, want.Subscription.ExternalID)
	found := []bool{exists(byLogin, &failed), exists(byExternalID, &failed), exists(sub, &failed)}
	for _, name := range want.Subscription.Domains {
		_, err := app.Subscriptions().Resolve(ctx, name)
		found = append(found, exists(err, &failed))
	}
	if failed != nil {
		return false, failed
	}
	return allOrNone(found...)
}

func doneCreate(ctx context.Context, app *app, round int, _ []int64) (bool, error) {
	return customerExists(ctx, app, createLogin(round))
}

const suspendedCount = 100

// prepareSuspend creates the accounts in the first round. Each round has another cause.
func prepareSuspend(ctx context.Context, app *app, _ int) ([]int64, error) {
	page, err := app.List(ctx, accounts.Query{Search: "suspended-", Limit: suspendedCount})
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, a := range page.Items {
		ids = append(ids, int64(a.ID))
	}
	for i := len(ids); i < suspendedCount; i++ {
		login := fmt.Sprintf("suspended-%d", i)
		a, err := app.Create(ctx, accounts.New{Login: login, Password: "correct horse battery", Contact: accounts.Contact{Name: login}})
		if err != nil {
			return nil, err
		}
		ids = append(ids, int64(a.ID))
	}
	return ids, nil
}

func suspendCause(round int) accounts.Cause { return accounts.Cause(fmt.Sprintf("round-%d", round)) }

func runSuspend(ctx context.Context, app *app, round int, ids []int64) error {
	_, err := app.Suspend(ctx, convertIDs[accounts.ID](ids), accounts.Hold{Cause: suspendCause(round), Note: "a note"})
	return err
}

func doneSuspend(ctx context.Context, app *app, round int, ids []int64) (bool, error) {
	page, err := app.List(ctx, accounts.Query{IDs: convertIDs[accounts.ID](ids), Limit: len(ids)})
	if err != nil {
		return false, err
	}
	suspended := make([]bool, len(page.Items))
	for i, a := range page.Items {
		_, suspended[i] = a.Holds.Get(suspendCause(round))
	}
	if len(suspended) != len(ids) {
		return false, fmt.Errorf("%d of %d accounts exist", len(suspended), len(ids))
	}
	return allOrNone(suspended...)
}

const assignedCount = 3

// prepareAssign returns the id of the account that will get subscriptions, followed by theirs. Another account has them.
func prepareAssign(ctx context.Context, app *app, round int) ([]int64, error) {
	to, err := app.Create(ctx, accounts.New{
		Login: fmt.Sprintf("new-owner-%d", round), Password: "correct horse battery", Contact: accounts.Contact{Name: "New owner"},
	})
	if err != nil {
		return nil, err
	}
	from, err := app.Create(ctx, accounts.New{
		Login: fmt.Sprintf("owner-%d", round), Password: "correct horse battery", Contact: accounts.Contact{Name: "Owner"},
	})
	if err != nil {
		return nil, err
	}
	ids := []int64{int64(to.ID)}
	for i := range assignedCount {
		s, err := app.Subscriptions().Create(ctx, subscriptions.New{
			AccountID: from.ID, Domains: []string{fmt.Sprintf("assigned-%d-%d.example.net", round, i)},
		})
		if err != nil {
			return nil, err
		}
		ids = append(ids, int64(s.ID))
	}
	return ids, nil
}

func runAssign(ctx context.Context, app *app, _ int, ids []int64) error {
	_, err := app.Subscriptions().Assign(ctx, convertIDs[subscriptions.ID](ids[1:]), accounts.ID(ids[0]))
	return err
}

func doneAssign(ctx context.Context, app *app, _ int, ids []int64) (bool, error) {
	page, err := app.Subscriptions().List(ctx, subscriptions.Query{IDs: convertIDs[subscriptions.ID](ids[1:])})
	if err != nil {
		return false, err
	}
	assigned := make([]bool, len(page.Items))
	for i, s := range page.Items {
		assigned[i] = int64(s.AccountID) == ids[0] && s.Version == 2
	}
	return allOrNone(assigned...)
}

func removeLogins(round int) []string {
	return []string{fmt.Sprintf("removed-a-%d", round), fmt.Sprintf("removed-b-%d", round)}
}

func prepareRemove(ctx context.Context, app *app, round int) ([]int64, error) {
	var ids []int64
	for _, login := range removeLogins(round) {
		a, err := app.Create(ctx, customer(login))
		if err != nil {
			return nil, err
		}
		ids = append(ids, int64(a.ID))
	}
	_, err := app.Suspend(ctx, convertIDs[accounts.ID](ids), accounts.Hold{Note: "removed with the account"})
	return ids, err
}

func runRemove(ctx context.Context, app *app, _ int, ids []int64) error {
	_, err := app.Remove(ctx, convertIDs[accounts.ID](ids))
	return err
}

func doneRemove(ctx context.Context, app *app, round int, _ []int64) (bool, error) {
	var removed []bool
	for _, login := range removeLogins(round) {
		exists, err := customerExists(ctx, app, login)
		if err != nil {
			return false, err
		}
		removed = append(removed, !exists)
	}
	return allOrNone(removed...)
}

// prepareRunInTx creates the account that is suspended.
func prepareRunInTx(ctx context.Context, app *app, round int) ([]int64, error) {
	login := fmt.Sprintf("overdue-%d", round)
	a, err := app.Create(ctx, accounts.New{Login: login, Password: "correct horse battery", Contact: accounts.Contact{Name: login}})
	return []int64{int64(a.ID)}, err
}

func runInTxLogin(round int) string { return fmt.Sprintf("in-tx-%d", round) }

// runRunInTx suspends one account and creates another in a transaction of the application.
func runRunInTx(ctx context.Context, app *app, round int, ids []int64) error {
	return app.store.RunInTx(ctx, func(ctx context.Context, _ bun.Tx, in *postgres.Store) error {
		clients := app.WithStore(in)
		if _, err := clients.Suspend(ctx, convertIDs[accounts.ID](ids), accounts.Hold{Cause: accounts.CauseBilling}); err != nil {
			return err
		}
		_, err := clients.Create(ctx, customer(runInTxLogin(round)))
		return err
	})
}

func doneRunInTx(ctx context.Context, app *app, round int, ids []int64) (bool, error) {
	created, err := customerExists(ctx, app, runInTxLogin(round))
	if err != nil {
		return false, err
	}
	a, err := app.Get(ctx, accounts.ID(ids[0]))
	if err != nil {
		return false, err
	}
	return allOrNone(created, a.Status() == accounts.Suspended)
}

func convertIDs[K ~int64](ids []int64) []K {
	all := make([]K, len(ids))
	for i, id := range ids {
		all[i] = K(id)
	}
	return all
}

// round is one run of a scenario.
type round struct {
	scenario
	observer *app // checks the effect; another app may run the command
	n        int
	ids      []int64
	before   map[string]any
	events   int64 // the number of events before the command
}

// begin prepares the nth round.
func (s scenario) begin(t *testing.T, app *app, n int) *round {
	t.Helper()
	ids, err := s.prepare(t.Context(), app, n)
	require.NoError(t, err)
	return &round{scenario: s, observer: app, n: n, ids: ids, before: tableSums(t, app.db), events: countEvents(t, app.db)}
}

// runWith runs the command.
func (r *round) runWith(ctx context.Context, app *app) error { return r.run(ctx, app, r.n, r.ids) }

// check compares the result of the command with the database, and reports whether the command has taken effect: either as a
// whole and with its events, or the tables are unchanged.
func (r *round) check(t *testing.T, result error) bool {
	t.Helper()
	done, err := r.done(t.Context(), r.observer, r.n, r.ids)
	require.NoError(t, err)
	if done {
		require.Equal(t, r.events+r.scenario.events, countEvents(t, r.observer.db), "events")
	} else {
		require.Equal(t, r.before, tableSums(t, r.observer.db))
	}
	switch {
	case result == nil:
		require.True(t, done, "the command was acknowledged")
	case errors.Is(result, accounts.ErrUnavailable):
		require.NotErrorIs(t, result, accounts.ErrCommitUnknown)
		require.False(t, done, "the command must not take effect: %v", result)
	default:
		require.ErrorIs(t, result, accounts.ErrCommitUnknown)
	}
	return done
}

// checkAndRepeat checks the result, and runs the command again if it has not taken effect. The second run must succeed.
func (r *round) checkAndRepeat(t *testing.T, result error) {
	t.Helper()
	if r.check(t, result) {
		return
	}
	require.NoError(t, r.runWith(t.Context(), r.observer), "the repeated command")
	require.True(t, r.check(t, nil))
}

// maxStatements is more than the number of statements of any command.
const maxStatements = 60
