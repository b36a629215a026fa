package wbxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// source hands out bytes from memory or from a reader, knows where it stands and stops at the limit.
type source struct {
	r     io.Reader // nil: buf is all there is
	buf   []byte
	pos   int   // of the next byte in buf
	base  int64 // offset of buf[0]
	limit int64
	hold  []byte // a string put together from several reads
}

const readSize = 16 << 10

func (s *source) offset() int64 { return s.base + int64(s.pos) }

// fill reads more. It is called only when all of buf has been used.
func (s *source) fill() error {
	if s.r == nil {
		return &Error{Offset: s.offset(), Fault: Truncated}
	}
	s.base += int64(len(s.buf))
	s.pos = 0
	if s.buf == nil {
		s.buf = make([]byte, 0, readSize)
	}
	s.buf = s.buf[:0]
	for range 100 {
		n, err := s.r.Read(s.buf[:cap(s.buf)])
		s.buf = s.buf[:n]
		switch {
		case n > 0 && s.base+int64(n) > s.limit:
			s.buf = s.buf[:s.limit-s.base]
			if len(s.buf) == 0 {
				return &Error{Offset: s.limit, Fault: TooLarge, Detail: fmt.Sprintf("more than %d bytes", s.limit)}
			}
			return nil // the bytes up to the limit may be all the document needs
		case n > 0:
			return nil
		case errors.Is(err, io.EOF):
			return &Error{Offset: s.base, Fault: Truncated}
		case err != nil:
			return &Error{Offset: s.base, Fault: ReadFailed, Err: err}
		}
	}
	return &Error{Offset: s.base, Fault: ReadFailed, Err: io.ErrNoProgress}
}

func (s *source) byte() (byte, error) {
	if s.pos == len(s.buf) {
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	c := s.buf[s.pos]
	s.pos++
	return c, nil
}

// integer reads a multi-byte integer: seven bits a byte, the highest first. WBXML 1.3 5.1
func (s *source) integer() (uint32, error) {
	start := s.offset()
	var v uint64
	for range 5 {
		c, err := s.byte()
		if err != nil {
			return 0, err
		}
		v = v<<7 | uint64(c&0x7f)
		if v > 1<<32-1 {
			break
		}
		if c < 0x80 {
			return uint32(v), nil
		}
	}
	return 0, &Error{Offset: start, Fault: BadInteger}
}

// text reads up to the next NUL and past it. The slice is valid until the next call.
func (s *source) text() ([]byte, error) {
	s.hold = s.hold[:0]
	for {
		rest := s.buf[s.pos:]
		if i := bytes.IndexByte(rest, 0); i >= 0 {
			s.pos += i + 1
			if len(s.hold) == 0 {
				return rest[:i], nil
			}
			s.hold = append(s.hold, rest[:i]...)
			return s.hold, nil
		}
		s.hold = append(s.hold, rest...)
		s.pos = len(s.buf)
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}

// need fails early where n more bytes cannot be there. Nothing is ever allocated on the word of a length alone.
func (s *source) need(n int64) error {
	at := s.offset()
	if s.r == nil && n > int64(len(s.buf)-s.pos) {
		return &Error{Offset: s.base + int64(len(s.buf)), Fault: Truncated, Detail: fmt.Sprintf("%d bytes are announced, %d are left", n, len(s.buf)-s.pos)}
	}
	if at+n > s.limit {
		return &Error{Offset: at, Fault: TooLarge, Detail: fmt.Sprintf("%d bytes are announced, which makes more than %d", n, s.limit)}
	}
	return nil
}

// some returns up to n bytes that are at hand, at least one. The slice is valid until the next call.
func (s *source) some(n int64) ([]byte, error) {
	if s.pos == len(s.buf) {
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
	part := s.buf[s.pos:min(int64(len(s.buf)), int64(s.pos)+n)]
	s.pos += len(part)
	return part, nil
}

// appendN appends the next n bytes to dst.
func (s *source) appendN(dst []byte, n int64) ([]byte, error) {
	if err := s.need(n); err != nil {
		return dst, err
	}
	for n > 0 {
		part, err := s.some(n)
		if err != nil {
			return dst, err
		}
		dst = append(dst, part...)
		n -= int64(len(part))
	}
	return dst, nil
}

func (s *source) skip(n int64) error {
	if err := s.need(n); err != nil {
		return err
	}
	for n > 0 {
		part, err := s.some(n)
		if err != nil {
			return err
		}
		n -= int64(len(part))
	}
	return nil
}
