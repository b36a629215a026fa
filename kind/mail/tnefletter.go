package mail

import (
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/wire/mime"
	"tandem/wire/tnef"
)

// letter opens a message within a packed part as one of the internet: its header, its text and its files, which may be messages again. It is made while it is read, in one pass over the
// part and in bounded memory; where it is damaged it ends early. RFC 5322, RFC 2046 5.2.1
func (s Section) letter(b tandem.Body) (io.ReadCloser, error) {
	piece := func() (io.ReadCloser, error) {
		raw := s
		at := *s.In
		at.Msg = false
		raw.In = &at
		return raw.inner(b)
	}
	in, err := piece()
	if err != nil {
		return nil, err
	}
	m, err := tnef.Read(in)
	in.Close()
	if err != nil {
		return nil, err
	}
	var w letterWriter
	w.message(m, "1")
	if in, err = piece(); err != nil {
		return nil, err
	}
	return &letterReader{in: in, left: w.parts}, nil
}

// lettersSize is about how large a message within a packed part is as one of the internet.
func lettersSize(m *tnef.Message) int64 {
	const head = 500 // bytes of a header
	n := int64(head)
	if at, _ := textOf(m); at != nil {
		n += at.Len * 78 / 57
	}
	for _, f := range m.Files {
		if f.Inner != nil {
			n += lettersSize(f.Inner)
		} else {
			n += head/2 + f.Data.Len*78/57
		}
	}
	return n
}

// textOf is the text of a message, and its type: the one that says most.
func textOf(m *tnef.Message) (*tnef.Span, string) {
	typ := func(t *tnef.Text, name string) string {
		if t.Charset == "" {
			return name
		}
		return mime.FormatType(name, map[string]string{"charset": t.Charset})
	}
	switch {
	case m.HTML != nil:
		return &m.HTML.Span, typ(m.HTML, "text/html")
	case m.Plain != nil:
		return &m.Plain.Span, typ(m.Plain, "text/plain")
	case m.Rich != nil:
		return m.Rich, "application/rtf"
	}
	return nil, ""
}

// letterPart is a piece of what is written: a text as it stands, or a span of the stream in base64.
type letterPart struct {
	text string
	at   *tnef.Span
	kind partKind
}

// partKind is what is done to a span before it is encoded.
type partKind uint8

const (
	asIs     partKind = iota
	trimmed           // a text: zero characters at its end are none of it
	trimmed2          // the same in UTF-16
	unpacked          // compressed RTF
)

// letterWriter lays a message out.
type letterWriter struct{ parts []letterPart }

func (w *letterWriter) text(format string, args ...any) {
	w.parts = append(w.parts, letterPart{text: fmt.Sprintf(format, args...)})
}

// message lays out a message; path tells it from all others.
func (w *letterWriter) message(m *tnef.Message, path string) {
	boundary := "=_winmail-" + path + "=" // no line that is encoded begins so, and none is the beginning of another
	w.text("%s", letterHead(m))
	w.text("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n", boundary)
	// In the order of the stream, which mostly begins with the text, so that one pass is enough.
	type entry struct {
		off int64
		put func()
	}
	var all []entry
	if at, typ := textOf(m); at != nil {
		all = append(all, entry{at.Off, func() { w.body(m, at, typ) }})
	}
	for i, f := range m.Files {
		all = append(all, entry{f.Data.Off, func() {
			if f.Inner != nil {
				w.text("Content-Type: message/rfc822\r\n\r\n")
				w.message(f.Inner, fmt.Sprintf("%s.%d", path, i+1))
				return
			}
			w.file(f)
		}})
	}
	slices.SortStableFunc(all, func(a, b entry) int { return int(min(1, max(-1, a.off-b.off))) })
	for _, e := range all {
		w.text("--%s\r\n", boundary)
		e.put()
		w.text("\r\n")
	}
	if len(all) == 0 {
		w.text("--%s\r\n\r\n\r\n", boundary)
	}
	w.text("--%s--\r\n", boundary)
}

// body lays out the text.
func (w *letterWriter) body(m *tnef.Message, at *tnef.Span, typ string) {
	kind := trimmed
	switch {
	case m.HTML == nil && m.Plain == nil:
		kind = unpacked
		w.text("Content-Disposition: attachment; filename=\"message.rtf\"\r\n")
	case strings.Contains(typ, "utf-16"):
		kind = trimmed2
	}
	w.text("Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n", typ)
	w.parts = append(w.parts, letterPart{at: at, kind: kind})
}

// file lays out a file.
func (w *letterWriter) file(f tnef.File) {
	name := clip(oneLine(f.Name), 500)
	if name == "" {
		name = "attachment"
	}
	how := "attachment"
	if f.Hidden && f.ID != "" {
		how = "inline"
	}
	w.text("Content-Type: %s\r\nContent-Disposition: %s\r\n", withName(mediaType(f.Media, name), name), mime.FormatType(how, map[string]string{"filename": name}))
	if id := tokenOf(f.ID); id != "" {
		w.text("Content-ID: <%s>\r\n", id)
	}
	w.text("Content-Transfer-Encoding: base64\r\n\r\n")
	w.parts = append(w.parts, letterPart{at: &f.Data})
}

