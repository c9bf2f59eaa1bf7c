package model

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// transactionSteps returns the steps about several commands or several accounts at once.
func transactionSteps() []modelStep {
	return []modelStep{
		{4, "run a transaction", (*history).transaction},
		{2, "create several accounts", (*history).createMany},
		{1, "set a password hash", (*history).setPasswordHash},
	}
}

// notInTransactions are the names of the steps that hash, read events or begin a transaction.
var notInTransactions = []string{
	"run a transaction", "create many accounts", "read events", "prune events", "compare everything", "set a password",
	"reset a password", "sign in", "change an owner's contact", "change an owner's password", "set a password hash",
}

// clone returns a copy of the model that shares nothing that a command changes.
func (m *model) clone() *model {
	c := *m
	c.accounts, c.passwords = maps.Clone(m.accounts), maps.Clone(m.passwords)
	c.subscriptions, c.domains, c.entries = maps.Clone(m.subscriptions), maps.Clone(m.domains), maps.Clone(m.entries)
	for id, a := range c.accounts {
		a.Holds = slices.Clone(a.Holds)
		c.accounts[id] = a
	}
	for id, s := range c.subscriptions {
		s.Holds = slices.Clone(s.Holds)
		c.subscriptions[id] = s
	}
	for id, d := range c.domains {
		d.Holds = slices.Clone(d.Holds)
		c.domains[id] = d
	}
	c.events = slices.Clone(m.events)
	return &c
}

// transaction runs some steps in a transaction, which may be rolled back. In it no name needs approval: other cases show that
// AllowDomain is called between two runs. The hasher is, so the function may run again.
func (h *history) transaction() {
	clients, before, removed := h.clients, h.model.clone(), slices.Clone(h.removed)
	begin := func(m *accounts.Manager, model *model, inTransaction bool) {
		h.clients, h.subs, h.model, h.inTransaction = m, m.Subscriptions(), model, inTransaction
		h.model.allowAll, h.removed = inTransaction, slices.Clone(removed)
	}
	steps := slices.DeleteFunc(weightedSteps(), func(s modelStep) bool { return slices.Contains(notInTransactions, s.name) })
	err := h.unapproved.Transaction(h.ctx, func(_ context.Context, tx *accounts.Manager) error {
		h.t.Log("BEGIN")
		begin(tx, before.clone(), true)
		for range oneOf(h, "how many", 1, 2, 3, 5, 8) {
			s := oneOf(h, "step", steps...)
			h.t.Logf("step: %s", s.name)
			s.do(h)
		}
		if h.oneIn(3) {
			return suite.ErrRefused
		}
		return nil
	})
	h.t.Log("COMMIT or ROLLBACK: ", err)
	after := h.model
	if err != nil {
		require.ErrorIs(h.t, err, suite.ErrRefused)
		after = before
	} else {
		removed = h.removed
	}
	begin(clients, after, false)
}

// newPasswordIn replaces the password of an input by its hash in a transaction, in which none can be hashed.
func (h *history) newPasswordIn(in *accounts.New) {
	if h.inTransaction && in.Password != "" {
		in.Password, in.PasswordHash = "", "$plain$"+in.Password
	}
}

func (h *history) setPasswordHash() {
	ctx := h.beginCommand()
	id, hash := h.accountID(), "$plain$"+suite.Password
	if h.oneIn(4) {
		hash = ""
	}
	err := h.clients.SetPasswordHash(ctx, id, hash)
	h.compare(fmt.Sprintf("SetPasswordHash(%d, %q)", id, hash), nil, err, nil, h.model.setPasswordHash(id, hash))
}

func (m *model) setPasswordHash(id accounts.ID, hash string) error {
	f := m.command()
	if hash == "" {
		f.add("passwordHash", "required")
	}
	if err := f.err(); err != nil {
		return err
	}
	if !m.exists(subscriptions.LevelAccount, int64(id)) {
		return noAccount(id)
	}
	m.changePassword(id, suite.Password)
	return nil
}

func (h *history) createMany() {
	ctx := h.beginCommand()
	in := make([]accounts.New, oneOf(h, "how many", 1, 2, 2, 3, h.rarely(0, 3)))
	call := "CreateMany("
	for i := range in {
		in[i] = h.newAccount()
		first := in[i].Subscription
		in[i].Subscription = nil
		call += fmt.Sprintf("%+v %+v, ", in[i], first)
		in[i].Subscription = first
	}
	got, err := h.clients.CreateMany(ctx, in)
	want, wantErr := h.model.createMany(in, func(i int) newIDs {
		return h.idSource(call, err, func() newIDs { return h.createdIDs(got[i].ID, in[i].Subscription) })()
	})
	h.compare(call+")", got, err, want, wantErr)
}

