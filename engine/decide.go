package engine

import (
	"tandem"
)

// The decision table. Each record is decided from what the base, A and B say of it; what a tree adds (parents, moves,
// names) comes after. Every function treats A and B alike: with the sides exchanged it decides the mirror image.

const sideA, sideB = tandem.SideA, tandem.SideB

// decide fills in the decision about r.
func (w *work) decide(r *record) {
	a, b := r.st[sideA], r.st[sideB]
	switch {
	case a.blocked() || b.blocked():
		w.decideBlocked(r)
	case w.isAside(r):
		r.wait(SetAside, r.base.Aside.Reason)
	case !r.has(sideA) && !r.has(sideB):
		if n := w.veiled[sideA][r]; n != nil && w.veiled[sideB][r] != nil {
			r.wait(blockReason(n.st), string(n.ID)+": "+n.note) // both renamed it out of scope: its row goes on telling that it is one
		} else if r.row >= 0 {
			w.drops = append(w.drops, r.row) // gone on both sides
		}
	case r.base.Clash != nil && !r.void:
		w.decideClash(r)
	default:
		w.decidePlain(r)
	}
}

func (r *record) wait(why Reason, note string) {
	r.do, r.reason, r.note, r.lost, r.swap, r.into = Wait, why, note, false, false, [2]bool{}
}

// decideBlocked: unreadable, ignored or unknown on a side is neither there nor absent. Nothing is done and the base
// stays. It is worth a line where something cannot be read, where the other side waits for an answer, and where the base
// does not know under which id the record is: a cursor past this listing would never tell.
func (w *work) decideBlocked(r *record) {
	for _, st := range [...]state{problem, unknown, ignored} {
		for s := range r.st {
			if r.st[s] != st {
				continue
			}
			veil := w.veiled[s][r]
			if st != problem && veil == nil && !r.waitsFor(tandem.Side(s)) {
				continue
			}
			note := ""
			if veil != nil {
				note = string(veil.ID) + ": " + veil.note
			} else if r.cur[s] != nil {
				note = r.cur[s].note
			} else if n := w.v[s].covered(r.base.Side(tandem.Side(s)).ID); n != nil {
				note = string(n.ID) + ": " + n.note
			}
			r.wait(blockReason(st), note)
			return
		}
	}
	r.wait(NoReason, "") // frozen, and not worth a line
}

// waitsFor tells that something is to be done as soon as side s, of which nothing is known, can be seen.
func (r *record) waitsFor(s tandem.Side) bool {
	o := s.Other()
	switch {
	case r.st[o] == same:
		return r.moved[o]
	case r.st[o].blocked():
		return false
	}
	return r.st[o] != none || r.met(o)
}

// met tells that side s had the record when the two were found to differ, or lost their agreement. If it is missing now, the
// place has said so, and will not say it again once its cursor is past that.
func (r *record) met(s tandem.Side) bool {
	return r.base.Clash != nil && clashSide(r.base.Clash, s).ID != ""
}

func blockReason(st state) Reason {
	switch st {
	case problem:
		return SideUnreadable
	case ignored:
		return SideIgnored
	}
	return SideUnknown
}

// isAside tells that r failed before, is as it was then, and its time has not come.
func (w *work) isAside(r *record) bool {
	k := r.base.Aside
	if k == nil || w.rules.Now >= k.Until || r.void {
		return false
	}
	return r.version(sideA) == k.A && r.version(sideB) == k.B
}

func (r *record) version(s tandem.Side) tandem.Version {
	if r.cur[s] == nil || !r.has(s) {
		return ""
	}
	return r.cur[s].Version
}

// source returns the side that a mirroring direction copies from.
func (w *work) source() (tandem.Side, bool) {
	switch w.dir {
	case MirrorAToB:
		return sideA, true
	case MirrorBToA:
		return sideB, true
	}
	return 0, false
}

func (w *work) decidePlain(r *record) {
	switch {
	case r.has(sideA) && r.has(sideB):
		w.decideTwo(r)
	case r.has(sideA):
		w.decideOne(r, sideA)
	default:
		w.decideOne(r, sideB)
	}
}

// decideOne: only side s has the record.
func (w *work) decideOne(r *record, s tandem.Side) {
	o := s.Other()
	src, mirror := w.source()
	switch {
	case !r.agreed() && !w.v[o].listing.Complete && (mirror || !w.tree):
		r.wait(SideUnknown, "") // the other side may have it in what was not listed; in a tree the path would tell
	case !r.agreed(): // new on s
		if mirror && src == o {
			w.remove(r, s, MirrorRestored)
			r.lost = r.do == Delete
		} else {
			w.create(r, o, NewHere)
		}
	case mirror && src == s:
		w.create(r, o, MirrorRestored)
	case mirror:
		w.remove(r, s, DeletedHere)
		r.lost = r.do == Delete && w.outlives(r, s)
	case w.rules.Unclean && !r.base.Durable:
		w.create(r, o, Torn) // lost in the crash rather than deleted
	case w.withdrawn(r, s) != nil:
		n := w.withdrawn(r, s)
		r.wait(blockReason(n.st), string(n.ID)+": "+n.note)
	case !w.outlives(r, s):
		w.remove(r, s, DeletedHere)
	case w.rules.DeleteVsChange == DeleteWins:
		w.remove(r, s, DeleteBeatsChange)
		r.lost = r.do == Delete
	case w.rules.DeleteVsChange == AskDelete && (r.edited(s) || r.moved[s]):
		r.do, r.reason = Conflict, DeleteClash
	default:
		w.create(r, o, ChangeBeatsDelete)
	}
}

