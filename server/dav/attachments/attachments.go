// Package attachments keeps the files that clients attach to events and tasks without sending the whole object (RFC 8607).
//
// They are files in a tree of the calendar's owner, which is made on first use and which its owner sees among the other files. What is attached is read under
// a path that nobody can guess, by users of the hub: those who are invited to a meeting hold the path in their own copy of the event.
package attachments

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"tandem"
	"tandem/kind"
	"tandem/kind/recur"
	"tandem/partner/access"
	"tandem/server/dav/attach"
	"tandem/server/dav/objects"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// Service keeps attachments. All fields must be set.
type Service struct {
	Home    store.Home
	Room    func(size int64) error // refuses what there is no room for
	Objects *objects.Service
	Guard   proto.Guard
	Files   kind.Handler
	Limits  attach.Limits
	Zones   *recur.Zones
	Log     *slog.Logger
}

// Is reports whether a POST is about attachments.
func Is(r *proto.Request) bool {
	return r.Target.Sort == proto.Member && r.Target.Branch == proto.Calendars && r.URL.Query().Has("action")
}

// Post implements proto.Method. RFC 8607 3.3
func (s *Service) Post(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	t := r.Target
	if t.Record == nil {
		return &tandem.Error{Kind: tandem.NotFound, Op: "attach to", Thing: t.Href()}
	}
	asked, err := attach.ParseQuery(r.URL.Query())
	if err != nil {
		return err
	}
	if err := proto.Needs(t, access.Write, "write-content"); err != nil {
		return err
	}
	if err := s.Guard.Permit(ctx, r, proto.Change{Resource: t}); err != nil {
		return err
	}
	old, err := tandem.ReadBody(t.Record.Body, proto.MaxRecord)
	if err != nil {
		return err
	}
	var a attach.Attachment
	var kept tandem.ID
	col := tandem.Collection{}
	if asked.Action != attach.Remove {
		if col, err = s.tree(ctx, t.Reach.User); err != nil {
			return err
		}
		if a, kept, err = s.keep(ctx, w, r, col); err != nil {
			return err
		}
	}
	body, err := asked.Apply(old, a, s.Limits, s.Zones)
	if err == nil {
		err = s.Objects.Store(ctx, r, t, "text/calendar", body)
	}
	if err != nil {
		if kept != "" {
			s.forget(ctx, r, col, kept)
		}
		return err
	}
	s.gone(ctx, r, named(old), named(body))
	if asked.Action != attach.Remove {
		w.Header().Set("Cal-Managed-ID", a.ManagedID)
	}
	return s.Objects.Answer(ctx, w, r, t, body, asked.Action == attach.Add)
}

// tree is the tree of a user's attachments. It is made on first use.
func (s *Service) tree(ctx context.Context, user string) (tandem.Collection, error) {
	for range 2 {
		all, err := s.Home.Collections(ctx, user)
		if err != nil {
			return tandem.Collection{}, err
		}
		for _, c := range all {
			if proto.IsAttachments(c) {
				return c, nil
			}
		}
		c, err := s.Home.PutCollection(ctx, tandem.Collection{User: user, Kind: tandem.File, Name: "attachments", Props: map[string]string{proto.RoleProp: proto.Attachments}})
		if tandem.IsKind(err, tandem.Exists) { // a tree of the user's own has the name
			c, err = s.Home.PutCollection(ctx, tandem.Collection{User: user, Kind: tandem.File, Name: "calendar attachments", Props: map[string]string{proto.RoleProp: proto.Attachments}})
		}
		if !tandem.IsKind(err, tandem.Exists) { // made by another at the same time
			return c, err
		}
	}
	return tandem.Collection{}, &tandem.Error{Kind: tandem.Exists, Op: "make tree of attachments", Thing: user, Remedy: "rename the tree of files that is called attachments"}
}

// keep stores what is attached.
func (s *Service) keep(ctx context.Context, w http.ResponseWriter, r *proto.Request, col tandem.Collection) (a attach.Attachment, id tandem.ID, err error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.Limits.Size+1))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return a, "", s.Limits.CheckSize(s.Limits.Size + 1)
	case err != nil:
		return a, "", davxml.Failf(http.StatusBadRequest, "the request is cut short")
	}
	a.Size, a.ManagedID = int64(len(data)), rand.Text()
	if err := s.Limits.CheckSize(a.Size); err != nil {
		return a, "", err
	}
	if err := s.Room(a.Size); err != nil {
		return a, "", err
	}
	a.Type, a.Name = attach.Describe(r.Header.Get("Content-Type"), r.Header.Get("Content-Disposition"))
	name := a.Name
	if name == "" {
		name = "attachment"
	}
	info, err := s.Files.Inspect(data)
	if err != nil {
		return a, "", err
	}
	id = proto.AttachmentID(a.ManagedID, name)
	a.Href = r.Base + proto.AttachmentPath + proto.Escape(col.User) + "/" + a.ManagedID + "/" + proto.Escape(name)
	outs, err := s.Home.Write(ctx, col.ID, r.Author, []store.HomeWrite{{Digest: info.Digest, Title: name, Write: tandem.Write{Op: tandem.Create, ID: id,
		Record: tandem.Record{Body: tandem.Bytes(data)}}}})
	if err == nil && outs[0].Status != tandem.Applied {
		err = outs[0].Err
	}
	return a, id, err
}

// forget deletes an attachment; it stays in history for a while.
func (s *Service) forget(ctx context.Context, r *proto.Request, col tandem.Collection, id tandem.ID) {
	for rec, err := range s.Home.Get(ctx, col.ID, []tandem.ID{id}) {
		if err == nil {
			_, err = s.Home.Write(ctx, col.ID, r.Author, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Delete, ID: rec.ID, If: rec.Version}}})
		}
		if err != nil {
			s.Log.Warn("an attachment could not be deleted", "record", string(id), "err", err)
		}
	}
}
