package panel

import (
	"net/http"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// domainView is the data of the page of one domain.
type domainView struct {
	Domain       subscriptions.Domain
	Subscription subscriptions.Subscription
	Customer     accounts.Account // the zero Account for the provider
	Form         form             // with the name
}

// domain returns the domain whose id the path has.
func (r *request) domain() (subscriptions.Domain, error) {
	id, err := r.domainID()
	if err != nil {
		return subscriptions.Domain{}, err
	}
	found, err := r.subscriptions().Domains(r.req.Context(), subscriptions.DomainQuery{IDs: []subscriptions.DomainID{id}})
	if err != nil {
		return subscriptions.Domain{}, err
	}
	if len(found.Items) == 0 {
		return subscriptions.Domain{}, errPageNotFound
	}
	return found.Items[0], nil
}

func (r *request) domainPage() error {
	d, err := r.domain()
	if err != nil {
		return err
	}
	return r.renderDomain(http.StatusOK, d, newForm("name", d.DisplayName()))
}

func (r *request) renderDomain(status int, d subscriptions.Domain, f form) error {
	view := domainView{Domain: d, Form: f}
	var err error
	if view.Subscription, err = r.subscriptions().Get(r.req.Context(), d.SubscriptionID); err != nil {
		return err
	}
	if view.Customer, err = r.customerOf(d.AccountID); err != nil {
		return err
	}
	return r.render(status, "domain", d.DisplayName(), view)
}

func (r *request) domainRename() error {
	d, err := r.domain()
	if err != nil {
		return err
	}
	f := r.formFromRequest()
	renamed, err := r.subscriptions().RenameDomain(r.commandContext(), d.ID, f.Value("name"))
	if err != nil {
		if err := r.applyFieldErrors(&f, err, []string{"name"}); err != nil {
			return err
		}
		return r.renderDomain(http.StatusUnprocessableEntity, d, f)
	}
	r.flashDone("domain.renamed", renamed.DisplayName())
	return r.redirect("/domains/", d.ID)
}

func (r *request) domainMakeMain() error {
	d, err := r.domain()
	if err != nil {
		return err
	}
	if err := r.subscriptions().SetMainDomain(r.commandContext(), d.ID); err != nil {
		return err
	}
	r.flashDone("domain.madeMain", d.DisplayName())
	return r.redirect("/domains/", d.ID)
}

// movePage is the data of the page on which a domain is moved to another subscription, which is searched for there.
type movePage struct {
	Domain subscriptions.Domain
	Form   form
	Find   string
	Found  []listedSubscription
	More   bool
}

func (r *request) domainMovePage() error {
	d, err := r.domain()
	if err != nil {
		return err
	}
	return r.renderMove(http.StatusOK, d, form{})
}

// renderMove offers the subscriptions that match the search. Without a search, it offers those of the same customer.
func (r *request) renderMove(status int, d subscriptions.Domain, f form) error {
	find := strings.TrimSpace(r.req.Form.Get("find"))
	q := subscriptions.Query{Search: find, Limit: maxFound}
	if find == "" {
		q.AccountID = &d.AccountID
	}
	found, err := r.subscriptions().List(r.req.Context(), q)
	if err != nil {
		return err
	}
	withCustomers, err := r.withCustomers(found.Items)
	if err != nil {
		return err
	}
	return r.render(status, "domain-move", r.T("domain.move", d.DisplayName()), movePage{
		Domain: d, Form: f, Find: find, Found: withCustomers, More: found.Next != "",
	})
}

func (r *request) domainMove() error {
	d, err := r.domain()
	if err != nil {
		return err
	}
	f := r.formFromRequest()
	if f.Value("to") == "" {
		f.Errors = append(f.Errors, r.T("domain.nowhere"))
		return r.renderMove(http.StatusUnprocessableEntity, d, f)
	}
	to, err := parsePositive[subscriptions.ID](f.Value("to"))
	if err != nil {
		return err
	}
	if _, err := r.subscriptions().MoveDomains(r.commandContext(), []subscriptions.DomainID{d.ID}, to); err != nil {
		if err := r.applyFieldErrors(&f, err, nil); err != nil {
			return err
		}
		return r.renderMove(http.StatusUnprocessableEntity, d, f)
	}
	r.flashDone("domain.moved", d.DisplayName())
	return r.redirect("/subscriptions/", to)
}
