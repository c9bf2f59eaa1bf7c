package accounts

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheSlowestKindOfHashIsTheLargestMedian(t *testing.T) {
	var times hashTimes
	assert.Zero(t, times.slowest())
	for _, ms := range []time.Duration{30, 10, 20, 1000} {
		times.add("$fast$x", ms*time.Millisecond)
	}
	assert.Equal(t, 20*time.Millisecond, times.slowest())
	times.add("$slow$x", 90*time.Millisecond)
	assert.Equal(t, 90*time.Millisecond, times.slowest())
	for range maxHashTimes {
		times.add("$slow$x", 40*time.Millisecond)
	}
	times.add("$slow$x", time.Hour)
	assert.Equal(t, 40*time.Millisecond, times.slowest(), "of the last ones")
}

func TestTheTimesOfHashesAreBounded(t *testing.T) {
	var times hashTimes
	times.add("$slow$", time.Hour)
	for i := range 1000 {
		for range 3 {
			times.add(fmt.Sprintf("$kind%d$x", i), time.Duration(i)*time.Millisecond)
		}
	}
	assert.Len(t, times.byKind, maxHashKinds)
	for _, kept := range times.byKind {
		assert.LessOrEqual(t, len(kept), maxHashTimes)
	}
	assert.Equal(t, time.Hour, times.slowest(), "what decides is kept")
}

func TestKindsOfHashes(t *testing.T) {
	const salt, key = "c29tZXNhbHRzb21lc2FsdA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	blowfish := strings.Repeat("a", 53)
	kinds := map[string]bool{}
	groups := [][]string{
		{"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key, newArgonHash(t, 1), newArgonHash(t, 2)},
		{"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$" + key}, // another length of the salt, so ours is computed besides
		{"$argon2id$v=19$m=19456,t=3,p=1$" + salt + "$" + key, "$argon2id$v=19$m=19456,t=3,p=1$c29tZXNhbHQ$" + key},
		{"$argon2id$v=19$m=64,t=3,p=1$" + salt + "$" + key},
		{"$2b$10$" + blowfish, "$2a$10$" + blowfish, "$2y$10$" + strings.Repeat("b", 53)},
		{"$2b$11$" + blowfish},
		{"$scrypt$ln=16,r=8,p=1$salt$sum", "$scrypt$ln=16,r=8,p=1$tlas$mus"},
		{"pbkdf2_sha256$720000$salt$sum"},
		{"{SSHA}abcdef", "{SSHA}ghijkl", "plain", "", "$"},
	}
	for _, same := range groups {
		for _, hash := range same {
			assert.Equal(t, hashKind(same[0]), hashKind(hash), hash)
		}
		kinds[hashKind(same[0])] = true
	}
	assert.Len(t, kinds, len(groups))
}

func newArgonHash(t *testing.T, n byte) string {
	t.Helper()
	a := newArgon()
	a.key = make([]byte, argonKey)
	a.key[0] = n
	return a.String()
}

// kindHasher takes as long for a hash as its text says, by the clock that moves then. No password is right but "right".
type kindHasher struct {
	mu       sync.Mutex
	at       time.Time
	verified atomic.Int32
}

func (h *kindHasher) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *kindHasher) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func (h *kindHasher) Hash(context.Context, string) (string, error) { return "$0s$", nil }

func (h *kindHasher) Verify(_ context.Context, hash, password string) (ok, outdated bool, err error) {
	took, err := time.ParseDuration(strings.Trim(hash, "$"))
	h.advance(took)
	h.verified.Add(1)
	return password == "right", false, err
}

func timedPasswords() (*passwords, *kindHasher) {
	h := &kindHasher{at: time.Unix(0, 0)}
	p := newPasswords(h, nil)
	p.now = h.now
	return p, h
}

// took returns how long a call takes by the wall clock.
func took(do func()) time.Duration {
	start := time.Now()
	do()
	return time.Since(start)
}

