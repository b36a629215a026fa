package engine

import (
	"tandem"
)

// record is one thing under decision: a row that is not plainly unchanged, or a new record, with what each side shows.
// A directory that is only needed as somebody's parent is a record too.
type record struct {
	key  int32
	row  int32       // in the base, -1: none
	base *tandem.Row // never nil; empty without a row, its ids only without agreement
	cur  [2]*seen    // nil where the side has nothing
	st   [2]state
	void bool // the row holds ids but no agreement (a replaced store): decided as if new on both sides

	single bool // decided by itself, see alone.go: it stays where it is listed

	twin *record // the record of A that was joined into this one

	// Trees. A parent of nil is the root.
	up, up0     [2]*record // where it is listed; where the base had it
	name, name0 [2]string
	moved       [2]bool
	to          [2]spot // where it is to be
	shift       Reason  // why it moves
	sim         [2]spot // where it is while the plan is being laid out
	there       [2]bool // whether it exists while the plan is being laid out
	placed      [2]bool
	busy        [2]bool

	// The decision.
	do     Do
	side   tandem.Side
	reason Reason
	lost   bool
	back   bool // restored for what comes below it
	swap   bool // replace by delete and create: the type changed
	into   [2]bool
	attrs  tandem.Attrs
	note   string
	newID  tandem.ID // Write: where it is made
	steps  [2]int32  // the last step of the plan, counted from one, that made or moved it on each side
}

// spot is a place in a tree.
type spot struct {
	up   *record
	name string
}

// agreed tells that both sides held this record in the base.
func (r *record) agreed() bool { return r.row >= 0 && !r.void && r.base.Agreed() }

// paired tells that the row knows where both sides have the record, agreed or in conflict: what a move is measured by.
func (r *record) paired() bool {
	return r.row >= 0 && !r.void && r.base.A.ID != "" && r.base.B.ID != ""
}

// has tells that side s shows the record and it may be worked with.
func (r *record) has(s tandem.Side) bool { return r.st[s].present() }

func (r *record) frozen() bool { return r.do == Wait || r.do == Conflict }

// dies tells that the plan removes the record from side s.
func (r *record) dies(s tandem.Side) bool {
	return r.do == Delete && r.side == s || r.swap && r.side == s
}

// exists tells that side s has the record after the plan.
func (r *record) exists(s tandem.Side) bool {
	switch {
	case r.do == Delete && r.side == s:
		return false
	case r.do == Copy && r.side == s, r.do == Write:
		return true
	}
	return r.has(s) || r.st[s].blocked()
}

// work is one reconciliation.
type work struct {
	b     *Base
	v     [2]*View
	rules Rules
	dir   Direction // in force for this run
	may   [2]bool   // which sides may be written
	tree  bool
	first bool // no agreement to go by: the first sync, or a replaced store

	recs  []*record
	ofRow []int32 // row to record key plus one
	slab  []record
	spare []seen
	drops []int32 // rows that hold nothing any more

	unproven []int32 // rows out of scope on one side while a store was replaced
	empty    *tandem.Row
	void     *tandem.Shown

	at     [2]map[tandem.ID]*record // listed ids that the base does not have there
	left   [2]map[int32]bool        // rows that are not at their base id any more
	lost   [2]map[tandem.ID]*record // directories that the base names in the ids of others only, and that are gone
	veiled [2]map[*record]*seen     // rows whose record is there under another id that must not be looked at
	pinned [2]map[tandem.ID]bool    // directories that hold something no record stands for
	plan   *Plan

	alone   bool      // what can be decided by itself has no record
	turns   []turn    // of what is decided by itself; in contents of all
	edits   [2]int    // of rows among them, by side
	sorted  []*record // see byDepth
	located int       // how many records have their place in the tree

	// While the plan of a tree is being laid out.
	hard  bool // something moves or goes, so names can be in the way
	simAt [2]map[foldKey]*record
	below [2]map[*record][]*record

	emptied [2]map[*record][]int // the deletions in a directory that goes too
}

// foldKey is a name below a parent, as one side tells names apart.
type foldKey struct {
	up   *record
	name string
}

