package panel

import (
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/panel/internal/languages"
	"github.com/clientele-go/clientele/subscriptions"
)

// holdInput is the input of the new hold's cause. The name "cause" is taken by the filter of lists, which the form passes on.
const holdInput = "hold"

func (l level[M, K]) suspendAction() action[K] {
	return action[K]{
		name: "suspend", changed: "list.selectionChanged", inputs: []string{holdInput, "note", "message", "public"},
		page: func(_ *request, p bulkPage[K]) (any, error) {
			if p.Form.Values == nil {
				p.Form = newForm(holdInput, string(accounts.CauseProvider))
			}
			return p, nil
		},
		run: func(r *request, s *selection[K], f *form) error {
			out, err := l.suspend(l.manager(r), r.commandContext(), s.ids(), accounts.Hold{
				Cause: accounts.Cause(f.Value(holdInput)), Note: f.Value("note"), Message: f.Value("message"), Public: f.Value("public"),
			})
			if err == nil {
				flashOutcome(r, "suspended", l.name, out)
			}
			return err
		},
	}
}

// activatePage is the data of the page on which a selection is activated.
type activatePage[K ~int64] struct {
	bulkPage[K]
	Causes []causeCount
}

// causeCount is a cause and the number of selected things that have a hold with it.
type causeCount struct {
	Cause    accounts.Cause
	N        int
	Liftable bool // not by the library alone
	Checked  bool
}

// activateAction lifts the checked causes, and never one that the page did not show. At first all are checked.
func (l level[M, K]) activateAction() action[K] {
	return action[K]{
		name: "activate", changed: "list.selectionChanged",
		page: func(_ *request, p bulkPage[K]) (any, error) {
			return activatePage[K]{p, countCauses(p)}, nil
		},
		run: func(r *request, s *selection[K], f *form) error {
			var causes []accounts.Cause
			for _, cause := range f.Values["lift"] {
				causes = append(causes, accounts.Cause(cause))
			}
			if len(causes) == 0 {
				f.Errors = append(f.Errors, r.T("activate.none"))
				return nil
			}
			out, err := l.lift(l.manager(r), r.commandContext(), s.ids(), causes)
			if err == nil {
				flashOutcome(r, "activated", l.name, out)
			}
			return err
		},
	}
}

// countCauses counts the causes of the selection's holds, without inherited ones, sorted by cause.
func countCauses[K ~int64](p bulkPage[K]) []causeCount {
	n := map[accounts.Cause]int{}
	for _, t := range p.Selection.Targets {
		for _, hold := range t.Holds {
			n[hold.Cause]++
		}
	}
	var all []causeCount
	for cause, n := range n {
		checked := p.Form.Values == nil || p.Form.Has("lift", string(cause))
		all = append(all, causeCount{Cause: cause, N: n, Liftable: cause != accounts.CauseExpired, Checked: checked})
	}
	slices.SortFunc(all, func(a, b causeCount) int { return strings.Compare(string(a.Cause), string(b.Cause)) })
	return all
}

// CanLift reports whether an operator can lift any of the causes.
func (p activatePage[K]) CanLift() bool {
	return slices.ContainsFunc(p.Causes, func(c causeCount) bool { return c.Liftable })
}

// InheritedCount returns how many of the selection inherit a hold.
func (p activatePage[K]) InheritedCount() int {
	n := 0
	for _, t := range p.Selection.Targets {
		if len(t.Inherited) > 0 {
			n++
		}
	}
	return n
}

// flashOutcome adds flash messages about what a command did to things of a level: how many it changed, how many already were
// so, how many of their holds got other texts, and how many are still suspended, which are counted as such only. The verb is
// "suspended" or "activated". Changed and unchanged things share a message: "2 customers activated; 1 was already active."
func flashOutcome[K ~int64](r *request, verb, level string, out subscriptions.Outcome[K]) {
	count := func(ids []K) (n int) {
		for _, id := range ids {
			if _, still := slices.BinarySearch(out.StillSuspended, id); !still {
				n++
			}
		}
		return n
	}
	changed, unchanged, updated, still := count(out.Changed), count(out.Unchanged)+len(out.Updated), len(out.Updated), len(out.StillSuspended)
	done, already := languages.Clause{Key: "done." + verb + "." + level, N: changed}, "done.already."+verb
	switch {
	case changed > 0 && unchanged > 0:
		r.flashDone("done.sentences", done, languages.Clause{Key: already, N: unchanged})
	case changed > 0:
		r.flashDone("done.sentence", done)
	case unchanged > 0:
		r.flashWarning("done.sentence", languages.Clause{Key: already + "." + level, N: unchanged})
	}
	if updated > 0 {
		r.flashDone("done.updated", updated)
	}
	if still > 0 {
		r.flashWarning("done.still."+level, still)
	}
}
