package memory

import (
	"cmp"
	"context"
	"errors"
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

// TestIndexes runs random commands. After every 20th it compares all indexes with the rows.
func TestIndexes(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := newRandomClient(t, seed)
			maxSizes := map[string]int{}
			for n := range 1_000 {
				c.commands()
				if n%20 == 19 {
					requireIndexed(t, c.store.root.Load())
					recordMaxSizes(maxSizes, c.store.root.Load())
				}
			}
			for name, length := range maxSizes {
				require.Positive(t, length, "index %s was empty whenever it was checked", name)
			}
		})
	}
}

// recordMaxSizes updates the maximum size of each index.
func recordMaxSizes(maxSizes map[string]int, r *root) {
	for name, length := range map[string]int{
		"accounts.byExternalID": r.accounts.byExternalID.read.Len(), "accounts.counts": r.accounts.counts.read.Len(),
		"subscriptions.byExternalID": r.subscriptions.byExternalID.read.Len(), "subscriptions.byExpiry": r.subscriptions.byExpiry.read.Len(),
		"domains.bySubscription": r.domains.bySubscription.read.Len(), "domains.descendantCounts": r.domains.descendantCounts.read.Len(),
		"holds.accounts": r.holds.accounts.read.Len(), "holds.subscriptions": r.holds.subscriptions.read.Len(),
		"holds.domains": r.holds.domains.read.Len(), "entries.byExpiry": r.entries.byExpiry.read.Len(), "entries.byOwner": r.entries.byOwner.read.Len(), "log.redactable": r.log.redactable.read.Len(), "log.pruned": int(r.log.pruned),
	} {
		maxSizes[name] = max(maxSizes[name], length)
	}
}

// requireIndexed compares every index with the one built from the rows.
func requireIndexed(t *testing.T, r *root) {
	t.Helper()
	requireSealed(t, reflect.ValueOf(r).Elem())
	requireAccountsIndexed(t, r)
	requireSubscriptionsIndexed(t, r)
	requireDomainsIndexed(t, r)
	requireHoldsIndexed(t, r)
	requireEntriesIndexed(t, r)
	requireEventsIndexed(t, r)
	requireHeldRowsFound(t, r)
	requireDomainSearchFound(t, r)
}

// requireHeldRowsFound compares the suspended rows found from the holds with those found by a scan.
func requireHeldRowsFound(t *testing.T, r *root) {
	t.Helper()
	for _, cause := range []subscriptions.Cause{"", subscriptions.CauseBilling, subscriptions.CauseExpired} {
		params := accounts.ListParams{Status: accounts.Suspended, Cause: cause}
		isHeld := r.accountFilter(t.Context(), params)
		require.ElementsMatch(t, filter(all(r.accounts.byID.read), isHeld), slices.Collect(r.heldAccounts(cause)))

		subParams := subscriptions.ListParams{Status: accounts.Suspended, Cause: cause}
		isSubHeld := r.subscriptionFilter(t.Context(), subParams)
		require.ElementsMatch(t, filter(all(r.subscriptions.byID.read), isSubHeld), slices.Collect(r.heldSubscriptions(cause)))

		domainParams := subscriptions.DomainListParams{Status: accounts.Suspended, Cause: cause}
		isDomainHeld := r.domainFilter(domainParams)
		require.ElementsMatch(t, filter(all(r.domains.byID.read), isDomainHeld), slices.Collect(r.heldDomains(cause)))
	}
}

// requireDomainSearchFound compares a search through all domains with one through the domains of each row.
func requireDomainSearchFound(t *testing.T, r *root) {
	t.Helper()
	terms := []subscriptions.SearchTerm{{Text: "site1"}, {Text: " l1."}, {Text: "l2. site"}, {Text: "no such name"}}
	accountIDs := r.accountsWithDomain(terms, &ctxChecker{ctx: t.Context()})
	subIDs := r.subscriptionsWithDomain(terms, &ctxChecker{ctx: t.Context()})
	for i, term := range terms {
		for a := range all(r.accounts.byID.read) {
			require.Equal(t, r.accountHasDomain(a.ID, term), accountIDs[i].has(int64(a.ID)))
		}
		for s := range all(r.subscriptions.byID.read) {
			require.Equal(t, r.subscriptionHasDomain(s.ID, term), subIDs[i].has(int64(s.ID)))
		}
	}
}

func filter[R any](rows iter.Seq[*R], keep func(*R) bool) []*R {
	var found []*R
	for row := range rows {
		if keep(row) {
			found = append(found, row)
		}
	}
	return found
}

