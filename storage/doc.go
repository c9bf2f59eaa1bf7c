// Package storage groups the implementations of accounts.Store, which keep accounts, subscriptions, domains and events:
//
//   - memory keeps them in the memory of the process, for tests and programs that need no persistence.
//   - sqlite keeps them in an SQLite file.
//   - postgres keeps them in PostgreSQL.
//   - storagetest is the conformance suite for implementations.
//
// Copy copies everything from one of them to another. README.md in the directory of this package is the guide for writing a
// store.
package storage
