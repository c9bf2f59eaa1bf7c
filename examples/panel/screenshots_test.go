package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The screenshots in the README are made with: go test ./examples/panel -run TestScreenshots -screenshots screenshots
var screenshots = flag.String("screenshots", "", "write the screenshots of the panel to `folder`, relative to this one")

// maxScreenshotBytes limits the size of a screenshot, because they are kept in the repository.
const maxScreenshotBytes = 200_000

func TestScreenshots(t *testing.T) {
	folder := *screenshots
	if folder == "" {
		folder = t.TempDir()
	}
	require.NoError(t, os.MkdirAll(folder, 0o755))
	s := newEnv(t, setup{})
	operator, owner, visitor := s.operator(), s.customer("mario"), s.tab()
	for _, scheme := range []string{"light", "dark"} {
		take := func(b *tab, name string) {
			t.Helper()
			evaluate[any](b, `document.activeElement.blur(), window.scrollTo(0, 0)`)
			shot := do(b, chromedp.CaptureScreenshot(), name)
			require.Greater(t, len(shot), 5_000, name)
			require.Less(t, len(shot), maxScreenshotBytes, name)
			require.NoError(t, os.WriteFile(filepath.Join(folder, name+"-"+scheme+".png"), shot, 0o644))
		}
		for _, b := range []*tab{operator, owner, visitor} {
			b.setColourScheme(scheme)
		}
		operator.open("/customers")
		operator.tick(s.id("jmueller"))
		operator.tick(s.id("oliver"))
		take(operator, "list")
		operator.open("/customers/new")
		operator.fill("contact.name", "Paola Verdi")
		operator.fill("contact.company", "Verdi Fiori")
		operator.fill("contact.email", "paola@verdifiori.example")
		operator.fill("contact.phone", "+39 055 555 0168")
		operator.fill("contact.address", "Via dei Servi 8")
		operator.fill("contact.postalCode", "50122")
		operator.fill("contact.city", "Firenze")
		operator.choose("contact.country", "IT")
		operator.fill("login", "paola")
		operator.choose("subscription.plan", "Pro")
		operator.fill("subscription.domains[0]", "verdifiori.example")
		operator.fill("additionalInfo", "Anna looks after you: +39 055 555 0100.")
		operator.click("Generate")
		take(operator, "add")
		operator.open(fmt.Sprintf("/customers/%d", s.id("mario")))
		take(operator, "customer")
		operator.open(fmt.Sprintf("/customers/remove?id=%d", s.id("mario")))
		operator.fill("number", "4")
		take(operator, "removal")
		owner.open("/account")
		take(owner, "own")
		visitor.visit("pizza-rossi.localhost", "/")
		take(visitor, "suspended")
	}
}
