package engine

import (
	"cmp"
	"slices"

	"tandem"
)

// fit makes the merged tree sound: every record has a parent that will be there, nothing is removed that must stay, no two
// records share a name. Each step only ever turns a decision into a more careful one (a deletion into a restoration or a
// wait, a copy or move into a wait), so it ends.
func (w *work) fit() {
	w.pins()
	for n := 0; n < 4*len(w.recs)+2; n++ {
		sorted := w.byDepth() // an unchanged record that is in the way becomes one of them
		again := false
		for _, r := range sorted {
			again = w.fitRecord(r) || again
		}
		again = again || w.fitCycles(sorted) || w.fitNames(sorted) || w.reserve(sorted)
		if !again {
			break
		}
	}
	w.fitOpen()
}

// fitCycles finds moves that would put directories into each other because one of them had to wait, and holds one back.
// With nothing moved there is no cycle, so it ends.
func (w *work) fitCycles(sorted []*record) bool {
	for s := sideA; s <= sideB; s++ {
		for _, r := range sorted {
			if !r.has(s) || !w.placing(r, s) {
				continue
			}
			slow := r.to[s].up
			for up, n := slow, 1; up != nil; up, n = up.to[s].up, n+1 {
				if up == r {
					w.hold(r, MoveCycle)
					return true
				}
				if n%2 == 0 {
					if slow = slow.to[s].up; slow == up {
						break // a cycle that r is not part of
					}
				}
			}
		}
	}
	return false
}

// byDepth returns the records, deepest first, otherwise in an order that depends on nothing but what they are. By now that
// changes only when there are more of them.
func (w *work) byDepth() []*record {
	if len(w.sorted) == len(w.recs) {
		return w.sorted
	}
	type keyed struct {
		r     *record
		depth int
		id    tandem.ID
	}
	all := make([]keyed, len(w.recs))
	for i, r := range w.recs {
		id := w.nameOf(r)
		all[i] = keyed{r, depthOf(id), id}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		if c := cmp.Compare(b.depth, a.depth); c != 0 {
			return c
		}
		if c := cmp.Compare(a.id, b.id); c != 0 {
			return c
		}
		return cmp.Compare(a.r.key, b.r.key)
	})
	w.sorted = make([]*record, len(all))
	for i := range all {
		w.sorted[i] = all[i].r
	}
	return w.sorted
}

// nameOf returns an id of r for sorting, the same from either side.
func (w *work) nameOf(r *record) tandem.ID { return w.namesOf(r)[0] }

// namesOf returns the ids of r for sorting, the same from either side.
func (w *work) namesOf(r *record) [2]tandem.ID {
	var ids [2]tandem.ID
	for s := range ids {
		ids[s] = r.base.Side(tandem.Side(s)).ID
		if r.cur[s] != nil {
			ids[s] = r.cur[s].ID
		}
	}
	if ids[0] == "" || ids[1] != "" && ids[1] < ids[0] {
		ids[0], ids[1] = ids[1], ids[0]
	}
	return ids
}

func depthOf(id tandem.ID) int {
	n := 0
	for i := range len(id) {
		if id[i] == '/' {
			n++
		}
	}
	return n
}

// pins finds directories that hold something no record stands for: an unchanged row, or an id that is ignored or unknown.
func (w *work) pins() {
	w.pinned = [2]map[tandem.ID]bool{{}, {}}
	dying := false
	for _, r := range w.recs {
		dying = dying || r.dies(sideA) || r.dies(sideB)
	}
	if !dying {
		return
	}
	for s := sideA; s <= sideB; s++ {
		for id := range w.v[s].block {
			w.pinned[s][parent(id)] = true
		}
		for i := range w.b.rows {
			if w.ofRow[i] != 0 || w.voided(int32(i)) {
				continue
			}
			if id := w.b.id(int32(i), s); len(id) > 0 {
				w.pinned[s][parent(tandem.ID(id))] = true
			}
		}
	}
}

