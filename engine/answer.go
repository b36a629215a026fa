package engine

import (
	"tandem"
)

// An open conflict is a row that remembers what each side showed. It is carried on until a person answers or the two agree.

// decideClash carries an open conflict on. A person's answer holds only for exactly the versions it was given about.
func (w *work) decideClash(r *record) {
	k := r.base.Clash
	if k.Decision == tandem.LeaveOut { // of no versions in particular: both sides do with the record what they like
		r.wait(ConflictOpen, "")
		return
	}
	if r.asRecorded(sideA, &k.A) && r.asRecorded(sideB, &k.B) {
		switch k.Decision {
		case tandem.Undecided:
			r.wait(ConflictOpen, "")
		case tandem.TakeA:
			w.take(r, sideA)
		case tandem.TakeB:
			w.take(r, sideB)
		case tandem.TakeBoth, tandem.TakeBothA:
			w.keepBoth(r)
		case tandem.TakeBody:
			w.takeBody(r)
		}
		return
	}
	w.decidePlain(r)
	if r.do == Nothing && r.reason == NoReason && r.has(sideA) && r.has(sideB) {
		r.do, r.reason = Link, BothChanged // both are back at the base: the conflict is over
	}
}

// asRecorded tells that side s is as it was when the conflict was recorded.
func (r *record) asRecorded(s tandem.Side, was *tandem.Shown) bool {
	if !r.has(s) || was.ID == "" {
		return !r.has(s) && was.ID == ""
	}
	n := r.cur[s]
	if n.ID != was.ID {
		return false // renamed since: the conflict must name it where it is
	}
	if n.Version != "" && n.Version == was.Version {
		return true
	}
	return n.Attrs == was.Attrs && contentOf(&n.Shown) == contentOf(was) && (!n.Digest.IsZero() || bodiless(n.Attrs))
}

// take carries out "this side wins".
func (w *work) take(r *record, s tandem.Side) {
	o := s.Other()
	r.reason = PersonDecided
	switch {
	case r.has(s) && r.has(o):
		if !w.may[o] {
			r.do = Link // both keep what they have; that is now agreed
			return
		}
		w.overwrite(r, o, PersonDecided)
	case r.has(s):
		w.create(r, o, PersonDecided)
	default:
		w.remove(r, o, PersonDecided)
	}
	r.lost = r.do != Wait && r.has(o)
}

func (w *work) keepBoth(r *record) {
	switch {
	case !r.has(sideA):
		w.create(r, sideA, PersonDecided)
	case !r.has(sideB):
		w.create(r, sideB, PersonDecided)
	case !w.may[sideA] || !w.may[sideB]:
		r.wait(OneWay, "")
	default:
		r.keepBoth(PersonDecided)
		a, b := r.cur[sideA].Attrs, r.cur[sideB].Attrs
		if r.base.Clash.Decision == tandem.TakeBothA && (typeOf(a) == "dir") == (typeOf(b) == "dir") { // a directory keeps its name
			r.side, r.attrs = sideB, a
		}
	}
}

func (w *work) takeBody(r *record) {
	r.do, r.reason, r.into, r.lost = Write, PersonDecided, w.may, true
	r.attrs = w.mergedAttrs(r)
	if !w.may[sideA] && !w.may[sideB] {
		r.wait(OneWay, "")
	}
}
