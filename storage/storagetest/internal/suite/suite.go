// Package suite has what the cases and the engines of the conformance suite share: a clock, a hasher that costs nothing,
// input, and how long engines run.
package suite

import (
	"context"
	"errors"
	"iter"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clientele-go/clientele/accounts"
)

const (
	// Password is the password of all accounts for which a test does not set another one.
	Password = "correct horse battery"
	// Bucket is the bucket of most tests.
	Bucket = "suite"
	// UnusedID is an id that no store allocates.
	UnusedID = 1 << 40
)

// ErrRefused is the error of tests that roll a transaction back.
var ErrRefused = errors.New("refused by the test case")

// Clock is the time of a test. It stands still unless it is advanced.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock returns a clock that stands still at a time.
func NewClock(at time.Time) *Clock { return &Clock{at: at} }

// Now returns the current time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// StoredNow returns the current time as it is stored.
func (c *Clock) StoredNow() time.Time { return StoredTime(c.Now()) }

// Advance moves the clock forward, or back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Set moves the clock to a time.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// StoredTime returns a time as it is stored.
func StoredTime(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// PlainHasher replaces Argon2id in tests that are not about password hashing. It costs nothing.
type PlainHasher struct{}

// Hash returns a hash that contains the password.
func (PlainHasher) Hash(_ context.Context, password string) (string, error) {
	return "$plain$" + password, nil
}

// Verify reports whether a hash is that of the password.
func (PlainHasher) Verify(_ context.Context, hash, password string) (ok, outdated bool, err error) {
	return hash == "$plain$"+password, false, nil
}

// NewAccount returns input with only the required fields.
func NewAccount(login string) accounts.New {
	return accounts.New{Login: login, Password: Password, Contact: accounts.Contact{Name: "Customer " + login}}
}

// WithHash returns input with a hash in the place of the password, as it is needed in transactions.
func WithHash(in accounts.New) accounts.New {
	in.Password, in.PasswordHash = "", "$plain$"+Password
	return in
}

// As converts ids to another type. It returns nil for an empty list, so that lists can be compared.
func As[T, F ~int64](ids []F) []T {
	var converted []T
	for _, id := range ids {
		converted = append(converted, T(id))
	}
	return converted
}

// CausesOf returns the causes of holds, separated by commas.
func CausesOf(holds accounts.Holds) string {
	var all []string
	for _, h := range holds {
		all = append(all, string(h.Cause))
	}
	return strings.Join(all, ",")
}

// soaking reports whether the tests may take long. make soak sets CLIENTELE_SOAK=1.
func soaking() bool { return os.Getenv("CLIENTELE_SOAK") == "1" }

// Scale returns soak when soaking, and usual otherwise.
func Scale(usual, soak int) int {
	if soaking() {
		return soak
	}
	return usual
}

// Bounded returns a context that ends after limit, or after ten times limit when soaking.
func Bounded(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit*time.Duration(Scale(1, 10)))
	t.Cleanup(cancel)
	return ctx
}

// Repeated yields 0, 1, 2 and so on until the time has passed, but at least twice. When soaking, the time is 60 times
// usual. What depends on the scheduler cannot be repeated exactly, so a fast store gets more rounds.
func Repeated(usual time.Duration) iter.Seq[int] {
	return func(yield func(int) bool) {
		budget := usual * time.Duration(Scale(1, 60))
		for i, begin := 0, time.Now(); i < 2 || time.Since(begin) < budget; i++ {
			if !yield(i) {
				return
			}
		}
	}
}
