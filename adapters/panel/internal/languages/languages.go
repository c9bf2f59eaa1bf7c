// Package languages has the languages of the panel's pages: their texts, and how they write numbers, dates and countries.
//
// The texts are in one file per language, such as en.json, by key. A key begins with the noun that the text is about; the
// prefixes "field.", "cause.", "status." and "event." are followed by identifiers of the domain. The keys "format.language",
// "format.months" and "format.separator" are the language's name for itself, the short names of the months, and the character
// that separates the cells of a CSV file where spreadsheets in that language expect it. The outcome of a command on holds is
// one clause or two, which "done.sentence" and "done.sentences" make a sentence.
package languages

import (
	"embed"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/clientele-go/clientele/internal/catalogue"
	"github.com/clientele-go/clientele/internal/input"
)

//go:embed *.json
var files embed.FS

// texts are built once for the process.
var texts = sync.OnceValue(func() *catalogue.Catalogue { return catalogue.Must(catalogue.Load(files)) })

// Language is a language of the pages, by its BCP 47 tag.
type Language string

// All returns all languages. The first is the default.
func All() []Language {
	var all []Language
	for _, tag := range texts().Languages() {
		all = append(all, Language(tag))
	}
	return all
}

// Match returns the language that fits best to preferred, which are tags or values of Accept-Language headers, the most
// important first, or the default if none fits.
func Match(preferred ...string) Language { return Language(texts().Match(preferred...)) }

// Name returns the language's name for itself.
func (l Language) Name() string { return l.Text("format.language") }

// Catalogue returns the texts of all languages.
func Catalogue() *catalogue.Catalogue { return texts() }

// Has reports whether there is a text with the given key.
func Has(key string) bool { return texts().Has(key) }

// Text returns the text with the given key, with args in place of {0}, {1} and so on. The first of args that is an int chooses
// the plural form. An unknown key is returned unchanged.
func (l Language) Text(key string, args ...any) string {
	for i, arg := range args {
		if clause, ok := arg.(Clause); ok {
			args = slices.Clone(args)
			args[i] = l.Text(clause.Key, clause.N)
		}
	}
	return texts().Text(string(l), key, args...)
}

// Clause is a text that counts, as an argument of another text.
type Clause struct {
	Key string
	N   int
}

// Number returns n with the separators of the language.
func (l Language) Number(n int) string { return texts().Number(string(l), n) }

// Date returns the day of t, such as 2 Jan 2006.
func (l Language) Date(t time.Time) string {
	month := strings.Fields(l.Text("format.months"))[t.Month()-1]
	return strconv.Itoa(t.Day()) + " " + month + " " + strconv.Itoa(t.Year())
}

// Country is the ISO 3166-1 alpha-2 code of a country and its name in one language.
type Country struct{ Code, Name string }

// Countries returns the countries that accounts accept, sorted by name.
func (l Language) Countries() []Country { return countries()[l] }

// countries are the countries by language. They are computed once for the process.
var countries = sync.OnceValue(func() map[Language][]Country {
	all := map[Language][]Country{}
	for _, l := range All() {
		tag := language.Make(string(l))
		names := display.Regions(tag)
		var list []Country
		for _, code := range countryCodes() {
			if region, err := language.ParseRegion(code); err == nil {
				list = append(list, Country{code, names.Name(region)})
			}
		}
		order := collate.New(tag)
		slices.SortFunc(list, func(a, b Country) int { return order.CompareString(a.Name, b.Name) })
		all[l] = list
	}
	return all
})

func countryCodes() []string {
	var codes []string
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			var v input.Violations
			if v.Var("country", code, "country"); v.Err() == nil {
				codes = append(codes, code)
			}
		}
	}
	return codes
}
