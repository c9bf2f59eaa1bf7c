package panel

import "slices"

// liftOutcome returns the outcome of lifting holds: how many things became active, were already active, and are still
// suspended. Ids in still are counted as still suspended only. All slices are sorted.
func liftOutcome[K ~int64](changed, unchanged, still []K) outcome {
	countActive := func(ids []K) int {
		n := 0
		for _, id := range ids {
			if _, found := slices.BinarySearch(still, id); !found {
				n++
			}
		}
		return n
	}
	return outcome{changed: countActive(changed), unchanged: countActive(unchanged), stillSuspended: len(still)}
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
	if out.stillSuspended > 0 {
		r.flashWarning(pluralKey("done.still."+k.name, out.stillSuspended), out.stillSuspended)
	}
}
