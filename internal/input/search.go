package input

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// maxSearchWords is the number of words that a search may have: each of them costs a store a look-up.
	maxSearchWords = 8

	// minAnywhere is the number of characters from which a word is found anywhere in a text. Indexes of trigrams cannot find
	// shorter ones there.
	minAnywhere = 3

	// minNumberDigits is the number of digits, leading zeros not counted, from which digits and what separates them are taken
	// for one number.
	minNumberDigits = 5
)

// SearchText returns texts in the form in which a search looks through them, one in each line. A line has a blank before each
// of its words, also where one begins after punctuation, so that " ro" is found where a word begins with "ro". Numbers that
// are written in groups, as telephone numbers are, stand there once more as digits alone.
func SearchText(texts ...string) string {
	var b strings.Builder
	for i, text := range texts {
		if i > 0 {
			b.WriteByte('\n')
		}
		folded := foldForSearch(text)
		writeWords(&b, folded)
		for _, number := range numbersIn(folded) {
			b.WriteByte(' ')
			b.WriteString(number)
		}
	}
	return b.String()
}

// SearchWords returns the words that a person typed into a search, each with the text that SearchText of a row must contain, or
// the id that the row must have (0: none). There are none if nothing was typed. It adds a violation at "search" for a text that is too long, that cannot be stored, or that has
// too many words.
//
// A web address stands for its host name without "www.", and digits in groups for the number without leading zeros and
// without a country code after + or 00: what is left is found whichever way a number was written. "#17" finds the row with
// the id 17, and so does a number that is all that was typed.
func SearchWords[W ~struct {
	Text string
	ID   int64
}](v *Violations, search string) []W {
	search = Line(search)
	v.Var("search", search, "max=255,line")
	var words []W
	typed := strings.Fields(foldForSearch(search))
	for rest := typed; len(rest) > 0; {
		number, n := leadingNumber(rest)
		if n == 0 {
			number, n = hostName(rest[0]), 1
		}
		word := W{Text: termText(number), ID: typedID(rest[0], len(typed) == 1)}
		words, rest = append(words, word), rest[n:]
	}
	if len(typed) == 0 && search != "" { // only what is left out, such as apostrophes, which no searched text has
		words = append(words, W{Text: search})
	}
	if len(words) > maxSearchWords {
		v.Add("search", "maxWords", strconv.Itoa(maxSearchWords))
	}
	return words
}

// foldForSearch returns s with what people leave out when they type folded away: case, accents, apostrophes, and the
// differences between dashes, blanks, and compatible characters. Words are separated by one blank.
func foldForSearch(s string) string {
	if !IsASCII(s) {
		s = spacingAccents.Replace(removeIgnorables(s))
		s = foldCase(norm.NFKD.String(s))
		s = strings.Map(foldRune, norm.NFKD.String(s)) // folding may compose
		s = norm.NFC.String(foldedLetters.Replace(s))
	} else {
		s = strings.Map(foldRune, strings.ToLower(s))
	}
	return strings.Join(strings.Fields(s), " ")
}

// spacingAccents removes the accents that people type as apostrophes, before NFKD makes a blank of each.
var spacingAccents = strings.NewReplacer("\u00b4", "", "\u1fbd", "", "\u1fbf", "", "\u1ffd", "", "\u1ffe", "")

// foldedLetters replaces the Latin letters that do not decompose into a letter and its accent.
var foldedLetters = strings.NewReplacer(
	"ł", "l", "ø", "o", "đ", "d", "ı", "i", "æ", "ae", "œ", "oe", "þ", "th", "ð", "d", "ə", "e", "ħ", "h", "ŧ", "t", "ŋ", "n",
	"ĸ", "k", "ɓ", "b", "ɖ", "d", "ɗ", "d", "ƙ", "k", "ƴ", "y", "ɛ", "e", "ɔ", "o", "ɨ", "i", "ʉ", "u",
)

