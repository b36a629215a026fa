package delivery

import (
	"errors"
	"io"
	"os"
)

// spool is a large message on its way in: a file without much of a life.
type spool struct {
	path string
	size int64
}

// newSpool writes what it reads into a new file.
func newSpool(dir string, r io.Reader) (*spool, error) {
	f, err := os.CreateTemp(dir, "mail-*")
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(f, r)
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return nil, err
	}
	return &spool{f.Name(), n}, nil
}

// Open implements tandem.Body.
func (s *spool) Open() (io.ReadCloser, error) { return os.Open(s.path) }

// Size implements tandem.Body.
func (s *spool) Size() int64 { return s.size }

func (s *spool) remove() { os.Remove(s.path) }