// createMany creates accounts, all or none. It calls ids only if it succeeds.
func (m *model) createMany(in []accounts.New, ids func(i int) newIDs) ([]accounts.Account, error) {
	f := m.command()
	if len(in) == 0 {
		f.add("accounts", "required")
		return nil, f.err()
	}
	drafts := make([]modelDraft, len(in))
	for i := range in {
		drafts[i] = m.draft(f, fmt.Sprintf("[%d].", i), in[i])
	}
	m.checkShared(f, drafts)
	if err := f.err(); err != nil {
		return nil, err
	}
	for _, d := range drafts {
		if err := m.require(d.names); err != nil {
			return nil, err
		}
	}
	var t takenFields
	for _, d := range drafts {
		m.accountTaken(&t, d)
	}
	if err := t.err(); err != nil {
		return nil, err
	}
	created := make([]accounts.Account, len(in))
	for i, d := range drafts {
		created[i] = m.addAccount(d, ids(i))
	}
	return created, nil
}

// checkShared adds the field errors of values that two accounts would share.
func (m *model) checkShared(f *fieldErrors, drafts []modelDraft) {
	for i, d := range drafts {
		earlier := drafts[:i]
		if d.login != "" && slices.ContainsFunc(earlier, func(o modelDraft) bool { return o.login == d.login }) {
			f.add(d.path+"login", "duplicate")
		}
		if d.externalID != "" && slices.ContainsFunc(earlier, func(o modelDraft) bool { return o.externalID == d.externalID }) {
			f.add(d.path+"externalID", "duplicate")
		}
		if id := d.subscriptionExternalID(); id != "" && slices.ContainsFunc(earlier, func(o modelDraft) bool { return o.subscriptionExternalID() == id }) {
			f.add(d.path+"subscription.externalID", "duplicate")
		}
		for n, name := range d.names {
			path := element(d.path+"subscription.domains", n)
			if name != "" && slices.ContainsFunc(earlier, func(o modelDraft) bool { return slices.Contains(o.names, name) }) {
				f.add(path, "duplicate")
			}
		}
	}
	m.checkOverlaps(f, drafts)
}

// checkOverlaps adds a field error for every two names of different accounts of which one is a subdomain of the other, at the
// later account. A name that several accounts have counts for the first one.
func (m *model) checkOverlaps(f *fieldErrors, drafts []modelDraft) {
	type position struct {
		name    string
		account int
		path    string
	}
	var first []position // of each name
	for i, d := range drafts {
		for n, name := range d.names {
			p := position{name, i, element(d.path+"subscription.domains", n)}
			at := slices.IndexFunc(first, func(o position) bool { return o.name == name })
			switch {
			case name == "":
			case at < 0:
				first = append(first, p)
			case first[at].account == i:
				first[at] = p
			}
		}
	}
	for i, d := range drafts {
		for n, name := range d.names {
			for _, o := range first {
				if o.account == i || !strings.HasSuffix(name, "."+o.name) {
					continue
				}
				if o.account < i {
					f.add(element(d.path+"subscription.domains", n), "overlap")
				} else {
					f.add(o.path, "overlap")
				}
			}
		}
	}
}

// modelDraft is the checked input for an account.
type modelDraft struct {
	path              string
	in                accounts.New
	login, externalID string
	contact           accounts.Contact
	names             []string
}

func (d modelDraft) subscriptionExternalID() string {
	if d.in.Subscription == nil {
		return ""
	}
	return (&fieldErrors{}).line("", d.in.Subscription.ExternalID)
}

// entryState is an entry in the model, with the versions that its key has had.
type entryState struct {
	accounts.Entry
	gone bool  // there is no entry with the key now
	last int64 // the highest version that the key has had
}

func (m *model) entry(key string) (accounts.Entry, bool) {
	e, found := m.entries[key]
	if !found || e.gone || !e.ExpiresAt.IsZero() && !e.ExpiresAt.After(m.now) {
		return accounts.Entry{}, false
	}
	return e.Entry, true
}

// entrySteps returns the steps about entries.
func entrySteps() []modelStep {
	return []modelStep{
		{5, "put an entry", (*history).putEntry},
		{3, "get entries", (*history).getEntries},
		{2, "delete an entry", (*history).deleteEntry},
		{1, "delete entries with a prefix", (*history).deletePrefix},
		{1, "delete expired entries", (*history).deleteExpired},
	}
}

func (h *history) key() string {
	if h.oneIn(3) {
		return fmt.Sprintf("account/%d/%s", h.accountID(), oneOf(h, "key", "a", "b"))
	}
	return oneOf(h, "key", "a", "b", "a/1", "a/2", "ab", "€", h.rarelyText("", "a"))
}

func (h *history) putEntry() {
	ctx := h.beginCommand()
	e := accounts.Entry{Key: h.key(), Value: []byte(h.text()), ExpiresAt: h.expiry()}
	current, exists := h.model.entry(e.Key)
	conditions := map[string]accounts.Condition{
		"any": accounts.Any, "absent": accounts.Absent, "current": accounts.AtVersion(max(current.Version, 1)), "older": accounts.AtVersion(max(h.model.entries[e.Key].last-1, 1)),
	}
	kind := oneOf(h, "condition", "any", "any", "absent", "current", "current", "older")
	call := fmt.Sprintf("Put(%q, %q, %v, %s)", e.Key, e.Value, e.ExpiresAt, kind)
	got, err := h.clients.Bucket(suite.Bucket).Put(ctx, e, conditions[kind])
	wantErr := h.model.putEntry(e.Key, exists, current.Version, kind)
	if wantErr != nil {
		h.compare(call, got, err, accounts.Entry{}, wantErr)
		return
	}
	require.NoError(h.t, err, call)
	require.Greater(h.t, got.Version, h.model.entries[e.Key].last, call)
	e.Version, e.ExpiresAt = got.Version, normalizeTime(e.ExpiresAt)
	h.compare(call, got, err, e, nil)
	h.model.entries[e.Key] = entryState{Entry: e, last: e.Version}
}

// putEntry returns the error of Put.
func (m *model) putEntry(key string, exists bool, version int64, condition string) error {
	f := m.command()
	if key == "" {
		f.add("key", "required")
	}
	if err := f.err(); err != nil {
		return err
	}
	if owner := (accounts.EntryKey{Key: key}).Owner(); owner != 0 && !m.exists(subscriptions.LevelAccount, int64(owner)) {
		return noAccount(owner)
	}
	conflict := &accounts.ConflictError{Current: version}
	switch {
	case condition == "absent" && exists, condition == "current" && !exists:
		return conflict
	case condition == "older" && (!exists || version != max(m.entries[key].last-1, 1)):
		return conflict
	}
	return nil
}

// list returns the entries with a prefix, by key.
func (m *model) list(prefix string) []accounts.Entry {
	all := []accounts.Entry{}
	for _, key := range sortedKeys(m.entries) {
		if e, exists := m.entry(key); exists && len(key) >= len(prefix) && key[:len(prefix)] == prefix {
			all = append(all, e)
		}
	}
	return all
}

func noEntry(key string) error { return &accounts.NotFoundError{Kind: accounts.KindEntry, Name: key} }

func (h *history) getEntries() {
	h.model.now = h.clock.StoredNow()
	key, b := h.key(), h.clients.Bucket(suite.Bucket)
	got, err := b.Get(h.ctx, key)
	want, exists := h.model.entry(key)
	if exists {
		h.compare(fmt.Sprintf("Get(%q)", key), got, err, want, nil)
	} else {
		h.compare(fmt.Sprintf("Get(%q)", key), got, err, accounts.Entry{}, noEntry(key))
	}
	prefix := oneOf(h, "prefix", "", "a", "a/", "account/")
	page, err := b.List(h.ctx, prefix, "", 500)
	h.compare(fmt.Sprintf("List(%q)", prefix), page, err, h.model.list(prefix), nil)
}

func (h *history) deleteEntry() {
	ctx := h.beginCommand()
	key := h.key()
	err := h.clients.Bucket(suite.Bucket).Delete(ctx, key)
	wantErr := h.model.command().err()
	if _, exists := h.model.entry(key); !exists && wantErr == nil {
		wantErr = noEntry(key)
	}
	h.compare(fmt.Sprintf("Delete(%q)", key), nil, err, nil, wantErr)
	if err == nil {
		h.model.deleteEntry(key)
	}
}

func (m *model) deleteEntry(key string) {
	m.entries[key] = entryState{gone: true, last: m.entries[key].last}
}

func (h *history) deletePrefix() {
	ctx := h.beginCommand()
	prefix := oneOf(h, "prefix", "a/", "a", "account/", h.rarelyText("", "a"))
	n, err := h.clients.Bucket(suite.Bucket).DeletePrefix(ctx, prefix)
	f := h.model.command()
	if prefix == "" {
		f.add("prefix", "required")
	}
	want := 0
	if f.err() == nil {
		all := h.model.list(prefix)
		want = len(all)
		for _, e := range all {
			h.model.deleteEntry(e.Key)
		}
	}
	h.compare(fmt.Sprintf("DeletePrefix(%q)", prefix), n, err, want, f.err())
}

// deleteExpired deletes the expired entries. The model does not know how many of them were deleted by a prefix.
func (h *history) deleteExpired() {
	ctx := h.beginCommand()
	_, err := h.clients.Bucket(suite.Bucket).DeleteExpired(ctx)
	if wantErr := h.model.command().err(); wantErr != nil || err != nil {
		h.compare("DeleteExpired()", nil, err, nil, wantErr)
		return
	}
	left, err := h.clients.Bucket(suite.Bucket).DeleteExpired(ctx)
	h.compare("DeleteExpired() again", left, err, 0, nil)
	h.getEntries()
}
