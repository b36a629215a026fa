package engine

import (
	"cmp"
	"slices"

	"tandem"
)

// turn is one content step of the plan to be.
type turn struct {
	c    couple // what the sides list; nil where a side is as the row has it, or has nothing
	of   int32  // its row, -1: none; of a record its key
	made bool   // a record
	do   Do
	side tandem.Side
}

// decideTurn makes r the record of what is decided by itself, and decides it.
func (w *work) decideTurn(r *record, t *turn) {
	*r = record{row: t.of, single: true, base: w.empty, cur: t.c, st: [2]state{none, none}}
	if t.of >= 0 {
		r.base = w.b.row(t.of)
	}
	for s := range r.cur {
		switch {
		case r.cur[s] == nil && t.of < 0:
			continue
		case r.cur[s] == nil:
			r.cur[s], r.st[s] = &seen{Shown: *r.base.Side(tandem.Side(s)), uid: r.base.UID, st: same}, same
		default:
			r.st[s] = r.cur[s].st
		}
		r.there[s] = true
	}
	w.decide(r)
}

// settleAlone decides what is decided by itself. What needs but a row, or nothing, has no turn in the contents.
func (w *work) settleAlone() {
	st := &w.plan.steps
	st.w = w.lean()
	var r record
	left := w.turns[:0]
	for _, t := range w.turns {
		if t.of >= 0 && w.ofRow[t.of] != 0 {
			continue // something else has to do with it: it is a record by now
		}
		w.decideTurn(&r, &t)
		for s := range w.edits {
			if r.st[s] == changed && r.edited(tandem.Side(s)) {
				w.edits[s]++
			}
		}
		if t.do, t.side = r.do, r.side; r.do == Nothing || r.do == Link {
			if _, ok := w.rowKept(&r, r.base); ok {
				st.quiet = append(st.quiet, t)
			}
			continue
		}
		left = append(left, t)
	}
	w.turns = left
}

// nameSeconds gives another name to second versions of what is decided by itself, where something is called so already.
func (w *work) nameSeconds() {
	for i, n := range w.plan.steps.order {
		if n >= 0 {
			continue
		}
		t := &w.plan.steps.alone[^n]
		if t.do != KeepBoth && t.do != Merge {
			continue
		}
		var r record
		w.decideTurn(&r, t)
		if first, free := r.secondName(), w.secondID(&r); first != free {
			a := w.plan.Action(i)
			a.NewID = free
			w.plan.Set(i, a)
		}
	}
}

// contentOfAlone is the action of what is decided by itself.
func (w *work) contentOfAlone(r *record) Action {
	a := Action{Do: r.do, To: r.side, Reason: r.reason, Lost: r.lost, Into: r.into, Attrs: r.attrs, Note: r.note}
	w.fill(r, &a)
	if w.tree && r.twice() {
		a.NewID = r.secondName()
	}
	return a
}

// twice tells that a record decided by itself may come to have a second version.
func (r *record) twice() bool { return r.do == KeepBoth || r.do == Merge }

// secondName is how the version of r that gives way is called, if nothing is called so.
func (r *record) secondName() tandem.ID {
	lose := loser(r)
	id := r.cur[lose].ID
	return join(parent(id), conflictName(name(id), contentOf(&r.cur[lose].Shown)))
}

// sortTurns orders content steps by their sort, then by ids, the same from either side.
func (w *work) sortTurns() {
	slices.SortStableFunc(w.turns, func(a, b turn) int {
		if c := cmp.Compare(rank(a.do), rank(b.do)); c != 0 {
			return c
		}
		x, y := w.idsOf(&a), w.idsOf(&b)
		if c := slices.Compare(x[:], y[:]); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(w.linkOf(&a), w.linkOf(&b)), cmp.Compare(a.side, b.side), cmp.Compare(w.lacksA(&a), w.lacksA(&b)))
	})
}

// lacksA orders what is listed under one id on both sides and is not one.
func (w *work) lacksA(t *turn) int {
	if t.made && w.recs[t.of].cur[sideA] != nil || !t.made && (t.of >= 0 || t.c[sideA] != nil) {
		return 0
	}
	return 1
}

func (w *work) idsOf(t *turn) [2]tandem.ID {
	if t.made {
		return w.namesOf(w.recs[t.of])
	}
	var ids [2]tandem.ID
	for s, n := range t.c {
		switch {
		case n != nil:
			ids[s] = n.ID
		case t.of < 0:
		case w.b.sameIDs(t.of):
			ids[s] = t.c[1-s].ID
		default:
			ids[s] = tandem.ID(w.b.id(t.of, tandem.Side(s)))
		}
	}
	if ids[0] == "" || ids[1] != "" && ids[1] < ids[0] {
		ids[0], ids[1] = ids[1], ids[0]
	}
	return ids
}

func (w *work) linkOf(t *turn) int64 {
	switch {
	case t.made:
		return w.recs[t.of].base.Link
	case t.of >= 0:
		return w.b.row(t.of).Link
	}
	return 0
}
