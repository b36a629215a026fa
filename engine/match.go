package engine

import (
	"sort"

	"tandem"
)

// Matching finds out which records are one. First, on each side, a record that vanished under one id and appeared under
// another is recognised (a move). Then records that are new on both sides are paired. Nothing that has a partner is ever
// given another, and two records of one side are never merged: a hint that fits more than one is no hint.

// relink recognises moves on side s: rows that are gone there, against ids that are new there.
func (w *work) relink(s tandem.Side) {
	lost, found := w.movers(s)
	if len(lost) == 0 || len(found) == 0 {
		return
	}
	if w.tree {
		w.relinkNames(s, lost, found)
	} else {
		w.relinkBy(s, lost, found, func(r *record) string { return r.base.UID }, func(n *seen) string { return n.uid })
	}
	w.relinkBy(s, lost, found, func(r *record) string { return typed(r.base.Side(s).Attrs, r.base.Side(s).Node) },
		func(n *seen) string { return typed(n.Attrs, n.Node) })
	if w.tree {
		w.relinkBelow(s, lost, found)
	}
	w.relinkBy(s, lost, found, func(r *record) string { return contentKey(r.base.Side(s)) },
		func(n *seen) string { return contentKey(&n.Shown) })
	if !w.tree { // an update that made another id of it, by a run that died before it could record that
		w.relinkBy(s, lost, found, func(r *record) string { return r.editedTo(s.Other()) }, func(n *seen) string { return contentKey(&n.Shown) })
	}
}

// editedTo is what an edit on side s made of the record, as a key; "" where there was none.
func (r *record) editedTo(s tandem.Side) string {
	if r.st[s] != changed || !r.agreed() {
		return ""
	}
	return contentKey(&r.cur[s].Shown)
}

// movers lists the rows gone from side s and, if there are any, the ids new there, sorted by id.
func (w *work) movers(s tandem.Side) (lost, found []*record) {
	for _, r := range w.recs {
		if r.row >= 0 && r.st[s] == gone && r.cur[s] == nil && !r.void {
			lost = append(lost, r)
		}
	}
	if len(lost) == 0 {
		return nil, nil
	}
	for _, r := range w.recs {
		if r.row < 0 && r.st[s] == fresh && r.cur[s.Other()] == nil {
			found = append(found, r)
		}
	}
	sort.Slice(lost, func(i, j int) bool { return lost[i].base.Side(s).ID < lost[j].base.Side(s).ID })
	sort.Slice(found, func(i, j int) bool { return found[i].cur[s].ID < found[j].cur[s].ID })
	return lost, found
}

// typed is a node as a key; a directory never becomes a file by moving.
func typed(a tandem.Attrs, node string) string {
	if node == "" {
		return ""
	}
	return typeOf(a) + "\x00" + node
}

// contentKey is what a record holds as a key, "" where that identifies nothing: empty files and directories are alike.
func contentKey(s *tandem.Shown) string {
	switch typeOf(s.Attrs) {
	case "dir":
		return ""
	case "link":
		return "link\x00" + s.Attrs.Get("target")
	}
	if s.Digest.IsZero() || s.Size == 0 {
		return ""
	}
	return string(s.Digest[:])
}

// relinkBy joins lost rows and found ids that share a key which is unique among both.
func (w *work) relinkBy(s tandem.Side, lost, found []*record, of func(*record) string, in func(*seen) string) {
	keys := map[string]*record{}
	for _, r := range lost {
		if r.cur[s] != nil {
			continue
		}
		if k := of(r); k != "" {
			if _, twice := keys[k]; twice {
				keys[k] = nil
			} else {
				keys[k] = r
			}
		}
	}
	if len(keys) == 0 {
		return
	}
	hits := map[string]*record{}
	for _, f := range found {
		if f.cur[s] == nil {
			continue
		}
		if k := in(f.cur[s]); k != "" {
			if _, twice := hits[k]; twice {
				hits[k] = nil
			} else {
				hits[k] = f
			}
		}
	}
	for _, r := range lost {
		if r.cur[s] == nil {
			if k := of(r); k != "" && keys[k] == r && hits[k] != nil && !w.isAnother(r, hits[k].cur[s]) {
				w.adopt(r, hits[k], s)
			}
		}
	}
}

