// Package model runs random histories of commands and look-ups on a store and on a simple model of the whole library, and
// compares all results.
package model

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// Run runs random histories of all commands and look-ups on the managers of a store and on a model, and
// compares every result. A history that fails is shrunk to a short one and printed.
func Run(t *testing.T, open func(*testing.T) accounts.Store) {
	setDefault(t, "rapid.checks", suite.Scale(24, 150))
	setDefault(t, "rapid.steps", suite.Scale(90, 300))
	s := &harness{t: t, ctx: suite.Bounded(t, 2*time.Minute), open: open}
	rapid.Check(t, func(rt *rapid.T) {
		h := s.begin(rt)
		rt.Repeat(map[string]func(*rapid.T){"step": h.step})
		h.compareAll()
		s.end(h)
	})
}

// setDefault sets a flag of rapid for one test, unless it was set on the command line or in the environment. One history
// of 90 steps finds more than three of 30.
func setDefault(t *testing.T, name string, value int) {
	t.Helper()
	f := flag.Lookup(name)
	_, inEnv := os.LookupEnv(strings.ToUpper(strings.ReplaceAll(name, ".", "_")))
	if was := f.Value.String(); was == f.DefValue && !inEnv {
		require.NoError(t, flag.Set(name, strconv.Itoa(value)))
		t.Cleanup(func() { require.NoError(t, flag.Set(name, was)) })
	}
}

// harness runs histories one after another on the same store. Emptying it takes a command or two, which costs less than
// opening another one, and checks that removed rows are gone.
type harness struct {
	t         *testing.T
	ctx       context.Context
	open      func(*testing.T) accounts.Store
	last      *history // the last history, if it passed; nil: open a new store
	histories int      // number of histories run on the store
}

// historiesPerStore is the number of histories run on one store.
const historiesPerStore = 10

// begin returns a history on an empty store. After a failed history it opens a new store, so that the rows of the failed
// one do not disturb the search for the shortest history.
func (s *harness) begin(rt *rapid.T) *history {
	last := s.last
	s.last = nil
	if last == nil || s.histories >= historiesPerStore {
		s.histories = 0
		return newHistory(s.ctx, rt, s.open(s.t), suite.NewClock(time.Date(2026, time.May, 4, 10, 0, 0, 987654321, time.UTC)))
	}
	last.t = rt
	last.clear()
	return newHistory(s.ctx, rt, last.store, last.clock)
}

// end records that a history passed.
func (s *harness) end(h *history) {
	s.histories++
	s.last = h
}

// history is one run of random commands on the managers and on the model.
type history struct {
	t       *rapid.T
	ctx     context.Context
	store   accounts.Store
	clock   *suite.Clock
	clients *accounts.Manager
	subs    *subscriptions.Manager
	model   *model

	unapproved    *accounts.Manager // clients without an AllowDomain, for transactions
	inTransaction bool

	allowCalls  []string          // names for which Options.AllowDomain was called during the last command
	issued      map[string]bool   // ids that the store has allocated
	manyAdded   bool              // whether addManyAccounts has run
	removed     []int64           // ids of removed rows
	tokens      []token           // returned by ResetToken
	cursors     []accounts.Cursor // of the model's events that were read, in the same order
	pruned      []accounts.Cursor // of pruned events
	listCursors []accounts.Cursor // of pages of lists
}

func newHistory(ctx context.Context, rt *rapid.T, store accounts.Store, c *suite.Clock) *history {
	h := &history{t: rt, ctx: ctx, store: store, clock: c, model: newModel(), issued: map[string]bool{}}
	options := &accounts.Options{
		Now: c.Now, Hasher: suite.PlainHasher{}, Secret: []byte("thirty-two bytes are the minimum"),
		ReservedLogins: append(accounts.DefaultReservedLogins(), reservedLogin), ReservedDomains: []string{reservedDomain},
		AllowDomain: func(_ context.Context, _ accounts.ID, name string) error {
			h.allowCalls = append(h.allowCalls, name)
			if name == deniedName {
				return errDenied
			}
			return nil
		},
	}
	h.clients = accounts.NewManager(store, options)
	options.AllowDomain = nil
	h.unapproved = accounts.NewManager(store, options)
	h.subs = h.clients.Subscriptions()
	return h
}

