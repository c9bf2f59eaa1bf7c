package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
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
	"github.com/clientele-go/clientele/examples/internal/database"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// syncBuffer is a buffer that can be read while a program writes to it.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(data)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// program is the running program.
type program struct {
	t        *testing.T
	out, log syncBuffer
	addr     string
	cancel   context.CancelFunc
	done     chan error
}

// startProgram starts the program on a free port, with the given environment, and waits until it has printed its address. It
// keeps its data in memory unless the arguments say otherwise.
func startProgram(t *testing.T, environ map[string]string, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &program{t: t, cancel: cancel, done: make(chan error, 1)}
	go func() {
		p.done <- run(ctx, append([]string{"-addr", "127.0.0.1:0", "-db", database.Memory}, args...), func(name string) string { return environ[name] }, &p.out, &p.log)
	}()
	t.Cleanup(cancel)
	require.Eventually(t, func() bool { return strings.Contains(p.out.String(), "Press Ctrl-C to stop.") }, testTimeout, 10*time.Millisecond)
	p.addr = "127.0.0.1:" + p.match(`http://localhost:(\d+)/operator`)
	return p
}

// match returns the submatch of pattern, which has one group, in the output of the program.
func (p *program) match(pattern string) string {
	p.t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(p.out.String())
	require.Len(p.t, match, 2, "%s\n%s", pattern, p.out.String())
	return match[1]
}

// stop stops the program as a signal does.
func (p *program) stop() {
	p.t.Helper()
	p.cancel()
	select {
	case err := <-p.done:
		require.NoError(p.t, err)
	case <-time.After(testTimeout):
		require.Fail(p.t, "the program did not stop")
	}
}

// get requests a page from the given host name.
func (p *program) get(host, path string) (status int, page string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "http://"+p.addr+path, nil)
	require.NoError(p.t, err)
	r.Host = host
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	return resp.StatusCode, string(body)
}

func TestTheProgramServesThePanelAndTheSites(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p := startProgram(t, nil)
	assert.Equal(t, "admin", p.match(`Operator: +(\S+)`))
	assert.Len(t, p.match(`Password: +(\S+)`), 16)
	assert.NotEmpty(t, p.match(`mario, password (\S+),`))
	for _, c := range []struct {
		host, path string
		status     int
		text       string
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
		status, page := p.get(c.host, c.path)
		assert.Equal(t, c.status, status, c.host)
		assert.Contains(t, page, c.text, c.host)
	}
	_, page := p.get("caffeferrari.example", "/")
	assert.NotContains(t, page, "unpaid")
	p.get("localhost", "/reset/a-secret-token")
	mistyped := strings.Repeat("secret-token", 6)
	for _, path := range []string{"/RESET/a-secret-token", "/Unlock/a-secret-token", "/reset%5C" + mistyped, "/reset;" + mistyped, "/reset" + mistyped, "/" + mistyped} {
		p.get("localhost", path)
	}
	p.stop()
	assert.Regexp(t, `level=INFO msg=request method=GET host=nobody.localhost path=/ status=404 took=\S+`, p.log.String())
	assert.Contains(t, p.log.String(), "path=/reset/…")
	assert.NotContains(t, p.log.String(), "secret-token")
	assert.NotContains(t, p.log.String(), "level=ERROR")
}

