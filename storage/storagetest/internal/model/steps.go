package model

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// modelStep is one kind of step in a history.
type modelStep struct {
	weight int
	name   string
	do     func(*history)
}

// createWeight is the sum of the weights of the first three steps, which create something.
const createWeight = 19

func modelSteps() []modelStep {
	return []modelStep{
		{8, "create an account", (*history).create},
		{5, "create a subscription", (*history).createSubscription},
		{6, "add a domain", (*history).addDomain},
		{5, "advance the clock", (*history).wait},
		{4, "expire", (*history).expire},
		{1, "expire those of one account", (*history).expireAccount},

		{1, "create many accounts", (*history).addManyAccounts},

		{3, "look up an account", (*history).lookUpAccount},
		{2, "look up a subscription", (*history).lookUpSubscription},
		{3, "look up a domain", (*history).lookUpDomain},
		{3, "list accounts", (*history).listAccounts},
		{3, "list subscriptions", (*history).listSubscriptions},
		{3, "list domains", (*history).listDomains},
		{2, "list with an invalid query", (*history).listInvalid},
		{2, "read events", (*history).readEvents},
		{1, "prune events", (*history).pruneEvents},
		{1, "compare everything", (*history).compareAll},

		{3, "update an account", (*history).update},
		{2, "set a password", (*history).setPassword},
		{2, "reset a password", (*history).resetPassword},
		{3, "sign in", (*history).signIn},
		{3, "check a session", (*history).checkSession},
		{4, "suspend accounts", func(h *history) { h.suspend(subscriptions.LevelAccount) }},
		{3, "activate accounts", func(h *history) { h.activate(subscriptions.LevelAccount) }},
		{2, "update holds of accounts", func(h *history) { h.updateHolds(subscriptions.LevelAccount) }},
		{2, "lift causes from accounts", func(h *history) { h.lift(subscriptions.LevelAccount) }},
		{1, "preview a removal", (*history).previewRemoval},
		{1, "remove accounts", (*history).remove},
		{1, "remove accounts exactly as previewed", (*history).removeExactly},

		{3, "update a subscription", (*history).updateSubscription},
		{4, "assign subscriptions", (*history).assign},
		{3, "suspend subscriptions", func(h *history) { h.suspend(subscriptions.LevelSubscription) }},
		{2, "activate subscriptions", func(h *history) { h.activate(subscriptions.LevelSubscription) }},
		{2, "update holds of subscriptions", func(h *history) { h.updateHolds(subscriptions.LevelSubscription) }},
		{2, "lift causes from subscriptions", func(h *history) { h.lift(subscriptions.LevelSubscription) }},
		{1, "remove subscriptions", (*history).removeSubscriptions},

		{3, "rename a domain", (*history).renameDomain},
		{4, "move domains", (*history).moveDomains},
		{3, "make a domain the main one", (*history).setMainDomain},
		{3, "suspend domains", func(h *history) { h.suspend(subscriptions.LevelDomain) }},
		{2, "activate domains", func(h *history) { h.activate(subscriptions.LevelDomain) }},
		{2, "update holds of domains", func(h *history) { h.updateHolds(subscriptions.LevelDomain) }},
		{2, "update a domain", (*history).updateDomain},
		{2, "lift causes from domains", func(h *history) { h.lift(subscriptions.LevelDomain) }},
		{2, "remove domains", (*history).removeDomains},
	}
}

// weightedSteps returns all steps, each repeated according to its weight.
func weightedSteps() []modelStep {
	var all []modelStep
	for _, s := range slices.Concat(modelSteps(), ownerSteps(), entrySteps(), transactionSteps()) {
		for range s.weight {
			all = append(all, s)
		}
	}
	return all
}

// The following methods draw values from a few only, so that collisions are common.

func (h *history) login() string {
	return oneOf(h, "login", "anna", "bert", "carla", "dora", "longlogin", "4d'e", "Anna", " dora", h.rarelyText(oneOf(h, "login", "", "-x", "root", reservedLogin), "bert"))
}

