package panel

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/clientele-go/clientele/accounts"
)

// action is a command on a selection of things of one level: the page at GET /<level>/<name> shows the selection and asks for
// what the command needs, and POST runs the command if the selection is still what the page showed.
type action[K ~int64] struct {
	name    string                                                 // in the path and the keys, and of the template
	changed string                                                 // the key of the text if the selection has changed
	inputs  []string                                               // of the form, at which field errors are shown
	page    func(r *request, p bulkPage[K]) (data any, err error)  // returns the data of the template
	run     func(r *request, s *selection[K], f *form) (err error) // adds to f what is wrong with it
}

// bulkPage is the data of the page of an action. The form has no values before it is submitted.
type bulkPage[K ~int64] struct {
	Kind      string // the name of the level
	Selection *selection[K]
	Form      form
}

// selection is what an action is applied to: the selected things, or all that match the filters of a list. Each request
// computes it from the hidden inputs of the form; the digest shows whether it has changed.
type selection[K ~int64] struct {
	Targets      []target[K]
	HiddenInputs url.Values // what the form submits again, including the digest
	Back         string     // the path to redirect to afterwards
}

// target is one thing of a selection.
type target[K ~int64] struct {
	ID        K
	Name      string
	Holds     accounts.Holds
	Inherited []accounts.EffectiveHold
}

// errSelectionChanged is returned if a selection, or what a command would do to it, is no longer what the page showed.
var errSelectionChanged = errors.New("panel: the selection has changed")

// routes returns the routes of all actions of a level.
func (l level[M, K]) routes() []route {
	var all []route
	for _, a := range append([]action[K]{l.suspendAction(), l.activateAction(), l.removeAction()}, l.more...) {
		path := "/" + l.name + "/" + a.name
		all = append(all,
			route{http.MethodGet, path, operators, func(r *request) error {
				return l.withSelection(r, func(s *selection[K]) error { return l.show(r, a, http.StatusOK, s, form{}) })
			}},
			route{http.MethodPost, path, operators, func(r *request) error {
				return l.withSelection(r, func(s *selection[K]) error { return l.submit(r, a, s) })
			}})
	}
	return all
}

// withSelection calls serve with the selection of the request. If that is empty, it redirects to where it was made.
func (l level[M, K]) withSelection(r *request, serve func(*selection[K]) error) error {
	s, err := l.selection(r)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		r.flashWarning("list.nothingSelected")
		return r.redirect(s.Back)
	}
	return serve(s)
}

// show writes the page of an action.
func (l level[M, K]) show(r *request, a action[K], status int, s *selection[K], f form) error {
	data, err := a.page(r, bulkPage[K]{Kind: l.name, Selection: s, Form: f})
	if err != nil {
		return err
	}
	return r.render(status, a.name, r.N(a.name+"."+l.name, s.N()), data)
}

// submit runs an action on the selection that its page showed. If it is refused, the page shows why.
func (l level[M, K]) submit(r *request, a action[K], s *selection[K]) error {
	f, status, err := r.formFromRequest(), http.StatusUnprocessableEntity, errSelectionChanged
	if r.req.PostFormValue("digest") == s.HiddenInputs.Get("digest") {
		err = a.run(r, s, &f)
	}
	switch {
	case err == nil && !f.HasErrors():
		return r.redirect(s.Back)
	case errors.Is(err, errSelectionChanged):
		f.Errors, status = append(f.Errors, r.T(a.changed)), http.StatusConflict
	case err != nil:
		if err := r.applyFieldErrors(&f, err, a.inputs, "cause", holdInput); err != nil {
			return err
		}
	}
	return l.show(r, a, status, s, f)
}

// selection returns the selection of the request. It returns errPageNotFound if one of the ids does not exist, because it was
// removed, or if all are selected where the level has no list.
func (l level[M, K]) selection(r *request) (*selection[K], error) {
	s := &selection[K]{HiddenInputs: url.Values{}, Back: localPath(r.req.Form.Get("back"), l.list)}
	ids, err := parseIDs[K](r.req.Form["id"])
	all := r.req.Form.Get("all") != ""
	switch {
	case all && l.filters == nil:
		return nil, errPageNotFound
	case all:
		ids, s.HiddenInputs = nil, r.filters(l.filters)
		s.HiddenInputs.Set("all", "1")
	case err != nil:
		return nil, err
	case len(ids) == 0:
		return s, nil
	default:
		s.HiddenInputs["id"] = r.req.Form["id"]
	}
	for after, more := accounts.Cursor(""), true; more; more = after != "" {
		var batch []target[K]
		if batch, after, err = l.find(r, ids, r.filters(l.filters), after); err != nil {
			return nil, err
		}
		if s.Targets = append(s.Targets, batch...); len(s.Targets) > maxSelection {
			return nil, accounts.ErrInvalid // which no page offers
		}
	}
	if !all && len(s.Targets) != len(ids) {
		return nil, errPageNotFound
	}
	s.HiddenInputs.Set("back", s.Back)
	s.HiddenInputs.Set("digest", digest(s.ids()))
	return s, nil
}

// digest returns a hash of parts.
func digest(parts ...any) string {
	sum := sha256.Sum256(fmt.Appendln(nil, parts...))
	return hex.EncodeToString(sum[:16])
}

// maxShown is how many names of a selection a page shows.
const maxShown = 12

// N returns the number of targets. Shown returns the first of them, and More the number of the others.
func (s *selection[K]) N() int             { return len(s.Targets) }
func (s *selection[K]) Shown() []target[K] { return s.Targets[:min(len(s.Targets), maxShown)] }
func (s *selection[K]) More() int          { return max(0, len(s.Targets)-maxShown) }

// ids returns the ids of the targets, sorted.
func (s *selection[K]) ids() []K {
	all := make([]K, len(s.Targets))
	for i, t := range s.Targets {
		all[i] = t.ID
	}
	slices.Sort(all)
	return all
}

// names returns the names of the targets.
func (s *selection[K]) names() []string {
	var all []string
	for _, t := range s.Targets {
		all = append(all, t.Name)
	}
	return all
}
