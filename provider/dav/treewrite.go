package dav

import (
	"context"
	"errors"
	"net/http"
	"path"
	"strings"
	"time"

	"tandem"
	"tandem/provider/dav/conn"
	"tandem/wire/davxml"
)

// Apply implements provider.Replica.
func (t *tree) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, len(writes))
	for i := range writes {
		out[i] = tandem.Outcome{ID: writes[i].ID}
	}
	ctx, done, err := t.enter(ctx)
	if err != nil {
		return undone(out, 0, err), err
	}
	defer done()
	if len(writes) > 0 { // a folder that went away looks like one where everything is free
		if _, err := t.root(ctx); err != nil {
			return undone(out, 0, err), err
		}
	}
	for i := range writes {
		w := &step{tree: t, w: &writes[i], o: &out[i]}
		err := ctx.Err()
		if err == nil {
			err = w.do(ctx)
		}
		if err != nil {
			return undone(out, i, err), err
		}
	}
	return out, nil
}

// step is one write on its way.
type step struct {
	*tree
	w *tandem.Write
	o *tandem.Outcome
}

// do performs the write. An error is about the place as a whole.
func (s *step) do(ctx context.Context) error {
	w := s.w
	if !sound(w.ID) || w.Op == tandem.Move && !sound(w.To) {
		return s.fail(tandem.Rejected, tandem.Invalid, "the name cannot be kept on the server")
	}
	isDir := w.Record.Attrs.Get("type") == "dir"
	switch {
	case w.Record.Attrs.Get("type") == "link":
		return s.fail(tandem.Rejected, tandem.Invalid, "a WebDAV server keeps no links")
	case w.Op == tandem.Create && isDir:
		return s.mkdir(ctx)
	case w.Op == tandem.Create:
		return s.create(ctx)
	case w.Op == tandem.Update:
		return s.update(ctx)
	case w.Op == tandem.Delete:
		return s.delete(ctx)
	case w.Op == tandem.Move:
		return s.move(ctx)
	}
	return s.fail(tandem.Rejected, tandem.Denied, "a WebDAV server keeps no attributes")
}

func (s *step) fail(status tandem.Status, kind tandem.ErrorKind, why string) error {
	fail(s.o, status, &tandem.Error{Kind: kind, Op: s.w.Op.String(), Thing: string(s.w.ID), Err: errors.New(why)})
	return nil
}

// now tells what is at a path; ok false: the outcome says why it cannot be told.
func (s *step) now(ctx context.Context, id tandem.ID) (e entry, there, ok bool, err error) {
	e, err = s.stat(ctx, id)
	switch {
	case err == nil:
		return e, true, true, nil
	case tandem.IsKind(err, tandem.NotFound):
		return e, false, true, nil
	case down(err):
		return e, false, false, err
	}
	fail(s.o, tandem.RetryAfter, err)
	return e, false, false, nil
}

// absent makes sure that nothing is at a path.
func (s *step) absent(ctx context.Context, id tandem.ID) (bool, error) {
	_, there, ok, err := s.now(ctx, id)
	if ok && there {
		return false, s.fail(tandem.PreconditionFailed, tandem.Exists, "the name is taken")
	}
	return ok, err
}

// unchanged makes sure that the record is at the version that the write expects.
func (s *step) unchanged(ctx context.Context) (entry, bool, error) {
	e, there, ok, err := s.now(ctx, s.w.ID)
	switch {
	case !ok:
		return e, false, err
	case !there:
		return e, false, s.fail(tandem.PreconditionFailed, tandem.NotFound, "it is not there")
	case s.w.If == "" || e.Version != s.w.If:
		return e, false, s.fail(tandem.PreconditionFailed, tandem.Changed, "it is not as it was")
	}
	return e, true, nil
}