func (h *history) newPassword() string {
	return oneOf(h, "password", suite.Password, "another good one", "longlogin", h.rarelyText(oneOf(h, "bad password", "short", commonPassword), suite.Password))
}

func (h *history) externalID() string {
	return oneOf(h, "external id", "", "", "x-1", "x-2", " x-2 ", h.rarelyText("x\n1", "x-1"))
}

func (h *history) text() string {
	return oneOf(h, "text", "", "", "unpaid since May", " two\nlines ")
}

func (h *history) attributes() map[string]string {
	return oneOf(h, "attributes", nil, nil, map[string]string{"vat": "IT1"}, map[string]string{"vat": "", "fax": "2"}, map[string]string{})
}

func (h *history) contact() accounts.Contact {
	return accounts.Contact{
		Name:    oneOf(h, "name", "Anna", "Bruno", "bruno", "Žofia", "Straße 100%", h.rarelyText("", "Anna")),
		Company: oneOf(h, "company", "", "Rossi & Figli"),
		Email:   oneOf(h, "email", "", "", "anna@mail.example", " anna@mail.example", "Anna@mail.example", h.rarelyText("anna", "")),
		Country: oneOf(h, "country", "", "IT", "CH", h.rarelyText("XX", "IT")),
	}
}

// name draws a domain name, rarely an invalid one or one that only the provider may have.
func (h *history) name() string {
	all := knownSpellings()
	i := slices.IndexFunc(all, func(s spelling) bool { return s.publicSuffix })
	if h.oneIn(8) {
		all = all[i:]
	} else {
		all = all[:i]
	}
	return oneOf(h, "domain", all...).given
}

func (h *history) names(n int) []string {
	var names []string
	for range uniform(n+1).Draw(h.t, "domains") {
		names = append(names, h.name())
	}
	return names
}

// expiry draws a time of expiry, often the current time.
func (h *history) expiry() time.Time {
	now := h.clock.Now()
	elsewhere := time.FixedZone("", -5*3600)
	return oneOf(h, "expiry", time.Time{}, time.Time{}, now, now.Add(-time.Hour), now.Add(time.Second).In(elsewhere), now.Add(time.Hour))
}

func (h *history) imported() time.Time {
	return oneOf(h, "created", time.Time{}, time.Time{}, time.Date(2020, 1, 2, 3, 4, 5, 6789, time.FixedZone("", 7200)))
}

// version draws the current version, none or another one.
func (h *history) version(current int64) int64 {
	return oneOf(h, "version", 0, 0, current, current, current+1, h.oddVersion())
}

func (h *history) oddVersion() int64 {
	if h.oneIn(3) {
		return -1
	}
	return 1
}

// drawID draws one of the known ids, rarely an unknown one or that of a removed row.
func drawID[K ~int64](h *history, label string, known []K) K {
	if len(known) == 0 || h.oneIn(16) {
		return K(oneOf(h, label, append([]int64{suite.UnusedID}, h.removed...)...))
	}
	return oneOf(h, label, known...)
}

// drawIDs draws some ids, with repetitions.
func drawIDs[K ~int64](h *history, label string, known []K) []K {
	var all []K
	for range oneOf(h, "how many", 1, 1, 2, 3, 5, h.rarely(0, 4)) {
		all = append(all, drawID(h, label, known))
	}
	return all
}

func (h *history) accountID() accounts.ID    { return drawID(h, "account", h.someAccounts()) }
func (h *history) accountIDs() []accounts.ID { return drawIDs(h, "account", h.someAccounts()) }

func (h *history) subscriptionID() subscriptions.ID {
	return drawID(h, "subscription", h.someSubscriptions())
}

func (h *history) subscriptionIDs() []subscriptions.ID {
	return drawIDs(h, "subscription", h.someSubscriptions())
}

