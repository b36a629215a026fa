package control

import (
	"context"
	"net/http"

	"tandem/center"
	"tandem/partner/trace"
	"tandem/store"
)

func handleDiagnostics(mux *http.ServeMux, s center.Diagnostics) {
	handle(mux, "TraceDevice", func(ctx context.Context, o center.TraceOrder) (trace.State, error) { return s.TraceDevice(ctx, o) })
	handle(mux, "DeviceTrace", func(ctx context.Context, a deviceArg) (trace.Trace, error) { return s.DeviceTrace(ctx, a.User, a.ID) })
	lines(mux, "Verify", func(ctx context.Context, _ nothing, send func(line)) error {
		return s.Verify(ctx, func(v store.Verified) { send(line{Verified: &v}) })
	})
	handle(mux, "Repair", func(ctx context.Context, a mendArg) ([]center.Repair, error) { return s.Repair(ctx, a.Mend) })
	handle(mux, "Bundle", func(ctx context.Context, _ nothing) (center.Bundle, error) { return s.Bundle(ctx) })
}

type mendArg struct{ Mend bool }

// Verify implements center.Service.
func (c *Client) Verify(ctx context.Context, tell func(store.Verified)) error {
	return c.lines(ctx, "Verify", nothing{}, func(l line) {
		if l.Verified != nil {
			tell(*l.Verified)
		}
	})
}

// Repair implements center.Service.
func (c *Client) Repair(ctx context.Context, mend bool) ([]center.Repair, error) {
	return call[[]center.Repair](ctx, c, "Repair", mendArg{mend})
}

// Bundle implements center.Service.
func (c *Client) Bundle(ctx context.Context) (center.Bundle, error) {
	return call[center.Bundle](ctx, c, "Bundle", nothing{})
}

// TraceDevice implements center.Service.
func (c *Client) TraceDevice(ctx context.Context, o center.TraceOrder) (trace.State, error) {
	return call[trace.State](ctx, c, "TraceDevice", o)
}

// DeviceTrace implements center.Service.
func (c *Client) DeviceTrace(ctx context.Context, user, id string) (trace.Trace, error) {
	return call[trace.Trace](ctx, c, "DeviceTrace", deviceArg{user, id})
}
