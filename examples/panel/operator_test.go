package main

import (
	"fmt"
	"net/http"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// search searches a list: while typing, or with the button if there is no JavaScript.
func (b *tab) search(input, text string) {
	b.t.Helper()
	b.fill(input, text)
	if b.noScript {
		b.press("Search")
	}
}

// rows waits until a list has n rows.
func (b *tab) rows(n int) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`document.querySelectorAll("#list tbody tr").length === %d && !document.querySelector(".htmx-request")`, n))
}

// top returns the name in the first row of a list.
func (b *tab) top() string {
	b.t.Helper()
	return evaluate[string](b, `document.querySelector("#list tbody th").innerText`)
}

// narrow sets a filter of a list.
func (b *tab) narrow(filter, value string) {
	b.t.Helper()
	b.choose(filter, value)
	if b.noScript {
		b.press("Search")
	}
}

// tick selects a row of a list.
func (b *tab) tick(id accounts.ID) {
	b.t.Helper()
	b.pick(fmt.Sprintf("#list input[name=id][value='%d']", id))
}

func findCustomers(s *env) {
	operator := s.operator()
	operator.says("80 customers")
	operator.rows(50)
	require.Equal(s.t, "Mario Rossi", operator.top(), "the newest come first")

	operator.search("q", "MÜLLER-söhne")
	operator.rows(1)
	operator.reads("jmueller")
	operator.says("1 customer")
	if !s.noScript {
		operator.wait(`document.getElementById("live").textContent === ` + quote(s.translate("1 customer")))
		operator.wait(`new URLSearchParams(location.search).get("q") === "MÜLLER-söhne"`)
	}
	operator.search("q", "nobody at all")
	operator.wait(`document.querySelector("#list .empty") !== null`)
	operator.says("No matching customers")
	operator.press("Clear search and filters")
	operator.rows(50)

	operator.narrow("status", "suspended")
	operator.rows(4)
	operator.narrow("cause", "abuse")
	operator.rows(1)
	operator.reads("Pavel Novák")
	operator.open("/customers")
	operator.narrow("country", "DE")
	operator.rows(1)
	operator.reads("Jürgen Müller")

	operator.open("/customers")
	operator.follow("/customers?dir=asc&sort=name")
	require.Equal(s.t, "Alice Fontana", operator.top())
	operator.follow("/customers?dir=desc&sort=name")
	require.Equal(s.t, "Élise Moreau", operator.top())
	operator.press("Next →")
	operator.rows(30)
	operator.press("← Previous")
	require.Equal(s.t, "Élise Moreau", operator.top())
}

func suspendAndActivate(s *env) {
	operator, mario, visitor := s.operator(), s.customer("mario"), s.tab()
	status, _ := visitor.visit("mario.localhost", "/")
	require.EqualValues(s.t, http.StatusOK, status)

	operator.search("q", "rossi pizza")
	operator.rows(1)
	operator.tick(s.id("mario"))
	operator.press("Suspend")
	operator.reads("Mario Rossi (mario)")
	operator.choose("hold", "billing")
	operator.fill("note", "Reminded twice.")
	operator.fill("message", "Please pay your invoice.")
	operator.fill("public", "We will be back soon.")
	operator.press("Suspend")
	operator.says("1 customer suspended.")
	operator.rows(1)
	operator.says("Suspended", "Billing")

	status, text := visitor.visit("mario.localhost", "/")
	require.EqualValues(s.t, http.StatusServiceUnavailable, status)
	visitor.reads("We will be back soon.")
	assert.NotContains(s.t, text, "Reminded twice.")
	assert.NotContains(s.t, text, "Please pay your invoice.")
	mario.open("/account")
	mario.says("Your session has ended. Please sign in again.")

	operator.open(fmt.Sprintf("/customers/%d", s.id("mario")))
	operator.says("Suspension details")
	operator.reads("Reminded twice.", "Please pay your invoice.", "We will be back soon.", operatorName)
	operator.press("Activate")
	operator.press("Activate")
	operator.says("1 customer activated.")
	status, _ = visitor.visit("mario.localhost", "/")
	require.EqualValues(s.t, http.StatusOK, status)
	mario.open("/account")
	mario.says("Sign in")
	mario.signIn("mario", s.app.demoPassword)
	require.Equal(s.t, "/account", mario.path())
}

