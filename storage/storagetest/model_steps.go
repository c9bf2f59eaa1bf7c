package storagetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// modelStep is one kind of step in a history.
type modelStep struct {
	weight int
	name   string
	do     func(*history)
}

// creating is the weight of the first steps, which create something.
const creating = 19 // the weights of the first three

func modelSteps() []modelStep {
	return []modelStep{
		{8, "create an account", (*history).create},
		{5, "create a subscription", (*history).createSubscription},
		{6, "add a domain", (*history).addDomain},
		{5, "let time pass", (*history).wait},
		{4, "expire", (*history).expire},

		{1, "let many move in", (*history).moveIn},

		{3, "look an account up", (*history).lookUpAccount},
		{2, "look a subscription up", (*history).lookUpSubscription},
		{3, "look a domain up", (*history).lookUpDomain},
		{3, "list accounts", (*history).listAccounts},
		{3, "list subscriptions", (*history).listSubscriptions},
		{3, "list domains", (*history).listDomains},
		{2, "list with a wrong query", (*history).listWrongly},
		{2, "read events", (*history).readEvents},
		{1, "prune events", (*history).pruneEvents},
		{1, "compare everything", (*history).everything},

		{3, "update an account", (*history).update},
		{2, "set a password", (*history).setPassword},
		{2, "reset a password", (*history).resetPassword},
		{3, "sign in", (*history).signIn},
		{3, "check a session", (*history).checkSession},
		{4, "suspend accounts", func(h *history) { h.suspend(subscriptions.LevelAccount) }},
		{3, "activate accounts", func(h *history) { h.activate(subscriptions.LevelAccount) }},
		{2, "lift causes from accounts", func(h *history) { h.lift(subscriptions.LevelAccount) }},
		{1, "preview a removal", (*history).previewRemoval},
		{1, "remove accounts", (*history).remove},
		{1, "remove accounts as previewed", (*history).removePreviewed},

		{3, "update a subscription", (*history).updateSubscription},
		{4, "assign subscriptions", (*history).assign},
		{3, "suspend subscriptions", func(h *history) { h.suspend(subscriptions.LevelSubscription) }},
		{2, "activate subscriptions", func(h *history) { h.activate(subscriptions.LevelSubscription) }},
		{2, "lift causes from subscriptions", func(h *history) { h.lift(subscriptions.LevelSubscription) }},
		{1, "remove subscriptions", (*history).removeSubscriptions},

		{3, "rename a domain", (*history).renameDomain},
		{4, "move domains", (*history).moveDomains},
		{3, "make a domain the main one", (*history).setMainDomain},
		{3, "suspend domains", func(h *history) { h.suspend(subscriptions.LevelDomain) }},
		{2, "activate domains", func(h *history) { h.activate(subscriptions.LevelDomain) }},
		{2, "lift causes from domains", func(h *history) { h.lift(subscriptions.LevelDomain) }},
		{2, "remove domains", (*history).removeDomains},
	}
}

// weighted answers the steps, each as often as its weight says.
func weighted() []modelStep {
	var all []modelStep
	for _, s := range append(modelSteps(), ownerSteps()...) {
		for range s.weight {
			all = append(all, s)
		}
	}
	return all
}

// What histories are made of is so little that collisions are common.

func (h *history) login() string {
	return one(h, "login", "anna", "bert", "carla", "dora", "longlogin", "4d'e", "Anna", " dora", h.seldomText(one(h, "login", "", "-x", "root", reservedLogin), "bert"))
}

func (h *history) newPassword() string {
	return one(h, "password", password, "another good one", "longlogin", h.seldomText(one(h, "bad password", "short", commonPassword), password))
}

func (h *history) externalID() string {
	return one(h, "external id", "", "", "x-1", "x-2", " x-2 ", h.seldomText("x\n1", "x-1"))
}

func (h *history) text() string {
	return one(h, "text", "", "", "unpaid since May", " two\nlines ")
}

func (h *history) attributes() map[string]string {
	return one(h, "attributes", nil, nil, map[string]string{"vat": "IT1"}, map[string]string{"vat": "", "fax": "2"}, map[string]string{})
}

