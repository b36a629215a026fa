package engine

import (
	"sort"
	"strings"

	"tandem"
)

// In a tree a record is where its parent is. Working with parents instead of paths makes a directory's move one decision:
// its children stay below it and need none. A merged tree is built from what each side moved, made sound (no cycles, no
// two records on one name, no child without a parent), and only then turned into steps.

// lookup returns the record that side s lists under id, or nil.
func (w *work) lookup(s tandem.Side, id tandem.ID) *record {
	if r := w.at[s][id]; r != nil && r.cur[s] != nil && r.cur[s].ID == id {
		return r
	}
	i := w.b.find(s, id)
	if i < 0 || w.left[s][i] {
		return nil
	}
	if st := w.stateOf(i, s); !st.present() && !st.blocked() {
		return nil
	}
	return w.ofRowAt(i)
}

// dirAt returns the directory that side s lists under id; nil is the root. A directory that nobody listed is a record about
// which nothing is known, so that nothing is decided below it.
func (w *work) dirAt(s tandem.Side, id tandem.ID) *record {
	if id == "" {
		return nil
	}
	if r := w.lookup(s, id); r != nil {
		return r
	}
	r := w.make()
	r.cur[s] = &seen{Shown: tandem.Shown{ID: id, Attrs: "type=dir"}, st: unknown}
	if n := w.v[s].block[id]; n != nil {
		r.cur[s] = n
	}
	r.st = [2]state{unknown, unknown}
	w.at[s][id] = r
	return r
}

// pairTree joins what is new on one side with what is new, or moved, at the same place on the other. Parents first, because
// two new directories must be one before their children can be at the same place.
func (w *work) pairTree() {
	both := NameRule{
		FoldCase: w.rules.Names[0].FoldCase || w.rules.Names[1].FoldCase,
		NFC:      w.rules.Names[0].NFC || w.rules.Names[1].NFC,
	}
	var levels [2][][]*record
	for _, r := range w.recs {
		for s := sideA; s <= sideB; s++ {
			if o := s.Other(); r.has(s) && (r.st[o] == none || r.st[o] == gone) && r.base.Clash == nil {
				levels[s] = atDepth(levels[s], r, strings.Count(string(r.cur[s].ID), "/"))
			}
		}
	}
	for d := range min(len(levels[0]), len(levels[1])) {
		for s := range levels {
			sort.Slice(levels[s][d], func(i, j int) bool { return levels[s][d][i].cur[s].ID < levels[s][d][j].cur[s].ID })
		}
		w.pairLevel(levels[0][d], levels[1][d], NameRule{})
		if both.FoldCase || both.NFC {
			w.pairLevel(levels[0][d], levels[1][d], both)
		}
	}
}

func atDepth(levels [][]*record, r *record, d int) [][]*record {
	for len(levels) <= d {
		levels = append(levels, nil)
	}
	levels[d] = append(levels[d], r)
	return levels
}

// pairLevel joins records of one depth. Under a folding rule a name that fits twice on a side fits nobody.
func (w *work) pairLevel(as, bs []*record, rule NameRule) {
	if len(as) == 0 || len(bs) == 0 {
		return
	}
	key := func(r *record, s tandem.Side) foldKey {
		id := r.cur[s].ID
		return foldKey{w.dirAt(s, parent(id)), fold(name(id), rule)}
	}
	open := func(r *record, s tandem.Side) bool { return r.has(s) && !r.has(s.Other()) }
	hold := map[foldKey]*record{}
	for _, a := range as {
		if open(a, sideA) {
			k := key(a, sideA)
			if _, twice := hold[k]; twice {
				a = nil
			}
			hold[k] = a
		}
	}
	claims := map[foldKey]int{}
	for _, b := range bs {
		if open(b, sideB) {
			claims[key(b, sideB)]++
		}
	}
	for _, b := range bs {
		if !open(b, sideB) {
			continue
		}
		k := key(b, sideB)
		a := hold[k]
		if a == nil || claims[k] > 1 || a == b {
			continue
		}
		folded := rule != NameRule{}
		if folded && typeOf(a.cur[0].Attrs) != typeOf(b.cur[1].Attrs) {
			continue
		}
		switch {
		case !a.agreed() && !b.agreed():
			w.join(a, b)
		case !b.agreed() && b.row < 0:
			w.adopt(a, b, sideB)
		case !a.agreed() && a.row < 0:
			w.adopt(b, a, sideA)
		}
	}
}

// locate finds each record's parent, now and in the base, and what moved.
func (w *work) locate() {
	for k := 0; k < len(w.recs); k++ { // grows: parents are records too
		r := w.recs[k]
		for s := sideA; s <= sideB; s++ {
			was := r.base.Side(s).ID
			if r.row >= 0 && was != "" {
				r.name0[s] = name(was)
				if up := parent(was); up != "" {
					if i := w.b.find(s, up); i >= 0 {
						r.up0[s] = w.ofRowAt(i)
					} else {
						r.up0[s] = w.dirAt(s, up)
					}
				}
			}
			switch {
			case r.cur[s] != nil:
				id := r.cur[s].ID
				r.name[s] = name(id)
				r.up[s] = w.dirAt(s, parent(id))
			case r.st[s].blocked():
				r.up[s], r.name[s] = r.up0[s], r.name0[s]
			}
			if r.agreed() && r.has(s) && !isTemp(r.name[s]) {
				r.moved[s] = r.up[s] != r.up0[s] || form(r.name[s], w.rules.Names[s]) != form(r.name0[s], w.rules.Names[s])
			}
		}
	}
}