func liftOneCause(s *env) {
	operator := s.operator()
	operator.open("/customers?q=luca")
	operator.tick(s.id("luca"))
	operator.press("Activate")
	operator.pick("input[name=lift][value=provider]")
	operator.press("Activate")
	operator.says("1 customer is still suspended because of another hold.")
	luca, err := s.app.clients.GetByLogin(s.t.Context(), "luca")
	require.NoError(s.t, err)
	require.Len(s.t, luca.Holds, 1)
	require.Equal(s.t, accounts.CauseProvider, luca.Holds[0].Cause)

	operator.tick(s.id("luca"))
	operator.press("Activate")
	operator.pick("input[name=lift][value=provider]")
	operator.press("Activate")
	operator.says("Select at least one cause.")
	operator.pick("input[name=lift][value=provider]")
	operator.press("Activate")
	operator.says("1 customer activated.")
}

func suspendAllMatching(s *env) {
	operator := s.operator()
	assert.True(s.t, evaluate[bool](operator, `document.querySelector(".bulk button").disabled`), "nothing is selected")
	operator.pick("[data-check-all]")
	operator.reads("50 selected")
	operator.press("Suspend")
	operator.says("Suspend 50 customers")
	operator.press("Cancel")

	operator.press("Select all on this page")
	operator.says("All on this page are selected")
	operator.press("Select none")

	operator.open("/customers?country=IT&status=active")
	operator.press("Select all results")
	all, err := s.app.clients.Count(s.t.Context(), accounts.Query{Country: "IT", Status: accounts.Active}, 0)
	require.NoError(s.t, err)
	operator.says(fmt.Sprintf("All %d results are selected", all))
	operator.press("Suspend")
	operator.says(fmt.Sprintf("Suspend %d customers", all))
	_, err = s.app.clients.Create(s.t.Context(), accounts.New{
		Login: "late", Password: "a long password", Contact: accounts.Contact{Name: "Late Comer", Country: "IT"},
	})
	require.NoError(s.t, err)
	operator.press("Suspend")
	operator.says("The results have changed in the meantime. Please check the selection and confirm again.", fmt.Sprintf("Suspend %d customers", all+1))
	operator.press("Suspend")
	operator.says(fmt.Sprintf("%d customers suspended.", all+1), "No matching customers")
}

func addCustomer(s *env) {
	operator := s.operator()
	operator.press("Add a customer")
	operator.fill("contact.name", "Paola Verdi")
	operator.fill("contact.company", "Verdi Fiori")
	operator.fill("login", "root")
	operator.fill("password", "short")
	operator.choose("subscription.plan", "Pro")
	operator.fill("subscription.domains[0]", "mario.localhost")
	operator.choose("contact.country", "IT")
	operator.fill("additionalInfo", "Your contact is Anna.\nCall her any time.")
	operator.press("Add customer")
	for _, input := range []string{"login", "password"} {
		require.True(s.t, evaluate[bool](operator, fmt.Sprintf(
			`(at => at.getAttribute("aria-invalid") === "true" && document.getElementById(at.getAttribute("aria-describedby")).innerText !== "")(document.querySelector(%s))`,
			quote(byName(input)))), "the error of %s", input)
	}
	require.Equal(s.t, "Verdi Fiori", operator.value("contact.company"))
	require.Equal(s.t, "Your contact is Anna.\nCall her any time.", operator.value("additionalInfo"))
	require.Equal(s.t, "IT", operator.value("contact.country"))
	require.Empty(s.t, operator.value("password"), "the password is never sent back")
	require.NotContains(s.t, evaluate[string](operator, "document.documentElement.outerHTML"), "short")

	operator.fill("login", "paola")
	var password string
	if s.noScript {
		password = evaluate[string](operator, `document.querySelector(".password code").innerText`)
		operator.fill("password", password)
	} else {
		operator.click("Generate")
		password = operator.value("password")
		operator.says("strong")
		operator.click("Hide")
		require.Equal(s.t, "password", evaluate[string](operator, `document.querySelector("main [name=password]").type`))
	}
	require.Len(s.t, password, 27)
	operator.press("Add customer")
	operator.reads("mario.localhost")
	require.Equal(s.t, "/customers/new", operator.path(), "the domain belongs to another customer")
	operator.fill("subscription.domains[0]", "fiori.localhost")
	operator.fill("password", password)
	operator.press("Add customer")
	operator.says("Paola Verdi was added.")
	operator.reads("fiori.localhost", "Verdi Fiori", "Call her any time.", "paola")

	status, _ := s.tab().visit("fiori.localhost", "/")
	require.EqualValues(s.t, http.StatusOK, status)
	paola := s.tab()
	paola.signIn("paola", password)
	require.Equal(s.t, "/account", paola.path(), paola.text())
	paola.reads("Call her any time.")
}