func (h *history) contact() accounts.Contact {
	return accounts.Contact{
		Name:    one(h, "name", "Anna", "Bruno", "bruno", "Žofia", "Straße 100%", h.seldomText("", "Anna")),
		Company: one(h, "company", "", "Rossi & Figli"),
		Country: one(h, "country", "", "IT", "CH", h.seldomText("XX", "IT")),
	}
}

// name is a way to write a domain's name, seldom one that only the provider may have, or none.
func (h *history) name() string {
	all := knownSpellings()
	i := slices.IndexFunc(all, func(s spelling) bool { return s.bare })
	if h.chance(8) {
		all = all[i:]
	} else {
		all = all[:i]
	}
	return one(h, "domain", all...).given
}

func (h *history) names(most int) []string {
	var names []string
	for range uniform(most+1).Draw(h.t, "domains") {
		names = append(names, h.name())
	}
	return names
}

// expiry is often the very instant.
func (h *history) expiry() time.Time {
	now := h.clock.now()
	elsewhere := time.FixedZone("", -5*3600)
	return one(h, "expiry", time.Time{}, time.Time{}, now, now.Add(-time.Hour), now.Add(time.Second).In(elsewhere), now.Add(time.Hour))
}

func (h *history) imported() time.Time {
	return one(h, "created", time.Time{}, time.Time{}, time.Date(2020, 1, 2, 3, 4, 5, 6789, time.FixedZone("", 7200)))
}

// version is the current one, none or another.
func (h *history) version(current int64) int64 {
	return one(h, "version", 0, 0, current, current, current+1, h.oddVersion())
}

func (h *history) oddVersion() int64 {
	if h.chance(3) {
		return -1
	}
	return 1
}

// unknown is no id of anything.
const unknown = 1 << 40

// id draws one of some ids, seldom one that there is not, or no longer is.
func id[K ~int64](h *history, label string, known []K) K {
	if len(known) == 0 || h.chance(16) {
		return K(one(h, label, append([]int64{unknown}, h.gone...)...))
	}
	return one(h, label, known...)
}

// ids draws some, with repetitions.
func ids[K ~int64](h *history, label string, known []K) []K {
	var all []K
	for range one(h, "how many", 1, 1, 2, 3, 5, h.seldom(0, 4)) {
		all = append(all, id(h, label, known))
	}
	return all
}

func (h *history) accountID() accounts.ID    { return id(h, "account", h.someAccounts()) }
func (h *history) accountIDs() []accounts.ID { return ids(h, "account", h.someAccounts()) }

func (h *history) subscriptionID() subscriptions.ID {
	return id(h, "subscription", h.someSubscriptions())
}

func (h *history) subscriptionIDs() []subscriptions.ID {
	return ids(h, "subscription", h.someSubscriptions())
}

func (h *history) domainID() subscriptions.DomainID { return id(h, "domain", h.someDomains()) }

// domainIDs are some, or all of one subscription.
func (h *history) domainIDs() []subscriptions.DomainID {
	if all := h.model.domainsOf(h.subscriptionID()); len(all) > 0 && h.chance(3) {
		return all
	}
	return ids(h, "domain", h.someDomains())
}

// someAccounts, someSubscriptions and someDomains are what most commands are about: nearly all but what belongs to those
// who moved in at once.
func (h *history) someAccounts() []accounts.ID {
	return slices.DeleteFunc(sorted(h.model.accounts), func(id accounts.ID) bool { return h.isExtra(id, int64(id)) })
}

func (h *history) someSubscriptions() []subscriptions.ID {
	return slices.DeleteFunc(sorted(h.model.subscriptions), func(id subscriptions.ID) bool {
		return h.isExtra(h.model.subscriptions[id].AccountID, int64(id))
	})
}

func (h *history) someDomains() []subscriptions.DomainID {
	return slices.DeleteFunc(sorted(h.model.domains), func(id subscriptions.DomainID) bool {
		return h.isExtra(h.model.domain(id).AccountID, int64(id))
	})
}

// isExtra tells whether an owner is one of those who moved in at once. One in eight of their things counts as anybody's.
func (h *history) isExtra(owner accounts.ID, id int64) bool {
	return strings.HasPrefix(h.model.accounts[owner].Login, "extra") && id%8 != 0
}

