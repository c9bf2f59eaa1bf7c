package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/secure/precis"

	"github.com/clientele-go/clientele/subscriptions"
	"github.com/clientele-go/clientele/subscriptions/input"
)

// PasswordHasher turns passwords into what is stored. A Manager never runs more hashes at once than there are
// processors, and none inside a transaction of its own.
type PasswordHasher interface {
	// Hash answers the string to be stored for a password, with a salt of its own: a line of at most 512 bytes.
	Hash(ctx context.Context, password string) (string, error)
	// Verify tells whether a password is the stored one, and whether its hash should be replaced by a new one. A hash that
	// it cannot read is an error; what fails for another reason matches ErrUnavailable. It should take no less time for a hash of another kind than for its own.
	Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error)
}

// Argon2id is the default PasswordHasher: 19 MiB, two passes, one thread, as a PHC string. It also verifies hashes that
// other systems made, Argon2id up to 64 MiB, 8 passes and 8 threads and bcrypt up to cost 14, and says that they are
// outdated.
type Argon2id struct{}

// Hash implements PasswordHasher.
func (Argon2id) Hash(ctx context.Context, password string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	a := newArgon()
	a.key = a.derive(password, argonKey)
	return a.String(), nil
}

// Verify implements PasswordHasher. A hash of another system costs one of ours besides, so that it never answers faster.
func (Argon2id) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, false, err
	}
	a, isArgon := parseArgon(hash)
	if isArgon && !a.outdated() {
		return a.matches(password), false, nil
	}
	newArgon().derive(password, argonKey)
	switch {
	case isArgon:
		return a.matches(password), true, nil
	case !isBcrypt(hash):
		return false, false, errors.New("the hash is neither Argon2id nor bcrypt within the bounds")
	}
	return len(password) <= mostBcryptBytes && bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil, true, nil
}

const (
	leastPassword = 8   // characters
	mostPassword  = 128 // characters
	mostWaiting   = 256 // callers who wait for a processor
)

// passwords checks, hashes and verifies for a Manager and all that With made of it.
type passwords struct {
	hasher   PasswordHasher
	own      bool // the hasher is the library's, so hashes can be checked without verifying
	policy   func(ctx context.Context, login, password string) error
	running  chan struct{}          // one place for each hash at work
	waiting  chan struct{}          // one place for each caller, at work or not
	stranger atomic.Pointer[string] // a hash that nobody's password has, for logins that do not exist
}

func newPasswords(hasher PasswordHasher, policy func(ctx context.Context, login, password string) error) *passwords {
	processors := runtime.GOMAXPROCS(0)
	p := &passwords{
		hasher: hasher, policy: policy,
		running: make(chan struct{}, processors), waiting: make(chan struct{}, processors+mostWaiting),
	}
	if hasher == nil {
		p.hasher = Argon2id{}
	}
	_, p.own = p.hasher.(Argon2id)
	return p
}

