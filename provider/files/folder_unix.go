//go:build unix

package files

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// hasModes: this system has permission bits worth keeping.
const hasModes = true

// folder is an open directory. Everything is done relative to open directories and no link is ever followed, so that
// nothing outside the tree can be reached, even while somebody exchanges directories for links. Methods may be used
// concurrently, but not with close.
type folder struct{ fd int }

// openFolder opens a directory by its path in the system, following links.
func openFolder(path string) (*folder, error) {
	fd, err := openat(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return &folder{fd}, nil
}

func (f *folder) close() { _ = unix.Close(f.fd) }

// again opens the same directory once more.
func (f *folder) again() (*folder, error) { return f.child(".") }

// sub opens a directory below; rel "" is f itself.
func (f *folder) sub(rel string) (*folder, error) {
	if rel == "" {
		return f.again()
	}
	if sub, err, done := f.openBeneath(rel); done {
		return sub, err
	}
	at := f
	for rel != "" {
		var name string
		name, rel, _ = strings.Cut(rel, "/")
		next, err := at.child(name)
		if at != f {
			at.close()
		}
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// child opens a directory in f.
func (f *folder) child(name string) (*folder, error) {
	fd, err := openat(f.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	return &folder{fd}, nil
}

func openat(at int, name string, flags int, perm uint32) (fd int, err error) {
	for {
		fd, err = unix.Openat(at, name, flags|unix.O_CLOEXEC, perm)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// open opens a regular file for reading. It does not wait for the other end of a pipe that took the file's place.
func (f *folder) open(name string) (*os.File, error) {
	fd, err := openat(f.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// openWrite opens a regular file for reading and writing.
func (f *folder) openWrite(name string) (*os.File, error) {
	fd, err := openat(f.fd, name, unix.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// create makes a file that must not exist, open for reading and writing.
func (f *folder) create(name string, perm uint32) (*os.File, error) {
	fd, err := openat(f.fd, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, perm)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// readWhole reads a small regular file into buf and tells its state after the last byte was read. more is set if buf
// is too short.
func (f *folder) readWhole(name string, buf []byte) (n int, st stat, more bool, err error) {
	fd, err := openat(f.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0, st, false, err
	}
	defer unix.Close(fd)
	for n < len(buf) {
		var m int
		m, err = unix.Read(fd, buf[n:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return n, st, false, err
		}
		n += m
		// A regular file gives short only at its end; the state below tells if that is not where it was.
		if m == 0 || n < len(buf) {
			break
		}
	}
	st, err = statFD(fd)
	if err == nil && st.kind != regular {
		err = errNotRegular
	}
	return n, st, int64(n) < st.size, err
}

// createWhole makes a file that must not exist with this content and tells its state.
func (f *folder) createWhole(name string, data []byte, w *wanted, umask uint32) (st stat, err error) {
	perm := w.perm(0o666)
	fd, err := openat(f.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, perm)
	if err != nil {
		return st, err
	}
	for err == nil && len(data) > 0 {
		var n int
		if n, err = unix.Write(fd, data); err == unix.EINTR {
			err = nil
			continue
		}
		data = data[max(n, 0):]
	}
	if err == nil {
		err = f.settleFD(fd, name, w, umask)
	}
	if err == nil {
		st, err = statFD(fd)
	}
	if cerr := unix.Close(fd); err == nil && cerr != unix.EINTR {
		err = cerr
	}
	if err != nil {
		_ = f.unlink(name)
	}
	return st, err
}

// settle gives the open file called name the wanted permissions and time. If it was created with w.perm, umask is the
// process's and saves a call; else it is anyMode.
func (f *folder) settle(file *os.File, name string, w *wanted, umask uint32) error {
	return control(file, func(fd int) error { return f.settleFD(fd, name, w, umask) })
}

func (f *folder) settleFD(fd int, name string, w *wanted, umask uint32) error {
	if w.hasMode && (w.mode&umask != 0 || umask == anyMode) {
		if err := unix.Fchmod(fd, w.mode); err != nil {
			return err
		}
	}
	if w.hasMtime {
		return f.setTimeFD(fd, name, w.mtime)
	}
	return nil
}

// perm is the mode to create with.
func (w *wanted) perm(otherwise uint32) uint32 {
	if w.hasMode {
		return w.mode
	}
	return otherwise
}

// control lends a file's descriptor.
func control(file *os.File, do func(fd int) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var derr error
	if err := raw.Control(func(fd uintptr) { derr = do(int(fd)) }); err != nil {
		return err
	}
	return derr
}

// statFile tells the state of an open file.
func statFile(file *os.File) (st stat, err error) {
	err = control(file, func(fd int) (err error) {
		st, err = statFD(fd)
		return err
	})
	return st, err
}

// chmod sets the permissions of an entry that is not a link and that check accepts. An entry that cannot be opened (no
// read permission) is changed by name right after it was looked at.
func (f *folder) chmod(name string, mode uint32, check func(*stat) error) error {
	fd, err := openat(f.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.EACCES) {
		st, err := f.stat(name)
		if err != nil {
			return err
		}
		if err := check(&st); err != nil {
			return err
		}
		if st.kind == link {
			return nil
		}
		return unix.Fchmodat(f.fd, name, mode, 0)
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	st, err := statFD(fd)
	if err != nil {
		return err
	}
	if err := check(&st); err != nil {
		return err
	}
	return unix.Fchmod(fd, mode)
}

// setTime sets the modification time of an entry, of a link itself.
func (f *folder) setTime(name string, mtime int64) error {
	return unix.UtimesNanoAt(f.fd, name, timesFor(mtime), unix.AT_SYMLINK_NOFOLLOW)
}

func (f *folder) mkdir(name string, perm uint32) error { return unix.Mkdirat(f.fd, name, perm) }

func (f *folder) symlink(target, name string) error { return unix.Symlinkat(target, f.fd, name) }

func (f *folder) readlink(name string) (string, error) {
	for size := 256; ; size *= 4 {
		buf := make([]byte, size)
		n, err := unix.Readlinkat(f.fd, name, buf)
		if err != nil {
			return "", err
		}
		if n < size {
			return string(buf[:n]), nil
		}
	}
}

// rename gives an entry another name, replacing a file there.
func (f *folder) rename(name string, to *folder, toName string) error {
	return unix.Renameat(f.fd, name, to.fd, toName)
}

// link gives a file a second name, which must be free.
func (f *folder) link(name string, to *folder, toName string) error {
	return unix.Linkat(f.fd, name, to.fd, toName, 0)
}

// renameNewPortable gives an entry another name, which must be free, where the file system has no such call: files by a
// link, which never replaces; directories after a look, where a rename at worst replaces an empty directory.
func (f *folder) renameNewPortable(name string, to *folder, toName string) error {
	st, err := f.stat(name)
	if err != nil {
		return err
	}
	if st.kind != dir {
		err := f.link(name, to, toName)
		if err == nil {
			return f.unlink(name)
		}
		if errors.Is(err, fs.ErrExist) || errors.Is(err, unix.EXDEV) {
			return err
		}
	}
	if _, err := to.stat(toName); err == nil {
		return unix.EEXIST
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f.rename(name, to, toName)
}

func (f *folder) unlink(name string) error { return unix.Unlinkat(f.fd, name, 0) }

func (f *folder) rmdir(name string) error { return unix.Unlinkat(f.fd, name, unix.AT_REMOVEDIR) }

// sync makes the directory's names durable. File systems that cannot are taken to need no such thing.
func (f *folder) sync() error {
	err := unix.Fsync(f.fd)
	if err == unix.EINVAL || err == unix.ENOTSUP {
		return nil
	}
	return err
}

// lock takes the directory's lock, which dies with the process. busy is set when somebody else has it and wait is not.
func (f *folder) lock(wait bool) (busy bool, err error) {
	how := unix.LOCK_EX
	if !wait {
		how |= unix.LOCK_NB
	}
	for {
		err = unix.Flock(f.fd, how)
		if err != unix.EINTR {
			break
		}
	}
	if err == unix.EWOULDBLOCK {
		return true, nil
	}
	return false, err
}

func (f *folder) unlock() { _ = unix.Flock(f.fd, unix.LOCK_UN) }

// writable reports whether entries may be made in the directory.
func (f *folder) writable() bool {
	return unix.Faccessat(f.fd, ".", unix.W_OK|unix.X_OK, unix.AT_EACCESS) == nil
}

// Tests for what the system's errors mean here.

func isNotEmpty(err error) bool {
	return errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST)
}
func isFull(err error) bool     { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
func isReadOnly(err error) bool { return errors.Is(err, unix.EROFS) }
func isCrossDevice(err error) bool {
	return errors.Is(err, unix.EXDEV)
}

// isNotFolder: a component of a path is not a directory, or is a link.
func isNotFolder(err error) bool {
	return errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

// isBadName: the place cannot hold an entry of this name.
func isBadName(err error) bool {
	return errors.Is(err, unix.ENAMETOOLONG) || errors.Is(err, unix.EILSEQ) || errors.Is(err, unix.EINVAL)
}
func isTooLarge(err error) bool { return errors.Is(err, unix.EFBIG) }

// tooManyFiles: the process or the system has no descriptors left.
func tooManyFiles(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE)
}
