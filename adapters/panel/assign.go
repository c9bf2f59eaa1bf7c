package panel

import (
	"net/http"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// assigning is the page on which subscriptions are given to a customer, whom one looks for there.
type assigning struct {
	Selection selection
	Form      form
	Find      string
	Found     []accounts.Summary
	More      bool // than are shown
}

const mostFound = 20

func (v *visit) assignPage() error {
	s, err := v.pickSubscriptions()
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return v.nothingSelected(s)
	}
	return v.showAssign(http.StatusOK, s, form{})
}

func (v *visit) showAssign(status int, s selection, f form) error {
	find := strings.TrimSpace(v.r.Form.Get("find"))
	found, err := v.clients.List(v.r.Context(), accounts.Query{Search: find, Sort: accounts.SortName, Limit: mostFound})
	if err != nil {
		return err
	}
	return v.show(status, "assign", v.N("assign.title", s.N()), assigning{
		Selection: s, Form: f, Find: find, Found: found.Items, More: found.Next != "",
	})
}

// assign gives the selection to the customer that was picked; "provider" takes it back.
func (v *visit) assign() error {
	s, err := v.pickSubscriptions()
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return v.nothingSelected(s)
	}
	f := v.typed()
	if !v.isSame(s) {
		f.Others = append(f.Others, v.T("list.selectionChanged"))
		return v.showAssign(http.StatusConflict, s, f)
	}
	if f.Value("to") == "" {
		f.Others = append(f.Others, v.T("assign.nobody"))
		return v.showAssign(http.StatusUnprocessableEntity, s, f)
	}
	to := subscriptions.Provider
	if f.Value("to") != "provider" {
		if to, err = number[accounts.ID](f.Value("to")); err != nil {
			return err
		}
	}
	customer, err := v.customerOf(to)
	if err != nil {
		return err
	}
	out, err := v.subscriptions().Assign(v.ctx(), as[subscriptions.ID](s.ids()), to)
	if err != nil {
		if err := v.refused(&f, err, nil); err != nil {
			return err
		}
		return v.showAssign(http.StatusUnprocessableEntity, s, f)
	}
	switch n := len(out.Changed); {
	case n > 0 && to == subscriptions.Provider:
		v.done(counted("done.unassigned", n), n)
	case n > 0:
		v.done(counted("done.assigned", n), n, nameOf(customer))
	}
	if n := len(out.Unchanged); n > 0 {
		v.warn(counted("done.unchanged", n), n)
	}
	return v.redirect(s.Back)
}