// requireSealed fails if a later command would write to a tree that readers use.
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
		require.Equal(t, a.SearchText(), a.searchText)
	}
	require.Equal(t, logins, entries(r.accounts.byLogin))
	require.Equal(t, externals, entries(r.accounts.byExternalID))
	require.Equal(t, sortedBy(rows, func(a, b *account) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	}), r.accounts.byCreation.read.Items())
	require.Equal(t, sortedBy(rows, func(a, b *account) int {
		return cmp.Or(cmp.Compare(a.SortName(), b.SortName()), cmp.Compare(a.ID, b.ID))
	}), r.accounts.bySortName.read.Items())
	counts := map[accounts.ID]accountCounts{}
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
	stored := entries(r.accounts.counts)
	maps.DeleteFunc(stored, func(id accounts.ID, n accountCounts) bool {
		return n == accountCounts{} && r.exists(subject{"account", int64(id)})
	})
	require.Equal(t, counts, stored)
}

func requireEntriesIndexed(t *testing.T, r *root) {
	t.Helper()
	var byExpiry, byOwner []*entry
	rows := r.entries.byKey.read.Items()
	for _, e := range rows {
		if !e.ExpiresAt.IsZero() {
			byExpiry = append(byExpiry, e)
		}
		if e.owner != 0 {
			byOwner = append(byOwner, e)
			require.True(t, r.exists(subject{"account", int64(e.owner)}), e.Key)
		}
	}
	byKey := func(a, b *entry) int { return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.Key, b.Key)) }
	require.True(t, slices.IsSortedFunc(rows, byKey))
	require.Equal(t, sortedBy(byExpiry, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), a.ExpiresAt.Compare(b.ExpiresAt), byKey(a, b))
	}), r.entries.byExpiry.read.Items())
	require.Equal(t, sortedBy(byOwner, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.owner, b.owner), byKey(a, b))
	}), r.entries.byOwner.read.Items())
}

func requireSubscriptionsIndexed(t *testing.T, r *root) {
	t.Helper()
	rows := r.subscriptions.byID.read.Values()
	externals := map[string]*subscription{}
	var byExpiry []*subscription
	for _, s := range rows {
		if s.ExternalID != "" {
			externals[s.ExternalID] = s
		}
		holds, _ := r.holds.subscriptions.read.Get(int64(s.ID))
		expired := slices.ContainsFunc(holds, func(h subscriptions.Hold) bool { return h.Cause == subscriptions.CauseExpired })
		if !s.ExpiresAt.IsZero() && !expired {
			byExpiry = append(byExpiry, s)
		}
		require.Equal(t, s.SearchText(), s.searchText)
	}
	require.Equal(t, externals, entries(r.subscriptions.byExternalID))
	byCreation := func(a, b *subscription) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	}
	require.Equal(t, sortedBy(rows, byCreation), r.subscriptions.byCreation.read.Items())
	require.Equal(t, sortedBy(rows, func(a, b *subscription) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), byCreation(a, b))
	}), r.subscriptions.byAccount.read.Items())
	require.Equal(t, sortedBy(byExpiry, func(a, b *subscription) int {
		return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.ID, b.ID))
	}), r.subscriptions.byExpiry.read.Items())
}

func requireDomainsIndexed(t *testing.T, r *root) {
	t.Helper()
	rows := r.domains.byID.read.Values()
	names, counts := map[string]*domain{}, map[descendantCount]int{}
	for _, d := range rows {
		names[d.Name] = d
		require.Equal(t, d.SearchText(), d.searchText)
		s, found := r.subscriptions.byID.read.Get(d.SubscriptionID)
		require.True(t, found, "domain without a subscription")
		for _, ancestor := range subscriptions.Ancestors(d.Name) {
			counts[descendantCount{name: ancestor, account: s.AccountID}]++
		}
	}
	require.Equal(t, names, entries(r.domains.byName))
	require.Equal(t, sortedBy(rows, func(a, b *domain) int {
		return cmp.Or(cmp.Compare(a.SubscriptionID, b.SubscriptionID), cmp.Compare(a.Name, b.Name))
	}), r.domains.bySubscription.read.Items())
	stored := map[descendantCount]int{}
	for _, s := range r.domains.descendantCounts.read.Items() {
		stored[descendantCount{name: s.name, account: s.account}] = s.domains
	}
	require.Equal(t, counts, stored)
}

