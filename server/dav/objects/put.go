package objects

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"tandem"
	"tandem/partner/access"
	"tandem/server/dav/calquery"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// Put implements proto.Method. RFC 4791 5.3.2, RFC 6352 6.3.2
func (s *Service) Put(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	t := r.Target
	switch {
	case t.Sort == proto.Missing:
		return davxml.Failf(http.StatusConflict, "there is no collection that could hold it")
	case t.Sort != proto.Member || t.Slash:
		return davxml.Failf(http.StatusMethodNotAllowed, "nothing can be stored here")
	case t.Record == nil && strings.Contains(string(t.ID), "/"):
		return davxml.Failf(http.StatusConflict, "there is no collection that could hold it")
	case r.Header.Get("Content-Range") != "": // RFC 9110 14.5
		return davxml.Failf(http.StatusBadRequest, "only whole records can be stored")
	}
	if err := s.may(ctx, r, t); err != nil {
		return err
	}
	data, err := s.body(w, r, t.Reach.Kind)
	if err != nil {
		return err
	}
	made := t.Record == nil
	if err := s.Store(ctx, r, t, r.Header.Get("Content-Type"), data); err != nil {
		return err
	}
	return s.Answer(ctx, w, r, t, data, made)
}

// Post adds a record under a name of the hub's choice. RFC 5995
func (s *Service) Post(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	t := r.Target
	if t.Sort != proto.Collection || t.Tree() || t.Reach.Kind == tandem.Invitation {
		return davxml.Failf(http.StatusMethodNotAllowed, "nothing can be added here")
	}
	member := *t
	member.Sort = proto.Member
	if err := s.may(ctx, r, &member); err != nil {
		return err
	}
	data, err := s.body(w, r, t.Reach.Kind)
	if err != nil {
		return err
	}
	if err := s.Store(ctx, r, &member, r.Header.Get("Content-Type"), data); err != nil {
		return err
	}
	w.Header().Set("Location", r.Base+member.Href())
	return s.Answer(ctx, w, r, &member, data, true)
}

// may checks rights, conditions and locks.
func (s *Service) may(ctx context.Context, r *proto.Request, t *proto.Resource) error {
	privilege := "write-content"
	if t.Record == nil {
		privilege = "bind"
	}
	if err := proto.Needs(t, access.Write, privilege); err != nil {
		return err
	}
	if t.Reach.Kind == tandem.Invitation { // what is in it comes by scheduling. RFC 6638 2.2
		return davxml.Fail(http.StatusForbidden, davxml.D("need-privileges"))
	}
	return s.Guard.Permit(ctx, r, proto.Change{Resource: t, Binds: t.Record == nil})
}

// body reads what is to be stored.
func (s *Service) body(w http.ResponseWriter, r *proto.Request, k tandem.Kind) ([]byte, error) {
	name := davxml.C("max-resource-size")
	if k == tandem.Contact {
		name = davxml.A("max-resource-size")
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, proto.MaxRecord))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, davxml.Fail(http.StatusForbidden, name)
	case err != nil:
		return nil, davxml.Failf(http.StatusBadRequest, "the request is cut short")
	}
	return data, nil
}

// invalid refuses a body that is not of the collection's kind.
func invalid(k tandem.Kind, err error) error {
	name := davxml.C("valid-calendar-data")
	if k == tandem.Contact {
		name = davxml.A("valid-address-data")
	}
	c := davxml.Fail(http.StatusForbidden, name)
	c.Text = err.Error()
	return c
}

// conflict refuses a UID that another record has, or a new one for the same record. RFC 4791 5.3.2.1, RFC 6352 6.3.2.1
func conflict(t *proto.Resource, by tandem.ID) error {
	name := davxml.C("no-uid-conflict")
	if t.Reach.Kind == tandem.Contact {
		name = davxml.A("no-uid-conflict")
	}
	other := *t
	other.ID, other.Record = by, nil
	return davxml.Fail(http.StatusConflict, name, davxml.Href(other.Href()))
}

// attempts are how often an unconditional write is tried while others write the same record.
const attempts = 5

// Store checks a body of a media type and writes it to t, which is a record or a name for one; no ID lets the hub choose. Afterwards t is what is stored. What a request
// without conditions overwrites does not matter to it, so that it goes on when somebody else was faster.
func (s *Service) Store(ctx context.Context, r *proto.Request, t *proto.Resource, media string, data []byte) error {
	if err := s.Check.Body(t.Reach.Kind, media, data); err != nil {
		return err
	}
	for try := 1; ; try++ {
		done, err := s.once(ctx, r, t, data)
		if done || err != nil {
			return err
		}
		if try == attempts || conditional(r) {
			return &davxml.Condition{Status: http.StatusPreconditionFailed}
		}
		if t.Record, err = s.current(ctx, t); err != nil {
			return err
		}
	}
}