// The program prints the messages that a product would send to its customers.
func TestNotifications(t *testing.T) {
	p := startProgram(t, nil)
	form := url.Values{"login": {"mario"}, "password": {p.match(`mario, password (\S+),`)}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.addr+"/signin", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	p.stop()
	assert.Contains(t, p.log.String(), `msg="a message to the customer" about=new-device login=mario to=[mario@example.com]`)
}

func TestSettingsFromTheEnvironment(t *testing.T) {
	p := startProgram(t, map[string]string{"CLIENTELE_OPERATOR": "anna", "CLIENTELE_PASSWORD": "a secret of anna's"}, "-empty")
	assert.Equal(t, "anna", p.match(`Operator: +(\S+)`))
	assert.NotContains(t, p.out.String(), "a secret of anna's")
	assert.NotContains(t, p.out.String(), "mario", "no demo customers")
	status, _ := p.get("mario.localhost", "/")
	assert.Equal(t, http.StatusNotFound, status)
	p.stop()
	assert.NotContains(t, p.log.String(), "a secret of anna's")
}

func TestInvalidSettings(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for _, c := range []struct {
		args   []string
		secret string
		text   string
	}{
		{args: []string{"-nonsense"}, text: "-nonsense"},
		{args: []string{"nonsense"}, text: `unexpected argument "nonsense"`},
		{args: []string{"-empty=perhaps"}, text: "-empty"},
		{args: []string{"-addr", "nowhere"}, text: "nowhere"},
		{args: []string{"-addr", taken.Addr().String()}, text: taken.Addr().String()},
		{args: []string{"-addr", "127.0.0.1:0", "-db", "postgres://127.0.0.1:nowhere"}, text: "nowhere"},
		{args: []string{"-addr", "127.0.0.1:0", "-db", "host=/nowhere user=nobody"}, text: "/nowhere"},
		{args: []string{"-addr", "127.0.0.1:0", "-db", t.TempDir()}, text: "directory"},
		{args: []string{"-addr", "127.0.0.1:0", "-db", "/nowhere/clientele.db"}, text: "/nowhere"},
		{args: []string{"-addr", "127.0.0.1:0", "-db", "main.go"}, text: "not a database"},
		{args: []string{"-addr", "127.0.0.1:0", "-db", database.Memory, "-pay", "nowhere"}, text: "nowhere"},
		{secret: "short", text: "CLIENTELE_SECRET"},
	} {
		err := run(t.Context(), c.args, func(name string) string {
			if name == "CLIENTELE_SECRET" {
				return c.secret
			}
			return ""
		}, io.Discard, io.Discard)
		require.ErrorContains(t, err, c.text)
	}
	var out bytes.Buffer
	require.ErrorIs(t, run(t.Context(), []string{"-h"}, os.Getenv, &out, io.Discard), flag.ErrHelp)
	assert.Contains(t, out.String(), "-db")
}

// The data is kept when the program is started again, after Ctrl-C and after it was killed, and the demo customers are added only
// once. Without -db it is in clientele.db in the current directory.
func TestTheProgramKeepsItsData(t *testing.T) {
	for name, args := range map[string][]string{
		"without flags": nil, "SQLite": {"-db", filepath.Join(t.TempDir(), "a file?.db")}, "PostgreSQL": {"-db", pgtest.Shared(t).Database(t)},
	} {
		t.Run(name, func(t *testing.T) {
			dir, password := t.TempDir(), ""
			for start, signal := range []os.Signal{os.Interrupt, os.Kill, os.Interrupt} {
				out, stop := startChild(t, dir, args...)
				port := regexp.MustCompile(`http://localhost:([0-9]+)/operator`).FindStringSubmatch(out)[1]
				if start == 0 {
					password = regexp.MustCompile(`Password:  (\S+) \(shown only now`).FindStringSubmatch(out)[1]
				}
				assert.Equal(t, start == 0, strings.Contains(out, password), out)
				assert.Equal(t, start == 0, strings.Contains(out, "Customer:  mario"), out)
				client := signedIn(t, "http://127.0.0.1:"+port, password)
				post(t, client, "http://127.0.0.1:"+port+"/customers/new", url.Values{
					"login": {fmt.Sprintf("luigi%d", start)}, "password": {"a long secret"}, "contact.name": {"Luigi"},
				})
				list := get(t, client, "http://127.0.0.1:"+port+"/customers?q=luigi")
				for earlier := range start + 1 {
					assert.Contains(t, list, fmt.Sprintf("luigi%d", earlier))
				}
				assert.NotContains(t, list, "is lost when")
				stop(signal)
			}
			if args == nil {
				assert.FileExists(t, filepath.Join(dir, "clientele.db"))
			}
		})
	}
}

// An operator who has lost the password of the first start sets another one, which is kept as well.
func TestTheOperatorSetsAnotherPassword(t *testing.T) {
	db := filepath.Join(t.TempDir(), "clientele.db")
	startProgram(t, nil, "-db", db, "-empty").stop()
	startProgram(t, map[string]string{"CLIENTELE_PASSWORD": "another long secret"}, "-db", db, "-empty").stop()
	p := startProgram(t, nil, "-db", db)
	assert.Contains(t, p.out.String(), "that of the first start; CLIENTELE_PASSWORD sets another one")
	assert.NotContains(t, p.out.String(), "mario", "the file is not new")
	signedIn(t, "http://"+p.addr, "another long secret")
	p.stop()
	for _, file := range []string{db, db + "-wal"} {
		content, err := os.ReadFile(file)
		if !errors.Is(err, fs.ErrNotExist) {
			require.NoError(t, err)
			assert.NotContains(t, string(content), "another long secret")
		}
	}
}

// startChild starts the program as a process of its own in a directory. It returns what the process has printed, and a function
// that ends it with a signal.
func startChild(t *testing.T, dir string, args ...string) (printed string, stop func(os.Signal)) {
	t.Helper()
	var out, log syncBuffer
	program, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), program, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	command.Dir, command.Env = dir, append(os.Environ(), envRunMain+"=1")
	command.Stdout, command.Stderr = &out, &log
	require.NoError(t, command.Start())
	stop = func(signal os.Signal) {
		require.NoError(t, command.Process.Signal(signal))
		_ = command.Wait() // it was killed
	}
	if !assert.Eventually(t, func() bool { return strings.Contains(out.String(), "Press Ctrl-C to stop.") }, testTimeout, 10*time.Millisecond) {
		stop(os.Kill)
		t.Fatal(log.String())
	}
	return out.String(), stop
}