func (h *history) domainID() subscriptions.DomainID { return drawID(h, "domain", h.someDomains()) }

// domainIDs draws the ids of some domains, or of all domains of one subscription.
func (h *history) domainIDs() []subscriptions.DomainID {
	if all := h.model.domainsOf(h.subscriptionID()); len(all) > 0 && h.oneIn(3) {
		return all
	}
	return drawIDs(h, "domain", h.someDomains())
}

// someAccounts returns the ids of the accounts that commands use: all except most of those that addManyAccounts created.
// So do someSubscriptions and someDomains.
func (h *history) someAccounts() []accounts.ID {
	return slices.DeleteFunc(sortedKeys(h.model.accounts), func(id accounts.ID) bool { return h.isExtra(id, int64(id)) })
}

func (h *history) someSubscriptions() []subscriptions.ID {
	return slices.DeleteFunc(sortedKeys(h.model.subscriptions), func(id subscriptions.ID) bool {
		return h.isExtra(h.model.subscriptions[id].AccountID, int64(id))
	})
}

func (h *history) someDomains() []subscriptions.DomainID {
	return slices.DeleteFunc(sortedKeys(h.model.domains), func(id subscriptions.DomainID) bool {
		return h.isExtra(h.model.domain(id).AccountID, int64(id))
	})
}

// isExtra reports whether addManyAccounts created the owner of a row. It returns false for one in eight of their rows.
func (h *history) isExtra(owner accounts.ID, id int64) bool {
	return strings.HasPrefix(h.model.accounts[owner].Login, "extra") && id%8 != 0
}

// owner draws the id of an account, or the provider.
func (h *history) owner() accounts.ID {
	if h.oneIn(4) {
		return subscriptions.Provider
	}
	return h.accountID()
}

func (h *history) wait() {
	h.clock.Advance(oneOf(h, "wait", time.Microsecond-300, time.Second, time.Hour, 48*time.Hour))
}

func (h *history) create() {
	ctx := h.beginCommand()
	h.createAccount(ctx, h.newAccount())
}

// newAccount draws the input for an account.
func (h *history) newAccount() accounts.New {
	in := accounts.New{
		Login: h.login(), Password: h.newPassword(), Contact: h.contact(), ExternalID: h.externalID(),
		AdditionalInfo: h.text(), Description: h.text(), Locale: oneOf(h, "locale", "", "it", "en"),
		Attributes: h.attributes(), CreatedAt: h.imported(),
	}
	if h.oneIn(32) {
		in.Password = ""
	}
	h.newPasswordIn(&in)
	if !h.oneIn(3) {
		first := h.newSubscription()
		if h.oneIn(32) {
			first.AccountID = 1
		}
		in.Subscription = &first
	}
	return in
}

func (h *history) createAccount(ctx context.Context, in accounts.New) {
	first := in.Subscription
	in.Subscription = nil
	call := fmt.Sprintf("Create(%+v, %+v)", in, first)
	in.Subscription = first
	got, err := h.clients.Create(ctx, in)
	want, wantErr := h.model.create(in, h.idSource(call, err, func() newIDs {
		return h.createdIDs(got.ID, in.Subscription)
	}))
	h.compare(call, got, err, want, wantErr)
}

// addManyAccounts creates enough accounts for a store to use other plans when it looks for few rows among many, and
// suspends one of them with a subscription and a domain, so that there are such rows.
func (h *history) addManyAccounts() {
	if h.manyAdded {
		return
	}
	h.manyAdded = true
	for i := range 36 {
		ctx := h.beginCommand()
		in := suite.NewAccount(fmt.Sprintf("extra%d", i))
		in.Subscription = &subscriptions.New{Domains: []string{fmt.Sprintf("extra%d.example", i), fmt.Sprintf("www.extra%d.example", i)}}
		h.createAccount(ctx, in)
	}
	if a, err := h.model.getByLogin("extra0"); err == nil {
		h.suspendAll(a.ID)
	}
	h.compareAccounts(accounts.Query{Status: accounts.Suspended}, 5)
	h.compareSubscriptions(subscriptions.Query{Cause: accounts.CauseBilling}, 5)
	h.compareDomains(subscriptions.DomainQuery{Status: accounts.Suspended}, 5)
}