// fitRecord checks r against its parents and reports whether it changed anything.
func (w *work) fitRecord(r *record) bool {
	if w.fitSecond(r) || w.fitBelow(r) {
		return true
	}
	for s := sideA; s <= sideB; s++ {
		if r.dies(s) && r.cur[s] != nil && typeOf(r.cur[s].Attrs) == "dir" && w.pinned[s][r.cur[s].ID] {
			if r.swap {
				r.clash()
			} else {
				r.wait(DirNotEmpty, "")
			}
			r.stay()
			return true
		}
		if !r.exists(s) {
			continue
		}
		if p := r.to[s].up; p != nil && w.fitUnder(r, p, s) {
			return true
		}
		if w.placing(r, s) && w.rules.Names[s].Windows && badName(r.to[s].name) && r.to[s].name != r.name[s] {
			w.hold(r, BadName)
			return true
		}
	}
	return false
}

// fitSecond makes sure that one path can name a second version on both sides: its directory may have to stay in different
// places until a person has answered.
func (w *work) fitSecond(r *record) bool {
	if r.do != KeepBoth || r.sameDir() {
		return false
	}
	if r.reason == PersonDecided {
		w.hold(r, DirWaits)
		return true
	}
	why := BothChanged
	if !r.agreed() {
		why = BothNew
	}
	w.hold(r, why)
	r.do = Conflict
	return true
}

// sameDir tells that r is to be in one directory, under one path, on both sides.
func (r *record) sameDir() bool {
	a, b := r.to[sideA].up, r.to[sideB].up
	for a != nil && a == b && a.to[sideA].name == a.to[sideB].name {
		a, b = a.to[sideA].up, a.to[sideB].up
	}
	return a == nil && b == nil
}

// clash turns a change of type into a conflict.
func (r *record) clash() {
	r.wait(TypeClash, "")
	r.do = Conflict
}

// placing tells that the plan puts r somewhere new on side s.
func (w *work) placing(r *record, s tandem.Side) bool {
	return !r.has(s) && r.exists(s) && !r.st[s].blocked() || r.has(s) && r.to[s] != spot{r.up[s], r.name[s]}
}

// hold keeps r from being placed. A record whose move has to wait waits as a whole: recorded under its new content, the
// move would be forgotten.
func (w *work) hold(r *record, why Reason) {
	r.wait(why, "")
	r.stay()
}

// fitUnder makes sure that p is there, and a directory, for r on side s.
func (w *work) fitUnder(r, p *record, s tandem.Side) bool {
	staying := r.frozen() || !r.exists(s.Other())
	switch {
	case p.do == Delete && p.side == s:
		o := s.Other()
		if !staying && w.may[o] {
			w.create(p, o, ChangeBeatsDelete)
			w.aim(p)
		} else {
			p.wait(DirNotEmpty, "")
			p.stay()
		}
		return true
	case p.swap && p.side == s && typeOf(p.cur[s.Other()].Attrs) != "dir":
		p.clash()
		p.stay()
		return true
	case !w.placing(r, s):
		return false
	case p.st[s].blocked():
		w.hold(r, blockReason(p.st[s]))
		return true
	case !p.exists(s):
		why := p.reason
		if !p.frozen() || why == NoReason {
			if o := s.Other(); p.has(o) && w.may[s] && !p.frozen() {
				w.create(p, s, ChangeBeatsDelete)
				w.aim(p)
				return true
			}
			why = SideUnknown
		}
		if w.comesBack(p, s) {
			return true
		}
		w.hold(r, why)
		return true
	case !p.willBeDir(s):
		w.hold(r, TypeClash)
		return true
	}
	return false
}

// comesBack restores directory p on side s, which deleted it on its own where the direction does not let that reach the other:
// what the other has changed below it must have a place. What was deleted in it and not changed stays deleted.
func (w *work) comesBack(p *record, s tandem.Side) bool {
	if p.back || p.do != Wait || p.reason != OneWay || p.st[s] != gone || !p.has(s.Other()) || !w.may[s] {
		return false
	}
	p.back = true // once: whoever holds it after that has the last word
	w.create(p, s, ChangeBeatsDelete)
	w.aim(p)
	return true
}

// willBeDir tells that p is a directory on side s after the plan.
func (p *record) willBeDir(s tandem.Side) bool {
	n := p.cur[s]
	if (p.do == Copy || p.do == Update) && p.side == s {
		n = p.cur[s.Other()]
	}
	return n != nil && typeOf(n.Attrs) == "dir"
}
