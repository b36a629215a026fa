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

// link is where an attachment is read, and the UID of the event or task that names it.
type link struct{ href, uid string }

// links are the attachments that objects name, by managed id.
type links map[string]link

// named are the attachments that an object names; none if it cannot be read.
func named(body []byte) links {
	if !bytes.Contains(body, []byte("MANAGED-ID")) {
		return nil
	}
	all, uid, err := attach.Links(body)
	if err != nil {
		return nil
	}
	out := links{}
	for id, href := range all {
		out[id] = link{href: href, uid: uid}
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

// gone deletes what was named before and is named no more.
func (s *Service) gone(ctx context.Context, r *proto.Request, was, now links) {
	ctx = context.WithoutCancel(ctx) // what named it is gone already
	for id, l := range was {
		if _, still := now[id]; still {
			continue
		}
		u, err := url.Parse(l.href)
		if err != nil {
			continue
		}
		owner, rec, ok := proto.ParseAttachment(u.EscapedPath())
		if !ok || owner != r.Target.Reach.User { // what another keeps
			continue
		}
		if still, err := s.elsewhere(ctx, owner, r.Target.Reach.Kind, l.uid, id); err != nil || still {
			continue // a copy, or the other half of a move between two calendars; in doubt it is kept
		}
		if col, err := s.tree(ctx, owner); err == nil {
			s.forget(ctx, r, col, rec)
		}
	}
}

// elsewhere reports whether an event or task with the same UID names an attachment, in whichever calendar of the owner.
func (s *Service) elsewhere(ctx context.Context, owner string, k tandem.Kind, uid, id string) (bool, error) {
	for rec, err := range s.Lookup.ByUID(ctx, owner, k, uid) {
		if err != nil {
			return false, err
		}
		body, err := tandem.ReadBody(rec.Body, proto.MaxRecord)
		if err != nil {
			return false, err
		}
		if _, still := named(body)[id]; still {
			return true, nil
		}
	}
	return false, nil
}
