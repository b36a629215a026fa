package davxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// scanner cuts a document into pieces of markup and text, and knows which bytes those may have. XML 1.0, fifth edition. It reads no further ahead than what
// comes in one read, and holds no more than one piece.
type scanner struct {
	r       io.Reader
	buf     []byte // what was read and not yet dropped
	pos     int    // what was consumed of it
	left    int64  // how many more bytes may be read: the limit and one
	dropped int64  // bytes before buf
	lines   int    // line breaks in them
	end     error  // why there is no more
	out     []byte // for decoding text
	known   [128]string
	mend    bool // Limits.Mend
	mended  int  // how many texts were
}

const firstBuffer = 16 << 10

// fill reads more. It reports false at the end.
func (s *scanner) fill() bool {
	if s.end != nil {
		return false
	}
	if s.pos > 0 && (s.pos == len(s.buf) || len(s.buf) == cap(s.buf)) {
		s.lines += bytes.Count(s.buf[:s.pos], newline)
		s.dropped += int64(s.pos)
		s.buf = s.buf[:copy(s.buf, s.buf[s.pos:])]
		s.pos = 0
	}
	if len(s.buf) == cap(s.buf) {
		bigger := make([]byte, len(s.buf), max(firstBuffer, 2*cap(s.buf)))
		copy(bigger, s.buf)
		s.buf = bigger
	}
	room := s.buf[len(s.buf):cap(s.buf)]
	if int64(len(room)) > s.left {
		room = room[:s.left]
	}
	if len(room) == 0 {
		s.end = ErrTooLarge
		return false
	}
	for range 100 {
		n, err := s.r.Read(room)
		s.buf = s.buf[:len(s.buf)+n]
		if s.left -= int64(n); s.left <= 0 {
			s.end = ErrTooLarge
			return n > 0
		}
		s.end = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	s.end = io.ErrNoProgress
	return false
}

var newline = []byte{'\n'}

// line is the number of the line at the position.
func (s *scanner) line() int { return s.lines + bytes.Count(s.buf[:s.pos], newline) + 1 }

// need makes sure of n more bytes; false where the document ends before.
func (s *scanner) need(n int) bool {
	for len(s.buf)-s.pos < n {
		if !s.fill() {
			return false
		}
	}
	return true
}

// find is the distance from the position to the next place, from skip on, where a text stands; -1 where it does not come.
func (s *scanner) find(text string, skip int) int {
	for {
		if len(s.buf)-s.pos > skip {
			rest := s.buf[s.pos+skip:]
			i := -1
			if len(text) == 1 {
				i = bytes.IndexByte(rest, text[0])
			} else {
				i = bytes.Index(rest, []byte(text))
			}
			if i >= 0 {
				return skip + i
			}
			skip += max(0, len(rest)-len(text)+1)
		}
		if !s.fill() {
			return -1
		}
	}
}

// tagEnd is the distance to the end of a tag, which may stand in the value of an attribute without being one; -1 where it does not come.
func (s *scanner) tagEnd() int {
	quote := byte(0)
	for i := 1; ; i++ {
		if !s.need(i + 1) {
			return -1
		}
		rest := s.buf[s.pos+i:]
		for n, c := range rest {
			switch {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			case c == '>':
				return i + n
			}
		}
		i += len(rest) - 1
	}
}

// keep is a string of bytes; short ones that came a moment ago are not made again.
func (s *scanner) keep(b []byte) string {
	n := len(b)
	if n == 0 {
		return ""
	}
	if n > 40 {
		return string(b)
	}
	slot := &s.known[(uint(n)*7+uint(b[0])*31+uint(b[n/2])*17+uint(b[n-1]))%uint(len(s.known))]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}

// Classes of bytes in text.
const (
	plain   = iota
	special // & \r and, in attributes, \n and \t; ] in text
	wide    // part of a character beyond ASCII
	bad     // no character of a document
)

var inText, inAttr = classes()

func classes() (text, attr [256]uint8) {
	for c := range 256 {
		switch {
		case c >= utf8.RuneSelf:
			text[c] = wide
		case c == '&' || c == '\r':
			text[c] = special
		case c < ' ' && c != '\n' && c != '\t':
			text[c] = bad
		}
		attr[c] = text[c]
	}
	text[']'] = special
	attr['\n'], attr['\t'], attr['<'] = special, special, bad
	return text, attr
}

var errChar = errors.New("a character that no document may have")

// decode is the text that bytes stand for: references are replaced, ends of lines made one, and in attributes made spaces. XML 1.0 2.11, 3.3.3, 4.1
func (s *scanner) decode(b []byte, attr bool) (string, error) {
	class := &inText
	if attr {
		class = &inAttr
	}
	seen := uint8(0)
	for _, c := range b {
		seen |= 1 << class[c]
	}
	var err error
	switch {
	case seen&(1<<bad) != 0:
		err = errChar
	case seen&(1<<wide) != 0:
		err = checkWide(b)
	}
	if err != nil && (!s.mend || attr && bytes.IndexByte(b, '<') >= 0) {
		return "", err
	}
	if err != nil {
		b = s.repair(b)
	}
	if seen&(1<<special) == 0 {
		return s.keep(b), nil
	}
	out := s.out[:0]
	for len(b) > 0 {
		n := 0
		for n < len(b) && class[b[n]] != special {
			n++
		}
		out = append(out, b[:n]...)
		if b = b[n:]; len(b) == 0 {
			break
		}
		switch b[0] {
		case '&':
			if out, n, err = s.reference(out, b); err != nil {
				return "", err
			}
			b = b[n:]
			continue
		case '\r':
			if len(b) > 1 && b[1] == '\n' {
				b = b[1:]
			}
			if attr {
				out = append(out, ' ')
			} else {
				out = append(out, '\n')
			}
		case ']':
			if bytes.HasPrefix(b, []byte("]]>")) {
				return "", errors.New("]]> in text")
			}
			out = append(out, ']')
		default:
			out = append(out, ' ')
		}
		b = b[1:]
	}
	if s.out = out; cap(s.out) > 1<<20 {
		s.out = nil
	}
	return s.keep(out), nil
}

// repair is text with U+FFFD in the place of what no document may have.
func (s *scanner) repair(b []byte) []byte {
	s.mended++
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if !isChar(r) {
			r = utf8.RuneError
		}
		out, b = utf8.AppendRune(out, r), b[size:]
	}
	return out
}

