package dav

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"tandem"
	"tandem/wire/davxml"
)

// Changes implements provider.Replica. Nothing is yielded before everything has arrived and could be read, so that what is yielded is whole.
func (r *replica) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var listing tandem.Listing
	return func(yield func(tandem.Change, error) bool) {
		listing = tandem.Listing{}
		ctx, done, err := r.ready(ctx)
		if err != nil {
			yield(tandem.Change{}, err)
			return
		}
		defer done()
		r.forget()
		g := &gathering{replica: r, at: map[tandem.ID]int{}}
		l, err := g.gather(ctx, since)
		if err != nil {
			yield(tandem.Change{}, err)
			return
		}
		if !l.Full {
			g.isNews()
		}
		for i := range g.list {
			c := &g.list[i].Change
			if l.Full && c.Presence == tandem.Absent {
				continue
			}
			if !yield(*c, nil) {
				return
			}
		}
		listing = l
	}, func() tandem.Listing { return listing }
}

// gathering is one look at the collection.
type gathering struct {
	*replica
	list []sighted
	at   map[tandem.ID]int
}

// sighted is a member as a listing showed it.
type sighted struct {
	tandem.Change
	segment string // of its address, as the server spells it
	vague   bool   // its kind or its version is not known yet
}

// A cursor begins with what it is made of: a sync token, or the collection's own tag (getctag) of a server without sync reports. Such a tag says that nothing changed,
// and spares the listing; where it is another one, everything is listed.
const (
	syncCursor = "sync:"
	ctagCursor = "ctag:"
)

// tokenOf is the sync token of a cursor, "" where it holds none.
func tokenOf(c tandem.Cursor) string {
	token, is := strings.CutPrefix(string(c), syncCursor)
	if !is {
		return ""
	}
	return token
}

func (g *gathering) gather(ctx context.Context, since tandem.Cursor) (tandem.Listing, error) {
	if g.can.Load().ctag {
		return g.tagged(ctx, since)
	}
	if g.can.Load().sync {
		token := tokenOf(since)
		delta := token != ""
		if since != "" && !delta {
			return tandem.Listing{}, past(since, errors.New("it was made in another manner"))
		}
		next, err := g.syncReport(ctx, token)
		if err == nil {
			err = g.clear(ctx)
		}
		if err == nil || delta || !unsupported(err) {
			return tandem.Listing{Complete: err == nil, Full: !delta, Next: tandem.Cursor(syncCursor + next)}, err
		}
		g.list, g.at = nil, map[tandem.ID]int{} // it is said to work and does not
	}
	return g.whole(ctx)
}

// tagged lists everything unless the collection's tag is as it was. The tag is read before the listing, so that what changes meanwhile is news next time; after a
// listing that left something open there is no cursor.
func (g *gathering) tagged(ctx context.Context, since tandem.Cursor) (tandem.Listing, error) {
	resp, err := g.link.propfind(ctx, g.replica.at, davxml.S("getctag"))
	if err != nil {
		return tandem.Listing{}, err
	}
	tag := resp.Prop(davxml.S("getctag")).Value()
	now := tandem.Cursor(ctagCursor + tag)
	if tag != "" && since == now {
		return tandem.Listing{Complete: true, Next: now}, nil
	}
	l, err := g.whole(ctx)
	if err != nil || tag == "" {
		return l, err
	}
	for i := range g.list {
		if p := g.list[i].Presence; p == tandem.Unknown || p == tandem.Problem {
			return l, nil
		}
	}
	l.Next = now
	return l, nil
}

// isNews notes what a report of changes shows.
func (g *gathering) isNews() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.list {
		if c := &g.list[i].Change; c.Presence == tandem.Present {
			g.news[c.ID] = true
		}
	}
}

// past is the error of a cursor that is not honoured.
func past(since tandem.Cursor, err error) error {
	return &tandem.Error{Kind: tandem.Gone, Op: "list changes since", Thing: string(since), Err: err}
}