// owner is an account or the provider.
func (h *history) owner() accounts.ID {
	if h.chance(4) {
		return subscriptions.Provider
	}
	return h.accountID()
}

func (h *history) wait() {
	h.clock.advance(one(h, "wait", time.Microsecond-300, time.Second, time.Hour, 48*time.Hour))
}

func (h *history) create() {
	ctx := h.command()
	in := accounts.New{
		Login: h.login(), Password: h.newPassword(), Contact: h.contact(), ExternalID: h.externalID(),
		AdditionalInfo: h.text(), Description: h.text(), Locale: one(h, "locale", "", "it", "en"),
		Attributes: h.attributes(), CreatedAt: h.imported(),
	}
	if h.chance(32) {
		in.Password = ""
	}
	if !h.chance(3) {
		first := h.newSubscription()
		if h.chance(32) {
			first.AccountID = 1
		}
		in.Subscription = &first
	}
	h.createThis(ctx, in)
}

func (h *history) createThis(ctx context.Context, in accounts.New) {
	first := in.Subscription
	in.Subscription = nil
	what := fmt.Sprintf("Create(%+v, %+v)", in, first)
	in.Subscription = first
	got, err := h.clients.Create(ctx, in)
	want, wantErr := h.model.create(in, h.learned(what, err, func() made {
		return h.madeWith(got.ID, in.Subscription)
	}))
	h.same(what, got, err, want, wantErr)
}

// moveIn adds so many accounts that a store may choose other ways to find few among many, and suspends one of them with
// all that it has, so that these few are there.
func (h *history) moveIn() {
	if h.crowded {
		return
	}
	h.crowded = true
	for i := range 36 {
		ctx := h.command()
		in := newAccount(fmt.Sprintf("extra%d", i))
		in.Subscription = &subscriptions.New{Domains: []string{fmt.Sprintf("extra%d.example", i), fmt.Sprintf("www.extra%d.example", i)}}
		h.createThis(ctx, in)
	}
	if a, err := h.model.getByLogin("extra0"); err == nil {
		h.suspendAll(a.ID)
	}
	h.sameAccounts(accounts.Query{Status: accounts.Suspended}, 5)
	h.sameSubscriptions(subscriptions.Query{Cause: accounts.CauseBilling}, 5)
	h.sameDomains(subscriptions.DomainQuery{Status: accounts.Suspended}, 5)
}

// suspendAll places the same hold on an account, its subscriptions and the first domain of each.
func (h *history) suspendAll(id accounts.ID) {
	ctx, hold := h.command(), accounts.Hold{Cause: accounts.CauseBilling}
	own := h.model.subscriptionsOf(id)
	firsts := h.model.domainsOf(own[0])[:1]
	got, err := h.clients.Suspend(ctx, []accounts.ID{id}, hold)
	want, wantErr := h.model.suspend(accounts.LevelAccount, []int64{int64(id)}, hold)
	h.same(fmt.Sprintf("Suspend(%d)", id), got, err, want.accounts(), wantErr)
	of, err := h.subs.Suspend(ctx, own, hold)
	want, wantErr = h.model.suspend(accounts.LevelSubscription, plain(own), hold)
	h.same(fmt.Sprintf("Subscriptions.Suspend(%v)", own), of, err, want.subscriptions(), wantErr)
	below, err := h.subs.SuspendDomains(ctx, firsts, hold)
	want, wantErr = h.model.suspend(accounts.LevelDomain, plain(firsts), hold)
	h.same(fmt.Sprintf("SuspendDomains(%v)", firsts), below, err, want.domains(), wantErr)
}

func (h *history) madeWith(id accounts.ID, first *subscriptions.New) made {
	p, err := h.subs.List(h.ctx, subscriptions.Query{AccountID: &id})
	require.NoError(h.t, err)
	if first == nil {
		require.Empty(h.t, p.Items)
		return made{account: id}
	}
	require.Len(h.t, p.Items, 1)
	s := p.Items[0].ID
	return made{account: id, subscription: s, domains: h.domainsOf(s, len(first.Domains))}
}

