package engine

import (
	"tandem"
)

// Where two filled places meet without a base, nearly everything is at the same path on both sides, or has the same UID. What is to
// be done about such a couple hangs on nothing but the two: it is where it is, and so is all above it.

// meetCouples takes out couples that are decided by themselves, before records are made of the rest. Names that a place cannot tell apart make
// a couple hang on others, as long as anything is on one side only.
func (w *work) meetCouples() {
	for _, v := range w.v {
		for _, n := range v.fresh {
			n.single = false
		}
	}
	if !w.alone || w.b.read > 0 || w.v[0].replaced || w.v[1].replaced || len(w.v[0].fresh) == 0 || len(w.v[1].fresh) == 0 {
		return
	}
	var all []couple
	if w.tree {
		if all = w.couplesInTree(); w.folds() && w.leftOver(len(all)) {
			return
		}
	} else {
		uids := w.unique(func(n *seen) string { return n.uid }, func(int, *seen) bool { return false })
		for _, a := range w.v[0].fresh {
			if b := uids.of(a, a.uid); b != nil {
				all = append(all, couple{a, b})
			}
		}
	}
	w.turns = make([]turn, 0, len(all))
	for _, c := range all {
		c[0].single, c[1].single = true, true
		if c[0].ID == c[1].ID {
			c[1].ID = c[0].ID // one copy for both
		}
		w.turns = append(w.turns, turn{c: c, of: -1})
	}
}

// couplesInTree lists what is no directory, of one type, and at one path on both sides, with every directory above it listed on both.
func (w *work) couplesInTree() (all []couple) {
	dirs, above := map[tandem.ID]bool{"": true}, w.above()
	for c := range w.couplesByPath() {
		if t := typeOf(c[0].Attrs); t != "dir" && t == typeOf(c[1].Attrs) && !above[c[0].ID] && w.knownDir(parent(c[0].ID), dirs) {
			all = append(all, c)
		}
	}
	return all
}

// above lists what is right above anything: a place may be found to list something below what it lists as a file.
func (w *work) above() map[tandem.ID]bool {
	dirs := map[tandem.ID]bool{}
	for s, v := range w.v {
		for _, n := range v.fresh {
			dirs[parent(n.ID)] = true
		}
		for id := range v.block {
			dirs[parent(id)] = true
		}
		for i := range w.b.rows {
			dirs[parent(tandem.ID(w.b.id(int32(i), tandem.Side(s))))] = true
		}
	}
	return dirs
}

// knownDir tells that both sides list a directory at id, and at all ids above it.
func (w *work) knownDir(id tandem.ID, known map[tandem.ID]bool) bool {
	is, ok := known[id]
	if !ok {
		is = w.knownDir(parent(id), known)
		for s, v := range w.v {
			switch i := w.b.find(tandem.Side(s), id); {
			case !is:
			case i >= 0:
				is = typeOf(w.b.row(i).Side(tandem.Side(s)).Attrs) == "dir"
			default:
				n := v.freshAt.find(v.fresh, id)
				is = n != nil && v.pairable(n) && typeOf(n.Attrs) == "dir"
			}
		}
		known[id] = is
	}
	return is
}

// folds tells that one of the places takes several names for one.
func (w *work) folds() bool {
	n := w.rules.Names
	return n[0].FoldCase || n[0].NFC || n[1].FoldCase || n[1].NFC
}

// leftOver tells that there is more to decide than so many couples and directories that both sides have.
func (w *work) leftOver(couples int) bool {
	for s, v := range w.v {
		o := w.v[1-s]
		rest := len(v.fresh) - couples
		for _, n := range v.fresh {
			if typeOf(n.Attrs) != "dir" {
				continue
			}
			if m := o.freshAt.find(o.fresh, n.ID); m == nil || typeOf(m.Attrs) != "dir" {
				return true
			}
			rest--
		}
		if rest != 0 {
			return true
		}
	}
	return false
}