// newWork sets up the work.
func newWork(b *Base, va, vb *View, rules Rules) *work {
	w := &work{b: b, v: [2]*View{va, vb}, rules: rules, tree: rules.Tree, empty: &tandem.Row{}, void: &tandem.Shown{},
		dir: rules.Direction, alone: true}
	w.first = b.total == 0 || va.replaced || vb.replaced
	if w.first {
		switch rules.First {
		case ReplaceA:
			w.dir = MirrorBToA
		case ReplaceB:
			w.dir = MirrorAToB
		}
	}
	w.may = writable(w.dir, rules)
	w.at = [2]map[tandem.ID]*record{{}, {}}
	if w.tree {
		w.at = [2]map[tandem.ID]*record{make(map[tandem.ID]*record, len(va.fresh)), make(map[tandem.ID]*record, len(vb.fresh))}
	}
	w.left = [2]map[int32]bool{{}, {}}
	w.lost = [2]map[tandem.ID]*record{{}, {}}
	return w
}

// meet makes records of all that is not plainly unchanged; asking leaves out what NeedDigests has asked for.
func (w *work) meet(asking bool) {
	w.ofRow = make([]int32, len(w.b.rows))
	w.meetRows()
	rows := w.recs
	for s := tandem.SideA; s <= tandem.SideB; s++ {
		var claimed *keys
		if w.alone && !w.tree && !w.v[0].replaced && !w.v[1].replaced {
			claimed = w.claims(s, rows)
		}
		w.meetFresh(s, asking, claimed)
	}
}

// writable tells which sides a direction lets a run write to.
func writable(d Direction, rules Rules) [2]bool {
	return [2]bool{
		d != AToB && d != MirrorAToB && !rules.ReadOnly[0],
		d != BToA && d != MirrorBToA && !rules.ReadOnly[1],
	}
}

// stateOf says what side s knows of row i. Trouble with an id covers all ids below it: with a directory what is in it,
// with a file of several records each of them.
func (w *work) stateOf(i int32, s tandem.Side) state {
	v := w.v[s]
	st := v.rows[i]
	if st.blocked() {
		return st
	}
	if w.b.hidden[s][i] {
		return unknown
	}
	if len(v.block) > 0 {
		if n := v.covered(tandem.ID(v.b.id(i, s))); n != nil {
			return n.st
		}
	}
	if st != unseen {
		return st
	}
	if len(w.b.id(i, s)) == 0 {
		return none
	}
	return v.silence()
}

// covered returns the trouble above id, or nil.
func (v *View) covered(id tandem.ID) *seen {
	for id = parent(id); id != ""; id = parent(id) {
		if n := v.block[id]; n != nil && n.st.blocked() {
			return n
		}
	}
	return nil
}

// meetRow tells what the sides show of row i, and whether that is anything but that it is unchanged.
func (w *work) meetRow(i int32) (m met, ok bool) {
	a, b := w.stateOf(i, tandem.SideA), w.stateOf(i, tandem.SideB)
	if (w.v[0].replaced || w.v[1].replaced) && (a == ignored || b == ignored) {
		w.unproven = append(w.unproven, i)
	}
	_, odd := w.b.odd[i]
	odd = odd || w.apart(i)
	if a == same && b == same && !odd && w.v[0].detail[i] == nil && w.v[1].detail[i] == nil {
		return m, false
	}
	quiet := func(s state) bool { return s == same || s == unknown || s == ignored }
	if (a != same || b != same) && quiet(a) && quiet(b) && !odd {
		return m, false
	}
	return met{i, [2]state{a, b}}, true
}

// admit makes a record of row i.
func (w *work) admit(i int32, a, b state) *record {
	r := w.make()
	r.row, r.base, r.st = i, w.b.row(i), [2]state{a, b}
	w.ofRow[i] = r.key + 1
	for s := tandem.SideA; s <= tandem.SideB; s++ {
		w.show(r, s)
	}
	if w.b.isHalf(i) {
		for s := tandem.SideA; s <= tandem.SideB; s++ {
			if r.st[s] == same || r.st[s] == changed {
				r.st[s] = fresh
			}
		}
	}
	return r
}

// show fills in what side s has of a record with a row.
func (w *work) show(r *record, s tandem.Side) {
	if n := w.v[s].detail[r.row]; n != nil {
		r.cur[s] = n
		if r.st[s] == same && n.Node == "" {
			n.Node = r.base.Side(s).Node
		}
		return
	}
	if r.st[s] == same {
		r.cur[s] = w.fromBase(r.base, s)
	}
}

