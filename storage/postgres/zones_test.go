package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// The time zones have offsets of whole hours, of minutes, and of seconds in the past.
func TestTimesDoNotDependOnServerSettings(t *testing.T) {
	for _, settings := range []string{
		"timezone=UTC", "timezone=America/New_York", "timezone=Asia/Kathmandu datestyle='ISO, DMY'", "timezone=Africa/Monrovia",
	} {
		for _, at := range []time.Time{
			time.Date(2026, 11, 25, 23, 59, 59, 999_999_000, time.UTC),
			time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), // Liberia was 44 minutes and 30 seconds behind
			time.Date(9998, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		} {
			s := newStorePool(t, pgtest.Shared(t).Database(t)+" "+settings, 2)
			clients := accounts.NewManager(s.openStore(t), &accounts.Options{Hasher: plain{}, Now: func() time.Time { return at }})
			created, err := clients.Create(t.Context(), alice())
			require.NoError(t, err, settings)
			require.Equal(t, at, created.CreatedAt, settings)
			_, err = clients.Suspend(t.Context(), []accounts.ID{created.ID}, accounts.Hold{Cause: accounts.CauseBilling})
			require.NoError(t, err, settings)

			account, err := clients.Get(t.Context(), created.ID)
			require.NoError(t, err, settings)
			require.Equal(t, at, account.CreatedAt, settings)
			require.Equal(t, at, account.Holds[0].At, settings)
			page, err := clients.Subscriptions().Domains(t.Context(), subscriptions.DomainQuery{AccountID: &created.ID})
			require.NoError(t, err, settings)
			require.Equal(t, at, page.Items[0].Inherited[0].At, settings)
		}
	}
}
