package sms

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"tandem"
	kindsms "tandem/kind/sms"
)

// maxValue bounds what is kept of an attribute, in bytes as they stand in the file. The data of a picture is not kept at all.
const maxValue = kindsms.MaxText

// span is where something lies in the file.
type span struct{ from, to int64 }

// tag is a start or empty tag.
type tag struct {
	name  string
	attrs []kindsms.Attr
	data  span // of the attribute data, as it is written; empty: none
	empty bool // it ends at once
}

// partTag is a part of an mms.
type partTag = tag

// element is an sms or mms of the file.
type element struct {
	at    span
	sum   [sha256.Size]byte // of its bytes
	tag   tag
	head  int64 // where the start tag ends
	parts []partTag
	addrs [][]kindsms.Attr
}

// scanner reads a backup one element at a time, in bounded memory.
type scanner struct {
	in   *bufio.Reader
	off  int64     // of the next byte
	hash hash.Hash // what is read goes here; nil: nowhere

	rootEnd int64 // where the root's end tag begins; -1 before it was read
	root    span  // the root's start tag
	attrs   []kindsms.Attr
	closed  bool // the root is an empty tag
}

func newScanner(r io.Reader, off int64) *scanner {
	return &scanner{in: bufio.NewReaderSize(r, 256<<10), off: off, rootEnd: -1}
}

func (s *scanner) byte() (byte, error) {
	c, err := s.in.ReadByte()
	if err == nil {
		s.off++
		if s.hash != nil {
			s.hash.Write([]byte{c})
		}
	}
	return c, err
}

func (s *scanner) torn(err error) error {
	if err == io.EOF || err == nil {
		err = errors.New("it ends in the middle")
	}
	var e *tandem.Error
	if errors.As(err, &e) {
		return err
	}
	return &tandem.Error{Kind: tandem.Invalid, Op: "read backup", Thing: fmt.Sprintf("at byte %d", s.off), Err: err}
}

// skipTo reads up to and with a text.
func (s *scanner) skipTo(end string) error {
	n := 0
	for n < len(end) {
		c, err := s.byte()
		if err != nil {
			return s.torn(err)
		}
		switch {
		case c == end[n]:
			n++
		case n > 0 && end == "-->" && n == 2 && c == '-':
		case c == end[0]:
			n = 1
		default:
			n = 0
		}
	}
	return nil
}

