package maildir

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fsnotify/fsnotify"

	"tandem"
	"tandem/internal/atomicfile"
	"tandem/provider"
)

var (
	_ provider.Folders       = (*Tree)(nil)
	_ provider.FolderWatcher = (*Tree)(nil)
)

// Tree is the folders below a path. It implements provider.Folders.
type Tree struct{ root string }

// layout is how a tree names the directories of its folders.
type layout uint8

const (
	plusPlus layout = iota // ".A.B": Maildir++
	verbatim               // "A/B": mbsync's SubFolders Verbatim
	legacy                 // "A/.B", below an inbox ".A/.B": mbsync's SubFolders Legacy
)

// style tells from the folders that are there how new ones are named: the layout, and whether names are UTF-8 as they are. A tree of only an inbox is a Maildir++.
func (t *Tree) style(dirs []string) (l layout, raw bool) {
	top := false
	count := map[layout]int{}
	for _, d := range dirs {
		raw = raw || !ascii(d)
		d = filepath.ToSlash(d)
		switch {
		case d == ".":
			top = true
		case strings.Contains(d, "/."):
			count[legacy]++
		case strings.HasPrefix(d, "."):
			count[plusPlus]++
		default:
			count[verbatim]++
		}
	}
	switch {
	case count[legacy] > 0:
		return legacy, raw
	case count[plusPlus] > 0:
		return plusPlus, raw
	case top && count[verbatim] == 0:
		return plusPlus, raw
	}
	return verbatim, raw
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c >= 0x80 }) < 0
}

// dirOf is the directory of a folder with a path, relative to the root.
func (t *Tree) dirOf(path string, dirs []string) (string, error) {
	refuse := func(why string) (string, error) {
		return "", &tandem.Error{Kind: tandem.Invalid, Op: "name mail folder", Thing: path, Err: errors.New(why), Remedy: "choose another name"}
	}
	if strings.EqualFold(path, inbox) {
		return ".", nil
	}
	names := splitPath(path)
	for _, n := range names {
		if n == "" || !utf8.ValidString(n) || strings.ContainsFunc(n, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return refuse("a part of it is empty or not printable")
		}
	}
	l, raw := t.style(dirs)
	dir := t.join(names, l, raw)
	for _, part := range strings.Split(dir, "/") {
		if len(part) > 200 {
			return refuse("it is too long")
		}
	}
	return filepath.FromSlash(dir), nil
}

// join writes the directory of a folder from the names of its levels.
func (t *Tree) join(names []string, l layout, raw bool) string {
	parts := make([]string, len(names))
	for i, n := range names {
		coded := encodeName(n, "./")
		if l != plusPlus {
			coded = encodeName(n, "/")
			if isPart(n) || n[0] == '.' {
				coded = encodeName(n, "/"+n[:1])
			}
		}
		if raw {
			coded = encodeASCII(n, coded)
		}
		if l == legacy && i > 0 {
			coded = "." + coded
		}
		parts[i] = coded
	}
	if l == plusPlus {
		return "." + strings.Join(parts, ".")
	}
	return strings.Join(parts, "/")
}

// encodeASCII is a name as it is where the tree holds names in UTF-8, unless it has characters that must be encoded.
func encodeASCII(plain, coded string) string {
	if decodeName(plain) == plain && !strings.ContainsAny(plain, "./&") && !isPart(plain) {
		return plain
	}
	return coded
}

// at finds the directory of a folder that was found, and checks that it is the same one still.
func (t *Tree) at(f provider.Found, dirs []string) (string, error) {
	for _, d := range dirs {
		if placeOf(filepath.Join(t.root, d)) != f.Place {
			continue
		}
		now, err := foundAt(t.root, d)
		if err != nil {
			return "", err
		}
		if f.Stable != "" && now.Stable != f.Stable {
			return "", &tandem.Error{Kind: tandem.Changed, Op: "find mail folder", Thing: f.Name, Err: errors.New("another folder has its name"), Remedy: "list the folders again"}
		}
		if d == "." {
			return "", &tandem.Error{Kind: tandem.Invalid, Op: "change mail folder", Thing: f.Name, Err: errors.New("it is the inbox, which stays where it is"), Remedy: "choose another folder"}
		}
		return d, nil
	}
	return "", &tandem.Error{Kind: tandem.NotFound, Op: "find mail folder", Thing: f.Name}
}

// dirIn is the directory that a place names, relative to the root.
func (t *Tree) dirIn(place string) string {
	path, err := url.PathUnescape(strings.TrimPrefix(place, "maildir:"))
	if err != nil {
		return ""
	}
	dir, err := filepath.Rel(t.root, filepath.FromSlash(path))
	if err != nil {
		return ""
	}
	return dir
}

