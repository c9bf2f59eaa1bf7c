package postgres_test

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// recorder records the statements that the driver sends to the server.
type recorder struct {
	mu         sync.Mutex
	statements []statement
}

type statement struct {
	text string
	args []any
}

// trace sets the recorder as the tracer of a pool's connections.
func (r *recorder) trace(config *pgx.ConnConfig) { config.Tracer = r }

// TraceQueryStart implements pgx.QueryTracer.
func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.statements = append(r.statements, statement{data.SQL, slices.Clone(data.Args)})
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (r *recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// take returns the statements recorded since the last call.
func (r *recorder) take() []statement {
	r.mu.Lock()
	defer r.mu.Unlock()
	statements := r.statements
	r.statements = nil
	return statements
}

// verb returns the first word of a statement, in upper case.
func (s statement) verb() string {
	words := strings.Fields(s.text)
	if len(words) == 0 {
		return ""
	}
	return strings.ToUpper(strings.TrimLeft(words[0], "("))
}
