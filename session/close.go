package session

import (
	"context"
	"errors"

	"tandem"
	"tandem/engine"
)

// close notes what became of a step: its row if all of it was done, what to try again or to set aside otherwise.
func (x *executor) close(ctx context.Context, st *step) error {
	switch {
	case st.err != nil:
		x.fail(st, st.err)
		return nil
	case st.act.Do == engine.Wait:
		x.wait(&st.act)
		return nil
	case st.act.Do == engine.Conflict:
		return x.conflict(st)
	case st.act.Do == engine.KeepBoth:
		return x.keepBoth(ctx, st)
	}
	x.settleJobs(ctx, st)
	if !st.failed || x.halfMerged(st) {
		x.record(st)
	}
	return nil
}

// halfMerged turns a merge that one side has and that came too late for the other, which changed again, into what it is: the side that has it holds all that the
// other showed, and more. That is what both agree on from here. With what they agreed on before, each field that the merge brought would pass for an edit of that
// side's own, and clash with the other's next edit of it.
func (x *executor) halfMerged(st *step) bool {
	if st.act.Do != engine.Write || x.stream != nil || st.act.Into != [2]bool{true, true} || len(st.jobs) != 2 || st.act.Row.Clash != nil || !st.act.Row.Agreed() {
		return false
	}
	for i, late := range st.jobs {
		has, s := st.jobs[1-i], late.side.Side
		if late.skip == nil && late.write.Op == tandem.Update && late.out.Status == tandem.PreconditionFailed && has.out.Status == tandem.Applied && st.got[s] != nil && st.got[s].body != nil {
			st.act.Into[s], st.jobs = false, []*job{has}
			return true
		}
	}
	return false
}

// settleJobs settles the outcomes of a step's writes.
func (x *executor) settleJobs(ctx context.Context, st *step) {
	for _, j := range st.jobs {
		if !x.landed(ctx, j) {
			st.failed = true
		}
	}
}

// record puts or drops the row of a finished step.
func (x *executor) record(st *step) {
	row, drop, ok := x.applied(st)
	switch {
	case drop:
		x.rec.drop(row.Link)
	case ok:
		x.rec.row(row, st.agreed())
	}
}

// applied tells the ledger that a step was carried out and completes the row that records it.
func (x *executor) applied(st *step) (row tandem.Row, drop, ok bool) {
	var out [2]*tandem.Outcome
	for _, j := range st.jobs {
		out[j.side.Side] = &j.out
		if uid := j.write.Record.UID; uid != "" {
			defer func() { row.UID = uid }()
		}
	}
	x.mu.Lock()
	row, drop, ok = x.ledger.Applied(st.index, st.act, out)
	x.mu.Unlock()
	x.done[st.index] = true
	if !ok || drop {
		return row, drop, ok
	}
	x.disown(st, &row)
	whole := st.act.Do != engine.Move && st.act.Do != engine.SetAttrs
	for s := tandem.SideA; s <= tandem.SideB; s++ {
		// Staging may have learned more than the plan knew of the side that was only read.
		is, was := row.Side(s), st.act.Shown(s)
		if out[s] != nil || !whole || is.ID == "" || is.Version != was.Version {
			continue
		}
		is.Version = st.seen[s].Version
		if is.Digest.IsZero() {
			is.Digest = st.seen[s].Digest
		}
		if o := out[s.Other()]; is.Digest.IsZero() && o != nil {
			is.Digest = o.Digest
		}
	}
	return row, drop, ok
}

// disown records what only one side may be given as that side's own: the row goes on holding what the other side has. Its
// next change is then merged with what is the side's own instead of written over it.
func (x *executor) disown(st *step, row *tandem.Row) {
	s, ok := st.onlyRead()
	if !ok {
		return
	}
	o := s.Other()
	has := st.seen[o].Digest
	if st.act.Do == engine.Write && st.body != nil {
		has = st.body.rec.Digest
	}
	if st.seen[s].ID != "" && has != st.seen[s].Digest {
		row.Side(o).Own(&st.seen[s])
	}
}

// onlyRead names the side that a step takes into account and may not write to.
func (st *step) onlyRead() (tandem.Side, bool) {
	if do := st.act.Do; do != engine.Write && do != engine.Link || st.act.Into[0] == st.act.Into[1] {
		return 0, false
	}
	if st.act.Into[0] {
		return tandem.SideB, true
	}
	return tandem.SideA, true
}

// agreed is the body that both sides have after the step, nil where none is kept.
func (st *step) agreed() tandem.Bytes {
	if s, ok := st.onlyRead(); ok {
		if g := st.got[s]; g != nil {
			return g.body
		}
		return nil
	}
	if st.body != nil {
		return st.body.body
	}
	switch st.act.Do {
	case engine.Copy, engine.Update:
		if g := st.got[st.act.To.Other()]; g != nil {
			return g.body
		}
	case engine.Link, engine.SetAttrs: // a merge that found both bodies to mean the same
		if g := st.got[0]; g != nil {
			return g.body
		}
	}
	return nil
}

