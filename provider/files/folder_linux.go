package files

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

const statMask = unix.STATX_BASIC_STATS | unix.STATX_BTIME

// openBeneath opens a directory below in one call. done is false where the kernel cannot, or the path is too long for it.
func (f *folder) openBeneath(rel string) (sub *folder, err error, done bool) {
	if len(rel) >= unix.PathMax {
		return nil, nil, false
	}
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	}
	for {
		fd, err := unix.Openat2(f.fd, rel, &how)
		switch err {
		case nil:
			return &folder{fd}, nil, true
		case unix.EINTR, unix.EAGAIN: // EAGAIN: a rename elsewhere, try again
			continue
		case unix.ENOSYS, unix.EPERM, unix.EINVAL, unix.E2BIG: // an old kernel, or a sandbox that forbids it
			return nil, nil, false
		}
		return nil, err, true
	}
}

func (f *folder) stat(name string) (stat, error) { return statx(f.fd, name, unix.AT_SYMLINK_NOFOLLOW) }

func (f *folder) self() (stat, error) { return statFD(f.fd) }

func statFD(fd int) (stat, error) { return statx(fd, "", unix.AT_EMPTY_PATH) }

func statx(fd int, name string, flags int) (stat, error) {
	var x unix.Statx_t
	for {
		err := unix.Statx(fd, name, flags|unix.AT_NO_AUTOMOUNT, statMask, &x)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return stat{}, err
		}
	}
	var st stat
	fromStatx(&x, &st)
	return st, nil
}

func fromStatx(x *unix.Statx_t, st *stat) {
	st.kind = kindOf(uint32(x.Mode))
	st.mode = uint32(x.Mode) & 0o777
	st.dev = uint64(x.Dev_major)<<32 | uint64(x.Dev_minor)
	st.ino = x.Ino
	st.size = int64(x.Size)
	st.room = int64(x.Blocks) * 512
	st.mtime = x.Mtime.Sec*1e9 + int64(x.Mtime.Nsec)
	st.ctime = x.Ctime.Sec*1e9 + int64(x.Ctime.Nsec)
	st.btime = 0
	if x.Mask&unix.STATX_BTIME != 0 {
		st.btime = x.Btime.Sec*1e9 + int64(x.Btime.Nsec)
	}
}

func kindOf(mode uint32) byte {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return regular
	case unix.S_IFDIR:
		return dir
	case unix.S_IFLNK:
		return link
	}
	return special
}

// lister is the memory that listing a directory takes, to be used again.
type lister struct {
	buf []byte
	x   unix.Statx_t
}

func newLister() *lister { return &lister{buf: make([]byte, 128<<10)} }

// list calls visit for every entry, with its state or why that is not known. The name is valid during the call only.
// It stops with visit's error. Names go from one system call to the next without being copied, since this is where a
// scan spends its time.
func (f *folder) list(l *lister, visit func(name []byte, st *stat, err error) error) error {
	const header = int(unsafe.Offsetof(unix.Dirent{}.Name))
	var st stat
	for {
		n, err := unix.Getdents(f.fd, l.buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return err
		}
		for at := 0; at+header < n; {
			rec := (*unix.Dirent)(unsafe.Pointer(&l.buf[at]))
			name := l.buf[at+header : at+int(rec.Reclen)]
			at += int(rec.Reclen)
			end := 0
			for name[end] != 0 {
				end++
			}
			if rec.Ino == 0 || end == 1 && name[0] == '.' || end == 2 && name[0] == '.' && name[1] == '.' {
				continue
			}
			err := f.statName(&name[0], &l.x)
			if err == nil {
				fromStatx(&l.x, &st)
			}
			if err := visit(name[:end], &st, err); err != nil {
				return err
			}
		}
	}
}

// statName is statx for a name that ends in a zero byte.
func (f *folder) statName(name *byte, x *unix.Statx_t) error {
	for {
		_, _, no := unix.Syscall6(unix.SYS_STATX, uintptr(f.fd), uintptr(unsafe.Pointer(name)),
			unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, statMask, uintptr(unsafe.Pointer(x)), 0)
		switch no {
		case 0:
			return nil
		case unix.EINTR:
			continue
		}
		return no
	}
}

func timesFor(mtime int64) []unix.Timespec {
	return []unix.Timespec{{Nsec: unix.UTIME_OMIT}, unix.NsecToTimespec(mtime)}
}

func (*folder) setTimeFD(fd int, _ string, mtime int64) error {
	ts := timesFor(mtime)
	_, _, no := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&ts[0])), 0, 0, 0)
	if no != 0 {
		return no
	}
	return nil
}

