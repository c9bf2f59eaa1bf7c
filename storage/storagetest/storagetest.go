// Package storagetest is the conformance suite for implementations of [accounts.Store]. A store is correct if it passes
// [Run]; no part of the suite is optional. The test of a store needs no more than this:
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
//			return mystore.Open(t) // new and empty, closed by t.Cleanup
//		})
//	}
//
// # What open must do
//
// Run calls open at least once for each case, some hundreds of times in all. Each call must return a new store, without any
// rows or events, that shares nothing with the stores of other calls, because several may be in use at the same time. If
// open cannot create a store, it calls t.Fatal. It uses t.Cleanup to close the store and to end its goroutines, because
// Run fails if goroutines that started during it are still running at its end.
//
// A store must be safe for concurrent use by multiple goroutines. A single database connection is enough: no case waits
// for a second transaction while it keeps one open, except to test that the wait obeys its context.
//
// # Cases
//
// Each case is a subtest whose name states what it tests, in a chapter such as "holds" or "domain names". Cases call the
// managers of packages accounts and subscriptions wherever possible, and the store itself otherwise, so that a failing case
// shows what programs would see broken. It prints the numbers of the rules that it tests: RULES.md, in the directory of this
// package, explains them. The README.md of the directory above is the guide for writing a store. The context of a case ends after 30 seconds. If the case has
// not returned 15 seconds later, Run ends the process and prints the stacks of all goroutines.
//
// The flag -run selects a chapter, or cases by a part of their names, with underscores for spaces:
//
//	go test -run 'TestStore/holds'
//	go test -run 'TestStore/holds/two_causes'
//
// # Random histories
//
// After the chapters, Run executes random histories of commands and look-ups on the store and on a simple model of the
// whole library, and compares all results. If they differ, it tries to shrink the history to a short one, and prints the
// calls with their results and the flags that replay it:
//
//	go test -run 'TestStore/random_histories' -rapid.failfile=testdata/rapid/...
//	go test -run 'TestStore/random_histories' -rapid.seed=1234567890
//
// The file is in the directory of the store's test, and every run replays it first until it is removed. It has the shrunk
// history; the seed has the original one, as long as CLIENTELE_SOAK, -rapid.steps and the version of this package are the
// same. The flags -rapid.checks and -rapid.steps set the number of histories and their length.
//
// # Concurrent commands
//
// Finally Run executes random commands in parallel. It checks that their results are linearizable, and that afterwards the
// rows break no rule and the event log leads to exactly these rows. A failure prints the calls with their times, or the
// broken rules. Then it races readers of snapshots and events with commands and pruning: the copies that they keep must end
// equal to the store. What fails depends on the scheduler and cannot be replayed; repeat the test by -count until it fails again.
//
// With CLIENTELE_SOAK=1 in the environment, Run executes more and longer histories and takes many times as long.
//
// # Stores that outlive their process
//
// A store whose data outlives the process must also pass [RunDurable]: closed and opened again, used by several processes,
// killed, and with a full disk.
package storagetest

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/linear"
	"github.com/clientele-go/clientele/storage/storagetest/internal/model"
	"github.com/clientele-go/clientele/storage/storagetest/internal/workload"
)

const (
	// caseTimeout is how long a case may take before its context ends.
	caseTimeout = 30 * time.Second
	// gracePeriod is how long a store may take to return after that.
	gracePeriod = 15 * time.Second
)

// testCase is one rule that a store must keep.
type testCase struct {
	name string
	run  func(f *fixture)
}

// chapter is a group of cases.
type chapter struct {
	name  string
	rules []int // the rules of RULES.md that it tests
	cases []testCase
}

// chapters returns all cases.
func chapters() []chapter {
	return []chapter{
		{"store", []int{4, 6, 9, 12, 13, 15}, portCases()},
		{"holds", []int{1, 2}, holdCases()},
		{"batches", []int{3}, batchCases()},
		{"create", []int{5, 8}, createCases()},
		{"create many", []int{3, 5}, createManyCases()},
		{"transactions", []int{15}, transactionCases()},
		{"entries", []int{16}, entryCases()},
		{"notes", []int{18}, noteCases()},
		{"assign", []int{1, 9, 11}, assignCases()},
		{"removal", []int{6, 12}, removalCases()},
		{"sign-in", []int{7}, signInCases()},
		{"passwords", []int{7, 8}, passwordCases()},
		{"domain names", []int{9}, nameCases()},
		{"domain ownership", []int{9}, domainOwnershipCases()},
		{"lists", []int{10}, listCases()},
		{"paging", []int{10}, pagingCases()},
		{"versions", []int{8, 11}, versionCases()},
		{"events", []int{12}, eventCases()},
		{"following", []int{17}, followCases()},
		{"copies", []int{12, 16, 17}, copyCases()},
		{"expiry", []int{13}, expiryCases()},
		{"time", []int{14}, timeCases()},
		{"owner", []int{7}, ownerCases()},
		{"values", []int{4, 8}, valueCases()},
		{"bad input", []int{8}, badInputCases()},
		{"cancellation", []int{4}, cancellationCases()},
		{"concurrency", []int{4}, concurrencyCases()},
	}
}

// engine is a test that makes up its own commands.
type engine struct {
	name  string
	rules []int // the rules of RULES.md that it tests; nil: all of them
	run   func(t *testing.T, open func(*testing.T) accounts.Store)
}

// engines returns the tests that run after the chapters.
func engines() []engine {
	return []engine{
		{"random histories match the model", nil, model.Run},
		{"concurrent commands are linearizable", []int{4}, linear.Run},
		{"concurrent commands leave consistent rows and events", []int{1, 4, 9, 12}, workload.Run},
		{"followers miss nothing", []int{12, 17}, workload.RunFollowers},
	}
}

// Run tests whether a store keeps all rules of the library. It calls open for every store that it needs; each call must
// return a new and empty one and close it by t.Cleanup. The package documentation has the details.
func Run(t *testing.T, open func(*testing.T) accounts.Store) {
	t.Helper()
	running := goleak.IgnoreCurrent()
	for _, g := range chapters() {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.cases {
				t.Run(c.name, func(t *testing.T) {
					defer watch(t).Stop()
					defer logRules(t, g.rules)
					c.run(newFixture(t, open))
				})
			}
		})
	}
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			defer logRules(t, e.rules)
			e.run(t, open)
		})
	}
	goleak.VerifyNone(t, running)
}

// logRules prints the rules of a test that has failed. Nil stands for all of them.
func logRules(t *testing.T, rules []int) {
	if !t.Failed() {
		return
	}
	numbers := "all"
	if rules != nil {
		numbers = strings.ReplaceAll(strings.Trim(fmt.Sprint(rules), "[]"), " ", ", ")
	}
	t.Logf("Rules that were tested: %s. They are explained in storage/storagetest/RULES.md.", numbers)
}

// watch starts a timer that ends the process with the stacks of all goroutines. Without it a store that does not obey its
// context would make the test hang without any message.
func watch(t *testing.T) *time.Timer { return watchFor(t, caseTimeout+gracePeriod) }

// watchFor is watch for a case whose context ends gracePeriod before the limit.
func watchFor(t *testing.T, limit time.Duration) *time.Timer {
	name := t.Name()
	return time.AfterFunc(limit, func() {
		debug.SetTraceback("all")
		panic(fmt.Sprintf("%s: the store has not returned %v after the context of the case ended", name, gracePeriod))
	})
}
