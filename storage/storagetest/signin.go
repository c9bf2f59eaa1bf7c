package storagetest

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/clientele-go/clientele/accounts"
)

// signInCases are those of rule 7 that do not depend on how passwords are hashed.
func signInCases() []testCase {
	return []testCase{
		{"who knows login and password signs in", signIn},
		{"an unknown login and a wrong password are one error", oneError},
		{"a refusal takes as long as the slowest kind of hash", refusalsTakeAsLong},
		{"only who gave the right password learns of the suspension", suspendedSignIn},
		{"a session goes on until the password changes", sessionUntilPassword},
		{"a session does not outlive a suspension", sessionUntilSuspension},
		{"a session is told of an end before a suspension", sessionOrder},
		{"holds below an account do not end its sessions", sessionsIgnoreChildren},
		{"a changed password counts at once, and nothing else changes", changedPassword},
		{"a hash that is outdated is replaced at sign-in", outdatedHash},
		{"a manager made by WithStore replaces no hash at sign-in", outdatedHashWithStore},
		{"a password changed while the old one is verified stays", changedDuringVerify},
		{"a password changed while another is hashed stays", changedDuringHash},
		{"hashing holds neither a transaction nor a connection", hashingHoldsNothing},
		{"a hasher's error comes back wrapped and refuses nothing silently", hasherFails},
		{"as many hashes at once as there are processors, 256 wait, and no more", hashingIsBounded},
		{"an operator becomes the owner, also of a suspended account", signInAs},
		{"a reset token gives one new password", resetPassword},
		{"a reset token that is forged, expired or used is no credential", resetRefused},
		{"a suspended account gets its new password and stays suspended", resetSuspended},
		{"a reset token needs a secret and a sensible time", resetLimits},
	}
}

func signIn(f *fixture) {
	mario := f.account("mario")
	for _, login := range []string{"mario", "MARIO", " Mario "} {
		f.unchanged(func() {
			a, err := f.clients.Authenticate(f.ctx, login, password)
			f.NoError(err)
			f.Equal(mario, a)
		})
	}
	a, err := f.clients.CheckSession(f.ctx, mario.ID, mario.SessionEpoch)
	f.NoError(err)
	f.Equal(mario, a)
}

func oneError(f *fixture) {
	f.account("mario")
	verified := 0
	f.use(f.manager(func(o *accounts.Options) {
		o.Hasher = hookedHasher{verify: func() error { verified++; return nil }}
	}))
	try := func(login, password string) (hashes int, err error) {
		before := verified
		a, err := f.clients.Authenticate(f.ctx, login, password)
		f.ErrorIs(err, accounts.ErrInvalidCredentials, "%.40q with %.40q", login, password)
		f.Zero(a)
		return verified - before, err
	}
	for _, wrong := range []string{
		"wrong", "", password + " ", password + "\x00", "\xff" + password, strings.ToUpper(password), "cafe\u0301", "\u2764\ufe0f", "e\u0301\u0915\u094d\u200d",
		strings.Repeat("x", 1<<20),
	} {
		hashes, unknown := try("luigi", wrong)
		f.Positive(hashes)
		for _, login := range append(unstorable(), "mario", "MARIO", "root", strings.Repeat("l", 1<<20)) {
			n, err := try(login, wrong)
			f.Equal(unknown, err)
			f.Equal(hashes, n, "as many hashes, and so the same time, for %.40q", login)
		}
	}
}

// slowForeignHasher takes a while for hashes of another system.
type slowForeignHasher struct{ plainHasher }

const foreignHashTakes = 100 * time.Millisecond

func (h slowForeignHasher) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	if strings.HasPrefix(hash, "$foreign$") {
		time.Sleep(foreignHashTakes)
	}
	return h.plainHasher.Verify(ctx, hash, password)
}

