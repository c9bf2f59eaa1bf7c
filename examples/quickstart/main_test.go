package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clientele-go/clientele/storage/memory"
)

var port = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// The walk prints testdata/walk.txt, apart from the port.
func TestWalk(t *testing.T) {
	defer goleak.VerifyNone(t)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, nil, &out))
	golden, err := os.ReadFile("testdata/walk.txt")
	require.NoError(t, err)
	assert.Equal(t, string(golden), port.ReplaceAllString(out.String(), "127.0.0.1:PORT"))
}

func TestNoPageOfTheWalkHasANoteOrAMessage(t *testing.T) {
	golden, err := os.ReadFile("testdata/walk.txt")
	require.NoError(t, err)
	pages := 0
	for line := range strings.Lines(string(golden)) {
		if !regexp.MustCompile(`\.localhost +(200|404|503) `).MatchString(line) {
			continue
		}
		pages++
		for _, secret := range secrets {
			assert.NotContains(t, line, secret)
		}
	}
	assert.Equal(t, 24, pages)
	for _, secret := range secrets {
		assert.Contains(t, string(golden), secret, "or the check would look for what nobody wrote")
	}
}

// A terminal is 80 columns wide, and nobody wants to read what it folds.
func TestNothingIsTooWideForATerminal(t *testing.T) {
	golden, err := os.ReadFile("testdata/walk.txt")
	require.NoError(t, err)
	var help bytes.Buffer
	require.NoError(t, (&console{screen: newScreen(&help)}).run(t.Context(), "help"))
	for line := range strings.Lines(string(golden) + usage + help.String()) {
		if strings.Contains(line, "plan=gold") { // a command as it is typed
			continue
		}
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
	}
	for _, known := range commands() {
		assert.Contains(t, help.String(), known.name+" "+known.usage)
	}
}

func TestFlags(t *testing.T) {
	var out bytes.Buffer
	require.ErrorIs(t, run(t.Context(), []string{"-h"}, nil, &out), flag.ErrHelp)
	for _, said := range []string{"go run ./examples/quickstart", "-serve", "-addr address", "-dsn PostgreSQL"} {
		assert.Contains(t, out.String(), said)
	}
	require.ErrorContains(t, run(t.Context(), []string{"serve"}, nil, io.Discard), `there is no argument "serve"`)
	for want, args := range map[string][]string{
		"127.0.0.1:0":    nil,
		"127.0.0.1:8080": {"-serve"},
		"127.0.0.1:9":    {"-addr", "127.0.0.1:9"},
	} {
		s, err := readFlags(args, io.Discard)
		require.NoError(t, err)
		assert.Equal(t, want, s.addr)
	}
}

func TestAnAddressInUseIsTold(t *testing.T) {
	s := startServing(t)
	err := run(t.Context(), []string{"-serve", "-addr", s.addr}, strings.NewReader(""), io.Discard)
	require.ErrorContains(t, err, s.addr)
	require.ErrorContains(t, err, "another address: -addr")
	assert.Error(t, run(t.Context(), []string{"-addr", "nowhere"}, nil, io.Discard))
}

// A host that listens everywhere is visited here.
func TestAnAddressThatIsEverywhere(t *testing.T) {
	h, err := start(memory.New(), ":0")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(h.addr, "127.0.0.1:"), h.addr)
	page, err := h.visit(t.Context(), "mario.localhost")
	require.NoError(t, err)
	assert.Equal(t, 404, page.status)
	require.NoError(t, h.stop())
}

func TestOnlyATerminalIsPainted(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(t, err)
	defer func() { _ = null.Close() }()
	for _, plain := range []any{file, null, &bytes.Buffer{}, (*os.File)(nil)} {
		assert.False(t, isTerminal(plain))
	}
	assert.Equal(t, "200", newScreen(file).paint(green, "200"))
	assert.Equal(t, "\x1b[32m200\x1b[0m", screen{colours: true}.paint(green, "200"))
}

// serving is the program with -serve, as somebody at a terminal and a visitor see it.
type serving struct {
	t     *testing.T
	addr  string
	stdin *io.PipeWriter
	lines chan string // that it printed
	ended chan error
	stop  context.CancelFunc
}

func startServing(t *testing.T, args ...string) *serving {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	stdin, keyboard := io.Pipe()
	screen, stdout := io.Pipe()
	s := &serving{t: t, stdin: keyboard, lines: make(chan string, 1000), ended: make(chan error, 1), stop: stop}
	go func() {
		s.ended <- run(ctx, append([]string{"-serve", "-addr", "127.0.0.1:0"}, args...), stdin, stdout)
		_ = stdout.Close()
	}()
	go func() {
		defer close(s.lines)
		for lines := bufio.NewScanner(screen); lines.Scan(); {
			s.lines <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		_ = keyboard.Close()
		stop()
		for range s.lines { // until the program has closed its output
		}
	})
	s.addr = port.FindString(s.reads("curl -i"))
	require.NotEmpty(t, s.addr)
	s.reads("help")
	return s
}

// reads waits for a line with a text in it.
func (s *serving) reads(text string) string {
	s.t.Helper()
	patience := time.After(20 * time.Second)
	for {
		select {
		case line, more := <-s.lines:
			require.True(s.t, more, "the output ended before %q", text)
			if strings.Contains(line, text) {
				return line
			}
		case <-patience:
			require.FailNow(s.t, "nothing said", text)
		}
	}
}

// types enters a command and waits for a line with a text in it.
func (s *serving) types(command, text string) {
	s.t.Helper()
	_, err := io.WriteString(s.stdin, command+"\n")
	require.NoError(s.t, err)
	s.reads(text)
}

