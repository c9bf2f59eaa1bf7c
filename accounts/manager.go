package accounts

import (
	"context"
	"slices"
	"time"

	"github.com/clientele-go/clientele/subscriptions"
	"github.com/clientele-go/clientele/subscriptions/input"
)

// ClientManager is what a host does with accounts. *Manager implements it.
//
// Every command is one transaction with its events inside: it happens whole or not at all. Besides the errors that are
// named below, every method may return one that matches ErrInvalid, with all faults of its input and nothing changed;
// ErrUnavailable, nothing changed; and every command one that matches ErrCommitUnknown. A ctx that has ended is matched too.
//
// Wherever ids are taken, they are 1 to 10,000; one that comes twice counts once.
type ClientManager interface {
	// Create adds an account, with its first subscription if there is one. ErrTaken names every login, external id and
	// domain that somebody else has. The password is hashed before the transaction.
	Create(ctx context.Context, in New) (Account, error)
	// Get answers one account, or ErrNotFound.
	Get(ctx context.Context, id ID) (Account, error)
	// GetByLogin answers the account with this login, in any case, or ErrNotFound.
	GetByLogin(ctx context.Context, login string) (Account, error)
	// GetByExternalID answers the account that has it, or ErrNotFound.
	GetByExternalID(ctx context.Context, externalID string) (Account, error)
	// List answers one page.
	List(ctx context.Context, q Query) (Page, error)
	// Count answers how many accounts q selects, but not more than atMost; 0 is no bound. Limit and After do not count.
	Count(ctx context.Context, q Query, atMost int) (int, error)
	// Update changes fields. ErrNotFound, ErrTaken at "login" and "externalID", and ErrConflict if the version is another now.
	Update(ctx context.Context, id ID, c Changes) (Account, error)
	// SetPassword gives the account a new password and ends its sessions. ErrNotFound: there is no such account.
	SetPassword(ctx context.Context, id ID, password string) error
	// Authenticate answers the account of who knows its login and password. ErrInvalidCredentials: one of them is wrong, which
	// takes the same time for both. ErrSuspended, as *SuspendedError: they are right, and the account has holds.
	Authenticate(ctx context.Context, login, password string) (Account, error)
	// CheckSession tells whether a session may go on that was begun with this SignIn. ErrNotFound: the account was removed.
	// ErrSessionEnded: its password changed, or it was suspended and activated. ErrSuspended, together with the Account, so
	// that a host can let an operator's own session through.
	CheckSession(ctx context.Context, id ID, signIn int64) (Account, error)
	// Suspend places a hold on accounts: their owners cannot sign in, and everything below them is down. ErrNotFound names
	// every unknown one.
	Suspend(ctx context.Context, ids []ID, h Hold) (Outcome, error)
	// Activate lifts every hold of the accounts' own. What below them has holds of its own stays down. ErrNotFound names
	// every unknown one.
	Activate(ctx context.Context, ids []ID) (Outcome, error)
	// Lift lifts these causes only, 1 to 100 of them. ErrNotFound names every unknown account.
	Lift(ctx context.Context, ids []ID, causes []Cause) (Outcome, error)
	// PreviewRemoval names all that Remove would delete. ErrNotFound names every unknown account.
	PreviewRemoval(ctx context.Context, ids []ID) (Removal, error)
	// Remove deletes accounts with everything below them and names all that went. ErrNotFound names every unknown one.
	Remove(ctx context.Context, ids []ID) (Removal, error)
	// RemoveExactly removes r.Accounts only if exactly the three sets of r would go. ErrConflict: it would be more, or less;
	// where an account is gone already, it matches ErrNotFound too.
	RemoveExactly(ctx context.Context, r Removal) (Removal, error)
}

