package wrap

import (
	"context"
	"log/slog"

	"tandem/provider"
)

// Trace logs every call at debug level: what, how many records, how long, and the error. Bodies are never logged.
func Trace(o *provider.Opened, log *slog.Logger, clock Clock) *provider.Opened {
	w := &wrapped{Replica: o.Replica, around: &tracer{log.With("place", o.Place), clock}}
	return expose(o, w, o.Features)
}

type tracer struct {
	log   *slog.Logger
	clock Clock
}

func (t *tracer) begin(ctx context.Context, method string, n int) (func(error, int), error) {
	start := t.clock.Now()
	return func(err error, done int) {
		attrs := []slog.Attr{slog.String("call", method), slog.Duration("took", t.clock.Now().Sub(start)), slog.Int("records", done)}
		if n != 0 {
			attrs = append(attrs, slog.Int("asked", n))
		}
		if err != nil {
			attrs = append(attrs, slog.String("error", err.Error()))
		}
		t.log.LogAttrs(ctx, slog.LevelDebug, "replica", attrs...)
	}, nil
}
