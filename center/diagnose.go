package center

import (
	"cmp"
	"context"
	"errors"
	"time"

	"tandem"
	"tandem/partner/trace"
	"tandem/store"
)

// Diagnostics is the part of Service that looks into how the hub works, and mends it.
type Diagnostics interface {
	// TraceDevice begins or ends writing down what a device and the hub say to each other.
	TraceDevice(ctx context.Context, o TraceOrder) (trace.State, error)
	// DeviceTrace is what was written down, the oldest first; of a device that is not traced, nothing.
	DeviceTrace(ctx context.Context, user, id string) (trace.Trace, error)
	// Verify reads every body that the hub keeps, compares it with what was stored, and tells how far it has come; the last news is Over and names what is damaged. The check-up or repair that follows
	// makes use of what was found.
	Verify(ctx context.Context, tell func(store.Verified)) error
	// Repair looks for what was left over or leads nowhere, and with mend mends it, asking nothing. What people wrote is never removed. What was mended is in the log.
	Repair(ctx context.Context, mend bool) ([]Repair, error)
	// Bundle gathers what somebody needs who is to find out why something does not work.
	Bundle(ctx context.Context) (Bundle, error)
}

// TraceOrder is an order about the trace of a device.
type TraceOrder struct {
	User, ID string
	Off      bool
	Seconds  int64  // how long; 0: an hour
	By       string `json:",omitempty"`
}

// TraceDevice implements Service.
func (h *Hub) TraceDevice(ctx context.Context, o TraceOrder) (trace.State, error) {
	d, err := h.cfg.Devices.Find(ctx, o.User, o.ID)
	if err != nil {
		return trace.State{}, err
	}
	switch {
	case h.cfg.Traces == nil || !h.isStarted():
		return trace.State{}, &tandem.Error{Kind: tandem.Invalid, Op: "trace device", Thing: d.ID, Err: errors.New("no hub runs that it could speak to"), Remedy: "start the hub with `tandem serve`, and ask again"}
	case o.Off:
		return h.cfg.Traces.Stop(d.User, d.ID)
	}
	if o.Seconds < 0 || o.Seconds > int64(trace.MaxSpan/time.Second) {
		return trace.State{}, &tandem.Error{Kind: tandem.Invalid, Op: "trace device", Thing: d.ID, Err: errors.New("it is traced for a day at most"), Remedy: "give a time such as 30m or 2h"}
	}
	return h.cfg.Traces.Start(d.User, d.ID, cmp.Or(o.By, "cli"), time.Duration(o.Seconds)*time.Second)
}

// DeviceTrace implements Service.
func (h *Hub) DeviceTrace(ctx context.Context, user, id string) (trace.Trace, error) {
	d, err := h.cfg.Devices.Find(ctx, user, id)
	if err != nil {
		return trace.Trace{}, err
	}
	none := trace.Trace{State: trace.State{User: d.User, Device: d.ID}, Exchanges: []trace.Exchange{}}
	if h.cfg.Traces == nil {
		return none, nil
	}
	t, err := h.cfg.Traces.Trace(d.User, d.ID)
	if tandem.IsKind(err, tandem.NotFound) {
		return none, nil
	}
	return t, err
}
