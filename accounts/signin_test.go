package accounts_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

// Once a hash of another system was verified, the time of a refusal no longer tells which logins exist, and which of their
// hashes are still those of the other system.
func TestRefusalsTakeTheSameTimeWhateverTheHash(t *testing.T) {
	const rounds, tries, tolerance = 5, 4, 1.4
	clients := accounts.NewManager(memory.New(), nil)
	crypt, err := bcrypt.GenerateFromPassword([]byte("correct horse"), 10)
	require.NoError(t, err)
	contact := accounts.Contact{Name: "Mario Rossi"}
	_, err = clients.Create(t.Context(), accounts.New{Login: "ours", Password: "correct horse", Contact: contact})
	require.NoError(t, err)
	_, err = clients.Create(t.Context(), accounts.New{Login: "imported", PasswordHash: string(crypt), Contact: contact})
	require.NoError(t, err)
	ours, err := clients.GetByLogin(t.Context(), "ours")
	require.NoError(t, err)

	guess := func(login, password string) func() error {
		return func() error {
			_, err := clients.Authenticate(t.Context(), login, password)
			return err
		}
	}
	require.ErrorIs(t, guess("imported", "wrong guess")(), accounts.ErrInvalidCredentials)
	ways := map[string]func() error{
		"imported":            guess("imported", "wrong guess"),
		"imported, long":      guess("imported", strings.Repeat("wrong ", 15)), // longer than bcrypt looks
		"ours":                guess("ours", "wrong guess"),
		"unknown":             guess("unknown", "wrong guess"),
		"impossible login":    guess("no login", "wrong guess"),
		"impossible password": guess("ours", ""),
		"the old password": func() error {
			_, err := clients.Owner(ours.ID).ChangePassword(t.Context(), "wrong guess", "a new password")
			return err
		},
	}
	var medians map[string]time.Duration
	for range tries { // another program may have the processors for a while
		times := map[string][]time.Duration{}
		for range rounds {
			for way, refused := range ways {
				start := time.Now()
				require.ErrorIs(t, refused(), accounts.ErrInvalidCredentials, way)
				times[way] = append(times[way], time.Since(start))
			}
		}
		medians = map[string]time.Duration{}
		var fastest, slowest time.Duration
		for way, taken := range times {
			m := slices.Sorted(slices.Values(taken))[rounds/2]
			medians[way] = m
			slowest = max(slowest, m)
			if fastest == 0 || m < fastest {
				fastest = m
			}
		}
		if float64(slowest) < tolerance*float64(fastest) {
			t.Log(medians)
			return
		}
	}
	require.Fail(t, "refusals take different times", "%v", medians)
}