// next reads up to the next tag. end: it is an end tag. At the end of the file the error is io.EOF.
func (s *scanner) next(h hash.Hash) (t tag, end bool, at int64, err error) {
	for {
		at = s.off
		// What lies between tags is text that means nothing here.
		for {
			b, err := s.in.Peek(1)
			if err != nil {
				return t, false, at, err
			}
			if b[0] == '<' {
				break
			}
			if _, err := s.byte(); err != nil {
				return t, false, at, err
			}
		}
		at = s.off
		head, err := s.in.Peek(4)
		if len(head) < 2 {
			return t, false, at, s.torn(err)
		}
		switch {
		case string(head) == "<!--":
			for range 4 {
				if _, err := s.byte(); err != nil {
					return t, false, at, s.torn(err)
				}
			}
			err = s.skipTo("-->")
		case head[1] == '?':
			err = s.skipTo("?>")
		case head[1] == '!':
			err = s.skipTo(">")
		case head[1] == '/':
			err = s.skipTo(">")
			return t, true, at, err
		default:
			if s.hash == nil && h != nil {
				s.hash = h
			}
			t, err = s.tag()
			return t, false, at, err
		}
		if err != nil {
			return t, false, at, err
		}
	}
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// tag reads a start tag from its first byte.
func (s *scanner) tag() (t tag, err error) {
	if _, err = s.byte(); err != nil {
		return t, s.torn(err)
	}
	c, err := s.byte()
	if err != nil {
		return t, s.torn(err)
	}
	if t.name, c, err = s.name(c); err != nil {
		return t, err
	}
	for {
		if c, err = s.blanks(c); err != nil {
			return t, err
		}
		switch c {
		case '>':
			return t, nil
		case '/':
			if c, err = s.byte(); err != nil || c != '>' {
				return t, s.torn(err)
			}
			t.empty = true
			return t, nil
		}
		if c, err = s.attr(&t, c); err != nil {
			return t, err
		}
	}
}

// blanks passes over white space from a byte on, and returns the first that is none.
func (s *scanner) blanks(c byte) (byte, error) {
	for space(c) {
		var err error
		if c, err = s.byte(); err != nil {
			return 0, s.torn(err)
		}
	}
	return c, nil
}

// name reads a name that begins with a byte that was read, and returns the byte after it.
func (s *scanner) name(c byte) (string, byte, error) {
	var b strings.Builder
	for b.Len() < 1000 {
		if space(c) || strings.IndexByte("/>=<\"'", c) >= 0 {
			if b.Len() == 0 {
				return "", 0, s.torn(fmt.Errorf("a name is missing before %q", c))
			}
			return b.String(), c, nil
		}
		b.WriteByte(c)
		var err error
		if c, err = s.byte(); err != nil {
			return "", 0, s.torn(err)
		}
	}
	return "", 0, s.torn(errors.New("a name is too long"))
}

// attr reads an attribute that begins with a byte that was read, and returns the byte after it.
func (s *scanner) attr(t *tag, c byte) (byte, error) {
	name, c, err := s.name(c)
	if err != nil {
		return 0, err
	}
	if c, err = s.blanks(c); err != nil {
		return 0, err
	}
	if c != '=' {
		return 0, s.torn(fmt.Errorf("the attribute %q has no value", name))
	}
	if c, err = s.byte(); err == nil {
		c, err = s.blanks(c)
	}
	if err != nil || c != '"' && c != '\'' {
		return 0, s.torn(err)
	}
	if name == "data" && t.name == "part" {
		t.data.from = s.off
		t.data.to, err = s.pass(c)
	} else {
		var v string
		v, err = s.value(c)
		t.attrs = append(t.attrs, kindsms.Attr{Name: name, Value: v})
	}
	if err != nil {
		return 0, err
	}
	if c, err = s.byte(); err != nil {
		return 0, s.torn(err)
	}
	return c, nil
}

// pass reads a value without keeping it, and returns where it ends.
func (s *scanner) pass(quote byte) (int64, error) {
	for {
		chunk, err := s.in.ReadSlice(quote)
		s.off += int64(len(chunk))
		if s.hash != nil {
			s.hash.Write(chunk)
		}
		switch err {
		case nil:
			return s.off - 1, nil
		case bufio.ErrBufferFull:
		default:
			return 0, s.torn(err)
		}
	}
}

func (s *scanner) value(quote byte) (string, error) {
	var b []byte
	for {
		chunk, err := s.in.ReadSlice(quote)
		s.off += int64(len(chunk))
		if s.hash != nil {
			s.hash.Write(chunk)
		}
		if b = append(b, chunk...); len(b) > maxValue+1 {
			return "", &tandem.Error{Kind: tandem.TooLarge, Op: "read backup", Thing: fmt.Sprintf("at byte %d", s.off), Err: errors.New("a value is too long")}
		}
		switch err {
		case nil:
			return unescape(string(b[:len(b)-1])), nil
		case bufio.ErrBufferFull:
		default:
			return "", s.torn(err)
		}
	}
}

// begin reads up to the root's start tag. A file with nothing in it is an empty backup: false.
func (s *scanner) begin() (bool, error) {
	t, end, at, err := s.next(nil)
	switch {
	case err == io.EOF:
		return false, nil
	case err != nil:
		return false, err
	case end || t.name != "smses" && t.name != "calls":
		return false, s.foreign(t.name)
	case t.name == "calls":
		return false, &tandem.Error{Kind: tandem.Invalid, Op: "read backup", Err: errors.New("it holds calls and not messages"), Remedy: "name the file whose name begins with sms"}
	}
	s.root, s.attrs, s.closed = span{at, s.off}, t.attrs, t.empty
	if t.empty {
		s.rootEnd = s.off
	}
	return true, nil
}

func (s *scanner) foreign(name string) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "read backup", Err: fmt.Errorf("its first element is %q and not smses", name),
		Remedy: "name an XML file of SMS Backup & Restore, without encryption and unpacked"}
}

// element reads the next message. io.EOF: there are no more. What the format does not know is passed over.
func (s *scanner) element() (*element, error) {
	if s.closed {
		return nil, io.EOF
	}
	for {
		h := sha256.New()
		s.hash = nil
		t, end, at, err := s.next(h)
		switch {
		case err == io.EOF:
			return nil, s.torn(err)
		case err != nil:
			return nil, err
		case end:
			s.rootEnd = at
			return nil, io.EOF
		}
		e := &element{tag: t}
		e.at.from, e.head = at, s.off
		if !t.empty {
			if err := s.children(e); err != nil {
				return nil, err
			}
		}
		e.at.to = s.off
		s.hash = nil
		if t.name != "sms" && t.name != "mms" {
			continue
		}
		h.Sum(e.sum[:0])
		return e, nil
	}
}

// maxParts bounds how many parts or addresses one message has.
const maxParts = 10000

// children reads what is in an element, and its end tag.
func (s *scanner) children(e *element) error {
	for depth := 1; depth > 0; {
		t, end, _, err := s.next(nil)
		switch {
		case err != nil:
			return s.torn(err)
		case end:
			depth--
			continue
		case t.name == "part":
			e.parts = append(e.parts, t)
		case t.name == "addr":
			e.addrs = append(e.addrs, t.attrs)
		}
		if !t.empty {
			depth++
		}
		if len(e.parts)+len(e.addrs) > maxParts {
			return s.torn(errors.New("a message has too many parts"))
		}
	}
	return nil
}
