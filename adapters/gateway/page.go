package gateway

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/clientele-go/clientele/internal/accept"
	"github.com/clientele-go/clientele/internal/catalogue"
	"github.com/clientele-go/clientele/subscriptions"
)

// Page is the data that Options.Template is executed with.
type Page struct {
	Status   int    // 404: no site has the name; 503: the site is suspended, or the lookup failed
	Language string // "en" or "it", whichever the visitor prefers
	Title    string // one line, in that language

	// Paragraphs are the public texts of the site's holds, without duplicates, the account's first and the domain's last.
	// Each is plain text of one or more lines. If there are none, it is one neutral sentence in the visitor's language.
	Paragraphs []string
}

// reason is why a request is not passed to the site. The keys of its texts begin with it.
type reason string

const (
	unknown   reason = "unknown"   // no site has the name
	suspended reason = "suspended" // the site has a hold
	failing   reason = "failing"   // the lookup failed, and the cache has no usable result
)

// status returns the status code and the Retry-After header, in seconds; "" means no header.
func (why reason) status() (code int, retryAfter string) {
	switch why {
	case unknown:
		return http.StatusNotFound, ""
	case suspended:
		return http.StatusServiceUnavailable, "3600"
	default:
		return http.StatusServiceUnavailable, "60"
	}
}

//go:embed *.json
var textFiles embed.FS

// texts has the title and a neutral sentence for each reason. It is built once for the process.
var texts = sync.OnceValue(func() *catalogue.Catalogue { return catalogue.Must(catalogue.Load(textFiles)) })

// publicTexts returns the public texts of the holds that suspend s, without duplicates.
func publicTexts(s *subscriptions.Site) []string {
	var texts []string
	for _, hold := range s.Domain.SuspendedBy() {
		text := strings.TrimSpace(hold.Public)
		if text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

// refuse replies with a page that shows paragraphs or, if there are none, a neutral sentence in the visitor's language. The page must not be cached,
// because the status can change at any time.
func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, why reason, paragraphs []string) {
	code, retryAfter := why.status()
	lang := texts().Match(accept.Languages(r.Header))
	if len(paragraphs) == 0 {
		paragraphs = []string{texts().Text(lang, string(why)+".sentence")}
	}
	body, contentType := g.render(r, Page{Status: code, Language: lang, Title: texts().Text(lang, string(why)+".title"), Paragraphs: paragraphs})

	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", lang)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Content-Type", contentType)
	h.Set("Vary", "Accept-Language")
	h.Set("X-Content-Type-Options", "nosniff")
	if g.page.csp != "" {
		h.Set("Content-Security-Policy", g.page.csp)
	}
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
	}
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // an error means that the visitor is gone
	}
}

// render returns the page and its content type. It falls back to plain text if the template fails.
func (g *Gateway) render(r *http.Request, p Page) (body []byte, contentType string) {
	var buf bytes.Buffer
	if err := recoverErr(func() error { return g.page.template.Execute(&buf, p) }); err != nil {
		g.opts.OnError(r.Context(), fmt.Errorf("gateway: render page: %w", err))
		text := p.Title + "\n\n" + strings.Join(p.Paragraphs, "\n\n") + "\n"
		return []byte(text), "text/plain; charset=utf-8"
	}
	return buf.Bytes(), "text/html; charset=utf-8"
}

// defaultPage is the built-in page. It loads nothing; its only style sheet is inline.
//
//go:embed page.html
var defaultPage string

// refusalPage is the page for visitors of sites that are not served.
type refusalPage struct {
	template *template.Template
	csp      string // the Content-Security-Policy header; "" means none
}

// newRefusalPage returns the page of a custom template, or the built-in page if custom is nil.
func newRefusalPage(custom *template.Template) refusalPage {
	if custom != nil {
		return refusalPage{template: custom}
	}
	_, rest, _ := strings.Cut(defaultPage, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return refusalPage{
		template: template.Must(template.New("page").Parse(defaultPage)),
		csp: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}
}
