package home

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"strconv"
	"strings"
	"sync"

	"tandem"
	"tandem/kind"
	"tandem/provider"
	"tandem/store"
)

// Replica is a home collection opened for syncing.
type Replica struct {
	store      *store.Store
	collection tandem.Collection // as when it was opened
	kind       kind.Handler

	mu  sync.Mutex
	who store.Author // guarded by mu

	once   sync.Once
	closed chan struct{}
}

var (
	_ provider.Replica = (*Replica)(nil)
	_ provider.Parker  = (*Replica)(nil)
)

// WriteAs says who is the author of what Apply writes from now on, for history.
func (r *Replica) WriteAs(who store.Author) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.who = who
}

func (r *Replica) author() store.Author {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.who
}

// Close implements provider.Replica.
func (r *Replica) Close() error {
	r.once.Do(func() { close(r.closed) })
	return nil
}

// usable is an error once the replica is closed or ctx is done.
func (r *Replica) usable(ctx context.Context) error {
	select {
	case <-r.closed:
		return r.fail(tandem.Internal, errors.New("it is closed"))
	default:
		return ctx.Err()
	}
}

func (r *Replica) fail(k tandem.ErrorKind, err error) error {
	return &tandem.Error{Kind: k, Op: "use collection", Thing: r.collection.Name, Err: err}
}

// gone turns the loss of the whole collection into the kind that a lost place has: it is no answer about a record.
func (r *Replica) gone(err error) error {
	if tandem.IsKind(err, tandem.NotFound) {
		return &tandem.Error{Kind: tandem.Unreadable, Op: "open collection", Thing: r.collection.Name, Err: err, Remedy: "it was removed; add it again"}
	}
	return err
}

// current reads the collection as it is now.
func (r *Replica) current(ctx context.Context) (tandem.Collection, error) {
	if err := r.usable(ctx); err != nil {
		return tandem.Collection{}, err
	}
	list, err := r.store.Home.Collections(ctx, r.collection.User)
	if err != nil {
		return tandem.Collection{}, err
	}
	for _, c := range list {
		if c.ID == r.collection.ID {
			return c, nil
		}
	}
	return tandem.Collection{}, r.gone(&tandem.Error{Kind: tandem.NotFound, Op: "find collection", Thing: r.collection.Name})
}

// Identity implements provider.Replica.
func (r *Replica) Identity(ctx context.Context) (tandem.Identity, error) {
	c, err := r.current(ctx)
	return c.Identity, err
}

// listChunk is how many records are listed at a time.
const listChunk = 1000

// Changes implements provider.Replica. A cursor is a sequence number. The next one is the number at which this listing
// began: what is written while it runs is listed, if it was not yet, and listed again next time.
func (r *Replica) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var listing tandem.Listing
	seq := func(yield func(tandem.Change, error) bool) {
		l, err := r.list(ctx, since, func(c tandem.Change) bool { return yield(c, nil) })
		switch {
		case errors.Is(err, errStopped):
		case err != nil:
			yield(tandem.Change{}, r.gone(err))
		default:
			listing = l
		}
	}
	return seq, func() tandem.Listing { return listing }
}

// errStopped says that the listing's caller has seen enough.
var errStopped = errors.New("listing stopped")

func (r *Replica) list(ctx context.Context, since tandem.Cursor, yield func(tandem.Change) bool) (tandem.Listing, error) {
	c, err := r.current(ctx)
	if err != nil {
		return tandem.Listing{}, err
	}
	from, full := r.parse(c, since)
	l := lister{full: full, start: c.Seq, seen: map[uint64]bool{}, hash: maphash.MakeSeed(), yield: yield}
	for pos, first := from, true; ; first = false {
		recs, more, err := r.page(ctx, pos)
		if tandem.IsKind(err, tandem.Gone) && first && !full && from <= c.Seq {
			// Older than the oldest tombstone: what is not listed in full cannot be told from what is deleted.
			l.full, full, pos = true, true, 0
			recs, more, err = r.page(ctx, pos)
		}
		if err != nil {
			return tandem.Listing{}, err
		}
		for i := range recs {
			pos = recs[i].Seq
			if !l.see(&recs[i]) {
				return tandem.Listing{}, errStopped
			}
		}
		if !more {
			return tandem.Listing{Complete: true, Full: full, Next: tandem.Cursor(strconv.FormatInt(c.Seq, 10) + "@" + c.Identity.Epoch)}, nil
		}
	}
}

// parse reads a cursor, "number@epoch". One that is not of this collection's present history asks for everything.
func (r *Replica) parse(c tandem.Collection, since tandem.Cursor) (from int64, full bool) {
	number, epoch, _ := strings.Cut(string(since), "@")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || epoch != c.Identity.Epoch {
		return 0, true
	}
	return n, false
}

func (r *Replica) page(ctx context.Context, since int64) ([]store.HomeRecord, bool, error) {
	if err := r.usable(ctx); err != nil {
		return nil, false, err
	}
	return r.store.Home.Since(ctx, r.collection.ID, since, listChunk)
}

// lister turns what is read page by page, while others write, into a listing without gaps and repetitions. A record
// that is written meanwhile moves behind the pages still to come, so it may come a second time or for the first.
type lister struct {
	full  bool
	start int64 // sequence number when the listing began
	seen  map[uint64]bool
	hash  maphash.Seed
	yield func(tandem.Change) bool
}

