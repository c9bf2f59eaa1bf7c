package input

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Line returns the form in which one-line text is stored and looked up: trimmed, in NFC, and without the characters that show
// nothing, because people paste those unseen. Invalid UTF-8 is returned unchanged.
func Line(s string) string { return norm.NFC.String(strip(s, removeIgnorables)) }

// Name is Line for what people and places are called: zero-width joiners and non-joiners that spell a name stay.
func Name(s string) string { return norm.NFC.String(strip(s, removeNeedlessIgnorables)) }

// Text returns the form in which text of several lines is stored: in NFC, with \n as line ends and without white space
// around it. Only those invisible characters are removed that IsText refuses, which change the direction of text.
func Text(s string) string {
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return norm.NFC.String(strip(s, func(s string) string { return remove(s, isBidiControl) }))
}

// strip returns s trimmed, after remove has removed characters that show nothing. Invalid UTF-8 is returned unchanged.
func strip(s string, remove func(string) string) string {
	if !utf8.ValidString(s) {
		return s
	}
	return strings.TrimSpace(remove(s))
}

// IsLine reports whether s is valid UTF-8 without control characters, line separators and characters that change the
// direction of text, and is either empty or shows something.
func IsLine(s string) bool { return isText(s, "") }

// IsText is IsLine for text of several lines: \n and \t are allowed.
func IsText(s string) bool { return isText(s, "\n\t") }

func isText(s, allowed string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	visible := s == ""
	for _, r := range s {
		if r < utf8.RuneSelf && r > ' ' && r != 0x7f {
			visible = true
			continue
		}
		if r == ' ' || strings.ContainsRune(allowed, r) {
			continue
		}
		if unicode.IsControl(r) || isSeparator(r) || isBidiControl(r) {
			return false
		}
		visible = visible || isVisible(r)
	}
	return visible
}

func isSeparator(r rune) bool { return r == '\u2028' || r == '\u2029' }

// Fold returns the form in which texts are compared and sorted in every store: without the characters that show nothing, NFC,
// case folded, NFC. SearchText returns the form in which they are searched.
func Fold(s string) string {
	if IsASCII(s) { // most texts are, and for them the three steps are one
		return strings.ToLower(s)
	}
	return norm.NFC.String(foldCase(norm.NFC.String(removeIgnorables(s))))
}

// foldCase returns s in Unicode's full case folding.
func foldCase(s string) string {
	// Cherokee is the one script that folds to capitals. cases.Fold maps its small letters to them, but also its capitals to
	// small letters.
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cherokee, r) {
			return unicode.ToLower(r)
		}
		return r
	}, s)
	return cases.Fold().String(s)
}

var loginForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+'-]*$`)

// Login returns the form in which a login is stored and looked up: trimmed, without characters that show nothing and, if it
// is ASCII then, in lower case. Other letters stay as they are, because U+212A would become "k".
func Login(s string) string {
	s = strip(s, removeIgnorables)
	if !IsASCII(s) {
		return s
	}
	return strings.ToLower(s)
}

// IsLogin reports whether s, whatever its length, is the stored form of a login.
func IsLogin(s string) bool {
	return loginForm.MatchString(s) && !strings.Contains(s, "..") && !strings.HasSuffix(s, ".")
}

// Country returns the form in which a country code is stored and looked up: trimmed, without characters that show nothing
// and, if it is ASCII then, in upper case. Other letters stay as they are, because U+0131 would become "I".
func Country(s string) string {
	s = strip(s, removeIgnorables)
	if !IsASCII(s) {
		return s
	}
	return strings.ToUpper(s)
}

// maxLocale is the length in bytes of a language tag that RFC 5646, section 4.4.1, asks implementations to accept. Parsing
// takes time that grows with the square of the length, so longer tags are refused.
const maxLocale = 35

// Locale returns the canonical form of a language tag. Text that is no language tag is returned unchanged.
func Locale(s string) string {
	s = Line(s)
	if s == "" || len(s) > maxLocale {
		return s
	}
	tag, err := language.Parse(s)
	if err != nil {
		return s
	}
	return tag.String()
}

// isLocale reports whether s is a language tag or empty, which means that the language is not known.
func isLocale(s string) bool {
	if s == "" || len(s) > maxLocale {
		return s == ""
	}
	_, err := language.Parse(s)
	return err == nil
}

// IsASCII reports whether s consists of ASCII characters.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Decode decodes base64 in its only canonical spelling: without stray bits and without the line ends that decoders skip.
func Decode(encoding *base64.Encoding, s string) ([]byte, bool) {
	raw, err := encoding.Strict().DecodeString(s)
	return raw, err == nil && !strings.ContainsAny(s, "\r\n")
}
