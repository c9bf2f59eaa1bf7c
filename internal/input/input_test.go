package input_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/internal/catalogue/cataloguetest"
	"github.com/clientele-go/clientele/internal/input"
)

func TestLine(t *testing.T) {
	for _, c := range []struct {
		name, given, stored string
		valid               bool
	}{
		{"plain", "Mario Rossi", "Mario Rossi", true},
		{"empty", "", "", true},
		{"surrounding white space is removed", " \t\u00a0Mario\u3000\n", "Mario", true},
		{"decomposed letters are composed", "Jose\u0301", "José", true},
		{"emoji lose their joiners", "👩\u200d👩\u200d👧", "👩👩👧", true},
		{"right-to-left letters", "שלום", "שלום", true},
		{"a telephone number from a messenger", "\u202a+39\u00a006 1234567\u202c", "+39\u00a006 1234567", true},
		{"white space between characters that show nothing", "\u200e \u2066 a \u2069\ufeff", "a", true},
		{"what goes lets letters meet their accents", "e\u034f\u0301", "é", true},
		{"fillers alone are empty", "\u3164\u115f\u1160\uffa0\u034f\ufe0f\u180e\U000e0001", "", true},
		{"zero-width characters alone are empty", "\u200b\u200c\u200d\u2060", "", true},
		{"a blank Braille pattern shows nothing", "\u2800", "\u2800", false},
		{"nor do several blanks with a space between them", "\u2800 \u2800", "\u2800 \u2800", false},
		{"nor does a null notehead", "\U0001d159", "\U0001d159", false},
		{"an interlinear annotation shows nothing", "\ufff9", "\ufff9", false},
		{"a blank beside a letter is text", "a\u2800", "a\u2800", true},
		{"an Arabic number sign is visible", "\u0600", "\u0600", true},
		{"invalid UTF-8", "a\xffb\u200b", "a\xffb\u200b", false},
		{"NUL", "a\x00b", "a\x00b", false},
		{"newline inside", "a\nb", "a\nb", false},
		{"delete", "a\x7fb", "a\x7fb", false},
		{"a control character of Latin-1", "a\u0085b", "a\u0085b", false},
		{"line separator", "a\u2028b", "a\u2028b", false},
		{"right-to-left override", "a\u202eb", "ab", true},
		{"isolate", "a\u2066b", "ab", true},
		{"Arabic letter mark", "a\u061cb", "ab", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			stored := input.Line(c.given)
			assert.Equal(t, c.stored, stored)
			assert.Equal(t, c.valid, input.IsLine(stored))
			assert.Equal(t, stored, input.Line(stored), "a stored line must stay unchanged")
		})
	}
	assert.False(t, input.IsLine("a\u202eb"), "text that was not cleaned")
}

// Persian and Indic spelling needs joiners between letters. They stay nowhere else, where nobody would see them.
func TestNamesKeepJoinersBetweenLetters(t *testing.T) {
	for given, stored := range map[string]string{
		"  Mario\u200b Rossi\u202c ":      "Mario Rossi",
		"علی\u200cرضا":                    "علی\u200cرضا",             // between letters
		"श\u094d\u200dर":                  "श\u094d\u200dर",           // after a mark, before a letter
		"ක\u0dca\u200dෂ":                  "ක\u0dca\u200dෂ",           // as in Sinhala names
		"\u200cعلی\u200c \u200dرضا\u200d": "علی رضا",                  // around a word
		"علی\u200c\u200c\u200dرضا":        "علی\u200cرضا",             // several
		"علی\u2060\u200c\u202eرضا":        "علی\u200cرضا",             // among others
		"1\u200d2":                        "12",                       // digits
		"👩\u200d👩\u200d👧":                 "👩👩👧",                      // emoji
		"<\u0338\u200da":                  "\u226ea",                  // a mark of no letter
		"<\u200d\u0338\u200da":            "\u226ea",                  // which meets it only now
		"e\u200d\u0301\u200da":            "\u00e9\u200da",            // before a mark, then after it
		"\u1112\u200d\u1161\u11ab":        "\u1112\u200d\u1161\u11ab", // conjoining letters
		"\u0301\u200da":                   "\u0301a",                  // a mark of nothing
		"a\xff\u200db":                    "a\xff\u200db",             // invalid UTF-8
		"Jose\u0301":                      "José",
	} {
		name := input.Name(given)
		assert.Equal(t, stored, name, "%+q", given)
		assert.Equal(t, name, input.Name(name), "%+q", given)
		assert.Equal(t, input.Line(given), input.Line(name), "%+q", given)
		assert.Equal(t, input.Fold(input.Line(given)), input.Fold(name), "%+q is found with and without joiners", given)
	}
}

