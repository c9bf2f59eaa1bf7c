package panel

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"

	"github.com/clientele-go/clientele/internal/accept"
	"github.com/clientele-go/clientele/subscriptions"
)

// The languages of the pages. The first is the default.
var (
	languages = []string{"en", "it"}
	matcher   = language.NewMatcher([]language.Tag{language.English, language.Italian})
	printers  = map[string]*message.Printer{
		"en": message.NewPrinter(language.English), "it": message.NewPrinter(language.Italian),
	}
)

// translation is a text of the panel in all languages. It may have verbs for arguments: %s, or %[1]s where their order differs.
type translation struct{ en, it string }

func (s translation) in(language string) string {
	if language == "it" {
		return s.it
	}
	return s.en
}

// negotiateLanguage returns the language that the user chose or else, as far as the panel has them, the one of locale (""
// for none) or of the Accept-Language header.
func (r *request) negotiateLanguage(locale string) string {
	if chosen := r.cookie(languageCookie); slices.Contains(languages, chosen) {
		return chosen
	}
	preferred := []string{accept.Languages(r.req.Header)}
	if locale != "" {
		preferred = append([]string{locale}, preferred...)
	}
	_, i := language.MatchStrings(matcher, preferred...)
	return languages[i]
}

const languageMaxAge = 365 * 24 * time.Hour

func (r *request) setLanguage() error {
	if chosen := r.req.PostFormValue("language"); slices.Contains(languages, chosen) {
		r.setCookie(languageCookie, chosen, languageMaxAge)
	}
	return r.redirect(localPath(r.req.PostFormValue("back"), "/"))
}

// T returns the text with the given key in the language of r, formatted with args. It returns an unknown key unchanged.
func (r *request) T(key string, args ...any) string {
	text, found := catalogue[key]
	if !found {
		return key
	}
	if len(args) == 0 || !strings.Contains(text.in(r.language), "%") {
		return text.in(r.language)
	}
	formatted := make([]any, len(args))
	for i, arg := range args {
		formatted[i] = r.formatArg(arg)
	}
	return fmt.Sprintf(text.in(r.language), formatted...)
}

// N returns a text that depends on the number n: the one with the key key.one if n is 1, else key.other. n is its first
// argument; the text of key.one need not use it.
func (r *request) N(key string, n int, args ...any) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return r.T(key+form, append([]any{n}, args...)...)
}

func (r *request) formatArg(arg any) string {
	switch arg := arg.(type) {
	case int:
		return r.formatNumber(arg)
	case time.Time:
		return r.formatDate(arg)
	case plural:
		return r.N(arg.key, arg.n)
	default:
		return fmt.Sprint(arg)
	}
}

func (r *request) formatNumber(n int) string { return printers[r.language].Sprint(n) }

var italianMonths = strings.Fields("gen feb mar apr mag giu lug ago set ott nov dic")

// formatDate returns the day of t in Options.Location in the form 2 Jan 2006, or 2 gen 2006 in Italian.
func (r *request) formatDate(t time.Time) string {
	t = t.In(r.opts.Location)
	month := t.Format("Jan")
	if r.language == "it" {
		month = italianMonths[t.Month()-1]
	}
	return strconv.Itoa(t.Day()) + " " + month + " " + strconv.Itoa(t.Year())
}

// Methods for templates.

func (p page) T(key string, args ...any) string        { return p.r.T(key, args...) }
func (p page) N(key string, n int, args ...any) string { return p.r.N(key, n, args...) }
func (p page) Number(n int) string                     { return p.r.formatNumber(n) }

// Date returns a time element that shows the day of t.
func (p page) Date(t time.Time) template.HTML {
	return timeElement(t, p.r.formatDate(t), p.r.formatDate(t)+", "+t.In(p.r.opts.Location).Format("15:04:05 MST"))
}

// Time returns a time element that shows the day of t and its time in hours and minutes.
func (p page) Time(t time.Time) template.HTML {
	return timeElement(t, p.r.formatDate(t)+", "+t.In(p.r.opts.Location).Format("15:04"), t.In(p.r.opts.Location).Format("15:04:05 MST"))
}

func timeElement(t time.Time, text, title string) template.HTML {
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339) + `" title="` + template.HTMLEscapeString(title) + `">` +
		template.HTMLEscapeString(text) + `</time>`)
}

// FlashText returns the text of a flash message.
func (p page) FlashText(f flash) string {
	if f.key == "" {
		return ""
	}
	return p.r.T(f.key, f.args...)
}

// country is the ISO 3166-1 alpha-2 code of a country and its name in one language.
type country struct{ Code, Name string }

// allCountries returns the countries that accounts accept, by language, sorted by name. They are computed once.
var allCountries = sync.OnceValue(func() map[string][]country {
	all := map[string][]country{}
	for _, tag := range []language.Tag{language.English, language.Italian} {
		named := display.Regions(tag)
		var list []country
		for _, code := range countryCodes() {
			if region, err := language.ParseRegion(code); err == nil {
				list = append(list, country{code, named.Name(region)})
			}
		}
		order := collate.New(tag)
		slices.SortFunc(list, func(a, b country) int { return order.CompareString(a.Name, b.Name) })
		all[tag.String()] = list
	}
	return all
})

func countryCodes() []string {
	var codes []string
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if code := string([]rune{a, b}); satisfies("country", code) {
				codes = append(codes, code)
			}
		}
	}
	return codes
}

// Countries returns all countries in the language of the page.
func (p page) Countries() []country { return p.r.countries[p.r.language] }

// Country returns the name of the country with the given code, or the code if it is unknown.
func (p page) Country(code string) string {
	for _, c := range p.Countries() {
		if c.Code == code {
			return c.Name
		}
	}
	return code
}

// Cause returns the name of a cause. A custom cause is its own name.
func (p page) Cause(c subscriptions.Cause) string { return p.r.cause(c) }

func (r *request) cause(c subscriptions.Cause) string {
	if _, known := catalogue["cause."+string(c)]; known {
		return r.T("cause." + string(c))
	}
	return string(c)
}

// Causes returns all causes, which lists can be filtered by.
func (p page) Causes() []subscriptions.Cause {
	return append(p.ManualCauses(), subscriptions.CauseCustomer, subscriptions.CauseExpired)
}

// ManualCauses returns the causes for which operators can suspend something.
func (p page) ManualCauses() []subscriptions.Cause {
	return append([]subscriptions.Cause{subscriptions.CauseProvider, subscriptions.CauseBilling, subscriptions.CauseAbuse}, p.r.opts.Causes...)
}
