// Package tnef finds the texts and files in the Transport Neutral Encapsulation Format, in which Outlook and Exchange pack what a message holds besides plain text:
// the attachment winmail.dat (MS-OXTNEF). It reads in one pass, keeps nothing but names, and tells where in the stream the rest is.
package tnef

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// Message is what a stream, or a message within one, holds.
type Message struct {
	Class   string // "IPM.Note"
	Subject string
	From    Person
	To, Cc  string // names, as they are shown: "Anna; Ben"
	ID      string // of the message, as on the internet
	Sent    int64  // Unix seconds; 0: it does not say
	Plain   *Text  // the text, where it is plain
	HTML    *Text  // the text as HTML
	Rich    *Span  // the text as compressed RTF, MS-OXRTFCP
	Files   []File
	Cut     bool // the stream ends early, or goes on with what nobody knows
}

// Person is who sent a message. An address may be one of another system than the internet's.
type Person struct{ Name, Address string }

// Span is a piece of the stream.
type Span struct{ Off, Len int64 }

// Text is a piece of the stream that is text. It may end with zero characters, which are none of it.
type Text struct {
	Span
	Charset string // "utf-16le"
}

// File is an attachment.
type File struct {
	Name   string
	Media  string // "image/png", "" where it does not say
	ID     string // Content-ID
	Place  string // Content-Location
	Hidden bool   // it is shown within the text
	Data   Span
	Inner  *Message // it is a message, in this very format
}

// ErrFormat is the error of Read for what is no TNEF.
var ErrFormat = errors.New("not in the Transport Neutral Encapsulation Format")

// Bounds on what hostile streams may hold.
const (
	maxDepth = 5    // messages within messages
	maxFiles = 500  // in all messages together
	maxName  = 2000 // bytes of a name
	large    = 64   // bytes of a property that is read rather than passed over, names aside
)

const signature = 0x223e9f78

// Read reads a stream to its end. The error is ErrFormat or one of r's; a stream that is damaged gives what it has.
func Read(r io.Reader) (*Message, error) {
	s := &stream{in: bufio.NewReaderSize(r, 32<<10), end: 1 << 62}
	head, ok := s.take(4)
	if !ok || binary.LittleEndian.Uint32(head) != signature {
		if s.err != nil && s.err != io.EOF && s.err != io.ErrUnexpectedEOF {
			return nil, s.err
		}
		return nil, ErrFormat
	}
	m := s.message(0)
	if s.err != nil && s.err != io.EOF && s.err != io.ErrUnexpectedEOF {
		return nil, s.err
	}
	m.clip(s.off)
	return m, nil
}

// clip shortens what was to reach beyond the end of the stream.
func (m *Message) clip(end int64) {
	cut := func(s *Span) { s.Len = max(0, min(s.Len, end-s.Off)) }
	for _, t := range []*Text{m.Plain, m.HTML} {
		if t != nil {
			cut(&t.Span)
		}
	}
	if m.Rich != nil {
		cut(m.Rich)
	}
	for i := range m.Files {
		cut(&m.Files[i].Data)
		if m.Files[i].Inner != nil {
			m.Files[i].Inner.clip(end)
		}
	}
}

// stream is a stream that is being read.
type stream struct {
	in    *bufio.Reader
	off   int64
	end   int64 // of what is being read now
	err   error
	files int
}

// left is how many bytes there are to the end of what is being read.
func (s *stream) left() int64 { return s.end - s.off }

// take reads n bytes, if there are so many.
func (s *stream) take(n int) ([]byte, bool) {
	if s.err != nil || int64(n) > s.left() {
		return nil, false
	}
	b := make([]byte, n)
	read, err := io.ReadFull(s.in, b)
	s.off += int64(read)
	s.err = err
	return b, err == nil
}

// pass passes over n bytes.
func (s *stream) pass(n int64) bool {
	if s.err != nil || n < 0 || n > s.left() {
		return false
	}
	for n > 0 {
		step, err := s.in.Discard(int(min(n, 1<<30)))
		s.off += int64(step)
		n -= int64(step)
		if err != nil {
			s.err = err
			return false
		}
	}
	return true
}

