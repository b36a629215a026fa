package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"tandem"
	"tandem/server/dav/listing"
	"tandem/server/dav/proto"
	"tandem/store"
)

// Get is the method GET, and HEAD: the content of a record, or a list of what is in a collection. RFC 4918 9.4, RFC 9110 9.3.1
func (s *Service) Get(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	res := r.Target
	switch {
	case !res.There():
		return &tandem.Error{Kind: tandem.NotFound, Op: "read", Thing: res.Href()}
	case res.Dir():
		return listing.Serve(ctx, w, r, s.Tree)
	}
	content, err := open(res.Record)
	if err != nil {
		return err
	}
	defer content.Close()
	h := w.Header()
	h.Set("ETag", res.ETag())
	setType(h, contentType(res))
	http.ServeContent(w, r.Request, "", proto.Modified(res.Record).Truncate(time.Second), content)
	return nil
}

// contentType is the media type of a record; that of a file is told by its name.
func contentType(res *proto.Resource) string {
	switch res.Branch {
	case proto.Contacts:
		return "text/vcard; charset=utf-8"
	case proto.Calendars:
		return "text/calendar; charset=utf-8"
	}
	if t := mime.TypeByExtension(strings.ToLower(path.Ext(string(res.ID)))); t != "" {
		return t
	}
	return "application/octet-stream"
}

// setType sets the type of a body that somebody stored. A page must not run here with the rights of who looks at it.
func setType(h http.Header, mediaType string) {
	h.Set("Content-Type", mediaType)
	h.Set("X-Content-Type-Options", "nosniff")
	switch base, _, _ := strings.Cut(mediaType, ";"); {
	case base == "text/html", strings.HasSuffix(base, "xml"):
		h.Set("Content-Security-Policy", "sandbox")
	}
}

// open opens the body of a record so that any part of it can be read. What has none, such as a link, is empty.
func open(rec *store.HomeRecord) (io.ReadSeekCloser, error) {
	switch body := rec.Body.(type) {
	case nil:
		return inMemoryBody{bytes.NewReader(nil)}, nil
	case tandem.Bytes:
		return inMemoryBody{bytes.NewReader(body)}, nil
	default:
		r, err := body.Open()
		if err != nil {
			return nil, err
		}
		if s, ok := r.(io.ReadSeekCloser); ok {
			return s, nil
		}
		return &skipping{body: body, r: r, size: rec.Size}, nil
	}
}

type inMemoryBody struct{ *bytes.Reader }

func (inMemoryBody) Close() error { return nil }

// skipping seeks in a body that can only be read from its beginning: it reads up to the place.
type skipping struct {
	body tandem.Body
	r    io.ReadCloser // at position at; nil: to be opened
	at   int64
	pos  int64 // where the next Read is to begin
	size int64
}

// Seek implements io.Seeker.
func (s *skipping) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.pos
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return s.pos, errors.New("seek before the beginning")
	}
	s.pos = offset
	return offset, nil
}

func (s *skipping) Read(p []byte) (n int, err error) {
	if s.pos < s.at || s.r == nil {
		if err := s.Close(); err != nil {
			return 0, err
		}
		if s.r, err = s.body.Open(); err != nil {
			return 0, err
		}
		s.at = 0
	}
	if s.pos > s.at {
		n, err := io.CopyN(io.Discard, s.r, s.pos-s.at)
		s.at += n
		if err != nil {
			return 0, err
		}
	}
	n, err = s.r.Read(p)
	s.at += int64(n)
	s.pos = s.at
	return n, err
}

func (s *skipping) Close() error {
	r := s.r
	if s.r = nil; r == nil {
		return nil
	}
	return r.Close()
}