func TestARefusalTakesAsLongAsTheSlowestKindOfHash(t *testing.T) {
	p, _ := timedPasswords()
	try := func(hash, password string, want bool) func() {
		return func() {
			ok, _, err := p.verify(t.Context(), hash, password)
			assert.NoError(t, err)
			assert.Equal(t, want, ok)
		}
	}
	assert.Less(t, took(try("$1ms$", "wrong", false)), time.Minute, "nothing slower was verified yet")
	p.times.add("$150ms$", 150*time.Millisecond)
	for _, password := range []string{"wrong", "", strings.Repeat("x", 129)} {
		assert.GreaterOrEqual(t, took(try("$0s$", password, false)), 150*time.Millisecond, "%.10q", password)
	}
	two := "cafe\u0301 wrong" // tried as typed and as prepared
	assert.GreaterOrEqual(t, took(try("$0s$", two, false)), 300*time.Millisecond)
	assert.GreaterOrEqual(t, took(try("$100ms$", "wrong", false)), 50*time.Millisecond, "what is left of it")

	p.times.add("$2h$", 2*time.Hour)
	assert.Less(t, took(try("$1ms$", "right", true)), time.Minute, "a right password does not wait")
	assert.Less(t, took(try("$2h$", "wrong", false)), time.Minute, "the slowest has taken as long already")
}

// The time that an attempt waits for a processor is no time of its hash.
func TestTheQueueIsNoTimeOfAHash(t *testing.T) {
	p, h := timedPasswords()
	for range cap(p.running) {
		p.running <- struct{}{}
	}
	done := make(chan error)
	go func() {
		_, _, err := p.verify(t.Context(), "$1ms$", "wrong")
		done <- err
	}()
	require.Eventually(t, func() bool { return len(p.waiting) == 1 }, 10*time.Second, time.Millisecond)
	h.advance(time.Hour)
	for range cap(p.running) {
		<-p.running
	}
	require.NoError(t, <-done)
	assert.Equal(t, time.Millisecond, p.times.slowest())
}

// A verification that fails or is given up says nothing about its kind of hash.
func TestFailedVerificationsAreNotTimed(t *testing.T) {
	p, _ := timedPasswords()
	_, _, err := p.verify(t.Context(), "$unreadable$", "wrong")
	require.Error(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	p.hasher = hasherFunc(cancel)
	_, _, err = p.verify(ctx, "$1h$", "wrong")
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, p.times.byKind)
}

// hasherFunc is a hasher that calls out, and finds every password wrong.
type hasherFunc func()

func (f hasherFunc) Hash(context.Context, string) (string, error) { return "hash", nil }

func (f hasherFunc) Verify(context.Context, string, string) (ok, outdated bool, err error) {
	f()
	return false, false, nil
}

// A refusal that waits holds no place among the hashes, and obeys ctx.
func TestWaitingRefusalsHoldNoPlace(t *testing.T) {
	p, h := timedPasswords()
	p.times.add("$1h$", time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	attempts := runtime.GOMAXPROCS(0) + maxWaiting + 10
	refused := make(chan error, attempts)
	for i := range attempts {
		go func() {
			_, _, err := p.verify(ctx, "$0s$", "wrong")
			refused <- err
		}()
		require.Eventually(t, func() bool { return h.verified.Load() == int32(i+1) }, 10*time.Second, 100*time.Microsecond)
	}
	require.Eventually(t, func() bool { return len(p.waiting)+len(p.running) == 0 }, 10*time.Second, time.Millisecond)
	ok, _, err := p.verify(t.Context(), "$0s$", "right")
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Empty(t, refused, "all of them wait")

	cancel()
	timeout := time.After(10 * time.Second)
	for range attempts {
		select {
		case err := <-refused:
			assert.ErrorIs(t, err, ErrUnavailable)
			assert.ErrorIs(t, err, context.Canceled)
		case <-timeout:
			require.Fail(t, "an attempt still waits after its context has ended")
		}
	}
}