func TestText(t *testing.T) {
	assert.Equal(t, "a\nb\nc", input.Text("a\r\nb\rc\n"))
	assert.True(t, input.IsText("a\n\tb"))
	assert.False(t, input.IsText("a\vb"))
	assert.False(t, input.IsText("a\u202eb"))
	assert.Equal(t, "call +39 06", input.Text("\u2066\n call \u202a+39 06\u202c\u2069\n"), "nobody sees what would be refused")
	assert.Equal(t, "👩\u200d👧 soft\u00adhyphen", input.Text("👩\u200d👧 soft\u00adhyphen"), "in prose, all else stays")
	for text, valid := range map[string]bool{"": true, "\u200b": false, "\u2800\n\u2800": false, " \u3164 ": false, "\u2800.": true} {
		assert.Equal(t, valid, input.IsText(input.Text(text)), "%+q", text)
	}
}

// Folding a folded text changes nothing, and the cases of a letter fold to the same.
func TestFoldOfEveryCharacter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		folded := input.Fold(string(r))
		if again := input.Fold(folded); again != folded {
			t.Errorf("%U folds to %+q, and that to %+q", r, folded, again)
		}
		if upper := unicode.ToUpper(r); unicode.ToLower(upper) == r && input.Fold(string(upper)) != folded {
			t.Errorf("%U folds to %+q, its capital %U to %+q", r, folded, upper, input.Fold(string(upper)))
		}
	}
}

// Cleaned text does not change when it is cleaned again, nor does folded text.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{
		"Mario", " \u202a+39 06\u202c ", "e\u034f\u0301", "علی\u200cرضا", "<\u200d\u0338\u200da", "\u1112\u200d\u1161", "a\r\u200e\nb", "\xff\u200b",
		"\u0dd9\u200d\u0dca\u200d\u0d9a", "\u2000\u200b\u2001", "\u0130\u00df\u0345", "IT\u200b", "it-\u2060CH",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		for name, clean := range map[string]func(string) string{
			"Line": input.Line, "Name": input.Name, "Text": input.Text, "Login": input.Login, "Country": input.Country, "Locale": input.Locale,
			"Fold": input.Fold,
		} {
			cleaned := clean(given)
			require.Equal(t, cleaned, clean(cleaned), "%s of %+q", name, given)
		}
		require.Equal(t, input.Line(given), input.Line(input.Name(given)), "%+q", given)
		require.Equal(t, input.Fold(input.Line(given)), input.Fold(input.Name(given)), "%+q", given)
	})
}

func TestLogin(t *testing.T) {
	for given, stored := range map[string]string{
		" Mario ":                        "mario",
		"\u212aelvin":                    "\u212aelvin", // the Kelvin sign, which would fold to k
		"ma\u0131l":                      "ma\u0131l",
		"\u202aMa\u200brio\u202c \ufeff": "mario",
		"MARIO@Ex.com":                   "mario@ex.com",
	} {
		assert.Equal(t, stored, input.Login(given))
	}
	for login, valid := range map[string]bool{
		"m": true, "mario.rossi+1@example-x.com": true, "a_b": true, "3dprint": true, "12345": true, "0": true,
		"123456789@qq.com": true, "o'brien@example.ie": true, "o''brien": true, "rock'n'roll'": true, "info": true, "support": true,
		"": false, ".mario": false, "'mario": false, "o\u2019brien": false, "o`brien": false, "\uff11mario": false, "mario.": false, "ma..rio": false, "mário": false, "\u212aelvin": false,
		"ma rio": false, "mario\n": false, "Mario": false, "mario\u200b": false,
	} {
		assert.Equal(t, valid, input.IsLogin(login), "%q", login)
	}
}

// An accepted login does not change when it is canonicalized again.
func FuzzLogin(f *testing.F) {
	for _, seed := range []string{"Mario", "a..b", "\u212a", "mario@example.com", " x ", "\xff", "3D", "o'brien", "1."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		stored := input.Login(given)
		if input.IsLogin(stored) {
			require.Equal(t, stored, input.Login(stored))
			require.Regexp(t, `^[a-z0-9][a-z0-9._@+'-]*$`, stored)
		}
	})
}

func TestIDs(t *testing.T) {
	given := []int64{3, 1, 3, 2}
	var v input.Violations
	assert.Equal(t, []int64{1, 2, 3}, input.IDs(&v, given))
	assert.Equal(t, []int64{3, 1, 3, 2}, given, "the caller's slice was changed")
	require.NoError(t, v.Err())

	many := make([]int64, input.MaxIDs+1)
	input.IDs(&v, many) // 10,001 times the same id
	require.NoError(t, v.Err())
	for i := range many {
		many[i] = int64(i)
	}
	input.IDs(&v, many)
	input.IDs(&v, []int64{})
	input.Selection(&v, []int64{})
	assert.Nil(t, input.Selection[int64](&v, nil))
	assert.Equal(t, "ids: maxItems, ids: required, ids: required", rules(t, v.Err()))
}