// signedIn returns a client that is signed in to the panel as the operator.
func signedIn(t *testing.T, panel, password string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar}
	post(t, client, panel+"/operator", url.Values{"login": {"admin"}, "password": {password}})
	require.Contains(t, get(t, client, panel+"/customers"), "Sign out")
	return client
}

func post(t *testing.T, client *http.Client, address string, form url.Values) {
	t.Helper()
	resp, err := client.PostForm(address, form)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode, "after the redirect")
}

func get(t *testing.T, client *http.Client, address string) string {
	t.Helper()
	resp, err := client.Get(address)
	require.NoError(t, err)
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(page)
}

func TestExpiredSubscriptionsAreSuspended(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	store := memory.New()
	a, err := newApp(t.Context(), store, settings{host: "localhost", db: database.Memory, operator: "anna", empty: true}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	subs := a.clients.Subscriptions()
	yesterday := accounts.NewManager(store, &accounts.Options{Now: func() time.Time { return time.Now().AddDate(0, 0, -1) }})
	created, err := yesterday.Subscriptions().Create(t.Context(), subscriptions.New{
		Domains: []string{"soon.example"}, ExpiresAt: time.Now().Add(-time.Hour),
	})
	require.NoError(t, err)
	require.Equal(t, accounts.Active, created.Status())
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.runExpiry(ctx, 10*time.Millisecond)
	}()
	require.Eventually(t, func() bool {
		site, err := subs.Resolve(t.Context(), "soon.example")
		return err == nil && site.Domain.Status() == accounts.Suspended
	}, testTimeout, 10*time.Millisecond)
	stop()
	<-done
	got, err := subs.Get(t.Context(), created.ID)
	require.NoError(t, err)
	assert.Equal(t, "expiry", got.Holds[0].By)
}

// Customers cannot have the host name of the panel, nor a name below or above it.
func TestThePanelsNameIsReserved(t *testing.T) {
	a, err := newApp(t.Context(), memory.New(), settings{host: "panel.product.example", db: database.Memory, operator: "anna", empty: true}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	for _, name := range []string{"panel.product.example", "x.panel.product.example", "product.example"} {
		_, err = a.clients.Create(t.Context(), accounts.New{
			Login: "mario", Password: "a long password", Contact: accounts.Contact{Name: "Mario"},
			Subscription: &subscriptions.New{Domains: []string{name}},
		})
		require.ErrorIs(t, err, accounts.ErrInvalid, name)
	}
}

// envRunMain is an environment variable that makes the test binary run main.
const envRunMain = "CLIENTELE_TEST_AS_PROGRAM"

func TestSignalsStopTheProgram(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		var out, log syncBuffer
		command := exec.CommandContext(t.Context(), os.Args[0], "-addr", "127.0.0.1:0", "-db", database.Memory, "-empty")
		command.Env = append(os.Environ(), envRunMain+"=1")
		command.Stdout, command.Stderr = &out, &log
		require.NoError(t, command.Start())
		started := assert.Eventually(t, func() bool { return strings.Contains(out.String(), "Press Ctrl-C to stop.") }, testTimeout, 10*time.Millisecond)
		require.NoError(t, command.Process.Signal(signal))
		require.NoError(t, command.Wait(), "%v: %s", signal, log.String())
		require.True(t, started, log.String())
		assert.Contains(t, log.String(), "msg=stopping")
	}
}