func (h *history) newSubscription() subscriptions.New {
	in := subscriptions.New{
		Name: one(h, "name", "Hosting", "", "Mail", " hosting "), Plan: one(h, "plan", "", "basic", "pro"),
		Description: h.text(), ExternalID: h.externalID(), Attributes: h.attributes(), Domains: h.names(3),
		ExpiresAt: h.expiry(), CreatedAt: h.imported(),
	}
	return in
}

func (h *history) createSubscription() {
	ctx := h.command()
	in := h.newSubscription()
	in.AccountID = h.owner()
	what := fmt.Sprintf("Subscriptions.Create(%+v)", in)
	got, err := h.subs.Create(ctx, in)
	want, wantErr := h.model.createSubscription(in, h.learned(what, err, func() made {
		return made{subscription: got.ID, domains: h.domainsOf(got.ID, len(in.Domains))}
	}))
	h.same(what, got, err, want, wantErr)
}

func (h *history) addDomain() {
	ctx := h.command()
	to, name := h.subscriptionID(), h.name()
	what := fmt.Sprintf("AddDomain(%d, %q)", to, name)
	got, err := h.subs.AddDomain(ctx, to, name)
	want, wantErr := h.model.addDomain(to, name, h.learned(what, err, func() made {
		return made{domains: []subscriptions.DomainID{got.ID}}
	}))
	h.same(what, got, err, want, wantErr)
}

func (h *history) expire() {
	got, err := h.subs.Expire(h.command())
	want, wantErr := h.model.expire()
	h.same("Expire()", got, err, want.subscriptions(), wantErr)
}

func (h *history) update() {
	ctx := h.command()
	id := h.accountID()
	c := accounts.Changes{Version: h.version(h.model.accounts[id].Version), Attributes: h.attributes()}
	said := ""
	for _, field := range []struct {
		to   **string
		from func() string
	}{
		{&c.Login, h.login},
		{&c.ExternalID, h.externalID},
		{&c.AdditionalInfo, func() string { return one(h, "info", "", "hello") }},
		{&c.Description, func() string { return one(h, "description", "", "pays late") }},
		{&c.Locale, func() string { return one(h, "locale", "", "it") }},
	} {
		if h.chance(3) {
			*field.to = point(field.from())
		}
		said += " " + pointed(*field.to)
	}
	if h.chance(3) {
		c.Contact = point(h.contact())
		said += fmt.Sprintf(" %+v", *c.Contact)
	}
	what := fmt.Sprintf("Update(%d, version %d,%s %v)", id, c.Version, said, c.Attributes)
	got, err := h.clients.Update(ctx, id, c)
	want, wantErr := h.model.update(id, c)
	h.same(what, got, err, want, wantErr)
}

// pointed writes what a pointer points to.
func pointed(s *string) string {
	if s == nil {
		return "-"
	}
	return fmt.Sprintf("%q", *s)
}

func (h *history) updateSubscription() {
	ctx := h.command()
	id := h.subscriptionID()
	c := subscriptions.Changes{Version: h.version(h.model.subscriptions[id].Version), Attributes: h.attributes()}
	said := ""
	for _, field := range []struct {
		to   **string
		from func() string
	}{
		{&c.Name, func() string { return one(h, "name", "Hosting", "", "Mail") }},
		{&c.Plan, func() string { return one(h, "plan", "", "basic", "pro") }},
		{&c.Description, h.text},
		{&c.ExternalID, h.externalID},
	} {
		if h.chance(3) {
			*field.to = point(field.from())
		}
		said += " " + pointed(*field.to)
	}
	if h.chance(2) {
		c.ExpiresAt = point(h.expiry())
		said += " " + c.ExpiresAt.String()
	}
	what := fmt.Sprintf("Subscriptions.Update(%d, version %d,%s %v)", id, c.Version, said, c.Attributes)
	got, err := h.subs.Update(ctx, id, c)
	want, wantErr := h.model.updateSubscription(id, c)
	h.same(what, got, err, want, wantErr)
}

func (h *history) setPassword() {
	ctx := h.command()
	id, password := h.accountID(), h.newPassword()
	err := h.clients.SetPassword(ctx, id, password)
	h.same(fmt.Sprintf("SetPassword(%d, %q)", id, password), nil, err, nil, h.model.setPassword(id, password))
}

