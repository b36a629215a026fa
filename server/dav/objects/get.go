package objects

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"tandem"
	"tandem/server/dav/calquery"
	"tandem/server/dav/listing"
	"tandem/server/dav/proto"
)

// Get implements proto.Method for GET and HEAD. RFC 9110 9.3.1
func (s *Service) Get(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	switch t := r.Target; {
	case t.Sort == proto.Member && t.Record != nil:
		return s.record(ctx, w, r)
	case t.Sort == proto.Collection && t.Reach.Kind != tandem.Invitation && wantsFile(r.Request):
		return s.download(ctx, w, r)
	case t.There():
		return listing.Serve(ctx, w, r, s.Tree)
	}
	return &tandem.Error{Kind: tandem.NotFound, Op: "read", Thing: r.URL.Path}
}

// record gives one record.
func (s *Service) record(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	t := r.Target
	tag, kind := t.ETag(), proto.ContentType(t.Reach.Kind, t.ID)
	data, err := read(t.Record)
	if err != nil {
		return err
	}
	h := w.Header()
	if t.Reach.Kind == tandem.Contact {
		h.Set("Vary", "Accept")
		if data, kind, err = convert(r.Header, data, kind); err != nil {
			return err
		}
	} else {
		h.Set("Vary", calquery.ZonesHeader)
	}
	h.Set("ETag", tag)
	h.Set("Last-Modified", proto.Modified(t.Record).Format(http.TimeFormat))
	if st := s.Meet.Tag(ctx, r, t, data); st != "" {
		h.Set("Schedule-Tag", st)
	}
	if t.Reach.Kind != tandem.Contact {
		data = calquery.ZonesFor(r.Header, data, s.Check.Zones)
	}
	if NotModified(r, tag) && r.Header.Get("If-Match") == "" {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if err := s.Guard.Permit(ctx, r, proto.Change{Resource: t, Reads: true}); err != nil {
		return err
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	harmless(h)
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, err = w.Write(data)
	}
	return err
}

// harmless keeps a browser from running what others wrote.
func harmless(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
}

// NotModified reports whether a client has what is there already. RFC 9110 13.2.2
func NotModified(r *proto.Request, tag string) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	if list := r.Header.Values("If-None-Match"); len(list) > 0 {
		return proto.ListsTag(strings.Join(list, ","), tag, true)
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && r.Target.Record != nil && !proto.Modified(r.Target.Record).After(since.Add(999_999_999))
}
