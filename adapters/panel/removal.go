package panel

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// removePage is the data of the page on which a selection is removed.
type removePage[K ~int64] struct {
	bulkPage[K]
	Removal removalPreview
}

// removalPreview has the names of everything that a removal deletes.
type removalPreview struct {
	Customers, Subscriptions, Domains []string
}

// Number returns the number that must be entered to confirm the removal: that of the domains. 0 needs no confirmation.
func (p removalPreview) Number() int { return len(p.Domains) }

// removeAction deletes exactly what the page showed.
func (l level[M, K]) removeAction() action[K] {
	return action[K]{
		name: "remove", changed: "remove.changed",
		page: func(r *request, p bulkPage[K]) (any, error) {
			removal, err := l.removal(r, p.Selection)
			if err != nil {
				return nil, err
			}
			p.Selection.HiddenInputs.Set("going", digestRemoval(removal))
			preview, err := r.removalPreview(removal)
			if len(removal.Accounts) > 0 {
				preview.Customers = p.Selection.names()
			}
			return removePage[K]{p, preview}, err
		},
		run: func(r *request, s *selection[K], f *form) error {
			removal, err := l.removal(r, s)
			if err != nil {
				return err
			}
			if r.req.PostFormValue("going") != digestRemoval(removal) {
				return errSelectionChanged
			}
			if n := len(removal.Domains); n > 0 && !matchesNumber(f.Value("number"), n) {
				f.addFieldError("number", r.T("remove.number", n))
				return nil
			}
			if l.remove != nil {
				_, err = l.remove(l.manager(r), r.commandContext(), s.ids())
			} else {
				_, err = l.removeExactly(l.manager(r), r.commandContext(), removal)
			}
			if errors.Is(err, accounts.ErrConflict) {
				return errSelectionChanged
			}
			if err != nil {
				return err
			}
			r.flashDone("done.removed."+l.name, s.N())
			path, _, _ := strings.Cut(s.Back, "?")
			if slices.ContainsFunc(s.Targets, func(t target[K]) bool { return path == "/"+l.name+"/"+formatID(t.ID) }) {
				s.Back = l.list // the page of something that is removed now
			}
			return nil
		},
	}
}

// removal returns what the removal of a selection would delete.
func (l level[M, K]) removal(r *request, s *selection[K]) (accounts.Removal, error) {
	if l.preview == nil {
		return accounts.Removal{Domains: s.names()}, nil
	}
	return l.preview(l.manager(r), r.req.Context(), s.ids())
}

func digestRemoval(removal accounts.Removal) string {
	return digest(removal.Accounts, removal.Subscriptions, removal.Domains)
}

// removalPreview returns the names of the subscriptions, sorted, and of the domains that a removal deletes.
func (r *request) removalPreview(removal accounts.Removal) (removalPreview, error) {
	var preview removalPreview
	for batch := range slices.Chunk(removal.Subscriptions, maxListLimit) {
		found, err := r.subscriptions().List(r.req.Context(), subscriptions.Query{IDs: batch, Limit: maxListLimit})
		if err != nil {
			return removalPreview{}, err
		}
		for _, s := range found.Items {
			preview.Subscriptions = append(preview.Subscriptions, s.DisplayName())
		}
	}
	slices.Sort(preview.Subscriptions)
	for _, name := range removal.Domains {
		preview.Domains = append(preview.Domains, subscriptions.Domain{Name: name}.DisplayName())
	}
	return preview, nil
}

// matchesNumber reports whether input is the number n, with or without thousands separators.
func matchesNumber(input string, n int) bool {
	plain := strings.NewReplacer(".", "", ",", "", " ", "", "'", "", "\u00a0", "", "\u202f", "").Replace(input)
	return plain == strconv.Itoa(n)
}