// landed settles the outcome of one job and tells whether it was done.
func (x *executor) landed(ctx context.Context, j *job) bool {
	stays := false // what the write wants is taken, and nobody took it meanwhile
	switch {
	case j.skip != nil:
		j.out = tandem.Outcome{Status: tandem.PreconditionFailed}
	case j.out.Status == tandem.Maybe:
		x.find(ctx, j)
	case j.out.Status == tandem.PreconditionFailed && j.contested() && x.allDone(j.step.act.Needs) && j.side.down == nil:
		stays = x.dispute(j)
		x.recover(ctx, j)
	}
	x.complete(ctx, j)
	if j.skip == nil && j.out.Status == tandem.Applied {
		x.fillOutcome(j)
		x.count(j)
		return true
	}
	switch {
	case j.skip != nil:
		x.fail(j.step, j.skip)
	case !x.allDone(j.step.act.Needs):
		x.fail(j.step, errNeeds)
	case j.side.down != nil: // what a failing place says of single records is not held against them
		x.leave(j.step)
	case j.out.Status == tandem.Rejected:
		x.refuse(j)
	case j.out.Status == tandem.RetryAfter:
		x.postpone(j)
	case j.out.Status == tandem.PreconditionFailed:
		if stays {
			x.refuse(j)
		} else {
			x.retry(j.step)
		}
	default: // the answer was lost; the next look tells
		x.leave(j.step)
		x.again = true
	}
	return false
}

// contested tells of a write that was refused because another record has what this one wants, its id or its UID.
func (j *job) contested() bool {
	return j.write.Op == tandem.Create || j.write.Op == tandem.Update && tandem.IsKind(j.out.Err, tandem.Exists)
}

// find asks the place whether a create whose answer was lost arrived, and is still as it was written.
func (x *executor) find(ctx context.Context, j *job) {
	if j.write.Op != tandem.Create || ctx.Err() != nil {
		return
	}
	if out, found, err := j.side.Find(ctx, j.write); err == nil && found && x.asWritten(ctx, j, &out) {
		out.Status = tandem.Applied
		j.out = out
	}
}

// asWritten tells whether what a create made is still what was written. If somebody edited it since, or a run that died had made it of
// what was to be written then, its version is not what both sides agree on; the next look pairs the two.
func (x *executor) asWritten(ctx context.Context, j *job, out *tandem.Outcome) bool {
	sent := j.write.Record
	if sent.Body == nil {
		return true
	}
	if j.side.Features.Attrs && out.Attrs != sent.Attrs {
		return false
	}
	if sent.Digest.IsZero() {
		sent.Digest = x.inspect(sent).rec.Digest
	}
	if out.Digest.IsZero() {
		found, err := x.fetch(ctx, j.side, []tandem.ID{out.ID})
		g := found[out.ID]
		if err != nil || g == nil || g.err != nil || g.rec.Version != out.Version {
			return false
		}
		out.Digest = x.inspect(g.rec).rec.Digest
	}
	return !out.Digest.IsZero() && out.Digest == sent.Digest
}

// allDone tells whether these actions were carried out.
func (x *executor) allDone(needs []int) bool {
	for _, n := range needs {
		if !x.done[n] {
			return false
		}
	}
	return true
}

// fillOutcome completes what a place said of a write it made.
func (x *executor) fillOutcome(j *job) {
	o, rec := &j.out, &j.write.Record
	if o.ID == "" {
		o.ID = j.write.ID
		if j.write.Op == tandem.Move {
			o.ID = j.write.To
		}
	}
	if j.write.Op == tandem.Create || j.write.Op == tandem.Update {
		if o.Digest.IsZero() {
			o.Digest = rec.Digest
		}
		if o.Size == 0 {
			o.Size = rec.Size
		}
		if o.Digest.IsZero() && x.stream != nil && rec.Body != nil {
			// Neither place tells digests. Without one, a later rename or touch would look like an edit. A body that
			// can no longer be read leaves it unknown.
			o.Digest, _ = x.hash(*rec)
		}
	}
	if o.Attrs == "" && j.side.Features.Attrs && j.write.Op != tandem.Move && j.write.Op != tandem.Delete {
		o.Attrs = rec.Attrs
	}
}

// count adds a landed job to the report.
func (x *executor) count(j *job) {
	t := &x.report.Done[j.side.Side]
	switch j.write.Op {
	case tandem.Create:
		t.Creates++
	case tandem.Update:
		t.Updates++
	case tandem.SetAttrs:
		t.Attrs++
	case tandem.Move:
		t.Moves++
	case tandem.Delete:
		t.Deletes++
	}
	if j.write.Record.Body != nil {
		t.Bytes += max(0, j.write.Record.Body.Size())
	}
	if j.step.merge {
		x.report.Done[tandem.SideA].Merges++
		j.step.merge = false
	}
}

// fail notes why a step was not done. What changed is looked at again at once; what cannot be read is tried by the next
// run; what will not do as it is, is set aside.
func (x *executor) fail(st *step, err error) {
	switch {
	case err == x.sides[0].down || err == x.sides[1].down || errors.Is(err, errNotTried) || errors.Is(err, errNeeds) || errors.Is(err, context.Canceled):
		x.leave(st)
	case tandem.IsKind(err, tandem.Changed):
		x.retry(st)
	case tandem.IsKind(err, tandem.Invalid) || tandem.IsKind(err, tandem.TooLarge):
		x.aside(st, err)
	default:
		x.leave(st)
		x.problem(nameOf(&st.act), err)
	}
}

// leave has the next look see a step again. Until then it keeps the row of its two records if that is to be given up, as after a store was replaced: where the
// answer of a write was lost, nothing else may tell that what is there under another id by now is no new record.
func (x *executor) leave(st *step) {
	x.left++
	if x.open == nil {
		x.open = map[[2]tandem.ID]bool{}
	}
	x.open[st.act.At] = true
}

// retry has a record that changed meanwhile looked at again: at once, or by the next run if this was the last look.
func (x *executor) retry(st *step) {
	x.leave(st)
	if x.lastPass {
		x.problem(nameOf(&st.act), changed(nameOf(&st.act)))
		return
	}
	x.again = true
}