func TestLimits(t *testing.T) {
	var v input.Violations
	assert.Equal(t, input.DefaultItems, v.Limit(0))
	assert.Equal(t, 1, v.Limit(1))
	assert.Equal(t, input.MaxItems, v.Limit(input.MaxItems))
	require.NoError(t, v.Err())
	v.Limit(-1)
	v.Limit(input.MaxItems + 1)
	assert.Equal(t, "limit: min, limit: atMost", rules(t, v.Err()))
}

func rules(t *testing.T, err error) string {
	t.Helper()
	require.ErrorIs(t, err, input.ErrInvalid)
	var invalid *input.Error
	require.ErrorAs(t, err, &invalid)
	messages := make([]string, len(invalid.Fields))
	for i, f := range invalid.Fields {
		messages[i] = f.Path + ": " + f.Rule
	}
	return strings.Join(messages, ", ")
}

func TestMessagesAreTranslated(t *testing.T) {
	var f input.Violations
	f.Add("contact.postalCode", "max", "20")
	f.Add("subscription.domains[3]", "domain", "")
	f.Add("attributes[vat]", "max", "1024")
	var invalid *input.Error
	require.ErrorAs(t, f.Err(), &invalid)
	assert.Equal(t, "Postal code can have at most 20 characters", invalid.Fields[0].Message)
	for _, locale := range []string{"it", "it-CH", "IT_it"} {
		translated := invalid.Translate(locale)
		assert.Equal(t, "CAP: massimo 20 caratteri", translated[0].Message)
		assert.Equal(t, "Dominio: inserisci un nome di dominio, ad es. example.com", translated[1].Message)
		assert.Equal(t, "Attributi: massimo 1024 caratteri", translated[2].Message)
	}
	assert.Equal(t, invalid.Fields, invalid.Translate("ja"), "every other language must get English")
}

func TestTranslateKeepsCustomMessages(t *testing.T) {
	e := &input.Error{Fields: []input.FieldError{{Path: "password", Rule: "pwned", Message: "Seen in a leak"}}}
	assert.Equal(t, e.Fields, e.Translate("it"))
}

// sources returns the code that checks input and reports violations, as one text.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range []string{".", "../../subscriptions", "../../accounts", "../../storage", "../../storage/postgres"} {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, entry := range entries {
			if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
				continue
			}
			source, err := os.ReadFile(dir + "/" + entry.Name())
			require.NoError(t, err)
			all.Write(source)
		}
	}
	return all.String()
}

// Every rule that the code uses, in a call or among the rules of a type, has a message in all languages, and every message and
// every name of a field is in use.
func TestEveryRuleHasMessage(t *testing.T) {
	named := regexp.MustCompile(`(?:\.Add\([^\n]*?, |Invalid\("[a-zA-Z]+", )"([a-zA-Z]+)", `)
	rules := regexp.MustCompile(`(?m)(?:^\s*"[A-Z][A-Za-z]+":\s+|Rules\s+= |v\.Var\([^\n]*, )"([^"]+)"`)
	found, source := map[string]bool{}, sources(t)
	for _, match := range named.FindAllStringSubmatch(source, -1) {
		found[match[1]] = true
	}
	for _, match := range rules.FindAllStringSubmatch(source, -1) {
		for rule := range strings.SplitSeq(match[1], ",") {
			rule, _, _ = strings.Cut(rule, "=")
			found[rule] = true
		}
	}
	for _, notARule := range []string{"-", "omitempty", "omitnil", "dive", "keys", "endkeys", "filled"} {
		delete(found, notARule)
	}
	require.Greater(t, len(found), 20)
	for rule := range found {
		e := &input.Error{Fields: []input.FieldError{{Path: "name", Rule: rule, Param: "7"}}}
		assert.NotEmpty(t, e.Translate("en")[0].Message, rule)
		assert.NotEqual(t, e.Translate("en")[0].Message, e.Translate("it")[0].Message, rule)
		assert.True(t, strings.HasPrefix(e.Translate("it")[0].Message, "Nome: "), "%s: an Italian sentence must not depend on the gender of the field's name", rule)
	}
	assert.Empty(t, cataloguetest.Check(input.Texts(), func(key string) bool {
		kind, name, _ := strings.Cut(key, ".")
		if kind == "rule" {
			return found[name] || strings.Contains(source, `"`+name+`"`)
		}
		field := name[strings.LastIndexByte(name, '.')+1:]
		return strings.Contains(source, `"`+field) ||
			regexp.MustCompile(`\b`+strings.ToUpper(field[:1])+field[1:]+`\b`).MatchString(source)
	}))
}

func TestFold(t *testing.T) {
	for given, folded := range map[string]string{
		"Mario": "mario", "STRASSE": "strasse", "Straße": "strasse", "E\u0301cole": "\u00e9cole", "ΣΑΣ": "σασ", "\u212a": "k", "İ": "i̇",
	} {
		assert.Equal(t, folded, input.Fold(given))
		assert.Equal(t, folded, input.Fold(folded), "a folded text must stay unchanged")
	}
}