// renameNew gives an entry another name, which must be free.
func (f *folder) renameNew(name string, to *folder, toName string) error {
	err := unix.Renameat2(f.fd, name, to.fd, toName, unix.RENAME_NOREPLACE)
	if err == unix.EINVAL || err == unix.ENOSYS {
		return f.renameNewPortable(name, to, toName)
	}
	return err
}

// exchange swaps two entries; errors.ErrUnsupported where that is not possible.
func (f *folder) exchange(name string, to *folder, toName string) error {
	err := unix.Renameat2(f.fd, name, to.fd, toName, unix.RENAME_EXCHANGE)
	if err == unix.EINVAL || err == unix.ENOSYS {
		return errors.ErrUnsupported
	}
	return err
}

// syncAll makes everything written to the file system durable; errors.ErrUnsupported where there is no such call.
func (f *folder) syncAll() error {
	for {
		if err := unix.Syncfs(f.fd); err != unix.EINTR {
			return err
		}
	}
}

// canSyncAll: files need not be synced one by one.
const canSyncAll = true

// startWriting asks for a part of a file to be written back soon, and waits for an earlier part, so that a large copy
// goes at the speed of the disk and can be stopped at any time.
func startWriting(file *os.File, off, n, window int64) {
	_ = control(file, func(fd int) error {
		_ = unix.SyncFileRange(fd, off, n, unix.SYNC_FILE_RANGE_WRITE)
		if off >= window {
			_ = unix.SyncFileRange(fd, off-window, n, unix.SYNC_FILE_RANGE_WAIT_BEFORE|unix.SYNC_FILE_RANGE_WRITE|unix.SYNC_FILE_RANGE_WAIT_AFTER)
		}
		return nil
	})
}

// clone makes to share the blocks of from, on file systems that can.
func clone(to, from *os.File) error {
	return control(to, func(tofd int) error {
		return control(from, func(fromfd int) error { return unix.IoctlFileClone(tofd, fromfd) })
	})
}

// lease keeps everybody else from opening a file that is open nowhere else, until the returned function is called.
// busy: it is open elsewhere. Where the file system has no leases there is no protection and no error.
func lease(file *os.File) (release func(), busy bool) {
	set := func(how int) error {
		return control(file, func(fd int) error {
			_, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, how)
			return err
		})
	}
	if err := set(unix.F_WRLCK); err != nil {
		return func() {}, errors.Is(err, unix.EAGAIN)
	}
	return func() { _ = set(unix.F_UNLCK) }, false
}

// preallocate reserves room for a file, so that a full disk shows before the copy. Where it cannot, nothing happens.
func preallocate(file *os.File, size int64) error {
	err := control(file, func(fd int) error { return unix.Fallocate(fd, 0, 0, size) })
	if isFull(err) {
		return err
	}
	return nil
}

// umask is the process's mask, read without changing it.
func umask() uint32 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return anyMode // not known: every mode is set explicitly
	}
	_, rest, ok := strings.Cut(string(data), "\nUmask:\t")
	if !ok {
		return anyMode
	}
	var n uint32
	for _, c := range []byte(rest) {
		if c < '0' || c > '7' {
			break
		}
		n = n<<3 | uint32(c-'0')
	}
	return n
}

// Numbers of file systems in statfs(2).
const (
	magicFAT   = 0x4d44
	magicExFAT = 0x2011bab0
	magicNFS   = 0x6969
	magicSMB   = 0x517b
	magicCIFS  = 0xff534d42
	magicSMB2  = 0xfe534d42
	magicFUSE  = 0x65735546
	magic9P    = 0x01021997
	magicExt   = 0xef53
	magicXFS   = 0x58465342
	magicBtrfs = 0x9123683e
	magicTmpfs = 0x01021994
)

// traits tells what the file system of f is like.
func (f *folder) traits() traits {
	t := traits{stableInodes: true, granularity: localGranularity}
	var s unix.Statfs_t
	if err := unix.Fstatfs(f.fd, &s); err != nil {
		return t
	}
	switch uint32(s.Type) {
	case magicFAT, magicExFAT:
		t.stableInodes, t.granularity = false, fatGranularity
	case magicNFS, magicSMB, magicCIFS, magicSMB2, magicFUSE, magic9P:
		t.stableInodes, t.granularity = false, remoteGranularity
	case magicExt, magicXFS, magicBtrfs, magicTmpfs:
		if exactTimes() {
			t.granularity = 0
		}
	}
	return t
}

// exactTimes reports whether the kernel gives a file that changes after its times were looked at a time of its own, as
// of Linux 6.13 ("multigrain timestamps").
func exactTimes() bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	major, rest, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, err1 := strconv.Atoi(major)
	b, err2 := strconv.Atoi(minor)
	return err1 == nil && err2 == nil && (a > 6 || a == 6 && b >= 13)
}
