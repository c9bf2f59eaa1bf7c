package memory

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// TestIndexes gives random commands, and rebuilds every index from the rows after each few of them.
func TestIndexes(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := newCommander(t, seed)
			most := map[string]int{}
			for n := range 1_000 {
				c.command()
				if n%20 == 19 {
					requireIndexed(t, c.store.root.Load())
					measure(most, c.store.root.Load())
				}
			}
			for name, length := range most {
				require.Positive(t, length, "no random command ever left anything in "+name)
			}
		})
	}
}

// measure keeps how large each index has been at most.
func measure(most map[string]int, r *root) {
	for name, length := range map[string]int{
		"accounts.byExternalID": r.accounts.byExternalID.read.Len(), "accounts.counts": r.accounts.counts.read.Len(),
		"subscriptions.byExternalID": r.subscriptions.byExternalID.read.Len(), "subscriptions.due": r.subscriptions.due.read.Len(),
		"domains.bySubscription": r.domains.bySubscription.read.Len(), "domains.shadows": r.domains.shadows.read.Len(),
		"holds.accounts": r.holds.accounts.read.Len(), "holds.subscriptions": r.holds.subscriptions.read.Len(),
		"holds.domains": r.holds.domains.read.Len(), "log.told": r.log.told.read.Len(), "log.pruned": int(r.log.pruned),
	} {
		most[name] = max(most[name], length)
	}
}

// requireIndexed compares every index with what the rows say it should be.
func requireIndexed(t *testing.T, r *root) {
	t.Helper()
	requireSealed(t, reflect.ValueOf(r).Elem())
	requireAccountsIndexed(t, r)
	requireSubscriptionsIndexed(t, r)
	requireDomainsIndexed(t, r)
	requireHoldsIndexed(t, r)
	requireEventsIndexed(t, r)
	requireHeldFound(t, r)
	requireNamesFound(t, r)
}

// requireHeldFound compares the ways to what is held: from the holds downwards, and by looking at every row.
func requireHeldFound(t *testing.T, r *root) {
	t.Helper()
	for _, cause := range []subscriptions.Cause{"", subscriptions.CauseBilling, subscriptions.CauseExpired} {
		held := accounts.ListParams{Status: accounts.Suspended, Cause: cause}
		isHeld := r.accountFilter(t.Context(), held)
		require.ElementsMatch(t, chosen(all(r.accounts.byID.read), isHeld), slices.Collect(r.heldAccounts(cause)))

		heldSubs := subscriptions.ListParams{Status: accounts.Suspended, Cause: cause}
		isSubHeld := r.subscriptionFilter(t.Context(), heldSubs)
		require.ElementsMatch(t, chosen(all(r.subscriptions.byID.read), isSubHeld), slices.Collect(r.heldSubscriptions(cause)))

		heldDomains := subscriptions.DomainListParams{Status: accounts.Suspended, Cause: cause}
		isDomainHeld := r.domainFilter(heldDomains)
		require.ElementsMatch(t, chosen(all(r.domains.byID.read), isDomainHeld), slices.Collect(r.heldDomains(cause)))
	}
}

// requireNamesFound compares the ways to who has a name: all domains at once, and one account or subscription by itself.
func requireNamesFound(t *testing.T, r *root) {
	t.Helper()
	for _, n := range []needle{"site1", mark + "l1.", "l2.site", "no such name"} {
		accountsNaming := r.accountsNaming(n, &pace{ctx: t.Context()})
		for a := range all(r.accounts.byID.read) {
			require.Equal(t, r.accountNames(a, n), accountsNaming.has(int64(a.ID)))
		}
		naming := r.subscriptionsNaming(n, &pace{ctx: t.Context()})
		for s := range all(r.subscriptions.byID.read) {
			require.Equal(t, r.names(s.ID, n), naming.has(int64(s.ID)))
		}
	}
}

func chosen[R any](rows iter.Seq[*R], keep func(*R) bool) []*R {
	var kept []*R
	for row := range rows {
		if keep(row) {
			kept = append(kept, row)
		}
	}
	return kept
}

