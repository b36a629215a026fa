package engine

import (
	"sort"

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

// dirWas returns the directory that the base had under id on side s, of which it knows no more. Where the listing would show it
// and does not, it is gone, and holds nobody else back.
func (w *work) dirWas(s tandem.Side, id tandem.ID) *record {
	if w.v[s].silence() != gone || w.v[s].block[id] != nil || w.v[s].covered(id) != nil || w.lookup(s, id) != nil {
		return w.dirAt(s, id)
	}
	r := w.lost[s][id]
	if r == nil {
		r = w.make()
		w.lost[s][id] = r
	}
	return r
}

// pairTree joins what is new on one side with what is new, or moved, at the same place on the other. Parents first, because
// two new directories must be one before their children can be at the same place.
func (w *work) pairTree() {
	rules := []NameRule{{}}
	both := NameRule{
		FoldCase: w.rules.Names[0].FoldCase || w.rules.Names[1].FoldCase,
		NFC:      w.rules.Names[0].NFC || w.rules.Names[1].NFC,
	}
	if both.FoldCase || both.NFC {
		rules = append(rules, both)
	}
	var as []*record
	var bs [][]*record // by depth
	defer w.meetBlocks()
	if !w.lonely(sideA) || !w.lonely(sideB) {
		return
	}
	for _, r := range w.recs {
		switch {
		case r.base.Clash != nil && !r.void:
		case r.alone(sideA):
			as = append(as, r)
		case r.alone(sideB):
			d := depthOf(r.cur[sideB].ID)
			for len(bs) <= d {
				bs = append(bs, nil)
			}
			bs[d] = append(bs[d], r)
		}
	}
	holds := make([]map[foldKey]*record, len(rules))
	for i, rule := range rules {
		holds[i] = map[foldKey]*record{}
		for _, a := range as {
			k := w.placeKey(a, sideA, rule)
			if _, twice := holds[i][k]; twice {
				a = nil // a name that fits two fits nobody
			}
			holds[i][k] = a
		}
	}
	for _, level := range bs {
		sort.Slice(level, func(i, j int) bool { return level[i].cur[sideB].ID < level[j].cur[sideB].ID })
		for i, rule := range rules {
			w.pairLevel(level, rule, holds[i])
		}
	}
}

// alone tells that side s has r and the other has not.
func (r *record) alone(s tandem.Side) bool {
	o := s.Other()
	return r.has(s) && (r.st[o] == none || r.st[o] == gone)
}

// lonely tells that there are records that only side s has.
func (w *work) lonely(s tandem.Side) bool {
	for _, r := range w.recs {
		if r.alone(s) && (r.base.Clash == nil || r.void) {
			return true
		}
	}
	return false
}

// meetBlocks joins what is new on one side with trouble at the same place on the other: nothing may be made where something
// is that cannot be read, or is ignored.
func (w *work) meetBlocks() {
	for s := sideA; s <= sideB; s++ {
		o := s.Other()
		blocks := map[foldKey]*seen{}
		for id, n := range w.v[o].block {
			if n.st.blocked() && w.b.find(o, id) < 0 && w.at[o][id] == nil {
				blocks[foldKey{w.dirAt(o, parent(id)), fold(name(id), w.rules.Names[o])}] = n
			}
		}
		if len(blocks) == 0 {
			continue
		}
		for _, r := range w.recs[:len(w.recs):len(w.recs)] {
			if !r.has(s) || r.st[o] != none && r.st[o] != gone {
				continue
			}
			if n := blocks[w.placeKey(r, s, w.rules.Names[o])]; n != nil {
				r.cur[o], r.st[o] = n, n.st
				w.at[o][n.ID] = r
			}
		}
	}
}

func (w *work) placeKey(r *record, s tandem.Side, rule NameRule) foldKey {
	id := r.cur[s].ID
	return foldKey{w.dirAt(s, parent(id)), fold(name(id), rule)}
}

// pairLevel joins records of one depth of B with what A holds at the same places.
func (w *work) pairLevel(level []*record, rule NameRule, holds map[foldKey]*record) {
	var keys []foldKey
	var open []*record
	claims := map[foldKey]int{}
	for _, b := range level {
		if b.has(sideB) && !b.has(sideA) {
			k := w.placeKey(b, sideB, rule)
			open, keys = append(open, b), append(keys, k)
			claims[k]++
		}
	}
	for i, b := range open {
		a := holds[keys[i]]
		if up := keys[i].up; a == nil && up != nil && up.twin != nil {
			a = holds[foldKey{up.twin, keys[i].name}]
		}
		if a == nil || claims[keys[i]] > 1 || a == b || !a.has(sideA) || a.has(sideB) {
			continue
		}
		alike := typeOf(a.cur[0].Attrs) == typeOf(b.cur[1].Attrs)
		switch {
		case !alike && rule != (NameRule{}):
		case !a.agreed() && !b.agreed():
			w.join(a, b)
		case !alike:
		case !b.agreed() && b.row < 0:
			w.adopt(a, b, sideB)
		case !a.agreed() && a.row < 0:
			w.adopt(b, a, sideA)
			b.twin = a
		}
	}
}

// locate finds each record's parent, now and in the base, and what moved.
func (w *work) locate() {
	from := w.located
	defer func() {
		w.untie(w.recs[from:])
		for _, r := range w.recs[from:] {
			w.reunite(r)
		}
	}()
	for ; w.located < len(w.recs); w.located++ { // grows: parents are records too
		r := w.recs[w.located]
		for s := sideA; s <= sideB; s++ {
			was := r.base.Side(s).ID
			if r.row >= 0 && was != "" {
				r.name0[s] = name(was)
				if up := parent(was); up != "" {
					if i := w.b.find(s, up); i >= 0 && !w.voided(i) {
						r.up0[s] = w.ofRowAt(i)
					} else {
						r.up0[s] = w.dirWas(s, up)
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
			if r.paired() && r.has(s) && !isTemp(r.name[s]) {
				r.moved[s] = r.up[s] != r.up0[s] || form(r.name[s], w.rules.Names[s]) != form(r.name0[s], w.rules.Names[s])
			}
		}
	}
}

// splitRetyped takes apart what became another type on one side and was renamed on the other: no step could do both. The
// old thing is gone from the one side then, and the new one is a record of its own, which may be what the other side has new
// at the same place. It reports whether there was any.
func (w *work) splitRetyped() bool {
	found := false
	for _, r := range w.recs[:len(w.recs):len(w.recs)] {
		for s := sideA; s <= sideB; s++ {
			if !r.retyped(s) || !r.moved[s.Other()] {
				continue
			}
			f := w.meetOne(s, r.cur[s])
			f.up[s], f.name[s] = r.up[s], r.name[s]
			r.cur[s], r.st[s], r.moved[s] = nil, gone, false
			w.left[s][r.row] = true
			found = true
			for _, c := range w.recs {
				if c.up[s] == r {
					c.up[s] = f
				}
			}
		}
	}
	return found
}

// aim decides where r is to be on each side.
func (w *work) aim(r *record) {
	for s := range r.to {
		r.to[s] = spot{r.up[s], r.name[s]}
		if r.paired() && r.has(tandem.Side(s)) && isTemp(r.name[s]) && !isTemp(r.name0[s]) && w.may[s] && !r.frozen() {
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
	case r.has(sideA) && r.has(sideB) && r.paired():
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
	theirs := !isTemp(r.name[lose]) // else nobody's: left over from a plan that was cut short
	if theirs && r.up[win] == r.up0[win] && r.up[lose] != r.up0[lose] {
		goal.up = r.up[lose]
	}
	if theirs && r.name[win] == r.name0[win] && r.name[lose] != r.name0[lose] {
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
