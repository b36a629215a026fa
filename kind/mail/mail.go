package mail

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"hash"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tandem"
	"tandem/kind"
	"tandem/kind/eas/body"
	"tandem/wire/mime"
)

// Handler is the kind mail.
type Handler struct{}

var (
	_ kind.Handler     = Handler{}
	_ kind.Streamer    = Handler{}
	_ kind.Inspector   = Handler{}
	_ kind.AttrMerger  = Handler{}
	_ kind.AttrIndexer = Handler{}
)

// Kind implements kind.Handler.
func (Handler) Kind() tandem.Kind { return tandem.Mail }

// Inspect implements kind.Handler. There is no error: everything is a message.
func (h Handler) Inspect(data []byte) (kind.Info, error) { return h.InspectBody(tandem.Bytes(data)) }

// InspectBody implements kind.Inspector: in two passes over the message, and bounded memory whatever its size.
func (h Handler) InspectBody(b tandem.Body) (kind.Info, error) {
	e, text, digest, err := Read(b)
	if err != nil {
		return kind.Info{}, err
	}
	who := ""
	if len(e.From) > 0 {
		who = e.From[0].Name
		if who == "" {
			who = e.From[0].Email
		}
	}
	info := kind.Info{Digest: digest, Summary: tandem.Summary{Title: e.Subject, Who: who}, Modified: e.Date * int64(time.Second)}
	if e.Date != 0 {
		info.Summary.When = time.Unix(e.Date, 0).UTC().Format("2006-01-02 15:04")
	}
	info.Index = tandem.Index{UID: e.MessageID, Start: e.Arrived, End: e.Arrived, Name: e.Subject, Keys: e.keys(), Sketch: e.Marshal(), Text: text}
	return info, nil
}

// keys are the addresses by which a message is found, and its conversation.
func (e *Envelope) keys() []string {
	conversation := e.Conversation()
	out := []string{ConversationKey(conversation[:])}
	for _, list := range [][]mime.Address{e.From, e.To, e.Cc, e.Bcc} {
		for _, a := range list {
			if k := strings.ToLower(a.Email); k != "" && !slices.Contains(out, k) && len(out) < 100 {
				out = append(out, k)
			}
		}
	}
	return out
}

// DigestReader implements kind.Streamer: line ends do not count, for some places keep messages with others.
func (Handler) DigestReader(r io.Reader) (tandem.Digest, error) {
	d := newDigest()
	if _, err := io.Copy(d, r); err != nil {
		return tandem.Digest{}, err
	}
	return d.sum(), nil
}

// Merge implements kind.Handler. Nobody edits a message; where two have come about all the same, the larger is kept whole and the other is told of.
func (h Handler) Merge(base, a, b []byte) (kind.Merged, error) {
	var sums [3]tandem.Digest
	for i, data := range [][]byte{base, a, b} {
		d := newDigest()
		_, _ = d.Write(data) // error: it has none
		sums[i] = d.sum()
	}
	switch {
	case sums[1] == sums[2], base != nil && sums[2] == sums[0]:
		return kind.Merged{Body: a}, nil
	case base != nil && sums[1] == sums[0]:
		return kind.Merged{Body: b}, nil
	}
	return kind.Merged{Body: a, Clashes: []kind.Clash{{Field: "message", Base: title(base), A: title(a), B: title(b)}}}, nil
}

func title(data []byte) string {
	if data == nil {
		return ""
	}
	root, _ := mime.Scan(bytes.NewReader(data), mime.Limits{}) // error: a reader of bytes has none
	return clip(oneLine(root.Header.Text("Subject")), 100)
}

// digest hashes a message with line ends made equal. Lines are gathered, for each piece that is handed to the hash costs as much as some of it.
type digest struct {
	h   hash.Hash
	cr  bool // a carriage return is held back
	n   int  // bytes gathered
	buf [2048]byte
}

func newDigest() *digest { return &digest{h: sha256.New()} }

// Write implements io.Writer.
func (d *digest) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if d.cr {
			d.cr = false
			if p[0] != '\n' {
				d.put([]byte{'\r'})
			}
		}
		i := bytes.IndexByte(p, '\r')
		if i < 0 {
			d.put(p)
			break
		}
		d.put(p[:i])
		d.cr = true
		p = p[i+1:]
	}
	return n, nil
}