func requireHoldsIndexed(t *testing.T, r *root) {
	t.Helper()
	check := func(holds table[int64, subscriptions.Holds], exists func(id int64) bool) {
		for id, all := range entries(holds) {
			require.NotEmpty(t, all)
			require.True(t, exists(id), "hold of a row that does not exist")
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
	var redactable []subjectEvent
	details := map[int64][]detail{}
	for number := int64(1); number <= r.log.last; number++ {
		e := r.log.slot(number)
		if e == nil || e.kind == "" {
			require.LessOrEqual(t, number, r.log.pruned)
			continue
		}
		byAccount = append(byAccount, accountEvent{e.account, number})
		stored, found := r.log.details.read.Get(number)
		if !found {
			continue
		}
		details[number] = stored
		if slices.ContainsFunc(stored, e.redacts()) {
			require.True(t, r.exists(e.subject()), "text about a removed row")
			redactable = append(redactable, subjectEvent{e.subject(), number})
		}
	}
	require.Equal(t, sortedBy(byAccount, byAccountNumber), r.log.byAccount.read.Items())
	require.Equal(t, sortedBy(redactable, bySubject), r.log.redactable.read.Items())
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

// randomClient runs random commands. Most of them succeed; those that fail change nothing.
type randomClient struct {
	t       *testing.T
	random  *rand.Rand
	store   *Store
	clients *accounts.Manager
	subs    *subscriptions.Manager
	now     time.Time
}

func newRandomClient(t *testing.T, seed uint64) *randomClient {
	c := &randomClient{
		t: t, random: rand.New(rand.NewPCG(seed, 1)), store: New(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	c.clients = accounts.NewManager(c.store, &accounts.Options{Now: func() time.Time { return c.now }})
	c.subs = c.clients.Subscriptions()
	return c
}

// hash is the password hash of all accounts, because hashing would take longer than everything else.
const hash = "$2a$04$abcdefghijklmnopqrstuuO1uS7s3kq2dYHkV8rS5z0l4y9Xo1n2i"

func (c *randomClient) intN(below int) int { return c.random.IntN(below) }

func (c *randomClient) account() accounts.ID { return accounts.ID(c.intN(40) + 1) }

func (c *randomClient) subscription() subscriptions.ID { return subscriptions.ID(c.intN(60) + 1) }

func (c *randomClient) domain() subscriptions.DomainID {
	return subscriptions.DomainID(c.intN(120) + 1)
}

func (c *randomClient) text(kind string) string { return fmt.Sprint(kind, c.intN(100)) }

// name returns one of a few registrable names or a name up to two labels below one, so that names conflict.
func (c *randomClient) name() string {
	name := fmt.Sprintf("site%d.com", c.intN(30))
	for range c.intN(3) {
		name = fmt.Sprintf("l%d.%s", c.intN(3), name)
	}
	return name
}

func (c *randomClient) expiry() time.Time {
	if c.intN(2) == 0 {
		return time.Time{}
	}
	return c.now.Add(time.Duration(c.intN(200)-50) * time.Minute)
}

func (c *randomClient) hold() subscriptions.Hold {
	causes := []subscriptions.Cause{"", subscriptions.CauseBilling, subscriptions.CauseAbuse, "custom"}
	h := subscriptions.Hold{Cause: causes[c.intN(len(causes))]}
	if c.intN(2) == 0 {
		h.Note, h.Public = "a note", "a public text"
	}
	return h
}

func (c *randomClient) newSubscription() subscriptions.New {
	in := subscriptions.New{Name: c.text("Plan "), ExpiresAt: c.expiry()}
	if c.intN(3) == 0 {
		in.ExternalID = c.text("sub")
	}
	for range c.intN(4) {
		in.Domains = append(in.Domains, c.name())
	}
	return in
}

// commands runs one command or, in a third of all cases, several in a Transaction, which may be rolled back.
func (c *randomClient) commands() {
	if c.intN(3) > 0 {
		c.command()
		return
	}
	clients, before := c.clients, c.store.root.Load()
	n, rollback := c.intN(4), c.intN(2) == 0
	errRolledBack := errors.New("rolled back")
	err := clients.Transaction(c.t.Context(), func(_ context.Context, tx *accounts.Manager) error {
		c.clients, c.subs = tx, tx.Subscriptions()
		for range n {
			c.command()
		}
		require.Same(c.t, before, c.store.root.Load(), "published before the end")
		if rollback {
			return errRolledBack
		}
		return nil
	})
	c.clients, c.subs = clients, clients.Subscriptions()
	if rollback {
		require.Equal(c.t, errRolledBack, err)
		require.Same(c.t, before, c.store.root.Load())
		return
	}
	require.NoError(c.t, err)
}

// command advances the clock and runs one random command.
func (c *randomClient) command() {
	c.now = c.now.Add(time.Duration(c.intN(60)) * time.Second)
	ctx := accounts.WithActor(c.t.Context(), "operator")
	accountIDs := []accounts.ID{c.account()}
	subIDs := []subscriptions.ID{c.subscription()}
	domainIDs := []subscriptions.DomainID{c.domain()}
	login, text, external := c.text("login"), c.text("Text "), c.text("ext")
	expiry := c.expiry()
	commands := []func(){
		func() { c.create() },
		func() { c.create() },
		func() { c.create() },
		func() {
			contact := accounts.Contact{Name: text}
			_, _ = c.clients.Update(ctx, accountIDs[0], accounts.Changes{Login: &login, Contact: &contact, ExternalID: &external})
		},
		func() { _, _ = c.clients.Suspend(ctx, accountIDs, c.hold()) },
		func() { _, _ = c.clients.Activate(ctx, accountIDs) },
		func() { _, _ = c.clients.Remove(ctx, accountIDs) },
		func() { c.putEntry(ctx, accountIDs[0]) },
		func() { c.putEntry(ctx, accountIDs[0]) },
		func() { c.putEntry(ctx, accountIDs[0]) },
		func() { _ = c.clients.Bucket(c.bucket()).Delete(ctx, c.text("k")) },
		func() { _, _ = c.clients.Bucket(c.bucket()).DeletePrefix(ctx, c.text("k")) },
		func() {
			if c.intN(8) == 0 {
				_, _ = c.clients.Bucket(c.bucket()).DeleteExpired(ctx)
			}
		},
		func() {
			in := c.newSubscription()
			in.AccountID = accountIDs[0]
			_, _ = c.subs.Create(ctx, in)
		},
		func() { _, _ = c.subs.Create(ctx, c.newSubscription()) },
		func() {
			_, _ = c.subs.Update(ctx, subIDs[0], subscriptions.Changes{Name: &text, ExternalID: &external, ExpiresAt: &expiry})
		},
		func() { _, _ = c.subs.Assign(ctx, subIDs, accountIDs[0]) },
		func() { _, _ = c.subs.Suspend(ctx, subIDs, c.hold()) },
		func() { _, _ = c.subs.Lift(ctx, subIDs, []subscriptions.Cause{subscriptions.CauseProvider, "custom"}) },
		func() { _, _ = c.subs.Remove(ctx, subIDs) },
		func() { _, _ = c.subs.Expire(ctx) },
		func() { _, _ = c.subs.AddDomain(ctx, subIDs[0], c.name()) },
		func() { _, _ = c.subs.AddDomain(ctx, subIDs[0], c.name()) },
		func() { _, _ = c.subs.RenameDomain(ctx, domainIDs[0], c.name()) },
		func() { _, _ = c.subs.MoveDomains(ctx, domainIDs, subIDs[0]) },
		func() { _ = c.subs.SetMainDomain(ctx, domainIDs[0]) },
		func() { _, _ = c.subs.SuspendDomains(ctx, domainIDs, c.hold()) },
		func() { _, _ = c.subs.ActivateDomains(ctx, domainIDs) },
		func() { _, _ = c.subs.RemoveDomains(ctx, domainIDs) },
		func() {
			if _, err := c.clients.PruneEvents(ctx, c.now.Add(-time.Hour)); err != nil {
				require.ErrorIs(c.t, err, accounts.ErrInvalid, "in a transaction")
			}
		},
	}
	commands[c.intN(len(commands))]()
}

func (c *randomClient) bucket() string { return fmt.Sprintf("b%d", c.intN(2)) }

func (c *randomClient) putEntry(ctx context.Context, owner accounts.ID) {
	e := accounts.Entry{Key: c.text("k"), ExpiresAt: c.expiry()}
	if c.intN(2) == 0 {
		e.Key = fmt.Sprintf("account/%d/%s", owner, e.Key)
	}
	_, _ = c.clients.Bucket(c.bucket()).Put(ctx, e, accounts.Any)
}

func (c *randomClient) create() {
	in := accounts.New{Login: c.text("login"), PasswordHash: hash, Contact: accounts.Contact{Name: c.text("Name ")}}
	if c.intN(3) == 0 {
		in.ExternalID = c.text("ext")
	}
	if c.intN(3) > 0 {
		s := c.newSubscription()
		in.Subscription = &s
	}
	_, _ = c.clients.Create(c.t.Context(), in)
}
