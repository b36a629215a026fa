package session

import (
	"context"
	"crypto/sha256"

	"golang.org/x/sync/errgroup"

	"tandem"
	"tandem/engine"
	"tandem/provider"
	"tandem/store"
)

const (
	// rowsPerCommit bounds how many rows wait for a transaction, and bodiesPerCommit how many bodies: these take longer to
	// write, and are best written while the places are busy with the next batch.
	rowsPerCommit   = 4096
	bodiesPerCommit = 500
	// bodiesPerFetch bounds how many agreed bodies are read again at a time.
	bodiesPerFetch = 200
)

// recorder gathers what the base is to remember and commits it in batches. Whatever it was given was durable in its
// place before.
type recorder struct {
	*run
	c      store.Commit
	bytes  int64
	have   map[tandem.Digest]bool // bodies in c
	at     map[int64]int          // link → index in c.Put
	flying []tandem.Row           // of that commit
	spare  []tandem.Row           // room that a commit before left
	busy   chan error             // tells how the commit under way in the background ended; nil: there is none
	gone   map[int64]bool         // links dropped in this pass
	put    int                    // rows put in this pass
	room   int                    // how many rows a commit is likely to have

	durable func(context.Context) bool // tells whether rows are durable; asked before the first commit of any
}

func newRecorder(r *run, todo int) *recorder {
	room := rowsPerCommit
	if r.stream == nil {
		room = bodiesPerCommit
	}
	return &recorder{run: r, room: min(todo, room), have: map[tandem.Digest]bool{}, at: map[int64]int{}, gone: map[int64]bool{}}
}

// sum is the name of a body in the store.
func sum(b tandem.Bytes) tandem.Digest { return sha256.Sum256(b) }

// body makes the next commit carry a body.
func (c *recorder) body(b tandem.Bytes) {
	name := sum(b)
	if !c.have[name] {
		c.have[name] = true
		c.c.Bodies = append(c.c.Bodies, b)
		c.bytes += b.Size()
	}
}

// row records an agreement. body is what was agreed on, nil where the kind keeps none or the row has it already. Any
// conflict the record was in is over.
func (c *recorder) row(row tandem.Row, body tandem.Bytes) {
	if body != nil {
		row.Body = sum(body)
		c.body(body)
	}
	if row.Clash == nil {
		c.resolve(row.Link)
	}
	c.keep(row)
}

// keep records a row as it is; if it is in conflict, it stays so.
func (c *recorder) keep(row tandem.Row) {
	c.put++
	if i, twice := c.at[row.Link]; twice && row.Link != 0 {
		c.c.Put[i] = row
		return
	}
	c.at[row.Link] = len(c.c.Put)
	if c.c.Put == nil {
		c.c.Put = make([]tandem.Row, 0, c.room)
	}
	c.c.Put = append(c.c.Put, row)
}

// drop forgets a row.
func (c *recorder) drop(link int64) {
	if link == 0 || c.gone[link] {
		return
	}
	c.resolve(link)
	if i, put := c.at[link]; put {
		last := len(c.c.Put) - 1
		c.c.Put[i] = c.c.Put[last]
		c.at[c.c.Put[i].Link] = i
		c.c.Put = c.c.Put[:last]
		delete(c.at, link)
	}
	c.gone[link] = true
	c.c.Drop = append(c.c.Drop, link)
}

func (c *recorder) resolve(link int64) {
	if id := c.conflictOf[link]; link != 0 && id != 0 {
		c.c.Resolved = append(c.c.Resolved, id)
		delete(c.conflictOf, link)
	}
}

func (c *recorder) empty() bool {
	k := &c.c
	return len(k.Put)+len(k.Drop)+len(k.Bodies)+len(k.History)+len(k.Retract)+len(k.Conflicts)+len(k.Resolved) == 0
}

// launch commits in the background if enough has gathered. join waits for it.
func (c *recorder) launch(ctx context.Context) error {
	k := &c.c
	if len(k.Put)+len(k.Drop)+len(k.History) < rowsPerCommit && len(k.Bodies) < bodiesPerCommit && c.bytes < c.opt.Batch/2 && len(k.Conflicts) < 64 {
		return nil
	}
	if err := c.join(); err != nil {
		return err
	}
	out, err := c.take(ctx)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	c.busy, c.flying = done, out.Put
	go func() { done <- c.deps.Store.Bases.Commit(ctx, c.st.ID, out) }()
	return nil
}