func taken(path string) error {
	return &tandem.Error{Kind: tandem.Exists, Op: "name mail folder", Thing: path, Remedy: "choose another name"}
}

// Create implements provider.Folders. What a folder is for can be told by its name only.
func (t *Tree) Create(ctx context.Context, path, _ string) (provider.Found, error) {
	dirs, err := folderDirs(ctx, t.root)
	if err != nil {
		return provider.Found{}, err
	}
	dir, err := t.dirOf(path, dirs)
	if err != nil {
		return provider.Found{}, err
	}
	full := filepath.Join(t.root, dir)
	if dir == "." || isMaildir(full) {
		return provider.Found{}, taken(path)
	}
	if err := t.makeParents(full); err != nil {
		return provider.Found{}, t.trouble(err)
	}
	if err := makeMaildir(full, t.root); err != nil {
		return provider.Found{}, t.trouble(err)
	}
	if l, _ := t.style(dirs); l == plusPlus {
		if f, err := os.OpenFile(filepath.Join(full, "maildirfolder"), os.O_WRONLY|os.O_CREATE, 0o600); err == nil { // README.maildirquota: marks a folder below a Maildir
			f.Close()
		}
	}
	return t.found(ctx, dir)
}

// makeParents makes the directories above a folder's.
func (t *Tree) makeParents(full string) error {
	parent := filepath.Dir(full)
	if isDir(parent) {
		return nil
	}
	if err := t.makeParents(parent); err != nil {
		return err
	}
	info, err := os.Stat(t.root)
	if err != nil {
		return err
	}
	if err := os.Mkdir(parent, info.Mode().Perm()); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	inherit(parent, info)
	return atomicfile.SyncDir(filepath.Dir(parent))
}

// found describes a folder as a listing does.
func (t *Tree) found(ctx context.Context, dir string) (provider.Found, error) {
	all, err := List(ctx, t.root)
	if err != nil {
		return provider.Found{}, err
	}
	place := placeOf(filepath.Join(t.root, dir))
	for _, f := range all {
		if f.Place == place {
			return f, nil
		}
	}
	return provider.Found{}, &tandem.Error{Kind: tandem.NotFound, Op: "find mail folder", Thing: nameOf(dir)}
}

func (t *Tree) trouble(err error) error {
	return (&Replica{path: t.root}).dirTrouble(err)
}

// Rename implements provider.Folders. In a Maildir++ the folders below are directories of their own and are renamed one after another; where that was cut short, the
// same call goes on.
func (t *Tree) Rename(ctx context.Context, from provider.Found, to string) (provider.Found, error) {
	dirs, err := folderDirs(ctx, t.root)
	if err != nil {
		return provider.Found{}, err
	}
	target, err := t.dirOf(to, dirs)
	if err != nil {
		return provider.Found{}, err
	}
	dir, err := t.at(from, dirs)
	if tandem.IsKind(err, tandem.NotFound) && from.Stable != "" {
		if now, e := foundAt(t.root, target); e == nil && now.Stable == from.Stable { // it was done before
			if err := t.renameBelow(t.dirIn(from.Place), target, dirs); err != nil {
				return provider.Found{}, t.trouble(err)
			}
			return t.found(ctx, target)
		}
	}
	if err != nil {
		return provider.Found{}, err
	}
	if dir == target {
		return t.found(ctx, dir)
	}
	if within(target, dir) {
		return provider.Found{}, &tandem.Error{Kind: tandem.Invalid, Op: "rename mail folder", Thing: from.Name, Err: errors.New("a folder cannot be put into itself"), Remedy: "choose another name"}
	}
	full := filepath.Join(t.root, target)
	if err := t.makeParents(full); err != nil {
		return provider.Found{}, t.trouble(err)
	}
	if err := t.renameDir(filepath.Join(t.root, dir), full); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return provider.Found{}, taken(to)
		}
		return provider.Found{}, t.trouble(err)
	}
	if err := t.renameBelow(dir, target, dirs); err != nil {
		return provider.Found{}, t.trouble(err)
	}
	if err := errors.Join(atomicfile.SyncDir(filepath.Dir(full)), atomicfile.SyncDir(filepath.Dir(filepath.Join(t.root, dir)))); err != nil {
		return provider.Found{}, t.trouble(err)
	}
	return t.found(ctx, target)
}

// renameDir gives a directory another name, also one that differs in case only where that is one name to the file system.
func (t *Tree) renameDir(from, to string) error {
	err := atomicfile.RenameNew(from, to)
	if errors.Is(err, fs.ErrExist) {
		a, erra := os.Lstat(from)
		b, errb := os.Lstat(to)
		if erra == nil && errb == nil && os.SameFile(a, b) {
			return os.Rename(from, to)
		}
	}
	return err
}