// suspendAll places the same hold on an account, its subscriptions and the first domain of the first one.
func (h *history) suspendAll(id accounts.ID) {
	ctx, hold := h.beginCommand(), accounts.Hold{Cause: accounts.CauseBilling}
	subs := h.model.subscriptionsOf(id)
	firsts := h.model.domainsOf(subs[0])[:1]
	for _, on := range []struct {
		level accounts.Level
		ids   []int64
	}{
		{accounts.LevelAccount, []int64{int64(id)}},
		{accounts.LevelSubscription, suite.As[int64](subs)},
		{accounts.LevelDomain, suite.As[int64](firsts)},
	} {
		got, err := h.clients.OnLevel(on.level).Suspend(ctx, on.ids, hold)
		want, wantErr := h.model.suspend(on.level, on.ids, hold)
		h.compare(fmt.Sprintf("%s: Suspend(%v)", on.level, on.ids), got, err, want, wantErr)
	}
}

func (h *history) createdIDs(id accounts.ID, first *subscriptions.New) newIDs {
	p, err := h.subs.List(h.ctx, subscriptions.Query{AccountID: &id})
	require.NoError(h.t, err)
	if first == nil {
		require.Empty(h.t, p.Items)
		return newIDs{account: id}
	}
	require.Len(h.t, p.Items, 1)
	s := p.Items[0].ID
	return newIDs{account: id, subscription: s, domains: h.domainsOf(s, len(first.Domains))}
}

func (h *history) newSubscription() subscriptions.New {
	in := subscriptions.New{
		Name: oneOf(h, "name", "Hosting", "", "Mail", " hosting "), Plan: oneOf(h, "plan", "", "basic", "pro"),
		Description: h.text(), ExternalID: h.externalID(), Attributes: h.attributes(), Domains: h.names(3),
		ExpiresAt: h.expiry(), CreatedAt: h.imported(),
	}
	return in
}

func (h *history) createSubscription() {
	ctx := h.beginCommand()
	in := h.newSubscription()
	in.AccountID = h.owner()
	call := fmt.Sprintf("Subscriptions.Create(%+v)", in)
	got, err := h.subs.Create(ctx, in)
	want, wantErr := h.model.createSubscription(in, h.idSource(call, err, func() newIDs {
		return newIDs{subscription: got.ID, domains: h.domainsOf(got.ID, len(in.Domains))}
	}))
	h.compare(call, got, err, want, wantErr)
}

func (h *history) addDomain() {
	ctx := h.beginCommand()
	to, name := h.subscriptionID(), h.name()
	call := fmt.Sprintf("AddDomain(%d, %q)", to, name)
	got, err := h.subs.AddDomain(ctx, to, name)
	want, wantErr := h.model.addDomain(to, name, h.idSource(call, err, func() newIDs {
		return newIDs{domains: []subscriptions.DomainID{got.ID}}
	}))
	h.compare(call, got, err, want, wantErr)
}

func (h *history) expire() {
	got, err := h.subs.Expire(h.beginCommand())
	want, wantErr := h.model.expire(nil)
	h.compare("Expire()", got, err, want, wantErr)
}

// expireAccount expires the subscriptions of one account, or of the provider, and leaves others alone.
func (h *history) expireAccount() {
	ctx, owner := h.beginCommand(), h.owner()
	got, err := h.subs.ForAccount(owner).ExpireAll(ctx)
	want, wantErr := h.model.expire(&owner)
	h.compare(fmt.Sprintf("ForAccount(%d).ExpireAll()", owner), got, err, len(want.Changed), wantErr)
}

