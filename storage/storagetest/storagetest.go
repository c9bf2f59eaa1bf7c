// Package storagetest says what a correct store is: one that passes Run. A store's test is this and no more:
//
//	package mystore_test
//
//	import (
//		"testing"
//
//		"github.com/clientele-go/clientele/accounts"
//		"github.com/clientele-go/clientele/storage/storagetest"
//	)
//
//	func TestStore(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T) accounts.Store {
//			return mystore.Open(t) // fresh and empty, closed by t.Cleanup
//		})
//	}
//
// The cases read as sentences, one for each promise of the library. They go through the managers of packages accounts
// and subscriptions wherever those can reach, and through accounts.Store itself where they cannot. So a failing case
// names a promise that users would see broken. Run one of them with go test -run 'TestStore/holds/two_causes'.
//
// The suite needs nothing but accounts.Store. No case holds a read open while it writes, so that a store with a single
// connection passes too, and no part is optional.
package storagetest

import (
	"fmt"
	"runtime/debug"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/clientele-go/clientele/accounts"
)

const (
	// limit is how long a case may take: its context ends then.
	limit = 30 * time.Second
	// grace is how long after that a store may take to notice.
	grace = 15 * time.Second
)

// testCase is one promise.
type testCase struct {
	name string
	run  func(f *fixture)
}

// group is a chapter of promises.
type group struct {
	name  string
	cases []testCase
}

// groups answers all cases, in the order of the rules that they prove.
func groups() []group {
	return []group{
		{"store", portCases()},
		{"holds", holdCases()},
		{"batches", batchCases()},
		{"create", createCases()},
		{"assign", assignCases()},
		{"removal", removalCases()},
		{"signin", signInCases()},
		{"passwords", passwordCases()},
		{"names", nameCases()},
		{"neighbours", neighbourCases()},
		{"lists", listCases()},
		{"paging", pagingCases()},
		{"versions", versionCases()},
		{"events", eventCases()},
		{"expiry", expiryCases()},
		{"time", timeCases()},
		{"owner", ownerCases()},
		{"values", valueCases()},
		{"bad input", badInputCases()},
		{"cancellation", cancellationCases()},
		{"concurrency", concurrencyCases()},
	}
}

// Run proves a store. The function open answers a fresh, empty one for each case; it may use t.Cleanup to close it. A
// case whose store still does not answer some time after its context ended ends the process with the stacks of all
// goroutines. With CLIENTELE_SOAK=1, histories are much longer.
func Run(t *testing.T, open func(*testing.T) accounts.Store) {
	t.Helper()
	running := goleak.IgnoreCurrent()
	for _, g := range groups() {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.cases {
				t.Run(c.name, func(t *testing.T) {
					defer watch(t).Stop()
					c.run(newFixture(t, open))
				})
			}
		})
	}
	t.Run("random histories answer as a plain model does", func(t *testing.T) { testModel(t, open) })
	t.Run("parallel commands are linearizable", func(t *testing.T) { testLinearizable(t, open) })
	t.Run("parallel histories end in one that is possible", func(t *testing.T) { testConcurrent(t, open) })
	goleak.VerifyNone(t, running)
}

// watch ends the process with the stacks of all goroutines when a case goes on long after its context ended: a store
// that does not obey its context would otherwise hang without a word.
func watch(t *testing.T) *time.Timer {
	name := t.Name()
	return time.AfterFunc(limit+grace, func() {
		debug.SetTraceback("all")
		panic(fmt.Sprintf("%s: still running %v after its context ended", name, grace))
	})
}
