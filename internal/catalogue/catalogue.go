// Package catalogue has texts in several languages.
//
// The texts of a language are in one JSON file, which is named by the language's tag, such as en.json: an object of texts by
// key. A text has placeholders for arguments, {0} for the first one. A text that counts something is an object of its plural
// forms by their CLDR categories: "zero", "one", "two", "few" and "many", as far as they differ in the language from "other".
// A further language is a further file.
package catalogue

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// fallback is the language that others fall back to.
const fallback = "en"

// Catalogue has texts by language and key. It is safe for concurrent use.
type Catalogue struct {
	languages []string
	matcher   language.Matcher
	byTag     map[string]*texts
}

// texts are the texts of one language.
type texts struct {
	tag     language.Tag
	printer *message.Printer
	byKey   map[string]Text
}

// Text has the forms of a text by category. A text that counts nothing has only "other".
type Text map[string]string

// categories are the names of the plural forms.
var categories = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
}

// UnmarshalJSON reads a text, or an object of its plural forms.
func (t *Text) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		*t = Text{"other": text}
		return nil
	}
	var forms map[string]string
	if err := json.Unmarshal(data, &forms); err != nil {
		return fmt.Errorf("neither a text nor an object of plural forms: %s", data)
	}
	for category := range forms {
		if !slices.Contains([]string{"zero", "one", "two", "few", "many", "other"}, category) {
			return fmt.Errorf("unknown plural form %q", category)
		}
	}
	if forms["other"] == "" {
		return fmt.Errorf("no plural form %q: %s", "other", data)
	}
	*t = forms
	return nil
}

// Load returns the catalogue of the JSON files in files. It returns an error that names the file if one cannot be read, and
// an error if English is missing.
func Load(files fs.FS) (*Catalogue, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	c := &Catalogue{byTag: map[string]*texts{}}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("catalogue: %w", err)
		}
		tag, err := language.Parse(strings.TrimSuffix(path.Base(name), ".json"))
		if err != nil {
			return nil, fmt.Errorf("catalogue: %s: %w", name, err)
		}
		t := &texts{tag: tag, printer: message.NewPrinter(tag)}
		if err := json.Unmarshal(data, &t.byKey); err != nil {
			return nil, fmt.Errorf("catalogue: %s: %w", name, err)
		}
		c.byTag[tag.String()] = t
		c.languages = append(c.languages, tag.String())
	}
	if c.byTag[fallback] == nil {
		return nil, fmt.Errorf("catalogue: there is no file %s.json", fallback)
	}
	slices.SortFunc(c.languages, func(a, b string) int {
		if (a == fallback) != (b == fallback) {
			return map[bool]int{true: -1, false: 1}[a == fallback]
		}
		return strings.Compare(a, b)
	})
	var tags []language.Tag
	for _, name := range c.languages {
		tags = append(tags, c.byTag[name].tag)
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// Must returns c, and panics if err is not nil. It is for catalogues that are embedded in the program.
func Must(c *Catalogue, err error) *Catalogue {
	if err != nil {
		panic(err)
	}
	return c
}

// Languages returns the tags of all languages, beginning with English.
func (c *Catalogue) Languages() []string { return slices.Clone(c.languages) }

// Match returns the language that fits best to preferred, which are values of Accept-Language headers, such as "it-CH", the
// most important first. It returns English if none fits.
func (c *Catalogue) Match(preferred ...string) string {
	_, i := language.MatchStrings(c.matcher, preferred...)
	return c.languages[i]
}

// Texts returns the texts of a language by key, or nil if there is no such language.
func (c *Catalogue) Texts(language string) map[string]Text {
	if t := c.byTag[language]; t != nil {
		return t.byKey
	}
	return nil
}

// Has reports whether there is a text with the given key.
func (c *Catalogue) Has(key string) bool {
	_, found := c.byTag[fallback].byKey[key]
	return found
}

// Text returns the text with the given key in a language, with args in place of {0}, {1} and so on. The first of args that
// is an int chooses the plural form. A text or a language that is missing is replaced by the English one, and a missing key is
// returned unchanged.
func (c *Catalogue) Text(language, key string, args ...any) string {
	t := c.in(language)
	text, found := t.byKey[key]
	if !found {
		t = c.byTag[fallback]
		if text, found = t.byKey[key]; !found {
			return key
		}
	}
	form := text["other"]
	var replacements []string
	counted := false
	for i, arg := range args {
		n, isNumber := arg.(int)
		if isNumber && !counted {
			counted = true
			if counting, found := text[t.category(n)]; found {
				form = counting
			}
		}
		replacements = append(replacements, "{"+strconv.Itoa(i)+"}", t.format(arg))
	}
	if len(replacements) == 0 {
		return form
	}
	return strings.NewReplacer(replacements...).Replace(form)
}

// Number returns n with the separators of a language.
func (c *Catalogue) Number(language string, n int) string { return c.in(language).format(n) }

func (c *Catalogue) in(language string) *texts {
	if t := c.byTag[language]; t != nil {
		return t
	}
	return c.byTag[fallback]
}

// category returns the name of the plural form for n.
func (t *texts) category(n int) string {
	return categories[plural.Cardinal.MatchPlural(t.tag, n%10_000_000, 0, 0, 0, 0)]
}

// format returns an argument as text: an int with the separators of the language, everything else as fmt.Sprint does.
func (t *texts) format(arg any) string {
	if text, ok := arg.(string); ok {
		return text
	}
	if n, ok := arg.(int); ok {
		return t.printer.Sprint(n)
	}
	return fmt.Sprint(arg)
}
