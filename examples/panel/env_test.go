package main

import (
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/examples/internal/database"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// setup configures the environment of a story. The zero value means in memory, in English, with JavaScript and on a wide
// screen.
type setup struct {
	name     string
	postgres bool
	italian  bool
	noScript bool
	phone    bool
}

// setups are the setups for the main stories. The other stories run in the first one only.
var setups = []setup{
	{name: "memory"},
	{name: "PostgreSQL in Italian", postgres: true, italian: true},
	{name: "a phone without JavaScript", noScript: true, phone: true},
}

// env is the environment of a story: a running app with the demo customers.
type env struct {
	setup
	t      testing.TB
	app    *app
	server *httptest.Server
}

const (
	operatorName     = "anna"
	operatorPassword = "correct horse battery"
)

// newEnv starts an app with the given setup. The changes are applied to its settings first.
func newEnv(t testing.TB, conf setup, changes ...func(*settings)) *env {
	t.Helper()
	browser(t)
	db := database.Memory
	if conf.postgres {
		db = pgtest.Shared(t).Database(t)
	}
	store, closeStore, err := database.Open(t.Context(), db)
	require.NoError(t, err)
	t.Cleanup(closeStore)
	s := settings{host: "localhost", db: db, operator: operatorName, password: operatorPassword, pay: "https://pay.example/invoices"}
	for _, change := range changes {
		change(&s)
	}
	a, err := newApp(t.Context(), store, s, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	server := httptest.NewServer(a.handler)
	t.Cleanup(server.Close)
	return &env{setup: conf, t: t, app: a, server: server}
}

func (s *env) port() string {
	u, err := url.Parse(s.server.URL)
	require.NoError(s.t, err)
	_, port, err := net.SplitHostPort(u.Host)
	require.NoError(s.t, err)
	return port
}

// id returns the id of a customer.
func (s *env) id(login string) accounts.ID {
	s.t.Helper()
	a, err := s.app.clients.GetByLogin(s.t.Context(), login)
	require.NoError(s.t, err)
	return a.ID
}

// translate returns a text of the panel, which stories give in English, in the language of the setup.
func (s *env) translate(english string) string {
	s.t.Helper()
	if !s.italian {
		return english
	}
	text, ok := italian[english]
	require.True(s.t, ok, "no Italian translation of %q", english)
	return text
}

// operator returns a tab in which the operator is signed in.
func (s *env) operator() *tab {
	s.t.Helper()
	b := s.tab()
	b.open("/operator")
	b.fill("login", operatorName)
	b.fill("password", operatorPassword)
	b.press("Sign in")
	require.Equal(s.t, "/customers", b.path(), b.text())
	return b
}

// customer returns a tab in which a demo customer is signed in.
func (s *env) customer(login string) *tab {
	s.t.Helper()
	b := s.tab()
	b.signIn(login, s.app.demoPassword)
	require.Equal(s.t, "/account", b.path(), b.text())
	return b
}

// signIn fills in and sends the sign-in form for customers.
func (b *tab) signIn(login, password string) {
	b.t.Helper()
	b.open("/signin")
	b.fill("login", login)
	b.fill("password", password)
	b.press("Sign in")
}
