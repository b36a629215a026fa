package session

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"tandem"
	"tandem/engine"
)

// executor carries a plan out. Staging runs one batch ahead in its own goroutine; all else belongs to the run's.
type executor struct {
	*run
	plan *engine.Plan
	rec  *recorder

	mu     sync.Mutex // guards ledger
	ledger *engine.Ledger
	done   []bool                // per action, whether it was carried out; of the run's goroutine
	open   map[[2]tandem.ID]bool // where the records are that the next look must see again; see leave

	batch   *batch   // being applied or closed
	flying  []*batch // being written while what follows is begun, in their order; see flight.go
	flushed bool     // both places were asked to make durable what they showed
	durable bool     // and what they showed survives a power cut
}

func newExecutor(r *run, plan *engine.Plan) *executor {
	x := &executor{run: r, plan: plan, ledger: engine.NewLedger(plan), done: make([]bool, plan.Len())}
	todo := 0
	for i := range plan.Len() {
		if do := plan.Do(i); do != engine.Nothing && do != engine.Wait {
			todo++
		}
	}
	x.rec = newRecorder(r, todo)
	x.rec.durable = x.durableRows
	r.tell.expect(todo, plan.Totals[0].Bytes+plan.Totals[1].Bytes)
	return x
}

// execute stages and applies batch after batch.
func (x *executor) execute(ctx context.Context) error {
	x.tell.phase(Staging)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ready := make(chan *batch)
	var g errgroup.Group
	g.Go(func() error {
		defer close(ready)
		return x.ahead(ctx, ready)
	})
	err := x.applyAll(ctx, cancel, ready)
	if serr := g.Wait(); err == nil {
		err = serr
	}
	return err
}

