// Package clientele is the root of a library for customer accounts of hosting products. It contains no code.
//
// A provider has one account for each customer. An account has subscriptions, and a subscription has domains. Suspending
// an account suspends its websites and keeps its owner from signing in; removing it removes its subscriptions and domains
// too. The library decides and records all of this and reports it in events; the application serves the websites.
//
//   - Package accounts has the Manager, with which a program starts, and the interface that stores implement.
//   - Package subscriptions has subscriptions, domains and holds.
//   - Package storage/memory keeps everything in memory, for tests and for programs that need no persistence.
//   - Package storage/sqlite keeps everything in one SQLite file and can take part in the application's transactions.
//   - Package storage/postgres keeps everything in PostgreSQL and can take part in the application's transactions.
//   - Package storage/storagetest tests implementations of a store.
//   - Package adapters/gateway is middleware for web servers that serves active sites only.
//   - Package adapters/panel is the web pages for operators and customers.
//
// The README explains how holds work, how to use the library and how to implement a store.
package clientele
