package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"tandem"
	"tandem/internal/atomicfile"
	"tandem/provider"
)

// metaName is the directory in the root that is ours. Nothing of this name is ever listed or written to, at any depth,
// since a tree may lie within another.
const metaName = ".tandem"

// isOurs reports whether a name is never a record.
func isOurs(name string) bool { return name == metaName || atomicfile.IsTemp(name) }

// Replica is one open tree.
type Replica struct {
	path    string
	log     *slog.Logger
	rules   rules
	maxSize int64 // 0: none
	trash   bool
	umask   uint32
	workers int

	root     *folder
	rootStat stat
	traits   traits
	meta     *folder // nil: read only
	identity tandem.Identity
	foldCase bool
	nfc      bool

	use    sync.RWMutex // held for reading by whatever uses root; for writing by Close
	closed bool         // guarded by use

	digestMu sync.Mutex
	digests  map[string]known // of large files, so that copying one need not hash it again; guarded by digestMu

	fault func(step string) error // tests only: called between any two steps, an error there is a crash
	dead  bool                    // tests only: fault gave an error
}

// known is the digest of a file at a state.
type known struct {
	st     stat
	digest tandem.Digest
}

var (
	_ provider.Replica  = (*Replica)(nil)
	_ provider.Digester = (*Replica)(nil)
	_ provider.Parker   = (*Replica)(nil)
	_ provider.Flusher  = (*Replica)(nil)
)

// open opens the root, plants or reads the identity, and clears up after runs that died.
func (r *Replica) open(ctx context.Context, readOnly bool) (err error) {
	if r.root, err = openFolder(r.path); err != nil {
		return r.missing(err)
	}
	defer func() {
		if err != nil {
			r.closeFolders()
		}
	}()
	if r.rootStat, err = r.root.self(); err != nil {
		return r.missing(err)
	}
	r.traits = r.root.traits()
	r.foldCase, r.nfc = foldsByDefault, nfcByDefault
	if !readOnly {
		if err := r.plant(); err != nil {
			return err
		}
	}
	if r.meta == nil {
		r.identity, err = r.fingerprint()
		return err
	}
	return r.recover(ctx)
}

// missing explains a root that cannot be used.
func (r *Replica) missing(err error) error {
	e := &tandem.Error{Kind: tandem.Unreadable, Op: "open folder", Thing: show(r.path), Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Err = errors.New("there is no such folder")
		e.Remedy = "check the path and whether its disk is mounted; if it is to be a new folder, create it first"
	case isNotFolder(err):
		e.Err = errors.New("it is not a folder")
		e.Remedy = "name a folder"
	case errors.Is(err, fs.ErrPermission):
		e.Remedy = "check its permissions and owner"
	}
	return e
}

// enter begins a use of the replica; the caller ends it with r.use.RUnlock.
func (r *Replica) enter() error {
	r.use.RLock()
	if r.closed {
		r.use.RUnlock()
		return &tandem.Error{Kind: tandem.Gone, Op: "use folder", Thing: show(r.path), Err: errors.New("it was closed")}
	}
	return nil
}

// Close implements provider.Replica. It waits for what is under way.
func (r *Replica) Close() error {
	r.use.Lock()
	defer r.use.Unlock()
	if !r.closed {
		r.closed = true
		r.closeFolders()
	}
	return nil
}

func (r *Replica) closeFolders() {
	if r.meta != nil {
		r.meta.close()
	}
	r.root.close()
}

// Identity implements provider.Replica.
func (r *Replica) Identity(context.Context) (tandem.Identity, error) {
	if err := r.enter(); err != nil {
		return tandem.Identity{}, err
	}
	defer r.use.RUnlock()
	return r.identity, r.checkRoot()
}

// checkRoot makes sure that the path still leads to the directory that was opened, with the identity it had: a disk
// that was unmounted or exchanged meanwhile must not look like a folder where everything was deleted.
func (r *Replica) checkRoot() error {
	now, err := openFolder(r.path)
	if err != nil {
		return r.missing(err)
	}
	defer now.close()
	st, err := now.self()
	if err != nil {
		return r.missing(err)
	}
	gone := &tandem.Error{Kind: tandem.Unreadable, Op: "read folder", Thing: show(r.path), Remedy: "check whether its disk is mounted, and try again"}
	if st.dev != r.rootStat.dev || st.ino != r.rootStat.ino {
		gone.Err = errors.New("another folder has taken its place")
		return gone
	}
	if r.meta == nil {
		return nil
	}
	id, err := readIdentity(now, r.traits)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		gone.Err = fmt.Errorf("its %s/%s vanished", metaName, idName)
		return gone
	case err != nil:
		return err
	case id != r.identity:
		gone.Err = fmt.Errorf("its %s/%s is another now", metaName, idName)
		return gone
	}
	return nil
}

// Flush implements provider.Flusher.
func (r *Replica) Flush(ctx context.Context) error {
	if err := r.enter(); err != nil {
		return err
	}
	again, err := r.root.again()
	r.use.RUnlock()
	if err != nil {
		return classify("flush", "", err)
	}
	return waitFor(ctx, func() error {
		defer again.close()
		if err := again.syncAll(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return classify("flush", tandem.ID(r.path), err)
		}
		return nil
	})
}

// waitFor runs do, which cannot be stopped, and leaves it alone when ctx is done.
func waitFor(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Find implements provider.Replica. A create arrived if its path holds what it was to bring.
func (r *Replica) Find(ctx context.Context, w tandem.Write) (tandem.Outcome, bool, error) {
	var out tandem.Outcome
	if err := checkID(w.ID); err != nil {
		return out, false, nil
	}
	want, err := parseAttrs(w.Record.Attrs)
	if err != nil {
		return out, false, nil
	}
	digest, found := w.Record.Digest, false
	for c := range r.Digest(ctx, []tandem.ID{w.ID}) {
		switch {
		case c.Presence == tandem.Problem && ctx.Err() == nil:
			return out, false, c.Err
		case c.Presence != tandem.Present:
			continue
		}
		if digest.IsZero() && want.kind == regular && w.Record.Body != nil {
			if digest, err = digestOf(w.Record.Body); err != nil {
				return out, false, err
			}
		}
		switch want.kind {
		case dir:
			digest = dirDigest
		case link:
			digest = linkDigest(want.target)
		}
		found = c.Digest == digest
		out = tandem.Outcome{Status: tandem.Applied, ID: c.ID, Meta: c.Meta}
	}
	if !found {
		return tandem.Outcome{}, false, ctx.Err()
	}
	return out, true, nil
}

// now is the time that fresh versions are measured against.
func now() int64 { return time.Now().UnixNano() }

// racy reports whether a file was modified so recently that a further change might go unseen.
func (r *Replica) racy(st *stat, at int64) bool {
	return r.traits.granularity > 0 && st.kind == regular && st.mtime > at-r.traits.granularity && st.mtime < at+int64(time.Hour)
}

func readFull(f *os.File, buf []byte) (int, error) {
	n, err := io.ReadFull(f, buf)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return n, err
}

// crashed reports whether a test let the process die; nothing may be cleared up then.
func (r *Replica) crashed() bool { return r.dead }
