package accounts

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/clientele-go/clientele/internal/input"
)

// blockingHasher is a PasswordHasher whose Hash blocks until release is closed.
type blockingHasher struct {
	release    chan struct{}
	running    atomic.Int32
	maxRunning atomic.Int32
}

func (h *blockingHasher) Hash(context.Context, string) (string, error) {
	running := h.running.Add(1)
	for highest := h.maxRunning.Load(); running > highest && !h.maxRunning.CompareAndSwap(highest, running); highest = h.maxRunning.Load() {
	}
	<-h.release
	h.running.Add(-1)
	return "hash", nil
}

func (h *blockingHasher) Verify(context.Context, string, string) (ok, outdated bool, err error) {
	return false, false, nil
}

// There are as many concurrent hashes as processors, and 256 callers wait. Further calls fail immediately.
func TestConcurrentHashesAreLimited(t *testing.T) {
	h := &blockingHasher{release: make(chan struct{})}
	p := newPasswords(h, nil)
	capacity := runtime.GOMAXPROCS(0) + maxWaiting
	var all sync.WaitGroup
	var failed atomic.Int32
	for range capacity {
		all.Go(func() {
			if _, err := p.hash(context.Background(), "correct horse"); err != nil {
				failed.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return len(p.waiting) == capacity }, 10*time.Second, time.Millisecond)

	_, err := p.hash(context.Background(), "correct horse")
	require.ErrorIs(t, err, ErrUnavailable)

	close(h.release)
	all.Wait()
	assert.Zero(t, failed.Load())
	assert.LessOrEqual(t, h.maxRunning.Load(), int32(runtime.GOMAXPROCS(0)))
	_, err = p.hash(context.Background(), "correct horse")
	assert.NoError(t, err, "hashing must be possible again")
}

func TestWaitingForProcessorObeysContext(t *testing.T) {
	h := &blockingHasher{release: make(chan struct{})}
	p := newPasswords(h, nil)
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() { _, _ = p.hash(context.Background(), "correct horse") })
	}
	require.Eventually(t, func() bool { return len(p.running) == cap(p.running) }, 10*time.Second, time.Millisecond)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := p.hash(ctx, "correct horse")
	assert.ErrorIs(t, err, ErrUnavailable)
	assert.ErrorIs(t, err, context.Canceled)
	close(h.release)
	all.Wait()
}

func TestNewPasswords(t *testing.T) {
	p := newPasswords(nil, nil)
	a := Account{Login: "mario.rossi", Contact: Contact{Name: "Mario \u00c9l Rossi", Email: "Mario@Rossi.example"}}
	for password, rule := range map[string]string{
		"1234567x":                           "",
		"1234567":                            "minLength",
		"éèêëéèêà":                           "",
		strings.Repeat("e\u0301", 127) + "e": "",
		strings.Repeat("e\u0301", 7):         "minLength",
		strings.Repeat("é", 127) + "e":       "",
		strings.Repeat("é", 129):             "max",
		strings.Repeat("a", 1<<20):           "max",
		"correct horse":                      "",
		"correct\u3000horse":                 "",
		"correct\nhorse":                     "characters",
		"correct\x00horse":                   "characters",
		"correct\xffhorse":                   "characters",

		// As telephones type emoji: with U+FE0F, U+FE0E and U+200D, which are no characters of the password.
		"\u2764\ufe0f love you":                   "",
		"\u2764\ufe0e love you":                   "",
		"I love \U0001f469\u200d\U0001f467":       "",
		"1234567\u200d\ufe0e\ufe0f":               "minLength",
		strings.Repeat("\u2764\ufe0f", 7) + "!":   "",
		strings.Repeat("\u2764\ufe0f", 127) + "!": "",
		strings.Repeat("\u2764\ufe0f", 8):         "common",
		strings.Repeat("\u2764\ufe0f", 129):       "max",
		strings.Repeat("\ufe0f\u200d\ufe0e", 99):  "minLength",
		"correct\u200bhorse":                      "characters",
		"pass\u200dword":                          "common",

		"mario.rossi":            "notLogin",
		"MARIO.Rossi":            "notLogin",
		" mario.rossi ":          "notLogin",
		"mario.rossi\ufe0f":      "notLogin",
		"mario \u00e9l rossi":    "notYours",
		"MARIO E\u0301L ROSSI":   "notYours",
		"mario@rossi.example":    "notYours",
		"MARIO@ROSSI.EXAMPLE":    "notYours",
		"mario@rossi.example!":   "",
		"mario.rossimario.rossi": "",
		"password":               "common",
		"PassWord":               "common",
		"PASSWORDpassword":       "common",
		"11111111":               "common",
		"abc123abc123":           "common",
		strings.Repeat("a", 128): "common",
		strings.Repeat("a", 11):  "common",
		"ababababa":              "common",
		strings.Repeat(" ", 8):   "common",
		"password ":              "common",
		"\u00a0 PassWord\u3000":  "common",
		"passwordpassword1":      "",
		"pa\u017fsword":          "common", // the long s folds to s
	} {
		var v input.Violations
		require.NoError(t, p.check(context.Background(), &v, a, password))
		if rule == "" {
			assert.NoError(t, v.Err(), "%.20q", password)
			continue
		}
		var invalid *InvalidError
		if assert.ErrorAs(t, v.Err(), &invalid, "%.20q", password) {
			assert.Len(t, invalid.Fields, 1)
			assert.Equal(t, "password", invalid.Fields[0].Path)
			assert.Equal(t, rule, invalid.Fields[0].Rule, "%.20q", password)
		}
	}
}

