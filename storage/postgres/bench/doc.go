// Package bench measures the PostgreSQL store at a million accounts, beside SQL that is written by hand for the same
// work: make bench.
//
// Every figure is a ratio of two ways that took turns in one run. What is compared with does the same reads, or the same
// locks, writes and events, in the same execution mode, through pgx itself; TestByHand shows that it leaves the same
// rows. The benchmarks print the table that stands in the README of package postgres.
//
// The server is one of package pgtest. Its data, a million accounts with 1.2 million subscriptions and 3 million domains,
// are made once and kept in the system's temporary directory, under a name that changes with the schema and with the files
// under seed. CLIENTELE_BENCH_ACCOUNTS sets another number of accounts.
package bench
