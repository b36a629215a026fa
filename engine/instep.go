package engine

import (
	"iter"
	"slices"
	"sort"

	"tandem"
)

// Two filled places whose base is lost, or that meet for the first time, are mostly alike. What both hold alike needs no
// decision, only a row. It gets that row at once, packed in the base like those that were read, and its listed facts are let
// go: all that follows sees an unchanged record. With a record and an action for each, such a run would take several times
// the memory of any other.

// couple is one record as both sides list it.
type couple [2]*seen

// settleAlike gives what both sides show alike its row. It calls open for the couples of files of a tree that are at one path on
// both sides, but are not alike, or not known to be; in a flat collection nothing is concluded before all is known, for a UID
// must be the only one of its kind.
func (w *work) settleAlike(open func(couple)) {
	if w.b.read > 0 || len(w.v[0].fresh) == 0 || len(w.v[1].fresh) == 0 {
		return
	}
	couples := w.couplesByPath
	if !w.tree {
		couples = w.couplesByUID
		if len(w.b.rows) > 0 {
			return // what is left is not to become the only one of its kind because the rest is gone
		}
	}
	var alike []couple
	for c := range couples() {
		switch {
		case w.coupleAlike(c):
			alike = append(alike, c)
		case w.tree && typeOf(c[0].Attrs) != "dir" && typeOf(c[1].Attrs) != "dir":
			open(c)
		}
	}
	sort.Slice(alike, func(i, j int) bool { // so that the order of listings and the names of the sides do not matter
		x, y := alike[i], alike[j]
		if a, b := min(x[0].ID, x[1].ID), min(y[0].ID, y[1].ID); a != b {
			return a < b
		}
		return max(x[0].ID, x[1].ID) < max(y[0].ID, y[1].ID)
	})
	for _, c := range alike {
		w.b.settle(c)
	}
	if len(alike) > 0 {
		for _, v := range w.v {
			v.forget(len(alike))
		}
	}
}

// coupleAlike tells that two new records that are one need nothing but a row.
func (w *work) coupleAlike(c couple) bool {
	a, b := c[0], c[1]
	return typeOf(a.Attrs) == typeOf(b.Attrs) && contentOf(&a.Shown) == contentOf(&b.Shown) && (!a.Digest.IsZero() || bodiless(a.Attrs)) &&
		(a.Attrs == b.Attrs || w.noAttrs())
}

// settle adds the row of a couple and forgets what was listed of it.
func (b *Base) settle(c couple) {
	row := tandem.Row{A: c[0].Shown, B: c[1].Shown, UID: c[0].uid}
	if row.UID == "" {
		row.UID = c[1].uid
	}
	b.add(&row)
	*c[0], *c[1] = seen{st: none}, seen{st: none}
}

// forget drops the new records that have a row by now. Where few stay, they get memory of their own, so that the rest can go.
func (v *View) forget(rows int) {
	for range rows {
		v.rows = append(v.rows, same)
	}
	all, few := v.fresh, rows > len(v.fresh)/2
	v.fresh, v.freshAt = nil, freshIndex{seed: v.freshAt.seed}
	if few {
		v.slab = nil
	}
	for _, n := range all {
		if n.st == none {
			continue
		}
		if !few {
			v.addFresh(n)
			continue
		}
		if len(v.slab) == cap(v.slab) {
			v.slab = make([]seen, 0, min(512, 16+len(v.fresh)))
		}
		v.slab = append(v.slab, *n)
		kept := &v.slab[len(v.slab)-1]
		if v.block[kept.ID] == n {
			v.block[kept.ID] = kept
		}
		v.addFresh(kept)
	}
}

// pairable tells that a new record may be paired: it is there, and nothing above it is in doubt.
func (v *View) pairable(n *seen) bool {
	return n.st == fresh && (len(v.block) == 0 || v.covered(n.ID) == nil)
}

// couplesByPath yields what both sides have under one path.
func (w *work) couplesByPath() iter.Seq[couple] {
	return func(yield func(couple) bool) {
		for _, a := range w.v[0].fresh {
			b := w.v[1].freshAt.find(w.v[1].fresh, a.ID)
			if b != nil && w.v[0].pairable(a) && w.v[1].pairable(b) && !yield(couple{a, b}) {
				return
			}
		}
	}
}

