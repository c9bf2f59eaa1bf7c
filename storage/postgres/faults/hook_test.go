package faults_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// statementHook is a tracer that calls a function immediately before a certain statement is sent. It also counts deadlocks.
type statementHook struct {
	mu        sync.Mutex
	remaining int // statements up to and including that one; 0: the function will not be called
	fn        func(conn *pgx.Conn, statement string)

	deadlocks atomic.Int64 // errors of the server
}

// beforeStatement calls fn before the nth statement from now on; 1 is the next one.
func (h *statementHook) beforeStatement(n int, fn func(conn *pgx.Conn, statement string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remaining, h.fn = n, fn
}

// fired reports whether the statement was reached. The function is not called any more.
func (h *statementHook) fired() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	fired := h.remaining == 0
	h.remaining = 0
	return fired
}

// TraceQueryStart implements pgx.QueryTracer.
func (h *statementHook) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	h.mu.Lock()
	var fn func(*pgx.Conn, string)
	if h.remaining > 0 {
		if h.remaining--; h.remaining == 0 {
			fn = h.fn
		}
	}
	h.mu.Unlock()
	if fn != nil {
		fn(conn, data.SQL)
	}
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (h *statementHook) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	var pgErr *pgconn.PgError
	if errors.As(data.Err, &pgErr) && pgErr.Code == "40P01" {
		h.deadlocks.Add(1)
	}
}
