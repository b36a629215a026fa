package files

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"tandem"
)

// idName is the identity's file in metaName.
const idName = "id"

// marker is what that file holds. Read by every later version of this program.
type marker struct {
	Store string `json:"store"`
	Epoch string `json:"epoch"`
}

// Two spellings of a name that some file systems take for one.
const (
	probeNFC = "probe-\u00e9"
	probeNFD = "probe-e\u0301"
)

// plant makes sure that the root has an identity. A root that cannot be written to is left as read only.
func (r *Replica) plant() error {
	err := r.root.mkdir(metaName, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		if errors.Is(err, fs.ErrPermission) || isReadOnly(err) {
			return nil
		}
		return r.metaTrouble(err)
	}
	meta, err := r.root.child(metaName)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			r.log.Warn("the folder is read only here: its " + metaName + " belongs to somebody else")
			return nil
		}
		return r.metaTrouble(err)
	}
	readOnly, err := r.plantIn(meta)
	if err != nil || readOnly {
		meta.close()
		return err
	}
	r.meta = meta
	return nil
}

func (r *Replica) metaTrouble(err error) error {
	if isFull(err) {
		return &tandem.Error{Kind: tandem.Full, Op: "open folder", Thing: show(r.path) + "/" + metaName, Err: err, Remedy: "make room on the disk"}
	}
	return &tandem.Error{Kind: tandem.Unreadable, Op: "open folder", Thing: show(r.path) + "/" + metaName, Err: err,
		Remedy: "it must be a folder that belongs to you; move whatever is there out of the way"}
}

func (r *Replica) plantIn(meta *folder) (readOnly bool, err error) {
	if _, err := meta.lock(true); err != nil {
		return false, r.metaTrouble(err)
	}
	defer meta.unlock()
	// Writing is tried each time: an identity that is there says nothing about today's permissions.
	if err := meta.mkdir("tmp", 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		if errors.Is(err, fs.ErrPermission) || isReadOnly(err) {
			return true, nil
		}
		return false, r.metaTrouble(err)
	}
	if !meta.writable() || !r.root.writable() {
		return true, nil
	}
	r.identity, err = readIdentity(r.root, r.traits)
	if errors.Is(err, fs.ErrNotExist) {
		data, merr := json.Marshal(marker{Store: token(), Epoch: token()})
		if merr != nil {
			return false, merr
		}
		temp := idName + "-" + token()
		if err := meta.writeNew(temp, append(data, '\n')); err != nil {
			return false, classify("plant identity in", tandem.ID(r.path), err)
		}
		if err := meta.renameNew(temp, meta, idName); err != nil {
			_ = meta.unlink(temp)
			return false, classify("plant identity in", tandem.ID(r.path), err)
		}
		if file, err := meta.create(probeNFC, 0o600); err == nil {
			_ = file.Close()
		}
		_ = meta.sync()
		r.identity, err = readIdentity(r.root, r.traits)
	}
	if err != nil {
		return false, err
	}
	r.foldCase = sameEntry(meta, idName, "ID")
	r.nfc = sameEntry(meta, probeNFC, probeNFD)
	return false, nil
}

func sameEntry(f *folder, a, b string) bool {
	sa, erra := f.stat(a)
	sb, errb := f.stat(b)
	return erra == nil && errb == nil && sa.same(&sb)
}

// readIdentity reads the marker below root. On file systems whose inode numbers last, the marker's own number is part of the
// epoch: a tree that was copied, or restored from a backup, has another.
func readIdentity(root *folder, t traits) (tandem.Identity, error) {
	var m marker
	meta, err := root.child(metaName)
	if err != nil {
		return tandem.Identity{}, err
	}
	defer meta.close()
	data, err := meta.readAll(idName, 4096)
	if err != nil {
		return tandem.Identity{}, err
	}
	if err := json.Unmarshal(data, &m); err != nil || m.Store == "" || m.Epoch == "" {
		return tandem.Identity{}, &tandem.Error{Kind: tandem.Invalid, Op: "read", Thing: metaName + "/" + idName,
			Err: fmt.Errorf("it is damaged (%v)", err), Remedy: "delete it; the next run then compares everything anew and deletes nothing"}
	}
	id := tandem.Identity{Store: m.Store, Epoch: m.Epoch}
	if st, err := meta.stat(idName); err == nil && t.stableInodes {
		id.Epoch += "-" + strconv.FormatUint(st.ino, 36)
	}
	return id, nil
}

// fingerprint stands in for the identity where nothing can be planted.
func (r *Replica) fingerprint() (tandem.Identity, error) {
	if id, err := readIdentity(r.root, r.traits); err == nil {
		return id, nil
	}
	st := r.rootStat
	if !r.traits.stableInodes || st.ino == 0 {
		return tandem.Identity{Store: "path-" + r.path}, nil
	}
	return tandem.Identity{Store: fmt.Sprintf("root-%x-%x", st.ino, st.btime)}, nil
}

func token() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