// outlives tells that what s did to r counts against a deletion on the other side: an edit, a rename, or the rename of a
// directory above that the other side deleted as a whole. New times or modes of a directory do not: deleting its
// children changes them.
func (w *work) outlives(r *record, s tandem.Side) bool {
	if r.moved[s] || r.retyped(s) {
		return true
	}
	if typeOf(r.cur[s].Attrs) != "dir" && (r.edited(s) || w.attrsEdited(r, s)) {
		return true
	}
	for up := r.up[s]; up != nil; up = up.up[s] {
		if up.moved[s] && up.st[s.Other()] == gone {
			return true
		}
	}
	return false
}

// decideTwo: both sides have the record.
func (w *work) decideTwo(r *record) {
	if typeOf(r.cur[sideA].Attrs) != typeOf(r.cur[sideB].Attrs) {
		w.decideTypes(r)
		return
	}
	ea, eb := r.edited(sideA), r.edited(sideB)
	if r.agreed() && w.rules.Unclean && !r.base.Durable && ea != eb {
		w.decideTorn(r, sideOf(eb))
		return
	}
	switch {
	case r.alike(), !ea && !eb:
		w.decideAttrs(r, ea || eb)
	case ea && eb:
		w.decideBoth(r)
	default:
		w.carry(r, sideOf(eb))
	}
}

func sideOf(b bool) tandem.Side {
	if b {
		return sideB
	}
	return sideA
}

// carry takes the edit of side s over to the other, or undoes it where s is made equal to the other.
func (w *work) carry(r *record, s tandem.Side) {
	if src, mirror := w.source(); mirror && src != s {
		w.overwrite(r, s, MirrorRestored)
		r.lost = r.do != Wait
		return
	}
	w.overwrite(r, s.Other(), ChangedHere)
}

// decideTorn: side s does not hold what was written to it shortly before the machine went down. What shrank to nothing
// is put back; anything else is shown to a person, since it may be an edit made since.
func (w *work) decideTorn(r *record, s tandem.Side) {
	if r.cur[s].Size == 0 && r.base.Side(s).Size > 0 {
		w.overwrite(r, s, Torn)
		r.lost = r.do != Wait
		return
	}
	r.do, r.reason = Conflict, Torn
}

// decideTypes: a directory here, a file or link there.
func (w *work) decideTypes(r *record) {
	ta, tb := r.retyped(sideA), r.retyped(sideB)
	ea, eb := r.edited(sideA) || ta, r.edited(sideB) || tb
	src, mirror := w.source()
	switch {
	case mirror:
		w.replace(r, src.Other(), MirrorRestored)
		r.lost = r.do != Wait
	case r.agreed() && ea && !eb:
		w.replace(r, sideB, TypeChanged)
	case r.agreed() && eb && !ea:
		w.replace(r, sideA, TypeChanged)
	default:
		r.do, r.reason = Conflict, TypeClash
	}
}

// replace plans that side o gets the other's record in place of one of another type.
func (w *work) replace(r *record, o tandem.Side, why Reason) {
	w.create(r, o, why)
	r.swap = r.do == Copy
}

// decideBoth: both sides hold something new, and not the same.
func (w *work) decideBoth(r *record) {
	if src, mirror := w.source(); mirror {
		w.overwrite(r, src.Other(), MirrorRestored)
		r.lost = r.do != Wait
		return
	}
	if !w.may[sideA] && !w.may[sideB] {
		r.wait(OneWay, "")
		return
	}
	why := BothChanged
	if !r.agreed() {
		why = BothNew
	}
	undated := w.rules.Policy == Newest && !w.tree && (r.cur[sideA].modified == 0 || r.cur[sideB].modified == 0) // the bodies may tell
	if (!w.rules.NoMerge || undated) && !bodiless(r.cur[sideA].Attrs) {
		r.do, r.reason, r.into, r.attrs = Merge, why, w.may, w.mergedAttrs(r)
		return
	}
	v := choose(w.rules.Policy, r.cur[sideA].modified, r.cur[sideB].modified, w.may)
	switch v.do {
	case Update:
		w.overwrite(r, v.side, PolicyDecided)
		r.lost = r.do != Wait
	case KeepBoth:
		r.keepBoth(PolicyDecided)
	case Link:
		r.do, r.reason = Link, PolicyDecided
	default:
		r.do, r.reason = Conflict, why
	}
}