// unsupported tells an answer that a server gives to what it does not know.
func unsupported(err error) bool {
	switch statusOf(err) {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusConflict, http.StatusUnsupportedMediaType, http.StatusNotImplemented,
		http.StatusInternalServerError:
		return true
	}
	return false
}

// maxPages bounds the pages of one sync report, should a server always promise another.
const maxPages = 10_000

// syncReport asks what changed since a token, page by page. RFC 6578 3
func (g *gathering) syncReport(ctx context.Context, token string) (next string, err error) {
	delta := token != ""
	for range maxPages {
		more, last := false, token
		body := davxml.New(davxml.D("sync-collection"), davxml.NewText(davxml.D("sync-token"), token), davxml.NewText(davxml.D("sync-level"), "1"), propElement(g.memberProps()))
		seq, tail := g.link.listing(ctx, "REPORT", g.replica.at, "0", body, maxListing)
		for resp, err := range seq {
			if err != nil {
				if delta && tokenRefused(err) {
					return "", past(tandem.Cursor(syncCursor+token), err)
				}
				return "", err
			}
			truncated, err := g.see(resp, true)
			if err != nil {
				return "", err
			}
			more = more || truncated
		}
		if token = tail().Get(davxml.D("sync-token")); token == "" {
			return "", &tandem.Error{Kind: tandem.Transient, Op: "list changes of", Thing: g.replica.at.Redacted(), Err: errors.New("the server's report has no sync token")}
		}
		if !more {
			return token, nil
		}
		if token == last {
			return "", &tandem.Error{Kind: tandem.Transient, Op: "list changes of", Thing: g.replica.at.Redacted(), Err: errors.New("the server cuts its report and gives no way on")}
		}
	}
	return "", &tandem.Error{Kind: tandem.Transient, Op: "list changes of", Thing: g.replica.at.Redacted(), Err: fmt.Errorf("the server's report has more than %d pages", maxPages)}
}

// tokenRefused tells whether a server does not honour a sync token. The standard names a precondition; some only say it in words, or as something that is gone.
func tokenRefused(err error) bool {
	if isCondition(err, davxml.D("valid-sync-token")) || statusOf(err) == http.StatusGone {
		return true
	}
	var c *davxml.Condition
	if !errors.As(err, &c) {
		return false
	}
	text := strings.ToLower(c.Text)
	return (c.Status == http.StatusBadRequest || c.Status == http.StatusForbidden || c.Status == http.StatusConflict || c.Status == http.StatusPreconditionFailed) &&
		(c.Name.Local == "" || strings.Contains(text, "token"))
}

// memberProps is what a listing asks of each member.
func (r *replica) memberProps() []davxml.Name {
	props := []davxml.Name{davxml.D("getetag"), davxml.D("resourcetype")}
	if !r.alone {
		props = append(props, davxml.D("getcontenttype"))
	}
	return props
}

// see takes in one response. truncated: the server says that there is more.
func (g *gathering) see(resp *davxml.Response, report bool) (truncated bool, err error) {
	for _, href := range append([]string{resp.Href}, resp.Hrefs...) {
		segment, self := member(g.replica.at, href)
		switch {
		case self:
			truncated = truncated || resp.Status == http.StatusInsufficientStorage // RFC 6578 3.6
			if resp.Status >= 400 && resp.Status != http.StatusInsufficientStorage {
				return false, g.link.refused(&davxml.Condition{Status: resp.Status, Text: resp.Description}, "list", g.replica.at.Redacted(), 0, g.replica.at.Host)
			}
			continue
		case segment == "":
			return false, &tandem.Error{Kind: tandem.Unreadable, Op: "list", Thing: g.replica.at.Redacted(), Err: fmt.Errorf("the server names %q, which is not in the collection", href),
				Remedy: "give the address by which the server itself calls the collection"}
		}
		g.put(g.sight(resp, segment, report))
	}
	return truncated, nil
}

