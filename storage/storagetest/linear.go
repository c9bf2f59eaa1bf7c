package storagetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

// testLinearizable runs commands and look-ups on a few things in parallel, and checks that there is an order, one that
// agrees with real time, in which every answer is right. It does so where rules meet: at logins that are given and taken,
// at names above and below each other, at the holds of one account, and at a subscription that changes hands while an
// owner is suspended.
func testLinearizable(t *testing.T, open func(*testing.T) accounts.Store) {
	for _, object := range linearObjects() {
		t.Run(object.name, func(t *testing.T) {
			for range repeated(time.Second / 2) {
				require.NoError(t, object.check(bounded(t, time.Minute), open(t)))
			}
		})
	}
}

const (
	linearWorkers = 6
	linearCalls   = 30 // of each worker
)

// call is one command or look-up, and answer is what came of it. Both can be compared, so they name only what counts.
type call struct {
	kind string
	id   int64  // of what it is about; 0: none
	arg  string // a login, a name, a cause
	to   int64
}

type answer struct {
	id      int64  // of what was created or found
	owner   int64  // of what was found
	holds   string // the causes in force
	changed bool
	still   bool
	signIn  int64
	err     string
}

// The errors in an answer.
const (
	isTaken       = "taken"
	isNotFound    = "not found"
	isEnded       = "session ended"
	isSuspended   = "suspended"
	isUnavailable = "unavailable: nothing happened"
	isUncertain   = "uncertain: it may have happened, or may yet happen"
)

// failed answers an error as an answer tells it.
func failed(err error) string {
	if err == nil {
		return ""
	}
	for _, kind := range []struct {
		err  error
		told string
	}{
		{accounts.ErrCommitUnknown, isUncertain},
		{accounts.ErrUnavailable, isUnavailable},
		{accounts.ErrTaken, isTaken},
		{accounts.ErrNotFound, isNotFound},
		{accounts.ErrSessionEnded, isEnded},
		{accounts.ErrSuspended, isSuspended},
	} {
		if errors.Is(err, kind.err) {
			return kind.told
		}
	}
	return err.Error()
}

// linearObject is something small whose whole behaviour is known.
type linearObject struct {
	name  string
	setUp func(ctx context.Context, store accounts.Store) (linearRun, error)
}

// linearRun is an object on a store.
type linearRun struct {
	state any // at the beginning; it can be compared with ==
	// call answers a random call; seen is the id of something that was created, or 0.
	call func(r *rand.Rand, seen int64) call
	do   func(ctx context.Context, c call) answer
	// apply answers what a call must answer, and the state behind it. What it creates has the id that is given.
	apply func(state any, c call, id int64) (any, answer)
}

// check answers an error that tells the history, if no order explains it.
func (o linearObject) check(ctx context.Context, store accounts.Store) error {
	run, err := o.setUp(ctx, store)
	if err != nil {
		return err
	}
	history := run.record(ctx)
	switch porcupine.CheckOperationsTimeout(run.model(history), history, 30*time.Second*time.Duration(scale(1, 10))) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return errors.New("no order was found in time that explains the answers")
	}
	return fmt.Errorf("no order explains these answers:\n%s", toldHistory(history))
}

// record runs calls in parallel and answers what happened, with the times at which it was asked and answered.
func (l linearRun) record(ctx context.Context) []porcupine.Operation {
	var (
		all   = make([][]porcupine.Operation, linearWorkers)
		ids   = &seenIDs{}
		begin = time.Now()
		done  sync.WaitGroup
	)
	for worker := range all {
		done.Go(func() {
			r := rand.New(rand.NewPCG(rand.Uint64(), uint64(worker)))
			for range linearCalls {
				c := l.call(r, ids.draw(r))
				op := porcupine.Operation{ClientId: worker, Input: c, Call: time.Since(begin).Nanoseconds()}
				a := l.do(ctx, c)
				op.Output, op.Return = a, time.Since(begin).Nanoseconds()
				if a.err == isUncertain {
					op.Return = math.MaxInt64
				}
				ids.add(a.id)
				all[worker] = append(all[worker], op)
			}
		})
	}
	done.Wait()
	return slices.Concat(all...)
}

// seenIDs are the latest ids that were answered.
type seenIDs struct {
	mu  sync.Mutex
	ids []int64
}

func (s *seenIDs) add(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != 0 && !slices.Contains(s.ids, id) {
		s.ids = append(s.ids, id)
	}
}

func (s *seenIDs) draw(r *rand.Rand) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ids) == 0 {
		return 0
	}
	newest := s.ids[max(0, len(s.ids)-3):]
	return newest[r.IntN(len(newest))]
}

// model answers the object's behaviour as the checker wants it.
func (l linearRun) model(history []porcupine.Operation) porcupine.Model {
	unborn := unborn(history)
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{l.state} },
		Step: func(state, input, output any) []any {
			c, got := input.(call), output.(answer)
			switch got.err {
			case isUnavailable:
				return []any{state}
			case isUncertain:
				states := []any{state}
				for _, id := range unborn {
					next, _ := l.apply(state, c, id)
					states = append(states, next)
				}
				return states
			}
			next, want := l.apply(state, c, got.id)
			if got != want {
				return nil
			}
			return []any{next}
		},
	}
	return m.ToModel()
}

// unborn answers the ids that creations of uncertain outcome may have given: those that were seen, though no creation
// answered them, and one that was never seen.
func unborn(history []porcupine.Operation) []int64 {
	born := map[int64]bool{}
	for _, op := range history {
		if op.Input.(call).kind == "create" {
			born[op.Output.(answer).id] = true
		}
	}
	ids := []int64{-1}
	for _, op := range history {
		if id := op.Output.(answer).id; !born[id] && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// toldHistory writes a history in the order of its calls.
func toldHistory(history []porcupine.Operation) string {
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	var lines []string
	for _, op := range history {
		lines = append(lines, fmt.Sprintf("%9d–%9d ns  worker %d  %+v  %+v", op.Call, op.Return, op.ClientId, op.Input, op.Output))
	}
	return strings.Join(lines, "\n")
}