func (h *history) resetPassword() {
	ctx := h.command()
	if len(h.tokens) == 0 || h.chance(2) {
		id := h.accountID()
		secret, err := h.clients.ResetToken(ctx, id, time.Hour)
		a, wantErr := h.model.get(id)
		h.same(fmt.Sprintf("ResetToken(%d)", id), nil, err, nil, wantErr)
		if err == nil {
			h.tokens = append(h.tokens, token{secret: secret, id: id, signIn: a.SessionEpoch, until: h.model.now.Add(time.Hour).Truncate(time.Second)})
		}
		return
	}
	t, password := one(h, "token", h.tokens...), h.newPassword()
	got, err := h.clients.ResetPassword(ctx, t.secret, password)
	want, wantErr := h.model.resetPassword(t, password)
	h.same(fmt.Sprintf("ResetPassword(token of %d until %v, %q)", t.id, t.until, password), got, err, want, wantErr)
}

func (h *history) signIn() {
	ctx := h.command()
	if h.chance(4) {
		id := h.accountID()
		got, err := h.clients.SignInAs(ctx, id)
		want, wantErr := h.model.signInAs(id)
		h.same(fmt.Sprintf("SignInAs(%d)", id), got, err, want, wantErr)
		return
	}
	login, password := h.login(), h.newPassword()
	if all := sorted(h.model.accounts); len(all) > 0 && h.chance(2) {
		id := one(h, "account", all...)
		login, password = h.model.accounts[id].Login, h.model.passwords[id]
	}
	got, err := h.clients.Authenticate(ctx, login, password)
	want, wantErr := h.model.authenticate(login, password)
	h.same(fmt.Sprintf("Authenticate(%q, %q)", login, password), got, err, want, wantErr)
}

func (h *history) checkSession() {
	id := h.accountID()
	signIn := h.model.accounts[id].SessionEpoch + one(h, "sign-in", int64(0), 0, 0, -1, 1)
	got, err := h.clients.CheckSession(h.ctx, id, signIn)
	want, wantErr := h.model.checkSession(id, signIn)
	h.same(fmt.Sprintf("CheckSession(%d, %d)", id, signIn), got, err, want, wantErr)
}

func (h *history) hold() accounts.Hold {
	wrong := one[accounts.Cause](h, "cause", accounts.CauseExpired, "Bad")
	if !h.chance(16) {
		wrong = accounts.CauseCustomer
	}
	return accounts.Hold{
		Cause: one(h, "cause", accounts.CauseBilling, accounts.CauseAbuse, "", accounts.CauseProvider, "seasonal", wrong),
		Note:  h.text(), Message: h.text(), Public: h.text(),
	}
}

func (h *history) suspend(l subscriptions.Level) {
	ctx := h.command()
	hold := h.hold()
	switch l {
	case subscriptions.LevelAccount:
		ids := h.accountIDs()
		got, err := h.clients.Suspend(ctx, ids, hold)
		want, wantErr := h.model.suspend(l, plain(ids), hold)
		h.same(fmt.Sprintf("Suspend(%v, %+v)", ids, hold), got, err, want.accounts(), wantErr)
	case subscriptions.LevelSubscription:
		ids := h.subscriptionIDs()
		got, err := h.subs.Suspend(ctx, ids, hold)
		want, wantErr := h.model.suspend(l, plain(ids), hold)
		h.same(fmt.Sprintf("Subscriptions.Suspend(%v, %+v)", ids, hold), got, err, want.subscriptions(), wantErr)
	default:
		ids := h.domainIDs()
		got, err := h.subs.SuspendDomains(ctx, ids, hold)
		want, wantErr := h.model.suspend(l, plain(ids), hold)
		h.same(fmt.Sprintf("SuspendDomains(%v, %+v)", ids, hold), got, err, want.domains(), wantErr)
	}
}

