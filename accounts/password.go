package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/secure/precis"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/internal/passwordlist"
)

// PasswordHasher hashes passwords. A Manager never runs more hashes at once than there are processors, and none inside a
// transaction of the library.
type PasswordHasher interface {
	// Hash returns the string to be stored for a password, with a new random salt: one line of at most 512 bytes.
	Hash(ctx context.Context, password string) (string, error)
	// Verify reports whether hash was made of password, and whether the hash is outdated and should be replaced by a new one.
	// It returns an error if it cannot read the hash; if it fails for another reason, the error must match ErrUnavailable. For
	// hashes of one kind it should take the same time, whatever the password is: a Manager delays every refusal until the
	// slowest kind that it has verified could have been verified, so that its time tells nothing.
	Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error)
}

// Argon2id is the default PasswordHasher: 19 MiB of memory, two passes, one thread, as a PHC string. It also verifies hashes
// that other systems made, and reports them as outdated: Argon2id up to 64 MiB, 8 passes and 8 threads, and bcrypt up to cost
// 14.
type Argon2id struct{}

// Hash returns a new Argon2id hash of the password as a PHC string. It returns ctx.Err() if ctx has ended.
func (Argon2id) Hash(ctx context.Context, password string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	a := newArgon()
	a.key = a.derive(password, argonKey)
	return a.String(), nil
}

// Verify reports whether hash was made of password, and whether it is outdated. For a hash of another system it also
// computes one as Hash does, so that it never returns faster. It returns ctx.Err() if ctx has ended, and an error if the hash
// is neither Argon2id nor bcrypt within the bounds.
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
		return false, false, errors.New("the hash is neither Argon2id nor bcrypt, or its parameters are out of bounds")
	}
	looked := password[:min(len(password), maxBcryptBytes)] // a longer one is wrong, and takes as long as any other
	ok = bcrypt.CompareHashAndPassword([]byte(hash), []byte(looked)) == nil && len(password) <= maxBcryptBytes
	return ok, true, nil
}

const (
	minPassword = 8   // characters
	maxPassword = 128 // characters
	maxWaiting  = 256 // callers that wait for a processor
)

// passwords checks, hashes and verifies passwords for a Manager and all its copies.
type passwords struct {
	hasher  PasswordHasher
	builtin bool // the hasher is the library's, so hashes can be checked without verifying
	policy  func(ctx context.Context, login, password string) error
	running chan struct{}          // one place for each hash at work
	waiting chan struct{}          // one place for each caller, at work or not
	dummy   atomic.Pointer[string] // a hash that matches no password; see dummyHash
	now     func() time.Time       // a monotonic clock
	times   hashTimes
}

func newPasswords(hasher PasswordHasher, policy func(ctx context.Context, login, password string) error) *passwords {
	processors := runtime.GOMAXPROCS(0)
	p := &passwords{
		hasher: hasher, policy: policy,
		running: make(chan struct{}, processors), waiting: make(chan struct{}, processors+maxWaiting), now: time.Now,
	}
	if hasher == nil {
		p.hasher = Argon2id{}
	}
	_, p.builtin = p.hasher.(Argon2id)
	return p
}

// bounded runs hash when a processor is free. It returns ErrUnavailable if too many callers wait already or if ctx ends. An
// error of hash is returned wrapped.
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
		return fmt.Errorf("clientele: password hasher: %w", input.NewPasswordError("password hasher", err))
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	return nil
}

