package journal

import (
	"maps"
	"slices"
	"sync"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/audit"
)

// ReportedEvents counts the events of the commands whose success was reported.
type ReportedEvents struct {
	mu     sync.Mutex
	counts map[string]int // of the last run of each command
	done   map[string]Result
}

// NewReportedEvents returns counts without any commands.
func NewReportedEvents() *ReportedEvents {
	return &ReportedEvents{counts: map[string]int{}, done: map[string]Result{}}
}

// Add adds a record.
func (e *ReportedEvents) Add(r Record) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case r.Begin:
		e.counts[r.Command] = 0
	case r.Writes != nil:
		e.counts[r.Command] += len(r.Writes.Events)
	case r.Result != Interrupted:
		e.done[r.Command] = r.Result
	}
}

// Check returns an error unless the log has exactly the events of the commands that succeeded.
func (e *ReportedEvents) Check(log []accounts.Event) error {
	found := map[string]int{}
	for _, event := range log {
		found[event.Actor]++
	}
	var v audit.Violations
	for _, command := range slices.Sorted(maps.Keys(e.done)) {
		want := 0
		if e.done[command] == Succeeded {
			want = e.counts[command]
		}
		v.Check(found[command] == want, "command %s has %s with %d events, and the log has %d of it", command, e.done[command], want, found[command])
	}
	return v.Err()
}
