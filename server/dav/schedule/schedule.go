// Package schedule is what RFC 6638 adds to the desktops' door: writes of events that are meetings go through package partner/schedule, the outbox tells
// when others are busy, and the schedule tag says whether what a client has is still what it may build on.
package schedule

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"tandem"
	"tandem/kind/event/itip"
	"tandem/partner/access"
	meetings "tandem/partner/schedule"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// Service schedules. All fields must be set.
type Service struct {
	Meetings *meetings.Service
	Accounts store.Accounts
	Log      *slog.Logger
}

// owner is whose calendar something is in.
func (s *Service) owner(ctx context.Context, r *proto.Request, t *proto.Resource) (store.User, error) {
	if t.Reach.User == r.User.Name {
		return r.User, nil
	}
	return s.Accounts.User(ctx, t.Reach.User)
}

// Tag is the schedule tag of an event, "" for what is none. RFC 6638 3.2.10
func (s *Service) Tag(ctx context.Context, r *proto.Request, t *proto.Resource, body []byte) string {
	if t.Reach.Kind != tandem.Event {
		return ""
	}
	u, err := s.owner(ctx, r, t)
	if err != nil {
		return ""
	}
	if tag := s.Meetings.Tag(u, body); tag != "" {
		return `"` + strings.Trim(tag, `"`) + `"`
	}
	return ""
}

// Plan prepares a change of an event from old to new, either of which may be nil, and says what is to be stored. What is not the user's to change is
// refused with a condition of RFC 6638 3.2.4.
func (s *Service) Plan(ctx context.Context, r *proto.Request, t *proto.Resource, old, new []byte) (meetings.Plan, error) {
	if t.Reach.Kind != tandem.Event {
		return meetings.Plan{Body: new}, nil
	}
	tagged := r.Header.Get("If-Schedule-Tag-Match")
	if tagged != "" && strings.TrimSpace(tagged) != s.Tag(ctx, r, t, old) {
		return meetings.Plan{}, &davxml.Condition{Status: http.StatusPreconditionFailed}
	}
	p, err := s.Meetings.Write(ctx, meetings.Change{Collection: t.Reach.Collection, Old: old, New: new, Tagged: tagged != "",
		Silent: silent(r)})
	return p, refused(err)
}

// silent reports whether nobody is to be told. RFC 6638 8.1
func silent(r *proto.Request) bool {
	return strings.EqualFold(strings.TrimSpace(r.Header.Get("Schedule-Reply")), "F")
}

// refused answers for what is not the user's to change.
func refused(err error) error {
	var no *itip.Refused
	if !errors.As(err, &no) {
		return err
	}
	c := davxml.Fail(http.StatusForbidden, davxml.C(no.Condition))
	c.Text = no.Error()
	return c
}

// Done delivers what follows from a change that was written, or forgets it. What could not be delivered is tried again by the hub.
func (s *Service) Done(ctx context.Context, p meetings.Plan, written bool) {
	settle := s.Meetings.Drop
	if written {
		settle = s.Meetings.Deliver
	}
	if err := settle(ctx, p); err != nil {
		s.Log.Error("meeting", "written", written, "err", err)
	}
}

// Delete has others told when a meeting is deleted, before next deletes it. Of the meetings in a calendar they are told by whatever removes it, unless the client wants silence.
// RFC 6638 3.2.3, 8.1
func (s *Service) Delete(next proto.Method) proto.Method {
	return func(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
		t := r.Target
		if t.Sort == proto.Collection && silent(r) {
			ctx = meetings.Quietly(ctx)
		}
		if t.Sort != proto.Member || t.Record == nil || t.Reach.Kind != tandem.Event {
			return next(ctx, w, r)
		}
		old, err := tandem.ReadBody(t.Record.Body, maxRead)
		if err != nil {
			return err
		}
		plan, err := s.Plan(ctx, r, t, old, nil)
		if err != nil {
			return err
		}
		err = next(ctx, w, r)
		s.Done(ctx, plan, err == nil)
		return err
	}
}

// Replace has others told of a meeting that COPY or MOVE puts another event over, before next does so. The same meeting may come to lie there: then nothing ends.
// RFC 6638 3.2.3
func (s *Service) Replace(tree proto.Tree, next proto.Method) proto.Method {
	return func(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
		src := r.Target
		path, err := r.Path(r.Header.Get("Destination"))
		if err != nil || src.Sort != proto.Member || src.Record == nil || src.Reach.Kind != tandem.Event || strings.EqualFold(strings.TrimSpace(r.Header.Get("Overwrite")), "F") {
			return next(ctx, w, r)
		}
		dst, err := tree.Resolve(ctx, r.User, path)
		if err != nil || dst.Sort != proto.Member || dst.Record == nil || dst.Reach.Kind != tandem.Event || dst.Record.UID == src.Record.UID || dst.Reach.Right < access.Write {
			return next(ctx, w, r) // it says what is wrong
		}
		old, err := tandem.ReadBody(dst.Record.Body, maxRead)
		if err != nil {
			return err
		}
		plan, err := s.Plan(ctx, r, dst, old, nil)
		if err != nil {
			return err
		}
		err = next(ctx, w, r)
		s.Done(ctx, plan, err == nil)
		return err
	}
}

// maxRead is the size in bytes of the largest event that is read.
const maxRead = 256 << 20

// Outbox answers what a client asks of others by posting to the outbox. RFC 6638 5
func (s *Service) Outbox(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); media != "" && !strings.EqualFold(strings.TrimSpace(media), "text/calendar") {
		return davxml.Fail(http.StatusForbidden, davxml.C("supported-calendar-data"))
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, proto.MaxRecord))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return davxml.Fail(http.StatusForbidden, davxml.C("max-resource-size"))
	case err != nil:
		return davxml.Failf(http.StatusBadRequest, "the request is cut short")
	}
	answers, err := s.Meetings.FreeBusy(ctx, r.User, data)
	if tandem.IsKind(err, tandem.Invalid) {
		c := davxml.Fail(http.StatusForbidden, davxml.C("valid-scheduling-message"))
		c.Text = err.Error()
		return c
	}
	if err != nil {
		return refused(err)
	}
	out := davxml.New(davxml.C("schedule-response"))
	for _, a := range answers {
		e := davxml.New(davxml.C("response"), davxml.New(davxml.C("recipient"), davxml.Href(uri(a.Recipient))), davxml.NewText(davxml.C("request-status"), a.Status))
		if a.Body != nil {
			e.Add(davxml.NewText(davxml.C("calendar-data"), string(a.Body)))
		}
		out.Add(e)
	}
	w.Header().Set("Content-Type", davxml.ContentType)
	w.WriteHeader(http.StatusOK)
	return davxml.Write(w, out)
}

// uri is a calendar user address as a URI.
func uri(address string) string {
	if strings.Contains(address, ":") || strings.HasPrefix(address, "/") {
		return address
	}
	return "mailto:" + address
}