func (h *history) update() {
	ctx := h.beginCommand()
	id := h.accountID()
	c := accounts.Changes{Version: h.version(h.model.accounts[id].Version), Attributes: h.attributes()}
	fields := ""
	for _, field := range []struct {
		to   **string
		from func() string
	}{
		{&c.Login, h.login},
		{&c.ExternalID, h.externalID},
		{&c.AdditionalInfo, func() string { return oneOf(h, "info", "", "hello") }},
		{&c.Description, func() string { return oneOf(h, "description", "", "pays late") }},
		{&c.Locale, func() string { return oneOf(h, "locale", "", "it") }},
	} {
		if h.oneIn(3) {
			*field.to = new(field.from())
		}
		fields += " " + quoteOrDash(*field.to)
	}
	if h.oneIn(3) {
		c.Contact = new(h.contact())
		fields += fmt.Sprintf(" %+v", *c.Contact)
	}
	call := fmt.Sprintf("Update(%d, version %d,%s %v)", id, c.Version, fields, c.Attributes)
	got, err := h.clients.Update(ctx, id, c)
	want, wantErr := h.model.update(id, c)
	h.compare(call, got, err, want, wantErr)
}

// quoteOrDash returns the text to which s points in quotes, or a dash if s is nil.
func quoteOrDash(s *string) string {
	if s == nil {
		return "-"
	}
	return fmt.Sprintf("%q", *s)
}

func (h *history) updateSubscription() {
	ctx := h.beginCommand()
	id := h.subscriptionID()
	c := subscriptions.Changes{Version: h.version(h.model.subscriptions[id].Version), Attributes: h.attributes()}
	fields := ""
	for _, field := range []struct {
		to   **string
		from func() string
	}{
		{&c.Name, func() string { return oneOf(h, "name", "Hosting", "", "Mail") }},
		{&c.Plan, func() string { return oneOf(h, "plan", "", "basic", "pro") }},
		{&c.Description, h.text},
		{&c.ExternalID, h.externalID},
	} {
		if h.oneIn(3) {
			*field.to = new(field.from())
		}
		fields += " " + quoteOrDash(*field.to)
	}
	if h.oneIn(2) {
		c.ExpiresAt = new(h.expiry())
		fields += " " + c.ExpiresAt.String()
	}
	call := fmt.Sprintf("Subscriptions.Update(%d, version %d,%s %v)", id, c.Version, fields, c.Attributes)
	got, err := h.subs.Update(ctx, id, c)
	want, wantErr := h.model.updateSubscription(id, c)
	h.compare(call, got, err, want, wantErr)
}

func (h *history) setPassword() {
	ctx := h.beginCommand()
	id, password := h.accountID(), h.newPassword()
	err := h.clients.SetPassword(ctx, id, password)
	h.compare(fmt.Sprintf("SetPassword(%d, %q)", id, password), nil, err, nil, h.model.setPassword(id, password))
}

func (h *history) resetPassword() {
	ctx := h.beginCommand()
	if len(h.tokens) == 0 || h.oneIn(2) {
		id := h.accountID()
		secret, err := h.clients.ResetToken(ctx, id, time.Hour)
		epoch, wantErr := h.model.resetToken(id)
		h.compare(fmt.Sprintf("ResetToken(%d)", id), nil, err, nil, wantErr)
		if err == nil {
			h.tokens = append(h.tokens, token{secret: secret, id: id, sessionEpoch: epoch, until: h.model.now.Add(time.Hour).Truncate(time.Second)})
		}
		return
	}
	t, password := oneOf(h, "token", h.tokens...), h.newPassword()
	if h.oneIn(3) {
		got, err := h.clients.CheckResetToken(ctx, t.secret)
		want, wantErr := h.model.checkResetToken(t)
		h.compare(fmt.Sprintf("CheckResetToken(token of %d until %v)", t.id, t.until), got, err, want, wantErr)
		return
	}
	got, err := h.clients.ResetPassword(ctx, t.secret, password)
	want, wantErr := h.model.resetPassword(t, password)
	h.compare(fmt.Sprintf("ResetPassword(token of %d until %v, %q)", t.id, t.until, password), got, err, want, wantErr)
}

