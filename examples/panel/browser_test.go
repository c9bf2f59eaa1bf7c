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

// requireVariable makes browser tests fail, not skip, where there is no browser, when it is "1".
const requireVariable = "CLIENTELE_REQUIRE_BROWSER"

// patience is how long a test waits for what must happen. It is far more than a slow machine needs.
const patience = 30 * time.Second

// chromium is the one browser of all tests. The first that needs it starts it, and TestMain ends it.
var chromium struct {
	once sync.Once
	ctx  context.Context // nil: it was not started
	end  func() error
	err  error
}

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	code := m.Run()
	if chromium.ctx != nil {
		if err := chromium.end(); err != nil { // so that no process outlives the tests
			fmt.Fprintln(os.Stderr, "the browser did not end:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// browser answers the browser. A test is skipped where there is none, unless the environment says that there must be one.
func browser(t testing.TB) context.Context {
	t.Helper()
	chromium.once.Do(startChromium)
	switch {
	case errors.Is(chromium.err, exec.ErrNotFound) && os.Getenv(requireVariable) != "1":
		t.Skip("chromium is not installed, so the pages were not tried in a browser: make deps")
	case chromium.err != nil:
		t.Fatalf("chromium: %v", chromium.err)
	}
	return chromium.ctx
}

func startChromium() {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(2*time.Minute), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-GB"),
		chromedp.Flag("renderer-process-limit", "1"), // starting one for each page takes longer than many a page
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	if chromium.err = chromedp.Do(ctx); chromium.err != nil {
		cancel()
		stop()
		return
	}
	process := chromedp.FromContext(ctx).Browser.Process()
	chromium.ctx, chromium.end = ctx, func() error {
		deadline, release := context.WithTimeout(ctx, patience)
		defer release()
		err := chromedp.Cancel(deadline)
		stop()
		if process.Signal(syscall.Signal(0)) == nil {
			return errors.Join(err, fmt.Errorf("process %d is still there", process.Pid))
		}
		return nil // however it ended
	}
}

// tab is one browser window with cookies of its own, in front of a scene.
type tab struct {
	*scene
	ctx context.Context
}

// tab opens one, as the world of the scene has it.
func (s *scene) tab() *tab {
	s.t.Helper()
	ctx, cancel := chromedp.NewContext(browser(s.t), chromedp.WithNewBrowserContext())
	s.t.Cleanup(cancel)
	require.NoError(s.t, chromedp.Do(ctx))
	b := &tab{scene: s, ctx: ctx}
	command(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	if s.italian {
		command(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": "it"}})
	}
	if s.scriptless {
		command(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	width := int64(1280)
	if s.phone {
		width = 390
	}
	b.widen(width)
	b.wear("light")
	return b
}

// do runs an action that ends by itself, and fails the test if it takes too long.
func do[T any](b *tab, action chromedp.Action[T], what string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	got, err := chromedp.Run(ctx, action)
	if err != nil {
		b.fail(what, err)
	}
	return got
}

// evaluate answers the value of a JavaScript expression. It does so too where the page's own scripts are switched off.
func evaluate[T any](b *tab, expression string) T {
	b.t.Helper()
	return do(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise), expression)
}

// fail ends the test with what the page says.
func (b *tab) fail(what string, err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	said, readErr := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	if readErr != nil {
		said = readErr.Error()
	}
	require.FailNow(b.t, what, "%v\n%s", err, said)
}

// widen makes the window so many pixels wide.
func (b *tab) widen(width int64) {
	b.t.Helper()
	do(b, chromedp.EmulateViewport(width, 860), "a width")
}

// wear makes the browser prefer light or dark. Nothing moves, so that what is looked at stands still.
func (b *tab) wear(scheme string) {
	b.t.Helper()
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// open goes to a page of the panel.
func (b *tab) open(path string) {
	b.t.Helper()
	b.visit("localhost", path)
}

// visit goes to a page of any of the host's sites, and answers its status and what it says.
func (b *tab) visit(name, path string) (status int64, text string) {
	b.t.Helper()
	got := do(b, chromedp.NavigateResponse("http://"+name+":"+b.port()+path), "going to "+name+path)
	b.fits()
	return got.Status, b.text()
}

// next does what leads to another page, and waits until that is there.
func (b *tab) next(action chromedp.Action[chromedp.Void], what string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, action); err != nil {
		b.fail(what, err)
	}
	b.fits()
}

// fits checks on a phone that nothing reaches beyond the screen.
func (b *tab) fits() {
	b.t.Helper()
	if b.phone {
		b.fitsIn(390)
	}
}

func (b *tab) fitsIn(width int) {
	b.t.Helper()
	beyond := evaluate[string](b, `document.documentElement.scrollWidth > `+fmt.Sprint(width)+` ? [...document.querySelectorAll("*")]
		.filter(e => e.getBoundingClientRect().right > `+fmt.Sprint(width)+`).map(e => e.outerHTML.slice(0, 200)).join("\n") + " " : ""`)
	require.Empty(b.t, beyond, "wider than %d pixels: %s", width, b.path())
}

// finder is JavaScript that answers whatever can be seen and pressed, by what it says.
const finder = `(says => [...document.querySelectorAll("a, button")].filter(e => e.innerText?.trim() === says && e.checkVisibility() && !e.disabled))`

// press presses the one link or button that says this, and waits for the next page.
func (b *tab) press(words string) {
	b.t.Helper()
	b.next(b.clicking(b.saying(words)), "pressing "+words)
}

// click presses the one link or button that says this, and stays on the page.
func (b *tab) click(words string) {
	b.t.Helper()
	do(b, b.clicking(b.saying(words)), "clicking "+words)
}

// pick presses what a CSS selector finds, and stays on the page.
func (b *tab) pick(selector string) {
	b.t.Helper()
	do(b, b.clicking(one(selector)), "picking "+selector)
}

// follow follows the link to a path, and waits for the next page.
func (b *tab) follow(path string) {
	b.t.Helper()
	b.next(b.clicking(one(fmt.Sprintf("a[href=%q]", path))), "following "+path)
}

// saying answers an expression for the one link or button that says this.
func (b *tab) saying(words string) string { return finder + "(" + quote(b.in(words)) + ")" }

// one answers an expression for the one element that a selector finds.
func one(selector string) string { return "[...document.querySelectorAll(" + quote(selector) + ")]" }

// clicking clicks with the mouse on the one element that an expression answers, once it is there and nothing covers it.
func (b *tab) clicking(elements string) chromedp.Action[chromedp.Void] {
	where := `(all => {
		if (all.length !== 1) return [];
		all[0].scrollIntoView({block: "center", behavior: "instant"});
		const box = all[0].getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
		const hit = document.elementFromPoint(x, y);
		return hit && (all[0].contains(hit) || hit.contains(all[0])) ? [x, y] : [];
	})(` + elements + `)`
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		at, err := until(ctx, target, where, func(at []float64) bool { return len(at) == 2 })
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

// until evaluates an expression again and again until its value is good. A page that is just being left has none.
func until[T any](ctx context.Context, target *chromedp.Target, expression string, good func(T) bool) (T, error) {
	var got T
	var err error
	for ctx.Err() == nil {
		if got, err = chromedp.Evaluate[T](expression)(ctx, target); err == nil && good(got) {
			return got, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	return got, fmt.Errorf("in vain: %s: %w", expression, errors.Join(ctx.Err(), err))
}

// fill types a value into an input by its name, in place of what is there.
func (b *tab) fill(name, value string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`(() => { const at = document.querySelector(%s); if (!at) return false; at.focus(); at.select?.(); return true; })()`, quote(named(name))))
	command(b, input.InsertText, input.InsertTextParams{Text: value})
}

// choose sets a choice, a date or a box by its name to a value.
func (b *tab) choose(name, value string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`(() => {
		const all = [...document.querySelectorAll(%s)], wanted = %s;
		const at = all.find(e => !["radio", "checkbox"].includes(e.type) || e.value === wanted);
		if (!at) return false;
		if ("checked" in at && at.type !== "date") at.click(); else at.value = wanted;
		at.dispatchEvent(new Event("input", {bubbles: true}));
		return at.value === wanted;
	})()`, quote(named(name)), quote(value)))
}

func named(name string) string { return fmt.Sprintf("main [name=%q]", name) }

// value answers what an input has in it.
func (b *tab) value(name string) string {
	b.t.Helper()
	return evaluate[string](b, "document.querySelector("+quote(named(name))+").value")
}

// text answers what the page says.
func (b *tab) text() string {
	b.t.Helper()
	return evaluate[string](b, "document.body.innerText")
}

// says checks that the page says something of the panel's own, in the language of the world.
func (b *tab) says(english ...string) {
	b.t.Helper()
	for _, words := range english {
		b.reads(b.in(words))
	}
}

// reads checks that some text is on the page, just as it is.
func (b *tab) reads(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		require.Contains(b.t, b.text(), text, b.path())
	}
}

func (b *tab) readsNot(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		require.NotContains(b.t, b.text(), text, b.path())
	}
}

// path answers where the tab is.
func (b *tab) path() string {
	b.t.Helper()
	return strings.TrimPrefix(evaluate[string](b, "location.href"), "http://localhost:"+b.port())
}

// back goes back in the browser's history, by as many pages.
func (b *tab) back(pages int) {
	b.t.Helper()
	at := do(b, chromedp.NavigationEntries(), "the history")
	to := at.Entries[int(at.CurrentIndex)-pages]
	command(b, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: to.ID})
	b.wait(`document.readyState === "complete" && location.href === ` + quote(to.URL)) // a page that was kept does not load again
}

// command sends the browser a command of its protocol.
func command[P, R any](b *tab, to cdp.Command[P, R], params P) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, to, params)
	require.NoError(b.t, err, to.Method)
}

// quote answers a JavaScript string.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // a string has always one
	return string(quoted)
}
