package sqlite

import (
	"context"
	"io/fs"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// WithListSteps returns a store whose lists read other numbers of rows.
func (s *Store) WithListSteps(shortWalk, longWalk, found int) *Store {
	s.listSteps.ShortWalk, s.listSteps.LongWalk, s.listSteps.Found = shortWalk, longWalk, found
	return s
}

// AccountPage returns the statement that selects the ids of a page, and its arguments.
func AccountPage(p accounts.ListParams) (statement string, args []any) {
	l := accountList(p)
	l.startAfter(p)
	l.Arguments["limit"] = p.Limit
	return l.All(), l.values()
}

// SubscriptionPage returns the statement that selects the ids of a page after the start, and its arguments.
func SubscriptionPage(p subscriptions.ListParams) (statement string, args []any) {
	l := subscriptionList(p)
	l.Arguments["at"], l.Arguments["after"], l.After = int64(1), int64(1), []string{":at", ":after"}
	l.Arguments["limit"] = p.Limit
	return l.All(), l.values()
}

// DomainPage returns the statement that selects the ids of a page after the start, and its arguments.
func DomainPage(p subscriptions.DomainListParams) (statement string, args []any) {
	l := domainList(p)
	l.Arguments["key"], l.After = "m", []string{":key"}
	l.Arguments["limit"] = p.Limit
	return l.All(), l.values()
}

// MigrateTo migrates a file by other migrations.
func MigrateTo(ctx context.Context, db *bun.DB, files fs.FS) error {
	steps, err := migrations(files)
	if err != nil {
		return err
	}
	return migrate(ctx, db, nil, steps)
}

// Statements returns the statements that the store has kept prepared, sorted.
func (s *Store) Statements() []string {
	s.stmts.mu.Lock()
	defer s.stmts.mu.Unlock()
	return slices.Sorted(maps.Keys(s.stmts.byText))
}