// sight is what a response says of a member.
func (g *gathering) sight(resp *davxml.Response, segment string, report bool) sighted {
	s := sighted{segment: segment, Change: tandem.Change{ID: idOf(segment)}}
	problem := func(err error) sighted {
		s.Presence, s.Err = tandem.Problem, err
		return s
	}
	switch {
	case resp.Status == http.StatusNotFound || resp.Status == http.StatusGone:
		s.Presence = tandem.Absent
		if !report { // listed and not there: it went away while the server was listing
			s.Presence = tandem.Unknown
		}
		return s
	case resp.Status >= 300:
		return problem(g.link.refused(&davxml.Condition{Status: resp.Status, Text: resp.Description}, "read", string(s.ID), 0, g.replica.at.Host))
	}
	if resp.Prop(davxml.D("resourcetype")).Has(davxml.D("collection")) {
		s.Presence = tandem.OutOfScope
		s.Err = errors.New("it is a collection of its own")
		return s
	}
	s.Presence = tandem.Present
	s.Version = tagVersion(resp.Prop(davxml.D("getetag")).Value())
	s.vague = s.Version == ""
	if !g.alone {
		switch c := componentHint(resp.Prop(davxml.D("getcontenttype")).Value()); {
		case !isRecordComponent(c):
			s.vague = true
		case c != componentOf(g.kind):
			return g.other(s)
		}
	}
	return s
}

// other makes of a member what a listing shows of a record of another kind.
func (g *gathering) other(s sighted) sighted {
	s.Presence, s.vague, s.Meta = tandem.OutOfScope, false, tandem.Meta{}
	s.Err = fmt.Errorf("it holds no %s", g.kind)
	return s
}

// put notes a member. A later page of a report knows better than an earlier one.
func (g *gathering) put(s sighted) {
	if i, twice := g.at[s.ID]; twice {
		g.list[i] = s
		return
	}
	g.at[s.ID] = len(g.list)
	g.list = append(g.list, s)
}

// whole lists everything by entity tags.
func (g *gathering) whole(ctx context.Context) (tandem.Listing, error) {
	seq, _ := g.link.listing(ctx, "PROPFIND", g.replica.at, "1", propfindBody(g.memberProps()), maxListing)
	self := false
	for resp, err := range seq {
		if err != nil {
			return tandem.Listing{}, err
		}
		_, isSelf := member(g.replica.at, resp.Href)
		self = self || isSelf
		if _, err := g.see(resp, false); err != nil {
			return tandem.Listing{}, err
		}
	}
	if !self && len(g.list) == 0 { // a listing names the collection itself: one without anything is none
		return tandem.Listing{}, &tandem.Error{Kind: tandem.Unreadable, Op: "list", Thing: g.replica.at.Redacted(), Err: errors.New("the server's listing is empty"), Remedy: "check the address"}
	}
	if err := g.clear(ctx); err != nil {
		return tandem.Listing{}, err
	}
	return tandem.Listing{Complete: true, Full: true}, nil
}

// clear settles what the listing left vague, by reading the records.
func (g *gathering) clear(ctx context.Context) error {
	var ids []tandem.ID
	for i := range g.list {
		if g.list[i].vague {
			ids = append(ids, g.list[i].ID)
		}
	}
	for len(ids) > 0 {
		n := min(get, len(ids))
		part := ids[:n]
		ids = ids[n:]
		got, err := g.read(ctx, part)
		if err != nil {
			return err
		}
		for _, id := range part {
			s := &g.list[g.at[id]]
			x := got[id]
			s.vague = false
			switch {
			case tandem.IsKind(x.err, tandem.NotFound):
				s.Presence, s.Meta = tandem.Unknown, tandem.Meta{} // gone since; the next listing tells
			case x.err != nil:
				s.Presence, s.Err = tandem.Problem, x.err
			case !g.alone && !g.holds(x.body):
				*s = g.other(*s)
			default:
				s.Version = versionOf(x.stored) // the size is left out: some servers spell one record in two ways
				g.keep(id, x.stored)
			}
		}
	}
	return nil
}
