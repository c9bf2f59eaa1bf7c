// Package lockkey maps unique values to the few numbers by which stores lock them.
package lockkey

import "slices"

// Count is the number of keys: 0 to Count-1. There are so few that a command of any size fits a database's lock table.
const Count = 1024

// Of returns the key of one value of a kind. It never changes: processes of different versions lock the same keys.
func Of(kind, value string) int {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a, 64 bits
	hash := uint64(offset)
	for _, s := range [...]string{kind, "\x00", value} {
		for i := range len(s) {
			hash = (hash ^ uint64(s[i])) * prime
		}
	}
	return int((hash ^ hash>>32) % Count)
}

// All returns all keys, sorted.
func All() []int {
	keys := make([]int, Count)
	for i := range keys {
		keys[i] = i
	}
	return keys
}

// Sorted returns the keys sorted and without duplicates. It changes keys.
func Sorted(keys []int) []int {
	slices.Sort(keys)
	return slices.Compact(keys)
}
