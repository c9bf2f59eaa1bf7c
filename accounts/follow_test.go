package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

// outageStore is a store whose events cannot be read while fail returns an error.
type outageStore struct {
	accounts.Store
	reads int
	fail  func() error
}

func (s *outageStore) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	s.reads++
	if err := s.fail(); err != nil {
		return accounts.EventResult{}, err
	}
	return s.Store.Events(ctx, q)
}

var errOutage = fmt.Errorf("%w: the server is down", accounts.ErrUnavailable)

// failDuring returns an error for a time after each of some offsets from now.
func failDuring(outage time.Duration, offsets ...time.Duration) func() error {
	begin := time.Now()
	return func() error {
		for _, offset := range offsets {
			if d := time.Since(begin); d >= offset && d < offset+outage {
				return errOutage
			}
		}
		return nil
	}
}

func noEvents(context.Context, []accounts.Event, accounts.Cursor) error { return nil }

// Without OnError, Follow returns the error of the store after a minute, and not because of several shorter outages.
func TestFollowReturnsAfterAMinuteOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &outageStore{Store: memory.New(), fail: failDuring(50*time.Second, time.Minute, 2*time.Minute, 10*time.Minute, 11*time.Minute)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		require.ErrorIs(t, accounts.NewManager(store, nil).Follow(ctx, "", nil, noEvents), context.DeadlineExceeded)

		begin := time.Now()
		store.fail = failDuring(time.Hour, 10*time.Minute)
		err := accounts.NewManager(store, nil).Follow(t.Context(), "", nil, noEvents)
		require.Equal(t, errOutage, err)
		assert.InDelta(t, 11*time.Minute, time.Since(begin), float64(3*time.Second))
	})
}

// With OnError, Follow reports each failure, goes on for as long as it takes, and then misses nothing.
func TestFollowReportsFailuresAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &outageStore{Store: memory.New(), fail: failDuring(time.Hour, 0)}
		clients := accounts.NewManager(store, &accounts.Options{Hasher: plainHasher{}})
		for _, login := range []string{"anna", "bruno"} {
			_, err := clients.Create(t.Context(), accounts.New{Login: login, Password: "correct horse", Contact: accounts.Contact{Name: login}})
			require.NoError(t, err)
		}
		reported, stop := 0, errors.New("stop")
		err := clients.Follow(t.Context(), "", &accounts.FollowOptions{OnError: func(err error) {
			assert.Equal(t, errOutage, err)
			reported++
		}}, func(_ context.Context, batch []accounts.Event, _ accounts.Cursor) error {
			assert.Len(t, batch, 2)
			return stop
		})
		require.Equal(t, stop, err)
		assert.Equal(t, store.reads-1, reported)
		assert.InDelta(t, 3600, reported, 20, "it tries again every second")
	})
}

// A mistake is no outage: Follow returns it at once, and reports nothing.
func TestFollowReturnsMistakesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, mistake := time.Now(), errors.New("permission denied")
		store := &outageStore{Store: memory.New(), fail: func() error { return mistake }}
		err := accounts.NewManager(store, nil).Follow(t.Context(), "", &accounts.FollowOptions{OnError: func(err error) { t.Error(err) }}, noEvents)
		require.Equal(t, mistake, err)
		assert.Zero(t, time.Since(begin))
	})
}

// Follow polls every second while nothing happens, and every 50 milliseconds after new events.
func TestFollowPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &outageStore{Store: memory.New(), fail: func() error { return nil }}
		clients := accounts.NewManager(store, &accounts.Options{Hasher: plainHasher{}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		require.ErrorIs(t, clients.Follow(ctx, "", nil, noEvents), context.DeadlineExceeded)
		assert.InDelta(t, 3600, store.reads, 20)

		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		store.reads = 0
		n := 0
		create := func() {
			_, err := clients.Create(ctx, accounts.New{Login: fmt.Sprint("user", n), Password: "correct horse", Contact: accounts.Contact{Name: "User"}})
			require.NoError(t, err)
			n++
		}
		create()
		stop := errors.New("stop")
		begin := time.Now()
		require.Equal(t, stop, clients.Follow(ctx, "", nil, func(context.Context, []accounts.Event, accounts.Cursor) error {
			if n == 100 {
				return stop
			}
			create()
			return nil
		}))
		assert.Equal(t, 99*50*time.Millisecond, time.Since(begin))
	})
}