// requireSealed looks for trees that a later command would write to although readers hold them.
func requireSealed(t *testing.T, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		field := v.Field(i)
		if field.Kind() != reflect.Struct {
			continue
		}
		if working := field.FieldByName("working"); working.IsValid() {
			require.False(t, working.Bool(), v.Type().Field(i).Name)
			continue
		}
		requireSealed(t, field)
	}
}

func requireAccountsIndexed(t *testing.T, r *root) {
	t.Helper()
	rows := r.accounts.byID.read.Values()
	logins, externals := map[string]*account{}, map[string]*account{}
	for _, a := range rows {
		logins[a.Login] = a
		if a.ExternalID != "" {
			externals[a.ExternalID] = a
		}
		require.Equal(t, a.Account.SortName(), a.sortName)
		require.Equal(t, joined(a.SearchTexts()), a.texts)
	}
	require.Equal(t, logins, entries(r.accounts.byLogin))
	require.Equal(t, externals, entries(r.accounts.byExternalID))
	require.Equal(t, sortedBy(rows, func(a, b *account) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	}), r.accounts.byCreation.read.Items())
	require.Equal(t, sortedBy(rows, func(a, b *account) int {
		return cmp.Or(cmp.Compare(a.SortName(), b.SortName()), cmp.Compare(a.ID, b.ID))
	}), r.accounts.bySortName.read.Items())
	counts := map[accounts.ID]count{}
	for _, s := range r.subscriptions.byID.read.Values() {
		n := counts[s.AccountID]
		n.subscriptions++
		for _, d := range r.domains.byID.read.Values() {
			if d.SubscriptionID == s.ID {
				n.domains++
			}
		}
		counts[s.AccountID] = n
	}
	delete(counts, subscriptions.Provider)
	kept := entries(r.accounts.counts)
	maps.DeleteFunc(kept, func(id accounts.ID, n count) bool { return n == count{} && r.exists(subject{"account", int64(id)}) })
	require.Equal(t, counts, kept)
}

func requireSubscriptionsIndexed(t *testing.T, r *root) {
	t.Helper()
	rows := r.subscriptions.byID.read.Values()
	externals := map[string]*subscription{}
	var due []*subscription
	for _, s := range rows {
		if s.ExternalID != "" {
			externals[s.ExternalID] = s
		}
		holds, _ := r.holds.subscriptions.read.Get(int64(s.ID))
		expired := slices.ContainsFunc(holds, func(h subscriptions.Hold) bool { return h.Cause == subscriptions.CauseExpired })
		if !s.ExpiresAt.IsZero() && !expired {
			due = append(due, s)
		}
		require.Equal(t, joined(s.SearchTexts()), s.texts)
	}
	require.Equal(t, externals, entries(r.subscriptions.byExternalID))
	creation := func(a, b *subscription) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	}
	require.Equal(t, sortedBy(rows, creation), r.subscriptions.byCreation.read.Items())
	require.Equal(t, sortedBy(rows, func(a, b *subscription) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), creation(a, b))
	}), r.subscriptions.byAccount.read.Items())
	require.Equal(t, sortedBy(due, func(a, b *subscription) int {
		return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.ID, b.ID))
	}), r.subscriptions.due.read.Items())
}

func requireDomainsIndexed(t *testing.T, r *root) {
	t.Helper()
	rows := r.domains.byID.read.Values()
	names, shadows := map[string]*domain{}, map[shadow]int{}
	for _, d := range rows {
		names[d.Name] = d
		require.Equal(t, joined(d.SearchTexts()), d.texts)
		s, found := r.subscriptions.byID.read.Get(d.SubscriptionID)
		require.True(t, found, "the domain has no subscription")
		for _, above := range subscriptions.Ancestors(d.Name) {
			shadows[shadow{name: above, account: s.AccountID}]++
		}
	}
	require.Equal(t, names, entries(r.domains.byName))
	require.Equal(t, sortedBy(rows, func(a, b *domain) int {
		return cmp.Or(cmp.Compare(a.SubscriptionID, b.SubscriptionID), cmp.Compare(a.Name, b.Name))
	}), r.domains.bySubscription.read.Items())
	kept := map[shadow]int{}
	for _, s := range r.domains.shadows.read.Items() {
		kept[shadow{name: s.name, account: s.account}] = s.domains
	}
	require.Equal(t, shadows, kept)
}

