package engine

import (
	"tandem"
)

// Reconcile decides what to do about every record that is not as the base has it. It changes neither base nor views.
func Reconcile(b *Base, va, vb *View, rules Rules) *Plan {
	return newWork(b, va, vb, rules).reconcile()
}

func (w *work) reconcile() *Plan {
	w.meetCouples()
	w.meet(false)
	w.plan = &Plan{}
	w.match()
	if w.tree {
		w.locate()
		if w.splitRetyped() {
			w.pairTree()
			w.located = 0
			w.locate()
			w.splitRetyped() // what that joined again, as a place that folds names lets it
		}
	}
	for k := 0; k < len(w.recs); k++ {
		w.decide(w.recs[k])
	}
	w.allot()
	if w.tree {
		w.splitTypes()
		w.heed()
		for _, r := range w.recs {
			w.aim(r)
		}
		w.breakCycles()
		w.fit()
		w.follow()
		w.layout()
	}
	w.contents()
	w.deletes()
	w.bookkeep()
	w.plan.inStep = w.inStep()
	w.plan.sum()
	w.guard()
	return w.plan
}

// allot makes room for the actions at once: a first sync has one for every record, and growing would hold them twice.
func (w *work) allot() {
	n := 0
	for _, r := range w.recs {
		if r.do != Nothing && r.do != Link {
			n++
		}
	}
	w.plan.steps.made = make([]Action, 0, n)
	w.plan.steps.order = make([]int32, 0, n+len(w.turns))
}

// match finds out which records are one.
func (w *work) match() {
	for s := sideA; s <= sideB; s++ {
		astray := w.untangle(s)
		if w.tree {
			w.exchange(s)
		}
		w.relink(s)
		w.unveil(s)
		w.emerge(s)
		w.doubtNew(s)
		giveUp(astray, s)
	}
	for _, r := range w.recs {
		for s := range r.st {
			if r.st[s] == gone && w.b.isHalf(r.row) {
				r.st[s] = none // a row without agreement is no evidence that anything was deleted
			}
		}
	}
	if w.tree {
		w.pairTree()
	} else {
		w.pair()
	}
	w.meetTrouble()
}

// NeedDigests names the records whose digest or UID the decision hangs on and the listing did not give: records with a
// row whose version changed, and new records that the other side could hold too. The caller fetches them and reports
// each with Fill, and asks again until there are none: an answer can raise another question.
//
// What both sides hold alike without a row gets one at once, and the views forget it: see Plan.InStep.
func NeedDigests(b *Base, va, vb *View, rules Rules) (a, bb []tandem.ID) {
	return newWork(b, va, vb, rules).needDigests()
}

func (w *work) needDigests() (a, bb []tandem.ID) {
	b, va, vb := w.b, w.v[0], w.v[1]
	var ask [2][]tandem.ID
	want := func(s tandem.Side, n *seen) {
		if n != nil && n.st.present() && !n.filled && n.Digest.IsZero() && !bodiless(n.Attrs) {
			ask[s] = append(ask[s], n.ID)
		}
	}
	w.settleAlike(func(c couple) {
		for s, n := range c {
			want(tandem.Side(s), n)
			n.asked = true
		}
	})
	if b.read == 0 && (len(va.fresh) == 0 || len(vb.fresh) == 0) {
		return nil, nil // nothing that anything could be compared with
	}
	if !w.tree && b.read == 0 {
		for s, v := range w.v {
			for _, n := range v.fresh {
				if v.pairable(n) {
					want(tandem.Side(s), n)
				}
			}
		}
		return sortedIDs(ask[0]), sortedIDs(ask[1])
	}
	w.meet(true)
	w.needNew(want)
	for s := sideA; s <= sideB; s++ {
		w.needMoved(s, want)
	}
	w.match()
	news := w.needAlone(want)
	for _, r := range w.recs {
		for s := sideA; s <= sideB; s++ {
			switch {
			case !r.has(s):
			case r.row >= 0 && !b.isHalf(r.row), r.has(s.Other()):
				want(s, r.cur[s])
			case r.st[s] == fresh:
				news[s]++
			}
		}
	}
	if !w.tree && news[0] > 0 && news[1] > 0 {
		for _, r := range w.recs {
			for s := sideA; s <= sideB; s++ {
				if r.st[s] == fresh {
					want(s, r.cur[s])
				}
			}
		}
		for i := range w.turns {
			for s, n := range w.turns[i].c {
				want(tandem.Side(s), n)
			}
		}
	}
	return sortedIDs(ask[0]), sortedIDs(ask[1])
}

