package gateway

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/clientele-go/clientele/subscriptions"
)

// Page is all that a template gets to know.
type Page struct {
	Status   int    // 404: no site has the name; 503: the site is suspended, or the store fails
	Language string // "en" or "it", whichever the visitor prefers
	Title    string // one line, in that language
	// Paragraphs are the public texts of the site's holds, each once, from the account's down to the domain's, as plain
	// text of one or many lines; or, where there are none, one neutral sentence in the visitor's language.
	Paragraphs []string
}

// reason says why there is a page instead of a site.
type reason int

const (
	unknown   reason = iota // no site has the name
	suspended               // the site has a hold
	failing                 // the store fails, and nothing is known of the name
)

// status answers the status code, and the seconds for the header Retry-After; "" leaves it out.
func (w reason) status() (code int, retryAfter string) {
	switch w {
	case unknown:
		return http.StatusNotFound, ""
	case suspended:
		return http.StatusServiceUnavailable, "3600"
	default:
		return http.StatusServiceUnavailable, "60"
	}
}

// saying is a title and a neutral sentence.
type saying struct{ title, sentence string }

// The languages of the pages. The first is for everybody who asks for none of them.
var (
	languages = language.NewMatcher([]language.Tag{language.English, language.Italian})
	english   = [...]saying{
		unknown:   {"There is no website here", "No website has this address. Please check the spelling."},
		suspended: {"This website is currently unavailable", "Please try again later."},
		failing:   {"This website cannot be reached at the moment", "Please try again in a few minutes."},
	}
	italian = [...]saying{
		unknown:   {"Qui non c’è nessun sito", "Nessun sito ha questo indirizzo. Controlla che sia scritto correttamente."},
		suspended: {"Questo sito al momento non è disponibile", "Riprova più tardi."},
		failing:   {"Questo sito al momento non è raggiungibile", "Riprova tra qualche minuto."},
	}
)

// say answers what is said to a visitor, and in which language: the one that Accept-Language asks for.
func (w reason) say(r *http.Request) (lang string, said saying) {
	if _, i := language.MatchStrings(languages, acceptedLanguages(r.Header)); i == 1 {
		return "it", italian[w]
	}
	return "en", english[w]
}

// acceptedLanguages answers the header Accept-Language without what cannot be read in it. No more than a thousand bytes
// count: browsers send less than a hundred, and a megabyte, which net/http lets pass, takes half a second to be matched.
func acceptedLanguages(h http.Header) string {
	accept := strings.Join(h.Values("Accept-Language"), ",")
	ranges := strings.Split(accept[:min(len(accept), 1000)], ",")
	return strings.Join(slices.DeleteFunc(ranges, func(one string) bool {
		_, _, err := language.ParseAcceptLanguage(one)
		return err != nil
	}), ",")
}

// publicTexts answers what the holds of a site say to visitors, each text once.
func publicTexts(s *subscriptions.Site) []string {
	var texts []string
	for _, held := range s.Domain.SuspendedBy() {
		text := strings.TrimSpace(held.Public)
		if text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

// refuse answers a request with a page, of the texts if there are any. What it says may change at any moment, so nobody
// stores it.
func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, why reason, texts []string) {
	code, retryAfter := why.status()
	lang, said := why.say(r)
	if len(texts) == 0 {
		texts = []string{said.sentence}
	}
	body, kind := g.render(r, Page{Status: code, Language: lang, Title: said.title, Paragraphs: texts})

	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", lang)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Content-Type", kind)
	h.Set("Vary", "Accept-Language")
	h.Set("X-Content-Type-Options", "nosniff")
	if g.pages.policy != "" {
		h.Set("Content-Security-Policy", g.pages.policy)
	}
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
	}
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a visitor who has gone misses nothing
	}
}

// render answers the page and its content type; as plain text if the template fails.
func (g *Gateway) render(r *http.Request, p Page) (body []byte, kind string) {
	var made bytes.Buffer
	if err := safely(func() error { return g.pages.template.Execute(&made, p) }); err != nil {
		g.opts.OnError(r.Context(), fmt.Errorf("gateway: making the page: %w", err))
		text := p.Title + "\n\n" + strings.Join(p.Paragraphs, "\n\n") + "\n"
		return []byte(text), "text/plain; charset=utf-8"
	}
	return made.Bytes(), "text/html; charset=utf-8"
}

// ownPage is the page where the host has none of its own: it loads nothing, and its only style is within it.
//
//go:embed page.html
var ownPage string

// pages make what visitors see.
type pages struct {
	template *template.Template
	policy   string // the Content-Security-Policy; "": none
}

func newPages(hosts *template.Template) pages {
	if hosts != nil {
		return pages{template: hosts}
	}
	_, rest, _ := strings.Cut(ownPage, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return pages{
		template: template.Must(template.New("page").Parse(ownPage)),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}
}