func requireHoldsIndexed(t *testing.T, r *root) {
	t.Helper()
	check := func(holds table[int64, subscriptions.Holds], exists func(id int64) bool) {
		for id, all := range entries(holds) {
			require.NotEmpty(t, all)
			require.True(t, exists(id), "a hold on nothing")
			require.True(t, slices.IsSortedFunc(all, func(a, b subscriptions.Hold) int { return cmp.Compare(a.Cause, b.Cause) }))
		}
	}
	check(r.holds.accounts, func(id int64) bool { _, found := r.accounts.byID.read.Get(accounts.ID(id)); return found })
	check(r.holds.subscriptions, func(id int64) bool {
		_, found := r.subscriptions.byID.read.Get(subscriptions.ID(id))
		return found
	})
	check(r.holds.domains, func(id int64) bool { _, found := r.domains.byID.read.Get(subscriptions.DomainID(id)); return found })
}

func requireEventsIndexed(t *testing.T, r *root) {
	t.Helper()
	var byAccount []accountEvent
	var told []mention
	details := map[int64][]detail{}
	for number := int64(1); number <= r.log.last; number++ {
		e := r.log.at(number)
		if e == nil || e.kind == "" {
			require.LessOrEqual(t, number, r.log.pruned)
			continue
		}
		byAccount = append(byAccount, accountEvent{e.account, number})
		kept, found := r.log.details.read.Get(number)
		if !found {
			continue
		}
		details[number] = kept
		if slices.ContainsFunc(kept, detail.isText) {
			require.True(t, r.exists(e.subject()), "texts about what was removed")
			told = append(told, mention{e.subject(), number})
		}
	}
	require.Equal(t, sortedBy(byAccount, byAccountNumber), r.log.byAccount.read.Items())
	require.Equal(t, sortedBy(told, bySubject), r.log.told.read.Items())
	require.Equal(t, details, entries(r.log.details))
}

func (r *root) exists(s subject) bool {
	found := false
	switch s.level {
	case subscriptions.LevelAccount:
		_, found = r.accounts.byID.read.Get(accounts.ID(s.id))
	case subscriptions.LevelSubscription:
		_, found = r.subscriptions.byID.read.Get(subscriptions.ID(s.id))
	case subscriptions.LevelDomain:
		_, found = r.domains.byID.read.Get(subscriptions.DomainID(s.id))
	}
	return found
}

func entries[K cmp.Ordered, V any](t table[K, V]) map[K]V {
	all := map[K]V{}
	t.read.Scan(func(k K, v V) bool { all[k] = v; return true })
	return all
}

func sortedBy[T any](rows []T, compare func(a, b T) int) []T {
	sorted := make([]T, len(rows))
	copy(sorted, rows)
	slices.SortFunc(sorted, compare)
	return sorted
}

// commander gives random commands. Most of them are sound; what the domain refuses changes nothing.
type commander struct {
	t       *testing.T
	random  *rand.Rand
	store   *Store
	clients *accounts.Manager
	subs    *subscriptions.Manager
	now     time.Time
}

