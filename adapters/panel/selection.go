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

// target is one thing that something is about to be done to.
type target struct {
	ID        int64
	Name      string
	Holds     accounts.Holds
	Inherited []accounts.EffectiveHold
}

// selection is what a page of confirmation is about: things that were ticked, or all that match a list's filters. It is
// found anew at each request from what the form carries along; the digest tells whether it is still the same.
type selection struct {
	Targets      []target
	HiddenInputs url.Values // what the form sends again, the digest included
	Back         string     // where to go afterwards
}

// maxShown bounds how many names of a selection a page shows.
const maxShown = 12

func (s selection) N() int { return len(s.Targets) }

// Shown answers the first targets, and More how many there are besides.
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

// selectionFromRequest answers what a request is about. find answers the things with these ids, or with nil ids all that match the
// filters; one that is missing was removed meanwhile.
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

// selectionUnchanged tells whether the selection is still the one that the form was made for.
func (r *request) selectionUnchanged(s selection) bool {
	return r.req.PostFormValue("digest") == s.HiddenInputs.Get("digest")
}

// digest answers a short name for ids and texts, each in order.
func digest(ids []int64, texts []string) string {
	sum := sha256.New()
	for _, id := range ids {
		_ = binary.Write(sum, binary.BigEndian, id) // a hash takes everything
	}
	for _, text := range texts {
		_, _ = sum.Write([]byte("\n" + text))
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// selectCustomers, pickSubscriptions and pickDomains answer the selections of the three kinds.
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

// readAll reads a list page by page. More than most, which no page offers, is ErrInvalid; 0 is no bound.
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
