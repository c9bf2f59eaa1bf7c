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

func (v *visit) removeCustomersPage() error     { return v.removePage(customerKind) }
func (v *visit) removeCustomers() error         { return v.remove(customerKind) }
func (v *visit) removeSubscriptionsPage() error { return v.removePage(subscriptionKind) }
func (v *visit) removeSubscriptions() error     { return v.remove(subscriptionKind) }
func (v *visit) removeDomainsPage() error       { return v.removePage(domainKind) }
func (v *visit) removeDomains() error           { return v.remove(domainKind) }

// going is everything that a removal takes away, by name.
type going struct {
	Customers, Subscriptions, Domains []string
	Digest                            string
}

// Number is what has to be typed before domains go down; 0 is nothing.
func (g going) Number() int { return len(g.Domains) }

// previewed finds out what would go, and names it.
func (v *visit) previewed(k kind, s selection) (accounts.Removal, going, error) {
	r, err := k.preview(v, s)
	if err != nil {
		return accounts.Removal{}, going{}, err
	}
	g := going{}
	var all []int64
	for _, id := range r.Accounts {
		all = append(all, int64(id))
	}
	for _, id := range r.Subscriptions {
		all = append(all, -int64(id))
	}
	g.Digest = digest(all, r.Domains)
	if k.name == customerKind.name {
		for _, t := range s.Targets {
			g.Customers = append(g.Customers, t.Name)
		}
	}
	if g.Subscriptions, err = v.subscriptionNames(r.Subscriptions); err != nil {
		return accounts.Removal{}, going{}, err
	}
	for _, name := range r.Domains {
		g.Domains = append(g.Domains, subscriptions.Domain{Name: name}.DisplayName())
	}
	return r, g, nil
}

func (v *visit) subscriptionNames(ids []subscriptions.ID) ([]string, error) {
	var names []string
	for len(ids) > 0 {
		some := ids[:min(len(ids), perLook)]
		ids = ids[len(some):]
		found, err := v.subscriptions().List(v.r.Context(), subscriptions.Query{IDs: some, Limit: perLook})
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

func (v *visit) removePage(k kind) error {
	s, err := k.pick(v)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return v.nothingSelected(s)
	}
	return v.showRemove(http.StatusOK, k, s, form{})
}

func (v *visit) showRemove(status int, k kind, s selection, f form) error {
	_, g, err := v.previewed(k, s)
	if err != nil {
		return err
	}
	s.Carry.Set("going", g.Digest)
	return v.show(status, "remove", v.N("remove."+k.name, s.N()), holding{Kind: k.name, Selection: s, Form: f, Going: g})
}

// remove takes away exactly what the page showed.
func (v *visit) remove(k kind) error {
	s, err := k.pick(v)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return v.nothingSelected(s)
	}
	r, g, err := v.previewed(k, s)
	if err != nil {
		return err
	}
	f := v.typed()
	if !v.isSame(s) || v.r.PostFormValue("going") != g.Digest {
		f.Others = append(f.Others, v.T("remove.changed"))
		return v.showRemove(http.StatusConflict, k, s, f)
	}
	if n := g.Number(); n > 0 && !isNumber(f.Value("number"), n) {
		f.at("number", v.T("remove.number", n))
		return v.showRemove(http.StatusUnprocessableEntity, k, s, f)
	}
	switch err := k.remove(v, v.ctx(), r, s.ids()); {
	case errors.Is(err, accounts.ErrConflict):
		f.Others = append(f.Others, v.T("remove.changed"))
		return v.showRemove(http.StatusConflict, k, s, f)
	case errors.Is(err, accounts.ErrInvalid):
		if err := v.refused(&f, err, nil); err != nil {
			return err
		}
		return v.showRemove(http.StatusUnprocessableEntity, k, s, f)
	case err != nil:
		return err
	}
	v.done(counted("done.removed."+k.name, s.N()), s.N())
	return v.redirect(v.after(s, k))
}

// after answers where to go when things are gone: not to one of their own pages.
func (v *visit) after(s selection, k kind) string {
	path, _, _ := strings.Cut(s.Back, "?")
	for _, t := range s.Targets {
		if path == "/"+k.name+"/"+strconv.FormatInt(t.ID, 10) {
			return map[string]string{"customers": "/customers", "subscriptions": "/subscriptions", "domains": "/subscriptions"}[k.name]
		}
	}
	return s.Back
}

// isNumber tells whether somebody typed a number, with or without what parts its thousands.
func isNumber(typed string, n int) bool {
	plain := strings.NewReplacer(".", "", ",", "", " ", "", "'", "", "\u00a0", "", "\u202f", "").Replace(typed)
	return plain == strconv.Itoa(n)
}

func (v *visit) previewCustomers(s selection) (accounts.Removal, error) {
	return v.clients.PreviewRemoval(v.r.Context(), as[accounts.ID](s.ids()))
}

func (v *visit) removePreviewed(ctx context.Context, r accounts.Removal, _ []int64) error {
	_, err := v.clients.RemoveExactly(ctx, r)
	return err
}

func (v *visit) previewSubscriptions(s selection) (accounts.Removal, error) {
	return v.subscriptions().PreviewRemoval(v.r.Context(), as[subscriptions.ID](s.ids()))
}

func (v *visit) removePreviewedSubscriptions(ctx context.Context, r accounts.Removal, _ []int64) error {
	_, err := v.subscriptions().RemoveExactly(ctx, r)
	return err
}

// previewDomains answers the selection itself: nothing is below a domain.
func (v *visit) previewDomains(s selection) (accounts.Removal, error) {
	var r accounts.Removal
	for _, t := range s.Targets {
		r.Domains = append(r.Domains, t.Name)
	}
	return r, nil
}

func (v *visit) removeTheseDomains(ctx context.Context, _ accounts.Removal, ids []int64) error {
	_, err := v.subscriptions().RemoveDomains(ctx, as[subscriptions.DomainID](ids))
	return err
}
