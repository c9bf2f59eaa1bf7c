// Package passwordlist knows the most common passwords. The README says where they come from.
package passwordlist

import (
	_ "embed"
	"iter"
	"slices"
	"strings"
)

//go:embed passwords.txt
var packed string

// maxPattern is how many characters a pattern has at most.
const maxPattern = 3

// IsCommon reports whether a folded password, apart from white space around it, is one of the most common ones, or one of those
// several times in a row, or whether it is nothing but one to three characters again and again.
func IsCommon(password string) bool {
	if isPattern([]rune(password)) {
		return true
	}
	password = strings.TrimSpace(password)
	for word := range words() {
		if repeats(password, word) {
			return true
		}
	}
	return false
}

// isPattern reports whether a password begins with a pattern several times in a row and ends within it.
func isPattern(password []rune) bool {
	for n := 1; n <= maxPattern && 2*n <= len(password); n++ {
		if slices.Equal(password[n:], password[:len(password)-n]) {
			return true
		}
	}
	return false
}

// repeats reports whether password is word, once or several times.
func repeats(password string, word []byte) bool {
	if password == "" || len(password)%len(word) != 0 {
		return false
	}
	for ; password != ""; password = password[len(word):] {
		if password[:len(word)] != string(word) {
			return false
		}
	}
	return true
}

// words returns all words in byte order. Each is overwritten by the next one. They are unpacked on the way, because that takes
// far less time than hashing the password, and no memory.
func words() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var word []byte
		for rest := packed; rest != ""; {
			shared := rest[0] - 'A'
			rest = rest[1:]
			end := 0
			for end < len(rest) && !isCapital(rest[end]) {
				end++
			}
			word = append(word[:shared], strings.TrimSuffix(rest[:end], "\n")...)
			if !yield(word) {
				return
			}
			rest = rest[end:]
		}
	}
}

func isCapital(b byte) bool { return b >= 'A' && b <= 'Z' }

// Words returns all words in byte order.
func Words() []string {
	var all []string
	for word := range words() {
		all = append(all, string(word))
	}
	return all
}