// join waits for what launch started.
func (c *recorder) join() error {
	if c.busy == nil {
		return nil
	}
	err := <-c.busy
	clear(c.flying)
	c.busy, c.flying, c.spare = nil, nil, c.flying[:0]
	if err != nil {
		return err
	}
	return c.fault("record")
}

// take ends the gathering of one commit and begins the next.
func (c *recorder) take(ctx context.Context) (store.Commit, error) {
	if err := c.start(ctx); err != nil {
		return store.Commit{}, err
	}
	if len(c.c.Put) > 0 {
		durable := c.durable(ctx)
		for i := range c.c.Put {
			c.c.Put[i].Durable = durable
		}
	}
	c.wrote = true
	c.scoped()
	c.identified()
	out := c.c
	c.c, c.bytes = store.Commit{Put: c.spare}, 0
	c.spare = nil
	clear(c.have)
	clear(c.at)
	return out, nil
}

// scoped makes the next commit tell under which filters the base is made, as long as it is made under no others.
func (c *recorder) scoped() {
	if !c.rescoped && c.st.Scope != c.pair.Scope {
		c.c.Scope = &c.pair.Scope
	}
}

// identified makes the next commit tell which stores its rows are about, as long as the base knows none: a listing that was not complete does not
// end with that, and a store that is restored before one is would not be known for another.
func (c *recorder) identified() {
	ids := c.st.Identities
	for s, id := range ids {
		if id == (tandem.Identity{}) {
			ids[s] = c.sides[s].id
		}
	}
	if ids != c.st.Identities {
		c.c.Identities = &ids
	}
}

