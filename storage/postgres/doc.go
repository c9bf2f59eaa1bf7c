// Package postgres provides a store that keeps accounts, subscriptions and domains in PostgreSQL 13 or later, through Bun. Its
// tables are in a separate schema beside those of the application:
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
// Commands can be part of the application's own transactions, which commit or roll back both together:
//
//	err := store.RunInTx(ctx, func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
//		if _, err := tx.NewInsert().Model(&invoice).Exec(ctx); err != nil {
//			return err
//		}
//		_, err := clients.WithStore(in).Suspend(ctx, ids, hold)
//		return err
//	})
//
// WithTx and WithSQLTx do the same in a transaction that the application begins and commits itself, with or without Bun.
//
// The package imports no driver. The README describes how to configure one, which privileges the role needs, and how to
// operate, back up and remove the schema.
package postgres