func refusalsTakeAsLong(f *fixture) {
	f.use(f.manager(func(o *accounts.Options) { o.Hasher = slowForeignHasher{} }))
	mario, in := f.account("mario"), newAccount("luigi")
	in.Password, in.PasswordHash = "", "$foreign$"
	f.create(in)
	f.suspendAccount(mario.ID, accounts.Hold{})
	refused := func(m *accounts.Manager, login, password string) time.Duration {
		start := time.Now()
		_, err := m.Authenticate(f.ctx, login, password)
		f.ErrorIs(err, accounts.ErrInvalidCredentials, "%q", login)
		return time.Since(start)
	}
	f.GreaterOrEqual(refused(f.clients, "luigi", "wrong"), foreignHashTakes)
	joined := f.clients.WithStore(f.store)
	for _, login := range append(unstorable(), "unknown", "mario") {
		f.GreaterOrEqual(refused(f.clients, login, "wrong"), foreignHashTakes, "%q", login)
	}
	f.GreaterOrEqual(refused(joined, "unknown", "wrong"), foreignHashTakes)
	f.GreaterOrEqual(refused(joined, "mario", ""), foreignHashTakes)
	f.GreaterOrEqual(refused(f.clients, "mario", "cafe\u0301 wrong"), 2*foreignHashTakes, "two spellings are tried")
	start := time.Now()
	_, err := f.clients.Owner(mario.ID).ChangePassword(f.ctx, "wrong", "another password")
	f.ErrorIs(err, accounts.ErrInvalidCredentials)
	f.GreaterOrEqual(time.Since(start), foreignHashTakes)

	impatient, cancel := context.WithTimeout(f.ctx, foreignHashTakes/2)
	defer cancel()
	_, err = f.clients.Authenticate(impatient, "unknown", "wrong")
	f.ErrorIs(err, accounts.ErrUnavailable, "waiting obeys ctx")
	f.ErrorIs(err, context.DeadlineExceeded)
}

func suspendedSignIn(f *fixture) {
	mario := f.account("mario")
	f.suspendAccount(mario.ID, accounts.Hold{Cause: accounts.CauseBilling, Note: "secret note", Message: "Please pay", Public: "public"})
	f.clock.advance(time.Second)
	f.suspendAccount(mario.ID, accounts.Hold{Cause: accounts.CauseAbuse, Note: "secret note"})
	_, err := f.clients.Authenticate(f.ctx, "mario", "wrong")
	f.ErrorIs(err, accounts.ErrInvalidCredentials)
	f.NotErrorIs(err, accounts.ErrSuspended)

	_, err = f.clients.Authenticate(f.ctx, "mario", password)
	f.ErrorIs(err, accounts.ErrSuspended)
	var suspended *accounts.SuspendedError
	f.ErrorAs(err, &suspended)
	f.Equal([]accounts.Message{
		{Cause: accounts.CauseAbuse, At: f.clock.stored()},
		{Cause: accounts.CauseBilling, Text: "Please pay", At: f.clock.stored().Add(-time.Second)},
	}, suspended.Messages)
	f.NotContains(err.Error(), "secret")
	f.activateAccount(mario.ID)
	_, err = f.clients.Authenticate(f.ctx, "mario", password)
	f.NoError(err)
}

// session answers what CheckSession says of an account and a counter.
func (f *fixture) session(id accounts.ID, signIn int64) error {
	_, err := f.clients.CheckSession(f.ctx, id, signIn)
	return err
}

func sessionUntilPassword(f *fixture) {
	mario := f.account("mario")
	f.NoError(f.session(mario.ID, mario.SessionEpoch))
	f.ErrorIs(f.session(mario.ID, mario.SessionEpoch-1), accounts.ErrSessionEnded)
	f.ErrorIs(f.session(mario.ID, mario.SessionEpoch+1), accounts.ErrSessionEnded)
	f.NoError(f.clients.SetPassword(f.ctx, mario.ID, "another password"))
	f.ErrorIs(f.session(mario.ID, mario.SessionEpoch), accounts.ErrSessionEnded)
	a, err := f.clients.Authenticate(f.ctx, "mario", "another password")
	f.NoError(err)
	f.Greater(a.SessionEpoch, mario.SessionEpoch)
	f.NoError(f.session(mario.ID, a.SessionEpoch))

	signIn, err := f.clients.Owner(mario.ID).ChangePassword(f.ctx, "another password", "a third password")
	f.NoError(err)
	f.Greater(signIn, a.SessionEpoch)
	f.ErrorIs(f.session(mario.ID, a.SessionEpoch), accounts.ErrSessionEnded)
	f.NoError(f.session(mario.ID, signIn))
	f.remove(mario.ID)
	f.ErrorIs(f.session(mario.ID, signIn), accounts.ErrNotFound)
}

