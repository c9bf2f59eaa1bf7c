package input_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/internal/input"
)

// finds reports whether a search finds a row with the texts and the id.
func finds(t *testing.T, search string, id int64, texts ...string) bool {
	t.Helper()
	var v input.Violations
	words := input.SearchWords[searchWord](&v, search)
	require.NoError(t, v.Err(), search)
	require.NotEmpty(t, words, search)
	for _, w := range words {
		if w.ID != id && !strings.Contains(input.SearchText(texts...), w.Text) {
			return false
		}
	}
	return true
}

func TestSearch(t *testing.T) {
	for text, searches := range map[string][]string{
		"Muñoz":                    {"munoz", "MUÑOZ", "mun\u0303oz", "muñ"},
		"Nicolò":                   {"nicolo", "NICOLÒ"},
		"İbrahim Işık":             {"ibrahim", "IBRAHIM", "isik", "ışık"},
		"D'Angelo":                 {"d'angelo", "dangelo", "D’Angelo", "d´angelo", "d`ang"},
		"DʼAngelo":                 {"d'angelo"},
		"Mario Rossi":              {"rossi mario", "ros mar", "ma ro", "mario  rossi", "m r"},
		"Łukasz Øre Đorđe":         {"lukasz", "ore", "dorde", "łukasz"},
		"Þórður Æsir Œuvre Əli":    {"thordur", "aesir", "oeuvre", "eli"},
		"Straße":                   {"strasse", "STRASSE", "straße"},
		"Ἀθῆναι":                   {"αθηναι", "ΑΘΗΝΑΙ"},
		"Όμηρος":                   {"ομηροσ", "ομηρος", "ΟΜΗΡΟΣ"},
		"Ёлкин Йод":                {"елкин", "йод", "иод"},
		"שָׁלוֹם":                  {"שלום"},
		"مُحَمَّد أحمد":            {"محمد", "احمد"},
		"ガギグ":                      {"ｶﾞｷﾞｸﾞ", "ガギグ"},
		"Ｆｕｌｌ　Ｗｉｄｔｈ":               {"full width", "width"},
		"한국어":                      {"한국", "한"},
		"ﬁne № 5":                  {"fine", "no", "№"},
		"ᏣᎳ":                       {"ꮳꮃ"},
		"Sant–Elia":                {"sant-elia", "elia", "el", "sant−elia"},
		"mario.rossi@mail.example": {"rossi@mail", "ro", "io.ro", "mail.ex", "Mario.Rossi@mail.example"},
		"+39 081 555 01 42":        {"0815550142", "081 555 0142", "+390815550142", "0039 081 5550142", "(+39) 081/555-01-42", "55501", "081", "39 081", "+39", "01"},
		"0815550142":               {"+39 081 555 0142", "081-555.01.42", "(081) 5550142"},
		"+44 (0)20 7946 0958":      {"020 7946 0958", "+442079460958", "(0)20 79460958", "00442079460958"},
		"020 7946 0958":            {"+44 20 7946 0958", "+44 (0) 20 7946 0958"},
		"+1 (555) 010-9999":        {"555-010-9999", "5550109999", "1 555 010 9999"},
		"INV-2026-11-27":           {"inv-2026", "2026-11-27", "20261127", "2026/11", "11-27"},
		"00012345":                 {"00012345", "12345"},
		"mario.localhost":          {"http://mario.localhost/", "www.mario.localhost", "https://user@www.mario.localhost:8443/a?b#c", "mario.localhost/", "mario.localhost:8080", "MARIO.localhost", "www.mario"},
		"www.mario.localhost":      {"http://www.mario.localhost", "www.mar"},
		"müller-söhne.example":     {"http://müller-söhne.example/", "muller-sohne", "so"},
		"100% sure a_b C:\\dir":    {"100%", "100% s", "a_b", `c:\d`, `\di`},
		"Bar #17":                  {"#17", "# 17"},
		"24/7 s.r.l./gmbh":         {"24/7", "s.r.l./gmbh", "s.r.l.", "gm"},
		"क्षत्रिय":                 {"क्षत्रिय", "क्ष"},
	} {
		for _, search := range searches {
			assert.True(t, finds(t, search, 1, text), "%q in %q: %q in %q", search, text, words(search), input.SearchText(text))
		}
	}
	for text, searches := range map[string][]string{
		"d'Angelo":          {"'", " ’ ` "},
		"Mario Rossi":       {"os", "mario x", "marior", "rossimario", "rio ro si"},
		"gasa":              {"ąç"},
		"ガ":                 {"カ"}, // another letter
		"का":                {"क़ा"},
		"Bianchi":           {"bia-nchi", "b.", "%", "_"},
		"+39 081 555 01 42": {"5550143", "+49 30 1234567", "42 02"},
		"mario.localhost":   {"http://maria.localhost/", "http://", "io"},
		"12":                {"13", "#12 13"},
		"Bar #18":           {"#17"},
	} {
		for _, search := range searches {
			assert.False(t, finds(t, search, 17000, text), "%q in %q: %q in %q", search, text, words(search), input.SearchText(text))
		}
	}
	assert.True(t, finds(t, "rossi mario.it", 1, "Mario Rossi", "mario.it"), "in several texts")
	assert.False(t, finds(t, "sirio", 1, "rossi", "rio"), "not across texts")
	for search, found := range map[string]bool{
		"17": true, "#17": true, " 17 ": true, "#17 #17": true, "017": false, "17 17": false, "#0": false, "#-17": false, "#017": false,
		"#17x": false, "17.": false, "99999999999999999999": false, "#９": false, "１７": true,
	} {
		assert.Equal(t, found, finds(t, search, 17, "nothing"), search)
	}
}

