package vdir

import (
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tandem/internal/atomicfile"
)

// dir is the folder held open, so that its files are reached by name alone and with few system calls: a folder has many
// small ones. Methods may be used concurrently, but not with close.
type dir struct {
	fd   int
	path string
}

func openDir(path string) (*dir, error) {
	fd, err := openat(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return &dir{fd, path}, nil
}

func (d *dir) close() { _ = unix.Close(d.fd) }

func openat(at int, name string, flags int, perm uint32) (fd int, err error) {
	for {
		if fd, err = unix.Openat(at, name, flags|unix.O_CLOEXEC, perm); err != unix.EINTR {
			return fd, err
		}
	}
}

// stat looks at a file; links are followed.
func (d *dir) stat(name string) (entry, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstatat(d.fd, name, &st, 0)
		if err == nil {
			return entryOf(&st), nil
		}
		if err != unix.EINTR {
			return entry{}, &fs.PathError{Op: "stat", Path: d.join(name), Err: err}
		}
	}
}

// statOf looks at the file behind a name that was given to a new file, which is asked itself while it is open.
func (d *dir) statOf(f *fresh, name string) (entry, error) {
	if f != nil && f.fd >= 0 {
		return d.statFD(f.fd, name)
	}
	return d.stat(name)
}

func (d *dir) statFD(fd int, name string) (entry, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstat(fd, &st)
		if err == nil {
			return entryOf(&st), nil
		}
		if err != unix.EINTR {
			return entry{}, &fs.PathError{Op: "stat", Path: d.join(name), Err: err}
		}
	}
}

func entryOf(st *unix.Stat_t) entry {
	e := entry{print: print{size: st.Size, mtime: st.Mtim.Nano(), ctime: st.Ctim.Nano(), ino: st.Ino}}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		e.mode = fs.ModeDir
	default:
		e.mode = fs.ModeIrregular
	}
	return e
}

// read reads a file of some size into buf, or a longer buffer if there may be more, and looks at it when that is done.
func (d *dir) read(name string, buf []byte, size int64) ([]byte, entry, error) {
	// Should a pipe take the file's place right now, its other end is not waited for.
	fd, err := openat(d.fd, name, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, entry{}, &fs.PathError{Op: "open", Path: d.join(name), Err: err}
	}
	defer unix.Close(fd)
	buf = room(buf, size)
	n := 0
	for n < len(buf) {
		m, err := unix.Pread(fd, buf[n:], int64(n))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, entry{}, &fs.PathError{Op: "read", Path: d.join(name), Err: err}
		}
		n += m
		if m == 0 || int64(n) == size { // if there is more, the look below shows another size
			break
		}
	}
	e, err := d.statFD(fd, name)
	return buf[:n], e, err
}

// stage makes a file that has no name yet where nameless, and a temporary one otherwise, and looks at it. It does not wait
// for the disk.
func (d *dir) stage(data []byte, perm fs.FileMode, nameless bool) (f fresh, e entry, err error) {
	f.fd = -1
	fd := -1
	if nameless {
		if fd, err = openat(d.fd, ".", unix.O_WRONLY|unix.O_TMPFILE, uint32(perm)); err == nil {
			f.fd = fd
		}
	}
	if fd < 0 {
		f.temp = atomicfile.TempName()
		if fd, err = openat(d.fd, f.temp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, uint32(perm)); err != nil {
			return fresh{fd: -1}, e, &fs.PathError{Op: "open", Path: d.join(f.temp), Err: err}
		}
	}
	for len(data) > 0 && err == nil {
		var n int
		if n, err = unix.Write(fd, data); err == unix.EINTR {
			err = nil
			continue
		}
		data = data[max(n, 0):]
	}
	if err == nil {
		e, err = d.statFD(fd, f.temp)
	}
	if f.fd < 0 {
		if cerr := unix.Close(fd); err == nil && cerr != unix.EINTR {
			err = cerr
		}
	}
	if err != nil {
		d.discard(&f)
		return f, entry{}, &fs.PathError{Op: "write", Path: d.path, Err: cause(err)}
	}
	return f, e, nil
}