func sessionUntilSuspension(f *fixture) {
	mario := f.account("mario")
	f.suspendAccount(mario.ID, accounts.Hold{Cause: accounts.CauseBilling, Message: "Please pay"})
	f.suspendAccount(mario.ID, accounts.Hold{Cause: accounts.CauseAbuse})
	a, err := f.clients.CheckSession(f.ctx, mario.ID, mario.SessionEpoch)
	f.ErrorIs(err, accounts.ErrSuspended)
	var suspended *accounts.SuspendedError
	f.ErrorAs(err, &suspended)
	f.Len(suspended.Messages, 2)
	f.Equal(f.getAccount(mario.ID), a, "the account comes with the error")

	_, err = f.clients.Lift(f.ctx, []accounts.ID{mario.ID}, []accounts.Cause{accounts.CauseAbuse})
	f.NoError(err)
	f.Equal(mario.SessionEpoch, f.getAccount(mario.ID).SessionEpoch, "one hold is left")
	f.ErrorIs(f.session(mario.ID, mario.SessionEpoch), accounts.ErrSuspended)
	_, err = f.clients.Lift(f.ctx, []accounts.ID{mario.ID}, []accounts.Cause{accounts.CauseBilling})
	f.NoError(err)
	f.Equal(mario.SessionEpoch+1, f.getAccount(mario.ID).SessionEpoch, "the last hold is lifted")
	f.ErrorIs(f.session(mario.ID, mario.SessionEpoch), accounts.ErrSessionEnded)
	f.activateAccount(mario.ID)
	f.Equal(mario.SessionEpoch+1, f.getAccount(mario.ID).SessionEpoch, "there was nothing to lift")
}

func sessionOrder(f *fixture) {
	mario := f.account("mario")
	f.suspendAccount(mario.ID, accounts.Hold{})
	err := f.session(mario.ID, mario.SessionEpoch+1)
	f.ErrorIs(err, accounts.ErrSessionEnded)
	f.NotErrorIs(err, accounts.ErrSuspended)
	f.ErrorIs(f.session(nobody, 1), accounts.ErrNotFound)
}

func sessionsIgnoreChildren(f *fixture) {
	e := f.estate()
	f.suspendSubscription(e.blog.ID, accounts.Hold{})
	f.suspendDomain("shop.example", accounts.Hold{})
	f.NoError(f.session(e.mario.ID, e.mario.SessionEpoch))
	_, err := f.clients.Authenticate(f.ctx, "mario", password)
	f.NoError(err)
}

func changedPassword(f *fixture) {
	mario := f.account("mario")
	f.clock.advance(time.Hour)
	events := f.recorded(func() { f.NoError(f.clients.SetPassword(f.ctx, mario.ID, "another password")) })
	f.Len(events, 1)
	f.Equal(accounts.Event{
		At: f.clock.stored(), Type: "account.password-changed", Actor: actor, AccountID: mario.ID,
	}, withoutCursors(events)[0])
	mario.SessionEpoch++
	f.Equal(mario, f.getAccount(mario.ID), "passwords touch neither Version nor UpdatedAt")
	_, err := f.clients.Authenticate(f.ctx, "mario", password)
	f.ErrorIs(err, accounts.ErrInvalidCredentials)
	_, err = f.clients.Authenticate(f.ctx, "mario", "another password")
	f.NoError(err)
	err = f.refused(accounts.ErrInvalid, func() error { return f.clients.SetPassword(f.ctx, mario.ID, "MARIO") })
	f.invalid(err, "password")
}

// hookedHasher is a plainHasher that calls out before it answers.
type hookedHasher struct {
	plainHasher
	hash, verify func() error
	outdated     bool
}

func (h hookedHasher) Hash(ctx context.Context, password string) (string, error) {
	if h.hash != nil {
		if err := h.hash(); err != nil {
			return "", err
		}
	}
	hash, err := h.plainHasher.Hash(ctx, password)
	return hash, err
}

func (h hookedHasher) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	if h.verify != nil {
		if err := h.verify(); err != nil {
			return false, false, err
		}
	}
	ok, _, err = h.plainHasher.Verify(ctx, strings.TrimPrefix(hash, "$old"), password)
	return ok, h.outdated && strings.HasPrefix(hash, "$old"), err
}

// oldHasher makes hashes that hookedHasher finds outdated.
type oldHasher struct{ plainHasher }

func (h oldHasher) Hash(ctx context.Context, password string) (string, error) {
	hash, err := h.plainHasher.Hash(ctx, password)
	return "$old" + hash, err
}

func (f *fixture) hash(id accounts.ID) string {
	f.t.Helper()
	r, err := f.store.Account(f.ctx, accounts.AccountKey{ID: id})
	f.NoError(err)
	return r.Hash
}