func (s *stream) uint16() (uint16, bool) {
	b, ok := s.take(2)
	if !ok {
		return 0, false
	}
	return binary.LittleEndian.Uint16(b), true
}

func (s *stream) uint32() (uint32, bool) {
	b, ok := s.take(4)
	if !ok {
		return 0, false
	}
	return binary.LittleEndian.Uint32(b), true
}

// within reads a stretch of n bytes, and passes over what read leaves of it.
func (s *stream) within(n int64, read func()) bool {
	if n < 0 || n > s.left() {
		return false
	}
	outer := s.end
	s.end = s.off + n
	read()
	ok := s.pass(s.left())
	s.end = outer
	return ok
}

// The attributes that are looked at, MS-OXTNEF 2.1.3.3.
const (
	attSubject      = 0x8004
	attMessageClass = 0x8008
	attBody         = 0x800c
	attAttachData   = 0x800f
	attAttachTitle  = 0x8010
	attRendData     = 0x9002 // an attachment begins
	attProps        = 0x9003 // of the message
	attAttachment   = 0x9005 // properties of the attachment
	attCodePage     = 0x9007
)

// message reads a message whose signature is read.
func (s *stream) message(depth int) *Message {
	m := &message{stream: s, depth: depth, page: 1252}
	s.pass(2) // the key
	for s.left() > 0 && s.err == nil {
		if !m.attribute() {
			m.Cut = m.Cut || s.err != io.EOF || !m.clean
			break
		}
	}
	m.close()
	if m.HTML != nil && m.HTML.Charset == "" {
		m.HTML.Charset = charset(m.cpid)
	}
	return &m.Message
}

// message is a message that is being read.
type message struct {
	Message
	*stream
	depth int
	page  uint32 // of texts in the attributes
	cpid  uint32 // of HTML; 0: it does not say
	file  *File
	skip  bool // the attachment is one too many
	clean bool // the stream ended between two attributes
}

// close ends the attachment that is being read.
func (m *message) close() {
	if m.file != nil {
		m.Files = append(m.Files, *m.file)
	}
	m.file = nil
}

// attribute reads the next attribute. MS-OXTNEF 2.1.2
func (m *message) attribute() bool {
	m.clean = true
	level, ok := m.take(1)
	if !ok || level[0] != 1 && level[0] != 2 {
		m.clean = !ok && m.err == io.EOF || m.err == nil && !ok
		return false
	}
	m.clean = false
	id, ok := m.uint32()
	size, ok2 := m.uint32()
	if !ok || !ok2 {
		return false
	}
	n := int64(size)
	if n > m.left() { // within another message only
		return false
	}
	return m.within(n, func() { m.value(uint16(id), n) }) && m.pass(2)
}

// value reads the value of an attribute.
func (m *message) value(id uint16, n int64) {
	here := Span{m.off, n}
	switch id {
	case attCodePage:
		if page, ok := m.uint32(); ok && page != 0 {
			m.page = page
		}
	case attMessageClass:
		m.Class = m.name(n, false)
	case attSubject:
		if m.Subject == "" {
			m.Subject = m.name(n, false)
		}
	case attBody:
		if m.Plain == nil && n > 1 {
			m.Plain = &Text{here, charset(m.page)}
		}
	case attProps:
		m.properties(m.property)
	case attRendData:
		m.close()
		m.files++
		m.skip = m.files > maxFiles
		if m.skip {
			m.Cut = true
			return
		}
		m.file = &File{}
	case attAttachTitle:
		if m.file != nil && m.file.Name == "" {
			m.file.Name = m.name(n, false)
		}
	case attAttachData:
		if m.file != nil && n > 0 {
			m.file.Data = here
		}
	case attAttachment:
		if m.file != nil {
			m.properties(m.fileProperty)
		}
	}
}

// name reads a text of n bytes, or the beginning of it: in UTF-16 if wide, else in the code page of the message.
func (m *message) name(n int64, wide bool) string {
	b, ok := m.take(int(min(n, maxName)))
	if !ok {
		return ""
	}
	if wide {
		return decode(b, 1200)
	}
	return decode(b, m.page)
}
