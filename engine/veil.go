package engine

import (
	"tandem"
)

// Some places give a record a new id whenever it is written. If a filter hides the record from then on, its old id is gone and
// the new one is out of scope: nothing was deleted. What tells is the UID, where the place knows it of what it does not show.

// unveil finds the rows that are gone from side s while a record of their UID is there under another id, out of scope or
// unreadable. Nothing is decided about them until it is seen again.
func (w *work) unveil(s tandem.Side) {
	if w.tree || len(w.v[s].block) == 0 {
		return
	}
	behind := map[string]*seen{} // by UID
	for id, n := range w.v[s].block {
		if n.uid == "" || w.b.find(s, id) >= 0 {
			continue
		}
		if m := behind[n.uid]; m == nil || n.ID < m.ID {
			behind[n.uid] = n
		}
	}
	if len(behind) == 0 {
		return
	}
	for _, r := range w.recs {
		if r.row < 0 || r.void || r.st[s] != gone || r.cur[s] != nil {
			continue
		}
		if n := behind[r.base.UID]; n != nil {
			r.st[s] = n.st
			if w.veiled[s] == nil {
				w.veiled[s] = map[*record]*seen{}
			}
			w.veiled[s][r] = n
		}
	}
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
