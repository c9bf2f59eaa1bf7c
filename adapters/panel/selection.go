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
	Own       accounts.Holds
	Inherited []accounts.EffectiveHold
}

// selection is what a page of confirmation is about: things that were ticked, or all that match a list's filters. It is
// found anew at each request from what the form carries along; the digest tells whether it is still the same.
type selection struct {
	Targets []target
	Carry   url.Values // what the form sends again, the digest included
	Back    string     // where to go afterwards
}

// mostShown bounds how many names of a selection a page shows.
const mostShown = 12

func (s selection) N() int { return len(s.Targets) }

// Shown answers the first targets, and More how many there are besides.
func (s selection) Shown() []target { return s.Targets[:min(len(s.Targets), mostShown)] }
func (s selection) More() int       { return max(0, len(s.Targets)-mostShown) }

func (s selection) ids() []int64 {
	all := make([]int64, len(s.Targets))
	for i, t := range s.Targets {
		all[i] = t.ID
	}
	slices.Sort(all)
	return all
}

func as[K ~int64](ids []int64) []K {
	all := make([]K, len(ids))
	for i, id := range ids {
		all[i] = K(id)
	}
	return all
}

// selected answers what a request is about. find answers the things with these ids, or with nil ids all that match the
// filters; one that is missing was removed meanwhile.
func (v *visit) selected(filters []string, back string, find func(ids []int64, f url.Values) ([]target, error)) (selection, error) {
	s := selection{Carry: url.Values{}, Back: localPath(v.r.Form.Get("back"), back)}
	s.Carry.Set("back", s.Back)
	var wanted []int64
	if v.r.Form.Get("all") != "" {
		s.Carry = v.filters(filters)
		s.Carry.Set("all", "1")
		s.Carry.Set("back", s.Back)
	} else {
		var err error
		if wanted, err = ids[int64](v.r.Form["id"]); err != nil {
			return selection{}, err
		}
		s.Carry["id"] = v.r.Form["id"]
		if len(wanted) == 0 {
			return s, nil
		}
	}
	var err error
	if s.Targets, err = find(wanted, v.filters(filters)); err != nil {
		return selection{}, err
	}
	if wanted != nil && len(s.Targets) != len(wanted) {
		return selection{}, errNoPage
	}
	s.Carry.Set("digest", digest(s.ids(), nil))
	return s, nil
}

// isSame tells whether the selection is still the one that the form was made for.
func (v *visit) isSame(s selection) bool { return v.r.PostFormValue("digest") == s.Carry.Get("digest") }

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

// pickCustomers, pickSubscriptions and pickDomains answer the selections of the three kinds.
func (v *visit) pickCustomers() (selection, error) {
	return v.selected(customerFilters, "/customers", func(ids []int64, f url.Values) ([]target, error) {
		q := customerQuery(f)
		if ids != nil {
			q = accounts.Query{IDs: as[accounts.ID](ids)}
		}
		q.Limit = perLook
		return gather(mostAtAll, func(after accounts.Cursor) ([]target, accounts.Cursor, error) {
			q.After = after
			found, err := v.clients.List(v.r.Context(), q)
			var all []target
			for _, a := range found.Items {
				all = append(all, target{ID: int64(a.ID), Name: nameOf(a.Account) + " (" + a.Login + ")", Own: a.Holds})
			}
			return all, found.Next, err
		})
	})
}

func (v *visit) pickSubscriptions() (selection, error) {
	return v.selected(subscriptionFilters, "/subscriptions", func(ids []int64, f url.Values) ([]target, error) {
		q := v.subscriptionQuery(f)
		if ids != nil {
			q = subscriptions.Query{IDs: as[subscriptions.ID](ids)}
		}
		q.Limit = perLook
		return gather(mostAtAll, func(after subscriptions.Cursor) ([]target, subscriptions.Cursor, error) {
			q.After = after
			found, err := v.subscriptions().List(v.r.Context(), q)
			var all []target
			for _, s := range found.Items {
				all = append(all, target{ID: int64(s.ID), Name: s.DisplayName(), Own: s.Holds, Inherited: s.Inherited})
			}
			return all, found.Next, err
		})
	})
}

func (v *visit) pickDomains() (selection, error) {
	return v.selected(nil, "/subscriptions", func(ids []int64, _ url.Values) ([]target, error) {
		q := subscriptions.DomainQuery{IDs: as[subscriptions.DomainID](ids), Limit: perLook}
		if ids == nil {
			return nil, errNoPage // there is no list of all domains
		}
		return gather(mostAtAll, func(after subscriptions.Cursor) ([]target, subscriptions.Cursor, error) {
			q.After = after
			found, err := v.subscriptions().Domains(v.r.Context(), q)
			var all []target
			for _, d := range found.Items {
				all = append(all, target{ID: int64(d.ID), Name: d.DisplayName(), Own: d.Holds, Inherited: d.Inherited})
			}
			return all, found.Next, err
		})
	})
}

// gather reads a list page by page. More than most, which no page offers, is ErrInvalid; 0 is no bound.
func gather[C ~string](most int, read func(after C) ([]target, C, error)) ([]target, error) {
	var all []target
	var after C
	for {
		some, next, err := read(after)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if most > 0 && len(all) > most {
			return nil, accounts.ErrInvalid
		}
		if next == "" {
			return all, nil
		}
		after = next
	}
}
