// Package passwordlist knows the most common passwords. The README says where they come from.
package passwordlist

import (
	"compress/gzip"
	_ "embed"
	"io"
	"slices"
	"strings"
	"sync"
)

//go:embed passwords.txt.gz
var packed string

// words returns the list, sorted. It is unpacked once, when it is needed first.
var words = sync.OnceValue(unpack)

func unpack() []string {
	r, err := gzip.NewReader(strings.NewReader(packed))
	must(err)
	text, err := io.ReadAll(r)
	must(err)
	return strings.Fields(string(text))
}

// must panics because of a mistake in this package, which every test would meet.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Words returns a copy of the list, sorted by bytes.
func Words() []string { return slices.Clone(words()) }

// IsCommon reports whether a folded password is one of the most common ones, or one of those several times in a row.
func IsCommon(password string) bool {
	for n := 1; n <= len(password); n++ {
		word := password[:n]
		if len(password)%n != 0 || strings.Repeat(word, len(password)/n) != password {
			continue
		}
		if _, found := slices.BinarySearch(words(), word); found {
			return true
		}
	}
	return false
}
