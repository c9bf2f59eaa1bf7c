package panel

import (
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// assignPage is the data of the page on which subscriptions are assigned to a customer, who is searched for there.
type assignPage struct {
	bulkPage[subscriptions.ID]
	Find  string
	Found []accounts.Summary
	More  bool // more customers match than Found has
}

// maxFound is how many results a search on a form shows.
const maxFound = 20

// assignAction assigns the selected subscriptions to the selected customer, or to no customer if that is "provider".
var assignAction = action[subscriptions.ID]{
	name: "assign", changed: "list.selectionChanged",
	page: func(r *request, p bulkPage[subscriptions.ID]) (any, error) {
		find := strings.TrimSpace(r.req.Form.Get("find"))
		found, err := r.clients.List(r.req.Context(), accounts.Query{Search: find, Sort: accounts.SortName, Limit: maxFound})
		return assignPage{bulkPage: p, Find: find, Found: found.Items, More: found.Next != ""}, err
	},
	run: func(r *request, s *selection[subscriptions.ID], f *form) error {
		if f.Value("to") == "" {
			f.Errors = append(f.Errors, r.T("assign.nobody"))
			return nil
		}
		to := subscriptions.Provider
		if f.Value("to") != "provider" {
			var err error
			if to, err = parsePositive[accounts.ID](f.Value("to")); err != nil {
				return err
			}
		}
		customer, err := r.customerOf(to)
		if err != nil {
			return err
		}
		out, err := r.subscriptions().Assign(r.commandContext(), s.ids(), to)
		if err != nil {
			return err
		}
		switch n := len(out.Changed); {
		case n > 0 && to == subscriptions.Provider:
			r.flashDone("done.unassigned", n)
		case n > 0:
			r.flashDone("done.assigned", n, nameOf(customer))
		}
		if n := len(out.Unchanged); n > 0 {
			r.flashWarning("done.unchanged", n)
		}
		return nil
	},
}
