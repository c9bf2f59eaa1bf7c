package panel

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"

	"github.com/clientele-go/clientele/subscriptions"
	"github.com/clientele-go/clientele/subscriptions/input"
)

// The languages of the pages. The first is for everybody who asks for none of them.
var (
	languages = []string{"en", "it"}
	matcher   = language.NewMatcher([]language.Tag{language.English, language.Italian})
	printers  = map[string]*message.Printer{
		"en": message.NewPrinter(language.English), "it": message.NewPrinter(language.Italian),
	}
)

// said is one text of the panel in its languages. %s, or %[1]s where the order differs, are what it is told about.
type said struct{ en, it string }

func (s said) in(language string) string {
	if language == "it" {
		return s.it
	}
	return s.en
}

// wanted answers the language of a visit: the one that was chosen, else the account's, else the browser's.
func (v *visit) wanted(locale string) string {
	if chosen := v.cookie(languageCookie); slices.Contains(languages, chosen) {
		return chosen
	}
	asked := append([]string{locale}, v.r.Header.Values("Accept-Language")...)
	if locale == "" {
		asked = asked[1:]
	}
	_, i := language.MatchStrings(matcher, asked...)
	return languages[i]
}

const languageLives = 365 * 24 * time.Hour

func (v *visit) chooseLanguage() error {
	if chosen := v.r.PostFormValue("language"); slices.Contains(languages, chosen) {
		v.setCookie(languageCookie, chosen, languageLives)
	}
	return v.redirect(localPath(v.r.PostFormValue("back"), "/"))
}

// T answers a text of the catalogue in the language of the visit. A key that is not there comes back as it is.
func (v *visit) T(key string, args ...any) string {
	text, known := catalogue[key]
	if !known {
		return key
	}
	if len(args) == 0 || !strings.Contains(text.in(v.language), "%") {
		return text.in(v.language)
	}
	shown := make([]any, len(args))
	for i, arg := range args {
		shown[i] = v.plain(arg)
	}
	return fmt.Sprintf(text.in(v.language), shown...)
}

// N answers a text that counts: key.one for one, else key.other. The number comes first; a text about one may do without.
func (v *visit) N(key string, n int, args ...any) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return v.T(key+form, append([]any{n}, args...)...)
}

func (v *visit) plain(arg any) string {
	switch arg := arg.(type) {
	case int:
		return v.number(arg)
	case time.Time:
		return v.date(arg)
	case plural:
		return v.N(arg.key, arg.n)
	default:
		return fmt.Sprint(arg)
	}
}

func (v *visit) number(n int) string { return printers[v.language].Sprint(n) }

var italianMonths = strings.Fields("gen feb mar apr mag giu lug ago set ott nov dic")

// date answers a day as people write it: 2 Jan 2006, 2 gen 2006.
func (v *visit) date(t time.Time) string {
	t = t.In(v.opts.Location)
	month := t.Format("Jan")
	if v.language == "it" {
		month = italianMonths[t.Month()-1]
	}
	return strconv.Itoa(t.Day()) + " " + month + " " + strconv.Itoa(t.Year())
}

// The same for templates.

func (p page) T(key string, args ...any) string        { return p.v.T(key, args...) }
func (p page) N(key string, n int, args ...any) string { return p.v.N(key, n, args...) }
func (p page) Number(n int) string                     { return p.v.number(n) }

// Date answers a day, and Time a day with its time, for people and machines.
func (p page) Date(t time.Time) template.HTML {
	return mark(t, p.v.date(t), p.v.date(t)+", "+t.In(p.v.opts.Location).Format("15:04:05 MST"))
}

func (p page) Time(t time.Time) template.HTML {
	return mark(t, p.v.date(t)+", "+t.In(p.v.opts.Location).Format("15:04"), t.In(p.v.opts.Location).Format("15:04:05 MST"))
}

func mark(t time.Time, shown, title string) template.HTML {
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339) + `" title="` + template.HTMLEscapeString(title) + `">` +
		template.HTMLEscapeString(shown) + `</time>`)
}

// said answers a notice's text.
func (p page) Said(n notice) string {
	if n.key == "" {
		return ""
	}
	return p.v.T(n.key, n.args...)
}

// country is a country's code and its name.
type country struct{ Code, Name string }

// allCountries answers the countries that the rules of the domain accept, by language, in the order of their names. It is
// made once for the process.
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
			var f input.Faults
			code := string([]rune{a, b})
			if f.Var("country", code, "country"); f.Err() == nil {
				codes = append(codes, code)
			}
		}
	}
	return codes
}

// Countries answers all countries for a choice.
func (p page) Countries() []country { return p.v.countries[p.v.language] }

// Country answers a country's name.
func (p page) Country(code string) string {
	for _, c := range p.Countries() {
		if c.Code == code {
			return c.Name
		}
	}
	return code
}

// Cause answers what people call a cause; a host's own is called as it is spelled.
func (p page) Cause(c subscriptions.Cause) string { return p.v.cause(c) }

func (v *visit) cause(c subscriptions.Cause) string {
	if _, known := catalogue["cause."+string(c)]; known {
		return v.T("cause." + string(c))
	}
	return string(c)
}

// Causes answers the causes that can be filtered by, and Placeable those that an operator can give.
func (p page) Causes() []subscriptions.Cause {
	return append(p.Placeable(), subscriptions.CauseCustomer, subscriptions.CauseExpired)
}

func (p page) Placeable() []subscriptions.Cause {
	return append([]subscriptions.Cause{subscriptions.CauseProvider, subscriptions.CauseBilling, subscriptions.CauseAbuse}, p.v.opts.Causes...)
}

// secretAge is how long the link for a new password is good.
const secretAge = 24 * time.Hour

var _ http.Handler = (*Panel)(nil)
