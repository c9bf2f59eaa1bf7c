package sqlite_test

import (
	"sync/atomic"
	"testing"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest"
)

// The whole suite passes in every way in which an application may use the store.
func TestStore(t *testing.T) {
	t.Run("with a pool", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) accounts.Store { return openStore(t, newFile(t), 4) })
	})
	// Its lists take every step that those of a big database take.
	var stores atomic.Int64
	t.Run("with one connection", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) accounts.Store {
			steps := [][3]int{{1, 2, 1}, {2, 6, 3}, {1, 1, 0}}
			n := steps[stores.Add(1)%int64(len(steps))]
			return openStore(t, newFileInMemory(t), 1).WithListSteps(n[0], n[1], n[2])
		})
	})
	t.Run("in transactions of the application", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) accounts.Store {
			db := open(t, newFileInMemory(t), 4)
			return txStore{db, new(atomic.Int64), newStore(t, db)}
		})
	})
	t.Run("in transactions of the library", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) accounts.Store { return inTransactions{openStore(t, newFileInMemory(t), 4)} })
	})
}
