package attachments

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"tandem"
	"tandem/server/dav/attach"
	"tandem/server/dav/proto"
)

// links are where the attachments that objects name are read, by managed id.
type links map[string]string

// named are the attachments that an object names; none if it cannot be read.
func named(body []byte) links {
	if !bytes.Contains(body, []byte("MANAGED-ID")) {
		return nil
	}
	out, err := attach.Links(body)
	if err != nil {
		return nil
	}
	return out
}

// Delete deletes what was attached to an event or task with it, or to all in a calendar; next deletes that.
func (s *Service) Delete(next proto.Method) proto.Method {
	return func(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
		var was links
		switch t := r.Target; {
		case t.Branch != proto.Calendars || t.Reach.Kind == tandem.Invitation:
		case t.Sort == proto.Collection && t.Reach.Owned:
			var err error
			if was, err = s.inCalendar(ctx, t.Reach.Collection); err != nil {
				return err
			}
		default:
			was = s.before(r)
		}
		if err := next(ctx, w, r); err != nil {
			return err
		}
		s.gone(ctx, r, was, nil)
		return nil
	}
}

// inCalendar are the attachments that the objects of a calendar name. One whose owner never attached anything is not read.
func (s *Service) inCalendar(ctx context.Context, c tandem.Collection) (links, error) {
	all, err := s.Home.Collections(ctx, c.User)
	if err != nil || !slices.ContainsFunc(all, proto.IsAttachments) {
		return nil, err
	}
	out := links{}
	for rec, err := range proto.Bodies(ctx, s.Home, c.ID) {
		if err != nil {
			return nil, err
		}
		if body, err := tandem.ReadBody(rec.Body, proto.MaxRecord); err == nil {
			maps.Copy(out, named(body))
		}
	}
	return out, nil
}

// Put deletes what was attached and is named no more by what next puts. RFC 8607 3.7
func (s *Service) Put(next proto.Method) proto.Method {
	return func(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
		was := s.before(r)
		if err := next(ctx, w, r); err != nil || len(was) == 0 {
			return err
		}
		body, err := tandem.ReadBody(r.Target.Record.Body, proto.MaxRecord)
		if err != nil {
			s.Log.Warn("whether attachments are still named is not known", "record", string(r.Target.ID), "err", err)
			return nil
		}
		s.gone(ctx, r, was, named(body))
		return nil
	}
}

// before are the attachments that the target of a request names.
func (s *Service) before(r *proto.Request) links {
	t := r.Target
	if t.Sort != proto.Member || t.Record == nil || t.Record.Body == nil || t.Branch != proto.Calendars {
		return nil
	}
	body, err := tandem.ReadBody(t.Record.Body, proto.MaxRecord)
	if err != nil {
		return nil
	}
	return named(body)
}

// gone deletes what was named before and is named no more: not by a copy either, which programs make under the same UID or another, nor by the other half of a move
// between two calendars.
func (s *Service) gone(ctx context.Context, r *proto.Request, was, now links) {
	ctx = context.WithoutCancel(ctx) // what named it is gone already
	owner := r.Target.Reach.User
	left := map[string]tandem.ID{}
	for id, href := range was {
		if _, still := now[id]; still {
			continue
		}
		if u, err := url.Parse(href); err == nil {
			if keeper, rec, ok := proto.ParseAttachment(u.EscapedPath()); ok && keeper == owner { // what another keeps is not ours to delete
				left[id] = rec
			}
		}
	}
	if len(left) == 0 {
		return
	}
	if err := s.stillNamed(ctx, owner, left); err != nil {
		s.Log.Warn("attachments stay, since it is not known whether something names them", "user", owner, "err", err)
		return
	}
	if col, err := s.tree(ctx, owner); err == nil {
		for _, rec := range left {
			s.forget(ctx, r, col, rec)
		}
	}
}

// stillNamed takes out of left what some event or task of the owner names.
func (s *Service) stillNamed(ctx context.Context, owner string, left map[string]tandem.ID) error {
	all, err := s.Home.Collections(ctx, owner)
	if err != nil {
		return err
	}
	for _, c := range all {
		if proto.BranchOf(c.Kind) != proto.Calendars || c.Kind == tandem.Invitation {
			continue
		}
		for rec, err := range proto.Bodies(ctx, s.Home, c.ID) {
			if err != nil {
				return err
			}
			body, err := tandem.ReadBody(rec.Body, proto.MaxRecord)
			if tandem.IsKind(err, tandem.TooLarge) { // nothing of that size came by this door
				continue
			}
			if err != nil {
				return err
			}
			for id := range named(body) {
				delete(left, id)
			}
		}
	}
	return nil
}
