package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// paper is what a program prints on: it can be read while the program goes on.
type paper struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// program is the whole program, up and running.
type program struct {
	t        *testing.T
	out, log paper
	addr     string
	end      context.CancelFunc
	ended    chan error
}

// start runs the program at a free port, with an environment of pairs, until it has said where it is.
func start(t *testing.T, env map[string]string, args ...string) *program {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	p := &program{t: t, end: end, ended: make(chan error, 1)}
	go func() {
		p.ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), func(name string) string { return env[name] }, &p.out, &p.log)
	}()
	t.Cleanup(end)
	require.Eventually(t, func() bool { return strings.Contains(p.out.String(), "Press Ctrl-C to stop.") }, patience, 10*time.Millisecond)
	p.addr = "127.0.0.1:" + p.said(`http://localhost:(\d+)/operator`)
	return p
}

// said answers what the program printed, by a pattern with one group.
func (p *program) said(pattern string) string {
	p.t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(p.out.String())
	require.Len(p.t, found, 2, "%s\n%s", pattern, p.out.String())
	return found[1]
}

// stop ends the program as a signal does.
func (p *program) stop() {
	p.t.Helper()
	p.end()
	select {
	case err := <-p.ended:
		require.NoError(p.t, err)
	case <-time.After(patience):
		require.Fail(p.t, "it goes on")
	}
}

// get asks for a page of a host name.
func (p *program) get(host, path string) (status int, page string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "http://"+p.addr+path, nil)
	require.NoError(p.t, err)
	r.Host = host
	transport := &http.Transport{DisableKeepAlives: true}
	got, err := transport.RoundTrip(r)
	require.NoError(p.t, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	require.NoError(p.t, err)
	return got.StatusCode, string(body)
}

func TestTheProgramServesThePanelAndTheSites(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p := start(t, nil)
	assert.Equal(t, "admin", p.said(`Operator: +(\S+)`))
	assert.Len(t, p.said(`Password: +(\S+)`), 16)
	assert.NotEmpty(t, p.said(`mario, password (\S+),`))
	for _, it := range []struct {
		host, path string
		status     int
		says       string
	}{
		{"localhost", "/operator", 200, "All data is kept in memory only and is lost when the program ends."},
		{"LOCALHOST:8080", "/signin", 200, "Sign in"},
		{"127.0.0.1", "/signin", 200, "Sign in"},
		{"[::1]:8080", "/signin", 200, "Sign in"},
		{"mario.localhost:8080", "/", 200, "mario.localhost"},
		{"www.mario.localhost", "/any/page", 200, "This website is active. Plan: Pro."},
		{"müller-söhne.example", "/", 200, "müller-söhne.example"},
		{"pizza-rossi.localhost", "/", 503, "Back tomorrow morning."},
		{"caffeferrari.example", "/", 503, ""},
		{"nobody.localhost", "/", 404, ""},
		{"mario.localhost", "/operator", 200, "This website is active."},
	} {
		status, page := p.get(it.host, it.path)
		assert.Equal(t, it.status, status, it.host)
		assert.Contains(t, page, it.says, it.host)
	}
	_, page := p.get("caffeferrari.example", "/")
	assert.NotContains(t, page, "unpaid")
	p.get("localhost", "/reset/a-secret-token")
	p.stop()
	assert.Regexp(t, `level=INFO msg=request method=GET host=nobody.localhost path=/ status=404 took=\S+`, p.log.String())
	assert.Contains(t, p.log.String(), "path=/reset/…")
	assert.NotContains(t, p.log.String(), "a-secret-token")
	assert.NotContains(t, p.log.String(), "level=ERROR")
}

func TestSettingsFromTheEnvironment(t *testing.T) {
	p := start(t, map[string]string{"CLIENTELE_OPERATOR": "anna", "CLIENTELE_PASSWORD": "a secret of anna's"}, "-empty")
	assert.Equal(t, "anna", p.said(`Operator: +(\S+)`))
	assert.NotContains(t, p.out.String(), "a secret of anna's")
	assert.NotContains(t, p.out.String(), "mario", "there are no demo customers")
	status, _ := p.get("mario.localhost", "/")
	assert.Equal(t, http.StatusNotFound, status)
	p.stop()
	assert.NotContains(t, p.log.String(), "a secret of anna's")
}