// aim decides where r is to be on each side.
func (w *work) aim(r *record) {
	for s := range r.to {
		r.to[s] = spot{r.up[s], r.name[s]}
		if r.agreed() && r.has(tandem.Side(s)) && isTemp(r.name[s]) && !isTemp(r.name0[s]) && w.may[s] && !r.frozen() {
			r.to[s], r.shift = spot{r.up0[s], r.name0[s]}, MadeRoom // left over from a plan that was cut short
		}
	}
	switch {
	case r.frozen() || r.do == Delete:
	case r.do == Copy && !r.swap:
		r.to[r.side] = spot{r.up[r.side.Other()], r.name[r.side.Other()]}
		if isTemp(r.to[r.side].name) && r.agreed() {
			r.to[r.side] = spot{r.up0[r.side.Other()], r.name0[r.side.Other()]}
		}
	case r.do == Write && !(r.has(sideA) && r.has(sideB)):
		o := sideA
		if r.has(sideA) {
			o = sideB
		}
		r.to[o] = spot{r.up[o.Other()], r.name[o.Other()]}
	case r.has(sideA) && r.has(sideB) && r.agreed():
		w.aimBoth(r)
	}
}

// aimBoth merges two moves: parent and name each go the way of the side that changed them.
func (w *work) aimBoth(r *record) {
	if !r.moved[sideA] && !r.moved[sideB] {
		return
	}
	if src, mirror := w.source(); mirror {
		if o := src.Other(); w.may[o] {
			r.to[o], r.shift = r.to[src], MovedHere
			if r.moved[o] {
				r.shift = MirrorRestored
			}
		}
		return
	}
	if !w.may[sideA] || !w.may[sideB] {
		for s := sideA; s <= sideB; s++ {
			if o := s.Other(); r.moved[s] && !r.moved[o] && w.may[o] {
				r.to[o], r.shift = r.to[s], MovedHere
			}
		}
		return
	}
	win := w.firstMove(r)
	lose := win.Other()
	goal := r.to[win]
	if r.up[win] == r.up0[win] && r.up[lose] != r.up0[lose] {
		goal.up = r.up[lose]
	}
	if r.name[win] == r.name0[win] && r.name[lose] != r.name0[lose] {
		goal.name = r.name[lose]
	}
	r.shift = MovedHere
	if r.moved[sideA] && r.moved[sideB] {
		r.shift = BothMoved
	}
	for s := sideA; s <= sideB; s++ {
		if form(r.to[s].name, w.rules.Names[s]) == form(goal.name, w.rules.Names[s]) && !r.moved[s.Other()] {
			r.to[s].up = goal.up // its own spelling of the name stays
		} else {
			r.to[s] = goal
		}
	}
}

// firstMove says whose move wins where both moved: the policy's side, else the one to the smaller path.
func (w *work) firstMove(r *record) tandem.Side {
	switch {
	case !r.moved[sideB]:
		return sideA
	case !r.moved[sideA]:
		return sideB
	case w.rules.Policy == PreferA:
		return sideA
	case w.rules.Policy == PreferB:
		return sideB
	}
	return sideOf(r.cur[sideB].ID < r.cur[sideA].ID)
}

// stay cancels r's move: each side leaves it where it is.
func (r *record) stay() {
	for s := range r.to {
		r.to[s] = spot{r.up[s], r.name[s]}
	}
	r.shift = NoReason
}

// breakCycles takes back moves that would put directories into each other, one per cycle. Which one is decided by the age
// of the rows, not by side or listing order.
func (w *work) breakCycles() {
	for s := sideA; s <= sideB; s++ {
		for {
			r := w.inCycle(s)
			if r == nil {
				break
			}
			w.takeBack(r)
		}
	}
}

// inCycle returns the record whose move to take back, or nil.
func (w *work) inCycle(s tandem.Side) *record {
	for _, r := range w.recs {
		if !r.exists(s) || r.to[s] == (spot{r.up[s], r.name[s]}) && !r.moved[s] {
			continue
		}
		var ring []*record
		steps := 0
		for up := r.to[s].up; up != nil && steps <= len(w.recs); up = up.to[s].up {
			ring = append(ring, up)
			if up == r {
				return youngest(ring)
			}
			steps++
		}
	}
	return nil
}

// youngest returns the record of the ring that moved last into the pair and can be taken back.
func youngest(ring []*record) *record {
	var best *record
	for _, r := range ring {
		if r.shift == MoveCycle || !r.moved[sideA] && !r.moved[sideB] {
			continue
		}
		if best == nil || r.base.Link > best.base.Link || r.base.Link == best.base.Link && r.base.A.ID > best.base.A.ID {
			best = r
		}
	}
	if best == nil {
		return ring[0]
	}
	return best
}

// takeBack returns r to where the base had it, or, where that cannot be written, leaves it alone on both sides.
func (w *work) takeBack(r *record) {
	back := [2]spot{{r.up0[0], r.name0[0]}, {r.up0[1], r.name0[1]}}
	for s := range back {
		if back[s] != (spot{r.up[s], r.name[s]}) && !w.may[s] || r.shift == MoveCycle {
			r.stay()
			r.wait(MoveCycle, "")
			return
		}
	}
	r.to, r.shift = back, MoveCycle
}
