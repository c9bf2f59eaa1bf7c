// Package hook calls the function of an application that observes commands, for tracing and metrics.
package hook

import "context"

// OnCommand is called at the start of a command or look-up. It returns the context for it, and a function that is called
// with the result at its end.
type OnCommand func(ctx context.Context, command string) (context.Context, func(err error))

// Start calls the hook, if there is one. The results are never nil.
func (h OnCommand) Start(ctx context.Context, command string) (context.Context, func(err error)) {
	if h == nil {
		return ctx, ignore
	}
	observed, end := h(ctx, command)
	if observed == nil {
		observed = ctx
	}
	if end == nil {
		end = ignore
	}
	return observed, end
}

func ignore(error) {}