func (h *history) signIn() {
	ctx := h.beginCommand()
	if h.oneIn(4) {
		id := h.accountID()
		got, err := h.clients.SignInAs(ctx, id)
		want, wantErr := h.model.signInAs(id)
		h.compare(fmt.Sprintf("SignInAs(%d)", id), got, err, want, wantErr)
		return
	}
	login, password := h.login(), h.newPassword()
	if all := sortedKeys(h.model.accounts); len(all) > 0 && h.oneIn(2) {
		id := oneOf(h, "account", all...)
		login, password = h.model.accounts[id].Login, h.model.passwords[id]
	}
	got, err := h.clients.Authenticate(ctx, login, password)
	want, wantErr := h.model.authenticate(login, password)
	h.compare(fmt.Sprintf("Authenticate(%q, %q)", login, password), got, err, want, wantErr)
}

func (h *history) checkSession() {
	id := h.accountID()
	epoch := h.model.accounts[id].SessionEpoch + oneOf(h, "sign-in", int64(0), 0, 0, -1, 1)
	got, err := h.clients.CheckSession(h.ctx, id, epoch)
	want, wantErr := h.model.checkSession(id, epoch)
	h.compare(fmt.Sprintf("CheckSession(%d, %d)", id, epoch), got, err, want, wantErr)
}

func (h *history) hold() accounts.Hold {
	rare := oneOf[accounts.Cause](h, "cause", accounts.CauseExpired, "Bad")
	if !h.oneIn(16) {
		rare = accounts.CauseCustomer
	}
	return accounts.Hold{
		Cause: oneOf(h, "cause", accounts.CauseBilling, accounts.CauseAbuse, "", accounts.CauseProvider, "seasonal", rare),
		Note:  h.text(), Message: h.text(), Public: h.text(),
	}
}

// levelIDs returns ids of a level.
func (h *history) levelIDs(l subscriptions.Level) []int64 {
	switch l {
	case subscriptions.LevelAccount:
		return suite.As[int64](h.accountIDs())
	case subscriptions.LevelSubscription:
		return suite.As[int64](h.subscriptionIDs())
	default:
		return suite.As[int64](h.domainIDs())
	}
}

func (h *history) suspend(l subscriptions.Level) {
	ctx := h.beginCommand()
	hold, ids := h.hold(), h.levelIDs(l)
	got, err := h.clients.OnLevel(l).Suspend(ctx, ids, hold)
	want, wantErr := h.model.suspend(l, ids, hold)
	h.compare(fmt.Sprintf("%s: Suspend(%v, %+v)", l, ids, hold), got, err, want, wantErr)
}

func (h *history) updateHolds(l subscriptions.Level) {
	ctx := h.beginCommand()
	cause := oneOf(h, "cause", accounts.CauseProvider, accounts.CauseBilling, accounts.CauseAbuse, accounts.CauseExpired)
	if h.oneIn(12) {
		cause = oneOf[accounts.Cause](h, "cause", "", "No Slug")
	}
	text := func() *string { return oneOf(h, "text", nil, new(""), new("new"), new(" other "), new("note")) }
	t := accounts.HoldTexts{Note: text(), Message: text(), Public: text()}
	ids := h.levelIDs(l)
	got, err := h.clients.OnLevel(l).UpdateHolds(ctx, ids, cause, t)
	want, wantErr := h.model.updateHolds(l, ids, cause, t)
	texts := describe([]*string{t.Note, t.Message, t.Public}, nil)
	h.compare(fmt.Sprintf("%s: UpdateHolds(%v, %s, %s)", l, ids, cause, texts), got, err, want, wantErr)
}

