package api

import (
	"context"

	"tandem/center"
	"tandem/partner/trace"
	"tandem/store"
)

// TraceWish is an order about the trace of a device.
type TraceWish struct {
	User    string `json:"user,omitempty" doc:"whose device it is; none: one's own, or for administrators whoever's has this id"`
	On      bool   `json:"on" doc:"begin, or let it go on; else end it"`
	Seconds int64  `json:"seconds,omitempty" minimum:"0" maximum:"86400" doc:"how long; none: an hour"`
}

func (a *API) addDiagnostics() {
	const tag = "devices"
	get(a, op{id: "device-trace", method: "GET", path: "/api/devices/{id}/trace", tag: tag, summary: "What a device and the hub said to each other",
		about: "Without what people wrote: texts are replaced by their lengths. The oldest exchange comes first."},
		func(ctx context.Context, s center.Service, in *struct {
			ID string `path:"id" doc:"enough of its beginning"`
			OfUser
		}) (trace.Trace, error) {
			return s.DeviceTrace(ctx, in.User, in.ID)
		})
	get(a, op{id: "trace-device", method: "PUT", path: "/api/devices/{id}/trace", tag: tag, summary: "Begin or end writing down what a device and the hub say to each other",
		about: "It ends by itself, is bounded, and is forgotten a day later or when the hub ends."},
		func(ctx context.Context, s center.Service, in *struct {
			ID   string `path:"id" doc:"in full"`
			Body TraceWish
		}) (trace.State, error) {
			return s.TraceDevice(ctx, center.TraceOrder{User: in.Body.User, ID: in.ID, Off: !in.Body.On, Seconds: in.Body.Seconds})
		})
	get(a, op{id: "verify", method: "POST", path: "/api/verifications", tag: "hub", summary: "Read every body that the hub keeps, and tell which are damaged",
		about: "For administrators. It takes as long as reading all of them, and changes nothing; breaking the connection ends it. A repair puts damaged bodies aside, and fetches what they held from where it still is."},
		func(ctx context.Context, s center.Service, _ *struct{}) (last store.Verified, err error) {
			err = s.Verify(ctx, func(v store.Verified) { last = v })
			return last, err
		})
	get(a, op{id: "repair", method: "POST", path: "/api/repairs", tag: "hub", summary: "Find what was left over or leads nowhere, and mend it",
		about: "For administrators. Without mend nothing is changed. What people wrote is never removed."},
		func(ctx context.Context, s center.Service, in *one[Mending]) ([]center.Repair, error) {
			return s.Repair(ctx, in.Body.Mend)
		})
	serve(a, op{id: "bundle", method: "GET", path: "/api/bundle", tag: "hub", summary: "What somebody needs who is to find out why something does not work, as a ZIP file",
		about: "For administrators. Secrets, names of people and addresses are left out."},
		func(ctx context.Context, _ *struct{}) (*file, error) {
			b, err := a.cfg.Service(ctx).Bundle(ctx)
			return &file{Type: "application/zip", Disposition: `attachment; filename="` + b.Name + `"`, Body: b.Data}, err
		})
}

// Mending says what to do about what is found.
type Mending struct {
	Mend bool `json:"mend"`
}

// file is an answer that is no JSON.
type file struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}
