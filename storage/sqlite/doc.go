// Package sqlite provides a store that keeps accounts, subscriptions and domains in one SQLite file, through Bun. Its tables
// begin with clientele_ and may be beside those of the application:
//
//	pool, err := sql.Open("sqlite", "file:clientele.db")
//	if err != nil {
//		return err
//	}
//	db := bun.NewDB(pool, sqlitedialect.New())
//	if err := sqlite.Migrate(ctx, db, nil); err != nil {
//		return err
//	}
//	store, err := sqlite.New(ctx, db, nil)
//	if err != nil {
//		return err
//	}
//	clients := accounts.NewManager(store, nil)
//
// A command that has returned is on the disk. Commands run one at a time, in the order in which they came, also where several
// processes use the file; they wait without an error until their ctx ends. Reads see what was committed when they began and do
// not wait for commands, if the pool has more than one connection.
//
// Commands can be part of the application's own transactions, which commit or roll back both together:
//
//	err := store.RunInTx(ctx, func(ctx context.Context, tx bun.Tx, in *sqlite.Store) error {
//		if _, err := tx.NewInsert().Model(&invoice).Exec(ctx); err != nil {
//			return err
//		}
//		_, err := clients.WithStore(in).Suspend(ctx, ids, hold)
//		return err
//	})
//
// WithTx and WithSQLTx do the same in a transaction that the application begins and commits itself, with or without Bun.
//
// The package imports no driver. It needs SQLite 3.44 or later with FTS5, and a driver whose errors have a method Code that
// returns SQLite's result code as an int; it is tested with modernc.org/sqlite. The README describes the settings, backups,
// and how large a file may become.
package sqlite
