// Package reports answers REPORT: what changed since a client looked last (RFC 6578), records by their paths and by what is in them (RFC 4791 7, RFC 6352 8),
// when somebody is busy, properties of what properties point to (RFC 3253 3.8), and who there is (RFC 3744 9).
//
// Answers are streamed, a page of records at a time. What a report costs follows from what it is about: changes since a token cost what changed, a range of
// time costs what happens in it.
package reports

import (
	"context"
	"log/slog"
	"net/http"
	"slices"

	"tandem"
	"tandem/kind/recur"
	"tandem/server/dav/calquery"
	"tandem/server/dav/props"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// Service answers reports. All fields must be set.
type Service struct {
	Tree     proto.Tree
	Home     store.Home
	Lookup   store.Lookup
	Accounts store.Accounts
	Dead     store.Properties
	Props    *props.Service
	Zones    *recur.Zones
	Log      *slog.Logger
	Now      func() int64 // Unix seconds
}

// Report implements proto.Method. RFC 3253 3.6
func (s *Service) Report(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	switch {
	case !r.Target.There():
		return &tandem.Error{Kind: tandem.NotFound, Op: "report on", Thing: r.URL.Path}
	case r.XML == nil:
		return davxml.Failf(http.StatusBadRequest, "a REPORT says in its body which report it is")
	}
	run := s.named(r.XML.Name)
	if run == nil || !slices.Contains(props.ReportsOf(r.Target), r.XML.Name) && !ofMember(r) {
		return davxml.Fail(http.StatusForbidden, davxml.D("supported-report"))
	}
	return run(ctx, w, r)
}

// ofMember reports whether a query is about one record. RFC 4791 7.8
func ofMember(r *proto.Request) bool {
	if r.Target.Sort != proto.Member || r.Target.Tree() {
		return false
	}
	collection := *r.Target
	collection.Sort = proto.Collection
	return r.XML.Name.Local != "sync-collection" && slices.Contains(props.ReportsOf(&collection), r.XML.Name)
}

// named finds a report by the root of the request, nil for one that is not known.
func (s *Service) named(name davxml.Name) proto.Method {
	switch name {
	case davxml.D("sync-collection"):
		return s.sync
	case davxml.C("calendar-multiget"), davxml.A("addressbook-multiget"):
		return s.multiget
	case davxml.C("calendar-query"):
		return s.calendarQuery
	case davxml.A("addressbook-query"):
		return s.addressbookQuery
	case davxml.C("free-busy-query"):
		return s.freeBusy
	case davxml.D("expand-property"):
		return s.expand
	case davxml.D("principal-property-search"):
		return s.principalSearch
	case davxml.D("principal-search-property-set"):
		return s.searchable
	case davxml.D("principal-match"):
		return s.principalMatch
	case davxml.D("acl-principal-prop-set"):
		return s.aclPrincipals
	}
	return nil
}

// asked reads which properties a report is to tell, and what it wants of bodies. Without DAV:prop it is none.
func (s *Service) asked(r *proto.Request, env calquery.Env) (a props.Asked, c *content, err error) {
	root := r.XML
	if root.Has(davxml.D("prop")) || root.Has(davxml.D("allprop")) || root.Has(davxml.D("propname")) {
		if a, err = props.ParseChoice(root); err != nil {
			return a, nil, err
		}
	}
	c, err = newContent(a.Prop, env)
	if err == nil {
		c.header, c.zones = r.Header, env.Zones
	}
	return a, c, err
}

// env is what calendar data of a collection is read with. RFC 4791 7.3
func (s *Service) env(ctx context.Context, r *proto.Request) (calquery.Env, error) {
	env := calquery.Env{Zones: s.Zones}
	if r.Target.Branch != proto.Calendars || r.Target.Sort != proto.Collection && r.Target.Sort != proto.Member {
		return env, nil
	}
	zone, err := s.zone(ctx, r.Target.Reach.ID)
	if err != nil {
		return env, err
	}
	if env.Floating, err = calquery.ZoneOf(r.XML, s.Zones, zone); err != nil {
		return env, err
	}
	return env, nil
}

// zone is the time zone that a client gave a calendar, nil for none.
func (s *Service) zone(ctx context.Context, collection int64) (recur.Zone, error) {
	kept, err := s.Dead.Properties(ctx, collection, 0)
	if err != nil {
		return nil, err
	}
	if e := props.Kept(kept[0], davxml.C("calendar-timezone-id")); e != nil {
		if z := s.Zones.Find(e.Value()); z != nil {
			return z, nil
		}
	}
	if e := props.Kept(kept[0], davxml.C("calendar-timezone")); e != nil {
		if z, err := calquery.ParseZone([]byte(e.Chars()), s.Zones); err == nil {
			return z, nil
		}
	}
	return nil, nil
}

// unreadable says in the log that a record was left out of an answer.
func (s *Service) unreadable(res *proto.Resource, err error) {
	s.Log.Warn("a record cannot be read", "collection", res.Reach.ID, "record", string(res.ID), "err", err)
}
