package davxml

import (
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
)

// Response is one answer of a multistatus. RFC 4918 14.24
type Response struct {
	Href        string   // as in the document: a path or URL, percent-encoded
	Hrefs       []string // further ones, where Status is set
	Status      int      // of the resource as a whole; 0: see Propstats
	Propstats   []Propstat
	Error       *Element // DAV:error, or nil
	Description string
	Location    string
	Mended      bool // read with Limits.Mend: some text in it is not what was sent
}

// Propstat are properties with one status.
type Propstat struct {
	Status int
	Props  []*Element
	Error  *Element
}

// Prop is a property that was found (status 200), or nil.
func (r *Response) Prop(name Name) *Element {
	for _, p := range r.Propstats {
		if p.Status/100 != 2 {
			continue
		}
		for _, e := range p.Props {
			if e.Name == name {
				return e
			}
		}
	}
	return nil
}

// Multistatus writes a multistatus, response by response. RFC 4918 13
type Multistatus struct{ w *Writer }

// NewMultistatus begins a multistatus. The caller has sent the header: status 207, Content-Type of [ContentType].
func NewMultistatus(w io.Writer) *Multistatus {
	m := &Multistatus{w: NewWriter(w)}
	m.w.Start(D("multistatus"))
	return m
}

// ContentType is the media type of XML bodies.
const ContentType = "application/xml; charset=utf-8"

// Response writes one response.
func (m *Multistatus) Response(r Response) {
	w := m.w
	w.Start(D("response"))
	w.TextElement(D("href"), r.Href)
	for _, h := range r.Hrefs {
		w.TextElement(D("href"), h)
	}
	if r.Status != 0 {
		w.TextElement(D("status"), StatusLine(r.Status))
	}
	for _, p := range r.Propstats {
		w.Start(D("propstat"))
		w.Start(D("prop"))
		for _, e := range p.Props {
			w.Element(e)
		}
		w.End()
		w.TextElement(D("status"), StatusLine(p.Status))
		if p.Error != nil {
			w.Element(p.Error)
		}
		w.End()
	}
	if r.Error != nil {
		w.Element(r.Error)
	}
	if r.Description != "" {
		w.TextElement(D("responsedescription"), r.Description)
	}
	if r.Location != "" {
		w.Element(New(D("location"), Href(r.Location)))
	}
	w.End()
}

// Element is the response as an element: the inverse of ParseResponse.
func (r *Response) Element() *Element {
	e := New(D("response"), Href(r.Href))
	for _, h := range r.Hrefs {
		e.Add(Href(h))
	}
	if r.Status != 0 {
		e.Add(NewText(D("status"), StatusLine(r.Status)))
	}
	for _, p := range r.Propstats {
		e.Add(New(D("propstat"), New(D("prop"), p.Props...), NewText(D("status"), StatusLine(p.Status))).Add(p.Error))
	}
	e.Add(r.Error)
	if r.Description != "" {
		e.Add(NewText(D("responsedescription"), r.Description))
	}
	if r.Location != "" {
		e.Add(New(D("location"), Href(r.Location)))
	}
	return e
}

// Element writes something else that belongs at the end, such as DAV:sync-token. RFC 6578 6.4
func (m *Multistatus) Element(e *Element) { m.w.Element(e) }

// Flush passes on what was written so far.
func (m *Multistatus) Flush() error { return m.w.Flush() }

// Close ends the document.
func (m *Multistatus) Close() error { return m.w.Close() }

// StatusLine is a status as elements have it. RFC 4918 14.28
func StatusLine(code int) string {
	return "HTTP/1.1 " + strconv.Itoa(code) + " " + http.StatusText(code)
}

// ParseStatus reads a status line; 0 for what is none.
func ParseStatus(line string) int {
	version, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	if !strings.HasPrefix(version, "HTTP/") {
		return 0
	}
	code, _, _ := strings.Cut(strings.TrimLeft(rest, " \t"), " ")
	n, err := strconv.Atoi(code)
	if err != nil || n < 100 || n > 599 {
		return 0
	}
	return n
}

// ReadMultistatus yields the responses of a multistatus as they arrive. Limits.Elements bounds one response and not the document. What stands beside the
// responses (DAV:sync-token, DAV:responsedescription) is in tail once the sequence has ended. An error ends the sequence; a document that breaks off is one.
func ReadMultistatus(r io.Reader, lim Limits) (responses iter.Seq2[*Response, error], tail func() *Element) {
	rest := New(D("multistatus"))
	return func(yield func(*Response, error) bool) {
		t := newTokens(r, lim)
		for {
			tok, err := t.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if tok.sort != startToken {
				continue
			}
			if len(t.open) == 1 {
				if tok.name != D("multistatus") {
					yield(nil, t.failf("the root element is %s, not DAV:multistatus", tok.name.Local))
					return
				}
				continue
			}
			t.count = 0
			before := t.mended
			e, err := t.element(tok)
			if err != nil {
				yield(nil, err)
				return
			}
			if !e.Is(D("response")) {
				rest.Add(e)
				continue
			}
			resp := ParseResponse(e)
			resp.Mended = t.mended != before
			if !yield(resp, nil) {
				return
			}
		}
	}, func() *Element { return rest }
}

// ParseResponse reads a DAV:response.
func ParseResponse(e *Element) *Response {
	r := &Response{Status: ParseStatus(e.Get(D("status"))), Error: e.Child(D("error")), Description: e.Get(D("responsedescription")), Location: e.Path(D("location"), D("href")).Value()}
	for h := range e.All(D("href")) {
		if r.Href == "" {
			r.Href = h.Value()
		} else {
			r.Hrefs = append(r.Hrefs, h.Value())
		}
	}
	for p := range e.All(D("propstat")) {
		ps := Propstat{Status: ParseStatus(p.Get(D("status"))), Error: p.Child(D("error"))}
		for prop := range p.Child(D("prop")).Elements() {
			ps.Props = append(ps.Props, prop)
		}
		r.Propstats = append(r.Propstats, ps)
	}
	return r
}
