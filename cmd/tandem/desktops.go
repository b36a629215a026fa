package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"tandem/internal/disk"
	kinds "tandem/kind/all"
	"tandem/server/dav"
	desktops "tandem/server/dav/all"
	"tandem/server/dav/proto"
)

// newDesktops puts the desktops' door together: CalDAV, CardDAV and WebDAV.
func (h *hub) newDesktops(p doorPlan, log *slog.Logger) *dav.Door {
	return desktops.New(desktops.Config{Store: h.store, Kinds: kinds.Kinds(), Accounts: h.accounts, Meetings: h.meetings, Base: p.base, Log: log, Trust: p.trusts,
		Free: func() (int64, error) { return disk.Free(h.dir) }, Used: func() (int64, error) { return disk.Used(h.dir) }})
}

// resumeEvery is how often messages of meetings that could not be delivered are tried again.
const resumeEvery = 5 * time.Minute

// resume delivers messages that were left undelivered; all: also those that may belong to writes under way, which there are none of before the doors open.
func (d *doors) resume(ctx context.Context, all bool) {
	if err := d.meetings.Resume(ctx, all); err != nil && ctx.Err() == nil {
		d.log.Error("messages of meetings wait", "err", err)
	}
}

// carryMeetings tries again, until ctx is done, what could not be delivered.
func (d *doors) carryMeetings(ctx context.Context) {
	tick := time.NewTicker(resumeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.resume(ctx, false)
		}
	}
}

// forDesktops reports whether a request is for the desktops' door. A client that knows nothing but the host asks at its root. RFC 6764 6
func forDesktops(r *http.Request) bool {
	if r.URL.Path == "/" {
		return r.Method == "PROPFIND" || r.Method == "REPORT" || r.Method == http.MethodOptions
	}
	return dav.Is(r.URL.Path)
}

// rootLeads answers those that ask at the root as if they had asked at the door. It does not send them there: some clients (python3-caldav) follow without
// their question.
func rootLeads(door http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = proto.Path, ""
		}
		door.ServeHTTP(w, r)
	})
}
