package engine

import (
	"slices"

	"tandem"
)

// The guard looks at a whole plan before anything is done: an unmounted disk, a restored backup or a program gone mad does
// not look wrong record by record. Shares are of the rows of the pair, so that a listing of changes only is judged alike.

// leastRows is how many rows make "all of them" mean something.
const leastRows = 2

func (g Guard) withDefaults() Guard {
	if g.Deletes == 0 {
		g.Deletes = 10
	}
	if g.DeleteShare == 0 {
		g.DeleteShare = 0.20
	}
	if g.OverwriteShare == 0 {
		g.OverwriteShare = 0.50
	}
	if g.Shrunk == 0 {
		g.Shrunk = 20
	}
	return g
}

// tally is what a plan does to one side, as the guard counts it.
type tally struct{ deletes, overwrites, shrunk int }

func (w *work) guard() {
	if w.rules.Guard.Off || w.rules.Approved != "" && w.rules.Approved == w.plan.Hash {
		return
	}
	g := w.rules.Guard.withDefaults()
	total := w.b.total - w.b.halves
	sums := w.tally()
	vanished, changedAll := [2]int{}, w.edits
	for _, r := range w.recs {
		if !r.agreed() {
			continue
		}
		for s := range r.st {
			if r.st[s] == gone {
				vanished[s]++
			}
			if r.st[s] == changed && r.edited(tandem.Side(s)) {
				changedAll[s]++
			}
		}
	}
	for s := sideA; s <= sideB; s++ {
		o := s.Other()
		of := max(total, w.held(s))
		hold := func(side tandem.Side, c Cause, n, of int) {
			w.plan.Held = append(w.plan.Held, Alarm{Side: side, Cause: c, Count: n, Of: of})
		}
		if sums[o].deletes > 0 && vanished[s] >= leastRows && vanished[s] == total {
			hold(s, SideEmptied, vanished[s], total)
		} else if n := w.held(o); w.v[s].count == 0 && sums[o].deletes >= leastRows && sums[o].deletes >= n {
			hold(s, SideEmptied, sums[o].deletes, n) // a mirror of nothing
		}
		if n := sums[s].deletes; n > g.Deletes && float64(n) > g.DeleteShare*float64(of) {
			hold(s, ManyDeletes, n, of)
		}
		if n := sums[s].overwrites; n >= 10 && float64(n) > g.OverwriteShare*float64(of) {
			hold(s, ManyOverwrites, n, of)
		}
		if n := sums[s].shrunk; n > g.Shrunk {
			hold(s, ManyShrunk, n, of)
		}
		if total >= 10 && changedAll[s] == total && sums[o].overwrites > 0 {
			hold(s, AllChanged, changedAll[s], total)
		}
		if w.refused(s) {
			hold(s, StoreReplaced, w.v[s].count, total)
		}
	}
}

// held is how many records side s has, as far as this run knows.
func (w *work) held(s tandem.Side) int {
	if w.v[s].listing.Full {
		return w.v[s].count
	}
	return max(w.v[s].count, w.b.total-w.b.halves)
}

// refused tells that a person must choose how two filled sides meet.
func (w *work) refused(s tandem.Side) bool {
	if w.v[s].replaced && (w.rules.First == Refuse || w.rules.Direction == MirrorAToB || w.rules.Direction == MirrorBToA) {
		return true
	}
	return s == sideA && w.rules.First == Refuse && w.b.total == 0 && w.v[0].count > 0 && w.v[1].count > 0 && w.plan.Len() > 0
}

// tally counts per side what is deleted, overwritten and emptied. A deletion whose content is created again on the same
// side is a move that nobody recognised.
func (w *work) tally() (sums [2]tally) {
	made := [2]map[string]int{{}, {}}
	deletes := false
	for i := range w.plan.Len() {
		deletes = deletes || w.plan.Do(i) == Delete
	}
	for i := range w.plan.Len() {
		if w.plan.Do(i) == Copy && deletes {
			a := w.plan.Action(i)
			if k := contentKey(a.Shown(a.To.Other())); k != "" {
				made[a.To][k]++
			}
		}
	}
	for _, a := range w.plan.All() {
		switch a.Do {
		case Delete:
			k := contentKey(a.Shown(a.To))
			if a.Reason == TypeChanged || k != "" && made[a.To][k] > 0 {
				made[a.To][k]--
				continue
			}
			sums[a.To].deletes++
		case Update:
			sums[a.To].overwrites++
			if a.Shown(a.To.Other()).Size == 0 && a.Shown(a.To).Size > 0 && a.Reason != Torn {
				sums[a.To].shrunk++
			}
		case Merge, KeepBoth:
			for s := range a.Into {
				if a.Into[s] {
					sums[s].overwrites++
				}
			}
		}
	}
	return sums
}

// Restore returns the plan with its deletions turned round: what vanished from one side is put back there from the
// other instead, and so is what was emptied. Nothing else changes, except that the guard's reasons are gone. Where the
// side may not be written, the deletion is left undone.
func Restore(p *Plan, rules Rules) *Plan {
	out := &Plan{Base: p.Base, Pending: p.Pending, inStep: p.inStep, steps: p.steps.clone()}
	may := writable(rules.Direction, rules)
	var back []Action
	for i, a := range p.All() {
		from := a.To.Other()
		switch {
		case a.Do == Delete && a.Reason != TypeChanged:
			if a.Shown(from).ID != "" || !may[from] || !a.Row.Agreed() {
				a.Do, a.Reason = Nothing, PutBack
				break
			}
			a.Do, a.To, a.Reason, a.Lost = Copy, from, PutBack, false
			a.Attrs = a.Shown(from.Other()).Attrs
			a.Needs = slices.DeleteFunc(slices.Clone(a.Needs), func(n int) bool { return p.Do(n) == Delete }) // which are not made
			back = append(back, a)
			a = Action{Do: Nothing, Row: a.Row, A: a.A, B: a.B, Key: a.Key, Reason: PutBack}
		case a.Do == Update && a.Shown(from).Size == 0 && a.Shown(a.To).Size > 0:
			if !may[from] {
				a.Do, a.Reason = Nothing, PutBack
				break
			}
			a.To, a.Reason, a.Into = from, PutBack, [2]bool{}
			a.Attrs = a.Shown(from.Other()).Attrs
		default:
			continue
		}
		out.Set(i, a)
	}
	for i := len(back) - 1; i >= 0; i-- { // deletions are children first
		out.steps.add(back[i])
	}
	out.sum()
	return out
}
