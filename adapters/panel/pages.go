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

// shared are the templates that every page is made with.
var shared = []string{"layout.html", "parts.html"}

// pages are the templates by the name of their file, without its end.
type pages map[string]*template.Template

// newPages reads the templates; a file of the overlay takes the place of the embedded one.
func newPages(overlay fs.FS) (pages, error) {
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	base := template.New("panel")
	for _, name := range shared {
		if err := parse(base, overlay, name); err != nil {
			return nil, err
		}
	}
	all := pages{}
	for _, name := range names {
		file := path.Base(name)
		if slices.Contains(shared, file) {
			continue
		}
		page, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if err := parse(page, overlay, file); err != nil {
			return nil, err
		}
		all[strings.TrimSuffix(file, ".html")] = page
	}
	return all, nil
}

func parse(into *template.Template, overlay fs.FS, file string) error {
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
	v     *visit
	Title string
	Data  any

	Section  string // of the navigation: "customers", "subscriptions", "account", ""
	Here     string // where this page can be read, for forms that come back to it
	Notices  []notice
	Operator string           // who is signed in as an operator
	Account  accounts.Profile // who is signed in as a customer
	As       string           // the operator who is signed in as this customer
}

// show answers the request with a page.
func (v *visit) show(status int, name, title string, data any) error {
	section := ""
	switch {
	case v.account.ID != 0:
		section = "account"
	case v.operator != "":
		section, _, _ = strings.Cut(strings.TrimPrefix(v.r.URL.Path, "/"), "/")
	}
	here := v.here
	if v.r.URL.RawQuery != "" {
		here += "?" + v.r.URL.RawQuery
	}
	p := page{
		v: v, Title: title, Data: data, Section: section, Here: here, Notices: v.notices(), Operator: v.operator, As: v.as,
	}
	if v.account.ID != 0 {
		p.Account = v.account.Profile()
	}
	var made bytes.Buffer
	if err := v.pages[name].ExecuteTemplate(&made, "layout.html", p); err != nil {
		return fmt.Errorf("panel: making the page: %w", err)
	}
	h := v.w.Header()
	h.Set("Content-Language", v.language)
	h.Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(made.Bytes()) // a browser that has gone misses nothing
	return nil
}

// With answers the page with other data, for the templates that it is made of.
func (p page) With(data any) page {
	p.Data = data
	return p
}

// The settings of the host that pages show.

func (p page) Brand() string     { return p.v.opts.Brand }
func (p page) PayURL() string    { return p.v.opts.PayURL }
func (p page) Plans() []string   { return p.v.opts.Plans }
func (p page) Language() string  { return p.v.language }
func (p page) StyleURL() string  { return p.v.url("/assets/", p.v.assets.style) }
func (p page) ScriptURL() string { return p.v.url("/assets/", p.v.assets.script) }
func (p page) IconURL() string   { return p.v.url("/assets/", p.v.assets.icon) }
func (p page) OwnSignIn() bool {
	return p.v.opts.OperatorFromRequest == nil && p.v.opts.AuthenticateOperator != nil
}
func (p page) SignsOutHere() bool { return p.v.opts.OperatorFromRequest == nil }
func (p page) CanMail() bool      { return p.v.opts.SendReset != nil }

// Footer answers the line at the foot of the page, or "".
func (p page) Footer() string {
	if p.v.opts.Footer == nil {
		return ""
	}
	return p.v.opts.Footer(p.v.language)
}

// URL answers an address in the panel from its parts, which are put together as they are.
func (p page) URL(parts ...any) string { return p.v.url(parts...) }

// url answers an address in the panel from its parts.
func (p *Panel) url(parts ...any) string {
	var url strings.Builder
	url.WriteString(p.opts.Path)
	for _, part := range parts {
		_, _ = fmt.Fprint(&url, part)
	}
	return url.String()
}

// explain answers the request with a page that says what is wrong.
func (v *visit) explain(err error) {
	status, key := v.problem(err)
	switch {
	case errors.Is(err, errNotSignedIn), errors.Is(err, errSessionEnded):
		v.toSignIn("/signin", errors.Is(err, errSessionEnded))
		return
	case errors.Is(err, errNoOperator) && v.opts.OperatorSignInURL != "" && v.opts.OperatorFromRequest != nil:
		http.Redirect(v.w, v.r, v.opts.OperatorSignInURL, http.StatusSeeOther)
		return
	case errors.Is(err, errNoOperator) && v.opts.OperatorFromRequest == nil && v.opts.AuthenticateOperator != nil:
		v.toSignIn("/operator", v.cookie(operatorCookie) != "")
		return
	}
	if status >= http.StatusInternalServerError {
		v.opts.Logger.ErrorContext(v.r.Context(), "panel: a request failed", "method", v.r.Method, "path", v.r.URL.Path, "error", err)
	}
	if err := v.show(status, "problem", v.T("problem."+key), key); err != nil {
		v.opts.Logger.ErrorContext(v.r.Context(), "panel: a page failed", "path", v.r.URL.Path, "error", err)
		http.Error(v.w, v.T("problem."+key), status)
	}
}

// toSignIn sends the browser to a sign-in, which says if a session has ended.
func (v *visit) toSignIn(path string, ended bool) {
	to := v.url(path)
	if ended {
		to += "?said=ended"
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
}

// errBadForm is a form that could not be read.
type errBadForm struct{ error }

func (e errBadForm) Unwrap() error { return e.error }

// problem answers the status of an error, and the key of what is said about it: the one place that decides this.
func (v *visit) problem(err error) (status int, key string) {
	var (
		bad   errBadForm
		large *http.MaxBytesError
	)
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, "large"
	case errors.As(err, &bad), errors.Is(err, accounts.ErrInvalid):
		return http.StatusBadRequest, "invalid"
	case errors.Is(err, errNoPage), errors.Is(err, accounts.ErrNotFound):
		return http.StatusNotFound, "gone"
	case errors.Is(err, errCrossSite):
		return http.StatusForbidden, "crossSite"
	case errors.Is(err, errNotTheOwner):
		return http.StatusForbidden, "notTheOwner"
	case errors.Is(err, errNoOperator):
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
