package dav

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tandem"
	"tandem/provider/dav/conn"
	"tandem/wire/davxml"
)

// Apply implements provider.Replica. Writes go out one after the other; several calls may run at the same time (Features.Workers). What the server does not
// promise to have stored as it was sent is read back at the end, all of it in one request.
func (r *replica) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, len(writes))
	for i := range writes {
		out[i] = tandem.Outcome{ID: writes[i].ID}
	}
	ctx, done, err := r.ready(ctx)
	if err != nil {
		return undone(out, 0, err), err
	}
	defer done()
	var doubt []int // written, and what is stored now is not known
	for i := range writes {
		unsure, err := r.write(ctx, &writes[i], &out[i])
		if unsure {
			doubt = append(doubt, i)
		}
		if err != nil {
			r.readBack(context.WithoutCancel(ctx), writes, out, doubt, ctx.Err() != nil)
			return undone(out, i, err), err
		}
	}
	r.readBack(ctx, writes, out, doubt, false)
	return out, nil
}

// undone settles what was not come to.
func undone(out []tandem.Outcome, from int, err error) []tandem.Outcome {
	for i := from; i < len(out); i++ {
		if out[i].Status == tandem.Maybe && out[i].Err == nil {
			out[i].Status, out[i].Err = tandem.RetryAfter, err
		}
	}
	return out
}

func fail(o *tandem.Outcome, s tandem.Status, err error) {
	o.Status, o.Err = s, err
	var e *tandem.Error
	if errors.As(err, &e) {
		o.Wait = e.Wait
	}
}

// write performs one write. unsure: it was done, and the version is still to be found out. An error is about the place as a whole.
func (r *replica) write(ctx context.Context, w *tandem.Write, o *tandem.Outcome) (unsure bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	switch w.Op {
	case tandem.Create:
		return r.create(ctx, w, o)
	case tandem.Update:
		return r.update(ctx, w, o)
	case tandem.Delete:
		return false, r.delete(ctx, w, o)
	}
	fail(o, tandem.Rejected, &tandem.Error{Kind: tandem.Denied, Op: w.Op.String(), Thing: string(w.ID), Err: errors.New("a server of contacts or calendars cannot do this")})
	return false, nil
}

// body reads what is to be written. false: it cannot be, and the outcome says why.
func body(w *tandem.Write, o *tandem.Outcome) ([]byte, bool) {
	if w.Record.Body == nil {
		fail(o, tandem.Rejected, &tandem.Error{Kind: tandem.Invalid, Op: w.Op.String(), Thing: string(w.ID), Err: errors.New("the record has no body")})
		return nil, false
	}
	data, err := tandem.ReadBody(w.Record.Body, maxBody)
	switch {
	case tandem.IsKind(err, tandem.TooLarge):
		fail(o, tandem.Rejected, err)
	case err != nil:
		fail(o, tandem.RetryAfter, err)
	case w.Record.Body.Size() >= 0 && w.Record.Body.Size() != int64(len(data)):
		fail(o, tandem.RetryAfter, &tandem.Error{Kind: tandem.Changed, Op: "read", Thing: string(w.ID), Err: errors.New("it is not as long as it said")})
	default:
		return data, true
	}
	return nil, false
}

func (r *replica) create(ctx context.Context, w *tandem.Write, o *tandem.Outcome) (bool, error) {
	data, ok := body(w, o)
	if !ok {
		return false, nil
	}
	uid := outlineOf(data).uid
	names := r.namesFor(w, data, uid)
	for n, name := range names {
		o.ID = tandem.ID(name)
		if free, err := r.free(ctx, w, o); err != nil || !free && n+1 == len(names) {
			return false, err
		} else if !free {
			*o = tandem.Outcome{}
			continue
		}
		unsure, err := r.put(ctx, w, o, data, map[string]string{"If-None-Match": "*"})
		if err != nil || !errors.Is(o.Err, errNameTaken) || n+1 == len(names) {
			return unsure, err
		}
		*o = tandem.Outcome{}
	}
	return false, nil
}

// free tells whether a name can be taken. A server that looks at conditions is left to find out by itself.
func (r *replica) free(ctx context.Context, w *tandem.Write, o *tandem.Outcome) (bool, error) {
	if !r.link.quirks().blind {
		return true, nil
	}
	x := r.get(ctx, o.ID)
	switch {
	case tandem.IsKind(x.err, tandem.NotFound):
		return true, nil
	case down(x.err):
		return false, x.err
	case x.err != nil:
		fail(o, tandem.RetryAfter, x.err)
	default:
		fail(o, tandem.PreconditionFailed, &tandem.Error{Kind: tandem.Exists, Op: w.Op.String(), Thing: string(o.ID), Err: errNameTaken})
	}
	return false, nil
}