// install gives a staged file its name if that is free, else it fails with fs.ErrExist. A file that had no name stays open until it is discarded.
func (d *dir) install(f *fresh, name string) error {
	if f.fd < 0 {
		err := d.renameNew(f.temp, name)
		if err == nil {
			f.temp = ""
		}
		return err
	}
	for {
		switch err := unix.Linkat(f.fd, "", d.fd, name, unix.AT_EMPTY_PATH); err {
		case nil:
			return nil
		case unix.EINTR:
		default:
			return &os.LinkError{Op: "link", Old: d.path, New: d.join(name), Err: err}
		}
	}
}

// discard lets go of a staged file; what is not installed is given up.
func (d *dir) discard(f *fresh) {
	if f.fd >= 0 {
		_ = unix.Close(f.fd)
		f.fd = -1
	}
	if f.temp != "" {
		_ = d.remove(f.temp)
		f.temp = ""
	}
}

// syncAll makes everything written to the file system durable.
func (d *dir) syncAll() error {
	for {
		if err := unix.Syncfs(d.fd); err != unix.EINTR {
			return err
		}
	}
}

// sync makes the bytes of a staged file durable.
func (d *dir) sync(f *fresh) error {
	if f.fd < 0 {
		return atomicfile.SyncFile(d.join(f.temp))
	}
	for {
		if err := unix.Fsync(f.fd); err != unix.EINTR {
			return err
		}
	}
}

// renameNew gives a file another name if that is free, else it fails with fs.ErrExist.
func (d *dir) renameNew(old, new string) error {
	for {
		switch err := unix.Renameat2(d.fd, old, d.fd, new, unix.RENAME_NOREPLACE); err {
		case nil:
			return nil
		case unix.EINTR:
		case unix.EINVAL, unix.ENOSYS: // the file system cannot test and rename in one step
			return atomicfile.RenameNew(d.join(old), d.join(new))
		default:
			return &os.LinkError{Op: "rename", Old: d.join(old), New: d.join(new), Err: err}
		}
	}
}

func (d *dir) remove(name string) error {
	for {
		if err := unix.Unlinkat(d.fd, name, 0); err != unix.EINTR {
			return err
		}
	}
}

// timesOf tells how a file system gives files their times. These local ones take the system's coarse clock and, as of Linux
// 6.13 ("multigrain timestamps"), a finer one for a file whose times were looked at.
func timesOf(path string) times {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return vague
	}
	switch uint32(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC:
		if kernelFrom(6, 13) {
			return exact
		}
		return ticking
	}
	return vague
}

// coarseNow reads the clock that files get their times from.
func coarseNow() time.Time {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &ts) != nil {
		return time.Now().Add(-tick)
	}
	return time.Unix(ts.Unix())
}

// namelessFiles is how many files in the making may be held open without a name at a time: nothing of them is left should
// the process die, and they cost less than a name that is changed at once. A name can be given to the open file as of
// Linux 6.10. Descriptors are shared with all else that the process does.
func namelessFiles(path string) int {
	var st unix.Statfs_t
	var limit unix.Rlimit
	if unix.Statfs(path, &st) != nil || unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	switch uint32(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.TMPFS_MAGIC:
		if kernelFrom(6, 10) {
			return int(min(limit.Cur/8, batch))
		}
	}
	return 0
}

// kernelFrom tells whether the kernel is of this version or a later one.
func kernelFrom(wantMajor, wantMinor int) bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	major, rest, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, err1 := strconv.Atoi(major)
	b, err2 := strconv.Atoi(minor)
	return err1 == nil && err2 == nil && (a > wantMajor || a == wantMajor && b >= wantMinor)
}