// once tries to write. It is not done if somebody else changed the record meanwhile.
func (s *Service) once(ctx context.Context, r *proto.Request, t *proto.Resource, data []byte) (done bool, err error) {
	var old []byte
	if t.Record != nil {
		if old, err = read(t.Record); err != nil {
			return false, err
		}
		if bytes.Equal(old, data) && r.Header.Get("If-Schedule-Tag-Match") == "" { // its entity tag stays
			return true, nil
		}
	}
	plan, err := s.Meet.Plan(ctx, r, t, old, data)
	if err != nil {
		return false, err
	}
	w, err := s.prepare(t, plan.Body)
	if err == nil {
		done, err = s.write(ctx, r, t, w, plan.Body)
	}
	s.Meet.Done(ctx, plan, done)
	return done, err
}

// conditional reports whether a request is about a certain state of a record.
func conditional(r *proto.Request) bool {
	for _, h := range []string{"If", "If-Match", "If-None-Match", "If-Unmodified-Since", "If-Schedule-Tag-Match"} {
		if r.Header.Get(h) != "" {
			return true
		}
	}
	return false
}

// prepare looks into a body.
func (s *Service) prepare(t *proto.Resource, data []byte) (w store.HomeWrite, err error) {
	k := t.Reach.Kind
	info, err := s.Kinds[k].Inspect(data)
	if tandem.IsKind(err, tandem.Invalid) {
		return w, invalid(k, err)
	}
	if err != nil {
		return w, err
	}
	w = store.HomeWrite{Digest: info.Digest, Index: info.Index, Title: info.Summary.String(), Write: tandem.Write{ID: t.ID,
		Record: tandem.Record{Meta: tandem.Meta{UID: info.Index.UID, Modified: info.Modified}, Body: tandem.Bytes(data)}}}
	if w.Title == "" {
		w.Title = string(t.ID)
	}
	return w, nil
}

// write tries to write. It is not done if somebody else changed the record meanwhile.
func (s *Service) write(ctx context.Context, r *proto.Request, t *proto.Resource, w store.HomeWrite, data []byte) (done bool, err error) {
	w.Op = tandem.Create
	if old := t.Record; old != nil {
		if old.UID != "" && w.Index.UID != old.UID {
			return false, conflict(t, t.ID)
		}
		w.Op, w.If, w.Record.Attrs = tandem.Update, old.Version, old.Attrs
	}
	outs, err := s.Home.Write(ctx, t.Reach.ID, r.Author, r.Under(t.Reach.ID, []store.HomeWrite{w}))
	if err != nil {
		return false, err
	}
	switch out := outs[0]; out.Status {
	case tandem.Applied:
		seq, err := strconv.ParseInt(string(out.Version), 10, 64)
		t.ID = out.ID
		t.Record = &store.HomeRecord{Record: tandem.Record{ID: out.ID, Meta: out.Meta, Body: tandem.Bytes(data)}, Seq: seq, Kind: t.Reach.Kind, Index: w.Index, Title: w.Title}
		return true, err
	case tandem.PreconditionFailed:
		var taken *store.UIDTaken
		if errors.As(out.Err, &taken) {
			return false, conflict(t, taken.By)
		}
		return false, nil
	case tandem.Rejected:
		return false, invalid(t.Reach.Kind, out.Err)
	default:
		return false, out.Err
	}
}

// Answer answers a write. A body that was stored otherwise than it was sent (a meeting's) has no entity tag for the client, which must read it again. RFC 4791 5.3.4
func (s *Service) Answer(ctx context.Context, w http.ResponseWriter, r *proto.Request, t *proto.Resource, data []byte, made bool) error {
	has, err := read(t.Record)
	if err != nil {
		return err
	}
	h := w.Header()
	if r.Prefer.Representation || bytes.Equal(has, data) {
		h.Set("ETag", t.ETag())
	}
	if tag := s.Meet.Tag(ctx, r, t, has); tag != "" {
		h.Set("Schedule-Tag", tag)
	}
	status := http.StatusNoContent
	if made {
		status = http.StatusCreated
	}
	if !r.Prefer.Representation {
		w.WriteHeader(status)
		return nil
	}
	if !made {
		status = http.StatusOK
	}
	h.Set("Preference-Applied", "return=representation") // RFC 8144 3.2
	h.Set("Content-Location", t.Href())
	h.Set("Content-Type", proto.ContentType(t.Reach.Kind, t.ID))
	if t.Reach.Kind != tandem.Contact {
		has = calquery.ZonesFor(r.Header, has, s.Check.Zones)
	}
	h.Set("Content-Length", strconv.Itoa(len(has)))
	harmless(h)
	w.WriteHeader(status)
	_, err = w.Write(has)
	return err
}
