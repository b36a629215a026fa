package engine

import (
	"hash/maphash"
	"slices"

	"tandem"
)

// Most of what a large run is about hangs on nothing else: a record that is where its row has it on both sides, with all above it; two
// new ones that are one (couples.go); a new one of a collection that nothing else could be. What is to be done about such a record
// follows from what it is. So it has no record but a turn, which takes a tenth of the memory, and is decided each time anew. As
// soon as something else has to do with it, it becomes a record like any other.

// meetRows makes records of the rows that are not plainly unchanged, but for those decided by themselves.
func (w *work) meetRows() {
	var rows []met
	for i := range w.b.rows {
		if m, ok := w.meetRow(int32(i)); ok {
			rows = append(rows, m)
		}
	}
	replaced := w.v[0].replaced || w.v[1].replaced
	l := w.newLoner(rows)
	for _, m := range rows {
		a, b := m.st[0], m.st[1]
		switch {
		case replaced && !a.blocked() && !b.blocked() && w.voidRow(m.i, a, b):
		case l != nil && l.takes(m):
			w.leaveAlone(m)
		default:
			w.admit(m.i, a, b)
		}
	}
}

// leaveAlone gives a row that is decided by itself its turn.
func (w *work) leaveAlone(m met) {
	t := turn{of: m.i}
	for s, v := range w.v {
		if t.c[s] = v.detail[m.i]; t.c[s] != nil && m.st[s] == same && t.c[s].Node == "" {
			_, node := w.b.stamp(m.i, tandem.Side(s))
			t.c[s].Node = string(node)
		}
	}
	w.turns = append(w.turns, t)
}

// met is a row that is not plainly unchanged.
type met struct {
	i  int32
	st [2]state
}

// loner tells which rows are decided by themselves.
type loner struct {
	w     *work
	nodes [2]*nodes // nil where nothing is another thing than it was
	dirs  map[int32]bool
}

// nodes counts by node what a side lists, and what the base has there, of all that is met.
type nodes struct{ listed, based map[string]uint8 }

// newLoner looks at all rows that are met. It returns nil where each must have a record: what belongs together is in doubt as a
// whole then.
func (w *work) newLoner(rows []met) *loner {
	if !w.alone || w.v[0].replaced || w.v[1].replaced || len(w.b.hidden[0])+len(w.b.hidden[1]) > 0 {
		return nil
	}
	l := &loner{w: w, dirs: map[int32]bool{}}
	if !w.tree {
		return l
	}
	for s := sideA; s <= sideB; s++ {
		if !slices.ContainsFunc(rows, func(m met) bool { return w.otherNode(m.i, s) }) {
			continue
		}
		n := &nodes{map[string]uint8{}, map[string]uint8{}}
		for _, m := range rows {
			_, was := w.b.stamp(m.i, s)
			n.based[string(was)] = min(2, n.based[string(was)]+1)
			if d := w.v[s].detail[m.i]; d != nil && d.Node != "" {
				n.listed[d.Node] = min(2, n.listed[d.Node]+1)
			} else if m.st[s].present() {
				n.listed[string(was)] = min(2, n.listed[string(was)]+1)
			}
		}
		for _, d := range w.v[s].fresh {
			n.listed[d.Node] = min(2, n.listed[d.Node]+1)
		}
		l.nodes[s] = n
	}
	return l
}

// otherNode tells that side s lists another thing under the id of row i than was there.
func (w *work) otherNode(i int32, s tandem.Side) bool {
	n := w.v[s].detail[i]
	if n == nil || n.Node == "" {
		return false
	}
	_, was := w.b.stamp(i, s)
	return len(was) > 0 && n.Node != string(was)
}

// itself tells that nothing else can have to do with what side s lists under the id of row i, by its node: where anything is
// another thing than it was, names may have changed hands (exchange).
func (l *loner) itself(i int32, s tandem.Side) bool {
	n := l.nodes[s]
	if n == nil {
		return true
	}
	_, b := l.w.b.stamp(i, s)
	was, is := string(b), string(b)
	if d := l.w.v[s].detail[i]; d != nil && d.Node != "" {
		is = d.Node
	}
	switch {
	case was == "":
		return n.based[is] == 0 && n.listed[is] <= 1
	case is != was:
		return n.listed[was] == 0 && n.based[was] <= 1 && n.based[is] == 0 && n.listed[is] <= 1
	}
	return n.listed[is] <= 1 && n.based[is] <= 1
}

