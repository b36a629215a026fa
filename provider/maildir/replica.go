package maildir

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tandem"
	"tandem/internal/atomicfile"
	"tandem/provider"
)

var (
	_ provider.Replica = (*Replica)(nil)
	_ provider.Flusher = (*Replica)(nil)
)

// Replica is a Maildir opened for syncing.
type Replica struct {
	path     string
	identity tandem.Identity
	planted  bool // the identity is a file in the folder
	stable   bool // inode numbers last
	readOnly bool
	perm     fs.FileMode   // of the folder
	patience time.Duration // with those who hold the lock of keywords

	writing sync.Mutex // held while Apply works
	swept   bool       // left-overs in tmp were looked for; guarded by writing

	mu    sync.Mutex // guards what follows
	known index      // where messages were when last looked for

	once   sync.Once
	closed chan struct{}
}

// enter begins an operation.
func (r *Replica) enter(ctx context.Context) error {
	select {
	case <-r.closed:
		return tandem.Errorf(tandem.Invalid, "%s is closed", r.path)
	default:
		return ctx.Err()
	}
}

// Identity implements provider.Replica.
func (r *Replica) Identity(ctx context.Context) (tandem.Identity, error) {
	if err := r.enter(ctx); err != nil {
		return tandem.Identity{}, err
	}
	if err := r.checkRoot(); err != nil {
		return tandem.Identity{}, err
	}
	return r.identity, nil
}

// Close implements provider.Replica.
func (r *Replica) Close() error {
	r.once.Do(func() { close(r.closed) })
	return nil
}

// Flush implements provider.Flusher. Programs that deliver wait for the disk by themselves; those that move messages may not.
func (r *Replica) Flush(ctx context.Context) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	err := atomicfile.SyncFS(r.path)
	if errors.Is(err, errors.ErrUnsupported) {
		err = r.syncDirs()
	}
	if err != nil {
		return &tandem.Error{Kind: tandem.Unreadable, Op: "flush Maildir", Thing: r.path, Err: cause(err)}
	}
	return nil
}

// syncDirs makes the names of messages durable.
func (r *Replica) syncDirs() error {
	for _, sub := range subdirs() {
		if err := atomicfile.SyncDir(filepath.Join(r.path, sub)); err != nil {
			return err
		}
	}
	return nil
}

// Changes implements provider.Replica. It lists everything, each time: one look at each file.
func (r *Replica) Changes(ctx context.Context, _ tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var listing tandem.Listing
	seq := func(yield func(tandem.Change, error) bool) {
		listing = tandem.Listing{}
		ok, err := r.list(ctx, func(c tandem.Change) bool { return yield(c, nil) })
		if err != nil {
			yield(tandem.Change{}, err)
		} else if ok {
			listing = tandem.Listing{Complete: true, Full: true}
		}
	}
	return seq, func() tandem.Listing { return listing }
}

// list yields all messages and tells whether the receiver wanted all.
func (r *Replica) list(ctx context.Context, yield func(tandem.Change) bool) (bool, error) {
	if err := r.enter(ctx); err != nil {
		return false, err
	}
	if err := r.checkRoot(); err != nil {
		return false, err
	}
	words, _, err := r.readKeywords()
	if err != nil {
		return false, err
	}
	all, err := r.scan(ctx)
	if err != nil {
		return false, err
	}
	var later []tandem.ID // renamed since, or just written to
	racy := false
	for id, e := range all {
		if err := r.enter(ctx); err != nil {
			return false, err
		}
		now := time.Now()
		seen, err := r.stat(e)
		if errors.Is(err, fs.ErrNotExist) || err == nil && seen.racy(now) {
			later, racy = append(later, id), racy || err == nil
			continue
		}
		if !yield(shown(id, seen, err, words, now)) {
			return false, nil
		}
	}
	if racy {
		if err := r.settle(ctx); err != nil {
			return false, err
		}
	}
	f := &finder{Replica: r}
	for _, id := range later {
		now := time.Now()
		seen, err := f.find(ctx, id)
		if tandem.IsKind(err, tandem.NotFound) {
			continue
		}
		if stop := r.enter(ctx); stop != nil {
			return false, stop
		}
		if !yield(shown(id, seen, err, words, now)) {
			return false, nil
		}
	}
	// What was listed counts only if the folder was there all the time.
	return true, r.checkRoot()
}

