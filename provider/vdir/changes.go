package vdir

import (
	"context"
	"errors"
	"iter"
	"time"

	"tandem"
)

// Changes implements provider.Replica. It lists everything.
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

// list yields all records and tells whether the receiver wanted all.
func (r *Replica) list(ctx context.Context, yield func(tandem.Change) bool) (bool, error) {
	if err := r.enter(ctx); err != nil {
		return false, err
	}
	if err := r.checkRoot(); err != nil {
		return false, err
	}
	names, err := r.names()
	if err != nil {
		return false, r.rootTrouble(err)
	}
	l := &lister{Replica: r, yield: yield, buf: make([]byte, 64<<10)}
	if ok, err := l.look(ctx, names); !ok || err != nil {
		return false, err
	}
	if l.vanished {
		// Most likely it was renamed while we looked, perhaps to a name that the first look at the folder did not see.
		if names, err = r.names(); err != nil {
			return false, r.rootTrouble(err)
		}
		if ok, err := l.look(ctx, names); !ok || err != nil {
			return false, err
		}
	}
	// A file that was just written to could be written to again without its times moving on. They are looked at again
	// when that has passed.
	if len(l.racy) > 0 {
		if err := r.settle(ctx); err != nil {
			return false, err
		}
		for _, name := range l.racy {
			if !l.show(r.readInto(name, l.buf)) {
				return false, nil
			}
		}
	}
	// What was listed counts only if the folder was there all the time.
	return true, r.checkRoot()
}

// lister is one look at the folder.
type lister struct {
	*Replica
	yield    func(tandem.Change) bool
	buf      []byte
	seen     map[string]bool // names that were looked at
	racy     []string        // those left for later
	vanished bool            // a name was gone when it was looked at
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
	if f.err != nil {
		if tandem.IsKind(f.err, tandem.NotFound) {
			return true // removed since the folder was read
		}
		return l.yield(tandem.Change{ID: tandem.ID(f.name), Presence: tandem.Problem, Err: f.err})
	}
	if len(f.records) == 0 {
		return l.yield(tandem.Change{ID: tandem.ID(f.name), Presence: tandem.OutOfScope, Err: errors.New("it holds no event, task, note or contact")})
	}
	now := time.Now()
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