func TestPasswordPolicyIsCalledLast(t *testing.T) {
	errPolicy := errors.New("policy unavailable")
	calls := 0
	result := error(nil)
	p := newPasswords(nil, func(_ context.Context, login, password string) error {
		calls++
		assert.Equal(t, "mario", login)
		return result
	})
	var v input.Violations
	require.NoError(t, p.check(context.Background(), &v, Account{Login: "mario"}, "short"))
	assert.Zero(t, calls, "the policy was called for an invalid password")

	v = input.Violations{}
	result = &InvalidError{Fields: []FieldError{{Path: "anything", Rule: "leaked", Message: "It was leaked"}}}
	require.NoError(t, p.check(context.Background(), &v, Account{Login: "mario"}, "correct horse"))
	var invalid *InvalidError
	require.ErrorAs(t, v.Err(), &invalid)
	assert.Equal(t, []FieldError{{Path: "password", Rule: "leaked", Message: "It was leaked"}}, invalid.Fields)

	v = input.Violations{}
	result = errPolicy
	assert.ErrorIs(t, p.check(context.Background(), &v, Account{Login: "mario"}, "correct horse"), errPolicy)
}

// Other systems hash a password as it was typed; the library hashes it as RFC 8265 prepares it.
func TestPasswordCandidates(t *testing.T) {
	for password, want := range map[string][]string{
		"plain":                        {"plain"},
		"e\u0301t\u00a0e":              {"e\u0301t\u00a0e", "ét e"},
		"a\nb":                         {"a\nb"},
		"\u2764\ufe0f":                 {"\u2764\ufe0f", "\u2764"},
		"e\u0301\u2764\ufe0f":          {"e\u0301\u2764\ufe0f", "\u00e9\u2764"},
		"\u0915\u094d\u200d\u0937":     {"\u0915\u094d\u200d\u0937", "\u0915\u094d\u0937"}, // PRECIS keeps this joiner
		"e\u0301\u0915\u094d\u200d":    {"e\u0301\u0915\u094d\u200d", "\u00e9\u0915\u094d\u200d", "\u00e9\u0915\u094d"},
		strings.Repeat("e\u0301", 128): {strings.Repeat("e\u0301", 128), strings.Repeat("é", 128)},
		strings.Repeat("a", 129):       {"nobody's"},
		strings.Repeat("a", 1<<20):     {"nobody's"},
		"":                             {"nobody's"},
	} {
		assert.Equal(t, want, candidates(password, isPossible(password)), "%.20q", password)
	}
}

// A password that is empty or too long never matches, even if another system made its hash of the empty password.
func TestImpossiblePasswordsNeverMatch(t *testing.T) {
	for _, password := range []string{"", "nobody's"} {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		require.NoError(t, err)
		for _, impossible := range []string{"", strings.Repeat("a", 129)} {
			ok, _, err := newPasswords(nil, nil).verify(context.Background(), string(hash), impossible)
			require.NoError(t, err)
			assert.False(t, ok, "%.20q", impossible)
		}
	}
}

