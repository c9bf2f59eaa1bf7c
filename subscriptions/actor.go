package subscriptions

import (
	"context"

	"github.com/clientele-go/clientele/subscriptions/input"
)

type actorKey struct{}

// WithActor answers a context whose commands are recorded as done by actor: at most 255 characters on one line, else
// the command is ErrInvalid at "actor".
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// Actor answers who acts in ctx, as WithActor said it, cleaned; "" when nobody is named.
// It adds a fault to f when that is no valid actor.
func Actor(ctx context.Context, f *input.Faults) string {
	actor, _ := ctx.Value(actorKey{}).(string)
	actor = input.Line(actor)
	f.Var("actor", actor, "max=255,line")
	return actor
}

// HasActor tells whether somebody is named in ctx.
func HasActor(ctx context.Context) bool {
	actor, _ := ctx.Value(actorKey{}).(string)
	return input.Line(actor) != ""
}