// flush commits what has gathered, and returns the history entries with their ids.
func (c *recorder) flush(ctx context.Context) ([]store.Past, error) {
	if err := c.join(); err != nil || c.empty() {
		return nil, err
	}
	out, err := c.take(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.deps.Store.Bases.Commit(ctx, c.st.ID, out); err != nil {
		return nil, err
	}
	return out.History, c.fault("record")
}

// durableRows makes the places flush what they showed, once, and tells whether rows recorded now survive a power cut. It
// comes after the writes, when there is little left to flush.
func (x *executor) durableRows(ctx context.Context) bool {
	if x.flushed {
		return x.durable
	}
	x.flushed, x.durable = true, true
	var g errgroup.Group
	for _, s := range x.sides {
		if f, ok := s.Replica.(provider.Flusher); ok {
			g.Go(func() error { return f.Flush(ctx) })
		} else if s.Features.Tree {
			x.durable = false
		}
	}
	if err := g.Wait(); err != nil {
		x.durable = false
	}
	return x.durable
}

// finish records the plan's bookkeeping and, if everything that was seen has been dealt with, moves the cursors on.
func (x *executor) finish(ctx context.Context, plan *engine.Plan, seen *observed, whole bool) error {
	if !whole {
		_, err := x.rec.flush(ctx)
		return err
	}
	if err := x.bookkeeping(ctx, plan); err != nil {
		return err
	}
	if err := x.fault("finish"); err != nil {
		return err
	}
	if err := x.rec.join(); err != nil {
		return err
	}
	c := &x.rec.c
	x.rec.scoped()
	rows, news := !x.rec.empty(), c.Scope != nil
	if rows {
		x.rec.identified()
	}
	if x.left == 0 && !x.again {
		ids := [2]tandem.Identity{x.sides[0].id, x.sides[1].id}
		// What one side told may hang on what the other did not: both cursors move on, or neither.
		complete := seen.lists[0].Complete && seen.lists[1].Complete
		cursors := x.st.Cursors
		anew := x.rescoped || x.sides[0].replaced || x.sides[1].replaced
		for s, l := range seen.lists {
			if complete && !x.stay {
				cursors[s] = l.Next
				if a, ok := x.sides[s].Replica.(provider.Advancer); ok {
					cursors[s] = a.Advance(l.Next)
				}
			} else if anew { // the old cursor knows nothing of what came into sight, or lost its row
				cursors[s] = ""
			}
		}
		if complete && ids != x.st.Identities {
			c.Identities, news = &ids, true
		}
		if cursors != x.st.Cursors {
			c.Cursors, news = &cursors, true
		}
		if complete && x.rescoped {
			c.Scope, news = &x.pair.Scope, true
		}
	}
	now := x.opt.Now()
	if !rows && !news && now-x.st.Last < quiet {
		return nil
	}
	proven := x.volatile && x.left == 0 && (x.rebooted || now-x.st.Last >= quiet)
	c.Durable = x.rec.put == 0 && proven || x.rec.put > 0 && x.durableRows(ctx)
	c.Finished = now
	for i := range c.Put {
		c.Put[i].Durable = x.durableRows(ctx)
	}
	if rows {
		if err := x.start(ctx); err != nil {
			return err
		}
		x.wrote = true
	}
	if err := x.deps.Store.Bases.Commit(ctx, x.st.ID, *c); err != nil {
		return err
	}
	x.rec.c = store.Commit{}
	return x.fault("finished")
}

// bookkeeping records the changes to the base that needed no write.
func (x *executor) bookkeeping(ctx context.Context, plan *engine.Plan) error {
	for first := 0; first < len(plan.Base); first += bodiesPerFetch {
		part := plan.Base[first:min(first+bodiesPerFetch, len(plan.Base))]
		rows := make([]*tandem.Row, 0, len(part))
		for i := range part {
			if !part[i].Drop {
				rows = append(rows, &part[i].Row)
			}
		}
		bodies, err := x.agreedBodies(ctx, rows)
		if err != nil {
			return err
		}
		for i := range part {
			op := &part[i]
			switch {
			case !x.ledger.ReadyOp(first + i):
				if !x.allDone(op.Needs) {
					x.left++
				}
			case op.Drop && x.open[[2]tandem.ID{op.Row.A.ID, op.Row.B.ID}]:
			case op.Drop:
				x.rec.drop(op.Row.Link)
			default:
				x.rec.row(x.ledger.OpRow(first+i), bodies[op.Row.A.ID])
			}
		}
		if err := x.rec.launch(ctx); err != nil {
			return err
		}
	}
	return x.newRows(ctx, plan)
}

// newRows records what both sides turned out to hold alike.
func (x *executor) newRows(ctx context.Context, plan *engine.Plan) error {
	part := make([]*tandem.Row, 0, bodiesPerFetch)
	record := func() error {
		bodies, err := x.agreedBodies(ctx, part)
		if err != nil {
			return err
		}
		for _, row := range part {
			x.rec.row(*row, bodies[row.A.ID])
		}
		part = part[:0]
		return x.rec.launch(ctx)
	}
	for row := range plan.InStep() {
		if part = append(part, &row); len(part) == cap(part) {
			if err := record(); err != nil {
				return err
			}
		}
	}
	if len(part) == 0 {
		return nil
	}
	return record()
}

// agreedBodies reads the bodies of rows that were found equal on both sides, for later merges. One that changed since
// is left out: without an agreed body a merge keeps what either side has.
func (x *executor) agreedBodies(ctx context.Context, rows []*tandem.Row) (map[tandem.ID]tandem.Bytes, error) {
	if x.stream != nil {
		return nil, nil
	}
	want := map[tandem.ID]tandem.Digest{}
	var ids []tandem.ID
	for _, row := range rows {
		if row.Agreed() && row.Body.IsZero() && row.Clash == nil && !bodiless(row.A.Attrs) {
			want[row.A.ID] = row.A.Digest
			ids = append(ids, row.A.ID)
		}
	}
	if len(ids) == 0 || x.sides[0].down != nil {
		return nil, nil
	}
	found, err := x.fetch(ctx, x.sides[0], ids)
	if err != nil {
		x.mark(x.sides[0], err)
		return nil, ctx.Err()
	}
	out := make(map[tandem.ID]tandem.Bytes, len(ids))
	for id, g := range found {
		if g.err != nil || g.rec.Body == nil {
			continue
		}
		if g = x.inspect(g.rec); g.err == nil && (want[id].IsZero() || g.rec.Digest == want[id]) {
			out[id] = g.body
		}
	}
	return out, nil
}
