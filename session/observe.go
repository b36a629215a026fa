package session

import (
	"context"
	"errors"
	"iter"
	"sync"

	"golang.org/x/sync/errgroup"

	"tandem"
	"tandem/engine"
	"tandem/provider"
	"tandem/store"
)

const (
	chunkSize = 512 // changes handed over at a time
	chunks    = 64  // chunks in flight: the listings run ahead while the base is read
)

// errRelist says that a cursor turned out to be of the past after some of the listing had been used.
var errRelist = errors.New("list again from the start")

// observed is what both sides showed.
type observed struct {
	base  *engine.Base
	views [2]*engine.View
	lists [2]tandem.Listing
}

// chunk is a piece of one side's listing.
type chunk struct {
	side    tandem.Side
	changes *[]tandem.Change
}

// observe lists both sides at the same time and holds them against the base.
func (r *run) observe(ctx context.Context) (*observed, error) {
	if err := r.identify(ctx, true); err != nil {
		return nil, err
	}
	for {
		o, err := r.look(ctx)
		if !errors.Is(err, errRelist) {
			return o, err
		}
		if r.sides[0].resumed || r.sides[1].resumed { // what went on from a cursor that is not honoured may be another store
			if err := r.identify(ctx, false); err != nil {
				return nil, err
			}
		}
	}
}