func (r *replica) update(ctx context.Context, w *tandem.Write, o *tandem.Outcome) (bool, error) {
	data, ok := body(w, o)
	if !ok {
		return false, nil
	}
	cond, ok, err := r.precondition(ctx, w, o)
	if !ok || err != nil {
		return false, err
	}
	return r.put(ctx, w, o, data, cond)
}

// precondition is the header that makes a write happen only to the version that it expects. Where the server has no entity tags, the record is read and
// compared just before, which is the best there is. false: the record is not at that version.
func (r *replica) precondition(ctx context.Context, w *tandem.Write, o *tandem.Outcome) (map[string]string, bool, error) {
	cond := map[string]string{"If-Match": "*"}
	if fits(w.If) {
		cond["If-Match"] = ifMatch(w.If)
	}
	switch {
	case fits(w.If) && !r.link.quirks().blind:
		return cond, true, nil
	case !fits(w.If) && !strings.HasPrefix(string(w.If), bodyVersion):
		fail(o, tandem.PreconditionFailed, changed(w))
		return nil, false, nil
	}
	x := r.get(ctx, w.ID)
	switch {
	case down(x.err):
		return nil, false, x.err
	case x.err != nil:
		fail(o, tandem.PreconditionFailed, x.err)
		return nil, false, nil
	case versionOf(x.stored) != w.If:
		fail(o, tandem.PreconditionFailed, changed(w))
		return nil, false, nil
	}
	return cond, true, nil
}

func changed(w *tandem.Write) error {
	return &tandem.Error{Kind: tandem.Changed, Op: w.Op.String(), Thing: string(w.ID), Err: errors.New("it is not as it was")}
}

