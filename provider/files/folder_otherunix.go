//go:build unix && !linux

package files

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func (f *folder) openBeneath(string) (*folder, error, bool) { return nil, nil, false }

func (f *folder) stat(name string) (stat, error) {
	var s unix.Stat_t
	if err := unix.Fstatat(f.fd, name, &s, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return stat{}, err
	}
	return fromStat(&s), nil
}

func (f *folder) self() (stat, error) { return statFD(f.fd) }

func statFD(fd int) (stat, error) {
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		return stat{}, err
	}
	return fromStat(&s), nil
}

func fromStat(s *unix.Stat_t) stat {
	st := stat{kind: special, mode: uint32(s.Mode) & 0o777, dev: uint64(s.Dev), ino: uint64(s.Ino), size: s.Size,
		room: int64(s.Blocks) * 512, mtime: s.Mtim.Nano(), ctime: s.Ctim.Nano()}
	switch s.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		st.kind = regular
	case unix.S_IFDIR:
		st.kind = dir
	case unix.S_IFLNK:
		st.kind = link
	}
	return st
}

// lister is the memory that listing a directory takes, to be used again.
type lister struct{}

func newLister() *lister { return &lister{} }

// list calls visit for every entry, with its state or why that is not known. The name is valid during the call only.
// It stops with visit's error.
func (f *folder) list(_ *lister, visit func(name []byte, st *stat, err error) error) error {
	fd, err := openat(f.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	d := os.NewFile(uintptr(fd), ".")
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		st, err := f.stat(name)
		if err := visit([]byte(name), &st, err); err != nil {
			return err
		}
	}
	return nil
}

// timesFor cannot leave the access time alone everywhere, so it becomes the modification time.
func timesFor(mtime int64) []unix.Timespec {
	ts := unix.NsecToTimespec(mtime)
	return []unix.Timespec{ts, ts}
}

// setTimeFD sets a file's time by name: by descriptor not all systems keep nanoseconds.
func (f *folder) setTimeFD(_ int, name string, mtime int64) error { return f.setTime(name, mtime) }

// syncAll makes everything written to the file system durable; errors.ErrUnsupported where there is no such call.
func (f *folder) syncAll() error { return errors.ErrUnsupported }

// canSyncAll: files must be synced one by one.
const canSyncAll = false

func startWriting(*os.File, int64, int64, int64) {}

func clone(_, _ *os.File) error { return errors.ErrUnsupported }

func lease(*os.File) (func(), bool) { return func() {}, false }

func preallocate(*os.File, int64) error { return nil }

// umask is not known without changing it, so every mode is set explicitly.
func umask() uint32 { return anyMode }

// traits tells what the file system of f is like.
func (f *folder) traits() traits {
	return traits{stableInodes: true, granularity: localGranularity}
}
