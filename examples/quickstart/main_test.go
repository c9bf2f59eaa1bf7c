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

// The story prints testdata/story.txt, apart from the port.
func TestStory(t *testing.T) {
	defer goleak.VerifyNone(t)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, nil, &out))
	golden, err := os.ReadFile("testdata/story.txt")
	require.NoError(t, err)
	assert.Equal(t, string(golden), port.ReplaceAllString(out.String(), "127.0.0.1:PORT"))
}

func TestNoResponseInTheStoryHasANoteOrAMessage(t *testing.T) {
	golden, err := os.ReadFile("testdata/story.txt")
	require.NoError(t, err)
	responses := 0
	for line := range strings.Lines(string(golden)) {
		if !regexp.MustCompile(`\.localhost +(200|404|503) `).MatchString(line) {
			continue
		}
		responses++
		for _, secret := range secrets {
			assert.NotContains(t, line, secret)
		}
	}
	assert.Equal(t, 24, responses)
	for _, secret := range secrets {
		assert.Contains(t, string(golden), secret, "otherwise the check above cannot fail")
	}
}

// No line is wider than a terminal of 80 columns.
func TestOutputFitsATerminal(t *testing.T) {
	golden, err := os.ReadFile("testdata/story.txt")
	require.NoError(t, err)
	var help bytes.Buffer
	require.NoError(t, (&console{screen: newScreen(&help)}).run(t.Context(), "help"))
	for line := range strings.Lines(string(golden) + usage + help.String()) {
		if strings.Contains(line, "plan=gold") { // an entered command
			continue
		}
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
	}
	for _, cmd := range commands() {
		assert.Contains(t, help.String(), cmd.name+" "+cmd.usage)
	}
}

func TestFlags(t *testing.T) {
	var out bytes.Buffer
	require.ErrorIs(t, run(t.Context(), []string{"-h"}, nil, &out), flag.ErrHelp)
	for _, text := range []string{"go run ./examples/quickstart", "-serve", "-addr address", "-dsn PostgreSQL"} {
		assert.Contains(t, out.String(), text)
	}
	require.ErrorContains(t, run(t.Context(), []string{"serve"}, nil, io.Discard), `unexpected argument "serve"`)
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

func TestAnAddressInUseIsReported(t *testing.T) {
	s := startProcess(t)
	err := run(t.Context(), []string{"-serve", "-addr", s.addr}, strings.NewReader(""), io.Discard)
	require.ErrorContains(t, err, s.addr)
	require.ErrorContains(t, err, "use -addr 127.0.0.1:0")
	assert.Error(t, run(t.Context(), []string{"-addr", "nowhere"}, nil, io.Discard))
}

// A server that listens on all addresses is reached on the loopback address.
func TestAnUnspecifiedAddress(t *testing.T) {
	a, err := startApp(memory.New(), ":0")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(a.addr, "127.0.0.1:"), a.addr)
	resp, err := a.get(t.Context(), "mario.localhost")
	require.NoError(t, err)
	assert.Equal(t, 404, resp.status)
	require.NoError(t, a.stop())
}

func TestOnlyTerminalsGetColours(t *testing.T) {
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

// process is the running program with -serve, with pipes for its input and output.
type process struct {
	t     *testing.T
	addr  string
	stdin *io.PipeWriter
	lines chan string // of its output
	done  chan error
	stop  context.CancelFunc
}

func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	stdin, keyboard := io.Pipe()
	screen, stdout := io.Pipe()
	s := &process{t: t, stdin: keyboard, lines: make(chan string, 1000), done: make(chan error, 1), stop: stop}
	go func() {
		s.done <- run(ctx, append([]string{"-serve", "-addr", "127.0.0.1:0"}, args...), stdin, stdout)
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
		for range s.lines { // wait until the program has closed its output
		}
	})
	s.addr = port.FindString(s.waitForLine("curl -i"))
	require.NotEmpty(t, s.addr)
	s.waitForLine("help")
	return s
}

// waitForLine waits for a line that contains text and returns it.
func (s *process) waitForLine(text string) string {
	s.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case line, more := <-s.lines:
			require.True(s.t, more, "the output ended without %q", text)
			if strings.Contains(line, text) {
				return line
			}
		case <-timeout:
			require.FailNow(s.t, "timeout", "no line with %q", text)
		}
	}
}

// enter enters a command and waits for a line that contains text.
func (s *process) enter(command, text string) {
	s.t.Helper()
	_, err := io.WriteString(s.stdin, command+"\n")
	require.NoError(s.t, err)
	s.waitForLine(text)
}

