// Package faults holds the tests of what package postgres promises when something breaks: the process, a connection,
// the server, the primary of a cluster. It exports nothing.
//
// Each test provokes its fault on purpose, at every place where it can strike, and then compares what callers were told
// with what is there: an acknowledged command is there, one that was ErrUnavailable is not, one that was ErrCommitUnknown is
// there as a whole or not at all.
//
// Everything happens on Unix sockets and the loopback address. Servers end with the tests' process, however it does; see
// package pgtest. CLIENTELE_SOAK=1 repeats the failover ten times.
package faults
