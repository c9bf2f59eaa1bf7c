package subscriptions

import (
	"strings"

	"github.com/clientele-go/clientele/internal/input"
)

// Outcome is the result of a command on several rows, by their ids. Changed, Updated and Unchanged partition the requested
// ids. Every slice is sorted.
type Outcome[K ~int64] struct {
	Changed []K
	// Updated lists the ids whose hold was there already and got other texts, after Suspend and UpdateHolds. Other commands
	// leave it empty.
	Updated   []K
	Unchanged []K // the command had nothing to change
	// StillSuspended lists the ids that are suspended after Activate or Lift, because of another hold of their own or an
	// inherited one. Other commands leave it empty.
	StillSuspended []K
}

// putHold stores a hold and adds its event, whose type is kind on the level: "suspended" or "hold-updated".
func (w *Writes) putHold(l Level, id int64, h Hold, kind EventType, event Event) {
	w.PutHolds = append(w.PutHolds, HoldWrite{Level: l, ID: id, Hold: h})
	event.Type = EventType(l) + "." + kind
	event.Details = input.Details("cause", string(h.Cause), "note", h.Note, "message", h.Message, "public", h.Public)
	w.Events = append(w.Events, event)
}

// deleteHolds deletes the holds with the given causes, and adds one event that names them all.
func (w *Writes) deleteHolds(l Level, id int64, causes []Cause, event Event) {
	names := make([]string, len(causes))
	for i, c := range causes {
		w.DeleteHolds = append(w.DeleteHolds, HoldKey{Level: l, ID: id, Cause: c})
		names[i] = string(c)
	}
	event.Type = EventType(l) + ".activated"
	event.Details = input.Details("cause", strings.Join(names, ","))
	w.Events = append(w.Events, event)
}

// by returns the event with its actor and time.
func (e Event) by(c commandInfo) Event {
	e.Actor, e.At = c.actor, c.at
	return e
}
