package memory

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tandem"
	"tandem/provider"
)

var (
	_ provider.Replica  = (*Replica)(nil)
	_ provider.Parker   = (*Replica)(nil)
	_ provider.Digester = (*digesting)(nil)
)

// Replica is a place in memory opened for syncing.
type Replica struct {
	store  *Store
	once   sync.Once
	closed chan struct{}
}

// enter begins an operation: it asks the hook, then whether there is anybody to serve.
func (r *Replica) enter(ctx context.Context, step string, id tandem.ID) error {
	r.store.mu.Lock()
	hook := r.store.knobs.Hook
	r.store.mu.Unlock()
	if hook != nil {
		if err := hook(step, id); err != nil {
			return err
		}
	}
	select {
	case <-r.closed:
		return tandem.Errorf(tandem.Invalid, "the replica is closed")
	default:
	}
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	if r.store.knobs.Down != nil {
		return r.store.knobs.Down
	}
	return ctx.Err()
}

// Identity implements provider.Replica.
func (r *Replica) Identity(ctx context.Context) (tandem.Identity, error) {
	if err := r.enter(ctx, "identity", ""); err != nil {
		return tandem.Identity{}, err
	}
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	return tandem.Identity{Store: "memory:" + r.store.name, Epoch: strconv.FormatInt(r.store.epoch, 10)}, nil
}

// Changes implements provider.Replica. A listing shows one instant; what happens while it is read comes with the next.
func (r *Replica) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var out tandem.Listing
	seq := func(yield func(tandem.Change, error) bool) {
		out = tandem.Listing{}
		if err := r.enter(ctx, "changes", ""); err != nil {
			yield(tandem.Change{}, err)
			return
		}
		l, err := r.store.list(since)
		if err != nil {
			yield(tandem.Change{}, err)
			return
		}
		for i, c := range l.changes {
			if l.cut && i >= l.cutAfter {
				break
			}
			if err := r.enter(ctx, "list", c.ID); err != nil {
				yield(tandem.Change{}, err)
				return
			}
			if !yield(c, nil) {
				return
			}
		}
		if l.cut {
			if l.cutErr != nil {
				yield(tandem.Change{}, l.cutErr)
			}
			return
		}
		out = l.end
	}
	return seq, func() tandem.Listing { return out }
}

// listing is an answer made in one instant.
type listing struct {
	changes  []tandem.Change
	end      tandem.Listing
	cut      bool
	cutAfter int
	cutErr   error
}

func (s *Store) list(since tandem.Cursor) (*listing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listings++
	k, st := &s.knobs, s.state
	if k.Stale != nil {
		st = k.Stale.state
	}
	l := &listing{cut: k.Cut, cutAfter: k.CutAfter, cutErr: k.CutErr}
	from, honoured := s.from(st, since)
	if !honoured && since != "" && k.Cursor && k.CursorGone {
		return nil, tandem.Errorf(tandem.Gone, "the cursor is too old")
	}
	if !honoured {
		from = -1
	}
	next := st.seq
	ids := make([]tandem.ID, 0, len(st.live))
	byID := map[tandem.ID]tandem.Change{}
	for _, id := range st.ids() {
		e := st.live[k.key(id)]
		presence, at, err := k.trouble(st, id)
		if presence != tandem.Present && e.seq > from && k.filtered(st, at) == nil {
			next = min(next, e.seq-1) // what cannot be shown now is news still when it can; what a filter hides is not told of when it is lifted
		}
		switch {
		case presence == tandem.Present:
			if e.seq <= from {
				continue
			}
			byID[id] = tandem.Change{ID: id, Presence: presence, Meta: s.meta(e)}
		case k.key(at) == k.key(id): // what is below it is covered by it
			byID[id] = tandem.Change{ID: id, Presence: presence, Meta: k.hidden(presence, e), Err: err}
		default:
			continue
		}
		ids = append(ids, id)
	}
	if honoured {
		for _, t := range st.tombs {
			if _, there := byID[t.id]; t.seq > from && !there {
				ids = append(ids, t.id)
				byID[t.id] = tandem.Change{ID: t.id, Presence: tandem.Absent}
			}
		}
		slices.Sort(ids)
	}
	if k.Order != nil {
		k.Order(ids)
	}
	for _, id := range ids {
		l.changes = append(l.changes, byID[id])
	}
	l.end = tandem.Listing{Complete: true, Full: !honoured}
	if k.Cursor {
		l.end.Next = tandem.Cursor(fmt.Sprintf("%s/%d/%d", s.name, s.epoch, next))
	}
	return l, nil
}

// from reads a cursor and tells whether what changed since is still known.
func (s *Store) from(st *state, since tandem.Cursor) (int64, bool) {
	if !s.knobs.Cursor || since == "" {
		return 0, false
	}
	rest, ok := strings.CutPrefix(string(since), fmt.Sprintf("%s/%d/", s.name, s.epoch))
	seq, err := strconv.ParseInt(rest, 10, 64)
	return seq, ok && err == nil && seq >= st.floor && seq <= st.seq
}

