package files

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"tandem"
)

// traits is what a file system is like.
type traits struct {
	stableInodes bool  // an inode number means the same file after the disk was mounted again
	granularity  int64 // nanoseconds within which two changes may show the same time, 0: never
}

const (
	localGranularity  = 20e6
	fatGranularity    = 2500e6
	remoteGranularity = 3000e6 // also covers clocks that are slightly apart
)

// anyMode is a umask that leaves no permission to chance.
const anyMode = 0o7777

var (
	errNotRegular = errors.New("it is not a regular file")
	errChanged    = tandem.Errorf(tandem.Changed, "it changed while it was read")
)

// base and parent split an id; the parent of a top-level id is "".
func base(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func parent(id string) string { return id[:max(strings.LastIndexByte(id, '/'), 0)] }

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// makeAll opens the directory rel below f, making what is missing of it.
func (f *folder) makeAll(rel string, perm uint32) (*folder, error) {
	if sub, err := f.sub(rel); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return sub, err
	}
	at, err := f.again()
	if err != nil {
		return nil, err
	}
	for rel != "" {
		var name string
		name, rel, _ = strings.Cut(rel, "/")
		if err := at.mkdir(name, perm); err != nil && !errors.Is(err, fs.ErrExist) {
			at.close()
			return nil, err
		}
		next, err := at.child(name)
		at.close()
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// removeAll removes the entry called name and all that is below it, and returns the bytes of the files. It removes
// what it can and returns the first error.
func (f *folder) removeAll(name string) (freed int64, first error) {
	st, err := f.stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if st.kind != dir {
		if err := f.unlink(name); err != nil {
			return 0, err
		}
		return st.size, nil
	}
	sub, err := f.child(name)
	if err != nil {
		if err := f.chmod(name, 0o700, func(*stat) error { return nil }); err != nil {
			return 0, err
		}
		if sub, err = f.child(name); err != nil {
			return 0, err
		}
	}
	if st.mode&0o700 != 0o700 {
		_ = f.chmod(name, 0o700, func(*stat) error { return nil })
	}
	var names []string
	err = sub.list(newLister(), func(name []byte, _ *stat, _ error) error {
		names = append(names, string(name))
		return nil
	})
	for _, n := range names {
		size, rerr := sub.removeAll(n)
		freed += size
		if err == nil {
			err = rerr
		}
	}
	sub.close()
	if rerr := f.rmdir(name); rerr != nil && err == nil {
		err = rerr
	}
	return freed, err
}

// folders keeps directories open while many entries in few of them are worked on. It belongs to one goroutine.
type folders struct {
	root  *folder
	open  map[string]*folder
	order []string
}

// maxFolders bounds the descriptors one cache holds.
const maxFolders = 32

func newFolders(root *folder) *folders { return &folders{root: root, open: map[string]*folder{}} }

// at returns the directory rel, which stays open until the next call.
func (c *folders) at(rel string) (*folder, error) {
	if f, ok := c.open[rel]; ok {
		return f, nil
	}
	f, err := c.root.sub(rel)
	if err != nil {
		return nil, err
	}
	c.put(rel, f)
	return f, nil
}

func (c *folders) put(rel string, f *folder) {
	if len(c.order) >= maxFolders {
		c.open[c.order[0]].close()
		delete(c.open, c.order[0])
		c.order = c.order[1:]
	}
	c.open[rel] = f
	c.order = append(c.order, rel)
}

// forget closes all: their names may be others' now.
func (c *folders) forget() {
	for _, f := range c.open {
		f.close()
	}
	clear(c.open)
	c.order = c.order[:0]
}

// classify gives a system error the kind it has here. op is a verb, id what it is about.
func classify(op string, id tandem.ID, err error) error {
	if err == nil {
		return nil
	}
	var known *tandem.Error
	if errors.As(err, &known) && known.Thing == "" {
		return &tandem.Error{Kind: known.Kind, Op: op, Thing: show(string(id)), Err: known.Err, Remedy: known.Remedy}
	} else if known != nil {
		return err
	}
	e := &tandem.Error{Kind: tandem.Unreadable, Op: op, Thing: show(string(id)), Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Kind = tandem.NotFound
	case errors.Is(err, fs.ErrExist):
		e.Kind = tandem.Exists
	case isReadOnly(err):
		e.Kind, e.Remedy = tandem.Denied, "mount the disk writable"
	case errors.Is(err, fs.ErrPermission):
		e.Kind, e.Remedy = tandem.Denied, "check its permissions and owner"
	case isFull(err):
		e.Kind, e.Remedy = tandem.Full, "make room on the disk"
	case isBadName(err):
		e.Kind = tandem.Invalid
	case isTooLarge(err):
		e.Kind = tandem.TooLarge
	}
	return e
}

// show spells a path for people: names that hold control characters or are not UTF-8 are quoted.
func show(id string) string {
	for _, r := range id {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return quote(id)
		}
	}
	return id
}

// checkID tells whether an id is a path that can lie in a tree.
func checkID(id tandem.ID) error {
	s := string(id)
	if s == "" || path.Clean("/"+s) != "/"+s || strings.IndexByte(s, 0) >= 0 {
		return tandem.Errorf(tandem.Invalid, "%s is not a path below the root", quote(s))
	}
	for rest := s; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		if isOurs(name) {
			return tandem.Errorf(tandem.Invalid, "the name %s is Tandem's own", metaName)
		}
		if err := checkName(name); err != nil {
			return err
		}
	}
	return nil
}

// syncFile makes an existing file's content durable.
func (f *folder) syncFile(name string) error {
	file, err := f.open(name)
	if err != nil {
		return err
	}
	err = file.Sync()
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	return err
}

// writeNew makes a small file durably; it must not exist.
func (f *folder) writeNew(name string, data []byte) error {
	file, err := f.create(name, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = f.unlink(name)
	}
	return err
}

// readAll reads a small file that is ours.
func (f *folder) readAll(name string, limit int64) ([]byte, error) {
	file, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	st, err := statFile(file)
	if err != nil {
		return nil, err
	}
	if st.kind != regular || st.size > limit {
		return nil, &os.PathError{Op: "read", Path: name, Err: errNotRegular}
	}
	buf := make([]byte, st.size)
	n, err := readFull(file, buf)
	return buf[:n], err
}

// notThere reports whether an entry, or the directory it lies in, is absent.
func notThere(err error) bool { return errors.Is(err, fs.ErrNotExist) || isNotFolder(err) }

// spells reports whether the directory lists an entry in exactly this spelling.
func (f *folder) spells(name string) (yes bool) {
	again, err := f.again() // listing moves a directory's position
	if err != nil {
		return false
	}
	defer again.close()
	_ = again.list(newLister(), func(entry []byte, _ *stat, _ error) error {
		yes = yes || string(entry) == name
		return nil
	})
	return yes
}
