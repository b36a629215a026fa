package engine

import (
	"tandem"
)

// A run that ends between two steps can leave a record under another directory or name on each side, with a row that knows it so:
// the one move was made and recorded, the other never will be, because against its row neither side has moved it. Such a record
// is brought together as if both had.

// apart tells that the row has the record in different places of the tree: under directories that are not one, or by names that
// are not one wherever names are compared.
func (w *work) apart(i int32) bool {
	if !w.tree || w.b.sameIDs(i) || !w.joins(tandem.ID(w.b.id(i, sideA)), tandem.ID(w.b.id(i, sideB))) {
		return false
	}
	a, b := tandem.ID(w.b.id(i, sideA)), tandem.ID(w.b.id(i, sideB))
	if a == "" || b == "" {
		return false
	}
	if w.otherName(name(a), name(b)) {
		return true
	}
	ua, ub := parent(a), parent(b)
	if ua == "" || ub == "" {
		return ua != ub
	}
	return w.b.find(sideA, ua) != w.b.find(sideB, ub)
}

// joins tells that this run may bring together what is at a and b. What a side did on its own in a one-way pair stays; but a
// name that a plan gave for the time of its own steps is nobody's.
func (w *work) joins(a, b tandem.ID) bool {
	if _, mirror := w.source(); mirror || w.may[sideA] && w.may[sideB] {
		return true
	}
	return w.may[sideA] && isTemp(name(a)) || w.may[sideB] && isTemp(name(b))
}

// otherName tells that two names are not one on either side.
func (w *work) otherName(a, b string) bool {
	n := w.rules.Names
	both := NameRule{FoldCase: n[0].FoldCase || n[1].FoldCase, NFC: n[0].NFC || n[1].NFC}
	return a != b && fold(a, both) != fold(b, both)
}

// reunite has a record that its row knows apart count as moved.
func (w *work) reunite(r *record) {
	if !r.paired() || !r.has(sideA) || !r.has(sideB) || r.moved[sideA] || r.moved[sideB] || !w.joins(r.cur[sideA].ID, r.cur[sideB].ID) {
		return
	}
	for s, up := range r.up {
		if up != nil && !up.has(tandem.Side(s)) {
			return
		}
	}
	if r.up[sideA] == r.up[sideB] && !w.otherName(r.name[sideA], r.name[sideB]) {
		return
	}
	for s := range r.moved {
		r.moved[s] = !isTemp(r.name[s])
	}
}
