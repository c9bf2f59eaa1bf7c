package journal

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/storagetest/internal/faulty"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/storage/storagetest/internal/workload"
)

// A book agrees with a store that keeps everything, whatever runs concurrently, and finds what a store does not keep.
func TestBook(t *testing.T) {
	for _, c := range []struct {
		name string
		tx   faulty.Tx
		want string
	}{
		{"everything is kept", faulty.Tx{}, ""},
		{"some events are lost", faulty.Tx{DropEvents: true}, "events of"},
		{"some holds are not lifted", faulty.Tx{KeepHolds: true}, "different: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, b := &faulty.Store{Store: memory.New(), Tx: c.tx}, NewSharedBook()
			ctx := suite.Bounded(t, time.Minute)
			w := workload.NewDurable(ctx, New(store, "test", b.Add))
			var err error
			for i := 0; i < 5 || i < 100 && c.want != "" && err == nil; i++ {
				var all sync.WaitGroup
				for range 4 {
					all.Go(func() { w.Run(workload.Steps) })
				}
				all.Wait()
				require.Empty(t, w.Failures())
				got, log, readErr := ReadContents(ctx, store)
				require.NoError(t, readErr)
				if err = b.Check(got, log); c.want == "" {
					require.NoError(t, err)
				}
			}
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
			}
		})
	}
}

// An interrupted command has all of its effects or none, perhaps only after a check.
func TestBookOfInterruptedCommands(t *testing.T) {
	account := func(id accounts.ID) accounts.Writes {
		return accounts.Writes{AddAccounts: []accounts.Record{{Account: accounts.Account{ID: id}}}}
	}
	after := func(all ...accounts.Writes) Contents {
		l := newLedger()
		for _, w := range all {
			require.NoError(t, l.apply(w))
		}
		return l.contents()
	}
	both := account(2)
	both.Events = []accounts.Event{{Actor: "two", Type: accounts.AccountCreated, AccountID: 2}}
	b := NewBook()
	b.Add(Record{Command: "one", Writes: new(account(1))})
	b.Add(Record{Command: "one", Result: Succeeded})
	b.Add(Record{Command: "two", Writes: &both})
	require.ErrorContains(t, b.Check(after(), nil), "missing: account 1")
	require.ErrorContains(t, b.Check(after(account(1), account(2)), nil), "account 2", "half of the interrupted command")
	require.NoError(t, b.Check(after(account(1)), nil), "nothing of the interrupted command")
	require.NoError(t, b.Check(after(account(1)), nil))
	require.NoError(t, b.Check(after(account(1), both), nil), "all of it, late")
	require.Error(t, b.Check(after(account(1)), nil), "it does not disappear")

	b.Add(Record{Command: "three", Writes: new(account(3))})
	for range maxLateChecks {
		require.NoError(t, b.Check(after(account(1), both), nil))
	}
	require.NoError(t, b.Check(after(account(1), both), nil))
	require.ErrorContains(t, b.Check(after(account(1), both, account(3)), nil), "unexpected: account 3")
}
