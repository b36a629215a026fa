package reports

import (
	"context"
	"iter"
	"net/http"

	"tandem"
	"tandem/server/dav/calquery"
	"tandem/server/dav/props"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// calendarQuery finds calendar objects. RFC 4791 7.8
func (s *Service) calendarQuery(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	env, err := s.env(ctx, r)
	if err != nil {
		return err
	}
	filter, err := calquery.ParseFilter(r.XML.Child(davxml.C("filter")), env)
	if err != nil {
		return err
	}
	asked, wants, err := s.asked(r, env)
	if err != nil {
		return err
	}
	out := props.NewStream(w, r, s.Props.Query(ctx, r, asked, wants.extra))
	component := proto.Component(r.Target.Reach.Kind)
	for rec, err := range s.candidates(ctx, r, filter, wants.bodies) {
		if err != nil {
			return err
		}
		member := s.Tree.Member(r.Target, rec)
		if !filter.Proven(component, rec.Index) {
			data, err := body(&rec)
			if err != nil {
				return err
			}
			match, err := filter.Match(data)
			if err != nil {
				if !tandem.IsKind(err, tandem.Invalid) {
					return err
				}
				s.unreadable(member, err)
				continue
			}
			if !match {
				continue
			}
		}
		if err := out.Add(member); err != nil {
			return err
		}
	}
	return out.Close()
}

// within reports whether a query is about what is in its target. A client that leaves the header Depth out means that, though it would say otherwise.
func within(r *proto.Request) bool { return r.Depth != 0 || r.Header.Get("Depth") == "" }

// candidates are the records that a query may find, as few as the index allows; with bodies where they are needed.
func (s *Service) candidates(ctx context.Context, r *proto.Request, f *calquery.Filter, bodies bool) iter.Seq2[store.HomeRecord, error] {
	t := r.Target
	component := proto.Component(t.Reach.Kind)
	from, to, windowed := f.Window()
	switch {
	case t.Sort == proto.Member:
		return func(yield func(store.HomeRecord, error) bool) { yield(*t.Record, nil) }
	case !within(r), component != "" && f.Component() != "" && f.Component() != component:
		return func(func(store.HomeRecord, error) bool) {}
	case windowed && !(f.Timeless() && t.Reach.Kind != tandem.Event):
		return s.Lookup.During(ctx, t.Reach.ID, from, to)
	case !bodies && f.Proven(component, tandem.Index{}):
		return s.listed(ctx, r)
	}
	return proto.Bodies(ctx, s.Home, t.Reach.ID)
}

// listed are all records, without bodies.
func (s *Service) listed(ctx context.Context, r *proto.Request) iter.Seq2[store.HomeRecord, error] {
	return func(yield func(store.HomeRecord, error) bool) {
		for res, err := range s.Tree.Children(ctx, r.User, r.Target, false) {
			if err != nil {
				yield(store.HomeRecord{}, err)
				return
			}
			if !yield(*res.Record, nil) {
				return
			}
		}
	}
}

// product names the program in calendar data that it makes. RFC 5545 3.7.3
const product = "-//Tandem//EN"

// freeBusy tells when the owner of a calendar is busy. RFC 4791 7.10
func (s *Service) freeBusy(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	env, err := s.env(ctx, r)
	if err != nil {
		return err
	}
	owner, err := s.Accounts.User(ctx, r.Target.Reach.User)
	if err != nil {
		return err
	}
	busy, err := calquery.ParseFreeBusy(r.XML, proto.Address(owner), env)
	if err != nil {
		return err
	}
	from, to := busy.Window()
	if r.Target.Reach.Kind == tandem.Event && within(r) {
		for rec, err := range s.Lookup.During(ctx, r.Target.Reach.ID, from, to) {
			if err != nil {
				return err
			}
			data, err := body(&rec)
			if err != nil {
				return err
			}
			if err := busy.Add(data); err != nil {
				s.unreadable(s.Tree.Member(r.Target, rec), err)
			}
		}
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8; component=VFREEBUSY")
	w.WriteHeader(http.StatusOK)
	_, err = w.Write(busy.Bytes(product, s.Now()))
	return err
}
