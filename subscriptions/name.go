package subscriptions

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/internal/lockkey"
)

// profile maps domain names as UTS 46 requires, strictly. MapForLookup folds case and width, so that both spellings of a
// name become one.
var profile = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// toASCII returns a name as profile maps it, in A-labels. The capital sharp s is folded to the small one, as UTS 46 does since
// Unicode 15.1; profile's tables are older and would make it "ss", which is another name.
func toASCII(s string) (string, error) {
	return profile.ToASCII(strings.ReplaceAll(s, "\u1e9e", "\u00df"))
}

// maxSpelling is the number of bytes of the longest spelling of a name that is read: more than any name that fits has in
// U-labels.
const maxSpelling = 4 * 253

// CanonicalName returns the form in which a domain's name is stored: lower-case A-labels without a trailing dot. White space
// around s and characters that show nothing do not matter. It reports false if s cannot be the name of a website, which has at
// least two labels, at most 253 bytes, and a last label that is neither a number nor hexadecimal.
func CanonicalName(s string) (string, bool) {
	if plain := strings.TrimSuffix(s, "."); isCanonical(plain) {
		return plain, true
	}
	if s = strings.TrimSpace(s); len(s) > maxSpelling {
		return "", false
	}
	// Joiners between letters stay: where IDNA allows them, they spell another name.
	name, err := toASCII(strings.TrimSuffix(input.Name(s), "."))
	if err != nil || strings.HasSuffix(name, ".") || !isWebsite(name) {
		return "", false
	}
	// Punycode can hide text that would be refused when it is spelled out: what is stored must decode, and encode to itself.
	spelled, err := profile.ToUnicode(name)
	if err != nil {
		return "", false
	}
	again, err := profile.ToASCII(spelled)
	return name, err == nil && again == name
}

// isCanonical reports whether s is a canonical name without A-labels. It is the fast path: most look-ups need no mapping and
// allocate nothing.
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

// isWebsite reports whether a name of LDH labels can be a website's. A name whose last label is a number in some notation
// cannot: browsers read it as an IP address (WHATWG URL, "ends in a number").
func isWebsite(name string) bool {
	if len(name) > 253 {
		return false
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return false
	}
	last := name[dot+1:]
	return !onlyDigits(last, "0123456789") && !(strings.HasPrefix(last, "0x") && onlyDigits(last[2:], "0123456789abcdef"))
}

// onlyDigits reports whether s consists of characters of set, as the empty string does.
func onlyDigits(s, set string) bool { return strings.Trim(s, set) == "" }

// isBareSuffix reports whether name is a public suffix such as co.uk, under which others register names. Options.PublicSuffixes
// decides that, unless it returns something that is no suffix of the name.
func (m *Manager) isBareSuffix(name string) bool {
	if m.suffixes != nil {
		if suffix, _ := m.suffixes(name); within(name, suffix) {
			return suffix == name
		}
	}
	return isCompiledSuffix(name)
}

// isCompiledSuffix reports whether name is a public suffix by the list that is compiled in.
func isCompiledSuffix(name string) bool {
	suffix, _ := publicsuffix.PublicSuffix(name)
	return suffix == name
}

// within reports whether name is top or a name below it.
func within(name, top string) bool {
	return name == top || strings.HasSuffix(name, "."+top)
}

// Ancestors returns the names above name that may be domains themselves, the nearest first: all with two labels or more. A
// store looks them up to find out what conflicts with a claim.
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

// nameKeys returns the lock keys of names: those of the registrable domain of each name and of each name above it. Nearly
// always they are the same. They differ where a public suffix is below a name that can be owned: without the second key,
// amazonaws.com and a.s3.amazonaws.com could be given to two accounts at the same time. Public suffixes are those of the list
// that is compiled in, whatever Options.PublicSuffixes is, so that all processes lock the same keys. See Claim.Keys about
// accounts that own one.
func nameKeys(names []string) []int {
	var keys []int
	for _, name := range names {
		last := ""
		for _, n := range append([]string{name}, Ancestors(name)...) {
			registrable, err := publicsuffix.EffectiveTLDPlusOne(n)
			if err != nil { // a public suffix
				registrable = n
				if n != name {
					continue
				}
			}
			if registrable != last {
				keys = append(keys, lockkey.Of("domain", registrable))
			}
			last = registrable
		}
	}
	return keys
}

// stripWWW returns NAME for www.NAME, and "" for any other name.
func stripWWW(name string) string {
	rest, found := strings.CutPrefix(name, "www.")
	if !found || !strings.Contains(rest, ".") {
		return ""
	}
	return rest
}

// decodedName returns a name with its labels decoded, whatever their scripts, or the name itself if that fails.
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

// unicodeName returns a name decoded for display, or the name itself if one of its labels mixes scripts.
func unicodeName(name string) string {
	decoded := decodedName(name)
	for label := range strings.SplitSeq(decoded, ".") {
		if mixesScripts(label) {
			return name
		}
	}
	return decoded
}

// allowedScriptMixes are the scripts that one label may mix, as in the "highly restrictive" level of UTS 39: Latin with
// those of one of the East Asian writing systems.
var allowedScriptMixes = [][]string{
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
	for _, set := range allowedScriptMixes {
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

// script returns the script of a letter, and "" for characters that all scripts share.
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