// Options of a Manager. Every field is optional.
type Options struct {
	// Now is the clock; time.Now by default.
	Now func() time.Time
	// Hasher hashes passwords; Argon2id by default.
	Hasher PasswordHasher
	// PasswordPolicy is asked about every new password, after the rules of the library: 8 to 128 characters, and not the
	// login. An *InvalidError is added to the faults at "password", any other error comes back wrapped.
	PasswordPolicy func(ctx context.Context, login, password string) error
	// ReservedLogins nobody may have, besides the built-in ones.
	ReservedLogins []string
	// ReservedDomains, with all names below them, are for the provider's own subscriptions only. NewManager panics about an
	// entry that is no name.
	ReservedDomains []string
	// AllowDomain is asked, never inside a transaction of the library's own, about every name that an account would newly
	// get. Owner is 0 for an account that is about to be created. An error refuses the command and comes back wrapped.
	AllowDomain func(ctx context.Context, owner ID, name string) error
	// Secret signs what ResetToken answers: at least 32 bytes. Without it ResetToken is ErrInvalid.
	Secret []byte
}

// Manager implements ClientManager. It is safe for concurrent use.
type Manager struct {
	store          Store
	subscriptions  *subscriptions.Manager
	passwords      *passwords
	now            func() time.Time
	reservedLogins []string
	secret         []byte
}

var _ ClientManager = (*Manager)(nil)

// NewManager answers a Manager of what a store keeps. Nil opts are the defaults.
func NewManager(store Store, opts *Options) *Manager {
	if opts == nil {
		opts = &Options{}
	}
	m := &Manager{
		store: store, passwords: newPasswords(opts.Hasher, opts.PasswordPolicy), now: opts.Now,
		secret: slices.Clone(opts.Secret),
	}
	if m.now == nil {
		m.now = time.Now
	}
	for _, login := range opts.ReservedLogins {
		m.reservedLogins = append(m.reservedLogins, input.Login(login))
	}
	m.subscriptions = subscriptions.NewManager(narrow{store}, subscriptions.Options{
		Now: m.now, ReservedDomains: opts.ReservedDomains, AllowDomain: opts.AllowDomain,
	})
	return m
}

// WithStore answers a Manager of another store, with the same options and the same bounds on hashing: for a transaction of
// the host's own. There, Create hashes the password before its first statement; methods that set or check the password
// of an account read that first.
func (m *Manager) WithStore(store Store) *Manager {
	with := *m
	with.store = store
	with.subscriptions = m.subscriptions.WithStore(narrow{store})
	return &with
}

// Subscriptions answers the Manager of the subscriptions and domains in the same store.
func (m *Manager) Subscriptions() *subscriptions.Manager { return m.subscriptions }

// stamp says who gives a command, and when.
type stamp struct {
	actor string
	at    time.Time
}

func (m *Manager) stamp(ctx context.Context, f *input.Faults) stamp {
	return stamp{actor: subscriptions.Actor(ctx, f), at: subscriptions.Cut(m.now())}
}

func (c stamp) event(t EventType, id ID, details map[string]string) Event {
	return Event{At: c.at, Type: t, Actor: c.actor, AccountID: id, Details: details}
}

// lock locks accounts, all of which must exist.
func lock(tx Tx, ids []ID) ([]Record, error) {
	records, err := tx.LockAccounts(ids)
	if err != nil {
		return nil, err
	}
	return records, missing(ids, records, func(r Record) ID { return r.ID })
}

func missing[T any](ids []ID, rows []T, id func(T) ID) error {
	found := make([]ID, len(rows))
	for i, row := range rows {
		found[i] = id(row)
	}
	return subscriptions.Missing(subscriptions.LevelAccount, ids, found)
}