// put hashes p after what is gathered.
func (d *digest) put(p []byte) {
	if len(p) > len(d.buf)-d.n {
		d.h.Write(d.buf[:d.n])
		d.n = 0
	}
	if len(p) > len(d.buf) {
		d.h.Write(p)
		return
	}
	d.n += copy(d.buf[d.n:], p)
}

func (d *digest) sum() (out tandem.Digest) {
	if d.cr {
		d.put([]byte{'\r'})
		d.cr = false
	}
	d.h.Write(d.buf[:d.n])
	d.n = 0
	copy(out[:], d.h.Sum(nil))
	return out
}

const (
	textMax    = 256 << 10 // bytes of a message's text that are read for preview and search
	previewMax = 255       // characters. MS-ASAIRS 2.2.2.35
)

// Read reads a message: its envelope, the text to search in, and its digest.
func Read(b tandem.Body) (e *Envelope, text string, sum tandem.Digest, err error) {
	root, sum, err := scan(b)
	if err != nil {
		return nil, "", sum, err
	}
	e = &Envelope{Format: Format, Size: root.End, Header: root.Body}
	e.header(root.Header)
	e.structure(root)
	if err := e.unpack(b); err != nil {
		return nil, "", sum, err
	}
	if err := e.report(b); err != nil {
		return nil, "", sum, err
	}
	shown, err := e.Text(b, textMax)
	if err != nil {
		return nil, "", sum, err
	}
	e.Preview = preview(shown)
	return e, searchable(e, shown), sum, nil
}

// scan finds out how a message is built and what its digest is. What is in memory is read there: a mailbox has many small messages, and a buffer for each would be more than they are.
func scan(b tandem.Body) (root *mime.Part, sum tandem.Digest, err error) {
	d := newDigest()
	if data, ok := b.(tandem.Bytes); ok {
		_, _ = d.Write(data)                                      // error: it has none
		root, _ = mime.Scan(bytes.NewReader(data), mime.Limits{}) // error: a reader of bytes has none
		return root, d.sum(), nil
	}
	in, err := b.Open()
	if err != nil {
		return nil, sum, err
	}
	root, err = mime.Scan(io.TeeReader(bufio.NewReaderSize(in, 64<<10), d), mime.Limits{})
	if cerr := in.Close(); err == nil {
		err = cerr
	}
	return root, d.sum(), err
}

// preview is the beginning of a text in one line.
func preview(s string) string {
	var b strings.Builder
	n := 0 // characters
	for word := range strings.FieldsSeq(clip(s, 8*previewMax)) {
		if n > 0 {
			b.WriteByte(' ')
			n++
		}
		b.WriteString(word)
		if n += utf8.RuneCountInString(word); n > previewMax {
			return string([]rune(b.String())[:previewMax])
		}
	}
	return b.String()
}

// searchable is what full-text search looks in.
func searchable(e *Envelope, text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(e.Subject) + 200)
	b.WriteString(e.Subject)
	for _, list := range [][]mime.Address{e.From, e.To, e.Cc} {
		for _, a := range list {
			b.WriteString("\n" + a.Name + " " + a.Email)
		}
	}
	for _, f := range e.Files {
		b.WriteString("\n" + f.Name)
	}
	b.WriteByte('\n')
	b.WriteString(text)
	return b.String()
}

// Text is the text of a message without formatting, at most limit bytes of it.
func (e *Envelope) Text(b tandem.Body, limit int64) (string, error) {
	if len(e.Plain) > 0 {
		return joined(b, e.Plain, limit)
	}
	html, err := joined(b, e.HTML, limit)
	if err != nil || html == "" {
		return "", err
	}
	return body.ToPlain(html), nil
}

// Markup is the text of a message as HTML as it was sent, at most limit bytes, "" if it has none. It is not safe to show: see body.Sanitize.
func (e *Envelope) Markup(b tandem.Body, limit int64) (string, error) {
	return joined(b, e.HTML, limit)
}

