package sqlite_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/sqlite"
	"github.com/clientele-go/clientele/storage/storagetest"
)

// The whole suite passes in every way in which an application may use the store.
func TestStore(t *testing.T) {
	t.Run("with a pool", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) accounts.Store { return newCheckedStore(t, open(t, newFile(t), 4)) })
	})
	// Its lists take every step that those of a big database take.
	var stores atomic.Int64
	t.Run("with one connection", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) accounts.Store {
			steps := [][3]int{{1, 2, 1}, {2, 6, 3}, {1, 1, 0}}
			n := steps[stores.Add(1)%int64(len(steps))]
			return newCheckedStore(t, open(t, newFileInMemory(t), 1)).WithListSteps(n[0], n[1], n[2])
		})
	})
	t.Run("in transactions of the application", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) accounts.Store {
			db := open(t, newFileInMemory(t), 4)
			return txStore{db, new(atomic.Int64), newCheckedStore(t, db)}
		})
	})
	t.Run("in transactions of the library", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) accounts.Store {
			return inTransactions{newCheckedStore(t, open(t, newFileInMemory(t), 4))}
		})
	})
}

// newCheckedStore returns a store whose derived columns are compared with what they are derived from at the end of the test.
func newCheckedStore(t *testing.T, db *bun.DB) *sqlite.Store {
	t.Helper()
	t.Cleanup(func() {
		wrong := 0
		require.NoError(t, db.QueryRow(`
SELECT (SELECT count(*) FROM clientele_domains AS d LEFT JOIN clientele_subscriptions AS s ON s.id = d.subscription_id
        WHERE s.id IS NULL OR s.account_id IS NOT d.account_id)
    + (SELECT count(*) FROM clientele_subscriptions AS s WHERE s.due_at IS NOT CASE WHEN NOT EXISTS (
        SELECT 1 FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id AND h.cause = 'expired') THEN s.expires_at END)`).Scan(&wrong))
		require.Zero(t, wrong, "rows with a wrong account_id or due_at")
	})
	return newStore(t, db)
}
