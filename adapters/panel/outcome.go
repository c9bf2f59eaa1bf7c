package panel

import (
	"slices"

	"github.com/clientele-go/clientele/subscriptions"
)

// suspendOutcome returns the outcome of placing holds: how many things were suspended, and how many already had the hold,
// with the same texts or with others.
func suspendOutcome[K ~int64](out subscriptions.Outcome[K]) outcome {
	return outcome{changed: len(out.Changed), unchanged: len(out.Unchanged) + len(out.Updated), updated: len(out.Updated)}
}

// liftOutcome returns the outcome of lifting holds: how many things became active, were already active, and are still
// suspended. Those that are still suspended are counted as such only.
func liftOutcome[K ~int64](out subscriptions.Outcome[K]) outcome {
	countActive := func(ids []K) int {
		n := 0
		for _, id := range ids {
			if _, found := slices.BinarySearch(out.StillSuspended, id); !found {
				n++
			}
		}
		return n
	}
	return outcome{
		changed: countActive(out.Changed), unchanged: countActive(out.Unchanged), stillSuspended: len(out.StillSuspended),
	}
}

// plural is a text that counts, as an argument of another text. It is formatted by N.
type plural struct {
	key string // without ".one" and ".other"
	n   int
}

// flashOutcome adds flash messages about a command on things of kind k. The verb is "suspended" or "activated". Changed and
// unchanged things share a message: "2 customers activated; 1 was already active."
func (r *request) flashOutcome(verb string, k kind, out outcome) {
	changed, already := plural{"done." + verb + "." + k.name, out.changed}, "done.already."+verb
	switch {
	case out.changed > 0 && out.unchanged > 0:
		r.flashDone("done.sentences", changed, plural{already, out.unchanged})
	case out.changed > 0:
		r.flashDone("done.sentence", changed)
	case out.unchanged > 0:
		r.flashWarning("done.sentence", plural{already + "." + k.name, out.unchanged})
	}
	if out.updated > 0 {
		r.flashDone(pluralKey("done.updated", out.updated), out.updated)
	}
	if out.stillSuspended > 0 {
		r.flashWarning(pluralKey("done.still."+k.name, out.stillSuspended), out.stillSuspended)
	}
}
