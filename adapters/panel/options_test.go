package panel

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

func TestInvalidOptions(t *testing.T) {
	send := func(context.Context, accounts.Account, string) error { return nil }
	fromRequest := func(*http.Request) (string, bool) { return "", false }
	authenticate := func(context.Context, string, string) (bool, error) { return false, nil }
	origin := "https://panel.example"
	for _, c := range []struct {
		opts Options
		want string
	}{
		{Options{Path: "panel"}, "Path"},
		{Options{Path: "//"}, "Path"},
		{Options{Path: "/a//b"}, "Path"},
		{Options{Path: "/a/../b"}, "Path"},
		{Options{Path: "/a b"}, "Path"},
		{Options{Path: "/a%20b"}, "Path"},
		{Options{Path: "/a;b"}, "Path"},
		{Options{Path: "/a?b"}, "Path"},
		{Options{Path: "/é"}, "Path"},
		{Options{OperatorFromRequest: fromRequest, AuthenticateOperator: authenticate}, "AuthenticateOperator"},
		{Options{OperatorSignInURL: "/signin"}, "OperatorSignInURL"},
		{Options{OperatorSignInURL: "/signin", AuthenticateOperator: authenticate}, "OperatorSignInURL"},
		{Options{OperatorSignInURL: "signin", OperatorFromRequest: fromRequest}, "OperatorSignInURL"},
		{Options{OperatorSignInURL: "//evil.example", OperatorFromRequest: fromRequest}, "OperatorSignInURL"},
		{Options{OperatorSignInURL: "javascript:alert(1)", OperatorFromRequest: fromRequest}, "OperatorSignInURL"},
		{Options{Plans: []string{"Basic", ""}}, "Plans[1]"},
		{Options{Plans: []string{"Basic", "Pro", "Basic"}}, "Plans[2]"},
		{Options{Plans: []string{" Basic"}}, "Plans[0]"},
		{Options{Plans: []string{"two\nlines"}}, "Plans[0]"},
		{Options{Plans: []string{strings.Repeat("x", 101)}}, "Plans[0]"},
		{Options{Causes: []accounts.Cause{"migration", ""}}, "Causes[1]"},
		{Options{Causes: []accounts.Cause{"migration", "migration"}}, "Causes[1]"},
		{Options{Causes: []accounts.Cause{"Migration"}}, "Causes[0]"},
		{Options{Causes: []accounts.Cause{accounts.CauseBilling}}, "Causes[0]"},
		{Options{Causes: []accounts.Cause{accounts.CauseExpired}}, "Causes[0]"},
		{Options{SendReset: send}, "Origin"},
		{Options{SendReset: send, Origin: "panel.example"}, "Origin"},
		{Options{Origin: "https://panel.example/panel"}, "Origin"},
		{Options{Origin: "https://panel.example?x=1"}, "Origin"},
		{Options{Origin: "https://anna@panel.example"}, "Origin"},
		{Options{Origin: "https://:443"}, "Origin"},
		{Options{Origin: "ftp://panel.example"}, "Origin"},
		{Options{Origin: "http://panel.example", Secure: true}, "Origin"},
		{Options{SendReset: send, Origin: origin}, "Secret"},
		{Options{PayURL: "/pay"}, "PayURL"},
		{Options{PayURL: "javascript:alert(1)"}, "PayURL"},
		{Options{PayURL: "ftp://pay.example"}, "PayURL"},
		{Options{Variables: map[string]string{"color": "red"}}, "Variables"},
		{Options{Variables: map[string]string{"--x": "red}body{display:none"}}, "Variables"},
		{Options{Templates: fstest.MapFS{"signin.html": {Data: []byte("{{")}}}, "signin.html"},
		{Options{Templates: fstest.MapFS{"sign-in.html": {}}}, "sign-in.html"},
		{Options{IdleTimeout: -time.Hour}, "IdleTimeout"},
		{Options{IdleTimeout: 30}, "IdleTimeout"},
		{Options{Lifetime: -time.Hour}, "Lifetime"},
		{Options{Lifetime: 12}, "Lifetime"},
	} {
		_, err := New(accounts.NewManager(memory.New(), nil), &c.opts)
		require.ErrorContains(t, err, "panel: ")
		require.ErrorContains(t, err, c.want)
	}
	_, err := New(nil, nil)
	require.ErrorContains(t, err, "Manager")
}

func TestValidOptions(t *testing.T) {
	clients := accounts.NewManager(memory.New(), &accounts.Options{Secret: []byte(strings.Repeat("s", 32))})
	for _, opts := range []*Options{
		nil,
		{},
		{Path: "/"},
		{Path: "/panel/"},
		{Path: "/a/b-c.d_e~f$g&h+i"},
		{OperatorFromRequest: func(*http.Request) (string, bool) { return "", false }, OperatorSignInURL: "https://sso.example/?to=panel"},
		{Plans: []string{"Basic", strings.Repeat("é", 100)}, Causes: []accounts.Cause{"migration", "a-1"}},
		{SendReset: func(context.Context, accounts.Account, string) error { return nil }, Origin: "HTTPS://Panel.Example:8443/", Secure: true},
		{Origin: "http://[::1]:8080"},
		{PayURL: "https://pay.example/?a=b#c"},
		{Templates: fstest.MapFS{"signin.html": {Data: []byte("{{define \"content\"}}{{end}}")}, "notes.txt": {}}},
		{IdleTimeout: time.Second, Lifetime: 24 * time.Hour},
	} {
		_, err := New(clients, opts)
		require.NoError(t, err)
	}
}

// New copies the options, so that the application can change them later.
func TestOptionsAreCopied(t *testing.T) {
	opts := Options{Plans: []string{"Basic"}, Causes: []accounts.Cause{"migration"}}
	p, err := New(accounts.NewManager(memory.New(), nil), &opts)
	require.NoError(t, err)
	opts.Plans[0], opts.Causes[0] = "changed", "changed"
	assert.Equal(t, []string{"Basic"}, p.opts.Plans)
	assert.Equal(t, []accounts.Cause{"migration"}, p.opts.Causes)
}
