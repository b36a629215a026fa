package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/windows"

	"tandem"
)

// hasModes: this system has no permission bits worth keeping.
const hasModes = false

// The defaults of this system's disks, where a place cannot be probed.
const (
	foldsByDefault = true
	nfcByDefault   = false
)

// folder is a directory below an open root. os.Root sees to it that nothing outside is reached; links are looked for
// before a path is used. Methods may be used concurrently, but not with close.
type folder struct {
	root     *os.Root // of the tree
	rel      string   // "" is the root itself
	lockFile *os.File
	owns     bool // closes root
}

func openFolder(path string) (*folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &folder{root: root, owns: true}, nil
}

func (f *folder) close() {
	f.unlock()
	if f.owns {
		_ = f.root.Close()
	}
}

func (f *folder) at(name string) string {
	if p := path.Join(f.rel, name); p != "" {
		return p
	}
	return "."
}

func (f *folder) again() (*folder, error) { return &folder{root: f.root, rel: f.rel}, nil }

// sub opens a directory below; rel "" is f itself.
func (f *folder) sub(rel string) (*folder, error) {
	at, _ := f.again()
	for rel != "" {
		var name string
		name, rel, _ = strings.Cut(rel, "/")
		next, err := at.child(name)
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// child opens a directory in f.
func (f *folder) child(name string) (*folder, error) {
	info, err := f.root.Lstat(f.at(name))
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.ENOTDIR}
	}
	return &folder{root: f.root, rel: f.at(name)}, nil
}

func (f *folder) openFlags(name string, flags int) (*os.File, error) {
	info, err := f.root.Lstat(f.at(name))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	return f.root.OpenFile(f.at(name), flags, 0)
}

func (f *folder) open(name string) (*os.File, error) { return f.openFlags(name, os.O_RDONLY) }

func (f *folder) openWrite(name string) (*os.File, error) { return f.openFlags(name, os.O_RDWR) }

