package catalogue_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/internal/catalogue"
	"github.com/clientele-go/clientele/internal/catalogue/cataloguetest"
)

func load(t *testing.T, files map[string]string) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Load(filesystem(files))
	require.NoError(t, err)
	return c
}

func filesystem(files map[string]string) fstest.MapFS {
	all := fstest.MapFS{}
	for name, content := range files {
		all[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return all
}

const english = `{"hello": "Hello {0}, from {1}", "sites": {"one": "a site", "other": "{0} sites"}, "of": {"one": "{0} of {1}", "other": "{0} of {1} each"}}`

func TestText(t *testing.T) {
	c := load(t, map[string]string{
		"it.json": `{"hello": "Da {1}: ciao {0}", "sites": {"one": "un sito", "other": "{0} siti"}}`,
		"en.json": english,
		"pl.json": `{"sites": {"one": "jedna strona", "few": "{0} strony", "many": "{0} stron", "other": "{0} strony"}}`,
	})
	assert.Equal(t, []string{"en", "it", "pl"}, c.Languages(), "English first")
	for _, s := range []struct {
		language, key string
		args          []any
		want          string
	}{
		{"en", "hello", []any{"Anna", "Rome"}, "Hello Anna, from Rome"},
		{"it", "hello", []any{"Anna", "Roma"}, "Da Roma: ciao Anna"},
		{"en", "hello", []any{"{1}", "{0}"}, "Hello {1}, from {0}"},
		{"en", "hello", nil, "Hello {0}, from {1}"},
		{"pl", "hello", []any{"Anna", 1234}, "Hello Anna, from 1,234"},
		{"ja", "hello", []any{"Anna", "Rome"}, "Hello Anna, from Rome"},
		{"en", "sites", []any{1}, "a site"},
		{"en", "sites", []any{0}, "0 sites"},
		{"en", "sites", []any{1234}, "1,234 sites"},
		{"it", "sites", []any{1}, "un sito"},
		{"it", "sites", []any{1234}, "1.234 siti"},
		{"it", "sites", []any{1_000_000}, "1.000.000 siti"},
		{"it", "sites", nil, "{0} siti"},
		{"pl", "sites", []any{1}, "jedna strona"},
		{"pl", "sites", []any{3}, "3 strony"},
		{"pl", "sites", []any{5}, "5 stron"},
		{"en", "of", []any{"x", 1}, "x of 1"},
		{"en", "of", []any{2, 1}, "2 of 1 each"},
		{"en", "nowhere", []any{1}, "nowhere"},
	} {
		assert.Equal(t, s.want, c.Text(s.language, s.key, s.args...), "%s %s %v", s.language, s.key, s.args)
	}
	assert.True(t, c.Has("sites"))
	assert.False(t, c.Has("nowhere"))
	assert.Equal(t, "1.234", c.Number("it", 1234))
	assert.Equal(t, "1,234", c.Number("ja", 1234))
	assert.Nil(t, c.Texts("ja"))
}

func TestMatch(t *testing.T) {
	c := load(t, map[string]string{"en.json": english, "it.json": `{}`})
	for _, s := range []struct {
		preferred []string
		want      string
	}{
		{nil, "en"},
		{[]string{""}, "en"},
		{[]string{"it-CH"}, "it"},
		{[]string{"de, it;q=0.5"}, "it"},
		{[]string{"ja"}, "en"},
		{[]string{"it", "en"}, "it"},
	} {
		assert.Equal(t, s.want, c.Match(s.preferred...), "%q", s.preferred)
	}
}

func TestLoadNamesWhatIsWrong(t *testing.T) {
	for _, s := range []struct {
		files map[string]string
		want  string
	}{
		{map[string]string{"it.json": `{}`}, "catalogue: there is no file en.json"},
		{map[string]string{"en.json": `{"a": 1}`}, "catalogue: en.json: neither a text nor an object of plural forms: 1"},
		{map[string]string{"en.json": `{"a": {"other": "x", "lots": "y"}}`}, `catalogue: en.json: unknown plural form "lots"`},
		{map[string]string{"en.json": `{"a": {"one": "x"}}`}, `catalogue: en.json: no plural form "other": {"one": "x"}`},
		{map[string]string{"en.json": `{`}, "catalogue: en.json: unexpected end of JSON input"},
		{map[string]string{"en.json": `{}`, "klingon!.json": `{}`}, "catalogue: klingon!.json: language: tag is not well-formed"},
	} {
		c, err := catalogue.Load(filesystem(s.files))
		assert.Nil(t, c)
		assert.EqualError(t, err, s.want)
		assert.Panics(t, func() { catalogue.Must(c, err) })
	}
}

// Check names the keys that a language lacks, those that are not used, and placeholders that differ.
func TestCheck(t *testing.T) {
	everything := func(string) bool { return true }
	assert.Empty(t, cataloguetest.Check(load(t, map[string]string{"en.json": english}), everything))
	c := load(t, map[string]string{
		"en.json": `{"a": "A", "b": "B {0}", "c": "C", "d": "", "n": {"one": "a site", "other": "{0} sites"}, "m": {"one": "{0} site", "other": "{0} sites"}}`,
		"it.json": `{"a": "A", "b": "B", "d": "D", "n": "{0} siti", "m": {"one": "un sito", "other": "siti"}, "x": "X"}`,
	})
	assert.Equal(t, []string{
		"en: a: not used",
		"en: d: empty",
		"it: b: placeholders \"\" of \"other\", not \"{0}\"",
		"it: c: missing",
		"it: m: placeholders \"\" of \"one\", not \"{0}\"",
		"it: m: placeholders \"\" of \"other\", not \"{0}\"",
		"it: n: no plural forms",
		"it: x: not in en.json",
	}, cataloguetest.Check(c, func(key string) bool { return key != "a" }))
}