// foldRune returns r as it is folded, or -1 if it is left out. Marks are left out where the scripts that have them are often
// written without: by their combining classes, that are the points of Hebrew, Arabic and Syriac, and the accents of Latin,
// Greek and Cyrillic. Marks of Indic scripts and of kana have other classes.
func foldRune(r rune) rune {
	switch {
	case r < utf8.RuneSelf && r != '\'' && r != '`':
		return r
	case strings.ContainsRune("'`‘’‛′ʹʻʼʽʾʿꞌ", r):
		return -1
	case unicode.Is(unicode.Pd, r) || r == '\u2212': // the minus sign
		return '-'
	case unicode.IsSpace(r):
		return ' '
	}
	if class := norm.NFKD.PropertiesString(string(r)).CCC(); class >= 10 && class <= 36 || class >= 200 {
		return -1
	}
	return r
}

// writeWords writes folded text with a blank before each of its words.
func writeWords(b *strings.Builder, folded string) {
	previous := ' '
	for i, r := range folded {
		if r != ' ' && (i == 0 || previous != ' ' && isWordCharacter(r) && !isWordCharacter(previous)) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		previous = r
	}
}

func isWordCharacter(r rune) bool {
	return r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9') ||
		r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r))
}

// termText returns the text by which a typed word is found: at the beginning of a word if it is short, anywhere otherwise.
func termText(word string) string {
	var b strings.Builder
	writeWords(&b, word)
	if utf8.RuneCountInString(word) < minAnywhere {
		return b.String()
	}
	return b.String()[len(" "):]
}

// typedID returns the id that a typed word stands for, or 0 if it stands for none.
func typedID(word string, alone bool) int64 {
	digits, marked := strings.CutPrefix(word, "#")
	if !marked && !alone || strings.TrimLeft(digits, "123456789") == digits {
		return 0
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// hostName returns the host name without "www." if the word is a web address, and the word otherwise. The scheme may be
// missing where the address begins with "www." or goes on after a host name.
func hostName(word string) string {
	_, host, hasScheme := strings.Cut(word, "://")
	if !hasScheme {
		host = word
	}
	host, _, hasPath := cutAny(host, "/?#")
	if hasScheme {
		host = host[strings.LastIndexByte(host, '@')+1:]
	}
	host, port, hasPort := strings.Cut(host, ":")
	hasPort = hasPort && port != "" && isDigits(port)
	name, hasWWW := strings.CutPrefix(host, "www.")
	name = strings.TrimSuffix(name, ".")
	first, _ := utf8.DecodeRuneInString(name)
	if !isWordCharacter(first) || !hasScheme && !hasWWW && !((hasPath || hasPort) && strings.Contains(name, ".")) {
		return word
	}
	return name
}

func cutAny(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

var (
	groupedNumber = regexp.MustCompile(`[+(]*[0-9][0-9+()./ -]*[0-9]`)
	trunkZero     = regexp.MustCompile(`\( ?0 ?\)`)
)

// numbersIn returns the digits of the numbers in folded text that are written in groups.
func numbersIn(folded string) []string {
	var numbers []string
	for _, number := range groupedNumber.FindAllString(folded, -1) {
		if digits := digitsOf(number); len(digits) >= minNumberDigits && !isDigits(number) {
			numbers = append(numbers, digits)
		}
	}
	return numbers
}

// leadingNumber returns the digits of the number that the words begin with, and how many words belong to it, or 0 if they do
// not begin with a number that is long enough.
func leadingNumber(words []string) (digits string, n int) {
	for n < len(words) && strings.Trim(words[n], "0123456789+()./-") == "" {
		n++
	}
	number := strings.Join(words[:n], " ")
	if digits = digitsOf(number); len(digits) < minNumberDigits {
		return "", 0
	}
	international, found := strings.CutPrefix(trunkZero.ReplaceAllString(strings.TrimLeft(number, "( "), ""), "+")
	if !found {
		international, found = strings.CutPrefix(international, "00")
	}
	if found {
		if national := digitsOf(withoutCountryCode(digitsOf(international))); len(national) >= minNumberDigits {
			return national, n
		}
	}
	return digits, n
}

// digitsOf returns the digits of a number without leading zeros and without the zero in "(0)", which is dialled only within a
// country.
func digitsOf(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, trunkZero.ReplaceAllString(number, ""))
	return strings.TrimLeft(digits, "0")
}

// shortCountryCodes are the country codes of E.164 with one or two digits. All others have three.
var shortCountryCodes = regexp.MustCompile(`^(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])`)

func withoutCountryCode(digits string) string {
	if code := shortCountryCodes.FindString(digits); code != "" {
		return digits[len(code):]
	}
	return digits[min(3, len(digits)):]
}