// fromBase is what a side shows that has nothing to say.
func (w *work) fromBase(row *tandem.Row, s tandem.Side) *seen {
	if len(w.spare) == cap(w.spare) {
		w.spare = make([]seen, 0, 256)
	}
	w.spare = append(w.spare, seen{Shown: *row.Side(s), uid: row.UID, st: same})
	return &w.spare[len(w.spare)-1]
}

func (w *work) make() *record {
	if len(w.slab) == cap(w.slab) {
		w.slab = make([]record, 0, min(1024, 16+len(w.recs)))
	}
	w.slab = append(w.slab, record{key: int32(len(w.recs)), row: -1, base: w.empty, st: [2]state{none, none}})
	r := &w.slab[len(w.slab)-1]
	w.recs = append(w.recs, r)
	return r
}

// ofRowAt returns the record of row i, making one for an unchanged row.
func (w *work) ofRowAt(i int32) *record {
	if k := w.ofRow[i]; k != 0 {
		return w.recs[k-1]
	}
	return w.admit(i, w.stateOf(i, tandem.SideA), w.stateOf(i, tandem.SideB))
}

// voidRow decides what a row is worth after a store was replaced, and reports whether it was dealt with. A row that
// the replaced side still shows as agreed holds on. Otherwise its agreement is void: what either side has now is as
// new, and in a tree, where the path is the identity, it is compared under its row.
//
// The base's body is not used as a merge base then: a store restored from a backup shows an older version, and against
// the base that would look like the newest edit.
func (w *work) voidRow(i int32, a, b state) bool {
	holds := a.present() && b.present()
	for s := range w.v {
		if w.v[s].replaced && w.v[s].rows[i] != same {
			holds = false
		}
	}
	if holds {
		return false
	}
	if w.tree && a.present() && b.present() {
		r := w.admit(i, a, b)
		r.void = true
		r.st = [2]state{fresh, fresh}
		row := *r.base
		row.Body, row.Clash, row.Aside = tandem.Digest{}, nil, nil
		r.base = &row
		return true
	}
	row := w.b.row(i)
	w.drops = append(w.drops, i)
	for s, st := range [2]state{a, b} {
		s := tandem.Side(s)
		if !st.present() {
			continue
		}
		n := w.v[s].detail[i]
		switch {
		case n == nil:
			n = w.fromBase(row, s)
		case row.Clash != nil && n.uid == "" && !n.filled:
			n.Digest = tandem.Digest{} // known from the conflict, which does not know the UID: ask for both
		}
		w.meetOne(s, n)
	}
	w.left[0][i], w.left[1][i] = true, true
	return true
}

// voided tells that row i is dropped and what either side has of it is a record of its own.
func (w *work) voided(i int32) bool { return w.ofRow[i] == 0 && w.left[sideA][i] && w.left[sideB][i] }

func (w *work) meetOne(s tandem.Side, n *seen) *record {
	r := w.make()
	r.cur[s], r.st[s] = n, fresh
	w.at[s][n.ID] = r
	return r
}

// meetFresh makes records of the ids without a row. Those under trouble, and the trouble itself, only wait.
func (w *work) meetFresh(s tandem.Side, asking bool, claimed *keys) {
	v := w.v[s]
	for _, n := range v.fresh {
		if n.st != fresh || asking && n.asked || !asking && n.single {
			continue // in block, asked for, or one of a couple
		}
		if w.takesNew(n, s, claimed) {
			continue
		}
		r := w.meetOne(s, n)
		if len(v.block) > 0 {
			if b := v.covered(n.ID); b != nil {
				r.st[s] = b.st
			}
		}
	}
}

// meetTrouble makes a line of each id that cannot be read and that nobody else speaks of.
func (w *work) meetTrouble() {
	for s := sideA; s <= sideB; s++ {
		for id, n := range w.v[s].block {
			if n.st != problem || w.b.find(s, id) >= 0 || w.at[s][id] != nil || w.veils(s, n) {
				continue
			}
			r := w.make()
			r.cur[s], r.st[s] = n, problem
			w.at[s][id] = r
		}
	}
}
