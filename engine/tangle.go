package engine

import (
	"slices"

	"tandem"
)

// A run that ends in the middle of an exchange of names leaves rows that claim one id on a side: the row of what was moved
// knows where the other side has it, and there the base still has what is to move next. What is listed under the id belongs to
// one of them. The place's own identity of it tells to which; the other must be found elsewhere, or nothing is concluded about it.

// untangle gives what is listed on side s under an id that two rows claim to the one it belongs to. The other may be found by
// what it is; it returns those who must be, or count as unknown.
func (w *work) untangle(s tandem.Side) (astray []*record) {
	v := w.v[s]
	if !w.tree || len(w.b.hidden[s]) == 0 || v.silence() != gone {
		return nil
	}
	var rows []int32
	for i := range w.b.hidden[s] {
		rows = append(rows, i)
	}
	slices.Sort(rows)
	for _, i := range rows {
		id := tandem.ID(w.b.id(i, s))
		j := w.b.find(s, id)
		if w.voided(i) || w.voided(j) || v.block[id] != nil || v.covered(id) != nil || w.b.isHalf(i) || w.b.isHalf(j) {
			continue
		}
		r, first := w.ofRowAt(i), w.ofRowAt(j)
		if r.void || first.void || r.cur[s] != nil {
			continue
		}
		lost := r
		if n := first.cur[s]; n != nil && first.has(s) && n.Node != "" && typed(n.Attrs, n.Node) == nodeOf(r, s) && nodeOf(r, s) != nodeOf(first, s) {
			w.adopt(r, first, s)
			lost = first
		}
		lost.st[s] = gone
		w.left[s][lost.row] = true
		astray = append(astray, lost)
	}
	return astray
}

func nodeOf(r *record, s tandem.Side) string {
	was := r.base.Side(s)
	return typed(was.Attrs, was.Node)
}

// giveUp has what was not found count as unknown: two rows of one id are no evidence that anything was deleted.
func giveUp(astray []*record, s tandem.Side) {
	for _, r := range astray {
		if r.cur[s] == nil && r.st[s] == gone {
			r.st[s] = unknown
		}
	}
}
