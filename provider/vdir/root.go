package vdir

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"tandem"
	"tandem/internal/atomicfile"
)

// metaName is the folder of ours in a place, and idName the identity's file in it. Both are shared with other
// providers of folders: a folder is one store, however it is opened.
const (
	metaName = ".tandem"
	idName   = "id"
)

// marker is what the identity's file holds.
type marker struct {
	Store string `json:"store"`
	Epoch string `json:"epoch"`
}

// openRoot checks that the folder is there, plants its identity and learns its traits.
func (r *Replica) openRoot() error {
	info, err := os.Stat(r.path)
	if err == nil && !info.IsDir() {
		return &tandem.Error{Kind: tandem.Invalid, Op: "open folder", Thing: r.path, Err: errors.New("it is a file"),
			Remedy: "name the folder that holds the records"}
	}
	if err == nil {
		err = readable(r.path)
	}
	if err != nil {
		return r.rootTrouble(err)
	}
	r.stable, r.times, r.nameless = stableInodes(r.path), timesOf(r.path), namelessFiles(r.path)
	r.readOnly = !writable(r.path)
	r.identity, err = r.readIdentity()
	if errors.Is(err, fs.ErrNotExist) && !r.readOnly {
		if err = r.plant(); err == nil {
			r.identity, err = r.readIdentity()
		}
	}
	switch {
	case err == nil:
		r.planted = true
	case r.readOnly:
		r.identity = r.fingerprint(info)
	default:
		return err
	}
	r.foldCase, r.nfc = r.probeNames()
	return nil
}

// readable tells why a folder's entries cannot be read.
func readable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err = f.Readdirnames(1); errors.Is(err, io.EOF) {
		err = nil
	}
	return err
}

func (r *Replica) rootTrouble(err error) error {
	remedy := "check that its disk is mounted and that you may read it"
	if errors.Is(err, fs.ErrNotExist) {
		remedy = "if it is on a disk that is not mounted, mount it; if it is new, make it with mkdir"
	}
	return &tandem.Error{Kind: tandem.Unreadable, Op: "open folder", Thing: r.path, Err: cause(err), Remedy: remedy}
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
	meta := filepath.Join(r.path, metaName)
	if err := os.Mkdir(meta, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return r.metaTrouble(err)
	}
	data, err := json.Marshal(marker{Store: token(), Epoch: token()})
	if err != nil {
		return err
	}
	err = atomicfile.WriteNew(filepath.Join(meta, idName), append(data, '\n'), 0o600)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return r.metaTrouble(err)
	}
	return nil
}

func (r *Replica) metaTrouble(err error) error {
	if isFull(err) {
		return &tandem.Error{Kind: tandem.Full, Op: "open folder", Thing: filepath.Join(r.path, metaName), Err: cause(err), Remedy: "make room on the disk"}
	}
	return &tandem.Error{Kind: tandem.Unreadable, Op: "open folder", Thing: filepath.Join(r.path, metaName), Err: cause(err),
		Remedy: "it must be a folder that you may write to; move whatever is there out of the way"}
}

func token() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// readIdentity reads what was planted. Where inode numbers last, the marker's own is part of the epoch: a folder that
// was copied or restored from a backup has another.
func (r *Replica) readIdentity() (tandem.Identity, error) {
	path := filepath.Join(r.path, metaName, idName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return tandem.Identity{}, err
	}
	if err != nil {
		return tandem.Identity{}, r.metaTrouble(err)
	}
	var m marker
	if err := json.Unmarshal(data, &m); err != nil || m.Store == "" || m.Epoch == "" {
		return tandem.Identity{}, &tandem.Error{Kind: tandem.Invalid, Op: "read", Thing: path, Err: errors.New("it is damaged"),
			Remedy: "delete it; the next run then compares everything anew and deletes nothing"}
	}
	id := tandem.Identity{Store: m.Store, Epoch: m.Epoch}
	if info, err := os.Stat(path); err == nil && r.stable {
		if ino := printOf(info).ino; ino != 0 {
			id.Epoch += "-" + strconv.FormatUint(ino, 36)
		}
	}
	return id, nil
}

// fingerprint stands in for an identity that cannot be planted.
func (r *Replica) fingerprint(info fs.FileInfo) tandem.Identity {
	if ino := printOf(info).ino; ino != 0 && r.stable {
		return tandem.Identity{Store: fmt.Sprintf("folder-%x-%s", ino, r.path)}
	}
	return tandem.Identity{Store: "folder-" + r.path}
}

// checkRoot makes sure that the folder is still the one that was opened: not unmounted, not replaced.
func (r *Replica) checkRoot() error {
	if !r.planted {
		info, err := os.Stat(r.path)
		if err != nil {
			return r.rootTrouble(err)
		}
		if r.fingerprint(info) != r.identity {
			return r.replaced()
		}
		return nil
	}
	id, err := r.readIdentity()
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(r.path); err != nil {
			return r.rootTrouble(err)
		}
		return r.replaced()
	}
	if err == nil && id != r.identity {
		return r.replaced()
	}
	return err
}

func (r *Replica) replaced() error {
	return &tandem.Error{Kind: tandem.Gone, Op: "read folder", Thing: r.path,
		Err:    errors.New("another folder is in its place since it was opened"),
		Remedy: "check that its disk is still mounted, then run again"}
}

// probeNames tells whether the folder takes names that differ in case, or in normal form, for one.
func (r *Replica) probeNames() (foldCase, nfc bool) {
	a, erra := os.Lstat(filepath.Join(r.path, metaName, idName))
	if erra != nil {
		return foldCaseDefault, nfcDefault
	}
	b, errb := os.Lstat(filepath.Join(r.path, metaName, "ID"))
	return errb == nil && os.SameFile(a, b), nfcDefault
}