// Create implements ClientManager.
func (m *Manager) Create(ctx context.Context, in New) (Account, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	given := in
	in = in.clean()
	f.Struct("", in)
	m.checkReserved(&f, in.Login)
	if err := m.passwords.checkNew(ctx, &f, in); err != nil {
		return Account{}, err
	}
	draft := m.draft(&f, in.Subscription)
	if err := f.Err(); err != nil {
		return Account{}, err
	}
	if err := m.subscriptions.Allow(ctx, 0, draft.names()); err != nil {
		return Account{}, err
	}
	hash, err := m.passwords.hashNew(ctx, in)
	if err != nil {
		return Account{}, err
	}
	var created Account
	err = m.store.Update(ctx, func(tx Tx) error {
		claimed, err := tx.Claim(Claim{
			NewAccounts: 1, Login: in.Login, AccountExternalID: in.ExternalID, Claim: draft.claim(),
		})
		if err != nil {
			return err
		}
		if err := takenNew(given, draft, claimed); err != nil {
			return err
		}
		r := Record{Account: in.account(claimed.AccountIDs[0], c.at), Hash: hash}
		w := Writes{AddAccounts: []Record{r}, Writes: draft.writes(r.ID, claimed.Claimed, c)}
		w.Events = slices.Insert(w.Events, 0, c.event(AccountCreated, r.ID, details("externalID", in.ExternalID)))
		created = r.Account
		return tx.Save(w)
	})
	if err != nil {
		return Account{}, err
	}
	return created, nil
}

// first is the subscription that an account is created with, or none.
type first struct {
	draft *subscriptions.Draft
}

func (m *Manager) draft(f *input.Faults, in *subscriptions.New) first {
	if in == nil {
		return first{}
	}
	if in.AccountID != subscriptions.Provider {
		f.Add("subscription.accountID", "provider", "")
	}
	d := m.subscriptions.Draft(f, "subscription", *in, true)
	return first{draft: &d}
}

func (s first) names() []string {
	if s.draft == nil {
		return nil
	}
	return s.draft.Names()
}

func (s first) claim() subscriptions.Claim {
	if s.draft == nil {
		return subscriptions.Claim{}
	}
	return s.draft.Claim(subscriptions.Nobody)
}

func (s first) taken(c subscriptions.Claimed) []Taken {
	if s.draft == nil {
		return nil
	}
	return s.draft.Taken(c)
}

func (s first) writes(owner ID, c subscriptions.Claimed, by stamp) subscriptions.Writes {
	if s.draft == nil {
		return subscriptions.Writes{}
	}
	_, w := s.draft.Writes(subscriptions.Owner{ID: owner}, c, by.actor, by.at)
	return w
}

// takenNew names all that is taken as the caller gave it.
func takenNew(given New, s first, c Claimed) error {
	var taken []Taken
	if c.Login {
		taken = append(taken, Taken{Field: "login", Value: given.Login})
	}
	if c.AccountExternalID {
		taken = append(taken, Taken{Field: "externalID", Value: given.ExternalID})
	}
	return subscriptions.TakenAs(append(taken, s.taken(c.Claimed)...))
}

// Get implements ClientManager.
func (m *Manager) Get(ctx context.Context, id ID) (Account, error) {
	r, err := m.store.Account(ctx, AccountKey{ID: id})
	if err != nil {
		return Account{}, err
	}
	return r.Account, nil
}

// GetByLogin implements ClientManager.
func (m *Manager) GetByLogin(ctx context.Context, login string) (Account, error) {
	r, err := m.byLogin(ctx, login)
	if err != nil {
		return Account{}, err
	}
	return r.Account, nil
}

func (m *Manager) byLogin(ctx context.Context, login string) (Record, error) {
	key := input.Login(login)
	if !input.IsLogin(key) {
		return Record{}, &NotFoundError{Kind: string(LevelAccount), Name: login}
	}
	return m.store.Account(ctx, AccountKey{Login: key})
}

// GetByExternalID implements ClientManager.
func (m *Manager) GetByExternalID(ctx context.Context, externalID string) (Account, error) {
	key := input.Line(externalID)
	if key == "" || !input.IsLine(key) {
		return Account{}, &NotFoundError{Kind: string(LevelAccount), Name: externalID}
	}
	r, err := m.store.Account(ctx, AccountKey{ExternalID: key})
	if err != nil {
		return Account{}, err
	}
	return r.Account, nil
}

