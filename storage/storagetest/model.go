package storagetest

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
	"github.com/clientele-go/clientele/subscriptions"
)

// soaking tells whether the tests may take long: make soak sets CLIENTELE_SOAK to 1.
func soaking() bool { return os.Getenv("CLIENTELE_SOAK") == "1" }

// scale answers how often something is done: less by default, more when soaking.
func scale(usual, soak int) int {
	if soaking() {
		return soak
	}
	return usual
}

// bounded answers a context of a test that may take so long, ten times that when soaking.
func bounded(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit*time.Duration(scale(1, 10)))
	t.Cleanup(cancel)
	return ctx
}

// testModel plays random histories of all commands and look-ups on the managers over a store, and on a model; every
// answer must be the same. A history that fails is shrunk to a short one and printed.
func testModel(t *testing.T, open func(*testing.T) accounts.Store) {
	setDefault(t, "rapid.checks", scale(24, 150))
	setDefault(t, "rapid.steps", scale(90, 300))
	s := &stage{t: t, ctx: bounded(t, 2*time.Minute), open: open}
	rapid.Check(t, func(rt *rapid.T) {
		h := s.begin(rt)
		rt.Repeat(map[string]func(*rapid.T){"step": h.step})
		h.everything()
		s.end(h)
	})
}

// setDefault sets a flag of rapid for one test, unless whoever runs it did: one history of ninety steps says more about
// a store than three of thirty.
func setDefault(t *testing.T, name string, value int) {
	t.Helper()
	f := flag.Lookup(name)
	_, said := os.LookupEnv(strings.ToUpper(strings.ReplaceAll(name, ".", "_")))
	if was := f.Value.String(); was == f.DefValue && !said {
		require.NoError(t, flag.Set(name, strconv.Itoa(value)))
		t.Cleanup(func() { require.NoError(t, flag.Set(name, was)) })
	}
}

// stage is the store on which histories are played, one after another: emptying it costs a command or two, which is
// less than opening another one, and shows that what was removed is gone.
type stage struct {
	t     *testing.T
	ctx   context.Context
	open  func(*testing.T) accounts.Store
	clean *history // the last one, which ended well and can be cleared away; nil: open a new store
	past  int      // how many histories the store has seen
}

// perStore is how many histories are played on one store.
const perStore = 10

// begin answers a history on an empty store. Until it ends well the next one gets a new store, so that a broken one does
// not spoil the search for the shortest history.
func (s *stage) begin(rt *rapid.T) *history {
	old := s.clean
	s.clean = nil
	if old == nil || s.past >= perStore {
		s.past = 0
		return newHistory(s.ctx, rt, s.open(s.t), &clock{at: time.Date(2026, time.May, 4, 10, 0, 0, 987654321, time.UTC)})
	}
	old.t = rt
	old.clear()
	return newHistory(s.ctx, rt, old.store, old.clock)
}

func (s *stage) end(h *history) {
	s.past++
	s.clean = h
}

// history is one run of random commands on the managers and on the model.
type history struct {
	t       *rapid.T
	ctx     context.Context
	store   accounts.Store
	clock   *clock
	clients *accounts.Manager
	subs    *subscriptions.Manager
	model   *model

	asked   []string          // the names about which Options.AllowDomain was asked during the last command
	given   map[string]bool   // ids that the store gave to something
	crowded bool              // many accounts moved in at once
	gone    []int64           // ids of what was removed
	tokens  []token           // of ResetToken
	cursors []accounts.Cursor // of the model's events that were read, in the same order
	pruned  []accounts.Cursor // of events that were pruned
	foreign []accounts.Cursor // of pages of lists
}

func newHistory(ctx context.Context, rt *rapid.T, store accounts.Store, c *clock) *history {
	h := &history{t: rt, ctx: ctx, store: store, clock: c, model: newModel(), given: map[string]bool{}}
	h.clients = accounts.NewManager(store, &accounts.Options{
		Now: c.now, Hasher: plainHasher{}, Secret: []byte("thirty-two bytes are the minimum"),
		ReservedLogins: append(accounts.DefaultReservedLogins(), reservedLogin), ReservedDomains: []string{reservedTop},
		AllowDomain: func(_ context.Context, _ accounts.ID, name string) error {
			h.asked = append(h.asked, name)
			if name == deniedName {
				return errDenied
			}
			return nil
		},
	})
	h.subs = h.clients.Subscriptions()
	return h
}

// clear removes everything from the store.
func (h *history) clear() {
	if all := sorted(h.model.accounts); len(all) > 0 {
		_, err := h.clients.Remove(h.ctx, all)
		require.NoError(h.t, err)
	}
	if all := h.model.subscriptionsOf(subscriptions.Provider); len(all) > 0 {
		_, err := h.subs.Remove(h.ctx, all)
		require.NoError(h.t, err)
	}
	h.clock.advance(time.Second)
	_, err := h.clients.Events(h.ctx, accounts.EventQuery{Limit: 1}) // only numbered events can be pruned
	require.NoError(h.t, err)
	_, err = h.clients.PruneEvents(h.ctx, h.clock.now())
	require.NoError(h.t, err)
}