// domain returns the domain with the given name.
func (s *env) domain(name string) subscriptions.Domain {
	s.t.Helper()
	d, err := s.app.clients.Subscriptions().Domain(s.t.Context(), name)
	require.NoError(s.t, err)
	return d
}

func manageDomains(s *env) {
	operator := s.operator()
	first := s.domain("mario.localhost")
	shop := s.domain("shop-rossi.example").SubscriptionID
	operator.open(fmt.Sprintf("/subscriptions/%d", first.SubscriptionID))
	operator.fill("name", "not a name")
	operator.press("Add a domain")
	require.Equal(s.t, "not a name", operator.value("name"))
	require.Equal(s.t, 1, evaluate[int](operator, `document.querySelectorAll("[aria-invalid=true]").length`))
	operator.fill("name", "neu-münchen.localhost")
	operator.press("Add a domain")
	operator.says("neu-münchen.localhost was added.")

	added := s.domain("neu-münchen.localhost")
	page := fmt.Sprintf("/domains/%d", added.ID)
	operator.follow(page)
	operator.reads("xn--neu-mnchen-eeb.localhost")
	operator.fill("name", "altstadt.localhost")
	operator.press("Rename")
	operator.says("The domain was renamed to altstadt.localhost.")
	operator.press("Make main domain")
	operator.says("altstadt.localhost is now the main domain.")

	operator.press("Suspend")
	operator.choose("hold", "abuse")
	operator.press("Suspend")
	operator.says("1 domain suspended.", "Suspension details", "Abuse")
	visitor := s.tab()
	status, _ := visitor.visit("altstadt.localhost", "/")
	require.EqualValues(s.t, http.StatusServiceUnavailable, status)
	status, _ = visitor.visit("mario.localhost", "/")
	require.EqualValues(s.t, http.StatusOK, status, "only the other domain is suspended")

	operator.open(fmt.Sprintf("/domains/%d", first.ID))
	operator.press("Move")
	operator.choose("to", fmt.Sprint(shop))
	operator.press("Move")
	operator.says("mario.localhost was moved.")
	require.Equal(s.t, shop, s.domain("mario.localhost").SubscriptionID)

	operator.open(page)
	operator.press("Activate")
	operator.press("Activate")
	operator.says("1 domain activated.")
	operator.open(fmt.Sprintf("/domains/%d", first.ID))
	operator.press("Remove")
	operator.fill("number", "1")
	operator.press("Remove a domain")
	operator.says("1 domain removed.")
	status, _ = visitor.visit("mario.localhost", "/")
	require.EqualValues(s.t, http.StatusNotFound, status)

	operator.open(fmt.Sprintf("/customers/%d/history", s.id("mario")))
	operator.says("Domain added:", "Domain renamed:", "Main domain changed:", "Domain suspended:", "Domain moved:", "Domain activated:", "Domain removed:")
	operator.reads(operatorName)
}

func manageSubscriptions(s *env) {
	operator := s.operator()
	operator.press("Subscriptions")
	operator.narrow("expires", "30")
	operator.rows(2)
	operator.reads("Shop", "romano-outlet.example")
	operator.open("/subscriptions")
	operator.narrow("unassigned", "1")
	operator.rows(2)
	operator.pick("[data-check-all]")
	operator.press("Assign")
	operator.says("Assign 2 subscriptions")
	operator.search("find", "oliver")
	operator.wait(`document.querySelectorAll("#list input[name=to]").length === 2`)
	operator.choose("to", fmt.Sprint(s.id("oliver")))
	operator.press("Assign")
	operator.says("2 subscriptions assigned to Oliver Smith.", "No matching subscriptions")
	require.Equal(s.t, s.id("oliver"), s.domain("hosting.example").AccountID)

	operator.open(fmt.Sprintf("/subscriptions/%d", s.domain("hosting.example").SubscriptionID))
	operator.press("Edit")
	operator.choose("plan", "Basic")
	operator.choose("expiresAt", "2039-12-31")
	operator.press("Save")
	operator.says("Subscription updated.")
	operator.reads("Basic", "31 Dec 2039", "Oliver Smith")

	operator.open(fmt.Sprintf("/customers/%d", s.id("oliver")))
	operator.press("+ Add a subscription")
	operator.fill("domains[0]", "second.localhost")
	operator.press("Add subscription")
	operator.says("The subscription second.localhost was added.")
	status, _ := s.tab().visit("second.localhost", "/")
	require.EqualValues(s.t, http.StatusOK, status)
}