// clear removes everything from the store.
func (h *history) clear() {
	if all := sortedKeys(h.model.accounts); len(all) > 0 {
		_, err := h.clients.Remove(h.ctx, all)
		require.NoError(h.t, err)
	}
	if all := h.model.subscriptionsOf(subscriptions.Provider); len(all) > 0 {
		_, err := h.subs.Remove(h.ctx, all)
		require.NoError(h.t, err)
	}
	for key, e := range h.model.entries {
		if !e.gone {
			err := h.store.Update(h.ctx, func(tx accounts.Tx) error {
				k := accounts.EntryKey{Bucket: suite.Bucket, Key: key}
				locked, err := tx.LockEntries(accounts.EntryLockSet{Bucket: k.Bucket, Key: k.Key})
				if err != nil || len(locked.Entries) == 0 {
					return err
				}
				return tx.Save(accounts.Writes{DeleteEntries: []accounts.EntryKey{k}})
			})
			require.NoError(h.t, err)
		}
	}
	h.clock.Advance(time.Second)
	_, err := h.clients.PruneEvents(h.ctx, h.clock.Now())
	require.NoError(h.t, err)
}

// step runs one random step. The clock stands still unless a step advances it, so that equal times are common.
func (h *history) step(rt *rapid.T) {
	h.t = rt
	all := weightedSteps()
	if h.nearlyEmpty() && h.oneIn(3) {
		all = all[:createWeight]
	}
	s := oneOf(h, "step", all...)
	h.t.Logf("step: %s", s.name)
	s.do(h)
}

// nearlyEmpty reports whether there are too few rows for most commands to change anything.
func (h *history) nearlyEmpty() bool { return len(h.model.accounts) < 3 || len(h.model.domains) < 5 }

// beginCommand prepares the model for a command and returns the command's context, which has a random actor.
func (h *history) beginCommand() context.Context {
	name := oneOf(h, "actor", "anna", "anna", "", " bert ", "bert", "bert", "", h.rarelyText("two\nlines", "anna"))
	h.allowCalls, h.model.mustAllow = nil, nil
	h.model.actor = strings.TrimSpace(name)
	h.model.now = h.clock.StoredNow()
	if name == "" {
		return h.ctx
	}
	return accounts.WithActor(h.ctx, name)
}

// compare fails the history if the result of a call differs from that of the model.
func (h *history) compare(call string, got any, err error, want any, wantErr error) {
	gotText, wantText := describe(got, err), describe(want, wantErr)
	h.t.Logf("%s\n  %s", call, gotText)
	if gotText != wantText {
		h.t.Fatalf("%s\nreturned: %s\nexpected: %s", call, gotText, wantText)
	}
	if err == nil {
		h.checkAllowCalls(call, h.model.mustAllow)
	}
	h.model.mustAllow = nil
}

// checkAllowCalls fails the history if AllowDomain was not called for each of names, which an account newly got.
func (h *history) checkAllowCalls(call string, names []string) {
	for _, name := range names {
		if !slices.Contains(h.allowCalls, name) {
			h.t.Fatalf("%s\ncalled AllowDomain for %v, but not for %s", call, h.allowCalls, name)
		}
	}
}

// idSource returns the function by which the model gets the ids of the rows that a command created. The model calls it
// when it expects success, so it fails the history if the command has failed.
func (h *history) idSource(call string, err error, read func() newIDs) func() newIDs {
	return func() newIDs {
		if err != nil {
			h.t.Fatalf("%s\nreturned: %s\nexpected: success", call, describeError(err))
		}
		ids := read()
		h.isNew(accounts.LevelAccount, int64(ids.account))
		h.isNew(accounts.LevelSubscription, int64(ids.subscription))
		for _, id := range ids.domains {
			h.isNew(accounts.LevelDomain, int64(id))
		}
		return ids
	}
}