// checkWide checks what is beyond ASCII: UTF-8, without the two that are no characters. XML 1.0 2.2
func checkWide(b []byte) error {
	if !utf8.Valid(b) {
		return errors.New("invalid UTF-8")
	}
	for i := bytes.IndexByte(b, 0xEF); i >= 0 && i+2 < len(b); {
		if b[i+1] == 0xBF && b[i+2] >= 0xBE {
			return errChar
		}
		next := bytes.IndexByte(b[i+1:], 0xEF)
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return nil
}

const longestReference = 64 // leading zeros count

// reference appends what a reference at the beginning of b stands for, and tells its length. There are no entities but the five. RFC 4918 20.6
func (s *scanner) reference(out, b []byte) ([]byte, int, error) {
	n := bytes.IndexByte(b[:min(len(b), longestReference)], ';')
	if n < 2 {
		return out, 0, errors.New("an & that begins no reference")
	}
	name := b[1:n]
	switch string(name) {
	case "amp":
		return append(out, '&'), n + 1, nil
	case "lt":
		return append(out, '<'), n + 1, nil
	case "gt":
		return append(out, '>'), n + 1, nil
	case "quot":
		return append(out, '"'), n + 1, nil
	case "apos":
		return append(out, '\''), n + 1, nil
	}
	r, ok := number(name)
	if !ok {
		return out, 0, fmt.Errorf("the entity %q is not defined", name)
	}
	if !isChar(r) && !s.mend {
		return out, 0, errChar
	}
	if !isChar(r) {
		s.mended++
		r = utf8.RuneError
	}
	return utf8.AppendRune(out, r), n + 1, nil
}

// number reads the number of a character: #13 or #xD.
func number(name []byte) (rune, bool) {
	if name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], rune(10)
	if len(digits) > 0 && digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	r := rune(0)
	for _, c := range digits {
		d := rune(99)
		switch {
		case c >= '0' && c <= '9':
			d = rune(c - '0')
		case c >= 'a' && c <= 'f':
			d = rune(c-'a') + 10
		case c >= 'A' && c <= 'F':
			d = rune(c-'A') + 10
		}
		if d >= base {
			return 0, false
		}
		r = min(r*base+d, utf8.MaxRune+1)
	}
	return r, len(digits) > 0
}

// isChar reports whether a document may have a character. XML 1.0 2.2
func isChar(r rune) bool {
	return r >= ' ' && r <= 0xD7FF || r == '\n' || r == '\t' || r == '\r' || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

// isSpace reports white space. XML 1.0 2.3
func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func skipSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	return b
}

// onlySpace reports that there is nothing but white space in a text.
func onlySpace(s string) bool { return strings.Trim(s, " \n\t\r") == "" }

// nameLength is how many bytes at the beginning of b are a name. Colons are none of it. XML 1.0 2.3, Namespaces in XML 1.0 4
func nameLength(b []byte) int {
	n := 0
	for n < len(b) {
		c := b[n]
		if c < utf8.RuneSelf {
			letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
			if !letter && (n == 0 || !(c >= '0' && c <= '9' || c == '-' || c == '.')) {
				break
			}
			n++
			continue
		}
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size < 2 || !nameRune(r, n == 0) {
			break
		}
		n += size
	}
	return n
}

func nameRune(r rune, first bool) bool {
	for _, span := range nameRunes {
		if r >= span[0] && r <= span[1] {
			return true
		}
	}
	return !first && (r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040)
}

// nameRunes are the characters beyond ASCII that may begin a name. XML 1.0 2.3
var nameRunes = [...][2]rune{{0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D}, {0x37F, 0x1FFF}, {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF},
	{0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}}
