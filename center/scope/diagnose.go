package scope

import (
	"context"

	"tandem/center"
	"tandem/partner/trace"
	"tandem/store"
)

// TraceDevice implements center.Service.
func (s *Scope) TraceDevice(ctx context.Context, o center.TraceOrder) (trace.State, error) {
	if err := s.notApp("trace device"); err != nil {
		return trace.State{}, err
	}
	d, err := s.FindDevice(ctx, o.User, o.ID)
	if err != nil {
		return trace.State{}, err
	}
	if d.Device.ID != o.ID { // an order names its device in full
		return trace.State{}, missing("device", o.ID)
	}
	o.User, o.By = d.Device.User, s.who.User
	st, err := s.cfg.Hub.TraceDevice(ctx, o)
	if err == nil && o.Off {
		s.audit(ctx, o.User, "ended the trace of the device %s", o.ID)
	} else if err == nil {
		s.audit(ctx, o.User, "has the device %s traced", o.ID)
	}
	return st, err
}

// DeviceTrace implements center.Service. What people wrote is not in it, so that administrators see those of all devices.
func (s *Scope) DeviceTrace(ctx context.Context, user, id string) (trace.Trace, error) {
	d, err := s.FindDevice(ctx, user, id)
	if err != nil {
		return trace.Trace{}, err
	}
	return s.cfg.Hub.DeviceTrace(ctx, d.Device.User, d.Device.ID)
}

// Verify implements center.Service, for administrators.
func (s *Scope) Verify(ctx context.Context, tell func(store.Verified)) error {
	if err := s.adminOnly("verify bodies"); err != nil {
		return err
	}
	return s.cfg.Hub.Verify(ctx, tell)
}

// Repair implements center.Service, for administrators.
func (s *Scope) Repair(ctx context.Context, mend bool) ([]center.Repair, error) {
	if err := s.adminOnly("repair"); err != nil {
		return nil, err
	}
	list, err := s.cfg.Hub.Repair(ctx, mend)
	if err == nil && mend {
		s.audit(ctx, "", "had the hub repaired: %d things", len(list))
	}
	return list, err
}

// Bundle implements center.Service, for administrators.
func (s *Scope) Bundle(ctx context.Context) (center.Bundle, error) {
	if err := s.adminOnly("make bundle"); err != nil {
		return center.Bundle{}, err
	}
	b, err := s.cfg.Hub.Bundle(ctx)
	if err == nil {
		s.audit(ctx, "", "took a bundle of diagnostics")
	}
	return b, err
}
