package panel

import (
	"net/http"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// domainView is the page of one domain.
type domainView struct {
	Domain       subscriptions.Domain
	Subscription subscriptions.Subscription
	Customer     accounts.Account // zero: the provider
	Form         form             // of its name
}

// domain answers the domain that the address names.
func (v *visit) domain() (subscriptions.Domain, error) {
	id, err := v.domainID()
	if err != nil {
		return subscriptions.Domain{}, err
	}
	found, err := v.subscriptions().Domains(v.r.Context(), subscriptions.DomainQuery{IDs: []subscriptions.DomainID{id}})
	if err != nil {
		return subscriptions.Domain{}, err
	}
	if len(found.Items) == 0 {
		return subscriptions.Domain{}, errNoPage
	}
	return found.Items[0], nil
}

func (v *visit) domainPage() error {
	d, err := v.domain()
	if err != nil {
		return err
	}
	return v.showDomain(http.StatusOK, d, filled("name", d.DisplayName()))
}

func (v *visit) showDomain(status int, d subscriptions.Domain, f form) error {
	view := domainView{Domain: d, Form: f}
	var err error
	if view.Subscription, err = v.subscriptions().Get(v.r.Context(), d.SubscriptionID); err != nil {
		return err
	}
	if view.Customer, err = v.customerOf(d.AccountID); err != nil {
		return err
	}
	return v.show(status, "domain", d.DisplayName(), view)
}

func (v *visit) domainRename() error {
	d, err := v.domain()
	if err != nil {
		return err
	}
	f := v.typed()
	renamed, err := v.subscriptions().RenameDomain(v.ctx(), d.ID, f.Value("name"))
	if err != nil {
		if err := v.refused(&f, err, []string{"name"}); err != nil {
			return err
		}
		return v.showDomain(http.StatusUnprocessableEntity, d, f)
	}
	v.done("domain.renamed", renamed.DisplayName())
	return v.redirect("/domains/", d.ID)
}

func (v *visit) domainMakeMain() error {
	d, err := v.domain()
	if err != nil {
		return err
	}
	if err := v.subscriptions().SetMainDomain(v.ctx(), d.ID); err != nil {
		return err
	}
	v.done("domain.madeMain", d.DisplayName())
	return v.redirect("/domains/", d.ID)
}

// moving is the page on which a domain is moved to another subscription, which one looks for there.
type moving struct {
	Domain subscriptions.Domain
	Form   form
	Find   string
	Found  []listedSubscription
	More   bool
}

func (v *visit) domainMovePage() error {
	d, err := v.domain()
	if err != nil {
		return err
	}
	return v.showMove(http.StatusOK, d, form{})
}

// showMove offers the subscriptions of the same customer first: until somebody searches, only those.
func (v *visit) showMove(status int, d subscriptions.Domain, f form) error {
	find := strings.TrimSpace(v.r.Form.Get("find"))
	q := subscriptions.Query{Search: find, Limit: mostFound}
	if find == "" {
		q.AccountID = &d.AccountID
	}
	found, err := v.subscriptions().List(v.r.Context(), q)
	if err != nil {
		return err
	}
	listed, err := v.listed(found.Items)
	if err != nil {
		return err
	}
	return v.show(status, "domain-move", v.T("domain.move", d.DisplayName()), moving{
		Domain: d, Form: f, Find: find, Found: listed, More: found.Next != "",
	})
}

func (v *visit) domainMove() error {
	d, err := v.domain()
	if err != nil {
		return err
	}
	f := v.typed()
	if f.Value("to") == "" {
		f.Others = append(f.Others, v.T("domain.nowhere"))
		return v.showMove(http.StatusUnprocessableEntity, d, f)
	}
	to, err := number[subscriptions.ID](f.Value("to"))
	if err != nil {
		return err
	}
	if _, err := v.subscriptions().MoveDomains(v.ctx(), []subscriptions.DomainID{d.ID}, to); err != nil {
		if err := v.refused(&f, err, nil); err != nil {
			return err
		}
		return v.showMove(http.StatusUnprocessableEntity, d, f)
	}
	v.done("domain.moved", d.DisplayName())
	return v.redirect("/subscriptions/", to)
}
