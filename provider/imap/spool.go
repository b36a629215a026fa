package imap

import (
	"errors"
	"io"
	"os"
	"runtime"
	"sync"

	"tandem"
)

// inline is the size in bytes up to which a message is held in memory. Larger ones go to a file, so that memory does not follow the size of messages.
const inline = 256 << 10

// spool keeps large bodies in files without names, as long as somebody has the body.
type spool struct {
	mu     sync.Mutex // guards what follows
	files  map[*scrap]bool
	closed bool
}

// scrap is one file.
type scrap struct {
	f    *os.File
	name string // "" where the file lost its name at once
}

func (x *scrap) drop() {
	x.f.Close()
	if x.name != "" {
		_ = os.Remove(x.name) // it is in the system's temporary folder
	}
}

// spooled is a body in a file.
type spooled struct {
	x    *scrap
	size int64
}

// Open implements tandem.Body.
func (b *spooled) Open() (io.ReadCloser, error) {
	return &scrapReader{io.NewSectionReader(b.x.f, 0, b.size), b}, nil
}

// Size implements tandem.Body.
func (b *spooled) Size() int64 { return b.size }

// scrapReader reads a body and keeps it.
type scrapReader struct {
	*io.SectionReader
	of *spooled
}

// Close implements io.Closer.
func (*scrapReader) Close() error { return nil }

// body reads n bytes. An error of in is one of the connection; failed is one of this machine.
func (s *spool) body(in io.Reader, n int64) (b tandem.Body, failed, err error) {
	if n <= inline {
		data := make([]byte, n)
		_, err := io.ReadFull(in, data)
		return tandem.Bytes(data), nil, err
	}
	x, failed := s.file()
	if failed != nil {
		_, err := io.Copy(io.Discard, in)
		return nil, failed, err
	}
	src := &counted{r: in}
	if _, err := io.Copy(x.f, src); err != nil && src.err == nil {
		failed = &tandem.Error{Kind: tandem.Full, Op: "keep message in", Thing: os.TempDir(), Err: err, Remedy: "make room there"}
		_, _ = io.Copy(io.Discard, src) // its error is noted
	}
	if src.err != nil || failed != nil {
		s.drop(x)
		return nil, failed, src.err
	}
	if src.n != n {
		s.drop(x)
		return nil, nil, io.ErrUnexpectedEOF
	}
	out := &spooled{x, n}
	runtime.AddCleanup(out, s.drop, x)
	return out, nil, nil
}

// counted tells errors of reading from those of writing.
type counted struct {
	r   io.Reader
	n   int64
	err error
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

func (s *spool) file() (*scrap, error) {
	f, err := os.CreateTemp("", "tandem-mail-*")
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Full, Op: "keep message in", Thing: os.TempDir(), Err: err}
	}
	x := &scrap{f: f, name: f.Name()}
	if os.Remove(x.name) == nil { // where that cannot be done to an open file it is done at the end
		x.name = ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		x.drop()
		return nil, tandem.Errorf(tandem.Invalid, "the replica is closed")
	}
	if s.files == nil {
		s.files = map[*scrap]bool{}
	}
	s.files[x] = true
	return x, nil
}

func (s *spool) drop(x *scrap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files[x] {
		delete(s.files, x)
		x.drop()
	}
}

func (s *spool) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for x := range s.files {
		x.drop()
	}
	clear(s.files)
}
