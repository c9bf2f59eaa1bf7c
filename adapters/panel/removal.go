package panel

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

func (r *request) removeCustomersPage() error     { return r.removePage(customerKind) }
func (r *request) removeCustomers() error         { return r.remove(customerKind) }
func (r *request) removeSubscriptionsPage() error { return r.removePage(subscriptionKind) }
func (r *request) removeSubscriptions() error     { return r.remove(subscriptionKind) }
func (r *request) removeDomainsPage() error       { return r.removePage(domainKind) }
func (r *request) removeDomains() error           { return r.remove(domainKind) }

// removalPreview has the names of everything that a removal deletes.
type removalPreview struct {
	Customers, Subscriptions, Domains []string
	Digest                            string
}

// Number returns the number that must be entered to confirm the removal: that of the domains. 0 needs no confirmation.
func (g removalPreview) Number() int { return len(g.Domains) }

// previewRemoval returns what the removal of a selection would delete, and the names of it.
func (r *request) previewRemoval(k kind, s selection) (accounts.Removal, removalPreview, error) {
	removal, err := k.preview(r, s)
	if err != nil {
		return accounts.Removal{}, removalPreview{}, err
	}
	g := removalPreview{}
	var all []int64
	for _, id := range removal.Accounts {
		all = append(all, int64(id))
	}
	for _, id := range removal.Subscriptions {
		all = append(all, -int64(id))
	}
	g.Digest = digest(all, removal.Domains)
	if k.name == customerKind.name {
		for _, t := range s.Targets {
			g.Customers = append(g.Customers, t.Name)
		}
	}
	if g.Subscriptions, err = r.subscriptionNames(removal.Subscriptions); err != nil {
		return accounts.Removal{}, removalPreview{}, err
	}
	for _, name := range removal.Domains {
		g.Domains = append(g.Domains, subscriptions.Domain{Name: name}.DisplayName())
	}
	return removal, g, nil
}

func (r *request) subscriptionNames(ids []subscriptions.ID) ([]string, error) {
	var names []string
	for len(ids) > 0 {
		batch := ids[:min(len(ids), maxListLimit)]
		ids = ids[len(batch):]
		found, err := r.subscriptions().List(r.req.Context(), subscriptions.Query{IDs: batch, Limit: maxListLimit})
		if err != nil {
			return nil, err
		}
		for _, s := range found.Items {
			names = append(names, s.DisplayName())
		}
	}
	slices.Sort(names)
	return names, nil
}

func (r *request) removePage(k kind) error {
	s, err := k.selection(r)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return r.nothingSelected(s)
	}
	return r.renderRemove(http.StatusOK, k, s, form{})
}

func (r *request) renderRemove(status int, k kind, s selection, f form) error {
	_, g, err := r.previewRemoval(k, s)
	if err != nil {
		return err
	}
	s.HiddenInputs.Set("going", g.Digest)
	return r.render(status, "remove", r.N("remove."+k.name, s.N()), holdPage{Kind: k.name, Selection: s, Form: f, Removal: g})
}

// remove deletes exactly what the page showed.
func (r *request) remove(k kind) error {
	s, err := k.selection(r)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return r.nothingSelected(s)
	}
	removal, g, err := r.previewRemoval(k, s)
	if err != nil {
		return err
	}
	f := r.formFromRequest()
	if !r.selectionUnchanged(s) || r.req.PostFormValue("going") != g.Digest {
		f.Errors = append(f.Errors, r.T("remove.changed"))
		return r.renderRemove(http.StatusConflict, k, s, f)
	}
	if n := g.Number(); n > 0 && !matchesNumber(f.Value("number"), n) {
		f.addFieldError("number", r.T("remove.number", n))
		return r.renderRemove(http.StatusUnprocessableEntity, k, s, f)
	}
	switch err := k.remove(r, r.commandContext(), removal, s.ids()); {
	case errors.Is(err, accounts.ErrConflict):
		f.Errors = append(f.Errors, r.T("remove.changed"))
		return r.renderRemove(http.StatusConflict, k, s, f)
	case errors.Is(err, accounts.ErrInvalid):
		if err := r.applyFieldErrors(&f, err, nil); err != nil {
			return err
		}
		return r.renderRemove(http.StatusUnprocessableEntity, k, s, f)
	case err != nil:
		return err
	}
	r.flashDone(pluralKey("done.removed."+k.name, s.N()), s.N())
	return r.redirect(r.pathAfterRemoval(s, k))
}

// pathAfterRemoval returns the path to redirect to after a removal: s.Back, unless that is a page of something removed.
func (r *request) pathAfterRemoval(s selection, k kind) string {
	path, _, _ := strings.Cut(s.Back, "?")
	for _, t := range s.Targets {
		if path == "/"+k.name+"/"+strconv.FormatInt(t.ID, 10) {
			return map[string]string{"customers": "/customers", "subscriptions": "/subscriptions", "domains": "/subscriptions"}[k.name]
		}
	}
	return s.Back
}

// matchesNumber reports whether input is the number n, with or without thousands separators.
func matchesNumber(input string, n int) bool {
	plain := strings.NewReplacer(".", "", ",", "", " ", "", "'", "", "\u00a0", "", "\u202f", "").Replace(input)
	return plain == strconv.Itoa(n)
}

func (r *request) previewCustomers(s selection) (accounts.Removal, error) {
	return r.clients.PreviewRemoval(r.req.Context(), convertIDs[accounts.ID](s.ids()))
}

func (r *request) removeCustomersExactly(ctx context.Context, removal accounts.Removal, _ []int64) error {
	_, err := r.clients.RemoveExactly(ctx, removal)
	return err
}

func (r *request) previewSubscriptions(s selection) (accounts.Removal, error) {
	return r.subscriptions().PreviewRemoval(r.req.Context(), convertIDs[subscriptions.ID](s.ids()))
}

func (r *request) removeSubscriptionsExactly(ctx context.Context, removal accounts.Removal, _ []int64) error {
	_, err := r.subscriptions().RemoveExactly(ctx, removal)
	return err
}

// previewDomains returns the selected domains. Nothing else is removed with a domain.
func (r *request) previewDomains(s selection) (accounts.Removal, error) {
	var removal accounts.Removal
	for _, t := range s.Targets {
		removal.Domains = append(removal.Domains, t.Name)
	}
	return removal, nil
}

func (r *request) removeDomainsExactly(ctx context.Context, _ accounts.Removal, ids []int64) error {
	_, err := r.subscriptions().RemoveDomains(ctx, convertIDs[subscriptions.DomainID](ids))
	return err
}
