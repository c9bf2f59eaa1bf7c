package stored

import (
	"slices"

	"github.com/clientele-go/clientele/subscriptions"
)

// NameLookups returns what a store looks up for claimed names: the names themselves with all names above them, and the claimed
// names in reverse, below which it looks for others.
func NameLookups(claimed []string) (candidates, reversed []string) {
	candidates = slices.Clone(claimed)
	reversed = make([]string, len(claimed))
	for i, name := range claimed {
		candidates = append(candidates, subscriptions.Ancestors(name)...)
		reversed[i] = ReverseLabels(name)
	}
	return candidates, reversed
}

// Names are the names that a store has found for claimed ones.
type Names struct {
	// Existing are claimed names, whoever has them, and other accounts' names above claimed ones.
	Existing []string
	// Others are claimed names that other accounts have, unless they are transferred.
	Others []string
	// Below are claimed names below which other accounts have names.
	Below []string
}

// Split returns the claimed names that are taken, and those that conflict with another account's name above or below them, both
// in the order of claimed.
func (n Names) Split(claimed []string) (taken, conflicting []string) {
	isClaimed, exists, isOther, isAbove := set(claimed), set(n.Existing), set(n.Others), set(n.Below)
	conflicts := func(ancestor string) bool {
		return isOther[ancestor] || exists[ancestor] && !isClaimed[ancestor]
	}
	for _, name := range claimed {
		if exists[name] {
			taken = append(taken, name)
		}
		if isAbove[name] || slices.ContainsFunc(subscriptions.Ancestors(name), conflicts) {
			conflicting = append(conflicting, name)
		}
	}
	return taken, conflicting
}

func set(names []string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	return all
}
