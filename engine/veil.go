package engine

import (
	"strings"

	"tandem"
)

// A filter is about names, or about what a record is by now; so a record can leave its scope or enter it under another id. Then its old id
// is gone and the new one out of scope, or the new one is listed and the old one out of sight: nothing was deleted, and nothing is
// new. What tells is the UID or, in a tree, the place's own identity of the thing, where the place knows it of what it does not show.

// unveil finds the rows that are gone from side s while their record is there under another id, out of scope or unreadable. Where ids mean
// nothing (some places give a record a new one whenever it is written) nothing is decided about them until it is seen again. In
// a tree somebody chose the new name, and took the record out of the set: see withdrawn.
func (w *work) unveil(s tandem.Side) {
	if len(w.v[s].block) == 0 {
		return
	}
	behind := map[string]*seen{}
	for id, n := range w.v[s].block {
		k := w.sameness(n.uid, n.Node)
		if k == "" || w.b.find(s, id) >= 0 {
			continue
		}
		if m := behind[k]; m == nil || n.ID < m.ID {
			behind[k] = n
		}
	}
	if len(behind) == 0 {
		return
	}
	for _, r := range w.recs {
		if r.row < 0 || r.void || r.st[s] != gone || r.cur[s] != nil {
			continue
		}
		n := behind[w.sameness(r.base.UID, r.base.Side(s).Node)]
		if n == nil {
			continue
		}
		if !w.tree {
			r.st[s] = n.st
		}
		if w.veiled[s] == nil {
			w.veiled[s] = map[*record]*seen{}
		}
		w.veiled[s][r] = n
	}
}

// sameness is what tells that a record is the same under another id.
func (w *work) sameness(uid, node string) string {
	if w.tree {
		return node
	}
	return uid
}

// veils tells that a row speaks of n.
func (w *work) veils(s tandem.Side, n *seen) bool {
	for _, m := range w.veiled[s] {
		if m == n {
			return true
		}
	}
	return false
}

// withdrawn tells that somebody on side o renamed r out of scope while side s, which has it, did something that a deletion would not
// undo and that a copy to o would make a second one of the same content: it was renamed there too, or has other attributes. It is one
// record, and waits until it can be seen whole. What s edited is not the same any more and goes to o as after a deletion; what
// s left alone is deleted there.
func (w *work) withdrawn(r *record, s tandem.Side) *seen {
	n := w.veiled[s.Other()][r]
	if n == nil || r.edited(s) || !w.outlives(r, s) {
		return nil
	}
	return n
}

// emerge finds what is new on side s of a tree and is what a row has in a directory that is out of scope by now. It was renamed out of
// there. A copy would leave the other side with both as soon as the directory is let in again and something in it had changed.
func (w *work) emerge(s tandem.Side) {
	v := w.v[s]
	if !w.tree || len(v.block) == 0 || v.replaced {
		return
	}
	news := map[string]*record{}
	for _, r := range w.recs {
		if r.row < 0 && r.st[s] == fresh && r.cur[s.Other()] == nil && r.cur[s].Node != "" {
			if _, twice := news[r.cur[s].Node]; twice {
				news[r.cur[s].Node] = nil
			} else {
				news[r.cur[s].Node] = r
			}
		}
	}
	if len(news) == 0 {
		return
	}
	was := map[string]int32{} // by node: the row, -1 if several have it
	for i := range w.b.rows {
		_, node := w.b.stamp(int32(i), s)
		if news[string(node)] == nil {
			continue
		}
		if _, twice := was[string(node)]; twice {
			i = -1
		}
		was[strings.Clone(string(node))] = int32(i)
	}
	for node, i := range was {
		if f := news[node]; i >= 0 && w.concealed(i, s) && w.mayBe(i, f.cur[s], s) {
			w.adopt(w.ofRowAt(i), f, s)
		}
	}
}

// concealed tells that side s does not list row i because the directory that it is in is out of scope.
func (w *work) concealed(i int32, s tandem.Side) bool {
	v := w.v[s]
	if v.rows[i] != unseen && v.rows[i] != gone || w.b.hidden[s][i] || w.voided(i) || w.b.isHalf(i) {
		return false
	}
	if k := w.ofRow[i]; k != 0 && w.recs[k-1].cur[s] != nil {
		return false
	}
	n := v.covered(tandem.ID(w.b.id(i, s)))
	return n != nil && n.st == ignored
}

// mayBe tells that n can be what side s had in row i: of the same type and size. That it was in a directory nobody may look
// into does not say that it is not there any more, so that its node alone is not enough: some systems give those out again.
func (w *work) mayBe(i int32, n *seen, s tandem.Side) bool {
	was := w.b.row(i).Side(s)
	return typeOf(n.Attrs) == typeOf(was.Attrs) && n.Size == was.Size
}
