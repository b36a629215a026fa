package engine

import (
	"tandem"
)

// What is in a directory goes the way of the directory where a person decides about that: while it waits in a conflict with a file, nothing in it is deleted,
// for the answer may be that the directory stays; and the answer holds for all that is in it.

// torn returns the side on which r is a directory while it is something else on the other.
func (r *record) torn() (dir tandem.Side, ok bool) {
	if !r.has(sideA) || !r.has(sideB) {
		return 0, false
	}
	a, b := typeOf(r.cur[sideA].Attrs) == "dir", typeOf(r.cur[sideB].Attrs) == "dir"
	return sideOf(b), a != b
}

// open tells that r is a directory on side s and a file on the other, and that this stays so for now.
func (r *record) open(s tandem.Side) bool {
	dir, ok := r.torn()
	return ok && dir == s && r.frozen()
}

// fate is what was decided about directory p of side s, as far as it holds for what is in it.
type fate uint8

const (
	noFate fate = iota
	waits
	stays // a person wants it on both sides
	goes  // a person wants the file
)

func (w *work) fateOf(p *record, s tandem.Side) fate {
	switch {
	case p.open(s):
		return waits
	case p.reason != PersonDecided || p.do != Copy || p.cur[s] == nil || typeOf(p.cur[s].Attrs) != "dir":
	case p.side == s.Other():
		return stays
	case p.swap:
		return goes
	}
	return noFate
}

// heed has all that is in directories follow what was decided about them.
func (w *work) heed() {
	var ruled [2]map[*record]fate
	for _, p := range w.recs {
		for s := sideA; s <= sideB; s++ {
			if f := w.fateOf(p, s); f != noFate {
				if ruled[s] == nil {
					ruled[s] = map[*record]fate{}
				}
				ruled[s][p] = f
			}
		}
	}
	for s := sideA; s <= sideB; s++ {
		if ruled[s] == nil {
			continue
		}
		for _, r := range w.recs {
			if !r.has(s) || r.has(s.Other()) || r.st[s.Other()].blocked() {
				continue
			}
			up := r.up[s]
			for up != nil && ruled[s][up] == noFate {
				up = up.up[s]
			}
			w.share(r, s, ruled[s][up])
		}
	}
}

// share has r, which only side s has, follow its directory.
func (w *work) share(r *record, s tandem.Side, f fate) {
	dying := r.do == Delete && r.side == s
	switch {
	case f == waits && dying:
		r.wait(InConflict, "")
	case f == stays && dying:
		w.create(r, s.Other(), PersonDecided)
	case f == goes && !dying && !r.leftOut():
		w.remove(r, s, PersonDecided)
		r.lost = r.do == Delete
	}
}

// leftOut tells that r was taken out of the set.
func (r *record) leftOut() bool {
	return r.base.Clash != nil && r.base.Clash.Decision == tandem.LeaveOut
}

// fitBelow keeps r from being removed while a directory above it has to wait for an answer.
func (w *work) fitBelow(r *record) bool {
	if r.do != Delete {
		return false
	}
	for up := r.up[r.side]; up != nil; up = up.up[r.side] {
		if up.open(r.side) {
			r.wait(InConflict, "")
			r.stay()
			return true
		}
	}
	return false
}

// fitOpen says of what cannot be placed below a directory which waits for an answer that it waits for that, too: nothing has to be
// looked at again before the answer.
func (w *work) fitOpen() {
	for _, r := range w.recs {
		if r.do == Wait && r.reason == TypeClash && w.belowOpen(r) {
			r.reason = InConflict
		}
	}
}

// belowOpen tells that r is in a directory that waits for an answer.
func (w *work) belowOpen(r *record) bool {
	for s := sideA; s <= sideB; s++ {
		for up, n := r.up[s], 0; r.has(s) && up != nil && n <= len(w.recs); up, n = up.up[s], n+1 {
			if up.open(s) {
				return true
			}
		}
	}
	return false
}
