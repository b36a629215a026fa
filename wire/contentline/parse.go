package contentline

import (
	"fmt"
	"strings"
)

const bom = "\ufeff"

// Parse reads a text of content lines. The only errors are of type *Error: a text over the limits, a text without any
// component, and a structure that is broken. All else is kept, if need be as opaque lines.
func Parse(data []byte, limits Limits) (*Document, error) {
	var p parser
	return p.parse(data, limits)
}

// Scratch is memory for texts that are looked at one after the other. The zero value is ready for use, by one goroutine at a time.
type Scratch struct {
	lines  []Line
	params []Param
	items  []Item
	used   int // of lines
}

// How much a scratch keeps: enough for most cards. What a text needs beyond that is made for it alone.
const (
	scratchLines  = 64
	scratchParams = 96
)

// Parse is the function Parse, except that the next call destroys the document and all lines in it. Strings out of it stay.
func (s *Scratch) Parse(data []byte, limits Limits) (*Document, error) {
	if s.lines == nil {
		s.lines, s.params, s.items = make([]Line, scratchLines), make([]Param, scratchParams), make([]Item, scratchLines)
	}
	clear(s.lines[:s.used])
	clear(s.items[:s.used])
	p := parser{slab: s.lines, params: s.params[:0], items: s.items[:0]}
	doc, err := p.parse(data, limits)
	s.used = min(p.lines, scratchLines)
	return doc, err
}

func (p *parser) parse(data []byte, limits Limits) (*Document, error) {
	p.limits = limits.withDefaults()
	if len(data) > p.limits.Size {
		return nil, &Error{1, 1, fmt.Sprintf("text of %d bytes, more than %d", len(data), p.limits.Size)}
	}
	p.text, p.nextLF, p.nextCR, p.num = string(data), -1, -1, 1
	return p.document()
}

// parser reads one text. Lines and parameters are cut from slabs, since most texts are many small lines.
type parser struct {
	text           string
	limits         Limits
	pos            int // start of the next physical line
	num            int // its number, from 1
	lines          int // content lines so far
	nextLF, nextCR int // where the next of these is at or after pos, len(text) if none; below pos: not looked for yet
	slab           []Line
	params         []Param
	items          []Item // for the first component; nil: none are at hand
	buf            []byte // for unfolding
}

func (p *parser) document() (*Document, error) {
	d := &Document{eol: p.firstEOL()}
	var open []*Component
	components := 0
	for p.pos < len(p.text) {
		l, err := p.line()
		if err != nil {
			return nil, err
		}
		into := &d.Items
		if n := len(open); n > 0 {
			into = &open[n-1].Items
		}
		switch {
		case l.Is("BEGIN") && l.group == "":
			if len(open) == p.limits.Depth {
				return nil, &Error{l.num, 1, fmt.Sprintf("components nested more than %d deep", p.limits.Depth)}
			}
			c := &Component{Begin: l}
			*into = append(*into, Item{Child: c})
			open = append(open, c)
			components++
		case l.Is("END") && l.group == "":
			if len(open) == 0 {
				return nil, &Error{l.num, 1, fmt.Sprintf("END:%s without a BEGIN", shorten(l.value))}
			}
			c := open[len(open)-1]
			if !strings.EqualFold(c.Name(), strings.TrimSpace(l.value)) {
				return nil, &Error{l.num, 1, fmt.Sprintf("END:%s where END:%s is due for the BEGIN in line %d",
					shorten(l.value), shorten(c.Name()), c.Begin.num)}
			}
			c.End = l
			open = open[:len(open)-1]
		default:
			if *into == nil && len(open) > 0 {
				if *into = p.items; p.items == nil {
					*into = make([]Item, 0, 16)
				}
				p.items = nil
			}
			*into = append(*into, Item{Line: l})
		}
	}
	if n := len(open); n > 0 {
		line, column := p.endPosition()
		return nil, &Error{line, column, fmt.Sprintf("the text ends inside the %s that begins in line %d",
			shorten(open[n-1].Name()), open[n-1].Begin.num)}
	}
	if components == 0 {
		return nil, &Error{1, 1, "no BEGIN line" + p.unicodeHint()}
	}
	return d, nil
}

// unicodeHint tells about the one encoding that makes a whole file unreadable at once.
func (p *parser) unicodeHint() string {
	if strings.HasPrefix(p.text, "\xff\xfe") || strings.HasPrefix(p.text, "\xfe\xff") {
		return ": the text is UTF-16, not UTF-8"
	}
	return ""
}

