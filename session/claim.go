package session

import (
	"context"

	"tandem"
)

// spot names a record on one side.
type spot struct {
	tandem.Side
	id tandem.ID
}

// claim is a write that was refused because another record has its id or its UID. The next look may show that record, to
// be paired with, or may find it gone. Only if the next look shows what has the id may the place
// be asked to choose another one. If it does not, then its listing may be that of a moment ago, and what has the id may
// be the very record that is to be made.
type claim struct {
	wish  spot
	known bool
	spent bool // the place knows the marker from a create that is long settled: another is needed
}

// dispute notes that what a write wants is taken. It reports whether that is so for the second time.
func (r *run) dispute(j *job) bool {
	from := j.source()
	if r.taken[from] != nil {
		return true
	}
	r.taken[from] = &claim{wish: spot{j.side.Side, j.write.ID}}
	return false
}

// source names the record that a write copies.
func (j *job) source() spot {
	s := j.side.Other()
	return spot{s, j.step.seen[s].ID}
}

// wishes are the claims by what they wish for.
func (r *run) wishes() map[spot]*claim {
	out := make(map[spot]*claim, len(r.taken))
	for _, c := range r.taken {
		c.known = false
		out[c.wish] = c
	}
	return out
}

// spentMarkers are the sources of the creates that need another marker.
func (r *run) spentMarkers() map[spot]bool {
	out := map[spot]bool{}
	for from, c := range r.taken {
		if c.spent {
			out[from] = true
		}
	}
	return out
}

// recognise looks in the base for ids that are taken and were not listed, where the place listed changes only.
func (l *looker) recognise(ctx context.Context) error {
	for wish, c := range l.wanted {
		if c.known || l.lists[wish.Side].Full || !l.known {
			continue
		}
		rows, err := l.deps.Store.Bases.RowsOf(ctx, l.st.ID, wish.Side, []tandem.ID{wish.id})
		if err != nil {
			return err
		}
		c.known = len(rows) > 0
	}
	return nil
}

// recover asks the place by the marker of a create that it refused whether that create was done before, by a run that died
// before it recorded it. A listing of a moment ago does not show what was made. If that is as it was written, the create is
// done; if it was changed since, the listing that shows it pairs the two.
func (x *executor) recover(ctx context.Context, j *job) {
	if j.write.Op != tandem.Create || ctx.Err() != nil {
		return
	}
	out, found, err := j.side.Find(ctx, j.write)
	switch {
	case err != nil || !found:
	case x.claimed(ctx, j, out.ID):
		x.taken[j.source()].spent = true
	case x.asWritten(ctx, j, &out):
		out.Status = tandem.Applied
		j.out = out
	}
}

// claimed tells that somebody knows what has an id on the target of a write: the base has a row for it that lasts, this run has
// seen it listed, or made it.
func (x *executor) claimed(ctx context.Context, j *job, id tandem.ID) bool {
	s := j.side.Side
	rows, err := x.deps.Store.Bases.RowsOf(ctx, x.st.ID, s, []tandem.ID{id})
	if err != nil {
		return true
	}
	void := map[int64]bool{j.step.act.Row.Link: true}
	for i := range x.plan.Base {
		if op := &x.plan.Base[i]; op.Drop {
			void[op.Row.Link] = true
		}
	}
	of := func(row *tandem.Row) bool { return row.Side(s).ID == id && (row.Link == 0 || !void[row.Link]) }
	for _, list := range [][]tandem.Row{rows, x.rec.c.Put, x.rec.flying} {
		for i := range list {
			if of(&list[i]) {
				return true
			}
		}
	}
	if x.justMade(j, id) {
		return true
	}
	for i, act := range x.plan.All() {
		if i != j.step.index && act.Shown(s).ID == id {
			return true
		}
	}
	for i := range x.plan.Base {
		if of(&x.plan.Base[i].Row) {
			return true
		}
	}
	for row := range x.plan.InStep() {
		if of(&row) {
			return true
		}
	}
	return false
}