// needAlone asks for the digests of rows that are decided by themselves, and counts what is new.
func (w *work) needAlone(want func(tandem.Side, *seen)) (news [2]int) {
	for i := range w.turns {
		t := &w.turns[i]
		for s, n := range t.c {
			switch {
			case t.of < 0 && n != nil:
				news[s]++
			case t.of >= 0 && n == nil:
				row := w.b.row(t.of)
				want(tandem.Side(s), &seen{Shown: *row.Side(tandem.Side(s)), st: same})
			default:
				want(tandem.Side(s), n)
			}
		}
	}
	return news
}

// needMoved asks for the digests of new records that could be what vanished from the same side: anything where ids mean
// nothing, what has the same size in a tree.
func (w *work) needMoved(s tandem.Side, want func(tandem.Side, *seen)) {
	lost, found := w.movers(s)
	sizes := map[int64]bool{}
	for _, r := range lost {
		if was := r.base.Side(s); !bodiless(was.Attrs) {
			sizes[was.Size] = true
		}
	}
	if len(sizes) == 0 {
		return
	}
	nodes := map[string]int{}
	for _, r := range lost {
		if was := r.base.Side(s); was.Node != "" {
			nodes[typed(was.Attrs, was.Node)]++
		}
	}
	for i := range w.turns {
		if w.turns[i].of < 0 {
			want(s, w.turns[i].c[s])
		}
	}
	for _, f := range found {
		n := f.cur[s]
		if w.tree && (n.Size == 0 || !sizes[n.Size] || n.Node != "" && nodes[typed(n.Attrs, n.Node)] == 1) {
			continue
		}
		want(s, n)
	}
}

// splitTypes separates what a person wants to keep both of although one is a directory: the other becomes a record of its
// own, under another name.
func (w *work) splitTypes() {
	for _, r := range w.recs[:len(w.recs):len(w.recs)] {
		if r.do != KeepBoth || typeOf(r.cur[sideA].Attrs) == typeOf(r.cur[sideB].Attrs) {
			continue
		}
		lose := loser(r)
		win := lose.Other()
		f := w.make()
		f.cur[lose], f.st[lose] = r.cur[lose], fresh
		f.up[lose], f.name[lose] = r.up[lose], r.name[lose]
		r.cur[lose], r.st[lose] = nil, none
		w.at[lose][f.cur[lose].ID] = f
		w.create(f, win, r.reason)
		w.create(r, lose, r.reason)
	}
}

// Mirror returns the rules as seen with A and B exchanged.
func (r Rules) Mirror() Rules {
	m := r
	switch r.Direction {
	case AToB:
		m.Direction = BToA
	case BToA:
		m.Direction = AToB
	case MirrorAToB:
		m.Direction = MirrorBToA
	case MirrorBToA:
		m.Direction = MirrorAToB
	}
	switch r.Policy {
	case PreferA:
		m.Policy = PreferB
	case PreferB:
		m.Policy = PreferA
	}
	switch r.First {
	case ReplaceA:
		m.First = ReplaceB
	case ReplaceB:
		m.First = ReplaceA
	}
	m.Names[0], m.Names[1] = r.Names[1], r.Names[0]
	m.MaxSize[0], m.MaxSize[1] = r.MaxSize[1], r.MaxSize[0]
	m.ReadOnly[0], m.ReadOnly[1] = r.ReadOnly[1], r.ReadOnly[0]
	m.NoAttrs[0], m.NoAttrs[1] = r.NoAttrs[1], r.NoAttrs[0]
	return m
}