func (l *lister) see(rec *store.HomeRecord) bool {
	if rec.Seq > l.start && !l.full {
		return true // after the next cursor: the next listing tells
	}
	id := maphash.String(l.hash, string(rec.ID))
	if l.full {
		if rec.Deleted || l.seen[id] {
			return true
		}
		l.seen[id] = true
	}
	if rec.Deleted {
		return l.yield(tandem.Change{ID: rec.ID, Presence: tandem.Absent})
	}
	return l.yield(tandem.Change{ID: rec.ID, Presence: tandem.Present, Meta: rec.Meta})
}

// Fetch implements provider.Replica.
func (r *Replica) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		if err := r.usable(ctx); err != nil {
			yield(tandem.Record{}, err)
			return
		}
		missing := make(map[tandem.ID]bool, len(ids))
		for _, id := range ids {
			missing[id] = true
		}
		for rec, err := range r.store.Home.Get(ctx, r.collection.ID, ids) {
			if lost(err) != "" && len(ids) > 1 {
				r.fetchSingly(ctx, ids, missing, yield)
				return
			}
			if err != nil {
				r.fetchFailed(lost(err), err, yield)
				return
			}
			if !missing[rec.ID] {
				continue // asked for twice
			}
			delete(missing, rec.ID)
			if !yield(rec.Record, nil) {
				return
			}
		}
		for _, id := range ids {
			if missing[id] {
				delete(missing, id)
				if !yield(tandem.Record{ID: id}, &tandem.Error{Kind: tandem.NotFound, Op: "read record", Thing: string(id)}) {
					return
				}
			}
		}
	}
}

// lost names the record of which an error says that its body cannot be read, "" where it is about more.
func lost(err error) tandem.ID {
	var e *tandem.Error
	if errors.As(err, &e) && e.Kind == tandem.Unreadable && e.Op == "read record" {
		return tandem.ID(e.Thing)
	}
	return ""
}

// fetchSingly yields what is still missing one by one, so that a record whose body is lost holds up no other.
func (r *Replica) fetchSingly(ctx context.Context, ids []tandem.ID, missing map[tandem.ID]bool, yield func(tandem.Record, error) bool) {
	for _, id := range ids {
		if !missing[id] {
			continue
		}
		delete(missing, id)
		for rec, err := range r.Fetch(ctx, []tandem.ID{id}) {
			if !yield(rec, err) || err != nil && rec.ID == "" {
				return
			}
		}
	}
}

func (r *Replica) fetchFailed(id tandem.ID, err error, yield func(tandem.Record, error) bool) {
	yield(tandem.Record{ID: id}, r.gone(err))
}

// Find implements provider.Replica. A record that arrived and was deleted since is not found; one that was edited since is
// told as it arrived.
func (r *Replica) Find(ctx context.Context, w tandem.Write) (tandem.Outcome, bool, error) {
	if err := r.usable(ctx); err != nil {
		return tandem.Outcome{}, false, err
	}
	rec, err := r.store.Home.Find(ctx, r.collection.ID, w.Marker)
	switch {
	case tandem.IsKind(err, tandem.NotFound):
		if _, err := r.current(ctx); err != nil {
			return tandem.Outcome{}, false, err
		}
		return tandem.Outcome{}, false, nil
	case err != nil:
		return tandem.Outcome{}, false, err
	case rec.Deleted:
		return tandem.Outcome{}, false, nil
	}
	return tandem.Outcome{Status: tandem.Applied, ID: rec.ID, Meta: rec.Meta}, true, nil
}

// Watch implements provider.Replica.
func (r *Replica) Watch(ctx context.Context) (<-chan tandem.Hint, error) {
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	wake := r.store.Home.Subscribe(ctx)
	out := make(chan tandem.Hint)
	go func() {
		defer close(out)
		defer cancel()
		r.forward(ctx, wake, out)
	}()
	return out, nil
}

func (r *Replica) forward(ctx context.Context, wake <-chan store.Wakeup, out chan<- tandem.Hint) {
	var ready chan<- tandem.Hint // out while there is a hint to deliver
	for {
		select {
		case w, ok := <-wake:
			if !ok {
				return
			}
			if w.Collection == r.collection.ID {
				ready = out
			}
		case ready <- tandem.Hint{}:
			ready = nil
		case <-r.closed:
			return
		case <-ctx.Done():
			return
		}
	}
}

// Unpark implements provider.Parker.
func (r *Replica) Unpark(ctx context.Context, parked string) (tandem.Record, error) {
	if err := r.usable(ctx); err != nil {
		return tandem.Record{}, err
	}
	missing := &tandem.Error{Kind: tandem.NotFound, Op: "read kept version", Thing: parked}
	id, err := strconv.ParseInt(parked, 10, 64)
	if err != nil {
		return tandem.Record{}, missing
	}
	past, err := r.store.History.Past(ctx, id)
	if err != nil {
		return tandem.Record{}, err
	}
	if past.Collection != r.collection.ID {
		return tandem.Record{}, missing
	}
	rec := tandem.Record{ID: past.Record, Meta: tandem.Meta{Digest: past.Digest, Attrs: past.Attrs}}
	if past.Body.IsZero() {
		return rec, nil
	}
	rec.Body, err = r.store.Blobs.Open(ctx, past.Body)
	if tandem.IsKind(err, tandem.NotFound) {
		return rec, r.fail(tandem.Unreadable, fmt.Errorf("the body of kept version %s is lost: %w", parked, err))
	}
	if err == nil {
		rec.Size = rec.Body.Size()
	}
	return rec, err
}

// Purge implements provider.Parker. History is one for the whole store, so this purges all of it.
func (r *Replica) Purge(ctx context.Context, before int64) (int64, error) {
	if err := r.usable(ctx); err != nil {
		return 0, err
	}
	if _, err := r.store.History.Purge(ctx, before); err != nil {
		return 0, err
	}
	return r.store.Blobs.Sweep(ctx)
}
