package engine

import (
	"tandem"
)

// What a decision does to a record. Each may end in a wait instead, where a side may not be written or cannot hold it.

// create plans a copy to side o, if o can take it.
func (w *work) create(r *record, o tandem.Side, why Reason) {
	if !w.canTake(r, o) {
		return
	}
	r.do, r.side, r.reason, r.lost = Copy, o, why, false // a deletion that is thought better of loses nothing
	r.attrs = r.cur[o.Other()].Attrs
}

// overwrite plans that side o gets the other's content.
func (w *work) overwrite(r *record, o tandem.Side, why Reason) {
	if typeOf(r.cur[sideA].Attrs) != typeOf(r.cur[sideB].Attrs) {
		w.replace(r, o, why)
		return
	}
	if !w.canTake(r, o) {
		return
	}
	r.do, r.side, r.reason = Update, o, why
	merged, into := w.threeWay(r)
	switch {
	case why == ChangedHere || why == PolicyDecided:
		r.attrs = merged
		r.into[o.Other()] = into[o.Other()] && w.may[o.Other()]
	case w.noAttrs():
		r.attrs = r.cur[o].Attrs
	default:
		r.attrs = r.cur[o.Other()].Attrs
	}
}

// keepBoth plans that both versions live on. Attributes go with the body they stood beside: the winner's replace the
// loser's, which go with the second record.
func (r *record) keepBoth(why Reason) {
	r.do, r.side, r.reason = KeepBoth, loser(r), why
	r.attrs = r.cur[r.side.Other()].Attrs
}

// canTake turns r into a Wait if side o may not or cannot hold what the other side has.
func (w *work) canTake(r *record, o tandem.Side) bool {
	if !w.may[o] {
		r.wait(OneWay, "")
		return false
	}
	if limit := w.rules.MaxSize[o]; limit > 0 && r.cur[o.Other()].Size > limit {
		r.wait(TooBig, "")
		return false
	}
	return true
}

// remove plans a deletion on side s.
func (w *work) remove(r *record, s tandem.Side, why Reason) {
	if !w.may[s] {
		r.wait(OneWay, "")
		return
	}
	r.do, r.side, r.reason = Delete, s, why
}