// endPosition is the line and column just past the last byte.
func (p *parser) endPosition() (line, column int) {
	if s := p.text; s[len(s)-1] == '\n' || s[len(s)-1] == '\r' {
		return p.num, 1
	}
	return p.num - 1, len(p.text) - strings.LastIndexAny(p.text, "\r\n")
}

func (p *parser) firstEOL() string {
	end, next := p.physical(0)
	if end == next || next-end == 3 {
		return "\r\n"
	}
	return p.text[end:next]
}

// physical finds the end of the physical line that starts at from, and the start of the next. Where the next line feed
// and carriage return are is remembered, so that a text without one of them is not searched again for every line.
func (p *parser) physical(from int) (end, next int) {
	if p.nextLF < from {
		p.nextLF = indexFrom(p.text, '\n', from)
	}
	if p.nextCR < from {
		p.nextCR = indexFrom(p.text, '\r', from)
	}
	end = min(p.nextLF, p.nextCR)
	if end == len(p.text) {
		return end, end
	}
	return end, end + breakLen(p.text[end:])
}

func indexFrom(s string, c byte, from int) int {
	if i := strings.IndexByte(s[from:], c); i >= 0 {
		return from + i
	}
	return len(s)
}

// line reads one logical line with all its continuations.
func (p *parser) line() (*Line, error) {
	if p.lines++; p.lines > p.limits.Lines {
		return nil, &Error{p.num, 1, fmt.Sprintf("more than %d lines", p.limits.Lines)}
	}
	if len(p.slab) == 0 {
		p.slab = make([]Line, p.fewMore())
	}
	l := &p.slab[0]
	p.slab = p.slab[1:]
	start := p.pos
	l.num, l.seq = p.num, p.lines
	end := p.advance()
	text := strings.TrimPrefix(p.text[start:end], bom)
	if text == "" {
		l.kind = blank
		l.raw = p.text[start:p.pos]
		return l, nil
	}
	if p.folds() && !(text[len(text)-1] == '=' && p.quoted(text)) {
		text = p.unfold(text)
	}
	p.parseContent(l, text)
	if l.bad != nil {
		l.value = text
	}
	if len(l.params) > 0 {
		switch {
		case strings.HasSuffix(l.value, "=") && l.Quoted():
			l.value = p.softBreaks(l.value)
		case l.Base64():
			l.value = p.base64Lines(l.value)
		}
	}
	l.raw = p.text[start:p.pos]
	if l.bad != nil {
		l.locate()
	}
	return l, nil
}

// fewMore is how many lines to make room for at once: those that are left, as far as that is known without reading them.
func (p *parser) fewMore() int {
	rest := p.text[p.pos:min(len(p.text), p.pos+16<<10)]
	return min(1+max(strings.Count(rest, "\n"), strings.Count(rest, "\r")), 512)
}

// advance moves past one physical line and returns where its content ends.
func (p *parser) advance() int {
	end, next := p.physical(p.pos)
	p.pos = next
	p.num++
	return end
}

// folds reports whether the next physical line continues this one (RFC 5545 3.1).
func (p *parser) folds() bool {
	return p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t')
}

// unfold appends all continuation lines to first. A fold may fall between the bytes of one character, so this works on
// bytes.
func (p *parser) unfold(first string) string {
	p.buf = append(p.buf[:0], first...)
	for p.folds() {
		from := p.pos + 1
		p.buf = append(p.buf, p.text[from:p.advance()]...)
	}
	return string(p.buf)
}

// softBreaks joins the lines of a quoted-printable value. White space after a soft break is part of the value (RFC 2045
// 6.7), a folded line after a line without one is not. A BEGIN or END is never swallowed by a stray equals sign.
func (p *parser) softBreaks(value string) string {
	p.buf = append(p.buf[:0], value...)
	for p.pos < len(p.text) {
		from := p.pos
		switch n := len(p.buf); {
		case n > 0 && p.buf[n-1] == '=':
			if rest := p.text[from:]; hasPrefixFold(rest, "END:") || hasPrefixFold(rest, "BEGIN:") {
				return string(p.buf)
			}
			p.buf = p.buf[:n-1]
		case p.folds():
			from++
		default:
			return string(p.buf)
		}
		p.buf = append(p.buf, p.text[from:p.advance()]...)
	}
	return string(p.buf)
}