func TestWrongSettingsAreTold(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for _, it := range []struct {
		args   []string
		secret string
		says   string
	}{
		{args: []string{"-nonsense"}, says: "-nonsense"},
		{args: []string{"nonsense"}, says: `unexpected argument "nonsense"`},
		{args: []string{"-empty=perhaps"}, says: "-empty"},
		{args: []string{"-addr", "nowhere"}, says: "nowhere"},
		{args: []string{"-addr", taken.Addr().String()}, says: taken.Addr().String()},
		{args: []string{"-addr", "127.0.0.1:0", "-dsn", "postgres://127.0.0.1:nowhere"}, says: "nowhere"},
		{args: []string{"-addr", "127.0.0.1:0", "-dsn", "host=/nowhere user=nobody"}, says: "/nowhere"},
		{args: []string{"-addr", "127.0.0.1:0", "-pay", "nowhere"}, says: "nowhere"},
		{secret: "short", says: "CLIENTELE_SECRET"},
	} {
		err := run(t.Context(), it.args, func(name string) string {
			if name == "CLIENTELE_SECRET" {
				return it.secret
			}
			return ""
		}, io.Discard, io.Discard)
		require.ErrorContains(t, err, it.says)
	}
	var out bytes.Buffer
	require.ErrorIs(t, run(t.Context(), []string{"-h"}, os.Getenv, &out, io.Discard), flag.ErrHelp)
	assert.Contains(t, out.String(), "-dsn")
}

// What is in PostgreSQL is still there when the program is started again, and the demo is not added twice.
func TestTheProgramKeepsEverythingInPostgreSQL(t *testing.T) {
	dsn := pgtest.Shared(t).Database(t)
	for _, again := range []bool{false, true} {
		p := start(t, nil, "-dsn", dsn)
		assert.Equal(t, !again, strings.Contains(p.out.String(), "Customer:  mario"))
		status, _ := p.get("mario.localhost", "/")
		assert.Equal(t, http.StatusOK, status)
		_, page := p.get("localhost", "/operator")
		assert.NotContains(t, page, "is lost when")
		p.stop()
	}
}

func TestWhatRunsOutIsTakenDown(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	store := memory.New()
	h, err := newHost(t.Context(), store, settings{host: "localhost", operator: "anna", empty: true}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	subs := h.clients.Subscriptions()
	yesterday := accounts.NewManager(store, &accounts.Options{Now: func() time.Time { return time.Now().AddDate(0, 0, -1) }})
	made, err := yesterday.Subscriptions().Create(t.Context(), subscriptions.New{
		Domains: []string{"soon.example"}, ExpiresAt: time.Now().Add(-time.Hour),
	})
	require.NoError(t, err)
	require.Equal(t, accounts.Active, made.Status())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.expire(ctx, 10*time.Millisecond)
	}()
	require.Eventually(t, func() bool {
		site, err := subs.Resolve(t.Context(), "soon.example")
		return err == nil && site.Domain.Status() == accounts.Suspended
	}, patience, 10*time.Millisecond)
	stop()
	<-ended
	got, err := subs.Get(t.Context(), made.ID)
	require.NoError(t, err)
	assert.Equal(t, "expiry", got.Holds[0].By)
}

// No customer gets the panel's own host name, nor one that it lies below.
func TestThePanelsNameIsItsOwn(t *testing.T) {
	h, err := newHost(t.Context(), memory.New(), settings{host: "panel.product.example", operator: "anna", empty: true}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	for _, name := range []string{"panel.product.example", "x.panel.product.example", "product.example"} {
		_, err = h.clients.Create(t.Context(), accounts.New{
			Login: "mario", Password: "a long password", Contact: accounts.Contact{Name: "Mario"},
			Subscription: &subscriptions.New{Domains: []string{name}},
		})
		require.ErrorIs(t, err, accounts.ErrInvalid, name)
	}
}

// asProgram makes the test binary be the program.
const asProgram = "CLIENTELE_TEST_AS_PROGRAM"

func TestSignalsEndTheProgram(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		var out, log paper
		command := exec.CommandContext(t.Context(), os.Args[0], "-addr", "127.0.0.1:0", "-empty")
		command.Env = append(os.Environ(), asProgram+"=1")
		command.Stdout, command.Stderr = &out, &log
		require.NoError(t, command.Start())
		up := assert.Eventually(t, func() bool { return strings.Contains(out.String(), "Press Ctrl-C to stop.") }, patience, 10*time.Millisecond)
		require.NoError(t, command.Process.Signal(signal))
		require.NoError(t, command.Wait(), "%v: %s", signal, log.String())
		require.True(t, up, log.String())
		assert.Contains(t, log.String(), "msg=stopping")
	}
}
