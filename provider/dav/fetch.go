package dav

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"tandem"
	"tandem/provider/dav/conn"
	"tandem/wire/davxml"
)

// Fetch implements provider.Replica.
func (r *replica) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		ctx, done, err := r.ready(ctx)
		if err != nil {
			yield(tandem.Record{}, err)
			return
		}
		defer done()
		for len(ids) > 0 {
			n := min(get, len(ids))
			got, err := r.recallOrRead(ctx, ids[:n])
			if err != nil {
				yield(tandem.Record{}, err)
				return
			}
			for _, id := range ids[:n] {
				x := got[id]
				if !yield(r.record(id, x), x.err) {
					return
				}
			}
			ids = ids[n:]
		}
	}
}

func (r *replica) record(id tandem.ID, x answer) tandem.Record {
	if x.err != nil {
		return tandem.Record{ID: id}
	}
	return tandem.Record{ID: id, Meta: tandem.Meta{Version: versionOf(x.stored), Size: int64(len(x.body)), UID: outlineOf(x.body).uid}, Body: tandem.Bytes(x.body)}
}

// answer is what a server says when it is asked for one record.
type answer struct {
	stored
	err error
}

func (r *replica) recallOrRead(ctx context.Context, ids []tandem.ID) (map[tandem.ID]answer, error) {
	out := make(map[tandem.ID]answer, len(ids))
	var rest []tandem.ID
	for _, id := range ids {
		if s, ok := r.recall(id); ok {
			out[id] = answer{stored: s}
		} else {
			rest = append(rest, id)
		}
	}
	got, err := r.read(ctx, rest)
	for id, x := range got {
		out[id] = x
		if x.err == nil {
			r.keepNews(id, x.stored)
		}
	}
	return out, err
}

// read asks for records, all in one request where the server can do that. Every id is answered.
func (r *replica) read(ctx context.Context, ids []tandem.ID) (map[tandem.ID]answer, error) {
	out := make(map[tandem.ID]answer, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	if r.can.Load().multiget && !r.gets.Load() && len(ids) > 1 {
		err := r.multiget(ctx, ids, out)
		if err != nil {
			if !unsupported(err) {
				return nil, err
			}
			r.gets.Store(true)
		}
	}
	var rest []tandem.ID
	for _, id := range ids {
		if _, ok := out[id]; !ok { // some servers leave out what they do not have, others what they do not like
			rest = append(rest, id)
		}
	}
	return out, r.getEach(ctx, rest, out)
}

// multiget asks for several records at once. RFC 4791 7.9, RFC 6352 8.7
func (r *replica) multiget(ctx context.Context, ids []tandem.ID, out map[tandem.ID]answer) error {
	report, data := davxml.C("calendar-multiget"), davxml.C("calendar-data")
	if r.kind == tandem.Contact {
		report, data = davxml.A("addressbook-multiget"), davxml.A("address-data")
	}
	body := davxml.New(report, propElement([]davxml.Name{davxml.D("getetag"), data}))
	wanted := make(map[tandem.ID]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
		body.Add(davxml.Href(below(r.at, segmentOf(id)).EscapedPath()))
	}
	seq, _ := r.link.listing(ctx, "REPORT", r.at, "0", body, maxListing)
	for resp, err := range seq {
		if err != nil {
			return err
		}
		segment, _ := member(r.at, resp.Href)
		id := idOf(segment)
		if segment == "" || !wanted[id] {
			continue
		}
		text := resp.Prop(data)
		switch {
		case resp.Status == http.StatusNotFound || resp.Status == http.StatusGone:
			out[id] = answer{err: gone(id)}
		case resp.Status >= 300:
			out[id] = answer{err: r.link.refused(&davxml.Condition{Status: resp.Status, Text: resp.Description}, "read", string(id), 0, r.at.Host)}
		case text == nil || text.Chars() == "", resp.Mended:
			// asked for by itself: what XML cannot hold (a control character in a note) comes whole only outside of it
		default:
			out[id] = answer{stored: stored{tag: resp.Prop(davxml.D("getetag")).Value(), body: lineEnds(text.Chars())}}
		}
	}
	return nil
}

// lineEnds puts back what XML takes from the ends of lines. XML 1.0 2.11
func lineEnds(text string) []byte {
	if strings.IndexByte(text, '\r') >= 0 {
		return []byte(text)
	}
	return []byte(strings.ReplaceAll(text, "\n", "\r\n"))
}

func gone(id tandem.ID) error {
	return &tandem.Error{Kind: tandem.NotFound, Op: "read", Thing: string(id)}
}

// getEach asks for records one by one, over several connections.
func (r *replica) getEach(ctx context.Context, ids []tandem.ID, out map[tandem.ID]answer) error {
	got := make([]answer, len(ids))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i, id := range ids {
		g.Go(func() error {
			got[i] = r.get(gctx, id)
			if down(got[i].err) {
				return got[i].err
			}
			return gctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, id := range ids {
		out[id] = got[i]
	}
	return nil
}

// down tells whether an error is about the place and not about one record.
func down(err error) bool {
	if err == nil || tandem.IsKind(err, tandem.NotFound) {
		return false
	}
	status := statusOf(err)
	return status == 0 && !tandem.IsKind(err, tandem.TooLarge) || status == http.StatusUnauthorized || status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// get asks for one record.
func (r *replica) get(ctx context.Context, id tandem.ID) answer {
	at := below(r.at, segmentOf(id))
	// Compressed answers are not asked for: some proxies mark the entity tags of what they compress.
	resp, err := r.link.Do(ctx, &conn.Request{Method: "GET", URL: at, Header: map[string]string{"Accept-Encoding": "identity", "Accept": mediaType(r.kind) + ", */*;q=0.5"}})
	if err != nil {
		return answer{err: broken(ctx, "get", at, err)}
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		return answer{err: gone(id)}
	case resp.StatusCode != http.StatusOK:
		return answer{err: r.link.refused(condition(resp), "read", string(id), conn.RetryAfter(resp.Header, time.Now()), at.Host)}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return answer{err: broken(ctx, "get", at, err)}
	case len(body) > maxBody:
		return answer{err: &tandem.Error{Kind: tandem.TooLarge, Op: "read", Thing: string(id), Err: errors.New("it is larger than 32 MiB")}}
	}
	return answer{stored: stored{tag: resp.Header.Get("ETag"), body: body}}
}
