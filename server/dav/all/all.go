// Package all puts the desktops' door together: it is the one list of the methods that are served.
package all

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"tandem"
	"tandem/kind"
	"tandem/kind/recur"
	"tandem/partner/access"
	meetings "tandem/partner/schedule"
	"tandem/server/dav"
	"tandem/server/dav/acl"
	"tandem/server/dav/attach"
	"tandem/server/dav/attachments"
	"tandem/server/dav/check"
	"tandem/server/dav/collections"
	"tandem/server/dav/files"
	"tandem/server/dav/locks"
	"tandem/server/dav/objects"
	"tandem/server/dav/props"
	"tandem/server/dav/proto"
	"tandem/server/dav/reports"
	"tandem/server/dav/schedule"
	"tandem/server/dav/transfer"
	"tandem/server/dav/tree"
	"tandem/store"
)

// Config is what the door stands on. Everything without a remark must be set.
type Config struct {
	Store    *store.Store // where Meetings are given, its Home is the one that they watch over (Calendars)
	Kinds    map[tandem.Kind]kind.Handler
	Accounts dav.Accounts
	Meetings *meetings.Service          // nil: one of the door's own, which reaches nobody outside the hub
	Base     func(*http.Request) string // the address under which the client of a request knows the hub
	Now      func() time.Time           // nil: time.Now
	Log      *slog.Logger               // nil: nowhere
	Trust    func(remote string) bool   // nil: no reverse proxy is believed
	Free     func() (int64, error)      // bytes left for what is stored; nil: not known
	Used     func() (int64, error)      // bytes taken of the same; nil: not known
}

// New puts a door together.
func New(cfg Config) *dav.Door {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Meetings == nil {
		cfg.Meetings = Meetings(cfg.Store, cfg.Kinds, cfg.Now, cfg.Log)
		own := *cfg.Store
		own.Home = cfg.Meetings.Calendars(own.Home)
		cfg.Store = &own
	}
	who := &access.Service{Home: cfg.Store.Home, Shares: cfg.Store.Shares, Now: cfg.Now}
	paths := &tree.Service{Home: cfg.Store.Home, Lookup: cfg.Store.Lookup, Accounts: cfg.Store.Accounts, Access: who, Inbox: cfg.Meetings.Inbox}
	return dav.New(dav.Config{Accounts: cfg.Accounts, Tree: paths, Methods: methods(cfg, paths, who), Base: cfg.Base, Log: cfg.Log, Trust: cfg.Trust})
}

// Meetings is what carries meetings between the users of a hub, in a way that clients of this door understand.
func Meetings(st *store.Store, kinds map[tandem.Kind]kind.Handler, now func() time.Time, log *slog.Logger) *meetings.Service {
	m := meetings.New(st, kinds)
	m.Now, m.Log = now, log
	m.URIs = func(u store.User) []string { return []string{proto.PrincipalHref(u.Name)} }
	return m
}

// limits are what may be stored through this door. RFC 4791 5.2.5, 5.2.9
var limits = check.Limits{Size: proto.MaxRecord, Attendees: 2000}

// attached are what may be attached to an event or task. RFC 8607 6.2, 6.3
var attached = attach.Limits{Size: 64 << 20, Count: 100}

// methods are all methods that are served. What is not in this list is not advertised.
func methods(cfg Config, paths proto.Tree, who *access.Service) map[string]proto.Method {
	st := cfg.Store
	now := func() int64 { return cfg.Now().Unix() }
	guard := &locks.Service{Tree: paths, Locks: st.Locks, Now: now}
	zones := &recur.Zones{}
	checker := &check.Checker{Limits: limits, Zones: zones}
	meets := &schedule.Service{Meetings: cfg.Meetings, Accounts: st.Accounts, Log: cfg.Log}
	known := &props.Service{Attached: attached, Meet: meets, Limits: limits, Tree: paths, Home: st.Home, Lookup: st.Lookup, Accounts: st.Accounts, Shares: st.Shares, Props: st.Props, Locks: st.Locks, Guard: guard,
		Now: now, Free: cfg.Free, Used: cfg.Used}
	finds := &reports.Service{Tree: paths, Home: st.Home, Lookup: st.Lookup, Accounts: st.Accounts, Dead: st.Props, Props: known, Zones: zones, Log: cfg.Log, Now: now}
	records := &objects.Service{Tree: paths, Home: st.Home, Kinds: cfg.Kinds, Guard: guard, Check: checker, Meet: meets, Log: cfg.Log}
	trees := &files.Service{Tree: paths, Home: st.Home, Blobs: st.Blobs, Guard: guard, Digest: streamer(cfg.Kinds), Now: cfg.Now, Free: cfg.Free}
	guard.Create = trees.Touch
	moves := &transfer.Service{Tree: paths, Home: st.Home, Lookup: st.Lookup, Props: st.Props, Locks: guard}
	attaches := &attachments.Service{Home: st.Home, Room: trees.Room, Objects: records, Guard: guard, Files: cfg.Kinds[tandem.File], Limits: attached, Zones: zones, Log: cfg.Log}
	rights := &acl.Service{Tree: paths, Access: who, Guard: guard}
	makes := &collections.Service{Tree: paths, Home: st.Home, Props: known, Guard: guard, MakeDir: trees.MakeDir}
	return map[string]proto.Method{
		http.MethodGet:    byTree(trees.Get, records.Get),
		http.MethodHead:   byTree(trees.Get, records.Get),
		http.MethodPost:   posts(records.Post, meets.Outbox, attaches.Post),
		http.MethodPut:    byTree(trees.Put, attaches.Put(records.Put)),
		http.MethodDelete: attaches.Delete(meets.Delete(moves.Delete)),
		"ACL":             rights.Acl,
		"COPY":            meets.Replace(paths, moves.Copy),
		"LOCK":            guard.Lock,
		"MKCALENDAR":      makes.Mkcalendar,
		"MKCOL":           makes.Mkcol,
		"MOVE":            meets.Replace(paths, moves.Move),
		"PROPFIND":        known.Propfind,
		"PROPPATCH":       known.Proppatch,
		"REPORT":          finds.Report,
		"UNLOCK":          guard.Unlock,
	}
}

// posts serves POST: to the outbox, about attachments, and to everything else.
func posts(others, outbox, attaches proto.Method) proto.Method {
	return func(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
		switch {
		case r.Target.Sort == proto.Outbox:
			return outbox(ctx, w, r)
		case attachments.Is(r):
			return attaches(ctx, w, r)
		}
		return others(ctx, w, r)
	}
}

// byTree has trees of files served by one method, and everything else by another.
func byTree(trees, others proto.Method) proto.Method {
	return func(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
		if r.Target.Tree() {
			return trees(ctx, w, r)
		}
		return others(ctx, w, r)
	}
}

// streamer is what knows files that do not fit in memory. Without the kind file nobody has any.
func streamer(kinds map[tandem.Kind]kind.Handler) kind.Streamer {
	s, _ := kinds[tandem.File].(kind.Streamer)
	return s
}
