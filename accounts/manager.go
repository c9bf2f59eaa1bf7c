package accounts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/clientele-go/clientele/internal/hook"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// ClientManager is the set of operations on accounts. *Manager implements it; the comments of its methods are the contract.
type ClientManager interface {
	// Create adds an account, with its first subscription if there is one.
	Create(ctx context.Context, in New) (Account, error)
	// CreateMany adds 1 to 1,000 accounts, all or none.
	CreateMany(ctx context.Context, in []New) ([]Account, error)
	// Get returns the account with the given id.
	Get(ctx context.Context, id ID) (Account, error)
	// GetByLogin returns the account with the given login.
	GetByLogin(ctx context.Context, login string) (Account, error)
	// GetByExternalID returns the account with the given external id.
	GetByExternalID(ctx context.Context, externalID string) (Account, error)
	// List returns one page of accounts.
	List(ctx context.Context, q Query) (Page, error)
	// Count returns the number of accounts that q selects, at most atMost; 0 means no bound.
	Count(ctx context.Context, q Query, atMost int) (int, error)
	// Update changes fields of an account.
	Update(ctx context.Context, id ID, c Changes) (Account, error)
	// SetPassword gives an account a new password and ends its sessions.
	SetPassword(ctx context.Context, id ID, password string) error
	// Authenticate returns the account with the given login if password is correct.
	Authenticate(ctx context.Context, login, password string) (Account, error)
	// CheckSession checks a session that was started when the account's SessionEpoch was epoch.
	CheckSession(ctx context.Context, id ID, epoch int64) (Account, error)
	// Suspend places a hold on accounts.
	Suspend(ctx context.Context, ids []ID, h Hold) (Outcome, error)
	// Activate lifts every hold of accounts.
	Activate(ctx context.Context, ids []ID) (Outcome, error)
	// Lift lifts the holds of accounts with the given causes.
	Lift(ctx context.Context, ids []ID, causes []Cause) (Outcome, error)
	// UpdateHolds changes the texts of holds of accounts.
	UpdateHolds(ctx context.Context, ids []ID, cause Cause, t HoldTexts) (Outcome, error)
	// PreviewRemoval returns what Remove would delete now.
	PreviewRemoval(ctx context.Context, ids []ID) (Removal, error)
	// Remove deletes accounts with everything that belongs to them.
	Remove(ctx context.Context, ids []ID) (Removal, error)
	// RemoveExactly removes r.Accounts if exactly what r names would be deleted.
	RemoveExactly(ctx context.Context, r Removal) (Removal, error)
}

// Options configure a Manager. Every field is optional. NewManager panics if one of them is invalid.
type Options struct {
	// Now is the clock. The default is time.Now. While it returns zero, or a time outside of the years 1970 to 9998, every command
	// returns ErrUnavailable, so that a machine whose clock is not set yet records nothing.
	Now func() time.Time

	// Hasher hashes passwords. The default is Argon2id{}.
	Hasher PasswordHasher

	// PasswordPolicy checks every new password, after the library's rules, which are those of New.Password. The
	// violations of an *InvalidError are added at "password"; any other error is returned wrapped. It may be called more than
	// once for one command, and never inside a transaction of the library.
	PasswordPolicy func(ctx context.Context, login, password string) error

	// LoginPolicy checks every login that an account would newly have, by Create and Update, after the library's own
	// rules. The violations of an *InvalidError are added at "login"; any other error is returned wrapped. It may be called more
	// than once for one command, and never inside a transaction of the library.
	LoginPolicy func(ctx context.Context, login string) error

	// ReservedLogins are logins that no new account may have. The default, also for nil, is DefaultReservedLogins(), which this
	// list replaces. An account keeps a login that became reserved after it was created. NewManager panics if an entry
	// cannot be a login.
	ReservedLogins []string

	// ReservedDomains, and all names below them, can belong to the provider's own subscriptions only. An entry may be a single
	// label such as a top-level domain, and may begin with "*.". NewManager panics if an entry is not a name.
	ReservedDomains []string

	// PublicSuffixes returns the public suffix of a name, such as co.uk of example.co.uk, below which everybody may register
	// names; domain is in lower case and made of A-labels, and suffix is the name itself or a name above it. Only the provider
	// can have a name that is a public suffix. The default is the list that is compiled in, by golang.org/x/net/publicsuffix,
	// whose PublicSuffix has the same form; a program that keeps a newer list (publicsuffix.org) brings it here, because an
	// account that owns a suffix keeps everybody else from the names below it. A result that is no suffix of the name is ignored,
	// and icann does not matter. It is also called inside transactions: it must be fast, safe for concurrent use, and not use
	// the store.
	PublicSuffixes func(domain string) (suffix string, icann bool)

	// AllowDomain is called for every name that an account would newly own, never inside a transaction of the library, and
	// possibly more than once for one command. Owner is 0 for an account that is about to be created. An error rejects the
	// command and is returned wrapped.
	AllowDomain func(ctx context.Context, owner ID, name string) error

	// Secret is the key with which ResetToken signs, and from which DeriveKey derives others: at least 32 random bytes, the same
	// in every process and after a restart. Without it, methods that need it return ErrInvalid. NewManager panics if it
	// is shorter.
	Secret []byte

	// OnCommand observes commands and look-ups of the Manager and of its subscriptions, for tracing and metrics. It is called
	// when one begins, with a name such as "accounts.Create", "subscriptions.Suspend" or "subscriptions.AddDomain". It returns
	// the context for the command, and a function that is called once with the result when the command ends. Both must be safe
	// for concurrent use, and should be fast: they are also called for Resolve. With OpenTelemetry:
	//
	//	OnCommand: func(ctx context.Context, command string) (context.Context, func(error)) {
	//		ctx, span := tracer.Start(ctx, command)
	//		return ctx, func(err error) {
	//			if err != nil {
	//				span.SetStatus(codes.Error, err.Error())
	//			}
	//			span.End()
	//		}
	//	},
	OnCommand func(ctx context.Context, command string) (context.Context, func(err error))
}