// step is one random step. The clock stands still unless a step moves it, so that equal times are common.
func (h *history) step(rt *rapid.T) {
	h.t = rt
	all := weighted()
	if h.small() && h.chance(3) {
		all = all[:creating]
	}
	s := one(h, "step", all...)
	h.t.Logf("step: %s", s.name)
	s.do(h)
}

// small tells whether there is so little that most commands would have nothing to do.
func (h *history) small() bool { return len(h.model.accounts) < 3 || len(h.model.domains) < 5 }

// command prepares for one command: who gives it, and when.
func (h *history) command() context.Context {
	given := one(h, "actor", "anna", "anna", "", " bert ", "bert", "bert", "", h.seldomText("two\nlines", "anna"))
	h.asked, h.model.asked = nil, nil
	h.model.actor = strings.TrimSpace(given)
	h.model.now = h.clock.stored()
	if given == "" {
		return h.ctx
	}
	return accounts.WithActor(h.ctx, given)
}

// same compares an answer with that of the model.
func (h *history) same(what string, got any, err error, want any, wantErr error) {
	told, model := told(got, err), told(want, wantErr)
	h.t.Logf("%s\n  %s", what, told)
	if told != model {
		h.t.Fatalf("%s\nanswers %s\nmodel   %s", what, told, model)
	}
	if err == nil {
		h.askedAbout(what, h.model.asked)
	}
	h.model.asked = nil
}

// askedAbout checks that the host was asked about the names that a command gave to an account.
func (h *history) askedAbout(what string, names []string) {
	for _, name := range names {
		if !slices.Contains(h.asked, name) {
			h.t.Fatalf("%s\nasked the host about %v, and not about %s", what, h.asked, name)
		}
	}
}

// learned answers how the model learns the ids of what a command created. If the command failed, the model is wrong about
// that, or the library.
func (h *history) learned(what string, err error, learn func() made) func() made {
	return func() made {
		if err != nil {
			h.t.Fatalf("%s\nanswers %s\nmodel   it can be done", what, toldError(err))
		}
		ids := learn()
		h.isNew(accounts.LevelAccount, int64(ids.account))
		h.isNew(accounts.LevelSubscription, int64(ids.subscription))
		for _, id := range ids.domains {
			h.isNew(accounts.LevelDomain, int64(id))
		}
		return ids
	}
}

// isNew checks that an id was never given before; 0 is none.
func (h *history) isNew(l accounts.Level, id int64) {
	if id == 0 {
		return
	}
	key := fmt.Sprintf("%s %d", l, id)
	require.Positive(h.t, id, key)
	require.False(h.t, h.given[key], "%s was given before", key)
	h.given[key] = true
}

// domainsOf answers the ids of a new subscription's domains as the store has them, ascending, and that there are so many.
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

// everything compares all that the store has with the model: each list, and the log from its beginning.
func (h *history) everything() {
	h.sameAccounts(accounts.Query{}, 500)
	h.sameSubscriptions(subscriptions.Query{}, 500)
	h.sameDomains(subscriptions.DomainQuery{}, 500)
	h.readNew()
	h.sameEvents(accounts.EventQuery{Limit: 500}, h.model.events)
}

// one draws one of some options, each as likely as the others; histories shrink towards the first.
func one[T any](h *history, label string, options ...T) T {
	return options[uniform(len(options)).Draw(h.t, label)]
}

// uniform draws a number below n. The integers of rapid prefer small ones, which would starve the last of many options.
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

// seldom and seldomText answer the first of two in one case of six.
func (h *history) seldom(this, that int) int {
	if h.chance(6) {
		return this
	}
	return that
}

func (h *history) seldomText(this, that string) string {
	if h.chance(6) {
		return this
	}
	return that
}

// chance is true once in n times; histories shrink towards false.
func (h *history) chance(n int) bool { return uniform(n).Draw(h.t, fmt.Sprintf("1 in %d", n)) == n-1 }

// toldError writes an error's kind and particulars.
func toldError(err error) string {
	var (
		invalid   *accounts.InvalidError
		taken     *accounts.TakenError
		unknown   *accounts.NotFoundError
		conflict  *accounts.ConflictError
		suspended *accounts.SuspendedError
	)
	switch {
	case errors.As(err, &invalid):
		var faults []string
		for _, f := range invalid.Fields {
			faults = append(faults, f.Path+" "+f.Rule)
		}
		slices.Sort(faults)
		return fmt.Sprintf("invalid: %q", faults)
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
	return "another error: " + err.Error()
}

// inOrder puts names that were refused at the same path into one order: the library promises none for them.
func inOrder(all []accounts.Taken) []accounts.Taken {
	if all[0].Field == "ids" {
		slices.SortFunc(all, func(a, b accounts.Taken) int { return strings.Compare(a.Value, b.Value) })
	}
	return all
}
