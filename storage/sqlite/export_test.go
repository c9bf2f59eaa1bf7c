package sqlite

import (
	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// WithListSteps returns a store whose lists read other numbers of rows.
func (s *Store) WithListSteps(shortWalk, longWalk, found int) *Store {
	s.listSteps = listSteps{shortWalk, longWalk, found}
	return s
}

// AccountPage returns the statement that selects the ids of a page, and its arguments.
func AccountPage(p accounts.ListParams) (statement string, args []any) {
	l := accountList(p)
	l.startAfter(p)
	l.arguments["limit"] = p.Limit
	return l.all(), l.arguments.values()
}

// SubscriptionPage returns the statement that selects the ids of a page after the start, and its arguments.
func SubscriptionPage(p subscriptions.ListParams) (statement string, args []any) {
	l := subscriptionList(p)
	l.arguments["at"], l.arguments["after"], l.after = int64(1), int64(1), []string{":at", ":after"}
	l.arguments["limit"] = p.Limit
	return l.all(), l.arguments.values()
}
