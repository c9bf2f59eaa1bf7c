package subscriptions

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// profile reads domain names as UTS 46 says, strictly. MapForLookup folds case and width, so that both spellings of a
// name are one.
var profile = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// CanonicalName answers the form in which a domain's name is stored: lower-case A-labels without a trailing dot; false
// where s is no name of a website: it needs two labels, at most 253 bytes, and a last label that is no number.
func CanonicalName(s string) (string, bool) {
	s = strings.TrimSuffix(s, ".")
	if isCanonical(s) {
		return s, true
	}
	if len(s) > 4*253 { // longer than any spelling of a name that fits
		return "", false
	}
	name, err := profile.ToASCII(s)
	if err != nil || strings.HasSuffix(name, ".") || !isWebsite(name) {
		return "", false
	}
	// Punycode can hide text that would not be accepted as it is spelled: what is stored must decode, and encode to itself.
	spelled, err := profile.ToUnicode(name)
	if err != nil {
		return "", false
	}
	again, err := profile.ToASCII(spelled)
	return name, err == nil && again == name
}

// isCanonical is the quick way for plain names, which need no mapping: most look-ups allocate nothing.
func isCanonical(s string) bool {
	label := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			if label == 0 || label > 63 || s[i-1] == '-' {
				return false
			}
			label = 0
			continue
		case c == '-':
			// Hyphens in the third and fourth place mark A-labels and what is reserved like them (RFC 5891, 4.2.3.1).
			if label == 0 || label == 3 && s[i-1] == '-' {
				return false
			}
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		default:
			return false
		}
		label++
	}
	return label > 0 && label <= 63 && s[len(s)-1] != '-' && isWebsite(s)
}

// isWebsite tells whether a name of LDH labels can be a website's: the last label of an address is a number in some
// notation, and browsers read such names as addresses (WHATWG URL, "ends in a number").
func isWebsite(name string) bool {
	if len(name) > 253 {
		return false
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return false
	}
	last := name[dot+1:]
	return !digits(last, "0123456789") && !(strings.HasPrefix(last, "0x") && digits(last[2:], "0123456789abcdef"))
}

// digits tells whether s has nothing but those of set; the empty string has.
func digits(s, set string) bool { return strings.Trim(s, set) == "" }

// isBareSuffix tells whether names are registered under name, as under co.uk, so that nobody can own it.
func isBareSuffix(name string) bool {
	suffix, _ := publicsuffix.PublicSuffix(name)
	return suffix == name
}

// within tells whether name is top or lies below it.
func within(name, top string) bool {
	return name == top || strings.HasSuffix(name, "."+top)
}

// Ancestors answers the names above a name that may be domains themselves, the nearest first: all with two labels or more.
func Ancestors(name string) []string {
	var above []string
	for {
		_, parent, _ := strings.Cut(name, ".")
		if !strings.Contains(parent, ".") {
			return above
		}
		above = append(above, parent)
		name = parent
	}
}

// nameKeys answers the lock keys of names: those of the registrable domain of each, and of each name above it.
// Nearly always that is one. It is more where a public suffix lies below a name that can be owned: without the second
// key, amazonaws.com and a.s3.amazonaws.com could be given to two accounts at the same time.
func nameKeys(names []string) []int {
	var keys []int
	for _, name := range names {
		last := ""
		for _, n := range append([]string{name}, Ancestors(name)...) {
			registrable, err := publicsuffix.EffectiveTLDPlusOne(n)
			if err != nil { // a bare suffix: the provider's own
				registrable = n
				if n != name {
					continue
				}
			}
			if registrable != last {
				keys = append(keys, LockKey("domain", registrable))
			}
			last = registrable
		}
	}
	return keys
}

// wwwless answers the name that www.NAME stands for when it was not added itself, or "".
func wwwless(name string) string {
	rest, found := strings.CutPrefix(name, "www.")
	if !found || !strings.Contains(rest, ".") {
		return ""
	}
	return rest
}

// decodedName answers a name with its labels decoded, whatever they are; the name itself where that fails.
func decodedName(name string) string {
	if !strings.Contains(name, "xn--") {
		return name
	}
	decoded, err := profile.ToUnicode(name)
	if err != nil {
		return name
	}
	return decoded
}

func unicodeName(name string) string {
	decoded := decodedName(name)
	for label := range strings.SplitSeq(decoded, ".") {
		if mixesScripts(label) {
			return name
		}
	}
	return decoded
}

// together are the scripts that one label may mix, after UTS 39, "highly restrictive": Latin with those of one of the
// East Asian writing systems.
var together = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Bopomofo"},
	{"Latin", "Han", "Hangul"},
}

func mixesScripts(label string) bool {
	scripts := map[string]bool{}
	for _, r := range label {
		if s := script(r); s != "" {
			scripts[s] = true
		}
	}
	if len(scripts) <= 1 {
		return false
	}
	for _, set := range together {
		inside := 0
		for _, s := range set {
			if scripts[s] {
				inside++
			}
		}
		if inside == len(scripts) {
			return false
		}
	}
	return true
}

// script answers the script of a letter; "" of what all scripts share.
func script(r rune) string {
	if r < 0x80 {
		if unicode.IsLetter(r) {
			return "Latin"
		}
		return ""
	}
	for name, table := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && unicode.Is(table, r) {
			return name
		}
	}
	return ""
}
