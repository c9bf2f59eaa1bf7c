package panel

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/panel/internal/languages"
	"github.com/clientele-go/clientele/internal/catalogue/cataloguetest"
)

var (
	literal = regexp.MustCompile(`"([a-z]+(?:\.[a-zA-Z0-9\[\]]+)+|copy)"`)
	option  = regexp.MustCompile(`"(?:label|hint)=([a-zA-Z.]+)"`)
)

// Every language has every text with the same placeholders. Every key in use exists, and every key is in use.
func TestCatalogueIsComplete(t *testing.T) {
	catalogue := languages.Catalogue().Texts("en")
	used := map[string]bool{}
	note := func(source string) {
		for _, found := range append(literal.FindAllStringSubmatch(source, -1), option.FindAllStringSubmatch(source, -1)...) {
			used[found[1]] = true
		}
	}
	templates, err := fs.Glob(templateFiles, "templates/*.html")
	require.NoError(t, err)
	for _, name := range templates {
		source, err := fs.ReadFile(templateFiles, name)
		require.NoError(t, err)
		note(string(source))
		for _, found := range regexp.MustCompile(`\.T "([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
			assert.Contains(t, catalogue, found[1], name)
		}
		for _, found := range regexp.MustCompile(`\.N "([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
			assert.Greater(t, len(catalogue[found[1]]), 1, "%s in %s has no plural forms", found[1], name)
		}
		for _, found := range option.FindAllStringSubmatch(string(source), -1) {
			assert.Contains(t, catalogue, found[1], name)
		}
		for _, found := range regexp.MustCompile(`\.(?:Field|Password) [^"]+"([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
			used["field."+found[1]] = true
		}
	}
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		note(string(source))
		for _, found := range regexp.MustCompile(`r\.T\("([^"]+[^."])"[,)]`).FindAllStringSubmatch(string(source), -1) {
			assert.Contains(t, catalogue, found[1], name)
		}
	}
	for _, key := range composedKeys(t) {
		assert.Contains(t, catalogue, key)
		used[key] = true
	}
	assert.Empty(t, cataloguetest.Check(languages.Catalogue(), func(key string) bool { return used[key] }))
}

// composedKeys returns the keys that code and templates compose of identifiers of the domain: of events, fields, causes, levels
// and errors.
func composedKeys(t *testing.T) []string {
	t.Helper()
	types := eventTypes(t)
	require.Greater(t, len(types), 25)
	var keys []string
	add := func(prefix string, names ...string) {
		for _, name := range names {
			keys = append(keys, prefix+name)
		}
	}
	add("event.", types...)
	for _, c := range builtInCauses {
		add("cause.", string(c))
	}
	add("status.", string(accounts.Active), string(accounts.Suspended))
	add("field.", append([]string{"attributes", "plan", "name", "expiresAt"}, editableNames...)...)
	add("field.subscription.", "name", "plan", "expiresAt")
	add("from.", "account", "subscription", "domain")
	add("above.", "account", "subscription")
	add("why.", "account", "subscription")
	for _, err := range []error{
		errPageNotFound, errCrossSite, errNotOperator, errNotOwner,
		badFormError{os.ErrInvalid},
		&http.MaxBytesError{}, accounts.ErrInvalid,
		accounts.ErrNotFound, accounts.ErrConflict, accounts.ErrTaken, accounts.ErrCommitUnknown, accounts.ErrUnavailable, os.ErrClosed,
	} {
		_, key := (&request{}).problem(err)
		add("problem.", key, key+".text")
	}
	for _, what := range []string{
		"suspend.", "suspend.means.", "activate.", "remove.", "done.removed.", "done.suspended.", "done.activated.",
		"done.already.suspended.", "done.already.activated.", "done.still.",
	} {
		add(what, customerLevel.name, subscriptionLevel.name, domainLevel.name)
	}
	add("assign.", subscriptionLevel.name)
	add("done.already.", "suspended", "activated")
	add("signin.", "ended", "out", "reset") // after a redirect
	add("format.", "language", "months", "separator")
	return keys
}

func TestLanguage(t *testing.T) {
	e := newEnv(t, nil)
	b := e.browser()
	assert.Contains(t, b.get("/signin").body, "Sign in")
	b.header.Set("Accept-Language", "de, it-CH;q=0.9, en;q=0.1")
	got := b.get("/signin")
	assert.Contains(t, got.body, "Accedi")
	assert.Contains(t, got.body, `<html lang="it">`)
	assert.Equal(t, "it", got.Header.Get("Content-Language"))

	italian := "it-CH"
	_, err := e.clients.Update(t.Context(), e.mario.ID, accounts.Changes{Locale: &italian})
	require.NoError(t, err)
	mario := e.signInCustomer("mario")
	mario.header.Set("Accept-Language", "en")
	assert.Contains(t, mario.get("/account").body, "Cliente dal <time", "the account's language")
	assert.Contains(t, mario.get("/account").body, "3 lug 2026")
	assert.Equal(t, "/account?x=1", mario.post("/language", "language", "en", "back", "/account?x=1").location())
	assert.Contains(t, mario.get("/account").body, "Customer since", "the chosen language")
	assert.Equal(t, "/", mario.post("/language", "language", "en", "back", "https://evil.example/").location())
	mario.post("/language", "language", "xx")
	assert.Contains(t, mario.get("/account").body, "Customer since")
}

// Dates are those of Options.Location.
func TestDates(t *testing.T) {
	r := &request{Panel: &Panel{opts: Options{Location: time.FixedZone("CEST", 2*60*60)}}, language: "it"}
	assert.Equal(t, "10 ago 2026", r.formatDate(time.Date(2026, 8, 9, 23, 30, 0, 0, time.UTC)))
}

// eventTypes returns the values of all constants of type EventType, as the source of package subscriptions declares them.
func eventTypes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../subscriptions/event.go", nil, 0)
	require.NoError(t, err)
	var types []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "EventType" {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			types = append(types, value)
		}
		return true
	})
	return types
}
