package vdir

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"time"

	"tandem"
)

// Changes implements provider.Replica. It lists everything; the cursor only tells which files need not be read for it.
func (r *Replica) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var listing tandem.Listing
	seq := func(yield func(tandem.Change, error) bool) {
		listing = tandem.Listing{}
		r.writing.Lock()
		r.shifts = nil
		r.writing.Unlock()
		l := &lister{Replica: r, yield: func(c tandem.Change) bool { return yield(c, nil) }, next: &memory{odd: map[string]bool{}}}
		ok, err := l.list(ctx, since)
		if err != nil {
			yield(tandem.Change{}, err)
		} else if ok {
			listing = tandem.Listing{Complete: true, Full: true, Next: l.next.cursor(r.kind)}
		}
	}
	return seq, func() tandem.Listing { return listing }
}

// list yields all records and tells whether the receiver wanted all.
func (l *lister) list(ctx context.Context, since tandem.Cursor) (bool, error) {
	if err := l.enter(ctx); err != nil {
		return false, err
	}
	if err := l.checkRoot(); err != nil {
		return false, err
	}
	names, err := l.names()
	if err != nil {
		return false, l.rootTrouble(err)
	}
	l.buf = make([]byte, 64<<10)
	if l.known, err = l.unchanged(ctx, names, remember(since, l.kind)); err != nil {
		return false, err
	}
	if ok, err := l.look(ctx, names); !ok || err != nil {
		return false, err
	}
	if l.vanished {
		// Most likely it was renamed while we looked, perhaps to a name that the first look at the folder did not see.
		if names, err = l.names(); err != nil {
			return false, l.rootTrouble(err)
		}
		if ok, err := l.look(ctx, names); !ok || err != nil {
			return false, err
		}
	}
	// A file that was just written to could be written to again without its times moving on. They are looked at again
	// when that has passed.
	if len(l.racy) > 0 {
		if err := l.settle(ctx); err != nil {
			return false, err
		}
		for _, name := range l.racy {
			if !l.show(l.readInto(name, l.buf)) {
				return false, nil
			}
		}
	}
	// What was listed counts only if the folder was there all the time.
	return true, l.checkRoot()
}

// unchanged are the files that need not be read, with their fingerprints: those of which the last listing left word.
func (l *lister) unchanged(ctx context.Context, names []string, last *memory) (map[string]print, error) {
	if last == nil {
		return nil, nil
	}
	now := make(map[string]print, len(names))
	for _, name := range names {
		if err := l.enter(ctx); err != nil {
			return nil, err
		}
		p, info, err := l.stat(filepath.Join(l.path, name))
		if err == nil && info.Mode().IsRegular() {
			now[name] = p
		}
	}
	return last.known(now), nil
}

// lister is one look at the folder.
type lister struct {
	*Replica
	yield    func(tandem.Change) bool
	buf      []byte
	seen     map[string]bool // names that were looked at
	racy     []string        // those left for later
	known    map[string]print
	next     *memory
	vanished bool // a name was gone when it was looked at
}

// look shows the files of these names that were not shown yet.
func (l *lister) look(ctx context.Context, names []string) (bool, error) {
	again := l.seen != nil
	if !again {
		l.seen = make(map[string]bool, len(names))
	}
	for _, name := range names {
		if err := l.enter(ctx); err != nil {
			return false, err
		}
		if again && l.seen[name] {
			continue
		}
		l.seen[name] = true
		if p, same := l.known[name]; same {
			l.next.add(name, p)
			m := tandem.Meta{Version: p.version(time.Now()), Size: p.size, Node: p.node(), Modified: p.mtime}
			if !l.yield(tandem.Change{ID: tandem.ID(name), Presence: tandem.Present, Meta: m}) {
				return false, nil
			}
			continue
		}
		f := l.readInto(name, l.buf)
		switch {
		case tandem.IsKind(f.err, tandem.NotFound):
			l.vanished = true
		case f.err == nil && f.print.racy(time.Now()):
			l.racy = append(l.racy, name)
		case !l.show(f):
			return false, nil
		}
	}
	return true, nil
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

// show yields the records of one file.
func (l *lister) show(f *file) bool {
	now := time.Now()
	if f.err == nil && len(f.records) == 1 && l.inScope(&f.records[0]) == nil && !f.print.racy(now) {
		l.next.add(f.name, f.print)
	} else {
		l.next.odd[f.name] = true
	}
	if f.err != nil {
		if tandem.IsKind(f.err, tandem.NotFound) {
			return true // removed since the folder was read
		}
		return l.yield(tandem.Change{ID: tandem.ID(f.name), Presence: tandem.Problem, Err: f.err})
	}
	if len(f.records) == 0 {
		return l.yield(tandem.Change{ID: tandem.ID(f.name), Presence: tandem.OutOfScope, Err: errors.New("it holds no event, task, note or contact")})
	}
	for i := range f.records {
		rec := &f.records[i]
		c := tandem.Change{ID: f.id(rec), Presence: tandem.Present}
		if err := l.inScope(rec); err != nil {
			c.Presence, c.Err = tandem.OutOfScope, err
		} else {
			c.Meta = f.meta(rec, now)
		}
		if !l.yield(c) {
			return false
		}
	}
	return true
}