func (h *history) activate(l subscriptions.Level) {
	ctx := h.command()
	switch l {
	case subscriptions.LevelAccount:
		ids := h.accountIDs()
		got, err := h.clients.Activate(ctx, ids)
		want, wantErr := h.model.activate(l, plain(ids))
		h.same(fmt.Sprintf("Activate(%v)", ids), got, err, want.accounts(), wantErr)
	case subscriptions.LevelSubscription:
		ids := h.subscriptionIDs()
		got, err := h.subs.Activate(ctx, ids)
		want, wantErr := h.model.activate(l, plain(ids))
		h.same(fmt.Sprintf("Subscriptions.Activate(%v)", ids), got, err, want.subscriptions(), wantErr)
	default:
		ids := h.domainIDs()
		got, err := h.subs.ActivateDomains(ctx, ids)
		want, wantErr := h.model.activate(l, plain(ids))
		h.same(fmt.Sprintf("ActivateDomains(%v)", ids), got, err, want.domains(), wantErr)
	}
}

func (h *history) causes() []accounts.Cause {
	all := []accounts.Cause{accounts.CauseBilling, accounts.CauseAbuse, accounts.CauseProvider, "seasonal"}
	if h.chance(12) {
		all = []accounts.Cause{accounts.CauseExpired}
	}
	var causes []accounts.Cause
	for range one(h, "how many", 1, 2, 3, h.seldom(0, 1)) {
		causes = append(causes, one(h, "cause", all...))
	}
	return causes
}

func (h *history) lift(l subscriptions.Level) {
	ctx := h.command()
	causes := h.causes()
	switch l {
	case subscriptions.LevelAccount:
		ids := h.accountIDs()
		got, err := h.clients.Lift(ctx, ids, causes)
		want, wantErr := h.model.lift(l, plain(ids), causes)
		h.same(fmt.Sprintf("Lift(%v, %v)", ids, causes), got, err, want.accounts(), wantErr)
	case subscriptions.LevelSubscription:
		ids := h.subscriptionIDs()
		got, err := h.subs.Lift(ctx, ids, causes)
		want, wantErr := h.model.lift(l, plain(ids), causes)
		h.same(fmt.Sprintf("Subscriptions.Lift(%v, %v)", ids, causes), got, err, want.subscriptions(), wantErr)
	default:
		ids := h.domainIDs()
		got, err := h.subs.LiftDomains(ctx, ids, causes)
		want, wantErr := h.model.lift(l, plain(ids), causes)
		h.same(fmt.Sprintf("LiftDomains(%v, %v)", ids, causes), got, err, want.domains(), wantErr)
	}
}

func (h *history) previewRemoval() {
	ids := h.accountIDs()
	got, err := h.clients.PreviewRemoval(h.ctx, ids)
	want, wantErr := h.model.previewRemoval(ids)
	h.same(fmt.Sprintf("PreviewRemoval(%v)", ids), got, err, want, wantErr)
}

func (h *history) remove() {
	ctx := h.command()
	ids := h.accountIDs()
	got, err := h.clients.Remove(ctx, ids)
	want, wantErr := h.model.remove(ids)
	h.went(fmt.Sprintf("Remove(%v)", ids), got, err, want, wantErr)
}

// went compares an answer that says what was removed, and remembers the ids.
func (h *history) went(what string, got accounts.Removal, err error, want accounts.Removal, wantErr error) {
	h.same(what, got, err, want, wantErr)
	h.gone = append(append(h.gone, plain(want.Accounts)...), plain(want.Subscriptions)...)
}

// removePreviewed asks for what would go, or for a little more or less.
func (h *history) removePreviewed() {
	ctx := h.command()
	ids := h.accountIDs()
	slices.Sort(ids)
	r := h.model.below(slices.Compact(ids))
	switch one(h, "asked for", "all", "all", "another domain", "one subscription less", "one domain less", "twice the same") {
	case "another domain":
		r.Domains = append(r.Domains, "nobodys.example")
	case "one subscription less":
		r.Subscriptions = r.Subscriptions[:max(len(r.Subscriptions)-1, 0)]
	case "one domain less":
		r.Domains = r.Domains[:max(len(r.Domains)-1, 0)]
	case "twice the same":
		r.Accounts, r.Domains = append(r.Accounts, r.Accounts...), append(r.Domains, r.Domains...)
		slices.Reverse(r.Subscriptions)
	}
	what := fmt.Sprintf("RemoveExactly(%+v)", r)
	got, err := h.clients.RemoveExactly(ctx, r)
	want, wantErr := h.model.removePreviewed(r)
	h.went(what, got, err, want, wantErr)
}

