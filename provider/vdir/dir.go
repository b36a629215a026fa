package vdir

import (
	"io/fs"
	"path/filepath"
)

// entry is what the file system tells of a file: its fingerprint, and its type, 0 for a regular file.
type entry struct {
	print
	mode fs.FileMode
}

// fresh is a file in the making, complete but without its name. The zero value with fd -1 is none.
type fresh struct {
	fd   int    // of an open file without any name; -1: it has none, or none is left
	temp string // a temporary name
}

func (d *dir) join(name string) string { return filepath.Join(d.path, name) }

// room is buf, or a longer one if that is needed to see that a file has more bytes than it should.
func room(buf []byte, size int64) []byte {
	if int64(cap(buf)) < size+1 {
		return make([]byte, size+1)
	}
	return buf[:size+1]
}
