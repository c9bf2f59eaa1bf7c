package panel

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// target is something that a command is to be applied to.
type target struct {
	ID        int64
	Name      string
	Holds     accounts.Holds
	Inherited []accounts.EffectiveHold
}

// selection is what a confirmation page is about: the selected targets, or all that match the filters of a list. Each request
// computes it from the hidden inputs of the form; the digest shows whether it has changed.
type selection struct {
	Targets      []target
	HiddenInputs url.Values // what the form submits again, including the digest
	Back         string     // the path to redirect to afterwards
}

// maxShown is how many names of a selection a page shows.
const maxShown = 12

// N returns the number of targets. Shown returns the first of them, and More the number of the others.
func (s selection) N() int          { return len(s.Targets) }
func (s selection) Shown() []target { return s.Targets[:min(len(s.Targets), maxShown)] }
func (s selection) More() int       { return max(0, len(s.Targets)-maxShown) }

func (s selection) ids() []int64 {
	all := make([]int64, len(s.Targets))
	for i, t := range s.Targets {
		all[i] = t.ID
	}
	slices.Sort(all)
	return all
}

func convertIDs[K ~int64](ids []int64) []K {
	all := make([]K, len(ids))
	for i, id := range ids {
		all[i] = K(id)
	}
	return all
}

// selectionFromRequest returns the selection of the request. find returns the targets with the given ids or, if ids is nil, all
// that match the filters f. If it does not find all ids, because some were removed, the error is errPageNotFound.
func (r *request) selectionFromRequest(filters []string, back string, find func(ids []int64, f url.Values) ([]target, error)) (selection, error) {
	s := selection{HiddenInputs: url.Values{}, Back: localPath(r.req.Form.Get("back"), back)}
	s.HiddenInputs.Set("back", s.Back)
	var ids []int64
	if r.req.Form.Get("all") != "" {
		s.HiddenInputs = r.filters(filters)
		s.HiddenInputs.Set("all", "1")
		s.HiddenInputs.Set("back", s.Back)
	} else {
		var err error
		if ids, err = parseIDs[int64](r.req.Form["id"]); err != nil {
			return selection{}, err
		}
		s.HiddenInputs["id"] = r.req.Form["id"]
		if len(ids) == 0 {
			return s, nil
		}
	}
	var err error
	if s.Targets, err = find(ids, r.filters(filters)); err != nil {
		return selection{}, err
	}
	if ids != nil && len(s.Targets) != len(ids) {
		return selection{}, errPageNotFound
	}
	s.HiddenInputs.Set("digest", digest(s.ids(), nil))
	return s, nil
}

// selectionUnchanged reports whether s is still the selection that the form was rendered with.
func (r *request) selectionUnchanged(s selection) bool {
	return r.req.PostFormValue("digest") == s.HiddenInputs.Get("digest")
}

// digest returns a hash of ids and texts.
func digest(ids []int64, texts []string) string {
	sum := sha256.New()
	for _, id := range ids {
		_ = binary.Write(sum, binary.BigEndian, id) // writing to a hash does not fail
	}
	for _, text := range texts {
		_, _ = sum.Write([]byte("\n" + text))
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// selectCustomers, selectSubscriptions and selectDomains return the selection of the request for the three kinds.
func (r *request) selectCustomers() (selection, error) {
	return r.selectionFromRequest(customerFilters, "/customers", func(ids []int64, f url.Values) ([]target, error) {
		q := customerQuery(f)
		if ids != nil {
			q = accounts.Query{IDs: convertIDs[accounts.ID](ids)}
		}
		q.Limit = maxListLimit
		return readAll(maxSelection, func(after accounts.Cursor) ([]target, accounts.Cursor, error) {
			q.After = after
			found, err := r.clients.List(r.req.Context(), q)
			var all []target
			for _, a := range found.Items {
				all = append(all, target{ID: int64(a.ID), Name: nameOf(a.Account) + " (" + a.Login + ")", Holds: a.Holds})
			}
			return all, found.Next, err
		})
	})
}

func (r *request) selectSubscriptions() (selection, error) {
	return r.selectionFromRequest(subscriptionFilters, "/subscriptions", func(ids []int64, f url.Values) ([]target, error) {
		q := r.subscriptionQuery(f)
		if ids != nil {
			q = subscriptions.Query{IDs: convertIDs[subscriptions.ID](ids)}
		}
		q.Limit = maxListLimit
		return readAll(maxSelection, func(after subscriptions.Cursor) ([]target, subscriptions.Cursor, error) {
			q.After = after
			found, err := r.subscriptions().List(r.req.Context(), q)
			var all []target
			for _, s := range found.Items {
				all = append(all, target{ID: int64(s.ID), Name: s.DisplayName(), Holds: s.Holds, Inherited: s.Inherited})
			}
			return all, found.Next, err
		})
	})
}

func (r *request) selectDomains() (selection, error) {
	return r.selectionFromRequest(nil, "/subscriptions", func(ids []int64, _ url.Values) ([]target, error) {
		q := subscriptions.DomainQuery{IDs: convertIDs[subscriptions.DomainID](ids), Limit: maxListLimit}
		if ids == nil {
			return nil, errPageNotFound // there is no list of all domains
		}
		return readAll(maxSelection, func(after subscriptions.Cursor) ([]target, subscriptions.Cursor, error) {
			q.After = after
			found, err := r.subscriptions().Domains(r.req.Context(), q)
			var all []target
			for _, d := range found.Items {
				all = append(all, target{ID: int64(d.ID), Name: d.DisplayName(), Holds: d.Holds, Inherited: d.Inherited})
			}
			return all, found.Next, err
		})
	})
}

// readAll reads all pages of a list. It returns ErrInvalid if they have more than limit targets, which no page offers; 0 is no
// limit.
func readAll[C ~string](limit int, read func(after C) ([]target, C, error)) ([]target, error) {
	var all []target
	var after C
	for {
		batch, next, err := read(after)
		if err != nil {
			return nil, err
		}
		all = append(all, batch...)
		if limit > 0 && len(all) > limit {
			return nil, accounts.ErrInvalid
		}
		if next == "" {
			return all, nil
		}
		after = next
	}
}
