package main

import (
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// world is what a story happens in. The zero world is in memory, in English, with JavaScript, on a wide screen.
type world struct {
	name       string
	postgres   bool
	italian    bool
	scriptless bool
	phone      bool
}

// worlds are those that the main stories are told in; every story is told in the first.
var worlds = []world{
	{name: "memory"},
	{name: "PostgreSQL in Italian", postgres: true, italian: true},
	{name: "a phone without JavaScript", scriptless: true, phone: true},
}

// scene is a host that is up in a world, with the demo customers.
type scene struct {
	world
	t      testing.TB
	host   *host
	server *httptest.Server
}

const (
	operatorName     = "anna"
	operatorPassword = "correct horse battery"
)

func newScene(t testing.TB, in world, change ...func(*settings)) *scene {
	t.Helper()
	browser(t)
	dsn := ""
	if in.postgres {
		dsn = pgtest.Shared(t).Database(t)
	}
	store, closeStore, err := openStore(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(closeStore)
	s := settings{host: "localhost", dsn: dsn, operator: operatorName, password: operatorPassword, pay: "https://pay.example/invoices"}
	for _, c := range change {
		c(&s)
	}
	h, err := newHost(t.Context(), store, s, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	server := httptest.NewServer(h.handler)
	t.Cleanup(server.Close)
	return &scene{world: in, t: t, host: h, server: server}
}

func (s *scene) port() string {
	u, err := url.Parse(s.server.URL)
	require.NoError(s.t, err)
	_, port, err := net.SplitHostPort(u.Host)
	require.NoError(s.t, err)
	return port
}

// id answers a customer's.
func (s *scene) id(login string) accounts.ID {
	s.t.Helper()
	a, err := s.host.clients.GetByLogin(s.t.Context(), login)
	require.NoError(s.t, err)
	return a.ID
}

// in answers what the panel's texts in stories, which are told in English, are in the language of the world.
func (s *scene) in(english string) string {
	s.t.Helper()
	if !s.italian {
		return english
	}
	text, known := italian[english]
	require.True(s.t, known, "no Italian is known for %q", english)
	return text
}

// operator answers a tab in which the operator has signed in.
func (s *scene) operator() *tab {
	s.t.Helper()
	b := s.tab()
	b.open("/operator")
	b.fill("login", operatorName)
	b.fill("password", operatorPassword)
	b.press("Sign in")
	require.Equal(s.t, "/customers", b.path(), b.text())
	return b
}

// customer answers a tab in which a demo customer has signed in.
func (s *scene) customer(login string) *tab {
	s.t.Helper()
	b := s.tab()
	b.signIn(login, s.host.demo)
	require.Equal(s.t, "/account", b.path(), b.text())
	return b
}

// signIn tries to sign a customer in.
func (b *tab) signIn(login, password string) {
	b.t.Helper()
	b.open("/signin")
	b.fill("login", login)
	b.fill("password", password)
	b.press("Sign in")
}
