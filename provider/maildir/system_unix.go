//go:build unix

package maildir

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// infoSep is what stands before "2," in new names.
const infoSep = ':'

func printOf(info fs.FileInfo) print {
	p := print{size: info.Size(), mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		p.ino = uint64(st.Ino)
	}
	return p
}

// writable tells whether files can be made in a folder.
func writable(path string) bool { return unix.Access(path, unix.W_OK|unix.X_OK) == nil }

// inherit gives a file the owner of another, where that is allowed.
func inherit(path string, from fs.FileInfo) {
	if st, ok := from.Sys().(*syscall.Stat_t); ok && (int(st.Uid) != os.Geteuid() || int(st.Gid) != os.Getegid()) {
		_ = os.Lchown(path, int(st.Uid), int(st.Gid)) // only the administrator may
	}
}

// isFull tells whether a disk or a quota is used up.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }
