package tnef

import (
	"encoding/binary"
	"strings"
)

// The types of properties, MS-OXCDATA 2.11.1.
const (
	typeShort  = 0x0002
	typeLong   = 0x0003
	typeBool   = 0x000b
	typeObject = 0x000d
	typeTime   = 0x0040 // of 100 ns, since 1601
	typeText   = 0x001e // in the code page of the message
	typeWide   = 0x001f // in UTF-16
	typeBinary = 0x0102
	manyValues = 0x1000
)

// sizes are those of values of a fixed size, filled up to four bytes.
var sizes = map[uint16]int64{typeShort: 4, typeLong: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000a: 4, typeBool: 4, 0x0014: 8, typeTime: 8, 0x0048: 16}

// The properties that are looked at, MS-OXPROPS.
const (
	propMessageClass = 0x001a
	propSubject      = 0x0037
	propSubmitted    = 0x0039
	propForName      = 0x0042
	propForAddress   = 0x0065
	propSenderName   = 0x0c1a
	propSender       = 0x0c1f
	propCc           = 0x0e03
	propTo           = 0x0e04
	propDelivered    = 0x0e06
	propMessageID    = 0x1035
	propSenderSMTP   = 0x5d01
	propForSMTP      = 0x5d02
	propBody         = 0x1000
	propRTF          = 0x1009
	propHTML         = 0x1013
	propDisplayName  = 0x3001
	propData         = 0x3701
	propFilename     = 0x3704
	propLongFilename = 0x3707
	propMIMETag      = 0x370e
	propContentID    = 0x3712
	propContentPlace = 0x3713
	propFlags        = 0x3714
	propCPID         = 0x3fde
	propHidden       = 0x7ffe
)

// sinceThen is how many seconds lie between 1601 and 1970.
const sinceThen = 11_644_473_600

// property is a value of a property: of n bytes, from where the stream is. One of a fixed size is a number.
type property struct {
	id, typ uint16
	n       int64
	number  uint32
	time    int64 // Unix seconds, of a time
}

// properties reads a list of properties, up to the end of what is being read. MS-OXTNEF 2.1.3.4
func (m *message) properties(see func(property)) {
	count, ok := m.uint32()
	if !ok {
		m.Cut = true
		return
	}
	for ; count > 0; count-- {
		if !m.one(see) {
			m.Cut = true
			return
		}
	}
}

// one reads one property.
func (m *message) one(see func(property)) bool {
	typ, ok := m.uint16()
	id, ok2 := m.uint16()
	if !ok || !ok2 || id >= 0x8000 && !m.named() {
		return false
	}
	many, typ := typ&manyValues != 0, typ&^manyValues
	if size, fixed := sizes[typ]; fixed {
		if many {
			n, ok := m.uint32()
			return ok && m.pass(int64(n)*size)
		}
		b, ok := m.take(int(size))
		if ok {
			p := property{id: id, typ: typ, number: binary.LittleEndian.Uint32(b)}
			if typ == typeTime {
				p.time = int64(binary.LittleEndian.Uint64(b)/10_000_000) - sinceThen
			}
			see(p)
		}
		return ok
	}
	switch typ {
	case typeText, typeWide, typeBinary, typeObject:
	default:
		return false
	}
	n, ok := m.uint32()
	if !ok {
		return false
	}
	for i := range n {
		size, ok := m.uint32()
		read := func() {
			if i == 0 && !many {
				see(property{id: id, typ: typ, n: int64(size)})
			}
		}
		if !ok || !m.within(int64(size), read) || !m.pass(min(-int64(size)&3, m.left())) {
			return false
		}
	}
	return true
}

// named passes over the name of a property that has one.
func (m *message) named() bool {
	if !m.pass(16) {
		return false
	}
	switch kind, ok := m.uint32(); {
	case !ok:
		return false
	case kind == 0:
		return m.pass(4)
	default:
		n, ok := m.uint32()
		return ok && m.pass((int64(n)+3)&^3)
	}
}

// text reads a property that is a text.
func (m *message) text(p property) string {
	switch p.typ {
	case typeText, typeWide:
		return m.name(p.n, p.typ == typeWide)
	}
	return ""
}

// property takes one of a message.
func (m *message) property(p property) {
	here := Span{m.off, p.n}
	switch p.id {
	case propMessageClass:
		if s := m.text(p); s != "" {
			m.Class = s
		}
	case propSubject:
		if s := m.text(p); s != "" {
			m.Subject = s
		}
	case propBody:
		switch {
		case p.n <= 2:
		case p.typ == typeWide:
			m.Plain = &Text{here, charset(1200)}
		case p.typ == typeText:
			m.Plain = &Text{here, charset(m.page)}
		}
	case propHTML:
		switch {
		case p.n <= 2:
		case p.typ == typeWide:
			m.HTML = &Text{here, charset(1200)}
		case p.typ == typeText:
			m.HTML = &Text{here, charset(m.page)}
		case p.typ == typeBinary:
			m.HTML = &Text{Span: here}
		}
	case propRTF:
		if p.typ == typeBinary && p.n > 16 {
			m.Rich = &here
		}
	case propCPID:
		m.cpid = p.number
	default:
		m.envelope(p)
	}
}

// envelope takes a property that says from whom and to whom a message is. Of those that say the same the first has the last word that is more than nothing: on whose behalf
// it was sent, and addresses of the internet.
func (m *message) envelope(p property) {
	take := func(to *string, always bool) {
		if always || *to == "" {
			if s := m.text(p); s != "" {
				*to = s
			}
		}
	}
	switch p.id {
	case propForName:
		take(&m.From.Name, true)
	case propSenderName:
		take(&m.From.Name, false)
	case propForSMTP:
		take(&m.From.Address, true)
	case propSenderSMTP:
		take(&m.From.Address, !strings.Contains(m.From.Address, "@"))
	case propForAddress, propSender:
		take(&m.From.Address, false)
	case propTo:
		take(&m.To, true)
	case propCc:
		take(&m.Cc, true)
	case propMessageID:
		take(&m.ID, true)
	case propSubmitted:
		if p.typ == typeTime {
			m.Sent = p.time
		}
	case propDelivered:
		if p.typ == typeTime && m.Sent == 0 {
			m.Sent = p.time
		}
	}
}

// fileProperty takes one of an attachment.
func (m *message) fileProperty(p property) {
	f := m.file
	set := func(to *string) {
		if s := m.text(p); s != "" {
			*to = s
		}
	}
	switch p.id {
	case propLongFilename: // it comes before the short name that was read so far
		set(&f.Name)
	case propFilename, propDisplayName:
		if f.Name == "" {
			set(&f.Name)
		}
	case propMIMETag:
		set(&f.Media)
	case propContentID:
		set(&f.ID)
	case propContentPlace:
		set(&f.Place)
	case propHidden:
		f.Hidden = f.Hidden || p.typ == typeBool && p.number&0xffff != 0
	case propFlags: // it is shown within HTML. MS-OXCMSG 2.2.2.18
		f.Hidden = f.Hidden || p.typ == typeLong && p.number&4 != 0
	case propData:
		m.data(p)
	}
}

// data takes what an attachment holds: bytes, or another message.
func (m *message) data(p property) {
	here := Span{m.off, p.n}
	if p.typ == typeObject && m.pass(16) { // the name of its interface
		here = Span{m.off, p.n - 16}
		if head, ok := m.take(4); ok && binary.LittleEndian.Uint32(head) == signature && m.depth < maxDepth {
			inner := m.message(m.depth + 1)
			m.file.Inner, m.Cut = inner, m.Cut || inner.Cut
		}
	}
	if m.file.Data.Len == 0 || m.file.Inner != nil {
		m.file.Data = here
	}
}