func newCommander(t *testing.T, seed uint64) *commander {
	c := &commander{
		t: t, random: rand.New(rand.NewPCG(seed, 1)), store: New(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	c.clients = accounts.NewManager(c.store, &accounts.Options{Now: func() time.Time { return c.now }})
	c.subs = c.clients.Subscriptions()
	return c
}

// hash is what accounts are created with, because hashing would take longer than all else.
const hash = "$2a$04$abcdefghijklmnopqrstuuO1uS7s3kq2dYHkV8rS5z0l4y9Xo1n2i"

func (c *commander) n(below int) int { return c.random.IntN(below) }

func (c *commander) account() accounts.ID { return accounts.ID(c.n(40) + 1) }

func (c *commander) subscription() subscriptions.ID { return subscriptions.ID(c.n(60) + 1) }

func (c *commander) domain() subscriptions.DomainID { return subscriptions.DomainID(c.n(120) + 1) }

func (c *commander) text(kind string) string { return fmt.Sprint(kind, c.n(100)) }

// name answers a name of one to three labels below a few registrable ones, so that names lie below each other.
func (c *commander) name() string {
	name := fmt.Sprintf("site%d.com", c.n(30))
	for range c.n(3) {
		name = fmt.Sprintf("l%d.%s", c.n(3), name)
	}
	return name
}

func (c *commander) expiry() time.Time {
	if c.n(2) == 0 {
		return time.Time{}
	}
	return c.now.Add(time.Duration(c.n(200)-50) * time.Minute)
}

func (c *commander) hold() subscriptions.Hold {
	causes := []subscriptions.Cause{"", subscriptions.CauseBilling, subscriptions.CauseAbuse, "own"}
	h := subscriptions.Hold{Cause: causes[c.n(len(causes))]}
	if c.n(2) == 0 {
		h.Note, h.Public = "a note", "a public text"
	}
	return h
}

func (c *commander) newSubscription() subscriptions.New {
	in := subscriptions.New{Name: c.text("Plan "), ExpiresAt: c.expiry()}
	if c.n(3) == 0 {
		in.ExternalID = c.text("sub")
	}
	for range c.n(4) {
		in.Domains = append(in.Domains, c.name())
	}
	return in
}

// command gives one command, and makes time go on.
func (c *commander) command() {
	c.now = c.now.Add(time.Duration(c.n(60)) * time.Second)
	ctx := accounts.WithActor(c.t.Context(), "somebody")
	some := []accounts.ID{c.account()}
	subs := []subscriptions.ID{c.subscription()}
	domains := []subscriptions.DomainID{c.domain()}
	login, text, external := c.text("login"), c.text("Text "), c.text("ext")
	expiry := c.expiry()
	commands := []func(){
		func() { c.create() },
		func() { c.create() },
		func() { c.create() },
		func() {
			contact := accounts.Contact{Name: text}
			_, _ = c.clients.Update(ctx, some[0], accounts.Changes{Login: &login, Contact: &contact, ExternalID: &external})
		},
		func() { _, _ = c.clients.Suspend(ctx, some, c.hold()) },
		func() { _, _ = c.clients.Activate(ctx, some) },
		func() { _, _ = c.clients.Remove(ctx, some) },
		func() {
			in := c.newSubscription()
			in.AccountID = some[0]
			_, _ = c.subs.Create(ctx, in)
		},
		func() { _, _ = c.subs.Create(ctx, c.newSubscription()) },
		func() {
			_, _ = c.subs.Update(ctx, subs[0], subscriptions.Changes{Name: &text, ExternalID: &external, ExpiresAt: &expiry})
		},
		func() { _, _ = c.subs.Assign(ctx, subs, some[0]) },
		func() { _, _ = c.subs.Suspend(ctx, subs, c.hold()) },
		func() { _, _ = c.subs.Lift(ctx, subs, []subscriptions.Cause{subscriptions.CauseProvider, "own"}) },
		func() { _, _ = c.subs.Remove(ctx, subs) },
		func() { _, _ = c.subs.Expire(ctx) },
		func() { _, _ = c.subs.AddDomain(ctx, subs[0], c.name()) },
		func() { _, _ = c.subs.AddDomain(ctx, subs[0], c.name()) },
		func() { _, _ = c.subs.RenameDomain(ctx, domains[0], c.name()) },
		func() { _, _ = c.subs.MoveDomains(ctx, domains, subs[0]) },
		func() { _ = c.subs.SetMainDomain(ctx, domains[0]) },
		func() { _, _ = c.subs.SuspendDomains(ctx, domains, c.hold()) },
		func() { _, _ = c.subs.ActivateDomains(ctx, domains) },
		func() { _, _ = c.subs.RemoveDomains(ctx, domains) },
		func() {
			_, err := c.clients.PruneEvents(ctx, c.now.Add(-time.Hour))
			require.NoError(c.t, err)
		},
	}
	commands[c.n(len(commands))]()
}

func (c *commander) create() {
	in := accounts.New{Login: c.text("login"), PasswordHash: hash, Contact: accounts.Contact{Name: c.text("Name ")}}
	if c.n(3) == 0 {
		in.ExternalID = c.text("ext")
	}
	if c.n(3) > 0 {
		s := c.newSubscription()
		in.Subscription = &s
	}
	_, _ = c.clients.Create(c.t.Context(), in)
}
