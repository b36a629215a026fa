package wbxml

import (
	"bytes"
	"io"
	"strings"
)

// builder puts a tree together.
type builder struct {
	open     []node
	kids     []*Element // finished children of all open elements, the innermost last
	gathered [][]byte   // texts in more than one piece of open elements, the innermost last
	root     *Element

	slab  []Element
	size  int // of the slab
	taken int // of the slab
	ptrs  []*Element
	named int // of ptrs
	texts strings.Builder
	datas []byte
}

// What is small is allocated many at a time. A chunk lives as long as anything in it, so chunks are small as well: a string
// kept from a document holds no more than this.
const (
	chunk     = 1 << 10
	chunkable = chunk / 8
)

// string copies a piece of text.
func (b *builder) string(piece []byte) string {
	n := len(piece)
	if n > chunkable {
		return string(piece)
	}
	if b.texts.Len()+n > b.texts.Cap() {
		b.texts.Reset()
		b.texts.Grow(chunk)
	}
	from := b.texts.Len()
	b.texts.Write(piece)
	return b.texts.String()[from:]
}

// children copies a list of elements. To append to the copy reallocates it.
func (b *builder) children(kids []*Element) []*Element {
	n := len(kids)
	if n > chunkable {
		return append(make([]*Element, 0, n), kids...)
	}
	if len(b.ptrs)-b.named < n {
		b.ptrs, b.named = make([]*Element, min(max(n, b.size), chunkable)), 0
	}
	list := b.ptrs[b.named : b.named+n : b.named+n]
	b.named += n
	copy(list, kids)
	return list
}

// data makes room for n bytes, or for none yet where n is large and may be a lie.
func (b *builder) data(n int64) []byte {
	if n > chunkable {
		return nil
	}
	if int64(len(b.datas)) < n {
		b.datas = make([]byte, chunk)
	}
	room := b.datas[:0:n]
	b.datas = b.datas[n:]
	return room
}

// node is an open element.
type node struct {
	e    *Element
	mark int  // where its children begin in kids
	more bool // its text has more than one piece: the last of gathered
}

// Decode reads the document. It returns io.EOF where the reader has nothing, and after a document has been read. Any
// other error is an *Error.
func (d *Decoder) Decode() (*Element, error) {
	if d.err == nil && d.ended {
		return nil, io.EOF
	}
	if !d.began && d.err == nil && d.src.pos == len(d.src.buf) {
		if err := d.src.fill(); err != nil {
			d.err = err
			if e, ok := err.(*Error); ok && e.Fault == Truncated {
				d.err = io.EOF
			}
		}
	}
	return d.tree()
}

func (d *Decoder) tree() (*Element, error) {
	b := &d.building
	for {
		if d.leaf(b) {
			continue
		}
		ev, err := d.next()
		if err != nil {
			return nil, err
		}
		switch ev {
		case evStart:
			b.start(d.around())
		case evText:
			b.text(d.piece)
		case evOpaque:
			n := d.pending
			d.pending = 0
			if err := b.opaque(&d.src, n); err != nil {
				d.err = err
				return nil, err
			}
		case evEnd:
			if b.end() {
				d.note(Mixed, d.closed, d.src.offset()-1, "")
			}
			if d.ended {
				return b.root, nil
			}
		}
	}
}

// leaf reads an element that holds a text in one piece and nothing else, as most do, and reports whether there was one: what
// is any other way, it leaves alone.
func (d *Decoder) leaf(b *builder) bool {
	s := &d.src
	rest := s.buf[s.pos:]
	if s.r != nil || len(rest) < 5 || rest[1] != tokStrI || len(d.open) == 0 || d.closing || d.pending > 0 || d.leave != 0 || d.ended || d.err != nil {
		return false
	}
	tag := Tag(d.page)<<8 | Tag(rest[0]&0x3f)
	if rest[0]&(hasContent|hasAttributes) != hasContent || rest[0]&0x3f < firstTag || !tag.Known() || len(d.open) >= d.limits.Depth || d.elements >= d.limits.Elements {
		return false
	}
	text := rest[2:]
	n := bytes.IndexByte(text, 0)
	if n < 1 || n+1 >= len(text) || text[n+1] != tokEnd || plain(text[:n]) != n {
		return false
	}
	s.pos += 2 + n + 2
	d.elements++
	e := b.element(tag)
	e.Text = b.string(text[:n])
	b.kids = append(b.kids, e)
	d.closed = tag
	return true
}

// start begins an element.
func (b *builder) start(tag Tag) {
	if b.open == nil {
		b.open, b.kids = make([]node, 0, 16), make([]*Element, 0, 64)
	}
	b.open = append(b.open, node{e: b.element(tag), mark: len(b.kids)})
}

// element makes an element. Elements are allocated many at a time, few at first.
func (b *builder) element(tag Tag) *Element {
	if b.taken == len(b.slab) {
		b.size = min(max(8, b.size*2), 256)
		b.slab, b.taken = make([]Element, b.size), 0
	}
	e := &b.slab[b.taken]
	b.taken++
	e.Tag = tag
	return e
}

// text adds a piece of text. Most elements have one piece; the second and later ones are gathered, so that the cost
// does not grow with the square of their number.
func (b *builder) text(piece []byte) {
	n := &b.open[len(b.open)-1]
	switch {
	case n.e.Data != nil:
		n.e.Data = append(n.e.Data, piece...)
	case n.more:
		text := &b.gathered[len(b.gathered)-1]
		*text = append(*text, piece...)
	case n.e.Text == "":
		n.e.Text = b.string(piece)
	default:
		b.gathered = append(b.gathered, append([]byte(n.e.Text), piece...))
		n.more = true
	}
}

// opaque adds opaque data. Text before it becomes part of it.
func (b *builder) opaque(s *source, count int64) error {
	n := &b.open[len(b.open)-1]
	data := n.e.Data
	switch {
	case data != nil:
	case n.more:
		data = b.ungather(n)
	case n.e.Text != "":
		data = []byte(n.e.Text)
	}
	switch {
	case data != nil:
	case s.r == nil && count > chunkable: // that many are there
		data = make([]byte, 0, count)
	default:
		data = b.data(count)
	}
	data, err := s.appendN(data, count)
	if data == nil {
		data = []byte{}
	}
	n.e.Data, n.e.Text = data, ""
	return err
}

// ungather takes the text of an element that has more than one piece.
func (b *builder) ungather(n *node) []byte {
	last := len(b.gathered) - 1
	text := b.gathered[last]
	b.gathered[last] = nil
	b.gathered = b.gathered[:last]
	n.more = false
	return text
}

// end closes an element and reports whether it has both text and children. White space beside children is somebody's
// indentation and goes.
func (b *builder) end() (mixed bool) {
	n := b.open[len(b.open)-1]
	b.open = b.open[:len(b.open)-1]
	e := n.e
	if n.more {
		e.Text = string(b.ungather(&n))
	}
	if kids := b.kids[n.mark:]; len(kids) > 0 {
		e.Children = b.children(kids)
		b.kids = b.kids[:n.mark]
		if blank(e.Text) {
			e.Text = ""
		}
		mixed = e.Text != "" || e.Data != nil
	}
	if len(b.open) == 0 {
		b.root = e
	} else {
		b.kids = append(b.kids, e)
	}
	return mixed
}

// blank reports whether there is nothing but white space.
func blank[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if bytes.IndexByte([]byte(" \t\r\n"), s[i]) < 0 {
			return false
		}
	}
	return true
}
