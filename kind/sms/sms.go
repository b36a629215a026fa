package sms

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"tandem"
	"tandem/kind"
	"tandem/kind/mail"
	"tandem/wire/mime"
)

// Handler is the kind sms.
type Handler struct{ mail mail.Handler }

var (
	_ kind.Handler     = Handler{}
	_ kind.Streamer    = Handler{}
	_ kind.Inspector   = Handler{}
	_ kind.AttrMerger  = Handler{}
	_ kind.AttrIndexer = Handler{}
)

// Kind implements kind.Handler.
func (Handler) Kind() tandem.Kind { return tandem.SMS }

// Inspect implements kind.Handler.
func (h Handler) Inspect(data []byte) (kind.Info, error) { return h.InspectBody(tandem.Bytes(data)) }

// InspectBody implements kind.Inspector, in bounded memory. The UID is made of who, when (to the second) and what, so that one message that came by two
// ways is known as one.
func (h Handler) InspectBody(b tandem.Body) (kind.Info, error) {
	e, text, _, err := mail.Read(b)
	if err != nil {
		return kind.Info{}, err
	}
	head, sum, err := digestOf(b)
	if err != nil {
		return kind.Info{}, err
	}
	ms := date(head)
	info := kind.Info{Digest: sum, Modified: ms * int64(time.Millisecond)}
	peers := append(parties(head, "From"), parties(head, "To")...)
	for _, p := range peers {
		n := Normal(p.Number)
		if n != "" && !slices.Contains(info.Index.Keys, n) {
			info.Index.Keys = append(info.Index.Keys, n)
		}
	}
	if len(peers) > 0 {
		if info.Summary.Who = peers[0].Name; info.Summary.Who == "" {
			info.Summary.Who = peers[0].Number
		}
	}
	if info.Summary.Title = e.Subject; e.Subject == "" {
		info.Summary.Title = shorten(e.Preview, 60)
	}
	if info.Summary.Title == "" && len(e.Files) > 0 {
		info.Summary.Title = e.Files[0].Name
	}
	if ms != 0 {
		info.Summary.When = time.UnixMilli(ms).UTC().Format("2006-01-02 15:04")
	}
	at := ms / 1000
	info.Index.UID, info.Index.Start, info.Index.End, info.Index.Name = uid(info.Index.Keys, at, e.Preview), at, at, info.Summary.Title
	for _, p := range peers {
		text += "\n" + p.Number + " " + Normal(p.Number)
	}
	info.Index.Text, info.Index.Sketch = text, e.Marshal()
	return info, nil
}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func uid(keys []string, at int64, text string) string {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %q", keys, at, text))
	return "sms-" + hex.EncodeToString(sum[:12])
}

// Normal is a number as it is compared: without what people write between digits. Words and addresses of e-mail are in lower case.
func Normal(number string) string {
	n := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-()./", r) {
			return -1
		}
		return r
	}, number)
	if strings.Trim(n, "+0123456789*#") == "" && n != "" {
		return n
	}
	return strings.ToLower(strings.TrimSpace(number))
}

// volatile are attributes that each backup writes anew, from the address book and the language of the day.
var volatile = []string{"contact_name", "readable_date", "thread_id", "_id", "seen", "creator", "sub_id", "sim_slot", "sim_imsi"}

// digestOf is the header of a message and its digest: who, when, what and the attributes that mean something. In the body line ends do not count.
func digestOf(b tandem.Body) (mime.Header, tandem.Digest, error) {
	in, err := b.Open()
	if err != nil {
		return nil, tandem.Digest{}, err
	}
	defer in.Close()
	return digestReader(in)
}

// maxHeader bounds a header in bytes.
const maxHeader = 4 << 20

func digestReader(r io.Reader) (mime.Header, tandem.Digest, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	var raw bytes.Buffer
	for raw.Len() < maxHeader {
		line, err := in.ReadSlice('\n')
		raw.Write(line)
		if err == io.EOF || err == nil && len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
		if err != nil && err != bufio.ErrBufferFull {
			return nil, tandem.Digest{}, err
		}
	}
	root, err := mime.Scan(&raw, mime.Limits{Header: maxHeader})
	if err != nil {
		return nil, tandem.Digest{}, err
	}
	h := sha256.New()
	canonical(h, root.Header)
	w := &bare{h: h}
	if _, err := io.Copy(w, in); err != nil {
		return nil, tandem.Digest{}, err
	}
	w.end()
	var sum tandem.Digest
	h.Sum(sum[:0])
	return root.Header, sum, nil
}

// canonical writes what of a header means something.
func canonical(w io.Writer, h mime.Header) {
	for _, name := range []string{"From", "To"} {
		for _, p := range parties(h, name) {
			fmt.Fprintf(w, "%s %q\n", name, Normal(p.Number))
		}
	}
	attrs := slices.DeleteFunc(parseAttrs(h.Get("X-SMS-Attrs")), func(a Attr) bool { return slices.Contains(volatile, a.Name) })
	slices.SortStableFunc(attrs, func(x, y Attr) int { return strings.Compare(x.Name, y.Name) })
	fmt.Fprintf(w, "%d %q %q %q\n", date(h), h.Text("Subject"), attrs, h.Get("Content-Type"))
	for _, a := range h.All("X-SMS-Addr") {
		fmt.Fprintf(w, "%q\n", parseAttrs(a))
	}
}

// bare hashes without carriage returns before line feeds.
type bare struct {
	h  hash.Hash
	cr bool
}