// base64Lines joins base64 that goes on unindented, as vCard 2.1 allows, and takes in the blank line that ends it.
func (p *parser) base64Lines(value string) string {
	p.buf = p.buf[:0]
	for p.pos < len(p.text) {
		end, next := p.physical(p.pos)
		text := p.text[p.pos:end]
		if text == "" {
			p.pos = next
			p.num++
			break
		}
		if !isBase64(text) {
			break
		}
		if len(p.buf) == 0 {
			p.buf = append(p.buf, value...)
		}
		p.buf = append(p.buf, text...)
		p.pos = next
		p.num++
	}
	if len(p.buf) == 0 {
		return value
	}
	return string(p.buf)
}

// isBase64 reports whether a physical line can only be base64: a property has a colon, and an opaque line mostly
// something else that base64 has not.
func isBase64(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' ||
			c == '+' || c == '/' || c == '=' || c == ' ' || c == '\t') {
			return false
		}
	}
	return true
}

// quoted reports whether a physical line begins a quoted-printable value, in which an equals sign at the end is a soft
// break and the white space after it no fold.
func (p *parser) quoted(s string) bool {
	var l Line
	p.parseContent(&l, s)
	return l.Quoted()
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// parseContent takes a logical line apart; what does not fit makes the line opaque.
func (p *parser) parseContent(l *Line, s string) {
	i := 0
	for i < len(s) && nameByte(s[i]) {
		i++
	}
	switch {
	case i == len(s):
		l.refuse(i, "no colon in the line")
		return
	case s[i] != ':' && s[i] != ';':
		l.refuse(i, fmt.Sprintf("%q in a property name", s[i]))
		return
	}
	l.name = s[:i]
	if dot := strings.IndexByte(l.name, '.'); dot > 0 && dot < len(l.name)-1 {
		l.group, l.name = l.name[:dot], l.name[dot+1:]
	}
	if l.name == "" {
		l.refuse(0, "no property name before the colon")
		return
	}
	if s[i] == ':' {
		l.value = s[i+1:]
		return
	}
	rest := s[i+1:]
	from := len(p.params)
	value, ok := p.parseParams(rest, true)
	if !ok { // a quote that is never closed: take quotes for ordinary characters
		p.params = p.params[:from]
		value, ok = p.parseParams(rest, false)
	}
	if !ok {
		p.params = p.params[:from]
		l.group, l.name = "", ""
		l.refuse(len(s), "no colon after the parameters")
		return
	}
	l.params = p.params[from:len(p.params):len(p.params)]
	l.value = value
	if cap(p.params)-len(p.params) < 8 {
		p.params = make([]Param, 0, min(max(p.lines, 24), 512))
	}
}

// parseParams reads parameters up to the colon and returns what follows it.
func (p *parser) parseParams(s string, quotes bool) (value string, ok bool) {
	from, eq, quoted := 0, -1, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && quotes:
			quoted = !quoted
		case quoted:
		case c == '=' && eq < 0:
			eq = i
		case c == ';' || c == ':':
			if eq > from {
				p.params = append(p.params, Param{Name: s[from:eq], Value: s[eq+1 : i]})
			} else {
				p.params = append(p.params, Param{Value: s[from:i]})
			}
			if c == ':' {
				return s[i+1:], true
			}
			from, eq = i+1, -1
		}
	}
	return "", false
}

// refuse makes the line opaque. at is where, within the logical line; locate turns it into a place in the text.
func (l *Line) refuse(at int, msg string) {
	l.kind = opaque
	l.bad = &Error{Line: l.num, Column: at, Msg: msg}
}

// locate turns an offset into the logical line into line and column of the source.
func (l *Line) locate() {
	at, s := l.bad.Column, l.raw
	if strings.HasPrefix(s, bom) {
		at += len(bom)
	}
	for {
		end, next := lineEnd(s)
		if at <= end || next >= len(s) {
			l.bad.Column = min(at, end) + 1
			return
		}
		at -= end - 1 // the fold's space is no part of the logical line
		s = s[next:]
		l.bad.Line++
	}
}

// nameByte reports whether a byte can stand in a group and name. More than the standards allow is taken, since it can
// be written back as it was.
func nameByte(c byte) bool {
	return c > ' ' && c != ':' && c != ';' && c != '"' && c != ',' && c != '=' && c != 0x7f
}

func shorten(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 32 {
		s = s[:32] + "…"
	}
	return strings.ToValidUTF8(s, "?")
}
