package panel

import (
	"html/template"
	"slices"
	"time"

	"github.com/clientele-go/clientele/adapters/panel/internal/languages"
	"github.com/clientele-go/clientele/adapters/panel/internal/sessions"
	"github.com/clientele-go/clientele/internal/accept"
	"github.com/clientele-go/clientele/subscriptions"
)

// negotiateLanguage returns the language that the user chose or else, as far as the panel has them, the one of locale (""
// for none) or of the Accept-Language header.
func (r *request) negotiateLanguage(locale string) languages.Language {
	if chosen := languages.Language(r.cookie(languageCookie)); slices.Contains(languages.All(), chosen) {
		return chosen
	}
	preferred := []string{accept.Languages(r.req.Header)}
	if locale != "" {
		preferred = append([]string{locale}, preferred...)
	}
	return languages.Match(preferred...)
}

const languageMaxAge = 365 * 24 * time.Hour

func (r *request) setLanguage() error {
	if chosen := r.req.PostFormValue("language"); slices.Contains(languages.All(), languages.Language(chosen)) {
		r.setCookie(languageCookie, chosen, languageMaxAge)
	}
	return r.redirect(localPath(r.req.PostFormValue("back"), "/"))
}

// T returns the text with the given key in the language of r, with args in place of its placeholders. The first of args that
// is an int chooses the plural form. It returns an unknown key unchanged.
func (r *request) T(key string, args ...any) string { return r.language.Text(key, args...) }

// N is T for a text that depends on the number n, its first argument.
func (r *request) N(key string, n int, args ...any) string {
	return r.T(key, append([]any{n}, args...)...)
}

// formatDate returns the day of t in Options.Location.
func (r *request) formatDate(t time.Time) string { return r.language.Date(t.In(r.opts.Location)) }

// Methods for templates.

func (p page) Language() string                        { return string(p.r.language) }
func (p page) T(key string, args ...any) string        { return p.r.T(key, args...) }
func (p page) N(key string, n int, args ...any) string { return p.r.N(key, n, args...) }
func (p page) Number(n int) string                     { return p.r.language.Number(n) }

// Languages returns the languages that a user can choose.
func (p page) Languages() []languages.Language { return languages.All() }

// HasLanguage reports whether the pages have the language with the given tag.
func (p page) HasLanguage(tag string) bool {
	return slices.Contains(languages.All(), languages.Language(tag))
}

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
func (p page) FlashText(f sessions.Flash) string {
	if f.Key == "" {
		return ""
	}
	return p.r.T(f.Key, f.Args...)
}

// Countries returns all countries in the language of the page.
func (p page) Countries() []languages.Country { return p.r.language.Countries() }

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
	if key := "cause." + string(c); languages.Has(key) {
		return r.T(key)
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