func outdatedHash(f *fixture) {
	modern := f.clients
	f.use(f.manager(func(o *accounts.Options) { o.Hasher = oldHasher{} }))
	mario := f.account("mario")
	f.Equal("$old$plain$"+password, f.hash(mario.ID))
	f.use(f.manager(func(o *accounts.Options) { o.Hasher = hookedHasher{outdated: true} }))
	f.clock.advance(time.Hour)
	_, err := f.clients.Authenticate(f.ctx, "mario", "wrong")
	f.ErrorIs(err, accounts.ErrInvalidCredentials)
	f.Equal("$old$plain$"+password, f.hash(mario.ID))

	var a accounts.Account
	events := f.recorded(func() {
		var err error
		a, err = f.clients.Authenticate(f.ctx, "mario", password)
		f.NoError(err)
	})
	f.Empty(events, "the password is what it was")
	f.Equal(mario, a)
	f.Equal(mario, f.getAccount(mario.ID))
	f.Equal("$plain$"+password, f.hash(mario.ID))
	_, err = modern.Authenticate(f.ctx, "mario", password)
	f.NoError(err)
}

func outdatedHashWithStore(f *fixture) {
	f.use(f.manager(func(o *accounts.Options) { o.Hasher = oldHasher{} }))
	mario, store := f.account("mario"), &spy{Store: f.store}
	m := f.managerOf(store, func(o *accounts.Options) { o.Hasher = hookedHasher{outdated: true} })
	for _, joined := range []*accounts.Manager{m.WithStore(store), m.WithStore(f.store).WithStore(store)} {
		f.unchanged(func() {
			a, err := joined.Authenticate(f.ctx, "mario", password)
			f.NoError(err)
			f.Equal(mario, a)
		})
	}
	f.Zero(store.commands.Load(), "a command that fails would end the application's transaction")
	_, err := m.Authenticate(f.ctx, "mario", password)
	f.NoError(err)
	f.Equal("$plain$"+password, f.hash(mario.ID), "the manager that it was made of does")
}

func changedDuringVerify(f *fixture) {
	plain := f.clients
	f.use(f.manager(func(o *accounts.Options) { o.Hasher = oldHasher{} }))
	mario := f.account("mario")
	change := sync.OnceValue(func() error { return plain.SetPassword(f.ctx, mario.ID, "a newer password") })
	f.use(f.manager(func(o *accounts.Options) { o.Hasher = hookedHasher{outdated: true, verify: change} }))

	a, err := f.clients.Authenticate(f.ctx, "mario", password)
	f.Equal("$plain$a newer password", f.hash(mario.ID), "the old password's new hash must not come back")
	if err == nil {
		f.ErrorIs(f.session(mario.ID, a.SessionEpoch), accounts.ErrSessionEnded, "the session of a password that is no longer valid")
	} else {
		f.ErrorIs(err, accounts.ErrInvalidCredentials)
	}
	_, err = plain.Authenticate(f.ctx, "mario", "a newer password")
	f.NoError(err)
}

// changedDuringHash lets somebody else change the password after the first look at the account and before the
// transaction, which looks again.
func changedDuringHash(f *fixture) {
	plain, mario := f.clients, f.account("mario")
	overtaken := func(command func(m *accounts.Manager) error) {
		change := sync.OnceValue(func() error { return plain.SetPassword(f.ctx, mario.ID, "a newer password") })
		err := command(f.manager(func(o *accounts.Options) { o.Hasher = hookedHasher{hash: change} }))
		f.ErrorIs(err, accounts.ErrInvalidCredentials)
		f.Equal("$plain$a newer password", f.hash(mario.ID))
	}
	overtaken(func(m *accounts.Manager) error {
		_, err := m.Owner(mario.ID).ChangePassword(f.ctx, password, "another password")
		return err
	})
	token, err := plain.ResetToken(f.ctx, mario.ID, time.Hour)
	f.NoError(err)
	overtaken(func(m *accounts.Manager) error {
		_, err := m.ResetPassword(f.ctx, token, "another password")
		return err
	})
}

