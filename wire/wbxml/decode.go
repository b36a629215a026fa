package wbxml

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The default limits. The deepest document of the published schemas is a Search whose queries nest; Exchange allows few
// levels, and no other command needs more than a dozen.
const (
	DefaultDepth    = 64
	DefaultBytes    = 32 << 20
	DefaultElements = 200_000
)

// Limits bound what a document may cost. A zero field stands for its default.
type Limits struct {
	Depth    int   // elements within elements
	Bytes    int64 // of the document; also of all text that its string table is made to yield
	Elements int   // in the document
}

func (l Limits) orDefault() Limits {
	if l.Depth <= 0 {
		l.Depth = DefaultDepth
	}
	if l.Bytes <= 0 {
		l.Bytes = DefaultBytes
	}
	if l.Elements <= 0 {
		l.Elements = DefaultElements
	}
	return l
}

// Unmarshal reads one document. The notes tell what was wrong with a document that was read all the same. The error is
// an *Error; the element is nil then. Nothing of b is kept.
func Unmarshal(b []byte, lim Limits) (*Element, []Note, error) {
	lim = lim.orDefault()
	d := &Decoder{limits: lim, src: source{buf: b, limit: lim.Bytes}}
	if int64(len(b)) > lim.Bytes {
		return nil, nil, &Error{Offset: lim.Bytes, Fault: TooLarge, Detail: fmt.Sprintf("%d bytes, more than %d", len(b), lim.Bytes)}
	}
	e, err := d.tree()
	if err != nil {
		return nil, d.notes, err
	}
	if rest := len(b) - d.src.pos; rest > 0 {
		d.note(TrailingBytes, 0, d.src.offset(), fmt.Sprintf("%d bytes", rest))
	}
	return e, d.notes, nil
}

// Decoder reads one document from a reader, as a tree (Decode) or piece by piece (Token). It is for one goroutine.
type Decoder struct {
	limits Limits
	src    source
	err    error // what ended the decoder

	latin1   bool
	page     Page
	strings  []byte // the string table
	yielded  int64  // bytes the string table has given
	elements int
	began    bool
	closing  bool // an element without content was begun; its end comes next
	ended    bool
	open     []Tag // the elements around; 0 stands for a literal tag that is left out
	closed   Tag   // the element that ended last
	leave    int   // the depth of the outermost element that is left out, 0 for none
	piece    []byte
	pending  int64 // bytes of opaque data not yet read
	tidied   []byte

	notes    []Note
	unknown  map[Tag]bool // unknown tags with a note already
	building builder
}

// NewDecoder makes a decoder that reads one document from r. It may read beyond the document's end.
func NewDecoder(r io.Reader, lim Limits) *Decoder {
	lim = lim.orDefault()
	return &Decoder{limits: lim, src: source{r: r, limit: lim.Bytes}}
}

// Notes returns what was found wrong so far with what was read all the same.
func (d *Decoder) Notes() []Note { return d.notes }

// Offset returns how many bytes have been used.
func (d *Decoder) Offset() int64 { return d.src.offset() }

func (d *Decoder) note(f Flaw, tag Tag, offset int64, detail string) {
	switch {
	case len(d.notes) < maxNotes-1:
		d.notes = append(d.notes, Note{Offset: offset, Flaw: f, Tag: tag, Detail: detail})
	case len(d.notes) == maxNotes-1:
		d.notes = append(d.notes, Note{Offset: offset, Flaw: MoreNotes})
	}
}

func (d *Decoder) fault(offset int64, f Fault, format string, args ...any) error {
	return &Error{Offset: offset, Fault: f, Detail: fmt.Sprintf(format, args...)}
}

// around is the element that is open, 0 outside the root.
func (d *Decoder) around() Tag {
	if len(d.open) == 0 {
		return 0
	}
	return d.open[len(d.open)-1]
}

// event is what the reader has come upon.
type event uint8

const (
	evStart  event = iota + 1 // around() is the element
	evText                    // piece is the text
	evOpaque                  // pending bytes of opaque data follow
	evEnd                     // closed is the element
	evDone
)

// next goes on to the next event that is not left out. The first error is final.
func (d *Decoder) next() (event, error) {
	if d.err != nil {
		return 0, d.err
	}
	for {
		ev, err := d.step()
		if err != nil {
			d.err = err
			return 0, err
		}
		if d.leave == 0 {
			if ev != 0 {
				return ev, nil
			}
			continue
		}
		if ev == evEnd && len(d.open) < d.leave {
			d.leave = 0
			if len(d.open) == 0 {
				d.err = d.fault(d.src.offset(), BadToken, "the root is a literal tag that ActiveSync does not have")
				return 0, d.err
			}
		}
	}
}

