package engine

import "tandem"

// breakCycles takes back moves that would put directories into each other, one per cycle. Which one is decided by the age
// of the rows, not by side or listing order.
func (w *work) breakCycles() {
	for s := sideA; s <= sideB; s++ {
		for {
			ring := w.inCycle(s)
			if ring == nil {
				break
			}
			w.takeBack(ring, s)
		}
	}
}

// inCycle returns the records of a cycle, or nil. One of them moves: what is listed is a tree.
func (w *work) inCycle(s tandem.Side) []*record {
	for _, r := range w.recs {
		if !r.exists(s) || r.to[s] == (spot{r.up[s], r.name[s]}) {
			continue
		}
		var ring []*record
		for up := r.to[s].up; up != nil && len(ring) <= len(w.recs); up = up.to[s].up {
			ring = append(ring, up)
			if up == r {
				return ring
			}
		}
	}
	return nil
}

// youngest returns the record of the ring that came last into the pair and goes to another directory; to call it something
// else opens no ring.
func youngest(ring []*record, s tandem.Side) *record {
	var best *record
	for _, r := range ring {
		if r.frozen() || !r.moved[sideA] && !r.moved[sideB] || r.to[s].up == r.up0[s] {
			continue
		}
		if best == nil || r.base.Link > best.base.Link || r.base.Link == best.base.Link && r.base.A.ID > best.base.A.ID {
			best = r
		}
	}
	return best
}

// takeBack returns the youngest of a ring to where the base had it. Where that cannot be written, was done before, or would
// undo a move only because another has to wait, it is left alone on both sides.
func (w *work) takeBack(ring []*record, s tandem.Side) {
	r := youngest(ring, s)
	if r == nil { // what stays closes no ring, so one of these is on its way
		for _, r = range ring {
			w.hold(r, MoveCycle)
		}
		return
	}
	back := [2]spot{{r.up0[0], r.name0[0]}, {r.up0[1], r.name0[1]}}
	wait := r.shift == MoveCycle
	for s := range back {
		wait = wait || back[s] != (spot{r.up[s], r.name[s]}) && !w.may[s]
	}
	for _, x := range ring {
		wait = wait || x.frozen()
	}
	if wait {
		w.hold(r, MoveCycle)
		return
	}
	r.to, r.shift = back, MoveCycle
}

// untie keeps what was not seen from standing in itself: the base has it below a directory that is listed below it by now.
func (w *work) untie(recs []*record) {
	for _, r := range recs {
		for s := range r.up {
			if !r.st[s].blocked() || r.cur[s] != nil {
				continue
			}
			n := 0
			for up := r.up[s]; up != nil && n <= len(w.recs); up = up.up[s] {
				if n++; up == r {
					r.up[s] = nil
					break
				}
			}
		}
	}
}