func hashingHoldsNothing(f *fixture) {
	e := f.estate()
	plain, calls := f.clients, 0
	command := func() error {
		calls++
		_, err := plain.Suspend(f.ctx, []accounts.ID{e.luigi.ID}, accounts.Hold{Note: strings.Repeat("x", calls)})
		return err
	}
	f.use(f.manager(func(o *accounts.Options) {
		o.Hasher = hookedHasher{hash: command, verify: command}
		o.PasswordPolicy = func(context.Context, string, string) error { return command() }
		o.LoginPolicy = func(context.Context, string) error { return command() }
	}))
	f.account("peach", "peach.example")
	f.NoError(f.clients.SetPassword(f.ctx, e.mario.ID, "another password"))
	_, err := f.clients.Authenticate(f.ctx, "mario", "another password")
	f.NoError(err)
	_, err = f.clients.Authenticate(f.ctx, "unknown", "another password")
	f.ErrorIs(err, accounts.ErrInvalidCredentials)
	_, err = f.clients.Owner(e.mario.ID).ChangePassword(f.ctx, "another password", password)
	f.NoError(err)
	token, err := f.clients.ResetToken(f.ctx, e.mario.ID, time.Hour)
	f.NoError(err)
	_, err = f.clients.ResetPassword(f.ctx, token, "a third password")
	f.NoError(err)
	f.GreaterOrEqual(calls, 10)
}

func hasherFails(f *fixture) {
	mario := f.account("mario")
	broken := errors.New("the hardware module is on fire")
	fail := func() error { return broken }
	f.use(f.manager(func(o *accounts.Options) { o.Hasher = hookedHasher{hash: fail, verify: fail} }))
	f.refused(broken, func() error {
		_, err := f.clients.Create(f.ctx, newAccount("luigi"))
		return err
	})
	f.refused(broken, func() error { return f.clients.SetPassword(f.ctx, mario.ID, "another password") })
	f.refused(broken, func() error {
		_, err := f.clients.Authenticate(f.ctx, "mario", password)
		return err
	})
}

// slowHasher verifies nothing before it is released, and remembers how many tried at once.
type slowHasher struct {
	plainHasher
	running, most atomic.Int64
	release       chan struct{}
}

func (h *slowHasher) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	now := h.running.Add(1)
	defer h.running.Add(-1)
	for most := h.most.Load(); now > most && !h.most.CompareAndSwap(most, now); most = h.most.Load() {
	}
	select {
	case <-h.release:
	case <-ctx.Done():
	}
	return h.plainHasher.Verify(ctx, hash, password)
}

func hashingIsBounded(f *fixture) {
	f.account("mario")
	h := &slowHasher{release: make(chan struct{})}
	m := f.manager(func(o *accounts.Options) { o.Hasher = h })
	slots := runtime.GOMAXPROCS(0) + 256
	const excess = 10

	impatient, giveUp := context.WithCancel(f.ctx)
	defer giveUp()
	done := make(chan error, slots+excess)
	for range slots + excess {
		go func() {
			_, err := m.WithStore(f.store).Authenticate(impatient, "mario", password)
			done <- err
		}()
	}
	for range excess {
		err := <-done
		f.ErrorIs(err, accounts.ErrUnavailable)
		f.NotErrorIs(err, context.Canceled)
	}
	select {
	case err := <-done:
		f.NoError(err, "there was room for one more")
	case <-time.After(50 * time.Millisecond): // long enough for the last of them to be refused, if it were
	}
	f.LessOrEqual(h.most.Load(), int64(runtime.GOMAXPROCS(0)))
	giveUp()
	for range slots {
		err := <-done
		f.ErrorIs(err, accounts.ErrUnavailable, "waiting obeys ctx")
		f.ErrorIs(err, context.Canceled)
	}
	close(h.release)
	_, err := m.Authenticate(f.ctx, "mario", password)
	f.NoError(err, "there is room again")
}

func signInAs(f *fixture) {
	mario := f.account("mario")
	for range 2 {
		var a accounts.Account
		events := f.recorded(func() {
			var err error
			a, err = f.clients.SignInAs(f.ctx, mario.ID)
			f.NoError(err)
		})
		f.Equal(f.getAccount(mario.ID), a)
		f.Equal(mario.SessionEpoch, a.SessionEpoch)
		f.Len(events, 1)
		f.Equal(accounts.EventType("account.signed-in-as"), events[0].Type)
		f.Equal(actor, events[0].Actor)
		f.Equal(mario.ID, events[0].AccountID)
		f.suspendAccount(mario.ID, accounts.Hold{}) // the second time it is suspended
	}
	_, err := f.clients.SignInAs(f.ctx, nobody)
	f.notFound(err, accounts.LevelAccount, nobody)
}

