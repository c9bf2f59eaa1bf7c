package passwordlist

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/internal/input"
)

func TestIsCommon(t *testing.T) {
	for password, common := range map[string]bool{
		"password": true,
		"12345678": true, "00000000": true, "987654321": true, "abcdefgh": true,
		"qwertyuiop":                     true,
		"password1234":                   true,
		"passwordpassword":               true,
		"abc123abc123":                   true, // the word alone is too short for a password
		"monkeymonkeymonkey":             true,
		"aaaaaaaaaaaaaaaa":               true,
		strings.Repeat("1", 128):         true,
		strings.Repeat("dragon", 21):     true,
		"":                               false,
		"PASSWORD":                       false, // not folded
		"passwordpasswor":                false,
		"passwordpasswords":              false,
		"password password":              false,
		"passworddragon":                 false,
		"correct horse":                  false,
		"correct horsecorrect horse":     false,
		"password ":                      true,
		"password\npassword1":            false,
		strings.Repeat("\u00e4", 128):    true,
		strings.Repeat("a", 11):          true,
		"ababababa":                      true,
		"abcabcabca":                     true,
		"\u00e4\u00f6\u00e4\u00f6\u00e4": true,
		"abcdabcdab":                     false,
		"aaaaaaaaaab":                    false,
		"aaa":                            true,
		"abca":                           false,
	} {
		assert.Equal(t, common, IsCommon(password), "%.40q", password)
	}
}

// The list is what the README says, and its words are found from the first to the last.
func TestWords(t *testing.T) {
	all := Words()
	require.Len(t, all, 16743)
	require.True(t, slices.IsSorted(all))
	long := 0
	for i, word := range all {
		if word == "" || input.Fold(word) != word || !input.IsASCII(word) {
			require.Fail(t, "a word is not in the form in which passwords are looked up", "%q", word)
		}
		if i%100 == 0 || i == len(all)-1 {
			require.True(t, IsCommon(word), word)
		}
		if len(word) >= 8 {
			long++
		}
	}
	require.Equal(t, 10_139, long)
	require.Len(t, slices.Compact(all), 16743, "no word is there twice")
}

func BenchmarkIsCommon(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		IsCommon("correct horse battery")
	}
}