// bounded runs one hash when a processor is free. Too many who wait are ErrUnavailable, and so is a ctx that ends. What
// the hasher cannot do comes back wrapped.
func (p *passwords) bounded(ctx context.Context, hash func() error) error {
	select {
	case p.waiting <- struct{}{}:
		defer func() { <-p.waiting }()
	default:
		return fmt.Errorf("%w: too many passwords are being hashed", ErrUnavailable)
	}
	select {
	case p.running <- struct{}{}:
		defer func() { <-p.running }()
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	err := hash()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("clientele: password hasher: %w", err)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	return nil
}

// hash answers the hash of a password that was checked.
func (p *passwords) hash(ctx context.Context, password string) (hash string, err error) {
	prepared, err := precis.OpaqueString.String(password)
	if err != nil {
		return "", input.Invalid("password", "characters", "")
	}
	err = p.bounded(ctx, func() error {
		hash, err = p.hasher.Hash(ctx, prepared)
		if err == nil && !isStorable(hash) {
			err = fmt.Errorf("the hash is no line of 1 to %d bytes", mostHash)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return hash, nil
}

func isStorable(hash string) bool { return hash != "" && len(hash) <= mostHash && input.IsLine(hash) }

// verify tells whether a password is that of a hash, and whether the hash should be replaced. The password is tried as
// it is typed, which is how other systems hashed it, and then as RFC 8265 prepares it. One that nobody can have, empty
// or too long, takes as long as a wrong one and is refused whatever the hash says.
func (p *passwords) verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	possible := isPossible(password)
	for _, candidate := range candidates(password, possible) {
		err := p.bounded(ctx, func() (err error) {
			ok, outdated, err = p.hasher.Verify(ctx, hash, candidate)
			return err
		})
		if err != nil || ok {
			return ok && possible, outdated, err
		}
	}
	return false, false, nil
}

func isPossible(password string) bool {
	length := passwordLength(password)
	return length > 0 && length <= mostPassword
}

func candidates(password string, possible bool) []string {
	if !possible {
		return []string{"nobody's"}
	}
	prepared, err := precis.OpaqueString.String(password)
	if err != nil || prepared == password {
		return []string{password}
	}
	return []string{password, prepared}
}

// passwordLength counts the characters of a password as RFC 8265 prepares it, so that it does not matter whether a
// keyboard sends letters composed or not. What is longer than any password in bytes is not looked into.
func passwordLength(password string) int {
	if len(password) > 4*utf8.UTFMax*mostPassword {
		return len(password)
	}
	prepared, err := precis.OpaqueString.String(password)
	if err != nil {
		prepared = password
	}
	return utf8.RuneCountInString(prepared)
}

// nobody answers a hash that no password has. Whoever signs in needs it first, whether their login exists or not. A host's
// hasher makes it at the first sign-in; two that come at once may both make one, and the first stays.
func (p *passwords) nobody(ctx context.Context) (string, error) {
	if known := p.stranger.Load(); known != nil {
		return *known, nil
	}
	hash, err := p.strangersHash(ctx)
	if err != nil {
		return "", err
	}
	p.stranger.CompareAndSwap(nil, &hash)
	return *p.stranger.Load(), nil
}

// strangersHash costs nothing where the hasher is the library's: a key that was not derived from anything will do.
func (p *passwords) strangersHash(ctx context.Context) (string, error) {
	if !p.own {
		return p.hash(ctx, rand.Text())
	}
	a := newArgon()
	a.key = make([]byte, argonKey)
	rand.Read(a.key)
	return a.String(), nil
}

// check finds the faults of a new password: those of its form, and then those that checkFor finds.
func (p *passwords) check(ctx context.Context, f *input.Faults, login, password string) error {
	checkForm(f, password)
	if f.Has("password") {
		return nil
	}
	return p.checkFor(ctx, f, login, password)
}

// checkForm finds the faults of a new password that it has whoever it is for.
func checkForm(f *input.Faults, password string) {
	length := passwordLength(password)
	_, err := precis.OpaqueString.String(password)
	switch {
	case length < leastPassword:
		f.Add("password", "minLength", strconv.Itoa(leastPassword))
	case length > mostPassword:
		f.Add("password", "max", strconv.Itoa(mostPassword))
	case err != nil || !utf8.ValidString(password):
		f.Add("password", "characters", "")
	}
}

// checkFor refuses the login as its password, and asks the host's policy. An error of that which is no *InvalidError
// comes back wrapped.
func (p *passwords) checkFor(ctx context.Context, f *input.Faults, login, password string) error {
	if prepared, _ := precis.OpaqueString.String(password); input.Login(prepared) == login {
		f.Add("password", "notLogin", "")
		return nil
	}
	if p.policy == nil {
		return nil
	}
	err := p.policy(ctx, login, password)
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		f.Append("", atPassword(invalid.Fields))
		return nil
	}
	return subscriptions.FromHost(ctx, "password policy", err)
}

// atPassword answers what a policy found, at the path of the password.
func atPassword(faults []FieldError) []FieldError {
	moved := make([]FieldError, len(faults))
	for i, fault := range faults {
		fault.Path = "password"
		moved[i] = fault
	}
	return moved
}

// checkNew finds the faults of the password or the hash of a new account, of which there must be exactly one.
func (p *passwords) checkNew(ctx context.Context, f *input.Faults, in New) error {
	switch {
	case in.Password != "" && in.PasswordHash != "":
		f.Add("password", "exactlyOne", "")
	case in.PasswordHash != "":
		return p.checkHash(ctx, f, in.PasswordHash)
	case in.Password == "":
		f.Add("password", "required", "")
	default:
		return p.check(ctx, f, in.Login, in.Password)
	}
	return nil
}

// checkHash refuses a hash that nobody could sign in with. A hasher of the host's own reads its own kind.
func (p *passwords) checkHash(ctx context.Context, f *input.Faults, hash string) error {
	if p.own {
		if !isHash(hash) {
			f.Add("passwordHash", "hash", "")
		}
		return nil
	}
	if !isStorable(hash) {
		f.Add("passwordHash", "hash", "")
		return nil
	}
	_, _, err := p.verify(ctx, hash, "x")
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	if err != nil {
		f.Add("passwordHash", "hash", "")
	}
	return nil
}

func (p *passwords) hashNew(ctx context.Context, in New) (string, error) {
	if in.PasswordHash != "" {
		return in.PasswordHash, nil
	}
	return p.hash(ctx, in.Password)
}

// SetPassword implements ClientManager.
func (m *Manager) SetPassword(ctx context.Context, id ID, password string) error {
	var f input.Faults
	c := m.stamp(ctx, &f)
	checkForm(&f, password)
	if err := f.Err(); err != nil {
		return err
	}
	r, err := m.store.Account(ctx, AccountKey{ID: id})
	if err != nil {
		return err
	}
	hash, err := m.newHash(ctx, r.Login, password)
	if err != nil {
		return err
	}
	_, err = m.replacePassword(ctx, id, hash, c, func(Record) error { return nil })
	return err
}

// newHash answers the hash of a new password whose form was checked, if it may be that of a login.
func (m *Manager) newHash(ctx context.Context, login, password string) (string, error) {
	var f input.Faults
	if err := m.passwords.checkFor(ctx, &f, login, password); err != nil {
		return "", err
	}
	if err := f.Err(); err != nil {
		return "", err
	}
	return m.passwords.hash(ctx, password)
}

// replacePassword stores a new hash and ends the account's sessions, if the account as it is now agrees.
func (m *Manager) replacePassword(
	ctx context.Context, id ID, hash string, c stamp, agrees func(Record) error,
) (Account, error) {
	var replaced Account
	err := m.store.Update(ctx, func(tx Tx) error {
		records, err := lock(tx, []ID{id})
		if err != nil {
			return err
		}
		r := records[0]
		if err := agrees(r); err != nil {
			return err
		}
		r.Hash = hash
		r.SessionEpoch++
		replaced = r.Account
		w := Writes{UpdateAccounts: []Record{r}}
		w.Events = []Event{c.event(AccountPasswordChanged, id, nil)}
		return tx.Save(w)
	})
	if err != nil {
		return Account{}, err
	}
	return replaced, nil
}