// step reads one token. It returns no event for tokens that stand for nothing in the document.
func (d *Decoder) step() (event, error) {
	switch {
	case d.ended:
		return evDone, nil
	case d.closing:
		d.closing = false
		return d.end(), nil
	case d.pending > 0:
		n := d.pending
		d.pending = 0
		if err := d.src.skip(n); err != nil {
			return 0, err
		}
	case !d.began:
		d.began = true
		if err := d.header(); err != nil {
			return 0, err
		}
	}
	at := d.src.offset()
	tok, err := d.src.byte()
	if err != nil {
		return 0, err
	}
	if tok&0x3f >= firstTag {
		return d.start(at, Tag(d.page)<<8|Tag(tok&0x3f), tok)
	}
	if len(d.open) == 0 && tok != tokSwitchPage && tok != tokPI && tok&0x3f != tokLiteral {
		return 0, d.fault(at, BadToken, "0x%02x where the root element is due", tok)
	}
	switch tok {
	case tokSwitchPage:
		p, err := d.src.byte()
		d.page = Page(p)
		return 0, err
	case tokEnd:
		return d.end(), nil
	case tokStrI, tokStrT, tokEntity:
		return d.text(at, tok)
	case tokOpaque:
		n, err := d.src.integer()
		if err == nil {
			d.pending, err = int64(n), d.src.need(int64(n))
		}
		return evOpaque, err
	case tokLiteral, tokLiteralC, tokLiteralA, tokLiteralAC:
		return d.literal(at, tok)
	case tokPI:
		d.note(Instruction, d.around(), at, "")
		return 0, d.attributes(at)
	}
	d.note(Extension, d.around(), at, fmt.Sprintf("token 0x%02x", tok))
	return 0, d.extension(tok)
}

// start begins an element.
func (d *Decoder) start(at int64, tag Tag, tok byte) (event, error) {
	if len(d.open) >= d.limits.Depth {
		return 0, d.fault(at, TooDeep, "more than %d elements within each other", d.limits.Depth)
	}
	if d.elements++; d.elements > d.limits.Elements {
		return 0, d.fault(at, TooMany, "more than %d", d.limits.Elements)
	}
	if tag != 0 && !tag.Known() && !d.unknown[tag] {
		d.note(UnknownTag, tag, at, "")
		if d.unknown == nil {
			d.unknown = map[Tag]bool{}
		}
		if len(d.unknown) < maxNotes {
			d.unknown[tag] = true
		}
	}
	d.open = append(d.open, tag)
	d.closing = tok&hasContent == 0
	if tok&hasAttributes != 0 {
		d.note(Attributes, tag, at, "")
		if err := d.attributes(at); err != nil {
			return 0, err
		}
	}
	return evStart, nil
}

// end closes the element that is open.
func (d *Decoder) end() event {
	d.closed = d.around()
	d.open = d.open[:len(d.open)-1]
	d.ended = len(d.open) == 0
	return evEnd
}

// literal begins an element whose name is in the string table. ActiveSync has no use for these: where the name is not
// one of the page's tags, the element is left out with all that is in it.
func (d *Decoder) literal(at int64, tok byte) (event, error) {
	index, err := d.src.integer()
	if err != nil {
		return 0, err
	}
	name, err := d.lookup(at, index)
	if err != nil {
		return 0, err
	}
	tag, ok := Lookup(d.page, string(name[:min(len(name), 100)]))
	if !ok {
		d.note(UnknownTag, d.around(), at, fmt.Sprintf("literal tag %q is left out", clip(name)))
		tag = 0
	}
	ev, err := d.start(at, tag, tok)
	if tag == 0 && d.leave == 0 {
		d.leave = len(d.open)
	}
	return ev, err
}

// clip keeps what a stranger wrote short enough for a message.
func clip(text []byte) string {
	const most = 40
	if len(text) <= most {
		return strings.ToValidUTF8(string(text), "\ufffd")
	}
	return strings.ToValidUTF8(string(text[:most]), "\ufffd") + "…"
}

// lookup finds a string in the string table. The strings of one table may be asked for again and again; their sum is
// bounded like the document.
func (d *Decoder) lookup(at int64, index uint32) ([]byte, error) {
	if int64(index) >= int64(len(d.strings)) {
		return nil, d.fault(at, BadReference, "index %d into a string table of %d bytes", index, len(d.strings))
	}
	s := d.strings[index:]
	if i := bytes.IndexByte(s, 0); i >= 0 { // the last string may lack its NUL
		s = s[:i]
	}
	if d.yielded += int64(len(s)) + 1; d.yielded > d.limits.Bytes {
		return nil, d.fault(at, TooLarge, "the string table yields more than %d bytes", d.limits.Bytes)
	}
	return s, nil
}

// text reads a piece of text: an inline string, one from the table, or a character by its number.
func (d *Decoder) text(at int64, tok byte) (event, error) {
	var raw []byte
	var err error
	switch tok {
	case tokStrI:
		raw, err = d.src.text()
	case tokStrT:
		var index uint32
		if index, err = d.src.integer(); err == nil {
			raw, err = d.lookup(at, index)
		}
	default:
		return d.entity(at)
	}
	if err != nil {
		return 0, err
	}
	if plain(raw) == len(raw) {
		d.piece = raw
		return evText, nil
	}
	if d.latin1 {
		raw = latin1(raw)
	}
	var found flaws
	d.tidied, found = tidy(d.tidied[:0], raw)
	d.piece = d.tidied
	d.tell(at, found)
	return evText, nil
}

func (d *Decoder) entity(at int64) (event, error) {
	code, err := d.src.integer()
	if err != nil {
		return 0, err
	}
	d.tidied = d.tidied[:0]
	switch r := rune(min(code, utf8.MaxRune+1)); {
	case legal(r):
		d.tidied = utf8.AppendRune(d.tidied, r)
	default:
		d.tell(at, flaws{character: true})
	}
	d.piece = d.tidied
	return evText, nil
}

func (d *Decoder) tell(at int64, found flaws) {
	if found.encoding {
		d.note(BadText, d.around(), at, "")
	}
	if found.character {
		d.note(BadCharacter, d.around(), at, "")
	}
}