func (h *history) removeSubscriptions() {
	ctx := h.command()
	ids := h.subscriptionIDs()
	got, err := h.subs.Remove(ctx, ids)
	want, wantErr := h.model.removeSubscriptions(ids)
	h.went(fmt.Sprintf("Subscriptions.Remove(%v)", ids), got, err, want, wantErr)
}

func (h *history) removeDomains() {
	ctx := h.command()
	ids := h.domainIDs()
	got, err := h.subs.RemoveDomains(ctx, ids)
	want, wantErr := h.model.removeDomains(ids)
	h.went(fmt.Sprintf("RemoveDomains(%v)", ids), got, err, want, wantErr)
}

func (h *history) assign() {
	ctx := h.command()
	ids, to := h.subscriptionIDs(), h.owner()
	got, err := h.subs.Assign(ctx, ids, to)
	want, wantErr := h.model.assign(ids, to)
	h.same(fmt.Sprintf("Assign(%v, %d)", ids, to), got, err, want.subscriptions(), wantErr)
}

func (h *history) renameDomain() {
	ctx := h.command()
	id, name := h.domainID(), h.name()
	got, err := h.subs.RenameDomain(ctx, id, name)
	want, wantErr := h.model.renameDomain(id, name)
	h.same(fmt.Sprintf("RenameDomain(%d, %q)", id, name), got, err, want, wantErr)
}

func (h *history) moveDomains() {
	ctx := h.command()
	ids, to := h.domainIDs(), h.subscriptionID()
	got, err := h.subs.MoveDomains(ctx, ids, to)
	want, wantErr := h.model.moveDomains(ids, to)
	h.same(fmt.Sprintf("MoveDomains(%v, %d)", ids, to), got, err, want.domains(), wantErr)
}

func (h *history) setMainDomain() {
	ctx := h.command()
	id := h.domainID()
	err := h.subs.SetMainDomain(ctx, id)
	h.same(fmt.Sprintf("SetMainDomain(%d)", id), nil, err, nil, h.model.setMainDomain(id))
}

func (h *history) lookUpAccount() {
	id, login, externalID := h.accountID(), h.login(), h.externalID()
	got, err := h.clients.Get(h.ctx, id)
	want, wantErr := h.model.get(id)
	h.same(fmt.Sprintf("Get(%d)", id), got, err, want, wantErr)

	got, err = h.clients.GetByLogin(h.ctx, login)
	want, wantErr = h.model.getByLogin(login)
	h.same(fmt.Sprintf("GetByLogin(%q)", login), got, err, want, wantErr)

	got, err = h.clients.GetByExternalID(h.ctx, externalID)
	want, wantErr = h.model.getByExternalID(externalID)
	h.same(fmt.Sprintf("GetByExternalID(%q)", externalID), got, err, want, wantErr)
}

func (h *history) lookUpSubscription() {
	id, externalID := h.subscriptionID(), h.externalID()
	got, err := h.subs.Get(h.ctx, id)
	want, wantErr := h.model.getSubscription(id)
	h.same(fmt.Sprintf("Subscriptions.Get(%d)", id), got, err, want, wantErr)

	got, err = h.subs.GetByExternalID(h.ctx, externalID)
	want, wantErr = h.model.getSubscriptionByExternalID(externalID)
	h.same(fmt.Sprintf("Subscriptions.GetByExternalID(%q)", externalID), got, err, want, wantErr)
}

func (h *history) lookUpDomain() {
	name := h.name()
	d, err := h.subs.Domain(h.ctx, name)
	wantDomain, wantErr := h.model.domainCalled(name)
	h.same(fmt.Sprintf("Domain(%q)", name), d, err, wantDomain, wantErr)

	site, err := h.subs.Resolve(h.ctx, name)
	wantSite, wantErr := h.model.resolve(name)
	h.same(fmt.Sprintf("Resolve(%q)", name), site, err, wantSite, wantErr)
}