// isNew fails the history if an id was allocated before. The id 0 stands for no row.
func (h *history) isNew(l accounts.Level, id int64) {
	if id == 0 {
		return
	}
	key := fmt.Sprintf("%s %d", l, id)
	require.Positive(h.t, id, key)
	require.False(h.t, h.issued[key], "%s was allocated before", key)
	h.issued[key] = true
}

// domainsOf returns the ids of a new subscription's domains, ascending. It fails the history if there are not n.
func (h *history) domainsOf(id subscriptions.ID, n int) []subscriptions.DomainID {
	p, err := h.subs.Domains(h.ctx, subscriptions.DomainQuery{SubscriptionID: id, Limit: 500})
	require.NoError(h.t, err)
	require.Len(h.t, p.Items, n, "domains of subscription %d", id)
	var ids []subscriptions.DomainID
	for _, d := range p.Items {
		ids = append(ids, d.ID)
	}
	slices.Sort(ids)
	return ids
}

// compareAll compares everything in the store with the model: each list, and the event log from its beginning.
func (h *history) compareAll() {
	h.compareAccounts(accounts.Query{}, 500)
	h.compareSubscriptions(subscriptions.Query{}, 500)
	h.compareDomains(subscriptions.DomainQuery{}, 500)
	h.readNewEvents()
	h.compareEvents(accounts.EventQuery{Limit: 500}, h.model.events)
}

// oneOf draws one of the options, all with the same probability. Histories shrink towards the first.
func oneOf[T any](h *history, label string, options ...T) T {
	return options[uniform(len(options)).Draw(h.t, label)]
}

// uniform returns a generator of the numbers below n. The integers of rapid prefer small ones, so that the last of many
// options would hardly be drawn.
func uniform(n int) *rapid.Generator[int] {
	return rapid.Custom(func(t *rapid.T) int {
		number := 0
		for bound := 1; bound < 16*n; bound *= 2 {
			number *= 2
			if rapid.Bool().Draw(t, "bit") {
				number++
			}
		}
		return number % n
	})
}

// rarely returns rare once in six draws, and usual otherwise.
func (h *history) rarely(rare, usual int) int {
	if h.oneIn(6) {
		return rare
	}
	return usual
}

// rarelyText is rarely for texts.
func (h *history) rarelyText(rare, usual string) string {
	if h.oneIn(6) {
		return rare
	}
	return usual
}

// oneIn returns true once in n draws. Histories shrink towards false.
func (h *history) oneIn(n int) bool { return uniform(n).Draw(h.t, fmt.Sprintf("1 in %d", n)) == n-1 }

// describeError returns an error's kind and details, without its message.
func describeError(err error) string {
	var (
		invalid   *accounts.InvalidError
		taken     *accounts.TakenError
		unknown   *accounts.NotFoundError
		conflict  *accounts.ConflictError
		suspended *accounts.SuspendedError
	)
	switch {
	case errors.As(err, &invalid):
		var fields []string
		for _, f := range invalid.Fields {
			fields = append(fields, f.Path+" "+f.Rule)
		}
		slices.Sort(fields)
		return fmt.Sprintf("invalid: %q", fields)
	case errors.As(err, &taken):
		return fmt.Sprintf("taken: %q", inOrder(append([]accounts.Taken{{Field: taken.Field, Value: taken.Value}}, taken.Others...)))
	case errors.As(err, &unknown):
		return fmt.Sprintf("not found: %s %v %q", unknown.Kind, unknown.IDs, unknown.Name)
	case errors.As(err, &conflict):
		return fmt.Sprintf("conflict: %d", conflict.Current)
	case errors.As(err, &suspended):
		return fmt.Sprintf("suspended: %+v", suspended.Messages)
	}
	for _, kind := range []error{accounts.ErrInvalidCredentials, accounts.ErrSessionEnded, accounts.ErrCursorExpired, errDenied} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return "unexpected error: " + err.Error()
}

// inOrder sorts the names that are taken at the path ids. The library promises no order for them.
func inOrder(all []accounts.Taken) []accounts.Taken {
	if all[0].Field == "ids" {
		slices.SortFunc(all, func(a, b accounts.Taken) int { return strings.Compare(a.Value, b.Value) })
	}
	return all
}
