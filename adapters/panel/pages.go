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
)

//go:embed templates/*.html
var templateFiles embed.FS

// sharedTemplates are the templates that every page is made with.
var sharedTemplates = []string{"layout.html", "parts.html"}

// pages are the templates by the name of their file, without its end.
type pages map[string]*template.Template

// newPages reads the templates; a file of the overlay takes the place of the embedded one.
func newPages(overlay fs.FS) (pages, error) {
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
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
			return fmt.Errorf("panel: Options.Templates: %w", err)
		}
	}
	if _, err := into.New(file).Parse(string(content)); err != nil {
		return fmt.Errorf("panel: template %s: %w", file, err)
	}
	return nil
}

// page is what a template gets to know: what its own page is about is in Data.
type page struct {
	r     *request
	Title string
	Data  any

	Section      string // of the navigation: "customers", "subscriptions", "account", ""
	ReturnPath   string // where this page can be read, for forms that come back to it
	Flashes      []flash
	Operator     string           // who is signed in as an operator
	Account      accounts.Profile // who is signed in as a customer
	Impersonator string           // the operator who is signed in as this customer
}

// render answers the request with a page.
func (r *request) render(status int, name, title string, data any) error {
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
		return fmt.Errorf("panel: making the page: %w", err)
	}
	h := r.w.Header()
	h.Set("Content-Language", r.language)
	h.Set("Content-Type", "text/html; charset=utf-8")
	r.w.WriteHeader(status)
	_, _ = r.w.Write(buf.Bytes()) // a browser that has gone misses nothing
	return nil
}

// With answers the page with other data, for the templates that it is made of.
func (p page) With(data any) page {
	p.Data = data
	return p
}

// The settings of the host that pages show.

func (p page) Brand() string     { return p.r.opts.Brand }
func (p page) PayURL() string    { return p.r.opts.PayURL }
func (p page) Plans() []string   { return p.r.opts.Plans }
func (p page) Language() string  { return p.r.language }
func (p page) StyleURL() string  { return p.r.url("/assets/", p.r.assets.style) }
func (p page) ScriptURL() string { return p.r.url("/assets/", p.r.assets.script) }
func (p page) IconURL() string   { return p.r.url("/assets/", p.r.assets.icon) }
func (p page) HasOperatorSignIn() bool {
	return p.r.opts.OperatorFromRequest == nil && p.r.opts.AuthenticateOperator != nil
}
func (p page) HasOperatorSignOut() bool { return p.r.opts.OperatorFromRequest == nil }
func (p page) CanMail() bool            { return p.r.opts.SendReset != nil }

// Footer answers the line at the foot of the page, or "".
func (p page) Footer() string {
	if p.r.opts.Footer == nil {
		return ""
	}
	return p.r.opts.Footer(p.r.language)
}

// URL answers an address in the panel from its parts, which are put together as they are.
func (p page) URL(parts ...any) string { return p.r.url(parts...) }

// url answers an address in the panel from its parts.
func (p *Panel) url(parts ...any) string {
	var url strings.Builder
	url.WriteString(p.opts.Path)
	for _, part := range parts {
		_, _ = fmt.Fprint(&url, part)
	}
	return url.String()
}

// renderError answers the request with a page that says what is wrong.
func (r *request) renderError(err error) {
	status, key := r.problem(err)
	switch {
	case errors.Is(err, errNotSignedIn), errors.Is(err, errSessionEnded):
		r.redirectToSignIn("/signin", errors.Is(err, errSessionEnded))
		return
	case errors.Is(err, errNotOperator) && r.opts.OperatorSignInURL != "" && r.opts.OperatorFromRequest != nil:
		http.Redirect(r.w, r.req, r.opts.OperatorSignInURL, http.StatusSeeOther)
		return
	case errors.Is(err, errNotOperator) && r.opts.OperatorFromRequest == nil && r.opts.AuthenticateOperator != nil:
		r.redirectToSignIn("/operator", r.cookie(operatorCookie) != "")
		return
	}
	if status >= http.StatusInternalServerError {
		r.opts.Logger.ErrorContext(r.req.Context(), "panel: a request failed", "method", r.req.Method, "path", r.req.URL.Path, "error", err)
	}
	if err := r.render(status, "problem", r.T("problem."+key), key); err != nil {
		r.opts.Logger.ErrorContext(r.req.Context(), "panel: a page failed", "path", r.req.URL.Path, "error", err)
		http.Error(r.w, r.T("problem."+key), status)
	}
}

// redirectToSignIn sends the browser to a sign-in, which says if a session has ended.
func (r *request) redirectToSignIn(path string, ended bool) {
	to := r.url(path)
	if ended {
		to += "?said=ended"
	}
	http.Redirect(r.w, r.req, to, http.StatusSeeOther)
}

// badFormError is a form that could not be read.
type badFormError struct{ error }

func (e badFormError) Unwrap() error { return e.error }

// problem answers the status of an error, and the key of what is said about it: the one place that decides this.
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
