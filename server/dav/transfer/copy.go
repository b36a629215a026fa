package transfer

import (
	"context"
	"net/http"
	"strings"

	"tandem"
	"tandem/partner/access"
	"tandem/server/dav/files"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// Copy is the method COPY. RFC 4918 9.8
func (s *Service) Copy(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	if r.Depth == 1 { // RFC 4918 9.8.3
		return davxml.Failf(http.StatusBadRequest, "a copy has the depth 0 or infinity")
	}
	return s.transfer(ctx, w, r, false)
}

// Move is the method MOVE. RFC 4918 9.9
func (s *Service) Move(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	if r.Target.Dir() && r.Depth != proto.Infinity { // RFC 4918 9.9.2
		return davxml.Failf(http.StatusBadRequest, "a collection is moved with all that is in it")
	}
	return s.transfer(ctx, w, r, true)
}

// errand is one COPY or MOVE.
type errand struct {
	*Service
	r         *proto.Request
	move      bool
	overwrite bool
	src, dst  *proto.Resource
	from, to  []store.HomeRecord // what is there: the source, and what will be overwritten; parents first
}

func (s *Service) transfer(ctx context.Context, w http.ResponseWriter, r *proto.Request, move bool) error {
	e := &errand{Service: s, r: r, move: move}
	switch strings.ToUpper(strings.TrimSpace(r.Header.Get("Overwrite"))) { // RFC 4918 10.6
	case "", "T":
		e.overwrite = true
	case "F":
	default:
		return davxml.Failf(http.StatusBadRequest, "Overwrite is T or F")
	}
	if r.Header.Get("Destination") == "" {
		return davxml.Failf(http.StatusBadRequest, "the header Destination is missing")
	}
	path, err := r.Path(r.Header.Get("Destination"))
	if err != nil {
		return err
	}
	status := http.StatusCreated
	err = files.Retry(ctx, s.Tree, r, func() error {
		e.src = r.Target
		if e.dst, err = s.destination(ctx, r, path); err != nil {
			return err
		}
		if e.dst.There() {
			status = http.StatusNoContent
		}
		return e.once(ctx)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(status)
	return nil
}

// destination finds where something is to be put. What cannot be is told from what is not there yet. RFC 4918 9.8.5
func (s *Service) destination(ctx context.Context, r *proto.Request, path string) (*proto.Resource, error) {
	dst, err := s.Tree.Resolve(ctx, r.User, path)
	if !tandem.IsKind(err, tandem.NotFound) {
		return dst, err
	}
	own := []string{proto.HomeHref(proto.Files, r.User.Name), proto.HomeHref(proto.Calendars, r.User.Name), proto.HomeHref(proto.Contacts, r.User.Name)}
	for _, home := range own {
		if len(path) > len(home) && strings.EqualFold(path[:len(home)], home) && !strings.Contains(path, "/../") && !strings.HasSuffix(path, "/..") {
			return nil, davxml.Failf(http.StatusConflict, "there is no collection for %s", path)
		}
	}
	return nil, davxml.Failf(http.StatusForbidden, "nothing can be put at %s", path)
}

// once looks at source and destination, and does what is asked if both stay so.
func (e *errand) once(ctx context.Context) error {
	if !e.src.There() {
		return &tandem.Error{Kind: tandem.NotFound, Op: "copy", Thing: e.src.Href()}
	}
	if err := e.sensible(); err != nil {
		return err
	}
	if e.dst.There() && !e.overwrite {
		return davxml.Failf(http.StatusPreconditionFailed, "there is something at %s", e.dst.Href())
	}
	if e.src.Sort == proto.Collection {
		return e.collection(ctx)
	}
	if err := e.allowed(ctx); err != nil {
		return err
	}
	var err error
	if e.from, err = e.records(ctx, e.src, e.move || e.r.Depth == proto.Infinity); err != nil {
		return err
	}
	e.to = nil
	if e.dst.There() {
		if e.to, err = e.records(ctx, e.dst, true); err != nil {
			return err
		}
	}
	switch {
	case !e.move:
		_, err = e.copyRecords(ctx)
		return err
	case e.src.Reach.ID == e.dst.Reach.ID:
		err = e.moveWithin(ctx)
	default:
		err = e.moveAcross(ctx)
	}
	if err != nil {
		return err
	}
	return e.Locks.Forget(ctx, e.src)
}

// sensible refuses what can never be. RFC 4918 9.8.5, 9.9.4
func (e *errand) sensible() error {
	src, dst := e.src, e.dst
	forbidden := func(text string) error { return davxml.Failf(http.StatusForbidden, "%s", text) }
	switch {
	case src.Sort != proto.Member && src.Sort != proto.Collection:
		return forbidden(src.Href() + " stays where it is")
	case dst.Sort != proto.Member && dst.Sort != proto.Collection && dst.Sort != proto.Missing:
		return forbidden("nothing can take the place of " + dst.Href())
	case src.Sort == proto.Collection && dst.Sort == proto.Collection && src.Reach.ID == dst.Reach.ID:
		return forbidden("source and destination are the same")
	case src.Sort == proto.Collection && dst.Sort == proto.Collection && e.overwrite:
		return forbidden("a collection does not take the place of another one")
	case src.Sort == proto.Collection && src.Reach.Kind == tandem.Invitation:
		return forbidden("there is one inbox") // RFC 6638 2.2
	case src.Sort == proto.Collection:
		if dst.Sort == proto.Member || src.Branch != dst.Branch {
			return forbidden("a collection can only be beside its like")
		}
		return nil
	case dst.Sort != proto.Member:
		return forbidden("a record can only be in a collection")
	case src.Reach.Kind != dst.Reach.Kind:
		return unsupported(src, dst)
	case src.Reach.ID != dst.Reach.ID:
		return nil
	case src.ID == dst.ID:
		return forbidden("source and destination are the same")
	case !src.Tree():
		return nil
	case strings.HasPrefix(string(dst.ID), string(src.ID)+"/") && (e.move || e.r.Depth == proto.Infinity):
		return forbidden("a directory cannot be put into itself")
	case strings.HasPrefix(string(src.ID), string(dst.ID)+"/"):
		return forbidden("a directory cannot be replaced by what is in it")
	}
	return nil
}

// unsupported says that a collection does not hold records of this kind. RFC 4791 5.3.2.1, RFC 6352 6.3.2.1
func unsupported(src, dst *proto.Resource) error {
	switch {
	case dst.Branch == proto.Calendars && src.Branch == proto.Calendars:
		return davxml.Fail(http.StatusForbidden, davxml.C("supported-calendar-component"))
	case dst.Branch == proto.Calendars:
		return davxml.Fail(http.StatusForbidden, davxml.C("supported-calendar-data"))
	case dst.Branch == proto.Contacts:
		return davxml.Fail(http.StatusForbidden, davxml.A("supported-address-data"))
	}
	return davxml.Failf(http.StatusForbidden, "%s holds files only", dst.Href())
}

// allowed holds the errand to rights, names, conditions and locks.
func (e *errand) allowed(ctx context.Context) error {
	if err := proto.Needs(e.dst, access.Write, "bind"); err != nil {
		return err
	}
	if e.move {
		if err := proto.Needs(e.src, access.Write, "unbind"); err != nil {
			return err
		}
	}
	if !e.dst.There() {
		if err := files.CheckName(e.dst); err != nil {
			return err
		}
		if err := files.Parent(ctx, e.Home, e.dst); err != nil {
			return err
		}
	}
	return e.Locks.Permit(ctx, e.r, proto.Change{Resource: e.src, Deep: true, Binds: e.move, Reads: !e.move},
		proto.Change{Resource: e.dst, Deep: true, Binds: !e.updates()})
}

// updates reports whether the destination stays the record that it is, and only gets other content.
func (e *errand) updates() bool {
	return !e.move && e.dst.There() && !e.dst.Dir() && !e.src.Dir()
}

// idAt is where a record of the source will be.
func (e *errand) idAt(id tandem.ID) tandem.ID { return e.dst.ID + id[len(e.src.ID):] }

// copyRecords copies, and returns what became of the writes, of which the last ones are the copies.
func (e *errand) copyRecords(ctx context.Context) ([]tandem.Outcome, error) {
	var writes []store.HomeWrite
	op := tandem.Create
	if e.updates() {
		op = tandem.Update
	} else {
		writes = deletes(e.to)
	}
	for i := range e.from {
		rec := &e.from[i]
		w := store.HomeWrite{Write: tandem.Write{Op: op, ID: e.idAt(rec.ID)}, Digest: rec.Digest, Index: rec.Index, Title: rec.Title, From: rec.Number, FromSeq: rec.Seq}
		w.Record.Attrs, w.Record.Modified, w.Record.UID = rec.Attrs, rec.Modified, rec.UID
		if e.src.Tree() {
			w.Title = string(w.ID)
		}
		if op == tandem.Update {
			w.If = e.dst.Record.Version
		}
		writes = append(writes, w)
	}
	out, err := files.Write(ctx, e.Home, e.r, e.dst.Reach.ID, writes)
	if err != nil {
		return out, uidTaken(err, e.dst)
	}
	return out[len(out)-len(e.from):], e.copyProperties(ctx)
}

// moveWithin gives the source another id, under which all that belongs to it stays.
func (e *errand) moveWithin(ctx context.Context) error {
	writes := append(deletes(e.to), store.HomeWrite{Write: tandem.Write{Op: tandem.Move, ID: e.src.ID, To: e.dst.ID, If: e.src.Record.Version}})
	_, err := files.Write(ctx, e.Home, e.r, e.src.Reach.ID, writes)
	return err
}

// moveAcross copies to another collection and deletes exactly what it copied.
func (e *errand) moveAcross(ctx context.Context) error {
	copies, err := e.copyRecords(ctx)
	if err != nil {
		return err
	}
	_, err = files.Write(ctx, e.Home, e.r, e.src.Reach.ID, deletes(e.from))
	if err == nil {
		return nil
	}
	made := make([]store.HomeRecord, len(copies)) // the source is as it was, or changed: then it is not for us to have it twice
	for i, o := range copies {
		made[i] = store.HomeRecord{Record: tandem.Record{ID: o.ID, Meta: o.Meta}}
	}
	if _, failed := files.Write(context.WithoutCancel(ctx), e.Home, e.r, e.dst.Reach.ID, deletes(made)); failed != nil {
		return davxml.Failf(http.StatusConflict, "%s changed while it was moved; it is at its old place and at the new one", e.src.Href())
	}
	return err
}