// put sends a body.
func (r *replica) put(ctx context.Context, w *tandem.Write, o *tandem.Outcome, data []byte, header map[string]string) (bool, error) {
	at := below(r.at, segmentOf(o.ID))
	header["Content-Type"] = mediaType(r.kind)
	req := &conn.Request{Method: "PUT", URL: at, Header: header, Body: tandem.Bytes(data)}
	if w.Progress != nil {
		req.Sent = func(n int) { w.Progress(int64(n)) }
	}
	resp, err := r.link.Do(ctx, req)
	if err != nil {
		return false, r.lost(ctx, o, at, err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusNoContent, http.StatusAccepted:
	default:
		return false, r.settle(ctx, w, o, resp)
	}
	o.Status = tandem.Applied
	r.drop(o.ID)
	if w.Op == tandem.Create {
		r.renamed(o, resp)
	}
	tag := resp.Header.Get("ETag")
	if !strong(tag) || r.link.quirks().reread {
		return true, nil
	}
	o.Meta = tandem.Meta{Version: tagVersion(tag), UID: outlineOf(data).uid}
	return false, nil
}

// renamed takes over the name that a server gave to what was created.
func (r *replica) renamed(o *tandem.Outcome, resp *conn.Response) {
	loc := resp.Header.Get("Location")
	if loc == "" {
		return
	}
	u, err := resp.URL.Parse(loc)
	if err != nil {
		return
	}
	if segment, _ := member(r.at, u.EscapedPath()); segment != "" {
		o.ID = idOf(segment)
	}
}

// lost settles a write without an answer: it was never sent, or it may have been done.
func (r *replica) lost(ctx context.Context, o *tandem.Outcome, at *url.URL, err error) error {
	var l *conn.LostError
	var b *conn.BodyError
	e := broken(ctx, "write", at, err)
	switch {
	case errors.As(err, &b):
		fail(o, tandem.RetryAfter, b.Err)
		return nil
	case errors.As(err, &l) && l.Sent:
		fail(o, tandem.Maybe, e)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return nil
	}
	fail(o, tandem.RetryAfter, e)
	return e
}

var errNameTaken = errors.New("the name is taken")

// settle makes an outcome of a refusal. An error is about the place as a whole.
func (r *replica) settle(ctx context.Context, w *tandem.Write, o *tandem.Outcome, resp *conn.Response) error {
	c := condition(resp)
	wait := conn.RetryAfter(resp.Header, time.Now())
	err := r.link.refused(c, w.Op.String(), string(o.ID), wait, r.at.Host)
	text := strings.ToLower(c.Text)
	if missing := c.Status == http.StatusNotFound || c.Status == http.StatusGone || c.Status == http.StatusConflict && c.Name.Local == ""; missing {
		if _, err := r.link.propfind(ctx, r.at, davxml.D("resourcetype")); err != nil { // the collection itself went away
			fail(o, tandem.RetryAfter, err)
			return err
		}
	}
	uidTaken := c.Name == davxml.C("no-uid-conflict") || c.Name == davxml.A("no-uid-conflict") || strings.Contains(text, "uid") && strings.Contains(text, "already exists")
	switch {
	case uidTaken:
		fail(o, tandem.PreconditionFailed, &tandem.Error{Kind: tandem.Exists, Op: w.Op.String(), Thing: string(o.ID), Err: c, Remedy: "another record there has its UID, perhaps one in the server's bin"})
	case c.Status == http.StatusPreconditionFailed && w.Op == tandem.Create:
		fail(o, tandem.PreconditionFailed, &tandem.Error{Kind: tandem.Exists, Op: w.Op.String(), Thing: string(o.ID), Err: errNameTaken})
	case c.Status == http.StatusPreconditionFailed:
		fail(o, tandem.PreconditionFailed, changed(w))
	case c.Status == http.StatusNotFound || c.Status == http.StatusGone:
		fail(o, tandem.PreconditionFailed, gone(o.ID))
	case c.Status == http.StatusConflict && c.Name.Local == "":
		fail(o, tandem.PreconditionFailed, &tandem.Error{Kind: tandem.Changed, Op: w.Op.String(), Thing: string(o.ID), Err: c})
	case c.Status == http.StatusUnauthorized:
		fail(o, tandem.RetryAfter, err)
		return err
	case c.Status == http.StatusTooManyRequests || c.Status == http.StatusLocked || c.Status >= 500 && c.Status != http.StatusInsufficientStorage && c.Status != http.StatusNotImplemented:
		fail(o, tandem.RetryAfter, err)
	case c.Status/100 == 2 || c.Status/100 == 3:
		fail(o, tandem.Maybe, fmt.Errorf("%s %s: %w", w.Op, o.ID, unexpected(c.Status)))
	default:
		fail(o, tandem.Rejected, &tandem.Error{Kind: rejection(c), Op: w.Op.String(), Thing: string(o.ID), Err: c, Remedy: "the server does not take it as it is"})
	}
	return nil
}

func rejection(c *davxml.Condition) tandem.ErrorKind {
	switch {
	case c.Status == http.StatusRequestEntityTooLarge || c.Name.Local == "max-resource-size":
		return tandem.TooLarge
	case c.Status == http.StatusInsufficientStorage || c.Name.Local == "quota-not-exceeded":
		return tandem.Full
	case c.Status == http.StatusForbidden && c.Name.Local == "" || c.Name.Local == "need-privileges":
		return tandem.Denied
	}
	return tandem.Invalid
}

func (r *replica) delete(ctx context.Context, w *tandem.Write, o *tandem.Outcome) error {
	cond, ok, err := r.precondition(ctx, w, o)
	if !ok || err != nil {
		return err
	}
	at := below(r.at, segmentOf(w.ID))
	resp, err := r.link.Do(ctx, &conn.Request{Method: "DELETE", URL: at, Header: cond})
	if err != nil {
		return r.lost(ctx, o, at, err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNoContent, http.StatusAccepted:
		o.Status = tandem.Applied
		r.drop(w.ID)
		return nil
	}
	return r.settle(ctx, w, o, resp)
}

// readBack finds out what the server made of what it was sent, so that the next listing is no news.
func (r *replica) readBack(ctx context.Context, writes []tandem.Write, out []tandem.Outcome, doubt []int, cancelled bool) {
	if len(doubt) == 0 {
		return
	}
	got := map[tandem.ID]answer{}
	var err error
	if !cancelled {
		ids := make([]tandem.ID, len(doubt))
		for k, i := range doubt {
			ids[k] = out[i].ID
		}
		got, err = r.read(ctx, ids)
	}
	for _, i := range doubt {
		o, w := &out[i], &writes[i]
		x, ok := got[o.ID]
		if err == nil && (!ok || tandem.IsKind(x.err, tandem.NotFound)) && w.Op == tandem.Create && r.link.quirks().renames && !cancelled {
			x, ok = r.byUID(ctx, o, w)
		}
		if err != nil || !ok || x.err != nil {
			fail(o, tandem.Maybe, &tandem.Error{Kind: tandem.Transient, Op: "read back", Thing: string(o.ID), Err: errors.Join(err, x.err)})
			continue
		}
		o.Meta = tandem.Meta{Version: versionOf(x.stored), UID: outlineOf(x.body).uid}
		if r.handler != nil {
			if info, err := r.handler.Inspect(x.body); err == nil {
				o.Digest = info.Digest
			}
		}
	}
}