// Update implements ClientManager.
func (m *Manager) Update(ctx context.Context, id ID, ch Changes) (Account, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	given := ch
	ch = ch.clean(&f)
	if err := f.Err(); err != nil {
		return Account{}, m.withReserved(ctx, &f, id, ch.Login)
	}
	var updated Account
	err := m.store.Update(ctx, func(tx Tx) error {
		records, err := lock(tx, []ID{id})
		if err != nil {
			return err
		}
		old := records[0]
		if err := subscriptions.CheckVersion(ch.Version, old.Version); err != nil {
			return err
		}
		var f input.Faults
		changed, fields := ch.apply(&f, old.Account)
		if changed.Login != old.Login {
			m.checkReserved(&f, changed.Login)
		}
		if err := f.Err(); err != nil {
			return err
		}
		if err := claimChanges(tx, given, old.Account, changed); err != nil {
			return err
		}
		changed.UpdatedAt = c.at
		updated = changed
		w := Writes{UpdateAccounts: []Record{{Account: changed, Hash: old.Hash}}}
		w.Events = []Event{c.event(AccountUpdated, id, details("fields", fields))}
		return tx.Save(w)
	})
	if err != nil {
		return Account{}, err
	}
	return updated, nil
}

// withReserved adds to the faults of an update that its login is reserved, so that all come back at once. Who has a
// login that was reserved later keeps it.
func (m *Manager) withReserved(ctx context.Context, f *input.Faults, id ID, login *string) error {
	if login != nil {
		if r, err := m.store.Account(ctx, AccountKey{ID: id}); err == nil && r.Login != *login {
			m.checkReserved(f, *login)
		}
	}
	return f.Err()
}

// claimChanges claims what an update changes and must be unique.
func claimChanges(tx Tx, given Changes, old, changed Account) error {
	var c Claim
	if changed.Login != old.Login {
		c.Login = changed.Login
	}
	if changed.ExternalID != old.ExternalID {
		c.AccountExternalID = changed.ExternalID
	}
	if c.Login == "" && c.AccountExternalID == "" {
		return nil
	}
	claimed, err := tx.Claim(c)
	if err != nil {
		return err
	}
	var taken []Taken
	if claimed.Login {
		taken = append(taken, Taken{Field: "login", Value: *given.Login})
	}
	if claimed.AccountExternalID {
		taken = append(taken, Taken{Field: "externalID", Value: *given.ExternalID})
	}
	return subscriptions.TakenAs(taken)
}

// Suspend implements ClientManager.
func (m *Manager) Suspend(ctx context.Context, ids []ID, h Hold) (Outcome, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	h = subscriptions.NewHold(&f, h, c.actor, c.at)
	return m.holding(ctx, &f, ids, func(tx Tx, ids []ID) (subscriptions.Targets[ID], Writes, error) {
		owners, err := tx.LockHolds(ids)
		if err != nil {
			return subscriptions.Targets[ID]{}, Writes{}, err
		}
		targets := make([]subscriptions.Target[ID], len(owners))
		for i, o := range owners {
			targets[i] = target(o.ID, o.Holds)
		}
		decided, w := subscriptions.Suspend(targets, h)
		return decided, Writes{Writes: w}, missing(ids, owners, func(o subscriptions.Owner) ID { return o.ID })
	})
}

// Activate implements ClientManager.
func (m *Manager) Activate(ctx context.Context, ids []ID) (Outcome, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	return m.lifting(ctx, &f, ids, nil, c)
}

// Lift implements ClientManager.
func (m *Manager) Lift(ctx context.Context, ids []ID, causes []Cause) (Outcome, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	causes = subscriptions.Causes(&f, causes)
	return m.lifting(ctx, &f, ids, causes, c)
}

// lifting lifts causes; nil are all that can be lifted by hand. Who loses the last hold gets a new SignIn, so that no
// session from before the suspension lives again.
func (m *Manager) lifting(ctx context.Context, f *input.Faults, ids []ID, causes []Cause, c stamp) (Outcome, error) {
	return m.holding(ctx, f, ids, func(tx Tx, ids []ID) (subscriptions.Targets[ID], Writes, error) {
		records, err := lock(tx, ids)
		if err != nil {
			return subscriptions.Targets[ID]{}, Writes{}, err
		}
		targets := make([]subscriptions.Target[ID], len(records))
		for i, r := range records {
			targets[i] = target(r.ID, r.Holds)
		}
		decided, w := subscriptions.Lift(targets, causes, c.actor, c.at)
		return decided, Writes{UpdateAccounts: freed(records, w), Writes: w}, nil
	})
}

