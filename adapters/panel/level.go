package panel

import (
	"context"
	"net/url"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// level is one of the three levels of things that have holds, with its commands. M is their manager, and K the type of the ids.
type level[M any, K ~int64] struct {
	name    string   // in paths and keys
	list    string   // the path of the page to return to
	filters []string // of the list on which all can be selected, or nil

	// find returns one page of the targets with the given ids or, if ids is nil, of all that match the filters f.
	find    func(r *request, ids []K, f url.Values, after accounts.Cursor) ([]target[K], accounts.Cursor, error)
	manager func(r *request) M
	suspend func(M, context.Context, []K, accounts.Hold) (subscriptions.Outcome[K], error)
	lift    func(M, context.Context, []K, []accounts.Cause) (subscriptions.Outcome[K], error)

	// preview and removeExactly, or remove where nothing else is removed with the selection.
	preview       func(M, context.Context, []K) (accounts.Removal, error)
	removeExactly func(M, context.Context, accounts.Removal) (accounts.Removal, error)
	remove        func(M, context.Context, []K) (accounts.Removal, error)

	more []action[K] // that only this level has
}

var customerLevel = level[*accounts.Manager, accounts.ID]{
	name: "customers", list: "/customers", filters: customerFilters,
	find: func(r *request, ids []accounts.ID, f url.Values, after accounts.Cursor) ([]target[accounts.ID], accounts.Cursor, error) {
		q := accounts.Query{IDs: ids}
		if ids == nil {
			q = customerQuery(f)
		}
		q.After, q.Limit = after, maxListLimit
		found, err := r.clients.List(r.req.Context(), q)
		var all []target[accounts.ID]
		for _, a := range found.Items {
			all = append(all, target[accounts.ID]{ID: a.ID, Name: nameOf(a.Account) + " (" + a.Login + ")", Holds: a.Holds})
		}
		return all, found.Next, err
	},
	manager: func(r *request) *accounts.Manager { return r.clients },
	suspend: (*accounts.Manager).Suspend, lift: (*accounts.Manager).Lift,
	preview: (*accounts.Manager).PreviewRemoval, removeExactly: (*accounts.Manager).RemoveExactly,
}

var subscriptionLevel = level[*subscriptions.Manager, subscriptions.ID]{
	name: "subscriptions", list: "/subscriptions", filters: subscriptionFilters,
	find: func(r *request, ids []subscriptions.ID, f url.Values, after subscriptions.Cursor) ([]target[subscriptions.ID], subscriptions.Cursor, error) {
		q := subscriptions.Query{IDs: ids}
		if ids == nil {
			q = r.subscriptionQuery(f)
		}
		q.After, q.Limit = after, maxListLimit
		found, err := r.subscriptions().List(r.req.Context(), q)
		var all []target[subscriptions.ID]
		for _, s := range found.Items {
			all = append(all, target[subscriptions.ID]{ID: s.ID, Name: s.DisplayName(), Holds: s.Holds, Inherited: s.Inherited})
		}
		return all, found.Next, err
	},
	manager: (*request).subscriptions,
	suspend: (*subscriptions.Manager).Suspend, lift: (*subscriptions.Manager).Lift,
	preview: (*subscriptions.Manager).PreviewRemoval, removeExactly: (*subscriptions.Manager).RemoveExactly,
	more: []action[subscriptions.ID]{assignAction},
}

var domainLevel = level[*subscriptions.Manager, subscriptions.DomainID]{
	name: "domains", list: "/subscriptions",
	find: func(r *request, ids []subscriptions.DomainID, _ url.Values, after subscriptions.Cursor) ([]target[subscriptions.DomainID], subscriptions.Cursor, error) {
		found, err := r.subscriptions().Domains(r.req.Context(), subscriptions.DomainQuery{IDs: ids, After: after, Limit: maxListLimit})
		var all []target[subscriptions.DomainID]
		for _, d := range found.Items {
			all = append(all, target[subscriptions.DomainID]{ID: d.ID, Name: d.DisplayName(), Holds: d.Holds, Inherited: d.Inherited})
		}
		return all, found.Next, err
	},
	manager: (*request).subscriptions,
	suspend: (*subscriptions.Manager).SuspendDomains, lift: (*subscriptions.Manager).LiftDomains,
	remove: (*subscriptions.Manager).RemoveDomains,
}
