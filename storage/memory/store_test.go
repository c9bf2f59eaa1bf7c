package memory_test

import (
	"context"
	"testing"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/storagetest"
)

func TestStore(t *testing.T) {
	storagetest.Run(t, func(*testing.T) accounts.Store { return memory.New() })
}

// inTransactions is a store that runs every command in a Transaction of its own.
type inTransactions struct{ accounts.Store }

func (s inTransactions) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Transaction(ctx, func(ctx context.Context, in accounts.Store) error { return in.Update(ctx, fn) })
}

func TestStoreInTransactions(t *testing.T) {
	storagetest.Run(t, func(*testing.T) accounts.Store { return inTransactions{memory.New()} })
}