func (h *history) updateDomain() {
	ctx := h.beginCommand()
	id, changes := h.domainID(), subscriptions.DomainChanges{Attributes: h.attributes()}
	got, err := h.subs.UpdateDomain(ctx, id, changes)
	want, wantErr := h.model.updateDomain(id, changes)
	h.compare(fmt.Sprintf("UpdateDomain(%d, %v)", id, changes), got, err, want, wantErr)
}

func (h *history) activate(l subscriptions.Level) {
	ctx, ids := h.beginCommand(), h.levelIDs(l)
	got, err := h.clients.OnLevel(l).Activate(ctx, ids)
	want, wantErr := h.model.activate(l, ids)
	h.compare(fmt.Sprintf("%s: Activate(%v)", l, ids), got, err, want, wantErr)
}

func (h *history) causes() []accounts.Cause {
	all := []accounts.Cause{accounts.CauseBilling, accounts.CauseAbuse, accounts.CauseProvider, "seasonal"}
	if h.oneIn(12) {
		all = []accounts.Cause{accounts.CauseExpired}
	}
	var causes []accounts.Cause
	for range oneOf(h, "how many", 1, 2, 3, h.rarely(0, 1)) {
		causes = append(causes, oneOf(h, "cause", all...))
	}
	return causes
}

func (h *history) lift(l subscriptions.Level) {
	ctx := h.beginCommand()
	causes, ids := h.causes(), h.levelIDs(l)
	got, err := h.clients.OnLevel(l).Lift(ctx, ids, causes)
	want, wantErr := h.model.lift(l, ids, causes)
	h.compare(fmt.Sprintf("%s: Lift(%v, %v)", l, ids, causes), got, err, want, wantErr)
}

func (h *history) previewRemoval() {
	ids := h.accountIDs()
	got, err := h.clients.PreviewRemoval(h.ctx, ids)
	want, wantErr := h.model.previewRemoval(ids)
	h.compare(fmt.Sprintf("PreviewRemoval(%v)", ids), got, err, want, wantErr)
}

func (h *history) remove() {
	ctx := h.beginCommand()
	ids := h.accountIDs()
	got, err := h.clients.Remove(ctx, ids)
	want, wantErr := h.model.remove(ids)
	h.compareRemoval(fmt.Sprintf("Remove(%v)", ids), got, err, want, wantErr)
}

// compareRemoval compares the result of a removal and records the removed ids.
func (h *history) compareRemoval(call string, got accounts.Removal, err error, want accounts.Removal, wantErr error) {
	h.compare(call, got, err, want, wantErr)
	h.removed = append(append(h.removed, suite.As[int64](want.Accounts)...), suite.As[int64](want.Subscriptions)...)
}

// removeExactly removes what a preview would name, or tries to remove a little more or less.
func (h *history) removeExactly() {
	ctx := h.beginCommand()
	ids := h.accountIDs()
	slices.Sort(ids)
	r := h.model.descendants(slices.Compact(ids))
	switch oneOf(h, "preview", "unchanged", "unchanged", "another domain", "one subscription less", "one domain less", "repeated") {
	case "another domain":
		r.Domains = append(r.Domains, "unknown.example")
	case "one subscription less":
		r.Subscriptions = r.Subscriptions[:max(len(r.Subscriptions)-1, 0)]
	case "one domain less":
		r.Domains = r.Domains[:max(len(r.Domains)-1, 0)]
	case "repeated":
		r.Accounts, r.Domains = append(r.Accounts, r.Accounts...), append(r.Domains, r.Domains...)
		slices.Reverse(r.Subscriptions)
	}
	call := fmt.Sprintf("RemoveExactly(%+v)", r)
	got, err := h.clients.RemoveExactly(ctx, r)
	want, wantErr := h.model.removeExactly(r)
	h.compareRemoval(call, got, err, want, wantErr)
}

