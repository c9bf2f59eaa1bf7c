package input

import (
	"strings"
	"unicode"
)

// isIgnorable reports whether r shows nothing where it stands: whether it has Unicode's property Default_Ignorable_Code_Point,
// as DerivedCoreProperties.txt derives it. Among others, the controls of bidirectional text have it.
func isIgnorable(r rune) bool {
	switch {
	case r < '\u00ad': // the first of them
		return false
	case r >= '\ufff9' && r <= '\ufffb', r >= '\U00013430' && r <= '\U00013440':
		return false
	}
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Cf, unicode.Variation_Selector) &&
		!unicode.In(r, unicode.White_Space, unicode.Prepended_Concatenation_Mark)
}

// isVisible reports whether r shows something.
func isVisible(r rune) bool {
	switch r {
	case '\u2800', '\U00016fe4', '\U0001d159': // a blank Braille pattern, the Khitan filler and a null notehead
		return false
	}
	return !unicode.IsSpace(r) && !isIgnorable(r) &&
		(!unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Prepended_Concatenation_Mark, r))
}

// removeIgnorables returns s without the characters that show nothing.
func removeIgnorables(s string) string { return remove(s, isIgnorable) }

// remove returns s without the characters for which is returns true.
func remove(s string, is func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if is(r) {
			return -1
		}
		return r
	}, s)
}

func isBidiControl(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// removeNeedlessIgnorables is removeIgnorables, but a zero-width joiner or non-joiner stays after a letter, or a mark of one,
// and before a letter: Persian and Indic spelling needs it there.
func removeNeedlessIgnorables(s string) string {
	if strings.IndexFunc(s, isJoiner) < 0 {
		return removeIgnorables(s)
	}
	var kept strings.Builder
	afterLetter := false // after a letter and any marks
	var joiner rune      // the first one since then; 0: none
	for _, r := range s {
		switch {
		case isJoiner(r):
			if afterLetter && joiner == 0 {
				joiner = r
			}
			continue
		case isIgnorable(r):
			continue
		case unicode.IsLetter(r):
			if joiner != 0 {
				kept.WriteRune(joiner)
			}
			afterLetter = true
		case !unicode.IsMark(r):
			afterLetter = false
		}
		joiner = 0
		kept.WriteRune(r)
	}
	return kept.String()
}
