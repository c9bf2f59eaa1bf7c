// Package faults contains tests of package postgres under failures of a process, a connection, the server, and the primary of a
// cluster. It exports nothing.
//
// Each test provokes a failure at every point at which it can occur, and then compares the results of the commands with the
// database: an acknowledged command has taken effect, one that returned ErrUnavailable has not, and one that returned
// ErrCommitUnknown has taken effect as a whole or not at all.
//
// The tests use only Unix sockets and the loopback address. Servers stop when the test process ends; see package pgtest. With
// CLIENTELE_SOAK=1 the failover is repeated ten times.
package faults