// visits asks for a site as curl -H 'Host: …' does.
func (s *serving) visits(site string, code int, says string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.addr+"/", nil)
	require.NoError(s.t, err)
	r.Host = site
	transport := &http.Transport{DisableKeepAlives: true}
	got, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Do(r)
	require.NoError(s.t, err)
	defer func() { _ = got.Body.Close() }()
	body, err := io.ReadAll(got.Body)
	require.NoError(s.t, err)
	assert.Equal(s.t, code, got.StatusCode)
	assert.Contains(s.t, string(body), says)
	for _, secret := range secrets {
		assert.NotContains(s.t, string(body), secret)
	}
}

func TestServeFollowsEachCommand(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := startServing(t)
	s.visits("mario.localhost", 200, "Welcome to mario.localhost!")

	s.types(`suspend mario billing public="Back soon." message="Please pay invoice 42."`, "mario is suspended: billing (account)")
	s.visits("mario.localhost", 503, "Back soon.")
	s.visits("pizza.localhost", 503, "Back soon.")
	s.visits("luigi.localhost", 200, "Welcome")
	s.types("sign-in mario wonderful-mushrooms", "mario signs in    no   suspended. Please pay invoice 42.")

	s.types("suspend-site mario.localhost abuse", "mario.localhost is suspended: billing (account), abuse (domain)")
	s.types("lift mario billing", "mario is active")
	s.visits("mario.localhost", 503, "currently unavailable")
	s.visits("pizza.localhost", 200, "Welcome")
	s.types("activate-site mario.localhost", "mario.localhost is active")
	s.visits("mario.localhost", 200, "Welcome")

	s.types("suspend-subscription pizza.localhost", "the subscription of pizza.localhost is suspended: provider (subscription)")
	s.visits("pizza.localhost", 503, "currently unavailable")
	s.visits("mario.localhost", 200, "Welcome")
	s.types("list", "pizza.localhost          suspended: provider (subscription)")

	s.types("create peach bücher.localhost", "peach has bücher.localhost")
	s.visits("xn--bcher-kva.localhost", 200, "Welcome to bücher.localhost!")
	s.types("remove mario", "mario is gone, with mario.localhost, pizza.localhost")
	s.visits("mario.localhost", 404, "There is no website here")

	require.NoError(t, s.stdin.Close())
	s.reads("The input has ended; still serving.")
	s.visits("luigi.localhost", 200, "Welcome")
	s.stop()
	s.reads("Stopping.")
	require.NoError(t, <-s.ended)
}

func TestServeTellsWhatIsWrongAndGoesOn(t *testing.T) {
	s := startServing(t)
	for _, c := range []struct{ command, says string }{
		{"dance", `error: there is no command "dance"; try help`},
		{"suspend", "error: usage: suspend LOGIN [CAUSE] [TEXTS]"},
		{"suspend nobody", `error: clientele: no account "nobody"`},
		{"suspend mario Billing!", "error: clientele: invalid input: cause"},
		{"lift mario", "error: usage: lift LOGIN CAUSE…"},
		{"lift-site nobody.localhost abuse", `error: clientele: no domain "nobody.localhost"`},
		{`suspend mario public="no end`, "error: a quotation mark has no partner"},
		{"create mario other.localhost", "error: clientele: taken: login"},
		{"create wario mario.localhost", "error: clientele: taken: subscription.domains[0]"},
		{"create wario bad_name.localhost", "error: clientele: invalid input: subscription.domains[0]"},
		{"visit [::1", "error: "},
		{"sign-in luigi haunted-mansion", "luigi signs in    no   wrong login or password"},
		{"sign-in luigi haunted-mansions", "luigi signs in    yes"},
		{"remove nobody", `error: clientele: no account "nobody"`},
		{"help", "TEXTS    public="},
		{"visit luigi.localhost", "luigi.localhost   200  Welcome to luigi.localhost!"},
		{"\t list  ", "luigi.localhost          active"},
		{"create wario password=quite-a-bit", "wario has wario.localhost"},
	} {
		s.types(c.command, c.says)
	}
	s.types("\n# a comment\nquit", "Stopping.")
	require.NoError(t, <-s.ended)
}

// A line that is too long ends the input, and not the sites.
func TestInputThatCannotBeReadIsToldApartFromItsEnd(t *testing.T) {
	s := startServing(t)
	go func() { _, _ = io.WriteString(s.stdin, strings.Repeat("x", bufio.MaxScanTokenSize)+"\n") }() // until nobody reads
	s.reads("The input has ended (bufio.Scanner: token too long); still serving.")
	s.visits("luigi.localhost", 200, "Welcome")
}

func TestParse(t *testing.T) {
	for line, want := range map[string]struct {
		command string
		args    arguments
	}{
		"":                  {"", arguments{options: map[string]string{}}},
		" list ":            {"list", arguments{options: map[string]string{}}},
		"lift mario a\tb":   {"lift", arguments{words: []string{"mario", "a", "b"}, options: map[string]string{}}},
		`s m public="a  b"`: {"s", arguments{words: []string{"m"}, options: map[string]string{"public": "a  b"}}},
		`s "m o" x=y note=`: {"s", arguments{words: []string{"m o", "x=y"}, options: map[string]string{"note": ""}}},
		`s note="a=b" ""`:   {"s", arguments{words: []string{""}, options: map[string]string{"note": "a=b"}}},
	} {
		command, args, err := parse(line)
		require.NoError(t, err)
		assert.Equal(t, want.command, command)
		assert.Equal(t, want.args, args)
	}
	_, _, err := parse(`s "m`)
	require.ErrorIs(t, err, errQuote)
}
