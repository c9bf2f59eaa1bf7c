package subscriptions

import (
	"context"

	"github.com/clientele-go/clientele/internal/input"
)

// WithActor returns a copy of ctx whose commands are recorded as given by actor: one line of at most 255 characters. With
// any other text, every command returns ErrInvalid at "actor".
func WithActor(ctx context.Context, actor string) context.Context {
	return input.WithActor(ctx, actor)
}
