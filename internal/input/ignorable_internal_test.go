package input

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"golang.org/x/text/unicode/norm"
)

// The samples, and the number of all, are those of DerivedCoreProperties.txt of Unicode 15.0 and later.
func TestIgnorables(t *testing.T) {
	for _, r := range []rune{
		0x00ad, 0x034f, 0x061c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180d, 0x180e, 0x180f, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f,
		0x202a, 0x202c, 0x202e, 0x2060, 0x2064, 0x2065, 0x2066, 0x2069, 0x206f, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xffa0, 0xfff0, 0xfff8,
		0x1bca0, 0x1bca3, 0x1d173, 0x1d17a, 0xe0000, 0xe0001, 0xe007f, 0xe0100, 0xe01ef, 0xe0fff,
	} {
		assert.True(t, isIgnorable(r), "%U", r)
	}
	for _, r := range []rune{
		0, ' ', 'a', 0x7f, 0x85, 0xa0, 0xac, 0xae, 0x0301, 0x0600, 0x0605, 0x06dd, 0x070f, 0x08e2, 0x1680, 0x200a, 0x2010, 0x2028, 0x2029,
		0x202f, 0x205f, 0x2070, 0x2800, 0x3000, 0xfff9, 0xfffb, 0xfffc, 0xfffd, 0x110bd, 0x110cd, 0x13430, 0x13440, 0x1d159, 0xe1000,
	} {
		assert.False(t, isIgnorable(r), "%U", r)
	}
	n := 0
	for r := range rune(unicode.MaxRune + 1) {
		if isIgnorable(r) {
			n++
			assert.False(t, unicode.IsSpace(r), "%U", r)
		}
	}
	assert.Equal(t, 4174, n)
}

// Names keep joiners by what stands beside them, so normalization must leave a letter a letter, and everything else what it is.
func TestNormalizationKeepsLetters(t *testing.T) {
	for r := range rune(unicode.MaxRune + 1) {
		first := []rune(norm.NFC.String(string(r)))[0]
		assert.Equal(t, unicode.IsLetter(r), unicode.IsLetter(first), "%U", r)
		assert.Equal(t, unicode.IsMark(r), unicode.IsMark(first), "%U", r)
		if decomposed := []rune(norm.NFD.String(string(r))); len(decomposed) > 1 {
			assert.Equal(t, unicode.IsLetter(r), unicode.IsLetter(decomposed[0]), "%U", r)
			assert.False(t, isIgnorable(decomposed[0]), "%U", r)
		}
	}
}