// Manager manages accounts in a store. It implements ClientManager and is safe for concurrent use.
//
// Every command is one transaction that includes its events: all of it happens or nothing. Ids may be unsorted, and
// duplicates count once; an empty list of ids never means all. After an error the data is as it was, except that after
// ErrCommitUnknown the command may have taken effect. If ctx ends, the error matches ctx.Err() as well. An invalid actor in
// ctx (see WithActor) makes every command return ErrInvalid at "actor".
type Manager struct {
	store          guardedStore
	joined         bool         // made by WithStore or Transaction, so that the store may be inside a transaction
	transaction    *transaction // of Transaction; nil: none
	subscriptions  *subscriptions.Manager
	passwords      *passwords
	now            func() time.Time
	loginPolicy    func(ctx context.Context, login string) error
	allowDomain    func(ctx context.Context, owner ID, name string) error
	reservedLogins []string
	secret         []byte
	hook           hook.OnCommand
}

var _ ClientManager = (*Manager)(nil)

// NewManager returns a Manager that keeps its data in store. A nil opts means the defaults. It panics if store is nil or if
// an option is invalid, as the fields of Options say.
func NewManager(store Store, opts *Options) *Manager {
	if store == nil {
		panic("clientele: NewManager: the store is nil")
	}
	if opts == nil {
		opts = &Options{}
	}
	if n := len(opts.Secret); n > 0 && n < minSecret {
		panic(fmt.Sprintf("clientele: invalid Options.Secret: must have at least %d bytes, has %d", minSecret, n))
	}
	m := &Manager{
		store: guardedStore{store}, passwords: newPasswords(opts.Hasher, opts.PasswordPolicy), now: opts.Now,
		loginPolicy: opts.LoginPolicy, allowDomain: opts.AllowDomain, reservedLogins: reserved(opts.ReservedLogins),
		secret: slices.Clone(opts.Secret), hook: opts.OnCommand,
	}
	if m.now == nil {
		m.now = time.Now
	}
	m.subscriptions = subscriptions.NewManager(subscriptionStore{m.store}, subscriptions.Options{
		Now: m.now, ReservedDomains: opts.ReservedDomains, PublicSuffixes: opts.PublicSuffixes, AllowDomain: opts.AllowDomain,
		OnCommand: opts.OnCommand,
	})
	return m
}

// WithStore returns a copy of m that uses store. It shares m's options and its limits on concurrent hashing. Use it to run
// commands inside the application's own transaction, with the store that postgres.Store.WithTx returns. There, Create hashes
// the password before its first statement; methods that set or check the password of an account read that first, and
// Authenticate replaces no outdated hash: a write that failed would end the application's transaction. Bucket.Get locks its
// key, as in a Transaction of the library.
func (m *Manager) WithStore(store Store) *Manager {
	with := *m
	with.store, with.joined, with.transaction = guardedStore{store}, true, nil
	with.subscriptions = m.subscriptions.WithStore(subscriptionStore{with.store}).WithAllowDomain(m.allowDomain)
	return &with
}

// Subscriptions returns the manager of the subscriptions and domains in the same store.
func (m *Manager) Subscriptions() *subscriptions.Manager { return m.subscriptions }

// commandInfo is the actor and the time of a command.
type commandInfo struct {
	actor string
	at    time.Time
}

func (m *Manager) commandInfo(ctx context.Context, v *input.Violations) commandInfo {
	return commandInfo{actor: input.Actor(ctx, v), at: v.Now(m.now, ErrUnavailable)}
}

// event returns an event about an account.
func (c commandInfo) event(t EventType, id ID, details map[string]string) Event {
	return Event{At: c.at, Type: t, Actor: c.actor, AccountID: id, Details: details}
}

// lock locks accounts. It returns a *NotFoundError unless all of them exist.
func lock(tx Tx, ids []ID) ([]Record, error) {
	records, err := tx.LockAccounts(ids)
	if err != nil {
		return nil, err
	}
	return records, missing(ids, records, func(r Record) ID { return r.ID })
}

// missing returns a *NotFoundError that names every id without a row, or nil. Both are sorted by id.
func missing[T any](ids []ID, rows []T, id func(T) ID) error {
	found := make([]ID, len(rows))
	for i, row := range rows {
		found[i] = id(row)
	}
	if unknown := input.Missing(ids, found); unknown != nil {
		return &NotFoundError{Kind: string(LevelAccount), IDs: unknown}
	}
	return nil
}

// Get returns the account with the given id.
//
// It returns ErrNotFound if there is none, and ErrUnavailable if the store cannot answer.
func (m *Manager) Get(ctx context.Context, id ID) (_ Account, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Get")
	defer func() { end(err) }()
	r, err := m.store.Account(ctx, AccountKey{ID: id})
	if err != nil {
		return Account{}, err
	}
	return r.Account, nil
}

// GetByLogin returns the account with the given login, in upper or lower case.
//
// It returns ErrNotFound if there is none, also if the text cannot be a login, and ErrUnavailable if the store cannot
// answer.
func (m *Manager) GetByLogin(ctx context.Context, login string) (_ Account, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.GetByLogin")
	defer func() { end(err) }()
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

// GetByExternalID returns the account with the given external id.
//
// It returns ErrNotFound if there is none, also if the text cannot be an external id, and ErrUnavailable if the store cannot
// answer.
func (m *Manager) GetByExternalID(ctx context.Context, externalID string) (_ Account, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.GetByExternalID")
	defer func() { end(err) }()
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
