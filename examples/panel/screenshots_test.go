package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

// The pictures of the README are made by: go test ./examples/panel -run TestScreenshots -screenshots screenshots
var screenshots = flag.String("screenshots", "", "the folder, from this one, to write the pictures of the panel to")

func TestScreenshots(t *testing.T) {
	folder := *screenshots
	if folder == "" {
		folder = t.TempDir()
	}
	require.NoError(t, os.MkdirAll(folder, 0o755))
	w := newWorld(t, nil)
	mario, err := w.host.clients.GetByLogin(t.Context(), "mario")
	require.NoError(t, err)
	_, err = w.host.clients.Suspend(accounts.WithActor(t.Context(), "anna"), idsOf(t, w, "chloe"), accounts.Hold{
		Cause: accounts.CauseProvider, Public: "This site is being moved. It will be back tomorrow.",
	})
	require.NoError(t, err)

	operator, owner, visitor := w.tab(), w.tab(), w.tab()
	operator.signInOperator()
	owner.signIn("mario", w.host.demo)
	for _, scheme := range []string{"light", "dark"} {
		take := func(b *tab, name string, actions ...chromedp.Action[chromedp.Void]) {
			b.wears(scheme)
			b.do(actions...)
			b.do(chromedp.Evaluate[chromedp.Void](`window.scrollTo(0, 0); document.activeElement.blur()`))
			shot := b.screenshot()
			require.Greater(t, len(shot), 5_000, name)
			require.NoError(t, os.WriteFile(filepath.Join(folder, name+"-"+scheme+".png"), shot, 0o644))
		}
		operator.open("/customers")
		take(operator, "list", chromedp.Click(chromedp.CSS("tbody tr:nth-child(3) input")), chromedp.Click(chromedp.CSS("tbody tr:nth-child(4) input")))
		operator.open("/customers/new")
		operator.fill("contact.name", "Paola Verdi")
		operator.fill("contact.company", "Verdi Fiori")
		operator.fill("contact.email", "paola@verdifiori.example")
		operator.fill("login", "paola")
		operator.fill("subscription.domains[0]", "verdifiori.example")
		take(operator, "add", chromedp.Click(chromedp.CSS("[data-generate]")))
		operator.open(fmt.Sprintf("/customers/%d", mario.ID))
		take(operator, "customer")
		operator.open(fmt.Sprintf("/customers/remove?id=%d", mario.ID))
		take(operator, "removal")
		owner.open("/account")
		take(owner, "own")
		visitor.do(chromedp.Navigate("http://pizza-rossi.localhost:" + w.port()))
		take(visitor, "suspended")
	}
}

func idsOf(t *testing.T, w *world, logins ...string) []accounts.ID {
	t.Helper()
	var ids []accounts.ID
	for _, login := range logins {
		a, err := w.host.clients.GetByLogin(t.Context(), login)
		require.NoError(t, err)
		ids = append(ids, a.ID)
	}
	return ids
}
