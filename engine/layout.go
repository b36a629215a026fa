package engine

import (
	"slices"
	"sort"

	"tandem"
)

// Laying out turns the merged tree into steps for each side, simulating the side as it goes: every step's path is the path
// at the moment of the step. Directories come before what goes into them, names are freed before they are taken, and what
// goes away goes last, children first, unless its name is needed.

// follow makes records of the unchanged rows below directories that the plan moves: their ids change with it, and a base that
// went on with the old ones would take a deletion below for nothing new.
func (w *work) follow() {
	from := len(w.recs)
	for s := sideA; s <= sideB; s++ {
		moving := map[tandem.ID]bool{}
		for _, r := range w.recs {
			if r.has(s) && w.placing(r, s) && typeOf(r.cur[s].Attrs) == "dir" {
				moving[r.cur[s].ID] = true
			}
		}
		if len(moving) == 0 {
			continue
		}
		for i := range w.b.rows {
			if w.ofRow[i] != 0 || w.left[s][int32(i)] {
				continue
			}
			for up := parent(tandem.ID(w.b.id(int32(i), s))); up != ""; up = parent(up) {
				if moving[up] {
					w.ofRowAt(int32(i))
					break
				}
			}
		}
	}
	w.locate()
	for _, r := range w.recs[from:] {
		w.decide(r)
		w.aim(r)
	}
}

func (w *work) layout() {
	order := w.byDepth()
	for s := range w.simAt {
		w.simAt[s], w.below[s] = map[foldKey]*record{}, map[*record][]*record{}
	}
	for _, r := range order {
		for s := sideA; s <= sideB; s++ {
			r.there[s] = r.has(s) || r.st[s].blocked()
			r.sim[s] = spot{r.up[s], r.name[s]}
			w.hard = w.hard || r.dies(s) || r.has(s) && w.placing(r, s)
		}
	}
	if w.hard {
		for _, r := range order {
			for s := sideA; s <= sideB; s++ {
				if r.has(s) { // what is not known to be there cannot be moved away
					w.simAt[s][w.seat(r.sim[s], s)] = r
					w.below[s][r.sim[s].up] = append(w.below[s][r.sim[s].up], r)
				}
			}
		}
	}
	for i := len(order) - 1; i >= 0; i-- { // shallow first
		for s := sideA; s <= sideB; s++ {
			w.place(order[i], s)
		}
	}
}

func (w *work) seat(p spot, s tandem.Side) foldKey {
	return foldKey{p.up, fold(p.name, w.rules.Names[s])}
}

// place makes or moves r on side s, after its parent.
func (w *work) place(r *record, s tandem.Side) {
	if r.placed[s] {
		return
	}
	r.placed[s], r.busy[s] = true, true
	w.placeNow(r, s)
	r.busy[s] = false
}

// free tells that x can take its final place on side s at once: nothing above it is just being placed.
func (x *record) free(s tandem.Side) bool {
	for ; x != nil; x = x.to[s].up {
		if x.busy[s] {
			return false
		}
	}
	return true
}

func (w *work) placeNow(r *record, s tandem.Side) {
	if !r.exists(s) {
		return
	}
	if up := r.to[s].up; up != nil {
		w.place(up, s)
	}
	if r.swap && r.side == s {
		w.clear(r, s)
		w.step(r, s, Action{Do: Delete, To: s, Reason: TypeChanged, Lost: r.lost})
		w.leave(r, s)
	} else if !w.placing(r, s) {
		return
	}
	if o := s.Other(); !r.has(s) || r.swap {
		w.place(r, o) // what is copied is recorded under its final id
	}
	w.makeRoom(r, s)
	to := r.to[s]
	id := w.pathOf(to, s, r)
	if r.there[s] {
		why := r.shift
		if why == NoReason {
			why = MovedHere
		}
		w.step(r, s, Action{Do: Move, To: s, NewID: id, Reason: why})
		w.leave(r, s)
	} else {
		w.make1(r, s, id)
	}
	w.enter(r, s, to)
}

// make1 plans the creation of r at id on side s.
func (w *work) make1(r *record, s tandem.Side, id tandem.ID) {
	if r.do == Write {
		r.newID = id // written with the content steps, which know its body
		return
	}
	row := (*tandem.Row)(nil)
	if r.swap {
		row = w.empty // the old row goes with the old record
	}
	w.step(r, s, Action{Do: Copy, To: s, NewID: id, Reason: r.reason, Attrs: r.attrs, Note: r.note, Row: row, Lost: r.lost && !r.swap})
}

func (w *work) leave(r *record, s tandem.Side) {
	if w.hard && w.simAt[s][w.seat(r.sim[s], s)] == r {
		delete(w.simAt[s], w.seat(r.sim[s], s))
	}
	r.there[s] = false
}

func (w *work) enter(r *record, s tandem.Side, p spot) {
	r.sim[s], r.there[s] = p, true
	if w.hard {
		w.simAt[s][w.seat(p, s)] = r
		w.below[s][p.up] = append(w.below[s][p.up], r)
	}
}

// makeRoom frees the name that r is to have on side s.
func (w *work) makeRoom(r *record, s tandem.Side) {
	if !w.hard {
		return
	}
	at := w.seat(r.to[s], s)
	x := w.simAt[s][at]
	switch {
	case x == nil:
		return
	case x == r:
		if r.there[s] && r.sim[s].up == r.to[s].up && r.sim[s].name != r.to[s].name {
			w.aside(r, s) // the place cannot tell the old name from the new one
		}
		return
	case x.dies(s) && !x.swap:
		w.clear(x, s)
		w.delete(x, s)
		return
	}
	if x.free(s) {
		w.place(x, s)
	}
	if w.simAt[s][at] == x {
		w.aside(x, s)
	}
}