func resetPassword(f *fixture) {
	mario := f.account("mario")
	var token string
	f.unchanged(func() {
		var err error
		token, err = f.clients.ResetToken(f.ctx, mario.ID, time.Hour)
		f.NoError(err)
	})
	err := f.refused(accounts.ErrInvalid, func() error {
		_, err := f.clients.ResetPassword(f.ctx, token, "short")
		return err
	})
	f.invalid(err, "password")
	f.clock.advance(time.Hour - time.Second)
	var a accounts.Account
	events := f.recorded(func() {
		a, err = f.clients.ResetPassword(f.ctx, token, "another password")
		f.NoError(err)
	})
	f.Len(events, 1)
	f.Equal(accounts.EventType("account.password-changed"), events[0].Type)
	f.Equal(f.getAccount(mario.ID), a)
	f.Equal(mario.SessionEpoch+1, a.SessionEpoch)
	_, err = f.clients.Authenticate(f.ctx, "mario", "another password")
	f.NoError(err)
	_, err = f.clients.ResetToken(f.ctx, nobody, time.Hour)
	f.notFound(err, accounts.LevelAccount, nobody)
}

func resetRefused(f *fixture) {
	mario, luigi := f.account("mario"), f.account("luigi")
	token := func(id accounts.ID, ttl time.Duration) string {
		t, err := f.clients.ResetToken(f.ctx, id, ttl)
		f.NoError(err)
		return t
	}
	used, overtaken, late, other := token(mario.ID, time.Hour), token(mario.ID, time.Hour), token(luigi.ID, time.Minute), token(luigi.ID, 2*time.Hour)
	_, err := f.clients.ResetPassword(f.ctx, used, "another password")
	f.NoError(err)
	f.clock.advance(time.Minute)
	stranger, err := f.manager(func(o *accounts.Options) { o.Secret = []byte(strings.Repeat("another", 9)) }).ResetToken(f.ctx, luigi.ID, time.Hour)
	f.NoError(err)
	forged := []string{used, overtaken, late, stranger, "", "x", other + "A", other[:len(other)-1], other[1:], strings.Repeat("A", 1<<20), "\xff\x00"}
	for i := range other {
		changed := []byte(other)
		changed[i] ^= 1
		forged = append(forged, string(changed))
	}
	f.unchanged(func() {
		for _, token := range forged {
			_, err := f.clients.ResetPassword(f.ctx, token, "a third password")
			f.ErrorIs(err, accounts.ErrInvalidCredentials, "token %.100q", token)
		}
	})
	f.remove(luigi.ID)
	_, err = f.clients.ResetPassword(f.ctx, other, "a third password")
	f.ErrorIs(err, accounts.ErrInvalidCredentials, "the account is removed")
}

func resetSuspended(f *fixture) {
	mario := f.account("mario")
	f.suspendAccount(mario.ID, accounts.Hold{Message: "Please pay"})
	token, err := f.clients.ResetToken(f.ctx, mario.ID, time.Minute)
	f.NoError(err)
	a, err := f.clients.ResetPassword(f.ctx, token, "another password")
	var suspended *accounts.SuspendedError
	f.ErrorAs(err, &suspended)
	f.Equal("Please pay", suspended.Messages[0].Text)
	f.Equal(f.getAccount(mario.ID), a, "the account comes with the error")
	f.Equal("$plain$another password", f.hash(mario.ID))
	f.Equal(accounts.Suspended, a.Status())
}

func resetLimits(f *fixture) {
	mario := f.account("mario")
	for ttl, valid := range map[time.Duration]bool{
		-time.Hour: false, 0: false, time.Minute - 1: false, time.Minute: true, 7 * 24 * time.Hour: true, 7*24*time.Hour + 1: false,
	} {
		_, err := f.clients.ResetToken(f.ctx, mario.ID, ttl)
		if valid {
			f.NoError(err, ttl)
			continue
		}
		f.invalid(err, "ttl")
	}
	without := f.manager(func(o *accounts.Options) { o.Secret = nil })
	_, err := without.ResetToken(f.ctx, mario.ID, time.Hour)
	f.invalid(err, "secret")
	_, err = without.ResetPassword(f.ctx, "x", "another password")
	f.invalid(err, "secret")
	shortest := f.manager(func(o *accounts.Options) { o.Secret = []byte(strings.Repeat("s", 32)) })
	_, err = shortest.ResetToken(f.ctx, mario.ID, time.Hour)
	f.NoError(err)
}