func editTogether(s *env) {
	first, second := s.operator(), s.operator()
	edit := fmt.Sprintf("/customers/%d/edit", s.id("mario"))
	first.open(edit)
	second.open(edit)
	first.fill("contact.phone", "+39 081 555 0199")
	first.press("Save")
	first.says("Customer updated.")

	second.fill("contact.phone", "+39 081 555 0100")
	second.fill("contact.city", "Pompei")
	second.press("Save")
	second.says("Someone else changed this")
	second.reads("+39 081 555 0199", "+39 081 555 0100", "Pompei")
	require.Equal(s.t, "+39 081 555 0100", second.value("contact.phone"), "the entered value is kept")
	second.fill("contact.phone", "+39 081 555 0199")
	second.press("Save my version")
	second.says("Customer updated.")
	second.reads("+39 081 555 0199", "Pompei")
}

func removeCustomer(s *env) {
	operator, mario, visitor := s.operator(), s.customer("mario"), s.tab()
	operator.open(fmt.Sprintf("/customers/%d", s.id("mario")))
	operator.press("Remove")
	operator.says("This cannot be undone.")
	operator.reads("Mario Rossi (mario)", "Shop", "mario.localhost", "pizza-rossi.localhost", "menu.mario.localhost", "shop-rossi.example")
	operator.fill("number", "3")
	operator.press("Remove a customer")
	operator.says("Enter 4, the number of domains to be deleted")
	status, _ := visitor.visit("mario.localhost", "/")
	require.EqualValues(s.t, http.StatusOK, status)
	operator.fill("number", "4")
	operator.press("Remove a customer")
	operator.says("1 customer removed.", "79 customers")

	for _, name := range []string{"mario.localhost", "pizza-rossi.localhost"} {
		status, _ = visitor.visit(name, "/")
		require.EqualValues(s.t, http.StatusNotFound, status, name)
	}
	mario.open("/account")
	mario.says("Your session has ended. Please sign in again.")
}

func giveLink(s *env) {
	operator, mario, elsewhere := s.operator(), s.tab(), s.customer("mario")
	page := fmt.Sprintf("/customers/%d", s.id("mario"))
	operator.open(page)
	operator.press("Create a password link")
	link := evaluate[string](operator, `document.querySelector(".secret input").value`)
	require.Contains(s.t, link, "http://localhost:"+s.port()+"/reset/")
	operator.open(page)
	require.Equal(s.t, 0, evaluate[int](operator, `document.querySelectorAll(".secret").length`), "it is shown once")

	path := link[len("http://localhost:"+s.port()):]
	mario.open(path)
	mario.fill("password", "my very new password")
	mario.fill("password2", "my other password")
	mario.press("Set password")
	mario.says("The passwords do not match")
	mario.fill("password", "my very new password")
	mario.fill("password2", "my very new password")
	mario.press("Set password")
	mario.says("Your new password has been set. Sign in with it now.")
	mario.signIn("mario", s.app.demoPassword)
	mario.says("Wrong username or password.")
	mario.signIn("mario", "my very new password")
	require.Equal(s.t, "/account", mario.path())
	elsewhere.open("/account")
	elsewhere.says("Your session has ended. Please sign in again.")

	mario.open(path)
	require.Equal(s.t, 0, evaluate[int](mario, `document.querySelectorAll("main input").length`), "a used link has no form")
	mario.says("This link has already been used or has expired. Please ask for a new one.")
}