// renameBelow takes the folders below one along, where they are directories beside it.
func (t *Tree) renameBelow(from, to string, dirs []string) error {
	if len(from) < 2 || from[0] != '.' || strings.ContainsRune(from, filepath.Separator) {
		return nil
	}
	for _, d := range dirs {
		rest, ok := strings.CutPrefix(d, from+".")
		if !ok || strings.ContainsRune(d, filepath.Separator) {
			continue
		}
		if err := t.renameDir(filepath.Join(t.root, d), filepath.Join(t.root, to+"."+rest)); err != nil {
			return err
		}
	}
	return nil
}

// within tells whether dir is below another folder's.
func within(dir, of string) bool {
	return strings.HasPrefix(dir, of+string(filepath.Separator)) || strings.HasPrefix(of, ".") && strings.HasPrefix(dir, of+".")
}

// trashed is the beginning of what a folder's directory is called while it is removed. No program takes it for a folder.
const trashed = "..tandem-removed-"

// Delete implements provider.Folders. The directory gets another name first, so that nobody delivers into it while it is removed.
func (t *Tree) Delete(ctx context.Context, f provider.Found) error {
	dirs, err := folderDirs(ctx, t.root)
	if err != nil {
		return err
	}
	dir, err := t.at(f, dirs)
	if err != nil {
		return err
	}
	t.sweep()
	full, aside := filepath.Join(t.root, dir), filepath.Join(t.root, trashed+token())
	nested := false
	for _, d := range dirs {
		nested = nested || strings.HasPrefix(d, dir+string(filepath.Separator))
	}
	if nested {
		err = t.setAside(full, aside)
	} else {
		err = atomicfile.RenameNew(full, aside)
	}
	if err == nil {
		err = atomicfile.SyncDir(filepath.Dir(full))
	}
	if err == nil {
		err = os.RemoveAll(aside)
	}
	if err != nil {
		return t.trouble(err)
	}
	return nil
}

// setAside takes away what makes a directory a folder, and leaves the folders in it.
func (t *Tree) setAside(full, aside string) error {
	if err := os.Mkdir(aside, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(full)
	if err != nil {
		return err
	}
	// The identity goes first: without it, a directory whose messages are gone is not taken for a folder that lost them.
	if err := os.Rename(filepath.Join(full, idName), filepath.Join(aside, idName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if e.Name() == idName || e.IsDir() && !isPart(e.Name()) {
			continue
		}
		if err := os.Rename(filepath.Join(full, e.Name()), filepath.Join(aside, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes what deletions that were cut short have left.
func (t *Tree) sweep() {
	entries, _ := os.ReadDir(t.root) // what cannot be swept does no harm
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), trashed) && time.Since(info.ModTime()) > time.Hour {
			_ = os.RemoveAll(filepath.Join(t.root, e.Name()))
		}
	}
}

// WatchFolders implements provider.FolderWatcher: folders of a Maildir++ are directories in the root. What is nested deeper is found by listing.
func (t *Tree) WatchFolders(ctx context.Context) (<-chan tandem.Hint, error) {
	w, err := fsnotify.NewWatcher()
	if err == nil {
		if err = w.Add(t.root); err != nil {
			w.Close()
		}
	}
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "watch folders of", Thing: t.root, Err: err, Remedy: "raise the system's limit of watched folders; until then a look now and then finds the changes"}
	}
	r := &Replica{path: t.root, closed: make(chan struct{})}
	t.watchUnfinished(w)
	out := make(chan tandem.Hint, 1)
	go func() { // ends with ctx, or with the watcher
		defer close(out)
		defer w.Close()
		skip := func(base string) bool {
			return strings.HasPrefix(base, "dovecot") || strings.HasPrefix(base, trashed) || base == idName
		}
		r.watch(ctx, w, skip, func() {
			t.watchUnfinished(w)
			hint(out)
		})
	}()
	return out, nil
}

// watchUnfinished watches the directories in the root that are no Maildir yet: what another program is about to make comes in several steps, and only the first of
// them is seen in the root. Directories that are gone drop out by themselves, and those that cannot be watched are found by listing.
func (t *Tree) watchUnfinished(w *fsnotify.Watcher) {
	entries, err := os.ReadDir(t.root)
	if err != nil {
		return // who lists the folders is told
	}
	watched := map[string]bool{}
	for _, path := range w.WatchList() {
		watched[path] = true
	}
	sub := subdirs()
	for _, e := range entries {
		path := filepath.Join(t.root, e.Name())
		if !e.IsDir() || e.Name() == tmpDir || slices.Contains(sub[:], e.Name()) {
			continue
		}
		switch whole := isMaildir(path); {
		case whole && watched[path]:
			_ = w.Remove(path)
		case !whole && !watched[path]:
			_ = w.Add(path)
		}
	}
}
