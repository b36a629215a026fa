package sms

import (
	"encoding/base64"
	"errors"
	"io"
	"strings"

	"tandem"
	"tandem/wire/mime"
)

// lineBytes is how many bytes a line of base64 stands for. RFC 2045 6.8
const lineBytes = 57

// lines is data in lines of base64.
func lines(data []byte) string {
	var b strings.Builder
	for len(data) > 0 {
		n := min(len(data), lineBytes)
		b.WriteString(base64.StdEncoding.EncodeToString(data[:n]) + "\r\n")
		data = data[n:]
	}
	return b.String()
}

// text is a piece of a body.
type text string

// Open implements tandem.Body.
func (t text) Open() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(string(t))), nil }

// Size implements tandem.Body.
func (t text) Size() int64 { return int64(len(t)) }

// encoded is a body in lines of base64.
type encoded struct{ of tandem.Body }

// Size implements tandem.Body.
func (e encoded) Size() int64 {
	n := e.of.Size()
	if n < 0 {
		return -1
	}
	return (n+2)/3*4 + (n+lineBytes-1)/lineBytes*2
}

// Open implements tandem.Body.
func (e encoded) Open() (io.ReadCloser, error) {
	in, err := e.of.Open()
	if err != nil {
		return nil, err
	}
	return &encoder{in: in, raw: make([]byte, 100*lineBytes)}, nil
}

type encoder struct {
	in   io.ReadCloser
	raw  []byte
	out  string
	done error
}

// Read implements io.Reader.
func (e *encoder) Read(p []byte) (int, error) {
	for e.out == "" {
		if e.done != nil {
			return 0, e.done
		}
		n, err := io.ReadFull(e.in, e.raw)
		e.out = lines(e.raw[:n])
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		e.done = err
	}
	n := copy(p, e.out)
	e.out = e.out[n:]
	return n, nil
}

// Close implements io.Closer.
func (e *encoder) Close() error { return e.in.Close() }

// composed is bodies one after another.
type composed []tandem.Body

// Size implements tandem.Body.
func (c composed) Size() int64 {
	var sum int64
	for _, b := range c {
		n := b.Size()
		if n < 0 {
			return -1
		}
		sum += n
	}
	return sum
}

// Open implements tandem.Body.
func (c composed) Open() (io.ReadCloser, error) { return &sequence{left: c}, nil }

type sequence struct {
	left composed
	now  io.ReadCloser
}

// Read implements io.Reader.
func (s *sequence) Read(p []byte) (int, error) {
	for {
		if s.now == nil {
			if len(s.left) == 0 {
				return 0, io.EOF
			}
			var err error
			if s.now, err = s.left[0].Open(); err != nil {
				return 0, err
			}
			s.left = s.left[1:]
		}
		n, err := s.now.Read(p)
		if err != io.EOF {
			return n, err
		}
		err = s.now.Close()
		s.now = nil
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// Close implements io.Closer.
func (s *sequence) Close() error {
	s.left = nil
	if s.now == nil {
		return nil
	}
	return s.now.Close()
}

// section is the decoded content of a part.
type section struct {
	of   tandem.Body
	part *mime.Part
}

// Size implements tandem.Body.
func (section) Size() int64 { return -1 }

// Open implements tandem.Body.
func (s section) Open() (io.ReadCloser, error) {
	in, err := s.of.Open()
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, in, s.part.Body); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{s.part.Decode(io.LimitReader(in, s.part.Size())), in}, nil
}