// isAnother tells that n is not the record of r whatever else speaks for it, since it says so itself: where records have UIDs, some file systems give what is made the
// number of what was removed just before.
func (w *work) isAnother(r *record, n *seen) bool {
	return !w.tree && r.base.UID != "" && n.uid != "" && r.base.UID != n.uid
}

// adopt makes what f shows on side s the present state of r there. f is left with nothing on that side.
func (w *work) adopt(r, f *record, s tandem.Side) {
	n := f.cur[s]
	r.cur[s], f.cur[s] = n, nil
	r.st[s], f.st[s] = changed, none
	was := r.base.Side(s)
	switch {
	case !r.agreed():
		r.st[s] = fresh
	case n.Digest == was.Digest && n.Attrs == was.Attrs && (!n.Digest.IsZero() || bodiless(n.Attrs)):
		r.st[s] = same
	}
	if r.row >= 0 {
		w.left[s][r.row] = true
	}
	w.at[s][n.ID] = r
}

// relinkNames joins rows and ids below the same directory that the place itself cannot tell apart, or could not: a
// name in another case or normal form.
func (w *work) relinkNames(s tandem.Side, lost, found []*record) {
	rule := w.rules.Names[s]
	if !rule.FoldCase && !rule.NFC {
		return
	}
	keys := map[string]*record{}
	for _, r := range lost {
		id := r.base.Side(s).ID
		keys[string(parent(id))+"/"+fold(name(id), rule)] = r
	}
	for _, f := range found {
		id := f.cur[s].ID
		r := keys[string(parent(id))+"/"+fold(name(id), rule)]
		if r != nil && r.cur[s] == nil && typeOf(r.base.Side(s).Attrs) == typeOf(f.cur[s].Attrs) {
			w.adopt(r, f, s)
		}
	}
}

// relinkBelow follows directories that moved: what was d/x is e/x once d is e.
func (w *work) relinkBelow(s tandem.Side, lost, found []*record) {
	byID := map[tandem.ID]*record{}
	for _, f := range found {
		if f.cur[s] != nil {
			byID[f.cur[s].ID] = f
		}
	}
	now := map[tandem.ID]tandem.ID{} // of directories, base id to present id
	for _, r := range lost {         // sorted: parents first
		was := r.base.Side(s)
		if r.cur[s] == nil {
			up, ok := now[parent(was.ID)]
			if !ok {
				continue
			}
			f := byID[up+"/"+tandem.ID(name(was.ID))]
			if f == nil || f.cur[s] == nil || typeOf(f.cur[s].Attrs) != typeOf(was.Attrs) {
				continue
			}
			w.adopt(r, f, s)
		}
		if typeOf(was.Attrs) == "dir" {
			now[was.ID] = r.cur[s].ID
		}
	}
}

// exchange recognises names that changed hands: the thing at q is what the base had at p, while what the base had at q
// lives on elsewhere. Without the second half, an editor that replaces a file by renaming a new one over it would look
// like a move.
func (w *work) exchange(s tandem.Side) {
	owner := map[string]*record{} // by node in the base
	holder := map[string]*seen{}  // by node in the listing
	claim := func(k string, r *record) {
		if _, twice := owner[k]; twice {
			r = nil
		}
		owner[k] = r
	}
	var moved []*record
	for _, r := range w.recs {
		if r.row < 0 || !r.agreed() {
			continue
		}
		was := r.base.Side(s)
		if k := typed(was.Attrs, was.Node); k != "" {
			claim(k, r)
		}
		if r.cur[s] != nil && r.st[s].present() && r.cur[s].Node != "" && was.Node != "" && r.cur[s].Node != was.Node {
			moved = append(moved, r)
		}
	}
	if len(moved) == 0 {
		return
	}
	for _, r := range w.recs {
		if n := r.cur[s]; n != nil && r.st[s].present() {
			if k := typed(n.Attrs, n.Node); k != "" {
				if _, twice := holder[k]; twice {
					n = nil
				}
				holder[k] = n
			}
		}
	}
	takes := map[*record]*seen{} // row -> where its thing is now
	for _, r := range moved {
		was := r.base.Side(s)
		now := holder[typed(was.Attrs, was.Node)]
		if now == nil {
			continue // what was here is nowhere: overwritten, not moved
		}
		p := owner[typed(r.cur[s].Attrs, r.cur[s].Node)]
		if p != nil && p != r {
			takes[p] = r.cur[s]
			takes[r] = now
		} else if r.retyped(s) {
			takes[r] = now // a file never becomes a directory by being saved
		}
	}
	w.reseat(s, takes)
}

