package sms

import (
	"bytes"
	"hash"
	"os"
)

// spool takes an element that is being made: in memory while it is small, then in a file.
type spool struct {
	dir   string
	hash  hash.Hash
	small bytes.Buffer
	file  *os.File
	name  string
	size  int64
}

// Write implements io.Writer.
func (s *spool) Write(p []byte) (int, error) {
	s.hash.Write(p)
	s.size += int64(len(p))
	if s.file == nil && s.small.Len()+len(p) <= smallEdit {
		return s.small.Write(p)
	}
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "element")
		if err != nil {
			return 0, err
		}
		s.file, s.name = f, f.Name()
		if _, err := f.Write(s.small.Bytes()); err != nil {
			return 0, err
		}
		s.small.Reset()
	}
	return s.file.Write(p)
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// discard forgets what was written.
func (s *spool) discard() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.name)
	}
}