// takes tells that a row is decided by itself: it is agreed, both sides list it where it was, as what it was, below directories of which that
// holds, too.
func (l *loner) takes(m met) bool {
	w := l.w
	if !l.stays(m) {
		return false
	}
	if !w.tree {
		return true
	}
	for s := sideA; s <= sideB; s++ {
		if w.typeNow(m.i, s) == "dir" {
			return false
		}
	}
	a, b := parent(tandem.ID(w.b.id(m.i, sideA))), parent(tandem.ID(w.b.id(m.i, sideB)))
	return a == b && l.below(a)
}

// stays tells that a row is agreed, in no conflict, and where it was and what it was on both sides.
func (l *loner) stays(m met) bool {
	w := l.w
	if _, odd := w.b.odd[m.i]; odd || w.apart(m.i) {
		return false
	}
	for s, st := range m.st {
		s := tandem.Side(s)
		if st != same && st != changed || w.tree && !l.itself(m.i, s) {
			return false
		}
	}
	if !w.tree || w.v[0].detail[m.i] == nil && w.v[1].detail[m.i] == nil {
		return true
	}
	row := w.b.row(m.i)
	for s, v := range w.v {
		if n := v.detail[m.i]; n != nil && typeOf(n.Attrs) != typeOf(row.Side(tandem.Side(s)).Attrs) {
			return false
		}
	}
	return typeOf(row.A.Attrs) == typeOf(row.B.Attrs)
}

// typeNow is the type of what side s has of a row that is present there.
func (w *work) typeNow(i int32, s tandem.Side) string {
	if n := w.v[s].detail[i]; n != nil {
		return typeOf(n.Attrs)
	}
	return typeOf(w.b.row(i).Side(s).Attrs)
}

// below tells that the directory at id, and all above it, are where they were and the same things.
func (l *loner) below(id tandem.ID) bool {
	if id == "" {
		return true
	}
	w := l.w
	i := w.b.find(sideA, id)
	if i < 0 || i != w.b.find(sideB, id) {
		return false
	}
	is, known := l.dirs[i]
	if !known {
		m := met{i, [2]state{w.stateOf(i, sideA), w.stateOf(i, sideB)}}
		is = l.stays(m) && !w.otherNode(i, sideA) && !w.otherNode(i, sideB) && w.typeNow(i, sideA) == "dir" && w.typeNow(i, sideB) == "dir" && l.below(parent(id))
		l.dirs[i] = is
	}
	return is
}

// keys are what new records of a collection could be known by, as hashes: one that is met twice makes a record too many at worst.
type keys struct {
	seed maphash.Seed
	all  map[uint64]struct{}
}

func (w *work) newKeys() *keys { return &keys{w.b.index[0].seed, map[uint64]struct{}{}} }

func (k *keys) hash(sort uint64, key string) uint64 { return maphash.String(k.seed, key) ^ sort }

func (k *keys) add(sort uint64, key string) {
	if key != "" {
		k.all[k.hash(sort, key)] = struct{}{}
	}
}

func (k *keys) addDigest(d *tandem.Digest) {
	if !d.IsZero() {
		k.all[k.hash(byDigest, string(d[:]))] = struct{}{}
	}
}

// What a key is.
const (
	byUID = iota
	byNode
	byDigest
)

// knows tells that something of n is among the keys.
func (k *keys) knows(n *seen) bool {
	if len(k.all) == 0 {
		return false
	}
	for _, h := range [...]uint64{k.hash(byUID, n.uid), k.hash(byNode, n.Node), k.hash(byDigest, string(n.Digest[:]))} {
		if _, ok := k.all[h]; ok {
			return true
		}
	}
	return false
}

// claims are the keys by which something might turn out to be what is new on side s of a collection: what the other side has new, and
// all records of rows.
func (w *work) claims(s tandem.Side, rows []*record) *keys {
	k := w.newKeys()
	if w.cutShort(s) {
		w.addSilent(k, s)
	}
	o := s.Other()
	for _, r := range rows {
		was := r.base.Side(s)
		k.add(byUID, r.base.UID)
		k.add(byNode, was.Node)
		k.addDigest(&was.Digest)
		for _, n := range r.cur {
			if n != nil {
				k.add(byUID, n.uid)
				k.addDigest(&n.Digest)
			}
		}
	}
	for _, n := range w.v[o].fresh {
		if n.st != none {
			k.add(byUID, n.uid)
			k.addDigest(&n.Digest)
		}
	}
	return k
}

// takesNew tells that what is new on side s of a collection is decided by itself, and that this comes to no deletion.
func (w *work) takesNew(n *seen, s tandem.Side, claimed *keys) bool {
	if claimed == nil || !w.v[s].pairable(n) || claimed.knows(n) {
		return false
	}
	t := turn{of: -1}
	t.c[s] = n
	var r record
	w.decideTurn(&r, &t)
	if r.do == Delete {
		return false
	}
	n.single = true
	w.turns = append(w.turns, t)
	return true
}
