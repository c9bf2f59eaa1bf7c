package input

import "context"

type actorKey struct{}

// WithActor returns a copy of ctx whose commands are recorded as given by actor.
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// Actor returns the actor in ctx, cleaned, or "" if there is none. An actor that is not one line of at most 255 characters
// is a violation at "actor".
func Actor(ctx context.Context, v *Violations) string {
	actor := actorIn(ctx)
	v.Var("actor", actor, "max=255,line")
	return actor
}

// HasActor reports whether ctx names an actor.
func HasActor(ctx context.Context) bool { return actorIn(ctx) != "" }

func actorIn(ctx context.Context) string {
	actor, _ := ctx.Value(actorKey{}).(string)
	return Line(actor)
}