// create makes a file that must not exist, open for reading and writing.
func (f *folder) create(name string, _ uint32) (*os.File, error) {
	return f.root.OpenFile(f.at(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
}

// readWhole reads a small regular file into buf and tells its state after the last byte was read. more is set if buf
// is too short.
func (f *folder) readWhole(name string, buf []byte) (n int, st stat, more bool, err error) {
	file, err := f.open(name)
	if err != nil {
		return 0, st, false, err
	}
	defer file.Close()
	n, err = io.ReadFull(file, buf)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	if err == nil {
		st, err = statFile(file)
	}
	return n, st, int64(n) < st.size, err
}

// createWhole makes a file that must not exist with this content and tells its state.
func (f *folder) createWhole(name string, data []byte, w *wanted, umask uint32) (st stat, err error) {
	file, err := f.create(name, 0)
	if err != nil {
		return st, err
	}
	_, err = file.Write(data)
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err == nil && w.hasMtime {
		err = f.setTime(name, w.mtime)
	}
	if err == nil {
		st, err = f.stat(name)
	}
	if err != nil {
		_ = f.unlink(name)
	}
	return st, err
}

// settle gives the open file called name the wanted time.
func (f *folder) settle(_ *os.File, name string, w *wanted, _ uint32) error {
	if w.hasMtime {
		return f.setTime(name, w.mtime)
	}
	return nil
}

// perm is the mode to create with.
func (w *wanted) perm(otherwise uint32) uint32 { return otherwise }

func fromInfo(info fs.FileInfo) stat {
	st := stat{kind: special, size: info.Size(), room: -1, mtime: info.ModTime().UnixNano()}
	switch {
	case info.Mode().IsRegular():
		st.kind = regular
	case info.IsDir():
		st.kind = dir
	case info.Mode()&fs.ModeSymlink != 0:
		st.kind = link
	}
	if d, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		st.btime = d.CreationTime.Nanoseconds()
	}
	return st
}

func (f *folder) stat(name string) (stat, error) {
	info, err := f.root.Lstat(f.at(name))
	if err != nil {
		return stat{}, err
	}
	return fromInfo(info), nil
}

func (f *folder) self() (stat, error) { return f.stat("") }

func statFile(file *os.File) (stat, error) {
	info, err := file.Stat()
	if err != nil {
		return stat{}, err
	}
	return fromInfo(info), nil
}

// lister is the memory that listing a directory takes, to be used again.
type lister struct{}

func newLister() *lister { return &lister{} }

// list calls visit for every entry, with its state or why that is not known. The name is valid during the call only.
// It stops with visit's error.
func (f *folder) list(_ *lister, visit func(name []byte, st *stat, err error) error) error {
	d, err := f.root.Open(f.at(""))
	if err != nil {
		return err
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	if err != nil {
		return err
	}
	for _, e := range entries {
		var st stat
		info, err := e.Info()
		if err == nil {
			st = fromInfo(info)
		}
		if err := visit([]byte(e.Name()), &st, err); err != nil {
			return err
		}
	}
	return nil
}

// chmod has nothing to do here but to check.
func (f *folder) chmod(name string, _ uint32, check func(*stat) error) error {
	st, err := f.stat(name)
	if err != nil {
		return err
	}
	return check(&st)
}

func (f *folder) setTime(name string, mtime int64) error {
	return f.root.Chtimes(f.at(name), time.Time{}, time.Unix(0, mtime))
}

func (f *folder) mkdir(name string, _ uint32) error { return f.root.Mkdir(f.at(name), 0o777) }

func (f *folder) symlink(target, name string) error { return f.root.Symlink(target, f.at(name)) }

func (f *folder) readlink(name string) (string, error) { return f.root.Readlink(f.at(name)) }

// rename gives an entry another name, replacing a file there. It tries again for a moment while a virus scanner or an
// indexer holds the file open.
func (f *folder) rename(name string, to *folder, toName string) (err error) {
	for wait := time.Millisecond; wait < 200*time.Millisecond; wait *= 2 {
		err = f.root.Rename(f.at(name), to.at(toName))
		if !errors.Is(err, windows.ERROR_SHARING_VIOLATION) && !errors.Is(err, windows.ERROR_ACCESS_DENIED) {
			return err
		}
		time.Sleep(wait)
	}
	return err
}

// link gives a file a second name, which must be free.
func (f *folder) link(name string, to *folder, toName string) error {
	return f.root.Link(f.at(name), to.at(toName))
}

// renameNew gives an entry another name, which must be free. The system call would replace, so it is looked at first.
func (f *folder) renameNew(name string, to *folder, toName string) error {
	if _, err := to.stat(toName); err == nil {
		return fs.ErrExist
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f.rename(name, to, toName)
}

// exchange swaps two entries; errors.ErrUnsupported where that is not possible.
func (f *folder) exchange(string, *folder, string) error { return errors.ErrUnsupported }

func (f *folder) unlink(name string) error { return f.root.Remove(f.at(name)) }

func (f *folder) rmdir(name string) error { return f.root.Remove(f.at(name)) }

// sync has nothing to do: the system journals names.
func (f *folder) sync() error { return nil }

// lock takes the directory's lock, which dies with the process. busy is set when somebody else has it and wait is not.
func (f *folder) lock(wait bool) (busy bool, err error) {
	file, err := f.root.OpenFile(f.at("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, err
	}
	flags := uint32(windows.LOCKFILE_EXCLUSIVE_LOCK)
	if !wait {
		flags |= windows.LOCKFILE_FAIL_IMMEDIATELY
	}
	err = windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if err != nil {
		file.Close()
		return errors.Is(err, windows.ERROR_LOCK_VIOLATION), nil
	}
	f.lockFile = file
	return false, nil
}

func (f *folder) unlock() {
	if f.lockFile != nil {
		_ = f.lockFile.Close()
		f.lockFile = nil
	}
}

// syncAll makes everything written to the file system durable; errors.ErrUnsupported where there is no such call.
func (f *folder) syncAll() error { return errors.ErrUnsupported }

// canSyncAll: files must be synced one by one.
const canSyncAll = false

func startWriting(*os.File, int64, int64, int64) {}

func clone(_, _ *os.File) error { return errors.ErrUnsupported }

// lease: a file that is open elsewhere without sharing cannot be opened for writing here anyway.
func lease(*os.File) (func(), bool) { return func() {}, false }

func preallocate(*os.File, int64) error { return nil }

func umask() uint32 { return 0 }

// traits tells what the file system of f is like.
func (f *folder) traits() traits { return traits{stableInodes: false, granularity: localGranularity} }

// writable reports whether entries may be made in the directory; here only trying tells.
func (f *folder) writable() bool { return true }

// Tests for what the system's errors mean here.

func isNotEmpty(err error) bool { return errors.Is(err, windows.ERROR_DIR_NOT_EMPTY) }
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
func isReadOnly(err error) bool    { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }
func isCrossDevice(err error) bool { return errors.Is(err, windows.ERROR_NOT_SAME_DEVICE) }
func isNotFolder(err error) bool   { return errors.Is(err, syscall.ENOTDIR) }
func isBadName(err error) bool {
	return errors.Is(err, windows.ERROR_INVALID_NAME) || errors.Is(err, windows.ERROR_FILENAME_EXCED_RANGE)
}
func isTooLarge(err error) bool { return errors.Is(err, windows.ERROR_FILE_TOO_LARGE) }

// checkName refuses what this system cannot hold, or would take for something else.
func checkName(name string) error {
	if strings.ContainsAny(name, `\:*?"<>|`) || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") {
		return tandem.Errorf(tandem.Invalid, "Windows cannot hold the name %s", quote(name))
	}
	for _, c := range name {
		if c < ' ' {
			return tandem.Errorf(tandem.Invalid, "Windows cannot hold the name %s", quote(name))
		}
	}
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem = strings.TrimRight(stem, " "); stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return tandem.Errorf(tandem.Invalid, "the name %s is reserved on Windows", quote(name))
	}
	if len(stem) == 4 && (stem[:3] == "COM" || stem[:3] == "LPT") && stem[3] >= '0' && stem[3] <= '9' {
		return tandem.Errorf(tandem.Invalid, "the name %s is reserved on Windows", quote(name))
	}
	return nil
}

// nameRule is the rule for ids of Features.Names.
const nameRule = "windows"

// tooManyFiles: the process or the system has no descriptors left.
func tooManyFiles(err error) bool { return errors.Is(err, windows.ERROR_TOO_MANY_OPEN_FILES) }