type searchWord struct {
	Text string
	ID   int64
}

func words(search string) []searchWord {
	var v input.Violations
	return input.SearchWords[searchWord](&v, search)
}

func TestSearchWords(t *testing.T) {
	for _, search := range []string{"", " ", "\u200b", "\u3164", "\u00a0\u3000"} {
		assert.Empty(t, words(search), "%+q", search)
	}
	for search, rule := range map[string]string{
		strings.Repeat("a", 255): "", strings.Repeat("a", 256): "max", "a\nb": "line", "\xff": "line",
		"a b c d e f g h": "", "a b c d e f g h i": "maxWords", "+39 0 8 1 5 5 5 0 1 4 2 rossi": "",
	} {
		var v input.Violations
		input.SearchWords[searchWord](&v, search)
		if rule == "" {
			assert.NoError(t, v.Err(), search)
		} else {
			assert.Equal(t, "search: "+rule, rules(t, v.Err()), search)
		}
	}
}

// A text is found by itself and by each of its words, unless nothing of it is left to search for.
func FuzzSearch(f *testing.F) {
	for _, seed := range []string{
		"Mario Rossi", "d´angelo", "+39 (0)81 555 01 42", "http://www.müller.example:80/x", "İ\u0345ŉ", "ﾞガ", "e\u0301\u0323", "#17", "1 2 3 4 5", "\u1112\u1161\u11ab", "\u0317", "a '",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text = input.Line(text); !input.IsLine(text) || utf8.RuneCountInString(text) > 255 {
			return
		}
		searched := input.SearchText(text)
		require.Equal(t, 0, strings.Count(searched, "\n"))
		for _, typed := range append(strings.Fields(text), text) {
			if input.SearchText(typed) == "" {
				continue // only what is left out, such as apostrophes
			}
			for _, w := range words(typed) {
				require.Contains(t, searched, w.Text, "%+q in %+q", typed, text)
			}
		}
	})
}

// Folding what is folded changes nothing, for any character.
func TestSearchTextOfEveryCharacter(t *testing.T) {
	for r := rune(' '); r <= unicode.MaxRune; r++ {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z) {
			continue
		}
		text := "a" + string(r) + "b"
		folded := strings.ReplaceAll(input.SearchText(text), " ", "")
		if again := strings.ReplaceAll(input.SearchText(folded), " ", ""); again != folded {
			t.Errorf("%U becomes %+q, and that %+q", r, folded, again)
		}
	}
}
