package provider

import (
	"context"
	"time"
)

type asOf struct{}

// AsOf says that what a place has said since t is new enough for whoever has the context: a run over many collections of one place can then look at all of them in one question. It is for work that ends
// soon, since t does not move.
func AsOf(ctx context.Context, t time.Time) context.Context {
	return context.WithValue(ctx, asOf{}, t)
}

// Fresh is the moment that AsOf named. false: only what a place says now is new enough.
func Fresh(ctx context.Context) (time.Time, bool) {
	t, ok := ctx.Value(asOf{}).(time.Time)
	return t, ok
}
