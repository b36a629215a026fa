package props

import (
	"context"
	"net/http"

	"tandem"
	"tandem/server/dav/proto"
	"tandem/wire/davxml"
)

// pageSize is how many resources are answered for at a time.
const pageSize = 250

// flushEvery is after how many pages what was written is passed on.
const flushEvery = 4

// maxDeep is how many records Depth: infinity may be about, outside trees of files.
const maxDeep = 5000

// Propfind implements proto.Method. RFC 4918 9.1
func (s *Service) Propfind(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	if !r.Target.There() {
		return &tandem.Error{Kind: tandem.NotFound, Op: "find properties", Thing: r.URL.Path}
	}
	asked, err := ParseAsked(r.XML)
	if err != nil {
		return err
	}
	if r.Depth == proto.Infinity {
		if err := s.finite(ctx, r); err != nil {
			return err
		}
	}
	if err := s.Guard.Permit(ctx, r, proto.Change{Resource: r.Target, Reads: true}); err != nil {
		return err
	}
	out := NewStream(w, r, s.Query(ctx, r, asked, nil))
	if !r.Prefer.NoRoot || r.Depth == 0 {
		if err := out.Add(r.Target); err != nil {
			return err
		}
	}
	if r.Depth != 0 {
		if err := s.below(ctx, r, r.Target, out.Add); err != nil {
			return err
		}
	}
	return out.Close()
}

// finite refuses to list everything where that is much. RFC 4918 9.1
func (s *Service) finite(ctx context.Context, r *proto.Request) error {
	refused := davxml.Fail(http.StatusForbidden, davxml.D("propfind-finite-depth"))
	switch r.Target.Sort {
	case proto.Root, proto.Principals, proto.Homes:
		return refused
	case proto.Home:
		if r.Target.Tree() {
			return nil
		}
		all, err := s.Tree.Collections(ctx, r.User.Name, r.Target.Branch)
		if err != nil {
			return err
		}
		n := 0
		for _, c := range all {
			live, _, err := s.Lookup.Count(ctx, c.Reach.ID, c.Reach.Seq)
			if err != nil {
				return err
			}
			n += live
		}
		if n > maxDeep {
			return refused
		}
	}
	return nil
}

// below passes on what is in a resource, as deep as the request asks.
func (s *Service) below(ctx context.Context, r *proto.Request, res *proto.Resource, add func(*proto.Resource) error) error {
	deep := r.Depth == proto.Infinity
	for child, err := range s.Tree.Children(ctx, r.User, res, deep) {
		if err != nil {
			return err
		}
		if err := add(child); err != nil {
			return err
		}
		if deep && child.Sort == proto.Collection {
			if err := s.below(ctx, r, child, add); err != nil {
				return err
			}
		}
	}
	return nil
}

// Stream writes a multistatus, a page of resources at a time, so that memory stays bounded.
type Stream struct {
	w     http.ResponseWriter
	query *Query
	ms    *davxml.Multistatus
	page  []*proto.Resource
	pages int
}

// NewStream makes a multistatus. Nothing is written before the first page is complete, so that an error until then is answered as one.
func NewStream(w http.ResponseWriter, r *proto.Request, q *Query) *Stream {
	if r.Prefer.Minimal {
		w.Header().Set("Preference-Applied", "return=minimal") // RFC 7240 3
	}
	return &Stream{w: w, query: q}
}

// Add answers for one more resource.
func (s *Stream) Add(res *proto.Resource) error {
	if s.page = append(s.page, res); len(s.page) >= pageSize {
		return s.turn()
	}
	return nil
}

// Response adds an answer that is already there, after those for the resources added before.
func (s *Stream) Response(r davxml.Response) error {
	if err := s.turn(); err != nil {
		return err
	}
	s.ms.Response(r)
	return nil
}

// begin writes the head.
func (s *Stream) begin() {
	if s.ms == nil {
		s.w.Header().Set("Content-Type", davxml.ContentType)
		s.w.WriteHeader(http.StatusMultiStatus)
		s.ms = davxml.NewMultistatus(s.w)
	}
}

// turn answers for the page that was gathered.
func (s *Stream) turn() error {
	if len(s.page) > 0 {
		if err := s.query.load(s.page); err != nil {
			return err
		}
	}
	s.begin()
	err := s.query.answer(s.page, s.ms.Response)
	clear(s.page)
	s.page = s.page[:0]
	if s.pages++; err == nil && s.pages%flushEvery == 0 {
		err = s.ms.Flush()
	}
	return err
}

// Close ends the document, with elements that belong at its end.
func (s *Stream) Close(tail ...*davxml.Element) error {
	if err := s.turn(); err != nil {
		return err
	}
	for _, e := range tail {
		s.ms.Element(e)
	}
	return s.ms.Close()
}
