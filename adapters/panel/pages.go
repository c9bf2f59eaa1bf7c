package panel

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/panel/internal/sessions"
)

//go:embed templates/*.html
var templateFiles embed.FS

// sharedTemplates are the templates that every page includes.
var sharedTemplates = []string{"layout.html", "parts.html"}

// pages are the templates by the name of their file without its extension.
type pages map[string]*template.Template

// newPages parses the templates. A file of overlay, which may be nil, replaces the embedded one of the same name.
func newPages(overlay fs.FS) (pages, error) {
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	if overlay != nil {
		files, err := fs.Glob(overlay, "*.html")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if !slices.Contains(names, "templates/"+file) {
				return nil, fmt.Errorf("panel: invalid Options.Templates: there is no template %q to override", file)
			}
		}
	}
	base := template.New("panel")
	for _, name := range sharedTemplates {
		if err := parseTemplate(base, overlay, name); err != nil {
			return nil, err
		}
	}
	all := pages{}
	for _, name := range names {
		file := path.Base(name)
		if slices.Contains(sharedTemplates, file) {
			continue
		}
		page, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if err := parseTemplate(page, overlay, file); err != nil {
			return nil, err
		}
		all[strings.TrimSuffix(file, ".html")] = page
	}
	return all, nil
}

// parseTemplate parses a file of overlay or else the embedded file into a template.
func parseTemplate(into *template.Template, overlay fs.FS, file string) error {
	content, err := fs.ReadFile(templateFiles, "templates/"+file)
	if err != nil {
		return err
	}
	if overlay != nil {
		switch replaced, err := fs.ReadFile(overlay, file); {
		case err == nil:
			content = replaced
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("panel: invalid Options.Templates: %w", err)
		}
	}
	if _, err := into.New(file).Parse(string(content)); err != nil {
		return fmt.Errorf("panel: parsing template %s: %w", file, err)
	}
	return nil
}

// page is the data of every template. Data is specific to the page.
type page struct {
	r     *request
	Title string
	Data  any

	Section      string // of the navigation: "customers", "subscriptions", "account" or ""
	ReturnPath   string // of this page, for forms that return to it
	Flashes      []sessions.Flash
	Operator     string           // the operator who is signed in, or ""
	Account      accounts.Profile // the customer who is signed in, or zero
	Impersonator string           // the operator who is signed in as this customer, or ""
}

// render writes a page with the given template, status and title.
func (r *request) render(status int, name, title string, data any) error {
	body, err := r.execute(name, title, data)
	if err != nil {
		return err
	}
	r.write(status, body)
	return nil
}

// execute returns a page with the given template and title.
func (r *request) execute(name, title string, data any) ([]byte, error) {
	section := ""
	switch {
	case r.account.ID != 0:
		section = "account"
	case r.operator != "":
		section, _, _ = strings.Cut(strings.TrimPrefix(r.req.URL.Path, "/"), "/")
	}
	here := r.pagePath
	if r.req.URL.RawQuery != "" {
		here += "?" + r.req.URL.RawQuery
	}
	p := page{
		r: r, Title: title, Data: data, Section: section, ReturnPath: here, Flashes: r.takeFlashes(), Operator: r.operator, Impersonator: r.impersonator,
	}
	if r.account.ID != 0 {
		p.Account = r.account.Profile()
	}
	var buf bytes.Buffer
	if err := r.pages[name].ExecuteTemplate(&buf, "layout.html", p); err != nil {
		return nil, fmt.Errorf("panel: executing template %s: %w", name, err)
	}
	return buf.Bytes(), nil
}

// write writes a page.
func (r *request) write(status int, body []byte) {
	h := r.w.Header()
	h.Set("Content-Language", string(r.language))
	h.Set("Content-Type", "text/html; charset=utf-8")
	r.w.WriteHeader(status)
	_, _ = r.w.Write(body) // the client may have disconnected
}

// With returns the page with other data, for the templates that it includes.
func (p page) With(data any) page {
	p.Data = data
	return p
}

// Methods for templates about the options.