// ahead stages batches, waiting for what came before where a batch depends on it.
func (x *executor) ahead(ctx context.Context, ready chan<- *batch) error {
	var prev *batch
	for b := range x.batches() {
		if prev != nil && (b.barrier || prev.barrier) {
			select {
			case <-prev.done:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err := x.stage(ctx, b); err != nil {
			return err
		}
		select {
		case ready <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
		prev = b
	}
	return nil
}

// apply writes one staged batch and notes what became of it. An error ends the run.
func (x *executor) apply(ctx context.Context, b *batch) error {
	x.batch = b
	todo, err := x.begin(ctx, b)
	if err != nil {
		return err
	}
	if err := x.carry(ctx, &todo); err != nil {
		return err
	}
	return x.closeAll(ctx, b)
}

// begin turns a staged batch into its writes.
func (x *executor) begin(ctx context.Context, b *batch) (todo [2][]*job, err error) {
	if err := ctx.Err(); err != nil {
		return todo, err
	}
	x.tell.phase(Applying)
	if err := x.rec.launch(context.WithoutCancel(ctx)); err != nil {
		return todo, err
	}
	for s, err := range b.down {
		if err != nil {
			x.mark(x.sides[s], err)
		}
	}
	for _, st := range b.steps {
		x.write(st, b.steps[0].index)
		for _, j := range st.jobs {
			if j.skip == nil {
				todo[j.side.Side] = append(todo[j.side.Side], j)
			}
		}
	}
	return todo, nil
}

// closeAll notes what became of a batch whose writes are made.
func (x *executor) closeAll(ctx context.Context, b *batch) error {
	for i, st := range b.steps {
		if err := x.close(ctx, st); err != nil {
			return err
		}
		if i%bodiesPerCommit == bodiesPerCommit-1 { // a batch may be large: what is done of it is recorded while the rest is closed
			if err := x.rec.launch(context.WithoutCancel(ctx)); err != nil {
				return err
			}
		}
	}
	x.tell.finish(len(b.steps))
	return nil
}

// carry keeps the victims of writes and then makes the writes.
func (x *executor) carry(ctx context.Context, todo *[2][]*job) error {
	if err := x.park(ctx, todo); err != nil {
		return err
	}
	if len(todo[0])+len(todo[1]) == 0 {
		return nil
	}
	if err := x.start(ctx); err != nil {
		return err
	}
	x.wrote = true
	x.send(ctx, todo)
	return x.fault("apply")
}

// send applies the writes of a batch, on both sides at the same time. When a place fails as a whole, the rest of its
// writes is not tried.
func (x *executor) send(ctx context.Context, todo *[2][]*job) {
	late := x.later(todo)
	x.sendBoth(ctx, todo)
	for s, jobs := range late {
		todo[s] = todo[s][:0]
		for _, j := range jobs {
			if j.ready() {
				todo[s] = append(todo[s], j)
			}
		}
	}
	x.sendBoth(ctx, todo)
}

// later takes the writes out of todo that must wait for the others: where bodies are read while they are written
// elsewhere, new attributes for the source of an update would pass for a change under the reader's hands.
func (x *executor) later(todo *[2][]*job) (late [2][]*job) {
	if x.stream == nil {
		return late
	}
	for s, jobs := range todo {
		now := jobs[:0]
		for _, j := range jobs {
			if j.write.Op == tandem.SetAttrs && j.step.act.Do == engine.Update {
				late[s] = append(late[s], j)
			} else {
				now = append(now, j)
			}
		}
		todo[s] = now
	}
	return late
}

// ready tells whether a write that waited for the others of its step may be made; otherwise it says why not.
func (j *job) ready() bool {
	j.skip = j.side.down
	for _, other := range j.step.jobs {
		if other != j && other.out.Status != tandem.Applied {
			j.skip = errNeeds
		}
	}
	return j.skip == nil
}

func (x *executor) sendBoth(ctx context.Context, todo *[2][]*job) {
	x.markAll(x.sendOut(ctx, todo))
}

// sendOut makes the writes of both sides, at the same time, and tells which place failed as a whole.
func (x *executor) sendOut(ctx context.Context, todo *[2][]*job) (errs [2]error) {
	var wg sync.WaitGroup
	for s, jobs := range todo {
		if len(jobs) > 0 {
			wg.Go(func() { errs[s] = x.sendTo(ctx, x.sides[s], jobs) })
		}
	}
	wg.Wait()
	return errs
}

func (x *executor) markAll(errs [2]error) {
	for s, err := range errs {
		if err != nil {
			x.mark(x.sides[s], err)
		}
	}
}

// sendTo applies writes on one side, in parallel where the place allows it and order does not matter.
func (x *executor) sendTo(ctx context.Context, s *side, jobs []*job) error {
	size := s.Features.Batch
	if size <= 0 {
		size = 100
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(1)
	if n := s.Features.Workers; n > 1 && !x.rules.Tree {
		g.SetLimit(n)
		size = min(size, (len(jobs)+n-1)/n)
	}
	for part := range pieces(jobs, size) {
		g.Go(func() error {
			if err := gctx.Err(); err != nil {
				for _, j := range part {
					j.skip = errNotTried
				}
				return err
			}
			return x.applyPart(ctx, s, part)
		})
	}
	return g.Wait()
}

var (
	errNotTried = errors.New("not tried, since the place failed before")
	errNeeds    = errors.New("not done, since something it needs could not be done")
)

func (x *executor) applyPart(ctx context.Context, s *side, jobs []*job) error {
	writes := make([]tandem.Write, len(jobs))
	for i, j := range jobs {
		writes[i] = j.write
	}
	x.tell.about(string(writes[0].ID))
	s.enter()
	outs, err := s.Apply(ctx, writes)
	s.leave()
	for i, j := range jobs {
		if i < len(outs) {
			j.out = outs[i]
		}
		if j.write.Progress == nil && j.out.Status == tandem.Applied && j.write.Record.Body != nil {
			x.tell.moved(j.write.Record.Body.Size())
		}
	}
	return err
}

// write turns a staged step into its writes. first is the index of the batch's first action.
func (x *executor) write(st *step, first int) {
	if st.err == nil && !x.may(st, first) {
		st.err = errNeeds
	}
	if st.err != nil {
		return
	}
	act := &st.act
	switch act.Do {
	case engine.Copy:
		x.add(st, act.To, tandem.Create, act.Attrs)
	case engine.Update:
		x.add(st, act.To, tandem.Update, act.Attrs)
		if other := act.To.Other(); act.Into[other] {
			x.add(st, other, tandem.SetAttrs, act.Attrs)
		}
	case engine.SetAttrs:
		for s := tandem.SideA; s <= tandem.SideB; s++ {
			if act.Into[s] {
				x.add(st, s, tandem.SetAttrs, act.Attrs)
			}
		}
	case engine.Move:
		x.add(st, act.To, tandem.Move, "")
	case engine.Delete:
		x.add(st, act.To, tandem.Delete, "")
	case engine.Write:
		for s := tandem.SideA; s <= tandem.SideB; s++ {
			if act.Into[s] {
				x.addWrite(st, s)
			}
		}
	}
}

// may tells whether everything that a step needs is done, or is to be done by the same place just before it.
func (x *executor) may(st *step, first int) bool {
	for _, n := range st.act.Needs {
		if n < first && !x.done[n] {
			return false
		}
	}
	return true
}

// addWrite plans a body for one side, unless that shows it already.
func (x *executor) addWrite(st *step, s tandem.Side) {
	was := &st.seen[s]
	switch {
	case was.ID == "":
		x.add(st, s, tandem.Create, st.act.Attrs)
	case was.Digest != st.body.rec.Digest || was.Digest.IsZero():
		x.add(st, s, tandem.Update, st.act.Attrs)
	case was.Attrs != st.act.Attrs && x.sides[s].Features.Attrs:
		x.add(st, s, tandem.SetAttrs, st.act.Attrs)
	}
}

// add plans one write, or says why it must not be tried.
func (x *executor) add(st *step, s tandem.Side, op tandem.Op, attrs tandem.Attrs) {
	j := &job{step: st, side: x.sides[s]}
	st.jobs = append(st.jobs, j)
	j.write = tandem.Write{Op: op, ID: st.target[s].id, If: st.target[s].at}
	switch op {
	case tandem.Create:
		j.write.ID, j.write.If, j.write.Marker = x.wished(st, s), "", st.mark
		if j.write.Marker == "" {
			j.write.Marker = x.marker(st, s)
		}
	case tandem.Move:
		j.write.To = st.act.NewID
	}
	if op != tandem.Move && op != tandem.Delete {
		j.write.Record = x.payload(st, s, op, attrs)
	}
	if x.stream != nil && j.write.Record.Body != nil {
		j.write.Progress = x.tell.moved
	}
	if j.side.down != nil {
		j.skip = j.side.down
	}
}

// payload is the record that a write to side s carries.
func (x *executor) payload(st *step, s tandem.Side, op tandem.Op, attrs tandem.Attrs) tandem.Record {
	from := st.seen[s.Other()]
	rec := tandem.Record{ID: from.ID, Meta: tandem.Meta{Version: from.Version, Digest: from.Digest, Size: from.Size, Attrs: attrs, UID: st.act.Row.UID}}
	if op == tandem.SetAttrs {
		return rec
	}
	g := st.got[s.Other()]
	if st.body != nil {
		g = st.body
	}
	if g != nil {
		rec.Body, rec.Modified = g.rec.Body, g.rec.Modified
		if !g.rec.Digest.IsZero() {
			rec.Digest = g.rec.Digest
		}
		if g.rec.UID != "" {
			rec.UID = g.rec.UID
		}
		if g.rec.Body != nil {
			rec.Size = max(0, g.rec.Body.Size())
		}
	}
	return rec
}

// wished is the id to ask for in a create. A place that names records itself may choose another; one whose wish was
// refused as taken is asked to choose.
func (x *executor) wished(st *step, s tandem.Side) tandem.ID {
	from := st.seen[s.Other()].ID
	c := x.taken[spot{s.Other(), from}]
	switch {
	case st.act.NewID != "":
		return st.act.NewID
	case c != nil && c.known && !x.rules.Tree:
		return ""
	case from == "":
		return st.target[s].id
	}
	return from
}