// hash returns the hash of a password that was checked.
func (p *passwords) hash(ctx context.Context, password string) (hash string, err error) {
	prepared, err := prepare(password)
	if err != nil {
		return "", input.Invalid("password", "characters", "")
	}
	err = p.bounded(ctx, func() error {
		hash, err = p.hasher.Hash(ctx, prepared)
		if err == nil && !isStorable(hash) {
			err = fmt.Errorf("password hash must be a single line of 1 to %d bytes", maxHash)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return hash, nil
}

func isStorable(hash string) bool { return hash != "" && len(hash) <= maxHash && input.IsLine(hash) }

// verify reports whether a password is that of a hash, and whether the hash is outdated. A password that is empty or too long
// takes as long as a wrong one and is refused whatever the hash is.
//
// A refusal does not come earlier than the slowest kind of hash takes, so that it does not tell which hash an account has, or
// that there is no account. The waiting is done after the attempt's place among the hashes is free again.
func (p *passwords) verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	possible := isPossible(password)
	tried := candidates(password, possible)
	var hashing time.Duration
	err = p.bounded(ctx, func() (err error) {
		for _, candidate := range tried {
			var took time.Duration
			ok, outdated, took, err = p.timed(ctx, hash, candidate)
			hashing += took
			if err != nil || ok {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, false, err
	}
	if ok && possible {
		return true, outdated, nil
	}
	if wait := time.Duration(len(tried))*p.times.slowest() - hashing; wait > 0 {
		if err := sleep(ctx, wait); err != nil {
			return false, false, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	return false, false, nil
}

// timed verifies a password and records how long that took.
func (p *passwords) timed(ctx context.Context, hash, password string) (ok, outdated bool, took time.Duration, err error) {
	start := p.now()
	ok, outdated, err = p.hasher.Verify(ctx, hash, password)
	took = p.now().Sub(start)
	if err == nil && ctx.Err() == nil {
		p.times.add(hash, took)
	}
	return ok, outdated, took, err
}

func isPossible(password string) bool {
	length := passwordLength(password)
	return length > 0 && length <= maxPassword
}

// candidates returns what is verified for a password: what was typed, which is how other systems hashed it, what RFC 8265
// makes of that, and what is hashed for new passwords. Their number depends on nothing but the password.
func candidates(password string, possible bool) []string {
	if !possible {
		return []string{"nobody's"}
	}
	tried := []string{password}
	for _, form := range []func(string) (string, error){precis.OpaqueString.String, prepare} {
		if candidate, err := form(password); err == nil && !slices.Contains(tried, candidate) {
			tried = append(tried, candidate)
		}
	}
	return tried
}

// withoutEmojiMarks takes out what telephones add to emoji and other keyboards do not: the variation selectors and the
// zero-width joiner. RFC 8265 refuses most of them.
var withoutEmojiMarks = strings.NewReplacer("\ufe0e", "", "\ufe0f", "", "\u200d", "")

// prepare returns the form in which a new password is counted, compared and hashed: without the marks of emoji, as the profile
// OpaqueString of RFC 8265 prepares it. It returns an error if the password has a character that this refuses.
func prepare(password string) (string, error) {
	return precis.OpaqueString.String(withoutEmojiMarks.Replace(password))
}

// foldPassword returns the form in which passwords are compared with other texts, and those as well.
func foldPassword(s string) string {
	if prepared, err := prepare(s); err == nil {
		s = prepared
	}
	return input.Fold(s)
}

// passwordLength returns the number of characters of a prepared password, so that it does not matter whether a keyboard
// composes letters. Of a text with more bytes than any password has, it returns the number of bytes.
func passwordLength(password string) int {
	if len(password) > 4*utf8.UTFMax*maxPassword {
		return len(password)
	}
	prepared, err := prepare(password)
	if err != nil {
		prepared = withoutEmojiMarks.Replace(password)
	}
	return utf8.RuneCountInString(prepared)
}

// dummyHash returns a hash that matches no password. Authenticate verifies against it for unknown logins, so that they take
// as long as known ones. A custom hasher makes it at the first sign-in; two concurrent ones may both make one, and the first
// is kept.
func (p *passwords) dummyHash(ctx context.Context) (string, error) {
	if known := p.dummy.Load(); known != nil {
		return *known, nil
	}
	hash, err := p.newDummyHash(ctx)
	if err != nil {
		return "", err
	}
	p.dummy.CompareAndSwap(nil, &hash)
	return *p.dummy.Load(), nil
}

// newDummyHash returns a new dummy hash. For Argon2id it costs nothing, because a random key will do.
func (p *passwords) newDummyHash(ctx context.Context) (string, error) {
	if !p.builtin {
		return p.hash(ctx, rand.Text())
	}
	a := newArgon()
	a.key = make([]byte, argonKey)
	rand.Read(a.key)
	return a.String(), nil
}

// check adds the violations of a new password of an account: those of its form or, if there are none, those that checkFor
// finds.
func (p *passwords) check(ctx context.Context, v *input.Violations, a Account, password string) error {
	checkForm(v, password)
	if v.Has("password") {
		return nil
	}
	return p.checkFor(ctx, v, a, password)
}

// checkForm adds the violations of a new password that do not depend on the account.
func checkForm(v *input.Violations, password string) {
	length := passwordLength(password)
	_, err := prepare(password)
	switch {
	case length < minPassword:
		v.Add("password", "minLength", strconv.Itoa(minPassword))
	case length > maxPassword:
		v.Add("password", "max", strconv.Itoa(maxPassword))
	case err != nil || !utf8.ValidString(password):
		v.Add("password", "characters", "")
	case passwordlist.IsCommon(foldPassword(password)):
		v.Add("password", "common", "")
	}
}

// checkFor adds a violation if the password is the login, the name or the e-mail address of the account, and those that
// Options.PasswordPolicy finds. An error of the policy that is no *InvalidError is returned wrapped.
func (p *passwords) checkFor(ctx context.Context, v *input.Violations, a Account, password string) error {
	switch typed := strings.TrimSpace(foldPassword(password)); {
	case typed == "": // an account may have no e-mail address
	case typed == foldPassword(a.Login):
		v.Add("password", "notLogin", "")
		return nil
	case typed == foldPassword(a.Contact.Name) || typed == foldPassword(a.Contact.Email):
		v.Add("password", "notYours", "")
		return nil
	}
	if p.policy == nil {
		return nil
	}
	err := p.policy(ctx, a.Login, password)
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		v.Append(atPath("password", invalid.Fields))
		return nil
	}
	if err == nil {
		return nil
	}
	return input.FromCallback(ctx, ErrUnavailable, "password policy", input.NewPasswordError("password policy", err))
}

// checkPassword adds the violations of the password or the hash of a new account, which has exactly one of them.
func (m *Manager) checkPassword(ctx context.Context, v *input.Violations, in New) error {
	switch {
	case in.Password != "" && in.PasswordHash != "":
		v.Add("password", "exactlyOne", "")
	case in.PasswordHash != "":
		return m.checkHash(ctx, v, in.PasswordHash)
	case in.Password == "":
		v.Add("password", "required", "")
	case m.transaction != nil:
		v.Add("password", "transaction", "")
	default:
		return m.passwords.check(ctx, v, Account{Login: in.Login, Contact: in.Contact}, in.Password)
	}
	return nil
}

// checkHash adds a violation if no password can be verified with the hash. To find out whether a custom hasher can read it,
// checkHash calls Verify.
func (m *Manager) checkHash(ctx context.Context, v *input.Violations, hash string) error {
	if m.passwords.builtin {
		if !isHash(hash) {
			v.Add("passwordHash", "hash", "")
		}
		return nil
	}
	if !isStorable(hash) {
		v.Add("passwordHash", "hash", "")
		return nil
	}
	err := m.askReadable(ctx, hash)
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	if err != nil {
		v.Add("passwordHash", "hash", "")
	}
	return nil
}

// readable returns an error if the hasher cannot read a hash.
func (p *passwords) readable(ctx context.Context, hash string) error {
	return p.bounded(ctx, func() error {
		_, _, err := p.hasher.Verify(ctx, hash, "x")
		return err
	})
}

// SetPassword gives the account a new password and ends its sessions.
//
// It returns ErrNotFound if the account does not exist; ErrInvalid at "password" if it breaks a rule of New.Password or of
// Options.PasswordPolicy; the error of that policy, wrapped, if it fails; ErrUnavailable if the store cannot do it now or too
// many passwords are being hashed (no changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) SetPassword(ctx context.Context, id ID, password string) (err error) {
	ctx, end := m.hook.Start(ctx, "accounts.SetPassword")
	defer func() { end(err) }()
	if err := m.mayHash(); err != nil {
		return err
	}
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	checkForm(&v, password)
	if err := v.Err(); err != nil {
		return err
	}
	r, err := m.store.Account(ctx, AccountKey{ID: id})
	if err != nil {
		return err
	}
	hash, err := m.newHash(ctx, r.Account, password)
	if err != nil {
		return err
	}
	_, err = m.replacePassword(ctx, id, hash, c, func(Record) error { return nil })
	return err
}

// HashPassword checks in.Password as Create does and returns its hash, for New.PasswordHash or SetPasswordHash. Of in, it needs
// Login and Contact as well, which the password must differ from; for an existing account, these are its own. It is for
// commands inside a transaction, in which nothing is hashed.
//
// It returns ErrInvalid at "password" if it breaks a rule of New.Password or of Options.PasswordPolicy; the error of that
// policy, wrapped, if it fails; and ErrUnavailable if too many passwords are being hashed.
func (m *Manager) HashPassword(ctx context.Context, in New) (hash string, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.HashPassword")
	defer func() { end(err) }()
	if err := m.mayHash(); err != nil {
		return "", err
	}
	var v input.Violations
	in = in.clean()
	switch {
	case in.PasswordHash != "":
		v.Add("password", "exactlyOne", "")
	case in.Password == "":
		v.Add("password", "required", "")
	default:
		if err := m.passwords.check(ctx, &v, Account{Login: in.Login, Contact: in.Contact}, in.Password); err != nil {
			return "", err
		}
	}
	if err := v.Err(); err != nil {
		return "", err
	}
	return m.passwords.hash(ctx, in.Password)
}

// SetPasswordHash gives the account the hash of a new password, such as HashPassword returns, and ends its sessions.
//
// It returns ErrNotFound if the account does not exist; ErrInvalid at "passwordHash" if it breaks a rule of New.PasswordHash;
// ErrUnavailable if the store cannot do it now (no changes were made) and ErrCommitUnknown if the outcome of the commit is
// unknown.
func (m *Manager) SetPasswordHash(ctx context.Context, id ID, hash string) (err error) {
	ctx, end := m.hook.Start(ctx, "accounts.SetPasswordHash")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	if hash == "" {
		v.Add("passwordHash", "required", "")
	} else if err := m.checkHash(ctx, &v, hash); err != nil {
		return err
	}
	if err := v.Err(); err != nil {
		return err
	}
	_, err = m.replacePassword(ctx, id, hash, c, func(Record) error { return nil })
	return err
}

// newHash returns the hash of a new password whose form was checked, unless the account may not have it.
func (m *Manager) newHash(ctx context.Context, a Account, password string) (string, error) {
	var v input.Violations
	if err := m.passwords.checkFor(ctx, &v, a, password); err != nil {
		return "", err
	}
	if err := v.Err(); err != nil {
		return "", err
	}
	return m.passwords.hash(ctx, password)
}

// replacePassword stores a new hash and ends the account's sessions, if the precondition holds for the account as it is inside
// the transaction.
func (m *Manager) replacePassword(
	ctx context.Context, id ID, hash string, c commandInfo, precondition func(Record) error,
) (Account, error) {
	var replaced Account
	err := m.store.Update(ctx, func(tx Tx) error {
		records, err := lock(tx, []ID{id})
		if err != nil {
			return err
		}
		r := records[0]
		if err := precondition(r); err != nil {
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