// joined decodes sections one after another.
func joined(b tandem.Body, list []Section, limit int64) (string, error) {
	if len(list) == 1 {
		return list[0].text(b, limit)
	}
	var out strings.Builder
	for i, s := range list {
		if i > 0 {
			out.WriteString("\n")
		}
		text, err := s.text(b, limit-int64(out.Len()))
		if err != nil {
			return "", err
		}
		out.WriteString(text)
		if int64(out.Len()) >= limit {
			break
		}
	}
	return out.String(), nil
}

// text decodes a section; lines end with "\n".
func (s Section) text(b tandem.Body, limit int64) (string, error) {
	text, err := s.read(b, max(limit, 0))
	if err != nil {
		return "", err
	}
	text = unixLines(text)
	if s.Flowed {
		text = unflow(text, s.DelSp)
	}
	return text, nil
}

// unixLines makes each CR LF an LF.
func unixLines(s string) string {
	i := strings.IndexByte(s, '\r')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for ; i >= 0; i = strings.IndexByte(s, '\r') {
		b.WriteString(s[:i])
		if !strings.HasPrefix(s[i:], "\r\n") {
			b.WriteByte('\r')
		}
		s = s[i+1:]
	}
	b.WriteString(s)
	return b.String()
}

// eventMax is the size in bytes of the largest invitation that is read: a thousand instances.
const eventMax = 1 << 20

// Calendar is the iCalendar object of an invitation, an answer to one, or a cancellation; nil where there is none. TooLarge.
func (e *Envelope) Calendar(b tandem.Body) ([]byte, error) {
	if e.Event == nil {
		return nil, nil
	}
	in, err := e.Event.Raw(b)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, whole, err := e.Event.part().Text(in, eventMax)
	if err == nil && !whole {
		err = &tandem.Error{Kind: tandem.TooLarge, Op: "read invitation", Thing: e.Subject}
	}
	return []byte(text), err
}

// read decodes a section.
func (s Section) read(b tandem.Body, limit int64) (string, error) {
	part := s.part()
	open := s.Raw
	if s.In != nil {
		part.Encoding, open = "", s.inner
	}
	in, err := open(b)
	if err != nil {
		return "", err
	}
	defer in.Close()
	if s.In != nil && s.In.RTF {
		return richText(in, limit)
	}
	text, _, err := part.Text(in, limit)
	if s.In != nil {
		text = strings.TrimRight(text, "\x00")
	}
	return text, err
}

// Raw opens the section as it is in the message; of one that is a piece of a part, the part.
func (s Section) Raw(b tandem.Body) (io.ReadCloser, error) { return window(b, s.Body, s.End-s.Body) }

// Open opens the section decoded.
func (s Section) Open(b tandem.Body) (io.ReadCloser, error) {
	if s.In != nil {
		return s.inner(b)
	}
	in, err := s.Raw(b)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{s.part().Decode(in), in}, nil
}

// window opens n bytes of a body from an offset on.
func window(b tandem.Body, from, n int64) (io.ReadCloser, error) {
	in, err := b.Open()
	if err != nil {
		return nil, err
	}
	if seeker, ok := in.(io.Seeker); ok {
		_, err = seeker.Seek(from, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, in, from)
	}
	if err != nil {
		in.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(in, n), in}, nil
}

// unflow puts lines together that were cut by format=flowed. RFC 3676 4
func unflow(s string, delsp bool) string {
	var b strings.Builder
	lines := strings.Split(s, "\n")
	depth := func(l string) int {
		return len(l) - len(strings.TrimLeft(l, ">"))
	}
	for i, line := range lines {
		q := depth(line)
		text := strings.TrimPrefix(line[q:], " ")
		if i == 0 || !b0(&b) {
			if q > 0 {
				b.WriteString(strings.Repeat(">", q) + " ")
			}
		}
		flows := strings.HasSuffix(text, " ") && text != "-- " && i+1 < len(lines) && depth(lines[i+1]) == q
		if flows && delsp {
			text = text[:len(text)-1]
		}
		b.WriteString(text)
		if !flows && i+1 < len(lines) {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// b0 reports whether the text so far goes on in the same line.
func b0(b *strings.Builder) bool {
	s := b.String()
	return s != "" && s[len(s)-1] != '\n'
}