// couplesByUID yields what both sides have under one UID, and what is left under one digest, where these are unique. It yields
// nothing as long as a digest is missing.
func (w *work) couplesByUID() iter.Seq[couple] {
	return func(yield func(couple) bool) {
		for _, v := range w.v {
			for _, n := range v.fresh {
				if n.st == fresh && !n.filled && n.Digest.IsZero() {
					return
				}
			}
		}
		uids := w.unique(func(n *seen) string { return n.uid }, func(int, *seen) bool { return false })
		met := 0
		for _, a := range w.v[0].fresh {
			if b := uids.of(a, a.uid); b != nil {
				if met++; !yield(couple{a, b}) {
					return
				}
			}
		}
		if met == len(w.v[0].fresh) || met == len(w.v[1].fresh) {
			return
		}
		taken := func(s int, n *seen) bool { return n.uid != "" && uids[s][n.uid] == n && uids[1-s][n.uid] != nil }
		digest := func(n *seen) string {
			if n.Digest.IsZero() {
				return ""
			}
			return string(n.Digest[:])
		}
		digests := w.unique(digest, taken)
		for _, a := range w.v[0].fresh {
			b := digests.of(a, digest(a))
			if b == nil || a.uid != "" && uids[0][a.uid] == nil || b.uid != "" && uids[1][b.uid] == nil {
				continue // with one of two gone, the other would be the only one of its UID
			}
			if !yield(couple{a, b}) {
				return
			}
		}
	}
}

// uniques are the new records of both sides by a key; nil where one side has the key twice.
type uniques [2]map[string]*seen

// unique indexes what may be paired, but for what is taken.
func (w *work) unique(key func(*seen) string, taken func(int, *seen) bool) (u uniques) {
	for s, v := range w.v {
		u[s] = map[string]*seen{}
		for _, n := range v.fresh {
			if k := key(n); k != "" && v.pairable(n) && !taken(s, n) {
				if _, twice := u[s][k]; twice {
					n = nil
				}
				u[s][k] = n
			}
		}
	}
	return u
}

// of returns the one record of B that has a's key, if a is the one of A.
func (u uniques) of(a *seen, key string) *seen {
	if key == "" || u[0][key] != a {
		return nil
	}
	return u[1][key]
}

// packedRows are the rows that a plan adds for what both sides hold alike.
type packedRows struct {
	b       *Base
	decided []int32 // by row: not 0 where the plan says more of it
}

func (w *work) inStep() packedRows { return packedRows{w.b, w.ofRow} }

// freshIndex finds new records by id. It holds numbers only, for the ids are in the records.
type freshIndex struct {
	seed  seedOf
	slots []int32 // number in View.fresh plus one, 0: free; the length is a power of two
}

// add enters record i of list, which must not be there.
func (x *freshIndex) add(list []*seen, i int) {
	if 2*len(list) > len(x.slots) {
		x.slots = make([]int32, max(64, 2*len(x.slots)))
		for k := range i {
			x.put(list[k].ID, k)
		}
	}
	x.put(list[i].ID, i)
}

func (x *freshIndex) put(id tandem.ID, i int) {
	mask := uint64(len(x.slots) - 1)
	k := x.seed.hash(id) & mask
	for x.slots[k] != 0 {
		k = (k + 1) & mask
	}
	x.slots[k] = int32(i) + 1
}

func (x *freshIndex) find(list []*seen, id tandem.ID) *seen {
	if len(x.slots) == 0 {
		return nil
	}
	mask := uint64(len(x.slots) - 1)
	for k := x.seed.hash(id) & mask; ; k = (k + 1) & mask {
		i := x.slots[k]
		if i == 0 {
			return nil
		}
		if n := list[i-1]; n.ID == id {
			return n
		}
	}
}

// sortedIDs returns ids in order, each once.
func sortedIDs(ids []tandem.ID) []tandem.ID {
	slices.Sort(ids)
	return slices.Compact(ids)
}
