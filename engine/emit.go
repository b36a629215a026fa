package engine

import (
	"sort"

	"tandem"
)

// fill completes an action about r with what it stands on.
func (w *work) fill(r *record, a *Action) {
	a.Key, a.UID = r.key, r.uid()
	a.A, a.B = w.shown(r, sideA), w.shown(r, sideB)
	for s := sideA; s <= sideB; s++ {
		if r.has(s) && (!w.tree || r.there[s]) {
			a.At[s] = w.path(r, s)
		}
		if r.cur[s] != nil {
			if s == sideA {
				a.ModifiedA = r.cur[s].modified
			} else {
				a.ModifiedB = r.cur[s].modified
			}
		}
	}
	if a.Row == nil {
		a.Row = r.base // ids are rewritten once the plan is complete
	}
}

func (w *work) shown(r *record, s tandem.Side) *tandem.Shown {
	if r.cur[s] == nil || !r.has(s) {
		return w.void
	}
	return &r.cur[s].Shown
}

// contents plans what is done to bodies and attributes, then the waits.
func (w *work) contents() {
	w.settleAlone()
	for _, r := range w.recs {
		switch r.do {
		case Update, Merge, Write, Conflict, KeepBoth, SetAttrs, Wait:
			w.turns = append(w.turns, turn{of: r.key, made: true, do: r.do, side: r.side})
		case Copy:
			if !w.tree {
				w.turns = append(w.turns, turn{of: r.key, made: true, do: r.do, side: r.side})
			}
		}
	}
	w.sortTurns()
	st := &w.plan.steps
	alone := w.turns[:0] // never ahead of what is read
	for _, t := range w.turns {
		switch {
		case !t.made:
			alone = append(alone, t)
			st.order = append(st.order, int32(-len(alone)))
		case w.recs[t.of].do != Wait || w.recs[t.of].reason != NoReason:
			w.content(w.recs[t.of])
		}
	}
	st.alone, st.first = alone, int32(len(w.recs))
	w.turns = nil
	if w.tree {
		w.nameSeconds()
	}
}

// content plans what is done to the body and attributes of r, or that it waits.
func (w *work) content(r *record) {
	a := Action{Do: r.do, To: r.side, Reason: r.reason, Lost: r.lost, Into: r.into, Attrs: r.attrs, Note: r.note}
	w.fill(r, &a)
	if w.tree {
		a.NewID = r.newID
		if r.do != Wait && r.do != Conflict {
			a.Needs = w.needs(r, r.to[r.side].up, r.side)
		}
		if r.do == KeepBoth || r.do == Merge && r.sameDir() {
			a.NewID = w.secondID(r)
		}
	}
	w.plan.steps.add(a)
}

// rank is the order in which sorts of content steps are done.
func rank(d Do) int {
	switch d {
	case Copy:
		return 0
	case SetAttrs:
		return 2
	case Conflict:
		return 3
	case Wait:
		return 4
	}
	return 1
}

// secondID names the version that gets a second name when both are kept.
func (w *work) secondID(r *record) tandem.ID {
	lose := loser(r)
	if r.single {
		id := r.cur[lose].ID
		to := conflictName(name(id), contentOf(&r.cur[lose].Shown))
		for w.listed(sideA, join(parent(id), to)) || w.listed(sideB, join(parent(id), to)) {
			to = conflictName(to, to)
		}
		return join(parent(id), to)
	}
	up := r.to[lose].up
	to := conflictName(r.to[lose].name, contentOf(&r.cur[lose].Shown))
	for w.nameTaken(up, to, nil) {
		to = conflictName(to, to)
	}
	return join(w.path(up, lose), to)
}

