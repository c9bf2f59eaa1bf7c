package panel

import (
	"net/http"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// assignmentPage is the data of the page on which subscriptions are assigned to a customer, who is searched for there.
type assignmentPage struct {
	Selection selection
	Form      form
	Find      string
	Found     []accounts.Summary
	More      bool // more customers match than Found has
}

// maxFound is how many results a search on a form shows.
const maxFound = 20

func (r *request) assignPage() error {
	s, err := r.selectSubscriptions()
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return r.nothingSelected(s)
	}
	return r.renderAssign(http.StatusOK, s, form{})
}

func (r *request) renderAssign(status int, s selection, f form) error {
	find := strings.TrimSpace(r.req.Form.Get("find"))
	found, err := r.clients.List(r.req.Context(), accounts.Query{Search: find, Sort: accounts.SortName, Limit: maxFound})
	if err != nil {
		return err
	}
	return r.render(status, "assign", r.N("assign.title", s.N()), assignmentPage{
		Selection: s, Form: f, Find: find, Found: found.Items, More: found.Next != "",
	})
}

// assign assigns the selected subscriptions to the selected customer, or to no customer if that is "provider".
func (r *request) assign() error {
	s, err := r.selectSubscriptions()
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return r.nothingSelected(s)
	}
	f := r.formFromRequest()
	if !r.selectionUnchanged(s) {
		f.Errors = append(f.Errors, r.T("list.selectionChanged"))
		return r.renderAssign(http.StatusConflict, s, f)
	}
	if f.Value("to") == "" {
		f.Errors = append(f.Errors, r.T("assign.nobody"))
		return r.renderAssign(http.StatusUnprocessableEntity, s, f)
	}
	to := subscriptions.Provider
	if f.Value("to") != "provider" {
		if to, err = parsePositive[accounts.ID](f.Value("to")); err != nil {
			return err
		}
	}
	customer, err := r.customerOf(to)
	if err != nil {
		return err
	}
	out, err := r.subscriptions().Assign(r.commandContext(), convertIDs[subscriptions.ID](s.ids()), to)
	if err != nil {
		if err := r.applyFieldErrors(&f, err, nil); err != nil {
			return err
		}
		return r.renderAssign(http.StatusUnprocessableEntity, s, f)
	}
	switch n := len(out.Changed); {
	case n > 0 && to == subscriptions.Provider:
		r.flashDone(pluralKey("done.unassigned", n), n)
	case n > 0:
		r.flashDone(pluralKey("done.assigned", n), n, nameOf(customer))
	}
	if n := len(out.Unchanged); n > 0 {
		r.flashWarning(pluralKey("done.unchanged", n), n)
	}
	return r.redirect(s.Back)
}