func (h *history) removeSubscriptions() {
	ctx := h.beginCommand()
	ids := h.subscriptionIDs()
	got, err := h.subs.Remove(ctx, ids)
	want, wantErr := h.model.removeSubscriptions(ids)
	h.compareRemoval(fmt.Sprintf("Subscriptions.Remove(%v)", ids), got, err, want, wantErr)
}

func (h *history) removeDomains() {
	ctx := h.beginCommand()
	ids := h.domainIDs()
	got, err := h.subs.RemoveDomains(ctx, ids)
	want, wantErr := h.model.removeDomains(ids)
	h.compareRemoval(fmt.Sprintf("RemoveDomains(%v)", ids), got, err, want, wantErr)
}

func (h *history) assign() {
	ctx := h.beginCommand()
	ids, to := h.subscriptionIDs(), h.owner()
	got, err := h.subs.Assign(ctx, ids, to)
	want, wantErr := h.model.assign(ids, to)
	h.compare(fmt.Sprintf("Assign(%v, %d)", ids, to), got, err, want, wantErr)
}

func (h *history) renameDomain() {
	ctx := h.beginCommand()
	id, name := h.domainID(), h.name()
	got, err := h.subs.RenameDomain(ctx, id, name)
	want, wantErr := h.model.renameDomain(id, name)
	h.compare(fmt.Sprintf("RenameDomain(%d, %q)", id, name), got, err, want, wantErr)
}

func (h *history) moveDomains() {
	ctx := h.beginCommand()
	ids, to := h.domainIDs(), h.subscriptionID()
	got, err := h.subs.MoveDomains(ctx, ids, to)
	want, wantErr := h.model.moveDomains(ids, to)
	h.compare(fmt.Sprintf("MoveDomains(%v, %d)", ids, to), got, err, want, wantErr)
}

func (h *history) setMainDomain() {
	ctx := h.beginCommand()
	id := h.domainID()
	err := h.subs.SetMainDomain(ctx, id)
	h.compare(fmt.Sprintf("SetMainDomain(%d)", id), nil, err, nil, h.model.setMainDomain(id))
}

func (h *history) lookUpAccount() {
	id, login, externalID := h.accountID(), h.login(), h.externalID()
	got, err := h.clients.Get(h.ctx, id)
	want, wantErr := h.model.get(id)
	h.compare(fmt.Sprintf("Get(%d)", id), got, err, want, wantErr)

	got, err = h.clients.GetByLogin(h.ctx, login)
	want, wantErr = h.model.getByLogin(login)
	h.compare(fmt.Sprintf("GetByLogin(%q)", login), got, err, want, wantErr)

	got, err = h.clients.GetByExternalID(h.ctx, externalID)
	want, wantErr = h.model.getByExternalID(externalID)
	h.compare(fmt.Sprintf("GetByExternalID(%q)", externalID), got, err, want, wantErr)
}

func (h *history) lookUpSubscription() {
	id, externalID := h.subscriptionID(), h.externalID()
	got, err := h.subs.Get(h.ctx, id)
	want, wantErr := h.model.getSubscription(id)
	h.compare(fmt.Sprintf("Subscriptions.Get(%d)", id), got, err, want, wantErr)

	got, err = h.subs.GetByExternalID(h.ctx, externalID)
	want, wantErr = h.model.getSubscriptionByExternalID(externalID)
	h.compare(fmt.Sprintf("Subscriptions.GetByExternalID(%q)", externalID), got, err, want, wantErr)
}

func (h *history) lookUpDomain() {
	name := h.name()
	d, err := h.subs.Domain(h.ctx, name)
	wantDomain, wantErr := h.model.getDomain(name)
	h.compare(fmt.Sprintf("Domain(%q)", name), d, err, wantDomain, wantErr)

	site, err := h.subs.Resolve(h.ctx, name)
	wantSite, wantErr := h.model.resolve(name)
	h.compare(fmt.Sprintf("Resolve(%q)", name), site, err, wantSite, wantErr)
}
