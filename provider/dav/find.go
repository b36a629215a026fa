package dav

import (
	"bytes"
	"context"

	"tandem"
	"tandem/wire/davxml"
)

// Find implements provider.Replica. Servers keep no markers; but the same create always takes the same names, so the record is looked for under these, and by
// its UID where the server names records itself.
func (r *replica) Find(ctx context.Context, w tandem.Write) (tandem.Outcome, bool, error) {
	ctx, done, err := r.ready(ctx)
	if err != nil {
		return tandem.Outcome{}, false, err
	}
	defer done()
	var data []byte
	uid := w.Record.UID
	if w.Record.Body != nil {
		if data, err = tandem.ReadBody(w.Record.Body, maxBody); err != nil {
			return tandem.Outcome{}, false, err
		}
		if u := outlineOf(data).uid; u != "" {
			uid = u
		}
	}
	for _, name := range r.namesFor(&w, data, uid) {
		id := tandem.ID(name)
		x := r.get(ctx, id)
		if tandem.IsKind(x.err, tandem.NotFound) {
			continue
		}
		if x.err != nil {
			return tandem.Outcome{}, false, x.err
		}
		if o, ok := r.same(id, x, data, uid); ok {
			return o, true, nil
		}
	}
	if !r.link.quirks().renames {
		return tandem.Outcome{}, false, nil
	}
	o := &tandem.Outcome{}
	x, ok := r.byUID(ctx, o, &w)
	if !ok || x.err != nil {
		return tandem.Outcome{}, false, x.err
	}
	found, ok := r.same(o.ID, x, data, uid)
	return found, ok, nil
}

// same tells whether a record is what a create made. What it means is compared by whoever asked, through the digest.
func (r *replica) same(id tandem.ID, x answer, data []byte, uid string) (tandem.Outcome, bool) {
	has := outlineOf(x.body).uid
	if !bytes.Equal(x.body, data) && (uid == "" || has != uid) {
		return tandem.Outcome{}, false
	}
	o := tandem.Outcome{Status: tandem.Applied, ID: id, Meta: tandem.Meta{Version: versionOf(x.stored), UID: has}}
	if r.handler != nil {
		if info, err := r.handler.Inspect(x.body); err == nil {
			o.Digest = info.Digest
		}
	}
	return o, true
}

// byUID looks for a record by the UID of what was written. RFC 4791 7.8, RFC 6352 8.6
func (r *replica) byUID(ctx context.Context, o *tandem.Outcome, w *tandem.Write) (answer, bool) {
	data, err := tandem.ReadBody(w.Record.Body, maxBody)
	if err != nil {
		return answer{err: err}, false
	}
	uid := outlineOf(data).uid
	if uid == "" || !r.can.Load().query {
		return answer{}, false
	}
	match := func(name func(string) davxml.Name) *davxml.Element {
		return davxml.New(name("prop-filter"), davxml.NewText(name("text-match"), uid).With("collation", "i;octet")).With("name", "UID")
	}
	query, filter := davxml.A("addressbook-query"), davxml.New(davxml.A("filter"), match(davxml.A))
	if r.kind != tandem.Contact {
		inner := davxml.New(davxml.C("comp-filter"), match(davxml.C)).With("name", componentOf(r.kind))
		query, filter = davxml.C("calendar-query"), davxml.New(davxml.C("filter"), davxml.New(davxml.C("comp-filter"), inner).With("name", "VCALENDAR"))
	}
	seq, _ := r.link.listing(ctx, "REPORT", r.at, "1", davxml.New(query, propElement([]davxml.Name{davxml.D("getetag")}), filter), maxListing)
	for resp, err := range seq {
		if err != nil {
			return answer{err: err}, false
		}
		segment, _ := member(r.at, resp.Href)
		if segment == "" {
			continue
		}
		if x := r.get(ctx, idOf(segment)); x.err == nil && outlineOf(x.body).uid == uid {
			o.ID = idOf(segment)
			return x, true
		}
	}
	return answer{}, false
}