// rows gives every action the row with its ids as they are after the plan, and plans the bookkeeping.
func (w *work) bookkeep() {
	w.notePending()
	rows := make([]*tandem.Row, len(w.recs))
	for _, r := range w.recs {
		rows[r.key] = w.rowAfter(r)
	}
	for i := range w.plan.steps.made {
		if a := &w.plan.steps.made[i]; int(a.Key) < len(rows) && a.Row == w.recs[a.Key].base { // what is decided by itself has its own
			a.Row = rows[a.Key]
		}
	}
	for _, r := range w.recs {
		if r.do == Link || r.row >= 0 && !r.void && !w.dropped(r) {
			w.keep(r, rows[r.key])
		}
	}
	for _, i := range w.drops {
		w.plan.Base = append(w.plan.Base, BaseOp{Row: *w.b.row(i), Drop: true})
	}
	for _, i := range w.unproven {
		w.unprove(i)
	}
	for _, r := range w.recs {
		if r.void && r.do == Wait && (r.reason == OneWay || r.reason == InConflict) {
			w.unprove(r.row)
		}
	}
	sort.SliceStable(w.plan.Base, func(i, j int) bool {
		a, b := &w.plan.Base[i].Row, &w.plan.Base[j].Row
		if a.Link != b.Link {
			return a.Link < b.Link
		}
		return min(a.A.ID, a.B.ID) < min(b.A.ID, b.B.ID)
	})
}

func (w *work) dropped(r *record) bool { return !r.has(sideA) && !r.has(sideB) && !r.frozen() }

// unprove takes the agreement from a row that could not be paired anew when a store was replaced, since one side is out of
// scope. It goes on telling which two belong together. When both are seen again, they meet like two new ones: against
// the old agreement, what a backup brought back would look like the newest edit.
func (w *work) unprove(i int32) {
	row := *w.b.row(i)
	k := &tandem.Clash{New: true}
	for s := sideA; s <= sideB; s++ {
		if !w.missing(i, s) {
			clashSide(k, s).ID = row.Side(s).ID
		}
	}
	if old := row.Clash; old != nil {
		if old.New && old.A == k.A && old.B == k.B {
			return
		}
		k.Conflict = old.Conflict
	}
	row.Clash, row.Aside, row.Body = k, nil, tandem.Digest{}
	w.plan.Base = append(w.plan.Base, BaseOp{Row: row})
}

// missing tells that side s was found not to have the record of a row. Places that tell only what changed will not say so
// again.
func (w *work) missing(i int32, s tandem.Side) bool {
	if key := w.ofRow[i]; key != 0 && w.recs[key-1].has(s) {
		return false // under another id
	}
	st := w.stateOf(i, s)
	return st == none || st == gone
}

// rowAfter is r's row with its ids as they are after the plan. A move that had to wait is not taken in, or it would be
// forgotten. What the row lacks on a side is not added before a step has made the two one: it would pass for agreed.
func (w *work) rowAfter(r *record) *tandem.Row {
	if r.row < 0 {
		return r.base
	}
	row := *r.base
	for s := sideA; s <= sideB; s++ {
		if id := w.idAfter(r, s); id != "" && row.Side(s).ID != "" {
			row.Side(s).ID = id
		}
	}
	if row.A.ID == r.base.A.ID && row.B.ID == r.base.B.ID {
		return r.base
	}
	return &row
}

func (w *work) idAfter(r *record, s tandem.Side) tandem.ID {
	if !r.has(s) && !r.st[s].blocked() {
		return ""
	}
	if !w.tree {
		if r.cur[s] == nil {
			return ""
		}
		return r.cur[s].ID
	}
	if r.pending(s) && r.up0[s] != nil && !r.up0[s].there[s] {
		return ""
	}
	return w.baseID(r, s)
}

// pending tells that side s renamed r, and that this has to wait.
func (r *record) pending(s tandem.Side) bool { return r.paired() && r.moved[s] && r.frozen() }

// baseID is the id by which the base knows r on side s after the plan: where it is, unless its move has to wait, or that of a
// directory above it. What is below such a directory is known where the base has the directory. Known where it is, it
// would be torn from its directory as soon as another took the old name.
func (w *work) baseID(r *record, s tandem.Side) tandem.ID {
	if r == nil {
		return ""
	}
	if r.pending(s) {
		if r.up0[s] != nil && !r.up0[s].there[s] || w.baseRing(r, s) {
			return r.base.Side(s).ID
		}
		return join(w.baseID(r.up0[s], s), r.name0[s])
	}
	id := w.path(r, s)
	if r.cur[s] == nil && r.st[s].blocked() || r.sim[s].up == nil { // as for a couple
		return id
	}
	up := w.baseID(r.sim[s].up, s)
	if up == parent(id) {
		return id
	}
	return join(up, name(id))
}

