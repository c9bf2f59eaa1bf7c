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
	"github.com/clientele-go/clientele/storage/storagetest/internal/recording"
)

// signInCases returns the cases about sign-in, sessions and reset tokens. Their hashers cost nothing.
func signInCases() []testCase {
	return []testCase{
		{"the right login and password sign in", signIn},
		{"an unknown login and a wrong password fail with the same error", sameError},
		{"a refusal takes as long as the slowest kind of hash", refusalsTakeAsLong},
		{"a suspension is reported only after the right password", suspendedSignIn},
		{"a session ends when the password changes", sessionUntilPassword},
		{"a session does not outlive a suspension", sessionUntilSuspension},
		{"the end of a session is reported before a suspension", sessionOrder},
		{"holds of subscriptions and domains do not end sessions", sessionsIgnoreChildren},
		{"a new password is valid immediately, and nothing else changes", changedPassword},
		{"an outdated hash is replaced at sign-in", outdatedHash},
		{"a manager made by WithStore replaces no hash at sign-in", outdatedHashWithStore},
		{"a password that is set while the old one is verified is kept", changedDuringVerify},
		{"a password that is set while another one is hashed is kept", changedDuringHash},
		{"hashing holds neither a transaction nor a connection", hashingHoldsNothing},
		{"an error of the hasher is returned wrapped", hasherFails},
		{"one hash per processor is computed at a time, 256 wait, and more are refused", hashingIsLimited},
		{"an operator can sign in as the owner, also of a suspended account", signInAs},
		{"a reset token sets one new password", resetPassword},
		{"a forged, expired or used reset token is refused", resetRefused},
		{"a reset token sets the password of a suspended account, which stays suspended", resetSuspended},
		{"a reset token requires a secret and a lifetime within the limits", resetLimits},
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

func sameError(f *fixture) {
	f.account("mario")
	verified := 0
	f.useManager(f.manager(func(o *accounts.Options) {
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
			f.Equal(hashes, n, "number of hashes, and so the time, for the login %.40q", login)
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
	f.useManager(f.manager(func(o *accounts.Options) { o.Hasher = slowForeignHasher{} }))
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
		{Cause: accounts.CauseAbuse, At: f.clock.storedNow()},
		{Cause: accounts.CauseBilling, Text: "Please pay", At: f.clock.storedNow().Add(-time.Second)},
	}, suspended.Messages)
	f.NotContains(err.Error(), "secret")
	f.activateAccount(mario.ID)
	_, err = f.clients.Authenticate(f.ctx, "mario", password)
	f.NoError(err)
}

// checkSession returns the error of CheckSession.
func (f *fixture) checkSession(id accounts.ID, epoch int64) error {
	_, err := f.clients.CheckSession(f.ctx, id, epoch)
	return err
}

func sessionUntilPassword(f *fixture) {
	mario := f.account("mario")
	f.NoError(f.checkSession(mario.ID, mario.SessionEpoch))
	f.ErrorIs(f.checkSession(mario.ID, mario.SessionEpoch-1), accounts.ErrSessionEnded)
	f.ErrorIs(f.checkSession(mario.ID, mario.SessionEpoch+1), accounts.ErrSessionEnded)
	f.NoError(f.clients.SetPassword(f.ctx, mario.ID, "another password"))
	f.ErrorIs(f.checkSession(mario.ID, mario.SessionEpoch), accounts.ErrSessionEnded)
	a, err := f.clients.Authenticate(f.ctx, "mario", "another password")
	f.NoError(err)
	f.Greater(a.SessionEpoch, mario.SessionEpoch)
	f.NoError(f.checkSession(mario.ID, a.SessionEpoch))

	epoch, err := f.clients.Owner(mario.ID).ChangePassword(f.ctx, "another password", "a third password")
	f.NoError(err)
	f.Greater(epoch, a.SessionEpoch)
	f.ErrorIs(f.checkSession(mario.ID, a.SessionEpoch), accounts.ErrSessionEnded)
	f.NoError(f.checkSession(mario.ID, epoch))
	f.remove(mario.ID)
	f.ErrorIs(f.checkSession(mario.ID, epoch), accounts.ErrNotFound)
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
	f.Equal(f.getAccount(mario.ID), a, "the account must be returned with the error")

	_, err = f.clients.Lift(f.ctx, []accounts.ID{mario.ID}, []accounts.Cause{accounts.CauseAbuse})
	f.NoError(err)
	f.Equal(mario.SessionEpoch, f.getAccount(mario.ID).SessionEpoch, "one hold is left, so the epoch must not change")
	f.ErrorIs(f.checkSession(mario.ID, mario.SessionEpoch), accounts.ErrSuspended)
	_, err = f.clients.Lift(f.ctx, []accounts.ID{mario.ID}, []accounts.Cause{accounts.CauseBilling})
	f.NoError(err)
	f.Equal(mario.SessionEpoch+1, f.getAccount(mario.ID).SessionEpoch, "the last hold was lifted, so the epoch must rise")
	f.ErrorIs(f.checkSession(mario.ID, mario.SessionEpoch), accounts.ErrSessionEnded)
	f.activateAccount(mario.ID)
	f.Equal(mario.SessionEpoch+1, f.getAccount(mario.ID).SessionEpoch, "there was no hold to lift, so the epoch must not change")
}

func sessionOrder(f *fixture) {
	mario := f.account("mario")
	f.suspendAccount(mario.ID, accounts.Hold{})
	err := f.checkSession(mario.ID, mario.SessionEpoch+1)
	f.ErrorIs(err, accounts.ErrSessionEnded)
	f.NotErrorIs(err, accounts.ErrSuspended)
	f.ErrorIs(f.checkSession(unusedID, 1), accounts.ErrNotFound)
}

func sessionsIgnoreChildren(f *fixture) {
	data := f.seed()
	f.suspendSubscription(data.blog.ID, accounts.Hold{})
	f.suspendDomain("shop.example", accounts.Hold{})
	f.NoError(f.checkSession(data.mario.ID, data.mario.SessionEpoch))
	_, err := f.clients.Authenticate(f.ctx, "mario", password)
	f.NoError(err)
}

func changedPassword(f *fixture) {
	mario := f.account("mario")
	f.clock.advance(time.Hour)
	events := f.eventsOf(func() { f.NoError(f.clients.SetPassword(f.ctx, mario.ID, "another password")) })
	f.Len(events, 1)
	f.Equal(accounts.Event{
		At: f.clock.storedNow(), Type: "account.password-changed", Actor: actor, AccountID: mario.ID,
	}, withoutCursors(events)[0])
	mario.SessionEpoch++
	f.Equal(mario, f.getAccount(mario.ID), "a new password must not change Version or UpdatedAt")
	_, err := f.clients.Authenticate(f.ctx, "mario", password)
	f.ErrorIs(err, accounts.ErrInvalidCredentials)
	_, err = f.clients.Authenticate(f.ctx, "mario", "another password")
	f.NoError(err)
	err = f.refused(accounts.ErrInvalid, func() error { return f.clients.SetPassword(f.ctx, mario.ID, "MARIO") })
	f.invalid(err, "password")
}

// hookedHasher is a plainHasher that calls the given functions first.
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

// oldHasher makes hashes that hookedHasher reports as outdated.
type oldHasher struct{ plainHasher }

func (h oldHasher) Hash(ctx context.Context, password string) (string, error) {
	hash, err := h.plainHasher.Hash(ctx, password)
	return "$old" + hash, err
}

func (f *fixture) storedHash(id accounts.ID) string {
	f.t.Helper()
	r, err := f.store.Account(f.ctx, accounts.AccountKey{ID: id})
	f.NoError(err)
	return r.Hash
}

func outdatedHash(f *fixture) {
	modern := f.clients
	f.useManager(f.manager(func(o *accounts.Options) { o.Hasher = oldHasher{} }))
	mario := f.account("mario")
	f.Equal("$old$plain$"+password, f.storedHash(mario.ID))
	f.useManager(f.manager(func(o *accounts.Options) { o.Hasher = hookedHasher{outdated: true} }))
	f.clock.advance(time.Hour)
	_, err := f.clients.Authenticate(f.ctx, "mario", "wrong")
	f.ErrorIs(err, accounts.ErrInvalidCredentials)
	f.Equal("$old$plain$"+password, f.storedHash(mario.ID))

	var a accounts.Account
	events := f.eventsOf(func() {
		var err error
		a, err = f.clients.Authenticate(f.ctx, "mario", password)
		f.NoError(err)
	})
	f.Empty(events, "rehashing must record no event, because the password is the same")
	f.Equal(mario, a)
	f.Equal(mario, f.getAccount(mario.ID))
	f.Equal("$plain$"+password, f.storedHash(mario.ID))
	_, err = modern.Authenticate(f.ctx, "mario", password)
	f.NoError(err)
}

func outdatedHashWithStore(f *fixture) {
	f.useManager(f.manager(func(o *accounts.Options) { o.Hasher = oldHasher{} }))
	mario, store := f.account("mario"), &recording.Store{Store: f.store}
	m := f.managerFor(store, func(o *accounts.Options) { o.Hasher = hookedHasher{outdated: true} })
	for _, joined := range []*accounts.Manager{m.WithStore(store), m.WithStore(f.store).WithStore(store)} {
		f.unchanged(func() {
			a, err := joined.Authenticate(f.ctx, "mario", password)
			f.NoError(err)
			f.Equal(mario, a)
		})
	}
	f.Zero(store.Commands.Load(), "a command that fails would end the application's transaction")
	_, err := m.Authenticate(f.ctx, "mario", password)
	f.NoError(err)
	f.Equal("$plain$"+password, f.storedHash(mario.ID), "the manager that it was made of does")
}

func changedDuringVerify(f *fixture) {
	clients := f.clients
	f.useManager(f.manager(func(o *accounts.Options) { o.Hasher = oldHasher{} }))
	mario := f.account("mario")
	change := sync.OnceValue(func() error { return clients.SetPassword(f.ctx, mario.ID, "a newer password") })
	f.useManager(f.manager(func(o *accounts.Options) { o.Hasher = hookedHasher{outdated: true, verify: change} }))

	a, err := f.clients.Authenticate(f.ctx, "mario", password)
	f.Equal("$plain$a newer password", f.storedHash(mario.ID), "the new hash of the old password must not replace the new password")
	if err == nil {
		f.ErrorIs(f.checkSession(mario.ID, a.SessionEpoch), accounts.ErrSessionEnded, "a session that began with the old password must have ended")
	} else {
		f.ErrorIs(err, accounts.ErrInvalidCredentials)
	}
	_, err = clients.Authenticate(f.ctx, "mario", "a newer password")
	f.NoError(err)
}

// changedDuringHash sets a password after a command has read the account and before its transaction reads it again.
func changedDuringHash(f *fixture) {
	clients, mario := f.clients, f.account("mario")
	isRefused := func(command func(m *accounts.Manager) error) {
		change := sync.OnceValue(func() error { return clients.SetPassword(f.ctx, mario.ID, "a newer password") })
		err := command(f.manager(func(o *accounts.Options) { o.Hasher = hookedHasher{hash: change} }))
		f.ErrorIs(err, accounts.ErrInvalidCredentials)
		f.Equal("$plain$a newer password", f.storedHash(mario.ID))
	}
	isRefused(func(m *accounts.Manager) error {
		_, err := m.Owner(mario.ID).ChangePassword(f.ctx, password, "another password")
		return err
	})
	token, err := clients.ResetToken(f.ctx, mario.ID, time.Hour)
	f.NoError(err)
	isRefused(func(m *accounts.Manager) error {
		_, err := m.ResetPassword(f.ctx, token, "another password")
		return err
	})
}

func hashingHoldsNothing(f *fixture) {
	data := f.seed()
	clients, calls := f.clients, 0
	command := func() error {
		calls++
		_, err := clients.Suspend(f.ctx, []accounts.ID{data.luigi.ID}, accounts.Hold{Note: strings.Repeat("x", calls)})
		return err
	}
	f.useManager(f.manager(func(o *accounts.Options) {
		o.Hasher = hookedHasher{hash: command, verify: command}
		o.PasswordPolicy = func(context.Context, string, string) error { return command() }
		o.LoginPolicy = func(context.Context, string) error { return command() }
	}))
	f.account("peach", "peach.example")
	f.NoError(f.clients.SetPassword(f.ctx, data.mario.ID, "another password"))
	_, err := f.clients.Authenticate(f.ctx, "mario", "another password")
	f.NoError(err)
	_, err = f.clients.Authenticate(f.ctx, "unknown", "another password")
	f.ErrorIs(err, accounts.ErrInvalidCredentials)
	_, err = f.clients.Owner(data.mario.ID).ChangePassword(f.ctx, "another password", password)
	f.NoError(err)
	token, err := f.clients.ResetToken(f.ctx, data.mario.ID, time.Hour)
	f.NoError(err)
	_, err = f.clients.ResetPassword(f.ctx, token, "a third password")
	f.NoError(err)
	_, err = f.clients.Owner(data.mario.ID).SetContact(f.ctx, 0, accounts.Contact{Name: "Mario", Email: "mario@example.com"}, "a third password")
	f.NoError(err)
	f.GreaterOrEqual(calls, 11)
}

func hasherFails(f *fixture) {
	mario := f.account("mario")
	failure := errors.New("hardware module failed")
	fail := func() error { return failure }
	f.useManager(f.manager(func(o *accounts.Options) { o.Hasher = hookedHasher{hash: fail, verify: fail} }))
	f.refused(failure, func() error {
		_, err := f.clients.Create(f.ctx, newAccount("luigi"))
		return err
	})
	f.refused(failure, func() error { return f.clients.SetPassword(f.ctx, mario.ID, "another password") })
	f.refused(failure, func() error {
		_, err := f.clients.Authenticate(f.ctx, "mario", password)
		return err
	})
}

// slowHasher verifies nothing until it is released, and counts how many calls ran at a time.
type slowHasher struct {
	plainHasher
	running, peak atomic.Int64
	release       chan struct{}
}

func (h *slowHasher) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	now := h.running.Add(1)
	defer h.running.Add(-1)
	for peak := h.peak.Load(); now > peak && !h.peak.CompareAndSwap(peak, now); peak = h.peak.Load() {
	}
	select {
	case <-h.release:
	case <-ctx.Done():
	}
	return h.plainHasher.Verify(ctx, hash, password)
}

func hashingIsLimited(f *fixture) {
	f.account("mario")
	h := &slowHasher{release: make(chan struct{})}
	m := f.manager(func(o *accounts.Options) { o.Hasher = h })
	slots := runtime.GOMAXPROCS(0) + 256
	const excess = 10

	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	done := make(chan error, slots+excess)
	for range slots + excess {
		go func() {
			_, err := m.WithStore(f.store).Authenticate(ctx, "mario", password)
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
		f.NoError(err, "a call was refused although there was a place in the queue")
	case <-time.After(50 * time.Millisecond): // long enough for the last of them to be refused, if it were
	}
	f.LessOrEqual(h.peak.Load(), int64(runtime.GOMAXPROCS(0)))
	cancel()
	for range slots {
		err := <-done
		f.ErrorIs(err, accounts.ErrUnavailable, "a waiting call must obey its context")
		f.ErrorIs(err, context.Canceled)
	}
	close(h.release)
	_, err := m.Authenticate(f.ctx, "mario", password)
	f.NoError(err, "a call after all others must succeed")
}

func signInAs(f *fixture) {
	mario := f.account("mario")
	for range 2 {
		var a accounts.Account
		events := f.eventsOf(func() {
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
		f.suspendAccount(mario.ID, accounts.Hold{}) // for the second round
	}
	_, err := f.clients.SignInAs(f.ctx, unusedID)
	f.notFound(err, accounts.LevelAccount, unusedID)
}

func resetPassword(f *fixture) {
	mario := f.account("mario")
	events := f.events()
	token, err := f.clients.ResetToken(f.ctx, mario.ID, time.Hour)
	f.NoError(err)
	f.Equal(mario, f.getAccount(mario.ID), "a reset token must not change the account")
	f.Equal(accounts.AccountResetLinkMade, f.events()[len(events)].Type)
	err = f.refused(accounts.ErrInvalid, func() error {
		_, err := f.clients.ResetPassword(f.ctx, token, "short")
		return err
	})
	f.invalid(err, "password")
	f.clock.advance(time.Hour - time.Second)
	var a accounts.Account
	f.unchanged(func() {
		a, err = f.clients.CheckResetToken(f.ctx, token)
		f.NoError(err)
		f.Equal(mario, a)
	})
	events = f.eventsOf(func() {
		a, err = f.clients.ResetPassword(f.ctx, token, "another password")
		f.NoError(err)
	})
	f.Len(events, 1)
	f.Equal(accounts.EventType("account.password-changed"), events[0].Type)
	f.Equal(f.getAccount(mario.ID), a)
	f.Equal(mario.SessionEpoch+1, a.SessionEpoch)
	_, err = f.clients.Authenticate(f.ctx, "mario", "another password")
	f.NoError(err)
	_, err = f.clients.ResetToken(f.ctx, unusedID, time.Hour)
	f.notFound(err, accounts.LevelAccount, unusedID)
}

func resetRefused(f *fixture) {
	mario, luigi := f.account("mario"), f.account("luigi")
	token := func(id accounts.ID, ttl time.Duration) string {
		t, err := f.clients.ResetToken(f.ctx, id, ttl)
		f.NoError(err)
		return t
	}
	used, outdated, expired, other := token(mario.ID, time.Hour), token(mario.ID, time.Hour), token(luigi.ID, time.Minute), token(luigi.ID, 2*time.Hour)
	_, err := f.clients.ResetPassword(f.ctx, used, "another password")
	f.NoError(err)
	f.clock.advance(time.Minute)
	foreign, err := f.manager(func(o *accounts.Options) { o.Secret = []byte(strings.Repeat("another", 9)) }).ResetToken(f.ctx, luigi.ID, time.Hour)
	f.NoError(err)
	forged := []string{used, outdated, expired, foreign, "", "x", other + "A", other[:len(other)-1], other[1:], strings.Repeat("A", 1<<20), "\xff\x00"}
	for i := range other {
		changed := []byte(other)
		changed[i] ^= 1
		forged = append(forged, string(changed))
	}
	f.unchanged(func() {
		for _, token := range forged {
			_, err := f.clients.ResetPassword(f.ctx, token, "a third password")
			f.ErrorIs(err, accounts.ErrInvalidCredentials, "token %.100q", token)
			_, err = f.clients.CheckResetToken(f.ctx, token)
			f.ErrorIs(err, accounts.ErrInvalidCredentials, "token %.100q", token)
		}
	})
	f.NoError(f.clients.SetPassword(f.ctx, mario.ID, "a third password"))
	for _, token := range []string{used, outdated} {
		_, err = f.clients.ResetPassword(f.ctx, token, "a fourth password")
		f.ErrorIs(err, accounts.ErrInvalidCredentials, "a token stays invalid after another change of the password")
	}
	f.remove(luigi.ID)
	_, err = f.clients.ResetPassword(f.ctx, other, "a third password")
	f.ErrorIs(err, accounts.ErrInvalidCredentials, "token of a removed account")
	_, err = f.clients.CheckResetToken(f.ctx, other)
	f.ErrorIs(err, accounts.ErrInvalidCredentials, "token of a removed account")
}

func resetSuspended(f *fixture) {
	mario := f.account("mario")
	f.suspendAccount(mario.ID, accounts.Hold{Message: "Please pay"})
	token, err := f.clients.ResetToken(f.ctx, mario.ID, time.Minute)
	f.NoError(err)
	_, err = f.clients.CheckResetToken(f.ctx, token)
	f.NoError(err)
	a, err := f.clients.ResetPassword(f.ctx, token, "another password")
	var suspended *accounts.SuspendedError
	f.ErrorAs(err, &suspended)
	f.Equal("Please pay", suspended.Messages[0].Text)
	f.Equal(f.getAccount(mario.ID), a, "the account must be returned with the error")
	f.Equal("$plain$another password", f.storedHash(mario.ID))
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
	_, err = without.CheckResetToken(f.ctx, "x")
	f.invalid(err, "secret")
	shortest := f.manager(func(o *accounts.Options) { o.Secret = []byte(strings.Repeat("s", 32)) })
	_, err = shortest.ResetToken(f.ctx, mario.ID, time.Hour)
	f.NoError(err)
}
