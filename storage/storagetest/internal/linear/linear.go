// Package linear runs commands and look-ups in parallel on a store, and checks that their results are linearizable.
package linear

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
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
)

// Run runs commands and look-ups on a few rows in parallel, and checks that there is an order, consistent
// with real time, in which every response is correct. It does so where rules interact: on logins that are taken and
// freed, on a name and its subdomain, on the holds of one account, and on a subscription that is reassigned while one of
// its owners is suspended.
func Run(t *testing.T, open func(*testing.T) accounts.Store) {
	for _, object := range linearObjects() {
		t.Run(object.name, func(t *testing.T) {
			for range suite.Repeated(time.Second / 2) {
				require.NoError(t, object.check(suite.Bounded(t, time.Minute), open(t)))
			}
		})
	}
}

const (
	linearWorkers = 6
	linearCalls   = 30 // per worker
)

// call is one command or look-up. It is comparable and has only the values that matter.
type call struct {
	kind string
	id   int64  // of the row that it is about; 0: none
	arg  string // a login, a name, a cause, a key, a condition
	to   int64
}

// response is the result of a call. It is comparable and has only the values that matter.
type response struct {
	id           int64  // of the row that was created or found
	owner        int64  // of the row that was found
	holds        string // the causes in force, or the numbers in entries
	changed      bool
	suspended    bool
	sessionEpoch int64
	err          string
}

// The errors in a response.
const (
	errTaken         = "taken"
	errConflict      = "conflict"
	errNotFound      = "not found"
	errSessionEnded  = "session ended"
	errSuspended     = "suspended"
	errUnavailable   = "unavailable: nothing has changed"
	errCommitUnknown = "commit outcome unknown: it may take effect, or not"
)

// errorText returns err as a response has it.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	for _, kind := range []struct {
		err  error
		text string
	}{
		{accounts.ErrCommitUnknown, errCommitUnknown},
		{accounts.ErrUnavailable, errUnavailable},
		{accounts.ErrTaken, errTaken},
		{accounts.ErrConflict, errConflict},
		{accounts.ErrNotFound, errNotFound},
		{accounts.ErrSessionEnded, errSessionEnded},
		{accounts.ErrSuspended, errSuspended},
	} {
		if errors.Is(err, kind.err) {
			return kind.text
		}
	}
	return err.Error()
}

// linearObject is a small part of the library whose behaviour is modelled completely.
type linearObject struct {
	name  string
	setUp func(ctx context.Context, store accounts.Store) (linearRun, error)
}

// linearRun is an object that was set up in a store.
type linearRun struct {
	state any // the initial state; comparable with ==
	// call returns a random call. seen is the id of a row that was created, or 0.
	call func(r *rand.Rand, seen int64) call
	// do executes a call.
	do func(ctx context.Context, c call) response
	// apply returns the state after a call and the response that it must have. A row that it creates gets the given id.
	apply func(state any, c call, id int64) (any, response)
}

// check runs a history on store. It returns an error with the history if no order of the calls explains it.
func (o linearObject) check(ctx context.Context, store accounts.Store) error {
	run, err := o.setUp(ctx, store)
	if err != nil {
		return err
	}
	history := run.record(ctx)
	switch porcupine.CheckOperationsTimeout(run.model(history), history, 30*time.Second*time.Duration(suite.Scale(1, 10))) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return errors.New("the check whether the responses are linearizable took too long")
	}
	return fmt.Errorf("not linearizable: there is no order of these calls in which all responses are correct:\n%s", describeHistory(history))
}

// record runs calls in parallel and returns them with their responses and the times of both.
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
				if a.err == errCommitUnknown {
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

// seenIDs are the ids in responses, the latest last.
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

// model returns the object's behaviour in the form that the checker needs.
func (l linearRun) model(history []porcupine.Operation) porcupine.Model {
	unreported := unreportedIDs(history)
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{l.state} },
		Step: func(state, input, output any) []any {
			c, got := input.(call), output.(response)
			switch got.err {
			case errUnavailable:
				return []any{state}
			case errCommitUnknown:
				states := []any{state}
				for _, id := range unreported {
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

// unreportedIDs returns the ids that creations with an unknown outcome may have allocated: those in responses that no
// creation returned, and one that is in no response.
func unreportedIDs(history []porcupine.Operation) []int64 {
	reported := map[int64]bool{}
	for _, op := range history {
		if op.Input.(call).kind == "create" {
			reported[op.Output.(response).id] = true
		}
	}
	ids := []int64{-1}
	for _, op := range history {
		if id := op.Output.(response).id; !reported[id] && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// describeHistory returns a history as text, in the order of its calls.
func describeHistory(history []porcupine.Operation) string {
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	var lines []string
	for _, op := range history {
		lines = append(lines, fmt.Sprintf("%9d–%9d ns  worker %d  %+v  %+v", op.Call, op.Return, op.ClientId, op.Input, op.Output))
	}
	return strings.Join(lines, "\n")
}