// Fetch implements provider.Replica.
func (r *Replica) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		for _, id := range ids {
			if err := r.enter(ctx, "fetch", id); err != nil {
				yield(tandem.Record{ID: id}, err)
				return
			}
			if !yield(r.store.fetch(id)) {
				return
			}
		}
	}
}

func (s *Store) fetch(id tandem.ID) (tandem.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, _, err := s.knobs.trouble(s.state, id); p != tandem.Present {
		return tandem.Record{ID: id}, &tandem.Error{Kind: tandem.Unreadable, Op: "fetch", Thing: string(id), Err: err}
	}
	e := s.state.live[s.knobs.key(id)]
	if e == nil {
		return tandem.Record{ID: id}, &tandem.Error{Kind: tandem.NotFound, Op: "fetch", Thing: string(id)}
	}
	rec := s.record(e)
	rec.ID = id
	return rec, nil
}

// Find implements provider.Replica: the place keeps the markers of creates.
func (r *Replica) Find(ctx context.Context, w tandem.Write) (tandem.Outcome, bool, error) {
	if err := r.enter(ctx, "find", w.ID); err != nil {
		return tandem.Outcome{}, false, err
	}
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	if e := r.store.marked(w.Marker); e != nil {
		return tandem.Outcome{Status: tandem.Applied, ID: e.id, Meta: r.store.meta(e)}, true, nil
	}
	return tandem.Outcome{}, false, nil
}

func (s *Store) marked(m tandem.Marker) *entry {
	if m == "" {
		return nil
	}
	for _, id := range s.state.ids() {
		if e := s.state.live[s.knobs.key(id)]; e.marker == m {
			return e
		}
	}
	return nil
}

// Watch implements provider.Replica.
func (r *Replica) Watch(ctx context.Context) (<-chan tandem.Hint, error) {
	if err := r.enter(ctx, "watch", ""); err != nil {
		return nil, err
	}
	s := r.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.knobs.Watch {
		return nil, nil
	}
	ch := make(chan tandem.Hint, 1)
	s.watchers[ch] = struct{}{}
	// Nothing waits for this goroutine but the receiver, to whom the closed channel is its end.
	go func() {
		select {
		case <-ctx.Done():
		case <-r.closed:
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, ch)
		close(ch)
	}()
	return ch, nil
}

// Close implements provider.Replica.
func (r *Replica) Close() error {
	var err error
	r.once.Do(func() {
		r.store.mu.Lock()
		hook := r.store.knobs.Hook
		r.store.mu.Unlock()
		if hook != nil {
			err = hook("close", "")
		}
		close(r.closed)
	})
	return err
}

// Unpark implements provider.Parker.
func (r *Replica) Unpark(ctx context.Context, parked string) (tandem.Record, error) {
	if err := r.enter(ctx, "unpark", ""); err != nil {
		return tandem.Record{}, err
	}
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	rec, ok := r.store.parked[parked]
	if !ok {
		return tandem.Record{}, &tandem.Error{Kind: tandem.NotFound, Op: "open kept version", Thing: parked}
	}
	return rec, nil
}

// Purge implements provider.Parker. Ages are by Knobs.Clock; where there is none, every version is older than any time.
func (r *Replica) Purge(ctx context.Context, before int64) (int64, error) {
	if err := r.enter(ctx, "purge", ""); err != nil {
		return 0, err
	}
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	var freed int64
	for name, rec := range r.store.parked {
		if r.store.parkedAt[name] < before {
			freed += rec.Size
			delete(r.store.parked, name)
			delete(r.store.parkedAt, name)
		}
	}
	return freed, nil
}

// digesting is a replica that tells digests on demand.
type digesting struct{ *Replica }

// Digest implements provider.Digester.
func (d *digesting) Digest(ctx context.Context, ids []tandem.ID) iter.Seq[tandem.Change] {
	return func(yield func(tandem.Change) bool) {
		for _, id := range ids {
			c := tandem.Change{ID: id}
			if err := d.enter(ctx, "digest", id); err != nil {
				c.Presence, c.Err = tandem.Unknown, err
			} else {
				c = d.store.digest(id)
			}
			if !yield(c) {
				return
			}
		}
	}
}

func (s *Store) digest(id tandem.ID) tandem.Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, _, err := s.knobs.trouble(s.state, id); p != tandem.Present {
		return tandem.Change{ID: id, Presence: p, Err: err}
	}
	e := s.state.live[s.knobs.key(id)]
	if e == nil {
		return tandem.Change{ID: id, Presence: tandem.Absent}
	}
	c := tandem.Change{ID: id, Presence: tandem.Present, Meta: s.meta(e)}
	if s.knobs.Inspect != nil && hasBody(e.attrs) {
		c.Digest, c.UID = s.knobs.Inspect(e.body)
	}
	return c
}
