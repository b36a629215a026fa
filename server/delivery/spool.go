package delivery

import (
	"io"
	"os"
)

// spool is a large message on its way in: a file without much of a life, and without a name where the system lets it lose it, so that nothing of a message stays behind where the hub is killed.
type spool struct {
	f    *os.File
	name string // "" where the file lost its name at once
	size int64
}

// newSpool writes what it reads into a new file.
func newSpool(dir string, r io.Reader) (*spool, error) {
	f, err := os.CreateTemp(dir, "mail-*")
	if err != nil {
		return nil, err
	}
	s := &spool{f: f, name: f.Name()}
	if os.Remove(s.name) == nil { // where that cannot be done to an open file it is done at the end
		s.name = ""
	}
	if s.size, err = io.Copy(f, r); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// Open implements tandem.Body.
func (s *spool) Open() (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(s.f, 0, s.size)), nil
}

// Size implements tandem.Body.
func (s *spool) Size() int64 { return s.size }

// remove takes the file away, once nobody reads it any more.
func (s *spool) remove() {
	s.f.Close()
	if s.name != "" {
		_ = os.Remove(s.name) // it is in a folder for such files
	}
}
