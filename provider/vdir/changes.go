package vdir

import (
	"context"
	"errors"
	"iter"

	"tandem"
)

// Changes implements provider.Replica. It lists everything; the cursor only tells which files need not be read for it.
func (r *Replica) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var listing tandem.Listing
	seq := func(yield func(tandem.Change, error) bool) {
		listing = tandem.Listing{}
		r.startOver()
		r.kept.forget()
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
	if err == nil {
		l.dir, err = openDir(l.path)
	}
	if err != nil {
		return false, l.rootTrouble(err)
	}
	defer l.dir.close()
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
		var buf []byte
		for _, name := range l.racy {
			var s sight
			l.see(&s, name, &buf)
			if !l.show(&s) {
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
		if e, err := l.lookAt(l.dir, name); err == nil && e.mode.IsRegular() {
			now[name] = e.print
		}
	}
	return last.known(now), nil
}

// lister is one look at the folder.
type lister struct {
	*Replica
	dir      *dir
	yield    func(tandem.Change) bool
	seen     map[string]bool // names that were looked at
	racy     []string        // those left for later
	known    map[string]print
	next     *memory
	vanished bool // a name was gone when it was looked at
}

// look shows the files of these names that were not shown yet.
func (l *lister) look(ctx context.Context, names []string) (bool, error) {
	if l.seen == nil {
		l.seen = make(map[string]bool, len(names))
	}
	todo := make([]string, 0, min(len(names), block))
	size := 8 // some only ask whether there is anything
	for i, name := range names {
		if !l.seen[name] {
			l.seen[name] = true
			todo = append(todo, name)
		}
		if len(todo) < size && i+1 < len(names) {
			continue
		}
		if ok, err := l.lookBlock(ctx, todo); !ok || err != nil {
			return false, err
		}
		todo, size = todo[:0], min(4*size, block)
	}
	return true, nil
}

// block is how many files are read at most before what they showed is told.
const block = 512

// lookBlock reads files, several at a time, and shows them in order.
func (l *lister) lookBlock(ctx context.Context, names []string) (bool, error) {
	sights := make([]sight, len(names))
	err := inParallel(len(names), func(part func() (int, bool)) error {
		var buf []byte
		for i, ok := part(); ok; i, ok = part() {
			if err := l.enter(ctx); err != nil {
				return err
			}
			l.see(&sights[i], names[i], &buf)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	for i := range sights {
		s := &sights[i]
		switch {
		case s.gone:
			l.vanished = true
		case s.racy:
			l.racy = append(l.racy, s.name)
		case !l.show(s):
			return false, nil
		}
	}
	return true, nil
}

// sight is what one file showed.
type sight struct {
	name    string
	print   print
	sound   bool // it is one record of the replica's kind, at a version that promises something
	racy    bool
	gone    bool            // it was removed since the folder was read
	changes []tandem.Change // one nearly always
	one     [1]tandem.Change
}

// see looks at one file. It may be called concurrently with a buffer each.
func (l *lister) see(s *sight, name string, buf *[]byte) {
	s.name = name
	s.changes = s.one[:]
	s.one[0] = tandem.Change{ID: tandem.ID(name), Presence: tandem.Present}
	c := &s.one[0]
	if p, same := l.known[name]; same {
		s.print, s.sound = p, true
		c.Meta = tandem.Meta{Version: p.version(l.clock()), Size: p.size, Node: p.node(), Modified: p.mtime}
		return
	}
	if *buf == nil {
		*buf = make([]byte, 64<<10)
	}
	f := l.readInto(l.dir, name, *buf)
	s.print = f.print
	s.racy = f.err == nil && f.print.racy(f.asOf)
	switch {
	case tandem.IsKind(f.err, tandem.NotFound):
		s.gone = true
	case f.err != nil:
		c.Presence, c.Err = tandem.Problem, f.err
	case len(f.records) == 0:
		c.Presence, c.Err = tandem.OutOfScope, errors.New("it holds no event, task, note or contact")
	case len(f.records) == 1:
		l.tell(c, f, &f.records[0])
		if s.sound = c.Presence == tandem.Present && !s.racy; s.sound {
			l.kept.add(f)
		}
	default:
		s.changes = make([]tandem.Change, len(f.records))
		for i := range f.records {
			l.tell(&s.changes[i], f, &f.records[i])
		}
	}
}

// tell fills in what a listing shows of a record.
func (l *lister) tell(c *tandem.Change, f *file, rec *record) {
	*c = tandem.Change{ID: f.id(rec), Presence: tandem.Present}
	if err := l.inScope(rec); err != nil {
		c.Presence, c.Err = tandem.OutOfScope, err
	} else {
		c.Meta = f.meta(rec)
	}
}

// show yields what a file showed and notes it for the next listing.
func (l *lister) show(s *sight) bool {
	if s.sound {
		l.next.add(s.name, s.print)
	} else {
		l.next.odd[s.name] = true
	}
	if s.gone {
		return true
	}
	for i := range s.changes {
		if !l.yield(s.changes[i]) {
			return false
		}
	}
	return true
}
