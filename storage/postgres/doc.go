// Package postgres keeps accounts, subscriptions and domains in PostgreSQL 13 or later, through Bun, in a schema of
// their own beside a host's tables:
//
//	db := bun.NewDB(pool, pgdialect.New())
//	if err := postgres.Migrate(ctx, db, nil); err != nil {
//		return err
//	}
//	store, err := postgres.New(ctx, db, nil)
//	if err != nil {
//		return err
//	}
//	clients := accounts.NewManager(store, nil)
//
// A host's own transaction takes commands in, and commits or rolls back both together:
//
//	level := &sql.TxOptions{Isolation: sql.LevelReadCommitted}
//	err := db.RunInTx(ctx, level, func(ctx context.Context, tx bun.Tx) error {
//		if _, err := tx.NewInsert().Model(&invoice).Exec(ctx); err != nil {
//			return err
//		}
//		_, err := clients.With(store.In(tx)).Suspend(ctx, ids, hold)
//		return err
//	})
//
// The package imports no driver. The README beside it says how to set one up, which privileges the role needs, what
// works without, and how to run, back up and remove all of it.
package postgres