// identify asks both places which store they are. Another store, or one with a broken history, keeps no promise that
// the base remembers. A place that can go on from its cursor may show by that who it is (provider.Resumer).
func (r *run) identify(ctx context.Context, resume bool) error {
	g, gctx := errgroup.WithContext(ctx)
	for _, s := range r.sides {
		g.Go(func() (err error) {
			s.resumed = resume && r.resume(s)
			s.id, err = s.Identity(gctx)
			was := r.st.Identities[s.Side]
			s.replaced = was != (tandem.Identity{}) && was != s.id
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, s := range r.sides {
		if s.resumed && r.since(s) == "" { // nothing will bear it out
			return r.identify(ctx, false)
		}
	}
	return nil
}

// resume tells a side where it was, and whether it can go on from there.
func (r *run) resume(s *side) bool {
	x, ok := s.Replica.(provider.Resumer)
	was, since := r.st.Identities[s.Side], r.st.Cursors[s.Side]
	return ok && was != (tandem.Identity{}) && since != "" && !r.opt.Full && !s.full && !r.rescoped && x.Resume(was, since)
}

// since is the cursor to ask side s with. A place that lists everything anyway may use it to save itself work.
func (r *run) since(s *side) tandem.Cursor {
	if r.sides[0].replaced || r.sides[1].replaced { // rows are paired anew, and for that both sides are to be seen whole
		return ""
	}
	if r.opt.Full || s.full || r.rescoped || r.st.Identities[s.Side] != s.id {
		return ""
	}
	return r.st.Cursors[s.Side]
}

// look lists both sides once.
func (r *run) look(ctx context.Context) (*observed, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, gctx := errgroup.WithContext(ctx)
	l := &looker{run: r, ch: make(chan chunk, chunks), delta: !r.rules.Tree, limit: max(4*chunkSize, r.st.Rows/4), wanted: r.wishes()}
	l.pool.New = func() any { b := make([]tandem.Change, 0, chunkSize); return &b }
	var listers sync.WaitGroup
	for _, s := range r.sides {
		since := r.since(s)
		l.delta = l.delta && since != "" && s.Features.Cursor
		listers.Add(1)
		g.Go(func() error {
			defer listers.Done()
			return l.list(gctx, s, since)
		})
	}
	go func() { listers.Wait(); close(l.ch) }()
	err := l.consume(gctx)
	if err != nil {
		cancel()
		for range l.ch {
		}
	}
	if gerr := g.Wait(); gerr != nil {
		return nil, gerr
	}
	if err != nil {
		return nil, err
	}
	return l.finish(ctx)
}

// looker gathers two listings. It belongs to the goroutine of the run, except where its methods say otherwise.
type looker struct {
	*run
	observed
	ch    chan chunk
	pool  sync.Pool
	delta bool    // both sides were asked what changed: hold back until it is known how much of the base is needed
	limit int     // so many changes held back and the whole base is read after all
	held  []chunk // changes waiting for the base
	count int     // how many

	out    leftOuts
	wanted map[spot]*claim // ids that creates of the look before found taken
}

// list runs in its own goroutine and sends one side's listing.
func (l *looker) list(ctx context.Context, s *side, since tandem.Cursor) error {
	seq, finish := s.Changes(ctx, since)
	sent := false
	buf := l.pool.Get().(*[]tandem.Change)
	send := func() error {
		select {
		case l.ch <- chunk{s.Side, buf}:
			sent = true
			buf = l.pool.Get().(*[]tandem.Change)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for c, err := range seq {
		if err != nil {
			if tandem.IsKind(err, tandem.Gone) && since != "" && !s.full {
				s.full = true
				if !sent && !s.resumed {
					return l.list(ctx, s, "")
				}
				return errRelist
			}
			return err
		}
		*buf = append(*buf, c)
		if len(*buf) == chunkSize {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	l.lists[s.Side] = finish()
	if s.resumed && l.lists[s.Side].Full {
		return errRelist
	}
	if len(*buf) > 0 {
		return send()
	}
	return nil
}

// consume feeds the views from both listings until they end.
func (l *looker) consume(ctx context.Context) error {
	if !l.delta {
		if err := l.readAll(ctx); err != nil {
			return err
		}
	}
	for c := range l.ch {
		l.seen(c)
		if l.base != nil {
			l.feed(c)
			continue
		}
		l.held, l.count = append(l.held, c), l.count+len(*c.changes)
		if l.count > l.limit {
			if err := l.readAll(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *looker) seen(c chunk) {
	n := 0
	for i := range *c.changes {
		switch x := &(*c.changes)[i]; x.Presence {
		case tandem.Present:
			n++
		case tandem.OutOfScope, tandem.Problem:
			l.out.note(c.side, x)
		}
	}
	l.tell.saw(c.side, n)
}

func (l *looker) feed(c chunk) {
	for i := range *c.changes {
		l.views[c.side].See((*c.changes)[i])
		if len(l.wanted) > 0 && (*c.changes)[i].Presence != tandem.Absent {
			if w := l.wanted[spot{c.side, (*c.changes)[i].ID}]; w != nil {
				w.known = true
			}
		}
	}
	*c.changes = (*c.changes)[:0]
	l.pool.Put(c.changes)
}

// start makes the views once the base is there and feeds what was held back.
func (l *looker) start(base *engine.Base) {
	l.base = base
	for _, s := range l.sides {
		l.views[s.Side] = base.View(s.Side, s.replaced)
		if s.Features.Lasting {
			l.views[s.Side].Lasting()
		}
	}
	for _, c := range l.held {
		l.feed(c)
	}
	l.held = nil
}

// readAll reads every row of the base.
func (l *looker) readAll(ctx context.Context) error {
	rows := func(func(tandem.Row, error) bool) {}
	if l.known {
		rows = l.deps.Store.Bases.Rows(ctx, l.st.ID)
	}
	base, err := engine.NewBase(l.note(rows), l.st.Rows)
	if err != nil {
		return err
	}
	l.start(base)
	return nil
}

// readSome reads the rows that the changes are about, and those that wait for something.
func (l *looker) readSome(ctx context.Context) error {
	rows, err := l.deps.Store.Bases.Pending(ctx, l.st.ID)
	if err != nil {
		return err
	}
	var ids [2][]tandem.ID
	for _, c := range l.held {
		for i := range *c.changes {
			ids[c.side] = append(ids[c.side], (*c.changes)[i].ID)
		}
	}
	for s, list := range ids {
		if len(list) == 0 {
			continue
		}
		more, err := l.deps.Store.Bases.RowsOf(ctx, l.st.ID, tandem.Side(s), list)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	base, err := engine.NewBase(l.note(distinct(rows)), l.st.Rows)
	if err != nil {
		return err
	}
	l.start(base)
	return nil
}

// distinct yields each row once.
func distinct(rows []tandem.Row) iter.Seq2[tandem.Row, error] {
	return func(yield func(tandem.Row, error) bool) {
		done := make(map[int64]bool, len(rows))
		for _, row := range rows {
			if !done[row.Link] {
				done[row.Link] = true
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// note remembers of the rows that pass by what the run needs later and the plan may not carry.
func (l *looker) note(rows iter.Seq2[tandem.Row, error]) iter.Seq2[tandem.Row, error] {
	return func(yield func(tandem.Row, error) bool) {
		for row, err := range rows {
			if row.Clash != nil && row.Clash.Conflict != 0 {
				l.conflictOf[row.Link] = row.Clash.Conflict
			}
			l.volatile = l.volatile || !row.Durable
			if !yield(row, err) {
				return
			}
		}
	}
}

// finish closes the views.
func (l *looker) finish(ctx context.Context) (*observed, error) {
	if l.base == nil {
		read := l.readSome
		if l.lists[0].Full || l.lists[1].Full || !l.lists[0].Complete || !l.lists[1].Complete { // what is new in a listing that was cut may be any record
			read = l.readAll
		}
		if err := read(ctx); err != nil {
			return nil, err
		}
	}
	if err := l.recognise(ctx); err != nil {
		return nil, err
	}
	for _, s := range l.sides {
		list := l.lists[s.Side]
		l.views[s.Side].Finish(list)
		l.report.Seen[s.Side] = l.tell.seenOn(s.Side)
		if !list.Full {
			l.report.Seen[s.Side] = l.st.Rows
		}
		if !l.lists[s.Side].Complete {
			l.event(store.Warning, "", "the listing of "+s.Place+" is not complete: nothing is deleted on its account", "")
		}
	}
	l.report.LeftOut = l.out.sorted()
	o := l.observed
	return &o, nil
}
