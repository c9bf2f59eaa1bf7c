package panel

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

func TestEscapeFormula(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1":                        "'=1+1",
		"+1":                          "'+1",
		"-1":                          "'-1",
		"@SUM(1)":                     "'@SUM(1)",
		"＝1+1":                        "'＝1+1",
		" =1":                         " '=1",
		"\u00a0=1":                    "\u00a0'=1",
		"\u200b=1":                    "\u200b'=1",
		"Rossi;=cmd|' /C calc'!A0;":   "Rossi;'=cmd|' /C calc'!A0;",
		"Rossi,=cmd|' /C calc'!A0,":   "Rossi,'=cmd|' /C calc'!A0,",
		"a;b;@x;-y":                   "a;b;'@x;'-y",
		"a\t=1":                       "a\t'=1",
		"a\r\n=1\n\n+2":               "a\r\n'=1\n\n'+2",
		"a\u2028=1":                   "a\u2028'=1",
		`x","=cmd`:                    `x","'=cmd`,
		`x";"=cmd`:                    `x";"'=cmd`,
		`"=1`:                         `"'=1`,
		`a; " =1`:                     `a; " '=1`,
		"+39 081 555 01 42":           "+39 081 555 01 42",
		"+39 (0)81/555.01-42":         "+39 (0)81/555.01-42",
		"+390815550142":               "+390815550142",
		"+39 081 555\u00a001\u00a042": "+39 081 555\u00a001\u00a042",
		"+39 081 555 01 42;=1":        "'+39 081 555 01 42;'=1",
		"+39 081 x":                   "'+39 081 x",
		"-39 081 555 01 42":           "'-39 081 555 01 42",
		"081 555 01 42":               "081 555 01 42",
		"Rossi & Figli - Napoli":      "Rossi & Figli - Napoli",
		"mario+shop@mail.example":     "mario+shop@mail.example",
		"a=b;c-d,e+f":                 "a=b;c-d,e+f",
		"'=1":                         "'=1",
		"":                            "",
	} {
		assert.Equal(t, want, escapeFormula(cell), cell)
	}
}

// hostileTexts are texts that customers may enter to get a formula into a cell of the provider's spreadsheet.
var hostileTexts = []string{
	"=1+1", "+1", "-1", "@SUM(1)", "Rossi;=cmd|' /C calc'!A0;", "Rossi,=cmd|' /C calc'!A0,", `Rossi","=cmd"`, `Rossi";"=cmd`, `"=cmd`, `"";"=cmd`, `;"";=cmd`,
	`x;" =cmd`, `";=cmd;"`, `",=cmd,"`, "＝cmd", "a;@b;-c;+d", `"`, ";", ",", `;"`, `,"`, `"",""=cmd`, `'=cmd`,
}

// splitLikeASpreadsheet splits a file at a separator that may be another than the file's. A cell that begins with a quote ends
// at the next single one, and what follows that up to the separator is part of the cell.
func splitLikeASpreadsheet(file string, separator byte) []string {
	var cells []string
	var cell strings.Builder
	quoted, start := false, true
	for i := 0; i < len(file); i++ {
		c := file[i]
		switch {
		case quoted && c == '"' && i+1 < len(file) && file[i+1] == '"':
			cell.WriteByte('"')
			i++
		case c == '"' && (quoted || start):
			quoted = !quoted
		case !quoted && (c == separator || c == '\n'):
			cells = append(cells, cell.String())
			cell.Reset()
			start = true
			continue
		default:
			cell.WriteByte(c)
		}
		start = false
	}
	return append(cells, cell.String())
}

// assertNoFormulas asserts that no program that opens the file finds a formula in it, whatever it takes for the separator.
func assertNoFormulas(t *testing.T, file string) {
	t.Helper()
	for _, separator := range []byte{',', ';', '\t'} {
		naive := strings.FieldsFunc(file, func(r rune) bool { return r == rune(separator) || r == '\n' })
		for _, cell := range append(naive, splitLikeASpreadsheet(file, separator)...) {
			text := strings.Trim(cell, "\" \t\r\u00a0")
			if text != "" && strings.ContainsAny(text[:1], "=+-@") || strings.HasPrefix(text, "＝") {
				assert.Regexp(t, `^\+[0-9 ()./-]+$`, text, "separated by %q", separator)
			}
		}
	}
}

// An export has the same cells in both languages, in the form that a spreadsheet in that language reads, and no formula.
func TestExports(t *testing.T) {
	e := newEnv(t, nil)
	for i, text := range hostileTexts {
		_, err := e.clients.Create(t.Context(), accounts.New{
			Login: fmt.Sprintf("cell%02d", i), Password: "a long password", Contact: accounts.Contact{
				Name: text, Company: text, Phone: "+39 081 555 01 42", Address: text, City: text, State: text, PostalCode: text[:min(len(text), 20)], Country: "FR",
			},
		})
		require.NoError(t, err, text)
		_, err = e.clients.Subscriptions().Create(t.Context(), subscriptions.New{Name: text, Plan: text, ExternalID: fmt.Sprint(text, i), ExpiresAt: e.clock.now().Add(time.Hour)})
		require.NoError(t, err, text)
	}
	for language, separator := range map[string]rune{"en": ',', "it": ';'} {
		b := e.signInOperator()
		b.header.Set("Accept-Language", language)
		got := b.get("/customers.csv?country=FR&sort=login&dir=asc")
		body, found := strings.CutPrefix(got.body, "\ufeff")
		require.True(t, found, "the byte order mark is missing")
		assertNoFormulas(t, body)
		reader := csv.NewReader(strings.NewReader(body))
		reader.Comma = separator
		rows, err := reader.ReadAll()
		require.NoError(t, err, language)
		require.Len(t, rows, len(hostileTexts)+1)
		assert.Equal(t, map[string]string{"en": "Contact name", "it": "Nome del contatto"}[language], rows[0][1])
		for i, row := range rows[1:] {
			assert.Equal(t, escapeFormula(hostileTexts[i]), row[1], language)
			assert.Equal(t, escapeFormula(hostileTexts[i]), row[2], language)
			assert.Equal(t, "+39 081 555 01 42", row[5], "a telephone number stays as it is")
			assert.Equal(t, map[string]string{"en": "Active", "it": "Attivo"}[language], row[11])
		}
		for _, line := range strings.Split(strings.TrimSpace(body), "\n") {
			assert.True(t, strings.HasPrefix(line, `"`) && strings.HasSuffix(line, `"`), "every cell is quoted: %s", line)
			assert.GreaterOrEqual(t, strings.Count(line, `"`), 2*len(rows[0]))
		}

		got = b.get("/subscriptions.csv?unassigned=1&dir=asc")
		body = strings.TrimPrefix(got.body, "\ufeff")
		assertNoFormulas(t, body)
		reader = csv.NewReader(strings.NewReader(body))
		reader.Comma = separator
		rows, err = reader.ReadAll()
		require.NoError(t, err, language)
		require.Len(t, rows, len(hostileTexts)+1)
		for i, row := range rows[1:] {
			assert.Equal(t, escapeFormula(hostileTexts[i]), row[1], language)
			assert.Equal(t, escapeFormula(hostileTexts[i]), row[4], language)
			assert.Equal(t, "2026-07-03", row[7])
		}
	}
	got := e.signInOperator().get("/subscriptions.csv?plan=Basic&dir=asc")
	assert.Contains(t, got.body, `,"Mario Rossi","mario","Basic",`)
	assert.NotContains(t, got.body, "cmd", "the filtered list")
}
