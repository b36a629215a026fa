package contentline

import (
	"strings"
	"unicode/utf8"
)

// maxOctets is the length of a physical line without its line ending (RFC 5545 3.1, RFC 6350 3.2).
const maxOctets = 75

// Bytes writes the document. Lines that were not edited come out byte for byte; the others are folded and end as the
// document's first line does.
func (d *Document) Bytes() []byte {
	w := writer{eol: d.eol, buf: make([]byte, 0, size(d.Items))}
	w.items(d.Items)
	return w.buf
}

// Bytes writes one component by itself, with this line ending where lines have to be written anew.
func (c *Component) Bytes(eol string) []byte {
	w := writer{eol: eol}
	w.component(c)
	return w.buf
}

func size(items []Item) int {
	n := 0
	for _, it := range items {
		if it.Line != nil {
			n += len(it.Line.raw)
		} else {
			n += len(it.Child.Begin.raw) + len(it.Child.End.raw) + size(it.Child.Items)
		}
	}
	return n
}

type writer struct {
	eol  string
	buf  []byte
	prev *Line // the line before
}

func (w *writer) items(items []Item) {
	for _, it := range items {
		if it.Line != nil {
			w.line(it.Line)
		} else {
			w.component(it.Child)
		}
	}
}

func (w *writer) component(c *Component) {
	w.line(c.Begin)
	w.items(c.Items)
	w.line(c.End)
}

func (w *writer) line(l *Line) {
	if n := len(w.buf); n > 0 && w.buf[n-1] != '\n' && w.buf[n-1] != '\r' {
		w.buf = append(w.buf, w.eol...) // the source's last line had no ending, and something was put after it
	}
	if w.prev != nil && w.prev.swallows(l) {
		w.buf = append(w.buf, w.eol...)
	}
	w.prev = l
	if !l.edited {
		w.buf = append(w.buf, l.raw...)
		return
	}
	if strings.HasPrefix(l.raw, bom) {
		w.buf = append(w.buf, bom...)
	}
	head := l.head()
	switch {
	case l.Quoted():
		w.quoted(head, l.value)
	case l.noFold && !l.Base64():
		w.buf = append(append(w.buf, head...), l.value...)
	default:
		w.folded(head + l.value)
	}
	if l.raw == "" || endsLine(l.raw) {
		w.buf = append(w.buf, w.eol...)
	}
	if l.blankAfter() {
		w.buf = append(w.buf, w.eol...)
	}
}

// swallows reports whether next, written right after l, would be read as a part of l. Where the two stood together in
// the source, they are known not to.
func (l *Line) swallows(next *Line) bool {
	if !l.edited && !next.edited && l.seq != 0 && next.seq == l.seq+1 || l.kind == blank || l.blankAfter() {
		return false
	}
	if l.Quoted() && strings.HasSuffix(l.value, "=") {
		return true
	}
	if next.kind != opaque {
		return false
	}
	return next.value[0] == ' ' || next.value[0] == '\t' || l.Base64() && isBase64(next.value)
}

func endsLine(s string) bool { return s[len(s)-1] == '\n' || s[len(s)-1] == '\r' }

// blankAfter reports whether a blank line ends this line's base64: as in vCard 2.1, or because the source had one.
func (l *Line) blankAfter() bool {
	if !l.Base64() {
		return false
	}
	if l.raw == "" || l.noFold {
		return l.noFold
	}
	cut := strings.TrimSuffix(strings.TrimSuffix(l.raw, "\n"), "\r")
	return len(cut) < len(l.raw) && cut != "" && endsLine(cut)
}

// head is everything up to and with the colon.
func (l *Line) head() string {
	var b strings.Builder
	if l.group != "" {
		b.WriteString(l.group)
		b.WriteByte('.')
	}
	b.WriteString(l.name)
	for _, p := range l.params {
		b.WriteByte(';')
		if p.Name != "" {
			b.WriteString(p.Name)
			b.WriteByte('=')
		}
		b.WriteString(p.Value)
	}
	b.WriteByte(':')
	return b.String()
}

// folded writes a logical line over as many physical lines as it takes, never splitting a UTF-8 sequence.
func (w *writer) folded(s string) {
	room := maxOctets
	for len(s) > room {
		cut := room
		for cut > room-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		if !utf8.RuneStart(s[cut]) { // not UTF-8 at all
			cut = room
		}
		w.buf = append(w.buf, s[:cut]...)
		w.buf = append(w.buf, w.eol...)
		w.buf = append(w.buf, ' ')
		s = s[cut:]
		room = maxOctets - 1
	}
	w.buf = append(w.buf, s...)
}

// quoted writes a quoted-printable value with soft line breaks (RFC 2045 6.7), never inside an escape like =C3.
func (w *writer) quoted(head, s string) {
	w.buf = append(w.buf, head...)
	room := max(maxOctets-len(head), 3)
	for len(s) > room {
		cut := beforeEscape(s, room-1)
		if rest := s[cut:]; cut > 1 && (hasPrefixFold(rest, "BEGIN:") || hasPrefixFold(rest, "END:")) {
			cut = beforeEscape(s, cut-1) // a reader takes these at the start of a line for what they say
		}
		if cut == 0 {
			cut = min(3, len(s))
		}
		w.buf = append(w.buf, s[:cut]...)
		w.buf = append(w.buf, '=')
		w.buf = append(w.buf, w.eol...)
		s = s[cut:]
		room = maxOctets
	}
	w.buf = append(w.buf, s...)
}

// beforeEscape moves a cut that would fall inside an escape like =C3 to before it.
func beforeEscape(s string, cut int) int {
	if i := strings.LastIndexByte(s[:cut], '='); i >= 0 && i > cut-3 {
		return i
	}
	return cut
}