// shown is the line of a message in a listing.
func shown(id tandem.ID, e *entry, err error, words keywords, now time.Time) tandem.Change {
	if err == nil {
		err = e.err
	}
	if err != nil {
		if !tandem.IsKind(err, tandem.Busy) && !tandem.IsKind(err, tandem.Unreadable) {
			err = unreadable(string(id), cause(err), "check that you may read it")
		}
		return tandem.Change{ID: id, Presence: tandem.Problem, Err: err}
	}
	return tandem.Change{ID: id, Presence: tandem.Present, Meta: e.meta(words, now)}
}

// settle waits until what was written before has times of the past.
func (r *Replica) settle(ctx context.Context) error {
	timer := time.NewTimer(tick + time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-r.closed:
		return r.enter(ctx)
	}
}

// Fetch implements provider.Replica.
func (r *Replica) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		if err := r.enter(ctx); err != nil {
			yield(tandem.Record{}, err)
			return
		}
		if err := r.checkRoot(); err != nil {
			yield(tandem.Record{}, err)
			return
		}
		words, _, err := r.readKeywords()
		if err != nil {
			yield(tandem.Record{}, err)
			return
		}
		f := &finder{Replica: r}
		for _, id := range ids {
			if err := r.enter(ctx); err != nil {
				yield(tandem.Record{ID: id}, err)
				return
			}
			rec, err := f.fetch(ctx, id, words)
			if !yield(rec, err) {
				return
			}
		}
	}
}

func (f *finder) fetch(ctx context.Context, id tandem.ID, words keywords) (tandem.Record, error) {
	now := time.Now()
	e, err := f.find(ctx, id)
	if err == nil {
		err = e.err
	}
	if err != nil {
		return tandem.Record{ID: id}, err
	}
	rec := tandem.Record{ID: id, Meta: e.meta(words, now)}
	b := &body{r: f.Replica, id: id, print: e.print}
	if e.size > atOnce {
		in, err := b.open(ctx)
		if err != nil {
			return tandem.Record{ID: id}, err
		}
		rec.Body = b
		return rec, in.Close()
	}
	data, err := tandem.ReadBody(b, atOnce)
	if err != nil {
		return tandem.Record{ID: id}, err
	}
	rec.Body = tandem.Bytes(data)
	return rec, nil
}

// atOnce is the size up to which a message is read when it is fetched. Larger ones are read when they are wanted.
const atOnce = 256 << 10

// Find implements provider.Replica. A create has a name of its own, made of its marker; one that was given a wished name is known by its bytes.
func (r *Replica) Find(ctx context.Context, w tandem.Write) (tandem.Outcome, bool, error) {
	if err := r.enter(ctx); err != nil {
		return tandem.Outcome{}, false, err
	}
	if err := r.checkRoot(); err != nil {
		return tandem.Outcome{}, false, err
	}
	words, _, err := r.readKeywords()
	if err != nil {
		return tandem.Outcome{}, false, err
	}
	all, err := r.scan(ctx)
	if err != nil {
		return tandem.Outcome{}, false, err
	}
	id := w.ID
	wished := wellNamed(string(id))
	if !wished {
		id = idOfMarker(all, w.Marker)
	}
	if id == "" || all[id] == nil {
		return tandem.Outcome{}, false, nil
	}
	f := &finder{Replica: r}
	rec, err := f.fetch(ctx, id, words)
	if tandem.IsKind(err, tandem.NotFound) {
		return tandem.Outcome{}, false, nil
	}
	if err != nil {
		return tandem.Outcome{}, false, err
	}
	if wished {
		same, err := sameBytes(rec.Body, w.Record.Body)
		if err != nil || !same {
			return tandem.Outcome{}, false, err
		}
	}
	return tandem.Outcome{Status: tandem.Applied, ID: id, Meta: rec.Meta}, true, nil
}

// path of a directory of the folder.
func (r *Replica) dir(sub string) string { return filepath.Join(r.path, sub) }

// sweepAge is how old a file in tmp must be before it may be removed. cr.yp.to/proto/maildir.html: 36 hours
const sweepAge = 36 * time.Hour

// sweep removes from tmp what was left there by programs that died: nobody may have touched it for 36 hours.
func (r *Replica) sweep() {
	if r.swept {
		return
	}
	r.swept = true
	names, _ := readNames(r.dir(tmpDir)) // what cannot be swept does no harm
	for _, n := range names {
		path := filepath.Join(r.dir(tmpDir), n)
		info, err := os.Lstat(path)
		if err == nil && info.Mode().IsRegular() && n[0] != '.' && time.Since(touched(info)) > sweepAge {
			_ = os.Remove(path)
		}
	}
}
