package input_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		{"emoji joined by zero-width joiners", "👩‍👩‍👧", "👩‍👩‍👧", true},
		{"right-to-left letters", "שלום", "שלום", true},
		{"invalid UTF-8", "a\xffb", "a\xffb", false},
		{"NUL", "a\x00b", "a\x00b", false},
		{"newline inside", "a\nb", "a\nb", false},
		{"delete", "a\x7fb", "a\x7fb", false},
		{"a control character of Latin-1", "a\u0085b", "a\u0085b", false},
		{"line separator", "a\u2028b", "a\u2028b", false},
		{"right-to-left override", "a\u202eb", "a\u202eb", false},
		{"isolate", "a\u2066b", "a\u2066b", false},
		{"Arabic letter mark", "a\u061cb", "a\u061cb", false},
		{"no visible character", "\u200b\u200d", "\u200b\u200d", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			stored := input.Line(c.given)
			assert.Equal(t, c.stored, stored)
			assert.Equal(t, c.valid, input.IsLine(stored))
			assert.Equal(t, stored, input.Line(stored), "a stored line must stay unchanged")
		})
	}
}

func TestText(t *testing.T) {
	assert.Equal(t, "a\nb\nc", input.Text("a\r\nb\rc\n"))
	assert.True(t, input.IsText("a\n\tb"))
	assert.False(t, input.IsText("a\vb"))
	assert.False(t, input.IsText("a\u202eb"))
}

func TestLogin(t *testing.T) {
	for given, stored := range map[string]string{
		" Mario ":      "mario",
		"\u212aelvin":  "\u212aelvin", // the Kelvin sign, which would fold to k
		"ma\u0131l":    "ma\u0131l",
		"MARIO@Ex.com": "mario@ex.com",
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

// Every rule that the code uses, in a call or among the rules of a type, has a message in both languages.
func TestEveryRuleHasMessage(t *testing.T) {
	named := regexp.MustCompile(`(?:\.Add\([^\n]*?, |Invalid\("[a-zA-Z]+", )"([a-zA-Z]+)", `)
	rules := regexp.MustCompile(`(?m)(?:^\s*"[A-Z][A-Za-z]+":\s+|Rules\s+= |v\.Var\([^\n]*, )"([^"]+)"`)
	found := map[string]bool{}
	for _, dir := range []string{".", "../../subscriptions", "../../accounts"} {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, entry := range entries {
			if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
				continue
			}
			source, err := os.ReadFile(dir + "/" + entry.Name())
			require.NoError(t, err)
			for _, match := range named.FindAllStringSubmatch(string(source), -1) {
				found[match[1]] = true
			}
			for _, match := range rules.FindAllStringSubmatch(string(source), -1) {
				for rule := range strings.SplitSeq(match[1], ",") {
					rule, _, _ = strings.Cut(rule, "=")
					found[rule] = true
				}
			}
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
}

func TestFold(t *testing.T) {
	for given, folded := range map[string]string{
		"Mario": "mario", "STRASSE": "strasse", "Straße": "strasse", "E\u0301cole": "\u00e9cole", "ΣΑΣ": "σασ", "\u212a": "k", "İ": "i̇",
	} {
		assert.Equal(t, folded, input.Fold(given))
		assert.Equal(t, folded, input.Fold(folded), "a folded text must stay unchanged")
	}
}
