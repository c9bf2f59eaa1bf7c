package accounts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

// failingStore is a store whose n-th call fails. 0 is none.
type failingStore struct {
	accounts.Store
	calls, at int
}

func (s *failingStore) call() error {
	s.calls++
	if s.calls == s.at {
		return fmt.Errorf("%w: connection refused", accounts.ErrUnavailable)
	}
	return nil
}

func (s *failingStore) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	if err := s.call(); err != nil {
		return accounts.Record{}, err
	}
	return s.Store.Account(ctx, k)
}

func (s *failingStore) Transaction(ctx context.Context, fn func(context.Context, accounts.Store) error) error {
	if err := s.call(); err != nil {
		return err
	}
	return s.Store.Transaction(ctx, func(ctx context.Context, in accounts.Store) error {
		inner := &failingStore{Store: in, calls: s.calls, at: s.at}
		defer func() { s.calls = inner.calls }()
		return fn(ctx, inner)
	})
}

func (s *failingStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	if err := s.call(); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx accounts.Tx) error {
		if err := s.call(); err != nil {
			return err
		}
		if err := fn(tx); err != nil {
			return err
		}
		return s.call()
	})
}

// No password, hash or reset token is in a result, an error or an event, whatever is wrong with it and whichever call of the
// store fails.
func TestNoSecretIsReturned(t *testing.T) {
	const canary = "Kanarienvogel"
	contact := accounts.Contact{Name: "Mario", Email: "mario@example.com"}
	texts := map[string]string{
		"right": canary + " right", "wrong": canary + " wrong", "short": canary[:7], "long": strings.Repeat(canary, 20), "control": canary + "\x00\x1b",
		"no UTF-8": canary + "\xff", "policy": canary + " refused", "a hash": "$argon2id$v=19$m=19456,t=2,p=1$" + canary,
		"costly": "$argon2id$v=19$m=99999999,t=99,p=1$c29tZXNhbHQ$" + canary, "bcrypt": "$2a$31$" + strings.Repeat(canary, 4),
	}
	calls := map[string]func(ctx context.Context, m *accounts.Manager, id accounts.ID, token, text string) (any, error){
		"Create": func(ctx context.Context, m *accounts.Manager, _ accounts.ID, _, text string) (any, error) {
			return m.Create(ctx, accounts.New{Login: "another", Password: text, Contact: contact})
		},
		"Create, hash": func(ctx context.Context, m *accounts.Manager, _ accounts.ID, _, text string) (any, error) {
			return m.Create(ctx, accounts.New{Login: "another", PasswordHash: text, Contact: contact})
		},
		"Create, both": func(ctx context.Context, m *accounts.Manager, _ accounts.ID, _, text string) (any, error) {
			return m.Create(ctx, accounts.New{Login: "another", Password: text, PasswordHash: text, Contact: contact})
		},
		"Create, taken": func(ctx context.Context, m *accounts.Manager, _ accounts.ID, _, text string) (any, error) {
			return m.Create(ctx, accounts.New{Login: "mario", Password: text, Contact: contact})
		},
		"CreateMany": func(ctx context.Context, m *accounts.Manager, _ accounts.ID, _, text string) (any, error) {
			return m.CreateMany(ctx, []accounts.New{{Login: "another", Password: text, Contact: contact}, {Login: "third", PasswordHash: text, Contact: contact}})
		},
		"SetPasswordHash": func(ctx context.Context, m *accounts.Manager, id accounts.ID, _, text string) (any, error) {
			return nil, m.SetPasswordHash(ctx, id, text)
		},
		"HashPassword": func(ctx context.Context, m *accounts.Manager, _ accounts.ID, _, text string) (any, error) {
			_, err := m.HashPassword(ctx, accounts.New{Login: "mario", Password: text, Contact: contact}) // the hash is what the caller wants
			return nil, err
		},
		"Transaction": func(ctx context.Context, m *accounts.Manager, id accounts.ID, _, text string) (any, error) {
			return nil, m.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error {
				_, err := tx.Create(ctx, accounts.New{Login: "another", Password: text, PasswordHash: text, Contact: contact})
				return errors.Join(err, tx.SetPasswordHash(ctx, id, text), tx.SetPassword(ctx, id, text))
			})
		},
		"Bucket.Put": func(ctx context.Context, m *accounts.Manager, id accounts.ID, _, text string) (any, error) {
			_, err := m.Bucket("b").Put(ctx, accounts.Entry{Key: "k", Value: []byte(text)}, accounts.AtVersion(1))
			_, tooLong := m.Bucket("b").Put(ctx, accounts.Entry{Key: "k", Value: []byte(strings.Repeat(text, 70_000/len(text)+1))}, accounts.Any)
			_, unowned := m.Bucket("b").Put(ctx, accounts.Entry{Key: "account/9999/k", Value: []byte(text)}, accounts.Any)
			return nil, errors.Join(err, tooLong, unowned)
		},
		"SetPassword": func(ctx context.Context, m *accounts.Manager, id accounts.ID, _, text string) (any, error) {
			return nil, m.SetPassword(ctx, id, text)
		},
		"ChangePassword, old": func(ctx context.Context, m *accounts.Manager, id accounts.ID, _, text string) (any, error) {
			return m.Owner(id).ChangePassword(ctx, text, canary+" newer")
		},
		"ChangePassword, new": func(ctx context.Context, m *accounts.Manager, id accounts.ID, _, text string) (any, error) {
			return m.Owner(id).ChangePassword(ctx, canary+" right", text)
		},
		"SetContact": func(ctx context.Context, m *accounts.Manager, id accounts.ID, _, text string) (any, error) {
			return m.Owner(id).SetContact(ctx, 0, contact, text)
		},
		"Authenticate": func(ctx context.Context, m *accounts.Manager, _ accounts.ID, _, text string) (any, error) {
			return m.Authenticate(ctx, "mario", text)
		},
		"Authenticate, login": func(ctx context.Context, m *accounts.Manager, _ accounts.ID, _, text string) (any, error) {
			return m.Authenticate(ctx, text, text)
		},
		"ResetPassword": func(ctx context.Context, m *accounts.Manager, _ accounts.ID, token, text string) (any, error) {
			return m.ResetPassword(ctx, token, text)
		},
		"ResetPassword, token": func(ctx context.Context, m *accounts.Manager, _ accounts.ID, _, text string) (any, error) {
			return m.ResetPassword(ctx, text, text)
		},
		"CheckResetToken": func(ctx context.Context, m *accounts.Manager, _ accounts.ID, token, _ string) (any, error) {
			return m.CheckResetToken(ctx, token)
		},
		"CheckResetToken, forged": func(ctx context.Context, m *accounts.Manager, _ accounts.ID, _, text string) (any, error) {
			return m.CheckResetToken(ctx, text)
		},
	}
	for _, hasher := range []accounts.PasswordHasher{accounts.Argon2id{}, plainHasher{}} {
		for name, call := range calls {
			for kind, text := range texts {
				_, slow := hasher.(accounts.Argon2id)
				if slow && kind != "a hash" && kind != "costly" && kind != "bcrypt" {
					continue
				}
				for at := 0; ; at++ {
					store := &failingStore{Store: memory.New()}
					var observed []error
					m := accounts.NewManager(store, &accounts.Options{
						Hasher: hasher, Secret: []byte(strings.Repeat("s", 32)),
						PasswordPolicy: func(_ context.Context, _, password string) error {
							if strings.Contains(password, "refused") {
								return &accounts.InvalidError{Fields: []accounts.FieldError{{Rule: "leaked", Message: "leaked"}}}
							}
							return nil
						},
						OnCommand: func(ctx context.Context, _ string) (context.Context, func(error)) {
							return ctx, func(err error) { observed = append(observed, err) }
						},
					})
					mario, err := m.Create(t.Context(), accounts.New{Login: "mario", PasswordHash: hashFor(hasher, canary+" right"), Contact: accounts.Contact{Name: "Mario"}})
					require.NoError(t, err)
					token, err := m.ResetToken(t.Context(), mario.ID, time.Hour)
					require.NoError(t, err)
					store.calls, store.at = 0, at
					result, err := call(t.Context(), m, mario.ID, token, text)
					failed := at > 0 && store.calls >= at
					events, eventsErr := m.Events(t.Context(), accounts.EventQuery{})
					require.NoError(t, eventsErr)
					for _, returned := range append([]any{result, err, errors.Join(observed...)}, events.Items) {
						written, _ := json.Marshal(returned)
						all := fmt.Sprintf("%v %+v %#v %s", returned, returned, returned, written)
						var invalid *accounts.InvalidError
						if e, ok := returned.(error); ok && errors.As(e, &invalid) {
							all += fmt.Sprintf("%+v %+v", *invalid, invalid.Translate("it"))
						}
						require.NotContains(t, strings.ToLower(all), strings.ToLower(canary)[:7], "%s with %s, call %d", name, kind, at)
						require.NotContains(t, all, token, "%s with %s, call %d", name, kind, at)
					}
					if slow || at > 0 && !failed {
						break
					}
				}
			}
		}
	}
}

// hashFor returns a hash of a password that costs nothing to make. For Argon2id it is one of no password.
func hashFor(hasher accounts.PasswordHasher, password string) string {
	if _, plain := hasher.(plainHasher); plain {
		return password
	}
	return "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
}
