package main

import (
	"log/slog"
	"net/http"

	"tandem/internal/disk"
	kinds "tandem/kind/all"
	"tandem/server/dav"
	desktops "tandem/server/dav/all"
	"tandem/server/dav/proto"
)

// newDesktops puts the desktops' door together: CalDAV, CardDAV and WebDAV.
func (h *hub) newDesktops(p doorPlan, log *slog.Logger) *dav.Door {
	return desktops.New(desktops.Config{Store: h.store, Kinds: kinds.Kinds(), Accounts: h.accounts, Base: p.base, Log: log, Trust: p.trusts,
		Free: func() (int64, error) { return disk.Free(h.dir) }})
}

// forDesktops reports whether a request is for the desktops' door. A client that knows nothing but the host asks at its root. RFC 6764 6
func forDesktops(r *http.Request) bool {
	if r.URL.Path == "/" {
		return r.Method == "PROPFIND" || r.Method == "REPORT" || r.Method == http.MethodOptions
	}
	return dav.Is(r.URL.Path)
}

// rootLeads sends those that ask at the root to the door.
func rootLeads(door http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			door.ServeHTTP(w, r)
			return
		}
		w.Header().Set("DAV", dav.Classes)
		http.Redirect(w, r, proto.Path, http.StatusMovedPermanently)
	})
}