func signInAsCustomer(s *env) {
	operator := s.operator()
	page := fmt.Sprintf("/customers/%d", s.id("luca"))
	operator.open(page)
	operator.press("Sign in as this customer")
	require.Equal(s.t, "/account", operator.path())
	operator.says("anna, you are signed in as Luca Ferrari.", "This customer is suspended.")
	operator.readsNot("Change password", "Waiting for the contract")
	status, _ := operator.visit("localhost", "/account/password")
	require.EqualValues(s.t, http.StatusForbidden, status)
	operator.says("Only the customer can do this")
	operator.press("Back to the operator pages")
	require.Equal(s.t, page, operator.path())
	operator.says("Operator signed in as the customer")
	operator.open("/account")
	operator.says("Sign in")
}

// keys presses keys, one after the other, on the focused element.
func (b *tab) keys(keys string) {
	b.t.Helper()
	do(b, chromedp.KeyEvent(keys), "keys")
}

// tabTo moves the focus with the Tab key until the focused element matches a selector.
func (b *tab) tabTo(selector string) {
	b.t.Helper()
	for range 100 {
		b.keys(kb.Tab)
		if evaluate[bool](b, "document.activeElement.matches("+quote(selector)+")") {
			b.wait(`getComputedStyle(document.activeElement).outlineStyle !== "none" || getComputedStyle(document.activeElement).boxShadow !== "none"`)
			return
		}
	}
	require.FailNow(b.t, "the Tab key does not reach the element", "%s\n%s", selector, b.text())
}

// enter presses a key on the focused element, and waits for the next page.
func (b *tab) enter(key string) {
	b.t.Helper()
	b.navigate(chromedp.KeyEvent(key), "pressing a key")
}

func keyboardOnly(s *env) {
	operator := s.tab()
	operator.open("/operator")
	operator.tabTo("[name=login]")
	operator.keys(operatorName)
	operator.tabTo("[name=password]")
	operator.keys(operatorPassword)
	operator.enter(kb.Enter)
	require.Equal(s.t, "/customers", operator.path())

	operator.keys(kb.Tab)
	require.Equal(s.t, "#main", evaluate[string](operator, `document.activeElement.getAttribute("href")`), "the first stop skips the navigation")
	operator.keys(kb.Enter)
	operator.tabTo("[name=q]")
	operator.keys("oliver")
	operator.rows(1)
	operator.tabTo("#list input[name=id]")
	operator.keys(" ")
	require.True(s.t, evaluate[bool](operator, "document.activeElement.checked"))
	do(operator, chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)), "back")
	operator.open("/customers?q=oliver&select=page")
	operator.tabTo("button[formaction$='/customers/suspend']")
	operator.enter(" ")
	operator.tabTo("[name=hold]")
	operator.keys(kb.ArrowDown)
	operator.tabTo("[name=public]")
	operator.keys("Back soon.")
	operator.tabTo("main button[type=submit]")
	operator.enter(kb.Enter)
	operator.says("1 customer suspended.")
	status, text := operator.visit("oliver.localhost", "/")
	require.EqualValues(s.t, http.StatusServiceUnavailable, status)
	require.Contains(s.t, text, "Back soon.")
}

// events returns the number of events.
func (s *env) events() int {
	s.t.Helper()
	n, q := 0, accounts.EventQuery{Limit: 500}
	for {
		page, err := s.app.clients.Events(s.t.Context(), q)
		require.NoError(s.t, err)
		if len(page.Items) == 0 {
			return n
		}
		n, q.After = n+len(page.Items), page.Next
	}
}

func reloadAndBack(s *env) {
	operator := s.operator()
	page := fmt.Sprintf("/customers/%d", s.id("oliver"))
	operator.open(page)
	operator.press("Suspend")
	operator.press("Suspend")
	operator.says("1 customer suspended.")
	events := s.events()
	do(operator, chromedp.Reload(), "reloading")
	require.Equal(s.t, page, operator.path())
	require.Equal(s.t, events, s.events(), "after a reload")
	operator.back(1)
	require.Contains(s.t, operator.path(), "/customers/suspend?")
	require.Equal(s.t, events, s.events(), "after going back")
	do(operator, chromedp.Reload(), "reloading")
	require.Equal(s.t, events, s.events(), "after reloading the form")

	operator.press("Suspend")
	operator.says("1 customer was already suspended.")
	require.Equal(s.t, events, s.events(), "after sending the form again")
}
