// Package storage is the folder of the stores: each package below it keeps accounts, subscriptions, domains and events
// somewhere, by implementing accounts.Store.
//
//   - memory keeps them in the process, for tests and for programs that may forget.
//   - postgres keeps them in PostgreSQL.
//   - storagetest is the conformance suite, the only definition of a correct store.
//
// It has no code of its own.
package storage
