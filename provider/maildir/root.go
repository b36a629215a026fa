package maildir

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"tandem"
	"tandem/internal/atomicfile"
	"tandem/provider"
)

// idName is the file that holds a folder's identity. It is no hidden folder as in other places: in a Maildir++ that would be a mail folder.
const idName = "tandem-id"

// subdirs are the directories with messages, in the order in which they must be read: messages move from the first to the second and never back.
func subdirs() [2]string { return [2]string{"new", "cur"} }

const tmpDir = "tmp"

// marker is what the identity's file holds.
type marker struct {
	Store string `json:"store"`
	Epoch string `json:"epoch"`
}

// openRoot checks that the folder is there and a Maildir, plants its identity and learns its traits.
func (r *Replica) openRoot() error {
	info, err := os.Stat(r.path)
	if err == nil && !info.IsDir() {
		return &tandem.Error{Kind: tandem.Invalid, Op: "open Maildir", Thing: r.path, Err: errors.New("it is a file"), Remedy: "name the folder that holds cur, new and tmp"}
	}
	if err != nil {
		return r.rootTrouble(err)
	}
	r.perm, r.stable = info.Mode().Perm(), stableInodes(r.path)
	r.readOnly = !writable(r.path) || !writable(filepath.Join(r.path, "cur")) && isDir(filepath.Join(r.path, "cur"))
	if err := r.becomeMaildir(); err != nil {
		return err
	}
	r.identity, err = readIdentity(r.path, r.stable)
	if errors.Is(err, fs.ErrNotExist) && !r.readOnly {
		if err = r.plant(); err == nil {
			r.identity, err = readIdentity(r.path, r.stable)
		}
	}
	switch {
	case err == nil:
		r.planted = true
	case r.readOnly:
		r.identity = r.fingerprint(info)
	default:
		return r.dirTrouble(err)
	}
	return nil
}

// becomeMaildir makes what is missing in a folder that holds nothing else: Maildirs are made by whoever delivers the first message.
func (r *Replica) becomeMaildir() error {
	if isMaildir(r.path) {
		return r.mend()
	}
	names, err := readNames(r.path)
	if err != nil {
		return r.rootTrouble(err)
	}
	if slices.Contains(names, idName) {
		return &tandem.Error{Kind: tandem.Unreadable, Op: "open Maildir", Thing: r.path, Err: errors.New("the folder cur is gone"), Remedy: "put it back; if all messages were meant to go, make an empty one"}
	}
	for _, n := range names {
		if info, err := os.Stat(filepath.Join(r.path, n)); n != "new" && n != tmpDir && n[0] != '.' && (err != nil || !info.IsDir() || !isMaildir(filepath.Join(r.path, n))) {
			return &tandem.Error{Kind: tandem.Invalid, Op: "open Maildir", Thing: r.path, Err: fmt.Errorf("there is no folder cur in it, but %s", n), Remedy: "name a Maildir, or an empty folder that becomes one"}
		}
	}
	if r.readOnly {
		return &tandem.Error{Kind: tandem.Invalid, Op: "open Maildir", Thing: r.path, Err: errors.New("it is empty and cannot be written to"), Remedy: "name a Maildir"}
	}
	return makeMaildir(r.path, r.path)
}

// mend makes tmp and new where a program that knows no empty folders, such as a backup, lost them.
func (r *Replica) mend() error {
	if r.readOnly || isDir(filepath.Join(r.path, tmpDir)) && isDir(filepath.Join(r.path, "new")) {
		return nil
	}
	return makeMaildir(r.path, r.path)
}

// isMaildir tells whether a folder is a Maildir: the directory cur is there.
func isMaildir(path string) bool { return isDir(filepath.Join(path, "cur")) }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// makeMaildir makes the directories of a Maildir at path that are missing, durably, with the permissions and the owner that like has.
func makeMaildir(path, like string) error {
	info, err := os.Stat(like)
	if err != nil {
		return err
	}
	for _, dir := range []string{path, filepath.Join(path, tmpDir), filepath.Join(path, "new"), filepath.Join(path, "cur")} {
		if err := os.Mkdir(dir, info.Mode().Perm()); err != nil {
			if errors.Is(err, fs.ErrExist) && isDir(dir) {
				continue
			}
			return err
		}
		inherit(dir, info)
	}
	if err := atomicfile.SyncDir(path); err != nil {
		return err
	}
	return atomicfile.SyncDir(filepath.Dir(path))
}

