package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

// chromium starts one browser for all tests of the package; TestMain ends it.
var chromium = sync.OnceValues(func() (context.Context, func()) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("lang", "en-GB"),
	)
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	browser, stopBrowser := chromedp.NewContext(allocator)
	return browser, func() { stopBrowser(); stopAllocator() }
})

var started sync.Once

func TestMain(m *testing.M) {
	code := m.Run()
	ran := true
	started.Do(func() { ran = false })
	if ran {
		_, stop := chromium()
		stop()
	}
	os.Exit(code)
}

// needChromium skips a test where there is no browser, unless the environment says that there must be one.
func needChromium(t *testing.T) {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if _, err := exec.LookPath(name); err == nil {
			return
		}
	}
	if os.Getenv("CLIENTELE_REQUIRE_BROWSER") != "" {
		t.Fatal("CLIENTELE_REQUIRE_BROWSER is set, but there is no chromium")
	}
	t.Skip("chromium is not installed: the pages were not tried in a browser")
}

// world is a host that is up, and a browser in front of it.
type world struct {
	t      *testing.T
	host   *host
	server *httptest.Server
	log    *bytes.Buffer
}

const operatorPassword = "correct horse battery"

func newWorld(t *testing.T, store accounts.Store) *world {
	t.Helper()
	needChromium(t)
	if store == nil {
		store = memory.New()
	}
	w := &world{t: t, log: &bytes.Buffer{}}
	h, err := newHost(t.Context(), store, settings{host: "localhost", operator: "anna", password: operatorPassword}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	w.host = h
	w.server = httptest.NewServer(h.handler)
	t.Cleanup(w.server.Close)
	return w
}

// at answers an address of the panel.
func (w *world) at(path string) string { return "http://localhost:" + w.port() + path }

func (w *world) port() string {
	u, err := url.Parse(w.server.URL)
	require.NoError(w.t, err)
	_, port, err := net.SplitHostPort(u.Host)
	require.NoError(w.t, err)
	return port
}

// tab is one browser of its own: it shares no cookie with another.
type tab struct {
	*world
	ctx context.Context
}

func (w *world) tab() *tab {
	w.t.Helper()
	started.Do(func() {})
	parent, _ := chromium()
	require.NoError(w.t, chromedp.Do(parent))
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	w.t.Cleanup(cancel)
	require.NoError(w.t, chromedp.Do(ctx))
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	w.t.Cleanup(stop)
	b := &tab{world: w, ctx: ctx}
	b.do(chromedp.EmulateViewport(1280, 860))
	return b
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		require.NoError(b.t, err, b.text())
	}
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.at(path)))
}

// next does something that leads to the next page, and waits for that.
func (b *tab) next(action chromedp.Action[chromedp.Void], what string) {
	b.t.Helper()
	patience, stop := context.WithTimeout(b.ctx, 15*time.Second)
	defer stop()
	if _, err := chromedp.RunResponse(patience, action); err != nil {
		require.NoError(b.t, err, "%s\n%s", what, b.text())
	}
}

// submit presses what a CSS selector finds and waits for the next page.
func (b *tab) submit(selector chromedp.CSS) {
	b.t.Helper()
	b.next(chromedp.Click(selector), string(selector))
}

func named(name string) chromedp.CSS { return chromedp.CSS(fmt.Sprintf(`main [name=%q]`, name)) }

func (b *tab) fill(name, value string) {
	b.t.Helper()
	b.do(chromedp.SetValue(named(name), value))
}

// text answers what the page says.
func (b *tab) text() string {
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		return err.Error()
	}
	return text
}

func (b *tab) path() string {
	b.t.Helper()
	where, err := chromedp.Run(b.ctx, chromedp.Location())
	require.NoError(b.t, err)
	return strings.TrimPrefix(where, b.at(""))
}

func (b *tab) signInOperator() {
	b.t.Helper()
	b.open("/operator")
	b.fill("login", "anna")
	b.fill("password", operatorPassword)
	b.submit("main form button[type=submit]")
	require.Equal(b.t, "/customers", b.path(), b.text())
}

func (b *tab) signIn(login, password string) {
	b.t.Helper()
	b.open("/signin")
	b.fill("login", login)
	b.fill("password", password)
	b.submit("main form button[type=submit]")
}

// wears makes the browser prefer light or dark.
func (b *tab) wears(scheme string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	require.NoError(b.t, err)
}

func (b *tab) screenshot() []byte {
	b.t.Helper()
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	return shot
}