// reseat gives each row the thing it owns by node, as long as that leaves no row without one.
func (w *work) reseat(s tandem.Side, takes map[*record]*seen) {
	for r, n := range takes { // every seat taken must be given up by its holder
		h := w.holds(n, s)
		if _, gives := takes[h]; n == nil || h != nil && h != r && h.row >= 0 && !gives {
			return
		}
	}
	type seat struct {
		r *record
		n *seen
		h *record
	}
	var seats []seat
	taken := map[*seen]bool{}
	for r, n := range takes {
		seats = append(seats, seat{r, n, w.holds(n, s)})
		taken[n] = true
	}
	sort.Slice(seats, func(i, j int) bool { return seats[i].r.key < seats[j].r.key })
	for _, t := range seats {
		if t.h != nil && t.h.row < 0 {
			t.h.cur[s], t.h.st[s] = nil, none
		}
		w.left[s][t.r.row] = true
	}
	for _, t := range seats {
		left := t.r.cur[s]
		f := &record{row: -1}
		f.cur[s] = t.n
		w.adopt(t.r, f, s)
		if left != nil && !taken[left] {
			left.st = fresh
			w.meetOne(s, left) // new under an old name
		}
	}
}

// holds returns the record that shows n.
func (w *work) holds(n *seen, s tandem.Side) *record {
	if n == nil {
		return nil
	}
	if r := w.at[s][n.ID]; r != nil && r.cur[s] == n {
		return r
	}
	if i := w.b.find(s, n.ID); i >= 0 && w.ofRow[i] != 0 {
		if r := w.recs[w.ofRow[i]-1]; r.cur[s] == n {
			return r
		}
	}
	return nil
}

// pair matches what is new on both sides where ids mean nothing: by UID, then by digest.
func (w *work) pair() {
	var pool [2][]*record
	for _, r := range w.recs {
		if r.void || r.base.Clash != nil {
			continue
		}
		if r.st[0] == fresh && r.st[1] == none {
			pool[0] = append(pool[0], r)
		} else if r.st[1] == fresh && r.st[0] == none {
			pool[1] = append(pool[1], r)
		}
	}
	if len(pool[0]) == 0 || len(pool[1]) == 0 {
		return
	}
	for s := range pool {
		sort.Slice(pool[s], func(i, j int) bool { return pool[s][i].cur[s].ID < pool[s][j].cur[s].ID })
	}
	uids := [2]map[string]*record{{}, {}}
	for s := range pool {
		for _, r := range pool[s] {
			u := r.cur[s].uid
			if u == "" {
				continue
			}
			if _, twice := uids[s][u]; twice {
				r = nil // a UID twice on one side says nothing
			}
			uids[s][u] = r
		}
	}
	for _, r := range pool[0] {
		u := r.cur[0].uid
		if u != "" && uids[0][u] == r && uids[1][u] != nil {
			w.join(r, uids[1][u])
		}
	}
	alike := map[tandem.Digest][]*record{}
	for _, r := range pool[1] {
		if r.cur[1] != nil && r.st[0] == none && !r.cur[1].Digest.IsZero() {
			alike[r.cur[1].Digest] = append(alike[r.cur[1].Digest], r)
		}
	}
	for _, r := range pool[0] {
		if r.cur[0] == nil || r.st[1] != none {
			continue // has a partner by now
		}
		if l := alike[r.cur[0].Digest]; len(l) > 0 {
			alike[r.cur[0].Digest] = l[1:]
			w.join(r, l[0])
		}
	}
}

// join makes one record of a, new on A, and b, new on B. A row that remembers either stays with the result.
func (w *work) join(a, b *record) {
	if a.row < 0 && b.row >= 0 {
		b.cur[0], b.st[0] = a.cur[0], fresh
		a.cur[0], a.st[0] = nil, none
		w.at[0][b.cur[0].ID] = b
		b.twin = a
		return
	}
	if b.row >= 0 {
		w.drops = append(w.drops, b.row)
		b.base = w.empty
	}
	a.cur[1], a.st[1] = b.cur[1], fresh
	b.cur[1], b.st[1] = nil, none
	b.row = -1
	w.at[1][a.cur[1].ID] = a
}