func (r *Replica) rootTrouble(err error) error {
	remedy, why := "check that its disk is mounted and that you may read it", cause(err)
	if errors.Is(err, fs.ErrNotExist) {
		remedy, why = "if it is on a disk that is not mounted, mount it; if it is new, make it with mkdir", &provider.Missing{Err: why}
	}
	return &tandem.Error{Kind: tandem.Unreadable, Op: "open Maildir", Thing: r.path, Err: why, Remedy: remedy}
}

// dirTrouble is trouble with writing to the folder as a whole.
func (r *Replica) dirTrouble(err error) error {
	var known *tandem.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case isFull(err):
		return &tandem.Error{Kind: tandem.Full, Op: "write to Maildir", Thing: r.path, Err: cause(err), Remedy: "make room on the disk, then run again"}
	}
	return &tandem.Error{Kind: tandem.Unreadable, Op: "write to Maildir", Thing: r.path, Err: cause(err), Remedy: "check that its disk is mounted and that you may write to it"}
}

// cause is a file system's error without the path, which the error around it names.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return err
}

// plant gives the folder an identity. When two do so at once, the first one's counts.
func (r *Replica) plant() error {
	data, err := json.Marshal(marker{Store: token(), Epoch: token()})
	if err != nil {
		return err
	}
	path := filepath.Join(r.path, idName)
	if err = atomicfile.WriteNew(path, append(data, '\n'), r.filePerm()); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	r.giveToOwner(path)
	return nil
}

func token() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// readIdentity reads what was planted. Where inode numbers last, the marker's own is part of the epoch: a folder that was copied or restored from a backup has
// another.
func readIdentity(dir string, stable bool) (tandem.Identity, error) {
	path := filepath.Join(dir, idName)
	data, err := os.ReadFile(path)
	if err != nil {
		return tandem.Identity{}, err
	}
	var m marker
	if err := json.Unmarshal(data, &m); err != nil || m.Store == "" || m.Epoch == "" {
		return tandem.Identity{}, &tandem.Error{Kind: tandem.Invalid, Op: "read", Thing: path, Err: errors.New("it is damaged"),
			Remedy: "delete it; the next run then compares everything anew and deletes nothing"}
	}
	id := tandem.Identity{Store: m.Store, Epoch: m.Epoch}
	if info, err := os.Stat(path); err == nil && stable {
		if ino := printOf(info).ino; ino != 0 {
			id.Epoch += "-" + strconv.FormatUint(ino, 36)
		}
	}
	return id, nil
}

// fingerprint stands in for an identity that cannot be planted.
func (r *Replica) fingerprint(info fs.FileInfo) tandem.Identity {
	if ino := printOf(info).ino; ino != 0 && r.stable {
		return tandem.Identity{Store: fmt.Sprintf("maildir-%x-%s", ino, r.path)}
	}
	return tandem.Identity{Store: "maildir-" + r.path}
}

// checkRoot makes sure that the folder is still the one that was opened: not unmounted, not replaced, not taken apart.
func (r *Replica) checkRoot() error {
	info, err := os.Stat(r.path)
	if err != nil {
		return r.rootTrouble(err)
	}
	id := r.fingerprint(info)
	if r.planted {
		id, err = readIdentity(r.path, r.stable)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return r.rootTrouble(err)
		}
	}
	if id != r.identity {
		return &tandem.Error{Kind: tandem.Gone, Op: "read Maildir", Thing: r.path, Err: errors.New("another folder is in its place since it was opened"),
			Remedy: "check that its disk is still mounted, then run again"}
	}
	return nil
}

// filePerm are the permissions of new files: those of the folder, as Dovecot does it, since mail is nobody else's business.
func (r *Replica) filePerm() fs.FileMode { return r.perm & 0o666 }

// giveToOwner gives a file that we made to the folder's owner, where that is somebody else and we may.
func (r *Replica) giveToOwner(path string) {
	if info, err := os.Stat(r.path); err == nil {
		inherit(path, info)
	}
}
