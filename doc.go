// Package clientele is the root of a library for customer accounts in hosting products; it has no code of its own.
//
// A provider gives every customer one account. The account holds the customer's subscriptions, a subscription holds
// domains. Suspending an account shuts its owner out and takes every website below it down; removing it removes all of
// that. The library decides, records and tells; the product that embeds it does the serving.
//
//   - Package accounts is where a host begins: NewManager.
//   - Package subscriptions is what lies below an account.
//   - Package storage/memory keeps everything in memory, for tests and small hosts; storage/postgres keeps it in
//     PostgreSQL, also inside a transaction of the host's own; storage/storagetest proves a store of one's own.
//   - Package adapters/gateway stands before a host's web server and serves, or does not serve, its sites;
//     adapters/panel is the web pages for operators and customers.
//
// The README tells how holds work, how to embed the library and how to write a store.
package clientele