// aside moves x to a name of its own for the time being, in a directory that stays.
func (w *work) aside(x *record, s tandem.Side) {
	up := x.sim[s].up
	for up != nil && up.dies(s) {
		up = up.sim[s].up
	}
	to := spot{up, tempName(string(w.path(x, s)))}
	w.step(x, s, Action{Do: Move, To: s, NewID: w.pathOf(to, s, x), Reason: MadeRoom})
	w.leave(x, s)
	w.enter(x, s, to)
}

// clear empties directory x on side s of what goes or moves away.
func (w *work) clear(x *record, s tandem.Side) {
	if typeOf(x.cur[s].Attrs) != "dir" {
		return
	}
	kids := append([]*record(nil), w.below[s][x]...)
	for _, c := range kids {
		if !c.there[s] || c.sim[s].up != x {
			continue
		}
		if c.dies(s) && !c.swap {
			w.clear(c, s)
			w.delete(c, s)
			continue
		}
		if c.free(s) {
			w.place(c, s)
		}
		if c.there[s] && c.sim[s].up == x {
			w.aside(c, s)
		}
	}
}

// delete plans the removal of x from side s.
func (w *work) delete(x *record, s tandem.Side) {
	back := tandem.ID("")
	if w.tree {
		back = w.backPath(x, s.Other())
	}
	w.step(x, s, Action{Do: Delete, To: s, NewID: back, Reason: x.reason, Note: x.note, Lost: x.lost})
	w.leave(x, s)
}

// backPath is where x would be on side o if it were put back there.
func (w *work) backPath(x *record, o tandem.Side) tandem.ID {
	if x == nil {
		return ""
	}
	if x.there[o] {
		return w.path(x, o)
	}
	if x.row < 0 {
		return join(w.backPath(x.up[o.Other()], o), x.name[o.Other()])
	}
	return join(w.backPath(x.up0[o], o), x.name0[o])
}

// deletes plans what is left to be removed, children first.
func (w *work) deletes() {
	type going struct {
		r  *record
		s  tandem.Side
		id tandem.ID
	}
	var all []going
	for _, r := range w.recs {
		for s := sideA; s <= sideB; s++ {
			if r.do == Delete && r.side == s && (r.there[s] || !w.tree) {
				all = append(all, going{r, s, w.path(r, s)})
			}
		}
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		if w.tree {
			if da, db := depthOf(a.id), depthOf(b.id); da != db {
				return da > db
			}
		}
		if a.id != b.id {
			return a.id < b.id
		}
		return a.s < b.s
	})
	for _, g := range all {
		w.delete(g.r, g.s)
	}
}

// path is where r is on side s by now.
func (w *work) path(r *record, s tandem.Side) tandem.ID {
	if r == nil {
		return ""
	}
	if !w.tree || r.single {
		if r.cur[s] == nil {
			return ""
		}
		return r.cur[s].ID
	}
	if r.cur[s] == nil && r.st[s].blocked() {
		return r.base.Side(s).ID // not seen: where it was, for all we know
	}
	return w.pathOf(r.sim[s], s, r)
}

// pathOf spells a spot on side s. It shares r's own id where that is the same, since most are.
func (w *work) pathOf(p spot, s tandem.Side, r *record) tandem.ID {
	up := w.path(p.up, s)
	for _, n := range [...]*seen{r.cur[s], r.cur[s.Other()]} {
		if n != nil && parent(n.ID) == up && name(n.ID) == p.name {
			return n.ID
		}
	}
	return join(up, p.name)
}

// needs lists the steps that r's next step stands on: those that made or moved it or something above it.
func (w *work) needs(r *record, also *record, s tandem.Side) []int {
	var out []int
	add := func(i int32) {
		for _, have := range out {
			if have == int(i)-1 {
				return
			}
		}
		out = append(out, int(i)-1)
	}
	for o := sideA; o <= sideB; o++ {
		for x := r; x != nil; x = x.sim[o].up {
			if x.steps[o] != 0 {
				add(x.steps[o])
				break
			}
		}
	}
	for x := also; x != nil; x = x.sim[s].up {
		if x.steps[s] != 0 {
			add(x.steps[s])
			break
		}
	}
	sort.Ints(out)
	return out
}

// needsAll lists every step that made or moved r or something above it.
func (w *work) needsAll(r *record) []int {
	var out []int
	for s := sideA; s <= sideB; s++ {
		for x := r; x != nil; x = x.sim[s].up {
			if n := int(x.steps[s]); n != 0 {
				out = append(out, n-1)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// step appends a step of r on side s to the plan.
func (w *work) step(r *record, s tandem.Side, a Action) {
	w.fill(r, &a)
	if w.tree {
		a.Needs = w.needs(r, r.to[s].up, s)
		if a.Do == Delete {
			w.deleting(r, s, &a)
		}
	}
	w.plan.steps.add(a)
	r.steps[s] = int32(w.plan.Len())
}

// deleting makes the deletion of a directory stand on those of what is in it: where one of them fails, somebody may have put there
// what the plan does not know.
func (w *work) deleting(r *record, s tandem.Side, a *Action) {
	a.Needs = append(a.Needs, w.emptied[s][r]...)
	slices.Sort(a.Needs)
	a.Needs = slices.Compact(a.Needs)
	if up := r.sim[s].up; up != nil && up.dies(s) {
		if w.emptied[s] == nil {
			w.emptied[s] = map[*record][]int{}
		}
		w.emptied[s][up] = append(w.emptied[s][up], w.plan.Len())
	}
}
