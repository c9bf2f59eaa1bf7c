package storagetest_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest"
)

// store is a store that someone begins to write. The embedded interface makes it compile: a method that is missing panics until
// it is written.
type store struct {
	accounts.Store
	records map[accounts.ID]accounts.Record
}

// Account implements accounts.Store.
func (s *store) Account(_ context.Context, k accounts.AccountKey) (accounts.Record, error) {
	for _, r := range s.records {
		if r.ID == k.ID || k.Login != "" && r.Login == k.Login || k.ExternalID != "" && r.ExternalID == k.ExternalID {
			return r, nil
		}
	}
	missing := &accounts.NotFoundError{Kind: string(accounts.LevelAccount)}
	if k.ID != 0 {
		missing.IDs = []int64{int64(k.ID)}
		return accounts.Record{}, missing
	}
	missing.Name = k.Login + k.ExternalID
	return accounts.Record{}, missing
}

// The first method of a new store works with a Manager before the others exist. The test of the store is TestStore in the
// example of Run; storage/README.md says in which order to write the methods, and which chapters of the suite then pass.
func Example() {
	clients := accounts.NewManager(&store{records: map[accounts.ID]accounts.Record{
		1: {Account: accounts.Account{ID: 1, Login: "mario"}},
	}}, nil)
	for _, login := range []string{"Mario", "luigi"} {
		a, err := clients.GetByLogin(context.Background(), login)
		fmt.Println(a.ID, err)
	}
	// Output:
	// 1 <nil>
	// 0 clientele: account not found: "luigi"
}

// The whole test of a store. Every case gets a new and empty one, and closes it with t.Cleanup.
func ExampleRun() {
	TestStore := func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) accounts.Store {
			s, err := openStore(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		})
	}
	_ = TestStore
}

// openStore stands for the function that opens the store.
func openStore(string) (*store, error) {
	log.Println("opened")
	return &store{}, nil
}

// Close closes the store.
func (s *store) Close() error { return nil }