// send sends one request. done: it was carried out.
func (s *step) send(ctx context.Context, r *conn.Request) (done bool, err error) {
	resp, err := s.link.Do(ctx, r)
	if err != nil {
		return false, s.lost(ctx, r, err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusNoContent, http.StatusAccepted:
		return true, nil
	}
	return false, s.settle(resp, r.Method)
}

func (s *step) lost(ctx context.Context, r *conn.Request, err error) error {
	var l *conn.LostError
	var b *conn.BodyError
	e := broken(ctx, strings.ToLower(r.Method), r.URL, err)
	switch {
	case errors.As(err, &b):
		fail(s.o, tandem.RetryAfter, b.Err)
		return nil
	case errors.As(err, &l) && l.Sent:
		fail(s.o, tandem.Maybe, e)
		return ctx.Err()
	}
	fail(s.o, tandem.RetryAfter, e)
	return e
}

// settle makes an outcome of a refusal. RFC 4918 9
func (s *step) settle(resp *conn.Response, method string) error {
	c := condition(resp)
	err := s.link.refused(c, s.w.Op.String(), string(s.w.ID), conn.RetryAfter(resp.Header, time.Now()), s.tree.at.Host)
	switch {
	case c.Status == http.StatusPreconditionFailed, c.Status == http.StatusMethodNotAllowed && method == "MKCOL":
		fail(s.o, tandem.PreconditionFailed, &tandem.Error{Kind: tandem.Changed, Op: s.w.Op.String(), Thing: string(s.w.ID), Err: c})
	case c.Status == http.StatusConflict || c.Status == http.StatusNotFound || c.Status == http.StatusGone:
		fail(s.o, tandem.PreconditionFailed, &tandem.Error{Kind: tandem.NotFound, Op: s.w.Op.String(), Thing: string(s.w.ID), Err: errors.New("it or the folder above it is not there")})
	case c.Status == http.StatusUnauthorized:
		fail(s.o, tandem.RetryAfter, err)
		return err
	case c.Status == http.StatusInsufficientStorage:
		full := &tandem.Error{Kind: tandem.Full, Op: "write to", Thing: s.tree.at.Redacted(), Err: c, Remedy: "make room in the account, then run again"}
		fail(s.o, tandem.RetryAfter, full)
		return full
	case c.Status == http.StatusTooManyRequests || c.Status == http.StatusLocked || c.Status >= 500 && c.Status != http.StatusNotImplemented:
		fail(s.o, tandem.RetryAfter, err)
	default:
		fail(s.o, tandem.Rejected, &tandem.Error{Kind: rejection(c), Op: s.w.Op.String(), Thing: string(s.w.ID), Err: c, Remedy: "the server does not take it"})
	}
	return nil
}

func (s *step) mkdir(ctx context.Context) error {
	if ok, err := s.absent(ctx, s.w.ID); !ok {
		return err
	}
	done, err := s.send(ctx, &conn.Request{Method: "MKCOL", URL: asCollection(s.url(string(s.w.ID)))})
	if done {
		s.o.Status, s.o.Meta = tandem.Applied, tandem.Meta{Version: dirVersion, Attrs: "type=dir"}
	}
	return err
}

func (s *step) create(ctx context.Context) error {
	if s.w.Record.Body == nil {
		return s.fail(tandem.Rejected, tandem.Invalid, "the record has no body")
	}
	if !s.atomic {
		if ok, err := s.absent(ctx, s.w.ID); !ok {
			return err
		}
		if dir := path.Dir(string(s.w.ID)); dir != "." { // some servers make the folders above, also below a file
			e, there, ok, err := s.now(ctx, tandem.ID(dir))
			if !ok {
				return err
			}
			if !there || !e.dir {
				return s.fail(tandem.PreconditionFailed, tandem.NotFound, "the folder above it is not there")
			}
		}
	}
	return s.upload(ctx, map[string]string{"If-None-Match": "*"}, "F")
}

func (s *step) update(ctx context.Context) error {
	e, ok, err := s.unchanged(ctx)
	if !ok {
		return err
	}
	if e.dir || s.w.Record.Body == nil {
		return s.fail(tandem.Rejected, tandem.Invalid, "a folder cannot be written over")
	}
	header := map[string]string{}
	if e.tag != "" && fits(s.w.If) {
		header["If-Match"] = ifMatch(s.w.If)
	}
	return s.upload(ctx, header, "T")
}

// upload sends the body, and makes it a file of its name only once all of it has arrived, unless the server sees to that.
func (s *step) upload(ctx context.Context, cond map[string]string, overwrite string) error {
	id := string(s.w.ID)
	target := id
	if !s.atomic {
		target = path.Join(path.Dir(id), uploadMark+hashed("upload", id+"\x00"+string(s.w.Marker)+string(s.w.If)))
		cond = map[string]string{}
	}
	cond["Content-Type"] = "application/octet-stream"
	req := &conn.Request{Method: "PUT", URL: s.url(target), Header: cond, Body: s.w.Record.Body}
	if s.w.Progress != nil {
		req.Sent = func(n int) { s.w.Progress(int64(n)) }
	}
	done, err := s.send(ctx, req)
	if !done || err != nil {
		if target != id {
			s.sweep(ctx, target)
			if s.o.Status == tandem.Maybe && s.o.Err != nil {
				s.o.Status = tandem.RetryAfter // only the file in the making may be there
			}
		}
		return err
	}
	if target != id {
		if ok, err := s.whole(ctx, target); !ok {
			s.sweep(ctx, target)
			return err
		}
		done, err := s.send(ctx, &conn.Request{Method: "MOVE", URL: s.url(target), Header: map[string]string{"Destination": s.url(id).String(), "Overwrite": overwrite}})
		if !done || err != nil {
			s.sweep(ctx, target)
			return err
		}
	}
	return s.answer(ctx, s.w.ID)
}

// whole makes sure that a file in the making has the length that was sent.
func (s *step) whole(ctx context.Context, target string) (bool, error) {
	e, there, ok, err := s.now(ctx, tandem.ID(target))
	if !ok {
		return false, err
	}
	if size := s.w.Record.Body.Size(); !there || size >= 0 && e.Size != size {
		return false, s.fail(tandem.RetryAfter, tandem.Transient, "it did not arrive whole")
	}
	return true, nil
}

// sweep removes a file in the making. If that fails it stays, which nobody takes for a record.
func (s *step) sweep(ctx context.Context, target string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if resp, err := s.link.Do(ctx, &conn.Request{Method: "DELETE", URL: s.url(target)}); err == nil {
		resp.Body.Close()
	}
}

// answer tells what a listing will show.
func (s *step) answer(ctx context.Context, id tandem.ID) error {
	e, err := s.stat(ctx, id)
	if err != nil {
		fail(s.o, tandem.Maybe, err)
		if down(err) {
			return err
		}
		return nil
	}
	s.o.Status, s.o.ID, s.o.Meta = tandem.Applied, id, e.Meta
	return nil
}

func (s *step) delete(ctx context.Context) error {
	e, ok, err := s.unchanged(ctx)
	if !ok {
		return err
	}
	u, header := s.url(string(s.w.ID)), map[string]string{}
	if e.dir {
		// The server would delete all that is inside. RFC 4918 9.6.1
		if empty, err := s.isEmpty(ctx); err != nil || !empty {
			return err
		}
		u = asCollection(u)
	} else if e.tag != "" && fits(s.w.If) {
		header["If-Match"] = ifMatch(s.w.If)
	}
	done, err := s.send(ctx, &conn.Request{Method: "DELETE", URL: u, Header: header})
	if done {
		s.o.Status = tandem.Applied
	}
	return err
}

func (s *step) isEmpty(ctx context.Context) (bool, error) {
	at := asCollection(s.url(string(s.w.ID)))
	seq, _ := s.link.listing(ctx, "PROPFIND", at, "1", propfindBody([]davxml.Name{davxml.D("resourcetype")}), maxListing)
	for r, err := range seq {
		if err != nil {
			if down(err) {
				return false, err
			}
			fail(s.o, tandem.RetryAfter, err)
			return false, nil
		}
		if segment, self := member(at, r.Href); !self && !ours(string(idOf(segment))) {
			return false, s.fail(tandem.PreconditionFailed, tandem.Changed, "the folder is not empty")
		}
	}
	return true, nil
}

func (s *step) move(ctx context.Context) error {
	from, to := string(s.w.ID), string(s.w.To)
	if strings.HasPrefix(to, from+"/") {
		return s.fail(tandem.Rejected, tandem.Invalid, "a folder cannot be moved into itself")
	}
	e, ok, err := s.unchanged(ctx)
	if !ok {
		return err
	}
	if ok, err := s.absent(ctx, s.w.To); !ok {
		return err
	}
	if dir := path.Dir(to); dir != "." {
		parent, there, ok, err := s.now(ctx, tandem.ID(dir))
		if !ok {
			return err
		}
		if !there || !parent.dir {
			return s.fail(tandem.PreconditionFailed, tandem.NotFound, "the folder above it is not there")
		}
	}
	src, dst := s.url(from), s.url(to)
	if e.dir {
		src, dst = asCollection(src), asCollection(dst)
	}
	done, err := s.send(ctx, &conn.Request{Method: "MOVE", URL: src, Header: map[string]string{"Destination": dst.String(), "Overwrite": "F"}})
	if !done || err != nil {
		return err
	}
	return s.answer(ctx, s.w.To)
}

// Find implements provider.Replica. Records of a tree are known by where they are.
func (t *tree) Find(ctx context.Context, w tandem.Write) (tandem.Outcome, bool, error) {
	ctx, done, err := t.enter(ctx)
	if err != nil {
		return tandem.Outcome{}, false, err
	}
	defer done()
	if !sound(w.ID) {
		return tandem.Outcome{}, false, nil
	}
	e, err := t.stat(ctx, w.ID)
	switch {
	case tandem.IsKind(err, tandem.NotFound):
		return tandem.Outcome{}, false, nil
	case err != nil:
		return tandem.Outcome{}, false, err
	case e.dir != (w.Record.Attrs.Get("type") == "dir"), w.Record.Body != nil && w.Record.Body.Size() >= 0 && w.Record.Body.Size() != e.Size:
		return tandem.Outcome{}, false, nil
	}
	return tandem.Outcome{Status: tandem.Applied, ID: w.ID, Meta: e.Meta}, true, nil
}
