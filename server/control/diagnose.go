package control

import (
	"context"
	"net/http"

	"tandem/center"
	"tandem/partner/trace"
)

func handleDiagnostics(mux *http.ServeMux, s center.Diagnostics) {
	handle(mux, "TraceDevice", func(ctx context.Context, o center.TraceOrder) (trace.State, error) { return s.TraceDevice(ctx, o) })
	handle(mux, "DeviceTrace", func(ctx context.Context, a deviceArg) (trace.Trace, error) { return s.DeviceTrace(ctx, a.User, a.ID) })
}

// TraceDevice implements center.Service.
func (c *Client) TraceDevice(ctx context.Context, o center.TraceOrder) (trace.State, error) {
	return call[trace.State](ctx, c, "TraceDevice", o)
}

// DeviceTrace implements center.Service.
func (c *Client) DeviceTrace(ctx context.Context, user, id string) (trace.Trace, error) {
	return call[trace.Trace](ctx, c, "DeviceTrace", deviceArg{user, id})
}
