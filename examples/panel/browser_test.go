package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// envRequireBrowser is an environment variable. If it is "1", the browser tests fail instead of being skipped if there is
// no browser.
const envRequireBrowser = "CLIENTELE_REQUIRE_BROWSER"

// testTimeout is how long a test waits for something to happen, far longer than it takes on a slow machine.
const testTimeout = 30 * time.Second

// chromium is the browser for all tests. The first test that needs it starts it, and TestMain stops it.
var chromium struct {
	once sync.Once
	ctx  context.Context // nil if it was not started
	stop func() error
	err  error
}

func TestMain(m *testing.M) {
	if os.Getenv(envRunMain) != "" {
		main()
		return
	}
	code := m.Run()
	if chromium.ctx != nil {
		if err := chromium.stop(); err != nil { // so that no process is left after the tests
			fmt.Fprintln(os.Stderr, "stopping the browser failed:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// browser returns the context of the browser. It skips the test if there is no browser, unless envRequireBrowser is set.
func browser(t testing.TB) context.Context {
	t.Helper()
	chromium.once.Do(startChromium)
	switch {
	case errors.Is(chromium.err, exec.ErrNotFound) && os.Getenv(envRequireBrowser) != "1":
		t.Skip("chromium is not installed (see make deps)")
	case chromium.err != nil:
		t.Fatalf("chromium: %v", chromium.err)
	}
	return chromium.ctx
}

func startChromium() {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(2*time.Minute), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-GB"),
		chromedp.Flag("renderer-process-limit", "1"), // starting a renderer for each page is slower than most pages
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	if chromium.err = chromedp.Do(ctx); chromium.err != nil {
		cancel()
		stop()
		return
	}
	process := chromedp.FromContext(ctx).Browser.Process()
	chromium.ctx, chromium.stop = ctx, func() error {
		stopCtx, release := context.WithTimeout(ctx, testTimeout)
		defer release()
		err := chromedp.Cancel(stopCtx)
		stop()
		if process.Signal(syscall.Signal(0)) == nil {
			return errors.Join(err, fmt.Errorf("process %d is still running", process.Pid))
		}
		return nil // the process has ended, so err does not matter
	}
}

// tab is a browser window with separate cookies.
type tab struct {
	*env
	ctx context.Context
}

// tab opens a tab that is configured as the setup says.
func (s *env) tab() *tab {
	s.t.Helper()
	ctx, cancel := chromedp.NewContext(browser(s.t), chromedp.WithNewBrowserContext())
	s.t.Cleanup(cancel)
	require.NoError(s.t, chromedp.Do(ctx))
	b := &tab{env: s, ctx: ctx}
	command(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	if s.italian {
		command(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": "it"}})
	}
	if s.noScript {
		command(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	width := int64(1280)
	if s.phone {
		width = 390
	}
	b.setWidth(width)
	b.setColourScheme("light")
	return b
}

// do runs an action and fails the test if it takes longer than testTimeout.
func do[T any](b *tab, action chromedp.Action[T], what string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, testTimeout)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		b.fail(what, err)
	}
	return result
}

// evaluate returns the value of a JavaScript expression. It works even if JavaScript is disabled for the page.
func evaluate[T any](b *tab, expression string) T {
	b.t.Helper()
	return do(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise), expression)
}

// fail stops the test with the text of the page.
func (b *tab) fail(what string, err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, testTimeout)
	defer cancel()
	text, readErr := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	if readErr != nil {
		text = readErr.Error()
	}
	require.FailNow(b.t, what, "%v\n%s", err, text)
}

// setWidth sets the width of the window in pixels.
func (b *tab) setWidth(width int64) {
	b.t.Helper()
	do(b, chromedp.EmulateViewport(width, 860), "setting the width")
}

// setColourScheme sets the preferred colour scheme, light or dark. It disables animations, so that pages are stable.
func (b *tab) setColourScheme(scheme string) {
	b.t.Helper()
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// open opens a page of the panel.
func (b *tab) open(path string) {
	b.t.Helper()
	b.visit("localhost", path)
}

// visit opens a page of any host name, and returns its status and text.
func (b *tab) visit(name, path string) (status int64, text string) {
	b.t.Helper()
	resp := do(b, chromedp.NavigateResponse("http://"+name+":"+b.port()+path), "opening "+name+path)
	b.checkWidth()
	return resp.Status, b.text()
}

// navigate runs an action that leads to another page, and waits until that is loaded.
func (b *tab) navigate(action chromedp.Action[chromedp.Void], what string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, testTimeout)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, action); err != nil {
		b.fail(what, err)
	}
	b.checkWidth()
}

// checkWidth checks on a phone that the page is not wider than the screen.
func (b *tab) checkWidth() {
	b.t.Helper()
	if b.phone {
		b.checkWidthAt(390)
	}
}

func (b *tab) checkWidthAt(width int) {
	b.t.Helper()
	overflowing := evaluate[string](b, `document.documentElement.scrollWidth > `+fmt.Sprint(width)+` ? [...document.querySelectorAll("*")]
		.filter(e => e.getBoundingClientRect().right > `+fmt.Sprint(width)+`).map(e => e.outerHTML.slice(0, 200)).join("\n") + " " : ""`)
	require.Empty(b.t, overflowing, "wider than %d pixels: %s", width, b.path())
}

// findByText is a JavaScript function that returns the visible and enabled links and buttons with a text.
const findByText = `(text => [...document.querySelectorAll("a, button")].filter(e => e.innerText?.trim() === text && e.checkVisibility() && !e.disabled))`

// press clicks the only link or button with a text, and waits for the next page.
func (b *tab) press(text string) {
	b.t.Helper()
	b.navigate(b.clickOn(b.byText(text)), "pressing "+text)
}

// click clicks the only link or button with a text, and stays on the page.
func (b *tab) click(text string) {
	b.t.Helper()
	do(b, b.clickOn(b.byText(text)), "clicking "+text)
}

// pick clicks the only element that matches a CSS selector, and stays on the page.
func (b *tab) pick(selector string) {
	b.t.Helper()
	do(b, b.clickOn(bySelector(selector)), "picking "+selector)
}

// follow clicks the only link to a path, and waits for the next page.
func (b *tab) follow(path string) {
	b.t.Helper()
	b.navigate(b.clickOn(bySelector(fmt.Sprintf("a[href=%q]", path))), "following "+path)
}

// byText returns an expression for the links and buttons with a text.
func (b *tab) byText(text string) string { return findByText + "(" + quote(b.translate(text)) + ")" }

// bySelector returns an expression for the elements that match a selector.
func bySelector(selector string) string {
	return "[...document.querySelectorAll(" + quote(selector) + ")]"
}

// clickOn returns an action that clicks with the mouse on the only element of an expression, once it exists and nothing
// covers it.
func (b *tab) clickOn(elements string) chromedp.Action[chromedp.Void] {
	position := `(all => {
		if (all.length !== 1) return [];
		all[0].scrollIntoView({block: "center", behavior: "instant"});
		const box = all[0].getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
		const hit = document.elementFromPoint(x, y);
		return hit && (all[0].contains(hit) || hit.contains(all[0])) ? [x, y] : [];
	})(` + elements + `)`
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		at, err := until(ctx, target, position, func(at []float64) bool { return len(at) == 2 })
		if err != nil {
			return chromedp.Void{}, err
		}
		return chromedp.MouseClickXY(at[0], at[1])(ctx, target)
	}
}

// wait waits until a JavaScript expression is true.
func (b *tab) wait(expression string) {
	b.t.Helper()
	do(b, func(ctx context.Context, target *chromedp.Target) (bool, error) {
		return until(ctx, target, expression, func(is bool) bool { return is })
	}, "waiting for "+expression)
}

// until evaluates an expression repeatedly until its value is good. It ignores errors, which occur during navigation.
func until[T any](ctx context.Context, target *chromedp.Target, expression string, good func(T) bool) (T, error) {
	var value T
	var err error
	for ctx.Err() == nil {
		if value, err = chromedp.Evaluate[T](expression)(ctx, target); err == nil && good(value) {
			return value, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	return value, fmt.Errorf("timeout: %s: %w", expression, errors.Join(ctx.Err(), err))
}

// fill replaces the value of the input with the given name, as if typed.
func (b *tab) fill(name, value string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`(() => { const at = document.querySelector(%s); if (!at) return false; at.focus(); at.select?.(); return true; })()`, quote(byName(name))))
	command(b, input.InsertText, input.InsertTextParams{Text: value})
}

// choose sets the select, date, radio button or checkbox with the given name to a value.
func (b *tab) choose(name, value string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`(() => {
		const all = [...document.querySelectorAll(%s)], wanted = %s;
		const at = all.find(e => !["radio", "checkbox"].includes(e.type) || e.value === wanted);
		if (!at) return false;
		if ("checked" in at && at.type !== "date") at.click(); else at.value = wanted;
		at.dispatchEvent(new Event("input", {bubbles: true}));
		return at.value === wanted;
	})()`, quote(byName(name)), quote(value)))
}