func TestArgon2id(t *testing.T) {
	ctx := context.Background()
	hash, err := Argon2id{}.Hash(ctx, "correct horse")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), hash)

	ok, outdated, err := Argon2id{}.Verify(ctx, hash, "correct horse")
	require.NoError(t, err)
	assert.True(t, ok)
	assert.False(t, outdated)

	ok, _, err = Argon2id{}.Verify(ctx, hash, "wrong horse")
	require.NoError(t, err)
	assert.False(t, ok)

	other := argon{memory: 8 * 1024, time: 1, threads: 2, salt: []byte("somesalt")}
	other.key = other.derive("correct horse", 16)
	fromBcrypt, err := bcrypt.GenerateFromPassword([]byte("correct horse"), bcrypt.MinCost)
	require.NoError(t, err)
	for _, foreign := range []string{other.String(), string(fromBcrypt)} {
		ok, outdated, err := Argon2id{}.Verify(ctx, foreign, "correct horse")
		require.NoError(t, err, foreign)
		assert.True(t, ok, foreign)
		assert.True(t, outdated, foreign)
		ok, _, err = Argon2id{}.Verify(ctx, foreign, "wrong horse")
		require.NoError(t, err, foreign)
		assert.False(t, ok, foreign)
	}

	_, _, err = Argon2id{}.Verify(ctx, "$6$salt$hash", "password")
	assert.Error(t, err)
}

// Verifying a hash of another system computes a hash of the library as well. The test counts the 19 MiB that this
// allocates, because measured times vary.
func TestVerifyIsNotFasterForForeignHashes(t *testing.T) {
	ctx := context.Background()
	ours, err := Argon2id{}.Hash(ctx, "correct horse")
	require.NoError(t, err)
	weak := argon{memory: 64, time: 1, threads: 1, salt: []byte("somesalt"), key: make([]byte, 16)}
	crypt, err := bcrypt.GenerateFromPassword([]byte("correct horse"), bcrypt.MinCost)
	require.NoError(t, err)
	for _, hash := range []string{ours, weak.String(), string(crypt), "$6$salt$hash"} {
		for _, password := range []string{"correct horse", "wrong horse"} {
			assert.GreaterOrEqual(t, allocatedBytes(func() { _, _, _ = Argon2id{}.Verify(ctx, hash, password) }), uint64(argonMemory*1024), hash)
		}
	}
}

// allocatedBytes returns the number of bytes that the process allocated while fn ran.
func allocatedBytes(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Bcrypt ignores everything after 72 bytes of a password, so a longer password must never match.
func TestBcryptPasswordLimit(t *testing.T) {
	longest := strings.Repeat("correct ", 9)
	require.Len(t, longest, maxBcryptBytes)
	hash, err := bcrypt.GenerateFromPassword([]byte(longest), bcrypt.MinCost)
	require.NoError(t, err)
	for password, matches := range map[string]bool{longest: true, longest + "h": false, longest[:71]: false} {
		ok, _, err := Argon2id{}.Verify(context.Background(), string(hash), password)
		require.NoError(t, err)
		assert.Equal(t, matches, ok, password)
	}
}

// A password that is too long for bcrypt takes as long as another wrong one. Otherwise such guesses would pull down the time
// that refusals wait for, because the Manager measures it.
func TestPasswordsTooLongForBcryptTakeAsLong(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("correct horse"), 10)
	require.NoError(t, err)
	verification := func(password string) time.Duration {
		return took(func() {
			ok, _, err := Argon2id{}.Verify(t.Context(), string(hash), password)
			require.NoError(t, err)
			require.False(t, ok)
		})
	}
	tooLong, wrong := time.Hour, time.Hour // the fastest of each: a busy machine only slows some down
	for range 30 {
		tooLong, wrong = min(tooLong, verification(strings.Repeat("wrong ", 15))), min(wrong, verification("wrong"))
		if tooLong > wrong*6/10 {
			return
		}
	}
	t.Fatalf("a password that is too long takes %s, another one %s", tooLong, wrong)
}