// letterHead is the header of a message, as far as it is known.
func letterHead(m *tnef.Message) string {
	var h fields
	put := func(name, value string) {
		if value != "" {
			h.set(name, value)
		}
	}
	put("From", person(oneLine(m.From.Name), m.From.Address))
	put("To", shownPeople(m.To))
	put("Cc", shownPeople(m.Cc))
	put("Subject", encodeText(clip(oneLine(m.Subject), 500)))
	if m.Sent > 0 && m.Sent < 1<<36 {
		put("Date", time.Unix(m.Sent, 0).UTC().Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	}
	if id := tokenOf(m.ID); id != "" {
		put("Message-ID", "<"+id+">")
	}
	return strings.TrimSuffix(string(h.message(nil)), "\r\n")
}

// tokenOf is an id as a header may have it.
func tokenOf(id string) string {
	return clip(strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || r == '<' || r == '>' {
			return -1
		}
		return r
	}, id), 500)
}

// person is somebody as a header has them. Who has no address on the internet is a group of nobody. RFC 5322 3.4, RFC 6854
func person(name, address string) string {
	if strings.Contains(address, "@") && tokenOf(address) == address {
		return mime.Address{Name: name, Email: address}.String()
	}
	if strings.Contains(name, "@") && tokenOf(name) == name {
		return mime.Address{Email: name}.String()
	}
	if name == "" {
		return ""
	}
	group := encodeText(strings.Map(func(r rune) rune {
		if strings.ContainsRune("()<>[]:;@\\,.\"", r) {
			return ' '
		}
		return r
	}, name))
	return group + ":;"
}

// shownPeople are those of a list as it is shown.
func shownPeople(shown string) string {
	var all []string
	for _, name := range strings.Split(oneLine(shown), ";") {
		if p := person(strings.Trim(strings.TrimSpace(name), "'"), ""); p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, ",\r\n ")
}

// letterReader reads what was laid out.
type letterReader struct {
	in   io.ReadCloser
	off  int64 // of in
	left []letterPart
	now  io.Reader
}

// Read implements io.Reader.
func (r *letterReader) Read(p []byte) (int, error) {
	for {
		if r.now == nil {
			if len(r.left) == 0 {
				return 0, io.EOF
			}
			next := r.left[0]
			r.left = r.left[1:]
			if err := r.begin(next); err != nil {
				return 0, err
			}
		}
		n, err := r.now.Read(p)
		if err == io.EOF {
			r.now, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// begin opens a part. One that lies before what was read, as only a damaged stream has it, is empty.
func (r *letterReader) begin(part letterPart) error {
	if part.at == nil {
		r.now = strings.NewReader(part.text)
		return nil
	}
	if skip := part.at.Off - r.off; skip > 0 {
		n, err := io.CopyN(io.Discard, r.in, skip)
		r.off += n
		if err != nil && err != io.EOF {
			return err
		}
	}
	if r.off != part.at.Off {
		r.now = strings.NewReader("")
		return nil
	}
	span := io.Reader(&counter{io.LimitReader(r.in, part.at.Len), &r.off})
	switch part.kind {
	case trimmed, trimmed2:
		span = &zeroless{in: span, wide: part.kind == trimmed2}
	case unpacked:
		rtf, err := richBytes(span)
		if err != nil {
			return err
		}
		span = strings.NewReader(string(rtf))
	}
	r.now = &encoder{in: span}
	return nil
}

// Close implements io.Closer.
func (r *letterReader) Close() error { return r.in.Close() }

// counter adds up what is read.
type counter struct {
	io.Reader
	n *int64
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	*c.n += int64(n)
	return n, err
}

// zeroless leaves out the zero bytes at the end of a text; of one in UTF-16 not the one that is half of its last character.
type zeroless struct {
	in   io.Reader
	wide bool
	held int  // zeros that may be the last
	odd  bool // an odd number of bytes was given out
	next []byte
	err  error
}

// Read implements io.Reader.
func (z *zeroless) Read(p []byte) (n int, err error) {
	give := func(c byte) {
		p[n] = c
		n++
		z.odd = !z.odd
	}
	for n < len(p) {
		if len(z.next) == 0 && z.err == nil {
			buf := make([]byte, 4096)
			var got int
			got, z.err = z.in.Read(buf)
			z.next = buf[:got]
			continue
		}
		switch {
		case len(z.next) > 0 && z.next[0] == 0:
			z.held++
			z.next = z.next[1:]
		case len(z.next) > 0 && z.held > 0:
			z.held--
			give(0)
		case len(z.next) > 0:
			give(z.next[0])
			z.next = z.next[1:]
		case z.wide && z.odd && z.held > 0:
			z.held--
			give(0)
		default:
			if n > 0 {
				return n, nil
			}
			return 0, z.err
		}
	}
	return n, nil
}

// encoder is what it reads in base64, in lines. RFC 2045 6.8
type encoder struct {
	in   io.Reader
	line []byte
	end  bool
}

// Read implements io.Reader.
func (e *encoder) Read(p []byte) (int, error) {
	if len(e.line) == 0 {
		if e.end {
			return 0, io.EOF
		}
		var raw [57 * 64]byte
		n, err := io.ReadFull(e.in, raw[:])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return 0, err
		}
		e.end = err != nil
		for at := 0; at < n; at += 57 {
			e.line = append(base64.StdEncoding.AppendEncode(e.line, raw[at:min(n, at+57)]), "\r\n"...)
		}
		if len(e.line) == 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, e.line)
	e.line = e.line[n:]
	return n, nil
}