// baseRing tells that what r was in is in r by now.
func (w *work) baseRing(r *record, s tandem.Side) bool {
	up := r.up0[s]
	for n := 0; up != nil && n <= len(w.recs); n++ {
		switch {
		case up == r:
			return true
		case up.pending(s):
			up = up.up0[s]
		default:
			up = up.sim[s].up
		}
	}
	return false
}

// notePending tells the ledger which records the base does not know where they are.
func (w *work) notePending() {
	if !w.tree {
		return
	}
	for s := sideA; s <= sideB; s++ {
		any := false
		for _, r := range w.recs {
			any = any || r.pending(s)
		}
		if !any {
			continue
		}
		for _, r := range w.recs {
			if r.frozen() || !r.there[s] && !r.exists(s) {
				continue
			}
			if id := w.baseID(r, s); id != w.path(r, s) {
				if w.plan.Pending == nil {
					w.plan.Pending = map[int32][2]tandem.ID{}
				}
				ids := w.plan.Pending[r.key]
				ids[s] = id
				w.plan.Pending[r.key] = ids
			}
		}
	}
}

// keep plans the bookkeeping of a record that has a row, or gets one without a write.
func (w *work) keep(r *record, row *tandem.Row) {
	if op, ok := w.rowKept(r, row); ok {
		w.plan.Base = append(w.plan.Base, op)
	}
}

// rowKept is the bookkeeping of a record, if it needs any.
func (w *work) rowKept(r *record, row *tandem.Row) (op BaseOp, ok bool) {
	op.Row = *row
	if r.do == Link {
		op.Row.Clash, op.Row.Aside = nil, nil
		if uid := r.uid(); uid != "" {
			op.Row.UID = uid
		}
	}
	differs := r.do == Link || int(r.row) >= w.b.read
	for s := sideA; s <= sideB; s++ {
		if !r.has(s) {
			continue
		}
		to := op.Row.Side(s)
		if r.do == Link || r.do == Nothing && r.st[s] == same && r.agreed() {
			id := to.ID
			*to = r.cur[s].Shown
			if r.row >= 0 && id != "" {
				to.ID = id
			} else if w.tree {
				to.ID = w.baseID(r, s)
			}
			if r.do == Link && r.has(s.Other()) && w.may[s] && !w.may[s.Other()] && contentOf(&r.cur[sideA].Shown) != contentOf(&r.cur[sideB].Shown) {
				to.Own(&r.cur[s.Other()].Shown)
			}
		}
		differs = differs || *to != *r.base.Side(s)
	}
	if op.Row.A.Digest != r.base.A.Digest || op.Row.B.Digest != r.base.B.Digest {
		op.Row.Body = tandem.Digest{} // both made the same edit: what they agreed on before is no base for a merge any more
	}
	if !differs || r.do != Link && (r.steps[0] != 0 && r.isMoved(sideA) || r.steps[1] != 0 && r.isMoved(sideB)) && !w.movedOn(r) {
		return op, false // the moves themselves are recorded as they are made
	}
	if w.tree {
		op.Needs = w.needsAll(r)
	}
	return op, true
}

// movedOn tells that the plan also moves a directory above r, perhaps after r: then what r's last move recorded is not where it
// ends.
func (w *work) movedOn(r *record) bool {
	for s := sideA; s <= sideB; s++ {
		for up := r.sim[s].up; up != nil; up = up.sim[s].up {
			if up.steps[s] != 0 && up.isMoved(s) {
				return true
			}
		}
	}
	return false
}

// isMoved tells that the plan moves r itself on side s.
func (r *record) isMoved(s tandem.Side) bool { return r.has(s) && r.sim[s] != spot{r.up[s], r.name[s]} }

func (r *record) uid() string {
	for s := range r.cur {
		if r.cur[s] != nil && r.cur[s].uid != "" {
			return r.cur[s].uid
		}
	}
	return r.base.UID
}