// byName returns a selector for the elements with a name.
func byName(name string) string { return fmt.Sprintf("main [name=%q]", name) }

// value returns the value of the input with the given name.
func (b *tab) value(name string) string {
	b.t.Helper()
	return evaluate[string](b, "document.querySelector("+quote(byName(name))+").value")
}

// text returns the text of the page.
func (b *tab) text() string {
	b.t.Helper()
	return evaluate[string](b, "document.body.innerText")
}

// says checks that the page contains texts of the panel, in the language of the setup.
func (b *tab) says(english ...string) {
	b.t.Helper()
	for _, text := range english {
		b.reads(b.translate(text))
	}
}

// reads checks that the page contains the given texts, which are not translated.
func (b *tab) reads(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		require.Contains(b.t, b.text(), text, b.path())
	}
}

// readsNot checks that the page contains none of the texts.
func (b *tab) readsNot(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		require.NotContains(b.t, b.text(), text, b.path())
	}
}

// path returns the path and query of the current page of the panel.
func (b *tab) path() string {
	b.t.Helper()
	return strings.TrimPrefix(evaluate[string](b, "location.href"), "http://localhost:"+b.port())
}

// back goes back in the browser's history by the given number of pages.
func (b *tab) back(pages int) {
	b.t.Helper()
	history := do(b, chromedp.NavigationEntries(), "reading the history")
	entry := history.Entries[int(history.CurrentIndex)-pages]
	command(b, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: entry.ID})
	b.wait(`document.readyState === "complete" && location.href === ` + quote(entry.URL)) // a page from the back-forward cache is not loaded again
}

// command sends a DevTools protocol command to the browser.
func command[P, R any](b *tab, method cdp.Command[P, R], params P) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, testTimeout)
	defer cancel()
	_, err := chromedp.Call(ctx, method, params)
	require.NoError(b.t, err, method.Method)
}

// quote returns text as a JavaScript string.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // marshaling a string cannot fail
	return string(quoted)
}
