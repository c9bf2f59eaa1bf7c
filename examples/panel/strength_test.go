package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/internal/passwordlist"
)

// levels returns what the meter of the page calls each of the passwords when it is typed: 0 (nothing) to 3 (strong).
func (b *tab) levels(passwords []string) []int {
	b.t.Helper()
	list, err := json.Marshal(passwords)
	require.NoError(b.t, err)
	return evaluate[[]int](b, `(passwords => {
		const input = document.querySelector("main [name=password]"), meter = document.querySelector(".strength meter");
		return passwords.map(password => {
			input.value = password;
			input.dispatchEvent(new Event("input", {bubbles: true}));
			return meter.value;
		});
	})(`+string(list)+`)`)
}

// The meter calls nothing better than weak that the library refuses, and shows nothing before something is typed.
func TestTheStrengthOfAPassword(t *testing.T) {
	s := newEnv(t, setups[0])
	b := s.operator()
	b.open("/customers/new")
	hidden := func() bool {
		return evaluate[bool](b, `getComputedStyle(document.querySelector(".strength meter")).visibility === "hidden" &&
			document.querySelector(".strength [role=status]").textContent === ""`)
	}
	require.True(t, hidden())
	b.fill("password", "x")
	require.False(t, hidden())
	b.says("weak")
	b.fill("password", "four words make it")
	b.says("strong")

	const nothing, weak, fair, strong = 0, 1, 2, 3
	for password, want := range map[string]int{
		"":                            nothing,
		"password":                    weak,
		"passwordpassword":            weak,
		"PasswordPASSWORD":            weak,
		"pa\u017fswordpassword":       weak, // the long s folds to s
		"pass\ufe0fwordpassword":      weak,
		"Administrator":               weak,
		"passwordpassword1":           weak,
		"abcdefgh12abcdefgh12":        weak,
		"aaaabbbbccccddddeeee":        weak,
		"kX7#q2wm":                    weak,
		"kX7#q2wmPz4!":                fair,
		"k3n5x8q2m7p4":                weak,
		"k3n5x8q2m7p4w6b":             fair,
		"correct horse":               fair,
		"correct horse battery":       strong,
		"7hzk4a-w5nrqe-9mtcxp-u2sbvd": strong,
	} {
		assert.Equal(t, []int{want}, b.levels([]string{password}), password)
	}

	var refused []string
	for i, word := range passwordlist.Words() {
		if len(word) >= 9 { // the shorter ones are far from fair
			refused = append(refused, word, strings.ToUpper(word))
		}
		if i%100 == 0 {
			refused = append(refused, word+word, strings.Repeat(word, 5))
		}
	}
	require.Greater(t, len(refused), 3000)
	for some := range slices.Chunk(refused, 500) {
		for i, level := range b.levels(some) {
			require.Equal(t, weak, level, some[i])
		}
	}
}