// holding runs a command that changes the holds of accounts.
func (m *Manager) holding(
	ctx context.Context, f *input.Faults, ids []ID, decide func(Tx, []ID) (subscriptions.Targets[ID], Writes, error),
) (Outcome, error) {
	ids = input.IDs(f, ids)
	if err := f.Err(); err != nil {
		return Outcome{}, err
	}
	var out Outcome
	err := m.store.Update(ctx, func(tx Tx) error {
		decided, w, err := decide(tx, ids)
		if err != nil {
			return err
		}
		out = Outcome(decided)
		if len(w.Events) == 0 {
			return nil
		}
		return tx.Save(w)
	})
	if err != nil {
		return Outcome{}, err
	}
	return out, nil
}

func target(id ID, holds Holds) subscriptions.Target[ID] {
	return subscriptions.Target[ID]{ID: id, Level: LevelAccount, Holds: holds, Subject: Event{AccountID: id}}
}

// freed answers the accounts that lose their last hold, with their next SignIn.
func freed(records []Record, w subscriptions.Writes) []Record {
	lifted := map[int64]int{}
	for _, l := range w.DeleteHolds {
		lifted[l.ID]++
	}
	var free []Record
	for _, r := range records {
		if n := lifted[int64(r.ID)]; n > 0 && n == len(r.Holds) {
			r.SessionEpoch++
			free = append(free, r)
		}
	}
	return free
}

// PreviewRemoval implements ClientManager.
func (m *Manager) PreviewRemoval(ctx context.Context, ids []ID) (Removal, error) {
	var f input.Faults
	ids = input.IDs(&f, ids)
	if err := f.Err(); err != nil {
		return Removal{}, err
	}
	below, err := m.store.Descendants(ctx, ids)
	if err != nil {
		return Removal{}, err
	}
	if err := missing(ids, below.Accounts, func(a Account) ID { return a.ID }); err != nil {
		return Removal{}, err
	}
	removal, _ := subscriptions.Remove(below.Subscriptions, below.Domains, "", time.Time{})
	removal.Accounts = ids
	return removal, nil
}

// Remove implements ClientManager.
func (m *Manager) Remove(ctx context.Context, ids []ID) (Removal, error) {
	return m.remove(ctx, ids, func(Removal) error { return nil })
}

// RemoveExactly implements ClientManager.
func (m *Manager) RemoveExactly(ctx context.Context, r Removal) (Removal, error) {
	removed, err := m.remove(ctx, r.Accounts, func(would Removal) error { return subscriptions.CheckPreviewed(r, would) })
	return removed, subscriptions.GoneSince(err)
}

func (m *Manager) remove(ctx context.Context, ids []ID, agreed func(would Removal) error) (Removal, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	ids = input.IDs(&f, ids)
	if err := f.Err(); err != nil {
		return Removal{}, err
	}
	var removal Removal
	err := m.store.Update(ctx, func(tx Tx) error {
		locked, err := tx.LockHolds(ids)
		if err != nil {
			return err
		}
		// Below would see accounts, too, that came behind the locks.
		if err := missing(ids, locked, func(o subscriptions.Owner) ID { return o.ID }); err != nil {
			return err
		}
		below, err := tx.Descendants(ids)
		if err != nil {
			return err
		}
		would, w := subscriptions.Remove(below.Subscriptions, below.Domains, c.actor, c.at)
		would.Accounts = ids
		if err := agreed(would); err != nil {
			return err
		}
		for _, a := range below.Accounts {
			w.Events = append(w.Events, c.event(AccountRemoved, a.ID, details("externalID", a.ExternalID)))
		}
		removal = would
		return tx.Save(Writes{RemoveAccounts: ids, Writes: w})
	})
	if err != nil {
		return Removal{}, err
	}
	return removal, nil
}

// details answers one pair as details; nil if the value is empty.
func details(key, value string) map[string]string {
	if value == "" {
		return nil
	}
	return map[string]string{key: value}
}