// Write implements io.Writer.
func (b *bare) Write(p []byte) (int, error) {
	for _, line := range bytes.SplitAfter(p, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		if b.cr && line[0] != '\n' {
			b.h.Write([]byte{'\r'})
		}
		b.cr = false
		switch {
		case bytes.HasSuffix(line, []byte("\r\n")):
			b.h.Write(line[:len(line)-2])
			b.h.Write([]byte{'\n'})
		case line[len(line)-1] == '\r':
			b.h.Write(line[:len(line)-1])
			b.cr = true
		default:
			b.h.Write(line)
		}
	}
	return len(p), nil
}

func (b *bare) end() {
	if b.cr {
		b.h.Write([]byte{'\r'})
	}
}

// DigestReader implements kind.Streamer.
func (Handler) DigestReader(r io.Reader) (tandem.Digest, error) {
	_, sum, err := digestReader(r)
	return sum, err
}

// Merge implements kind.Handler. Nobody edits a text message. Where two differ, it is mostly in what phones note beside them: attributes of both are kept.
func (h Handler) Merge(base, a, b []byte) (kind.Merged, error) {
	var sums [3]tandem.Digest
	for i, data := range [][]byte{base, a, b} {
		var err error
		if _, sums[i], err = digestReader(bytes.NewReader(data)); err != nil {
			return kind.Merged{}, err
		}
	}
	switch {
	case sums[1] == sums[2], base != nil && sums[2] == sums[0]:
		return kind.Merged{Body: a}, nil
	case base != nil && sums[1] == sums[0]:
		return kind.Merged{Body: b}, nil
	}
	return mergeMessages(base, a, b)
}

func mergeMessages(base, a, b []byte) (kind.Merged, error) {
	ma, err := Parse(tandem.Bytes(a))
	if err != nil {
		return kind.Merged{}, err
	}
	mb, err := Parse(tandem.Bytes(b))
	if err != nil {
		return kind.Merged{}, err
	}
	if len(ma.Parts) > 0 || len(mb.Parts) > 0 || ma.Text != mb.Text {
		return kind.Merged{Body: a, Clashes: []kind.Clash{{Field: "message", Base: title(base), A: title(a), B: title(b)}}}, nil
	}
	mo := &Message{}
	if base != nil {
		if mo, err = Parse(tandem.Bytes(base)); err != nil {
			return kind.Merged{}, err
		}
	}
	var clashes []kind.Clash
	ma.Attrs, clashes = mergeAttrs(mo.Attrs, ma.Attrs, mb.Attrs)
	pick := func(field string, was, x, y string, take func()) {
		switch {
		case x == y || y == "" || y == was:
		case x == "" || x == was:
			take()
		default:
			clashes = append(clashes, kind.Clash{Field: field, Base: was, A: x, B: y})
		}
	}
	numbers := func(list []Party) string {
		var out []string
		for _, p := range list {
			out = append(out, Normal(p.Number))
		}
		return strings.Join(out, ", ")
	}
	pick("from", numbers(mo.From), numbers(ma.From), numbers(mb.From), func() { ma.From = mb.From })
	pick("to", numbers(mo.To), numbers(ma.To), numbers(mb.To), func() { ma.To = mb.To })
	pick("subject", mo.Subject, ma.Subject, mb.Subject, func() { ma.Subject = mb.Subject })
	if ma.Date/1000 == mb.Date/1000 { // one of them is known to the second only
		ma.Date = max(ma.Date, mb.Date)
	} else {
		pick("date", stamp(mo.Date), stamp(ma.Date), stamp(mb.Date), func() { ma.Date = mb.Date })
	}
	if ma.Element == "" {
		ma.Element = mb.Element
	}
	body, err := tandem.ReadBody(ma.Body(), 1<<30)
	return kind.Merged{Body: body, Clashes: clashes}, err
}

func stamp(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000")
}

func mergeAttrs(base, a, b []Attr) (out []Attr, clashes []kind.Clash) {
	for _, x := range a {
		was, had := Find(base, x.Name)
		y, there := Find(b, x.Name)
		switch {
		case there && y != x.Value && had && was == x.Value:
			x.Value = y
		case there && y != x.Value && !(had && was == y) && !slices.Contains(volatile, x.Name):
			clashes = append(clashes, kind.Clash{Field: x.Name, Base: was, A: x.Value, B: y})
		case !there && had && was == x.Value:
			continue // taken away there
		}
		out = append(out, x)
	}
	for _, y := range b {
		_, there := Find(a, y.Name)
		if was, had := Find(base, y.Name); !there && !(had && was == y.Value) {
			out = append(out, y)
		}
	}
	return out, clashes
}

func title(data []byte) string {
	if data == nil {
		return ""
	}
	m, err := Parse(tandem.Bytes(data))
	if err != nil {
		return ""
	}
	return shorten(m.Text, 100)
}

// IndexAttrs implements kind.AttrIndexer.
func (h Handler) IndexAttrs(ix tandem.Index, attrs tandem.Attrs) tandem.Index {
	return h.mail.IndexAttrs(ix, attrs)
}

// MergeAttrs implements kind.AttrMerger: flags as for mail. Where a message was moved on both sides, it is sent rather than waiting to be.
func (h Handler) MergeAttrs(base, a, b tandem.Attrs) tandem.Attrs {
	out := h.mail.MergeAttrs(base, a, b)
	x, y, was := a.Get(Box), b.Get(Box), base.Get(Box)
	switch {
	case x == y || y == was:
		return out.With(Box, x)
	case x == was:
		return out.With(Box, y)
	}
	for _, box := range []string{Sent, Failed, Inbox, Outbox, Queued} {
		if x == box || y == box {
			return out.With(Box, box)
		}
	}
	return out.With(Box, max(x, y))
}