func (p page) Brand() string     { return p.r.opts.Brand }
func (p page) PayURL() string    { return p.r.opts.PayURL }
func (p page) Plans() []string   { return p.r.opts.Plans }
func (p page) StyleURL() string  { return p.r.url("/assets/", p.r.assets.style) }
func (p page) ScriptURL() string { return p.r.url("/assets/", p.r.assets.script) }
func (p page) IconURL() string   { return p.r.url("/assets/", p.r.assets.icon) }
func (p page) HasOperatorSignIn() bool {
	return p.r.opts.AuthenticateOperator != nil
}
func (p page) HasOperatorSignOut() bool { return p.r.opts.OperatorFromRequest == nil }
func (p page) CanMail() bool            { return p.r.opts.SendReset != nil }

// Footer returns the text in the foot of the page, or "".
func (p page) Footer() string {
	if p.r.opts.Footer == nil {
		return ""
	}
	return p.r.opts.Footer(string(p.r.language))
}

// URL returns the URL in the panel that begins with Options.Path and continues with parts, which are not escaped.
func (p page) URL(parts ...any) string { return p.r.url(parts...) }

// url is URL for Go code.
func (p *Panel) url(parts ...any) string {
	var url strings.Builder
	url.WriteString(p.opts.Path)
	for _, part := range parts {
		_, _ = fmt.Fprint(&url, part)
	}
	return url.String()
}

// problemPage is the data of a page about an error.
type problemPage struct{ Texts []string }

// renderError writes a page about err, or redirects to a sign-in page if the user must sign in.
func (r *request) renderError(err error) {
	status, key := r.problem(err)
	switch {
	case errors.Is(err, errNotSignedIn), errors.Is(err, errSessionEnded):
		r.redirectToSignIn("/signin", errors.Is(err, errSessionEnded))
		return
	case errors.Is(err, errNotOperator) && r.opts.OperatorSignInURL != "":
		http.Redirect(r.w, r.req, r.opts.OperatorSignInURL, http.StatusSeeOther)
		return
	case errors.Is(err, errNotOperator) && r.opts.AuthenticateOperator != nil:
		r.redirectToSignIn("/operator", r.cookie(operatorCookie) != "")
		return
	}
	if status >= http.StatusInternalServerError && !errors.Is(err, errPanicked) {
		r.logError("panel: a request failed", err)
	}
	data := problemPage{Texts: []string{r.T("problem." + key + ".text")}}
	var invalid *accounts.InvalidError
	if errors.As(err, &invalid) { // such as a search with too many words
		data.Texts = nil
		for _, field := range invalid.Translate(string(r.language)) {
			data.Texts = append(data.Texts, field.Message)
		}
	}
	if err := r.render(status, "problem", r.T("problem."+key), data); err != nil {
		r.logError("panel: rendering an error page failed", err)
		http.Error(r.w, r.T("problem."+key), status)
	}
}

// redirectToSignIn redirects to a sign-in page, which says that the session has ended if expired is set.
func (r *request) redirectToSignIn(path string, expired bool) {
	to := r.url(path)
	if expired {
		to += "?said=ended"
	}
	http.Redirect(r.w, r.req, to, http.StatusSeeOther)
}

// badFormError is an error in the encoding of a form.
type badFormError struct{ error }

func (e badFormError) Unwrap() error { return e.error }

// problem returns the HTTP status for err, and the suffix of the keys of the texts about it. No other code decides this.
func (r *request) problem(err error) (status int, key string) {
	var (
		bad   badFormError
		large *http.MaxBytesError
	)
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, "large"
	case errors.As(err, &bad), errors.Is(err, accounts.ErrInvalid):
		return http.StatusBadRequest, "invalid"
	case errors.Is(err, errPageNotFound), errors.Is(err, accounts.ErrNotFound):
		return http.StatusNotFound, "gone"
	case errors.Is(err, errCrossSite):
		return http.StatusForbidden, "crossSite"
	case errors.Is(err, errNotOwner):
		return http.StatusForbidden, "notTheOwner"
	case errors.Is(err, errNotOperator):
		return http.StatusForbidden, "noOperator"
	case errors.Is(err, accounts.ErrConflict), errors.Is(err, accounts.ErrTaken):
		return http.StatusConflict, "conflict"
	case errors.Is(err, accounts.ErrCommitUnknown):
		return http.StatusServiceUnavailable, "uncertain"
	case errors.Is(err, accounts.ErrUnavailable):
		return http.StatusServiceUnavailable, "unavailable"
	default:
		return http.StatusInternalServerError, "failed"
	}
}
