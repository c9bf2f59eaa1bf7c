package panel

import "slices"

// liftOutcome returns the outcome of lifting holds: how many things became active, were active already, and are still
// suspended. Of the ids that changed or did not, those in still count only as such. All slices are sorted.
func liftOutcome[K ~int64](changed, unchanged, still []K) outcome {
	active := func(ids []K) int {
		n := 0
		for _, id := range ids {
			if _, found := slices.BinarySearch(still, id); !found {
				n++
			}
		}
		return n
	}
	return outcome{changed: active(changed), unchanged: active(unchanged), still: len(still)}
}

// plural is an argument of a text that is itself a text with a number, which T puts into the language of the page.
type plural struct {
	key string // without ".one" and ".other"
	n   int
}

// reportOutcome adds the notices about a command on holds: what was done, "suspended" or "activated", to how many things
// of which kind. Things that were so already are in the same sentence: "2 customers activated; 1 was already active."
func (v *visit) reportOutcome(done string, k kind, out outcome) {
	changed, already := plural{"done." + done + "." + k.name, out.changed}, "done.already."+done
	switch {
	case out.changed > 0 && out.unchanged > 0:
		v.done("done.sentences", changed, plural{already, out.unchanged})
	case out.changed > 0:
		v.done("done.sentence", changed)
	case out.unchanged > 0:
		v.warn("done.sentence", plural{already + "." + k.name, out.unchanged})
	}
	if out.still > 0 {
		v.warn(counted("done.still."+k.name, out.still), out.still)
	}
}
