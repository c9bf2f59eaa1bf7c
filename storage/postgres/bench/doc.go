// Package bench measures the PostgreSQL store with a million accounts, and compares it with hand-written SQL that does the same
// work: make bench.
//
// Each result is a ratio of two functions that ran alternately. The hand-written SQL is the best that we know how to write: it
// does the same reads, or the same locks, checks, writes and events, prepared, with the fewest round trips, through pgx itself;
// TestHandwrittenSQL shows that it leaves the same rows. The benchmarks print the tables that are in the README of package postgres.
//
// The server is started by package pgtest, with PostgreSQL's defaults except for the memory. Its data, a million accounts with 1.2 million subscriptions and 3 million domains,
// are created once and kept in the system's temporary directory, under a name that changes with the schema and with the files
// in the directory seed. CLIENTELE_BENCH_ACCOUNTS sets another number of accounts.
package bench
