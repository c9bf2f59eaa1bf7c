package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

// Every method that takes a context and returns an error is observed, once, with its name and its result.
func TestOnCommandObservesEveryMethod(t *testing.T) {
	composed := []string{"Follow"} // calls other methods, which are observed
	type call struct {
		command string
		err     error
	}
	var calls []call
	clients := accounts.NewManager(memory.New(), &accounts.Options{
		Hasher: plainHasher{},
		OnCommand: func(ctx context.Context, command string) (context.Context, func(error)) {
			return ctx, func(err error) { calls = append(calls, call{command, err}) }
		},
	})
	for prefix, manager := range map[string]any{
		"accounts.": clients, "subscriptions.": clients.Subscriptions(), "accounts.Bucket.": clients.Bucket("sessions"),
	} {
		v, observed := reflect.ValueOf(manager), 0
		for i := range v.NumMethod() {
			method, name := v.Method(i), v.Type().Method(i).Name
			if !isCommand(method.Type()) || strings.Contains(strings.Join(composed, " "), name) {
				continue
			}
			observed++
			args := []reflect.Value{reflect.ValueOf(t.Context())}
			for j := 1; j < method.Type().NumIn(); j++ {
				args = append(args, reflect.Zero(method.Type().In(j)))
			}
			calls = nil
			results := method.Call(args)
			err, _ := results[len(results)-1].Interface().(error)
			assert.Equal(t, []call{{prefix + name, err}}, calls, name)
		}
		assert.GreaterOrEqual(t, observed, 6, prefix)
	}
	_, err := clients.Owner(1).ChangePassword(t.Context(), "old password", "new password")
	require.ErrorIs(t, err, accounts.ErrNotFound)
	assert.Equal(t, call{"accounts.ChangePassword", err}, calls[len(calls)-1])
	calls = nil
	_, err = clients.Owner(1).SetContact(t.Context(), 0, accounts.Contact{Name: "Mario"}, "")
	require.ErrorIs(t, err, accounts.ErrNotFound)
	assert.Equal(t, []call{{"accounts.SetContact", err}}, calls)
}

// The commands inside a Transaction are observed as well, with the context that the function of the Transaction gives them.
func TestOnCommandObservesTransactions(t *testing.T) {
	type key struct{}
	var calls []string
	clients := accounts.NewManager(memory.New(), &accounts.Options{
		OnCommand: func(ctx context.Context, command string) (context.Context, func(error)) {
			outer, _ := ctx.Value(key{}).(string)
			command = outer + ">" + command
			return context.WithValue(ctx, key{}, command), func(err error) {
				calls = append(calls, fmt.Sprint(command, " ", errors.Is(err, accounts.ErrNotFound)))
			}
		},
	})
	err := clients.Transaction(t.Context(), func(ctx context.Context, tx *accounts.Manager) error {
		_, err := tx.Bucket("sessions").Put(ctx, accounts.Entry{Key: "k"}, accounts.Any)
		require.NoError(t, err)
		_, err = tx.Subscriptions().Get(ctx, 1)
		return err
	})
	require.ErrorIs(t, err, accounts.ErrNotFound)
	assert.Equal(t, []string{
		">accounts.Transaction>accounts.Bucket.Put false", ">accounts.Transaction>subscriptions.Get true", ">accounts.Transaction true",
	}, calls)
}

func isCommand(method reflect.Type) bool {
	ctx, failure := reflect.TypeFor[context.Context](), reflect.TypeFor[error]()
	return method.NumIn() > 0 && method.In(0) == ctx && method.NumOut() > 0 && method.Out(method.NumOut()-1) == failure
}

// A command runs with the context that OnCommand returns. Nil results are replaced.
func TestOnCommandReplacesTheContext(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		want error
	}{{"its context", cancelled, context.Canceled}, {"nothing", nil, nil}} {
		store := memory.New()
		clients := accounts.NewManager(store, &accounts.Options{
			Hasher:    plainHasher{},
			OnCommand: func(context.Context, string) (context.Context, func(error)) { return c.ctx, nil },
		})
		_, err := clients.Create(t.Context(), accounts.New{
			Login: "mario", Password: "correct horse", Contact: accounts.Contact{Name: "Mario Rossi"},
		})
		if c.want == nil {
			require.NoError(t, err, c.name)
			continue
		}
		require.ErrorIs(t, err, c.want, c.name)
		require.ErrorIs(t, err, accounts.ErrUnavailable, c.name)
	}
}

// plainHasher keeps passwords as they are, so that tests need not wait.
type plainHasher struct{}

func (plainHasher) Hash(_ context.Context, password string) (string, error) { return password, nil }

func (plainHasher) Verify(_ context.Context, hash, password string) (ok, outdated bool, err error) {
	return hash == password, false, nil
}

func TestSkipUnknown(t *testing.T) {
	clients := accounts.NewManager(memory.New(), &accounts.Options{Hasher: plainHasher{}})
	var existing []accounts.ID
	for _, login := range []string{"anna", "bruno"} {
		a, err := clients.Create(t.Context(), accounts.New{Login: login, Password: "correct horse", Contact: accounts.Contact{Name: login}})
		require.NoError(t, err)
		existing = append(existing, a.ID)
	}
	runs := 0
	suspend := func(ids []accounts.ID) (accounts.Outcome, error) {
		runs++
		return clients.Suspend(t.Context(), ids, accounts.Hold{Cause: accounts.CauseBilling})
	}
	given := []accounts.ID{99, existing[1], 77, existing[0], 99}
	out, unknown, err := accounts.SkipUnknown(given, suspend)
	require.NoError(t, err)
	assert.Equal(t, accounts.Outcome{Changed: existing}, out)
	assert.Equal(t, []accounts.ID{77, 99}, unknown)
	assert.Equal(t, []accounts.ID{99, existing[1], 77, existing[0], 99}, given, "the caller's slice is not changed")
	assert.Equal(t, 2, runs)

	runs = 0
	out, unknown, err = accounts.SkipUnknown([]accounts.ID{5, 6}, suspend)
	require.NoError(t, err)
	assert.Zero(t, out)
	assert.Equal(t, []accounts.ID{5, 6}, unknown)
	assert.Equal(t, 1, runs, "a command without ids would be invalid")

	_, unknown, err = accounts.SkipUnknown(nil, suspend)
	require.ErrorIs(t, err, accounts.ErrInvalid)
	assert.Empty(t, unknown)

	// An account may be removed between two runs.
	_, unknown, err = accounts.SkipUnknown(existing, func(ids []accounts.ID) (accounts.Outcome, error) {
		if len(ids) == 2 {
			return accounts.Outcome{}, &accounts.NotFoundError{Kind: "account", IDs: []int64{int64(ids[1])}}
		}
		return accounts.Outcome{}, &accounts.NotFoundError{Kind: "account", IDs: []int64{int64(ids[0])}}
	})
	require.NoError(t, err)
	assert.ElementsMatch(t, existing, unknown)

	// Errors about anything else, and about ids that the command was not given, are the command's.
	for _, failure := range []error{
		errors.New("other"), accounts.ErrUnavailable, &accounts.NotFoundError{Kind: "subscription", IDs: []int64{int64(existing[0])}},
		&accounts.NotFoundError{Kind: "account", IDs: []int64{4711}},
	} {
		_, _, err := accounts.SkipUnknown(existing, func([]accounts.ID) (accounts.Outcome, error) { return accounts.Outcome{}, failure })
		assert.Equal(t, failure, err)
	}
}
