package input

import (
	"slices"
	"strconv"
)

// The bounds of commands and lists.
const (
	MaxIDs       = 10_000 // ids that one command or query names
	MaxItems     = 500    // items of one page
	DefaultItems = 50     // items of a page that asks for no number

	// maxCauses bounds the causes that one command lifts, because each is compared with every hold of everything that the
	// command names.
	maxCauses = 100
)

// IDs returns the ids of a command sorted and without duplicates; the caller's slice is not changed. No ids, or more than
// MaxIDs of them, are a violation at "ids".
func IDs[K ~int64](v *Violations, ids []K) []K {
	sorted := slices.Compact(slices.Sorted(slices.Values(ids)))
	switch {
	case len(sorted) == 0:
		v.Add("ids", "required", "")
	case len(sorted) > MaxIDs:
		v.Add("ids", "maxItems", strconv.Itoa(MaxIDs))
	}
	return sorted
}

// Selection is IDs for a query, in which nil means all.
func Selection[K ~int64](v *Violations, ids []K) []K {
	if ids == nil {
		return nil
	}
	return IDs(v, ids)
}

// Missing returns the wanted ids that are not among those found. Both are sorted.
func Missing[K ~int64](wanted, found []K) []int64 {
	var missing []int64
	for _, id := range wanted {
		if _, ok := slices.BinarySearch(found, id); !ok {
			missing = append(missing, int64(id))
		}
	}
	return missing
}

// Limit returns the number of items of a page: DefaultItems for 0. A limit below 0 or above MaxItems is a violation at
// "limit".
func (v *Violations) Limit(limit int) int {
	switch {
	case limit < 0:
		v.Add("limit", "min", "0")
	case limit > MaxItems:
		v.Add("limit", "atMost", strconv.Itoa(MaxItems))
	case limit == 0:
		return DefaultItems
	}
	return limit
}

// Causes returns a copy of the causes that a command lifts. None, more than 100, or causes that are no slugs are violations
// at "causes", and so is automatic, the cause that is never lifted by hand.
func Causes[C ~string](v *Violations, causes []C, automatic C) []C {
	switch {
	case len(causes) == 0:
		v.Add("causes", "required", "")
	case len(causes) > maxCauses:
		v.Add("causes", "maxItems", strconv.Itoa(maxCauses))
		return nil
	}
	for i, c := range causes {
		path := "causes[" + strconv.Itoa(i) + "]"
		v.Var(path, string(c), "required,cause")
		if c == automatic {
			v.Add(path, "notByHand", string(automatic))
		}
	}
	return slices.Clone(causes)
}

// CheckFilters checks the filters that all lists have in common: a status, which is one of two, and a cause. Violations
// are at "status" and "cause".
func CheckFilters[S, C ~string](v *Violations, status S, cause C, active, suspended S) {
	if status != "" && status != active && status != suspended {
		v.Add("status", "oneOf", string(active+", "+suspended))
	}
	v.Var("cause", string(cause), "omitempty,cause")
}