// get requests a site, like curl -H 'Host: …', and checks the response.
func (s *process) get(site string, code int, text string) {
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
	assert.Contains(s.t, string(body), text)
	for _, secret := range secrets {
		assert.NotContains(s.t, string(body), secret)
	}
}

func TestServeFollowsEachCommand(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := startProcess(t)
	s.get("mario.localhost", 200, "Welcome to mario.localhost!")

	s.enter(`suspend mario billing public="Back soon." message="Please pay invoice 42."`, "mario is suspended: billing (account)")
	s.get("mario.localhost", 503, "Back soon.")
	s.get("pizza.localhost", 503, "Back soon.")
	s.get("luigi.localhost", 200, "Welcome")
	s.enter("sign-in mario wonderful-mushrooms", "mario signs in    no   suspended. Please pay invoice 42.")

	s.enter("suspend-site mario.localhost abuse", "mario.localhost is suspended: billing (account), abuse (domain)")
	s.enter("lift mario billing", "mario is active")
	s.get("mario.localhost", 503, "currently unavailable")
	s.get("pizza.localhost", 200, "Welcome")
	s.enter("activate-site mario.localhost", "mario.localhost is active")
	s.get("mario.localhost", 200, "Welcome")

	s.enter("suspend-subscription pizza.localhost", "the subscription of pizza.localhost is suspended: provider (subscription)")
	s.get("pizza.localhost", 503, "currently unavailable")
	s.get("mario.localhost", 200, "Welcome")
	s.enter("list", "pizza.localhost          suspended: provider (subscription)")

	s.enter("create peach bücher.localhost", "peach has bücher.localhost")
	s.get("xn--bcher-kva.localhost", 200, "Welcome to bücher.localhost!")
	s.enter("remove mario", "mario was removed, with mario.localhost, pizza.localhost")
	s.get("mario.localhost", 404, "There is no website here")

	require.NoError(t, s.stdin.Close())
	s.waitForLine("End of input. Still serving;")
	s.get("luigi.localhost", 200, "Welcome")
	s.stop()
	s.waitForLine("Stopping.")
	require.NoError(t, <-s.done)
}

func TestServeReportsErrorsAndContinues(t *testing.T) {
	s := startProcess(t)
	for _, c := range []struct{ command, output string }{
		{"dance", `error: unknown command "dance" (see help)`},
		{"suspend", "error: usage: suspend LOGIN [CAUSE] [TEXTS]"},
		{"suspend nobody", `error: clientele: account not found: "nobody"`},
		{"suspend mario Billing!", "error: clientele: invalid input: cause"},
		{"lift mario", "error: usage: lift LOGIN CAUSE…"},
		{"lift-site nobody.localhost abuse", `error: clientele: domain not found: "nobody.localhost"`},
		{`suspend mario public="no end`, "error: missing closing quotation mark"},
		{"create mario other.localhost", "error: clientele: login \"mario\" is already taken"},
		{"create wario mario.localhost", "error: clientele: subscription.domains[0] \"mario.localhost\" is already taken"},
		{"create wario bad_name.localhost", "error: clientele: invalid input: subscription.domains[0]"},
		{"visit [::1", "error: "},
		{"sign-in luigi haunted-mansion", "luigi signs in    no   wrong login or password"},
		{"sign-in luigi haunted-mansions", "luigi signs in    yes"},
		{"remove nobody", `error: clientele: account not found: "nobody"`},
		{"help", "TEXTS    public="},
		{"visit luigi.localhost", "luigi.localhost   200  Welcome to luigi.localhost!"},
		{"\t list  ", "luigi.localhost          active"},
		{"create wario password=quite-a-bit", "wario has wario.localhost"},
		{"create 3DPrint", "3dprint has 3DPrint.localhost"},
		{"create o'brien@example.ie shop.localhost", "o'brien@example.ie has shop.localhost"},
		{"suspend o'brien@example.ie", "o'brien@example.ie is suspended"},
	} {
		s.enter(c.command, c.output)
	}
	s.enter("\n# a comment\nquit", "Stopping.")
	require.NoError(t, <-s.done)
}

// A line that is too long ends the input with an error, but the sites are still served.
func TestReadErrorsAreReported(t *testing.T) {
	s := startProcess(t)
	go func() { _, _ = io.WriteString(s.stdin, strings.Repeat("x", bufio.MaxScanTokenSize)+"\n") }() // blocks until the end of the test
	s.waitForLine("End of input (bufio.Scanner: token too long). Still serving;")
	s.get("luigi.localhost", 200, "Welcome")
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
