package panel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
)

// No other file writes to Options.Logger. What is logged contains neither what a request brought with it nor a link for a new
// password: errors come from the store and from functions of the application, which may quote what they were given.

// logError logs an error in a request. Of the errors of functions that were given a password it logs only the types.
func (r *request) logError(message string, err error) {
	var quoting *input.PasswordError
	if errors.As(err, &quoting) {
		err = opaqueError{quoting.Function, quoting.Unwrap()}
	}
	r.opts.Logger.ErrorContext(r.req.Context(), message, "method", r.req.Method, "path", r.pathToLog(), "error", r.redact(err.Error()))
}

// logPanic logs a panic in a request, in the function that recovered it.
func (r *request) logPanic(value any) {
	r.opts.Logger.ErrorContext(r.req.Context(), "panel: a request panicked", "method", r.req.Method, "path", r.pathToLog(),
		"panic", panicText(value), "stack", string(debug.Stack()))
}

// logBackgroundError logs an error that occurred outside of a request, where only errors without secrets arrive.
func (p *Panel) logBackgroundError(ctx context.Context, message string, err error) {
	p.opts.Logger.ErrorContext(ctx, message, "error", err)
}

// logBackgroundPanic logs a panic outside of a request, in the function that recovered it.
func (p *Panel) logBackgroundPanic(ctx context.Context, message string, value any) {
	p.opts.Logger.ErrorContext(ctx, message, "panic", panicText(value), "stack", string(debug.Stack()))
}

// logDropped logs that Options.Notify was not called.
func (r *request) logDropped(kind NotificationKind, account accounts.ID) {
	r.opts.Logger.ErrorContext(r.req.Context(), "panel: a notification was dropped: too many are being sent", "kind", kind, "account", int64(account),
		"limit", maxMails)
}

// logWarning logs a warning without values of the request.
func (p *Panel) logWarning(ctx context.Context, message string, attributes ...any) {
	p.opts.Logger.WarnContext(ctx, message, attributes...)
}

// pathToLog returns the pattern of the route with its id, and not the path, which may contain the token of a link.
func (r *request) pathToLog() string {
	pattern := r.req.Pattern[strings.IndexByte(r.req.Pattern, ' ')+1:]
	if id, err := parsePositive[int64](r.req.PathValue("id")); err == nil {
		pattern = strings.Replace(pattern, "{id}", strconv.FormatInt(id, 10), 1)
	}
	return pattern
}

// panicText returns the text of an error of Go's runtime, and only the type of any other value, which may quote anything. The
// stack, which is logged beside it, has no values.
func panicText(value any) string {
	if err, ok := value.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", value)
}

// opaqueError is an error of a function of the application whose text may quote a secret in any encoding, such as a password or the
// message with a link. Its own text has only the types.
type opaqueError struct {
	function string
	error
}

func (e opaqueError) Error() string {
	text := "panel: " + e.function + " failed with an error of type"
	for err := e.error; err != nil; err = errors.Unwrap(err) {
		text += " " + reflect.TypeOf(err).String()
	}
	return text
}

func (e opaqueError) Unwrap() error { return e.error }

const (
	minRedacted = 6     // bytes of a value that is redacted; shorter ones occur in any text
	maxRedacted = 1_000 // values of a request; if it has more, no text is logged
	redacted    = "…"
)

// redact returns text without the values that the request brought with it, as they are and as URLs and Go quote them.
func (r *request) redact(text string) string {
	values := r.values()
	if len(values) > maxRedacted {
		return redacted
	}
	var pairs []string
	for _, value := range values {
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), quoted(value)} {
			if len(form) >= minRedacted {
				pairs = append(pairs, form, redacted)
			}
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func quoted(value string) string {
	text := strconv.Quote(value)
	return text[1 : len(text)-1]
}

// values returns the values of the form, the query, the path, the cookies and the headers of the request, the longest first.
func (r *request) values() []string {
	all := []string{r.req.URL.RawQuery, r.req.PathValue("token")}
	for _, form := range []url.Values{r.req.Form, r.req.PostForm, r.req.URL.Query()} {
		for _, values := range form {
			all = append(all, values...)
		}
	}
	for name, values := range r.req.Header {
		for _, value := range values {
			all = append(all, value)
			if _, credentials, found := strings.Cut(value, " "); found && strings.HasSuffix(name, "Authorization") {
				all = append(all, credentials)
			}
		}
	}
	for _, c := range r.req.Cookies() {
		all = append(all, c.Value)
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(all)
}

// errPanicked is shown in place of a panic.
var errPanicked = errors.New("panel: panic")

// run runs serve. If that panics, it logs the panic and responds with an error page or, if the response has begun, aborts it.
func (r *request) run(serve func()) {
	if r.recovers(serve) || r.recovers(func() { r.renderError(errPanicked) }) {
		return
	}
	http.Error(r.w, r.T("problem.failed"), http.StatusInternalServerError)
}

// recovers runs serve and reports whether it did not panic. It logs a panic.
func (r *request) recovers(serve func()) (returned bool) {
	defer func() {
		value := recover()
		if returned = value == nil; returned {
			return
		}
		aborted := value == http.ErrAbortHandler //nolint:errorlint // the server compares it in the same way
		if !aborted {
			r.logPanic(value)
		}
		if aborted || r.w.started {
			panic(http.ErrAbortHandler)
		}
	}()
	serve()
	return true
}

// responseWriter records whether the response has begun.
type responseWriter struct {
	http.ResponseWriter
	started bool
}

func (w *responseWriter) WriteHeader(status int) {
	w.started = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *responseWriter) Write(b []byte) (int, error) {
	w.started = true
	return w.ResponseWriter.Write(b)
}

// Unwrap returns the original ResponseWriter, for http.ResponseController.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
