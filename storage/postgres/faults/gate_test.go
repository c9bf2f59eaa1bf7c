package faults_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// gate is a tracer that lets something happen right before one statement is sent, and counts deadlocks.
type gate struct {
	mu   sync.Mutex
	left int // statements up to and with that one; 0: nothing will happen
	then func(conn *pgx.Conn, statement string)

	deadlocks atomic.Int64 // errors of the server's that said so
}

// before lets something happen before the nth statement from now, the first of them being 1.
func (g *gate) before(n int, then func(conn *pgx.Conn, statement string)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left, g.then = n, then
}

// reached tells whether that statement came, and takes what has not happened back.
func (g *gate) reached() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	was := g.left == 0
	g.left = 0
	return was
}

// TraceQueryStart implements pgx.QueryTracer.
func (g *gate) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	g.mu.Lock()
	var then func(*pgx.Conn, string)
	if g.left > 0 {
		if g.left--; g.left == 0 {
			then = g.then
		}
	}
	g.mu.Unlock()
	if then != nil {
		then(conn, data.SQL)
	}
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (g *gate) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	var refused *pgconn.PgError
	if errors.As(data.Err, &refused) && refused.Code == "40P01" {
		g.deadlocks.Add(1)
	}
}
