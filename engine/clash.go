package engine

import (
	"slices"
	"sort"

	"tandem"
)

// clash is a record that cannot have the name it is to get on a side.
type clash struct {
	s      tandem.Side
	r, x   *record // x has the name, or is to have it
	block  *seen   // or it is that of something that cannot be read, or is ignored
	taken  map[foldKey]*record
	lose   *record // who gives way
	rename bool    // by getting another name; otherwise by waiting
}

// fitNames finds records that would share a name and reports whether it changed anything. Of two clashes the one that makes
// somebody wait is dealt with first: it may free the name of the other.
func (w *work) fitNames(sorted []*record) bool {
	n := len(w.recs)
	a, b := w.nameClash(sorted, sideA), w.nameClash(sorted, sideB)
	switch {
	case len(w.recs) > n:
		return true // an unchanged record is in the way: it is one of them now
	case a == nil && b == nil:
		return false
	case a == nil || b != nil && w.before(b, a):
		a = b
	}
	w.part(a)
	return true
}

// before orders clashes on the two sides by what they are about.
func (w *work) before(b, a *clash) bool {
	if a.rename != b.rename {
		return a.rename
	}
	for _, of := range [...]func(*clash) *record{func(c *clash) *record { return c.lose }, func(c *clash) *record { return c.r }, func(c *clash) *record { return c.x }} {
		if x, y := of(a), of(b); x != y && x != nil && y != nil {
			return slices.Compare(w.ids(y), w.ids(x)) < 0
		}
	}
	return false
}

func (w *work) ids(r *record) []tandem.ID {
	ids := w.namesOf(r)
	return ids[:]
}

// nameClash returns the first clash on side s, or nil.
func (w *work) nameClash(sorted []*record, s tandem.Side) *clash {
	coming, hard := w.coming(sorted, s)
	if !hard || len(coming) == 0 {
		return nil
	}
	rule := w.rules.Names[s]
	taken := map[foldKey]*record{}
	for _, r := range sorted {
		if r.exists(s) && !w.placing(r, s) {
			taken[foldKey{r.to[s].up, fold(r.to[s].name, rule)}] = r
		}
	}
	quiet := w.quietNames(s, rule)
	sort.SliceStable(coming, func(i, j int) bool { return older(coming[i], coming[j]) })
	for _, r := range coming {
		k := foldKey{r.to[s].up, fold(r.to[s].name, rule)}
		x := taken[k]
		if x == nil {
			x = w.quietAt(s, k, quiet)
		}
		if x == nil {
			taken[k] = r
			continue
		}
		if x != r {
			c := &clash{s: s, r: r, x: x, taken: taken}
			w.judge(c)
			return c
		}
	}
	blocks := map[tandem.ID]*seen{}
	for id, n := range w.v[s].block {
		blocks[join(parent(id), fold(name(id), rule))] = n
	}
	for _, r := range coming {
		if up := r.to[s].up; up == nil || up.cur[s] != nil {
			if n := blocks[join(w.pathNow(up, s), fold(r.to[s].name, rule))]; n != nil && n != r.cur[s] && n.st.blocked() {
				return &clash{s: s, r: r, block: n, lose: r}
			}
		}
	}
	return nil
}

// coming lists what gets a place on side s, and tells whether it can meet anybody there. Copies of new records cannot: their
// names differ where they come from, and what has the same name here was joined with them, unless a row came into its way.
func (w *work) coming(sorted []*record, s tandem.Side) (coming []*record, hard bool) {
	hard = w.rules.Names[s].FoldCase || w.rules.Names[s].NFC || len(w.v[s].block) > 0
	for _, r := range sorted {
		if hard {
			break
		}
		if len(w.b.rows) > 0 && w.placing(r, s) {
			if up := r.to[s].up; up == nil || up.cur[s] != nil {
				hard = w.b.find(s, join(w.pathNow(up, s), r.to[s].name)) >= 0
			}
		}
		hard = hard || r.row >= 0 && (r.moved[0] || r.moved[1] || !r.agreed() || r.has(sideA) != r.has(sideB))
	}
	if !hard {
		return nil, false
	}
	for _, r := range sorted {
		if w.placing(r, s) {
			coming = append(coming, r)
		}
	}
	return coming, true
}

// reserve holds back whatever took the place of a record that has to wait. The base goes on naming the old place for the
// one that waits, and may not name one place for two.
func (w *work) reserve(sorted []*record) bool {
	for s := sideA; s <= sideB; s++ {
		var spots map[spot]*record
		for _, r := range sorted {
			was := r.base.Side(s).ID
			if !r.frozen() || r.row < 0 || was == "" || r.cur[s] != nil && r.cur[s].ID == was {
				continue
			}
			if spots == nil {
				spots = map[spot]*record{}
				for _, x := range sorted {
					if x.exists(s) && (!x.frozen() || x.do == Conflict && x.row < 0) {
						spots[x.to[s]] = x
					}
				}
			}
			if x := spots[spot{r.up0[s], r.name0[s]}]; x != nil && x != r {
				w.hold(x, r.reason)
				return true
			}
		}
	}
	return false
}

func (w *work) pathNow(r *record, s tandem.Side) tandem.ID {
	if r == nil || r.cur[s] == nil {
		return ""
	}
	return r.cur[s].ID
}

func join(dir tandem.ID, name string) tandem.ID {
	if dir == "" {
		return tandem.ID(name)
	}
	return dir + "/" + tandem.ID(name)
}

// quietNames indexes the names of unchanged rows as side s tells them apart. Where it tells all apart no index is needed.
func (w *work) quietNames(s tandem.Side, rule NameRule) map[tandem.ID]int32 {
	if !rule.FoldCase && !rule.NFC {
		return nil
	}
	m := make(map[tandem.ID]int32, len(w.b.rows))
	for i := range w.b.rows {
		if w.ofRow[i] == 0 {
			if id := tandem.ID(w.b.id(int32(i), s)); id != "" {
				m[join(parent(id), fold(name(id), rule))] = int32(i)
			}
		}
	}
	return m
}

// quietAt returns the unchanged record that has the name, or nil.
func (w *work) quietAt(s tandem.Side, k foldKey, quiet map[tandem.ID]int32) *record {
	if k.up != nil && k.up.cur[s] == nil {
		return nil
	}
	id := join(w.pathNow(k.up, s), k.name)
	i, ok := quiet[id]
	if quiet == nil {
		i = w.b.find(s, id)
		ok = i >= 0
	}
	if !ok || w.ofRow[i] != 0 || w.left[s][i] {
		return nil
	}
	from := len(w.recs)
	r := w.ofRowAt(i)
	w.locate() // it, and the directories above it
	for _, x := range w.recs[from:] {
		w.decide(x)
		w.aim(x)
	}
	return r
}

// older orders records by what gives a right to a name: a row, and its age.
func older(x, y *record) bool {
	if x.agreed() != y.agreed() {
		return x.agreed()
	}
	if (x.row >= 0) != (y.row >= 0) {
		return x.row >= 0
	}
	if x.base.Link != y.base.Link {
		return x.base.Link < y.base.Link
	}
	cx, cy := x.content(), y.content()
	if cx != cy {
		return cx < cy
	}
	return false
}

// content is what the record holds, for choices that must not depend on the side.
func (r *record) content() string {
	out := ""
	for s := range r.cur {
		if r.cur[s] != nil {
			out = max(out, contentOf(&r.cur[s].Shown)+"\x00"+r.name[s])
		}
	}
	return out
}

// judge says who gives way where x and r would both be called the same on a side, and how. A name that is spelled differently
// cannot be helped: the place cannot tell the two apart, so r waits. Otherwise the younger gets another name on both sides.
func (w *work) judge(c *clash) {
	x, r, s := c.x, c.r, c.s
	c.lose = r
	if x.st[s].blocked() || x.st[s.Other()].blocked() {
		return
	}
	if older(r, x) && !x.frozen() {
		c.lose = x
	}
	c.rename = x.to[s].name == r.to[s].name && c.lose.shift != NameClash && w.canRename(c.lose)
	if !c.rename && (c.lose.frozen() || !w.placing(c.lose, s)) {
		c.lose = r
	}
}

// part does what judge said.
func (w *work) part(c *clash) {
	if c.block != nil {
		w.hold(c.lose, blockReason(c.block.st))
		return
	}
	if !c.rename {
		why := NameClash
		for _, st := range [...]state{c.x.st[c.s], c.x.st[c.s.Other()]} {
			if st.blocked() {
				why = blockReason(st)
				break
			}
		}
		w.hold(c.lose, why)
		return
	}
	at := c.lose.to[c.s]
	to := conflictName(at.name, c.lose.content())
	for w.nameTaken(at.up, to, c.taken) {
		to = conflictName(at.name, to)
	}
	for o := range c.lose.to {
		if c.lose.exists(tandem.Side(o)) {
			c.lose.to[o].name = to
		}
	}
	c.lose.shift = NameClash
}

func (w *work) canRename(r *record) bool {
	for s := sideA; s <= sideB; s++ {
		if r.has(s) && !w.may[s] {
			return false
		}
	}
	return !r.frozen() && !r.swap
}

// nameTaken tells that a name below up is in use on either side.
func (w *work) nameTaken(up *record, to string, taken map[foldKey]*record) bool {
	for s := sideA; s <= sideB; s++ {
		if taken[foldKey{up, fold(to, w.rules.Names[s])}] != nil {
			return true
		}
		if up == nil || up.cur[s] != nil {
			if w.listed(s, join(w.pathNow(up, s), to)) {
				return true
			}
		}
	}
	return false
}

// listed tells that side s has something at id.
func (w *work) listed(s tandem.Side, id tandem.ID) bool {
	if i := w.b.find(s, id); i >= 0 && !w.left[s][i] || w.at[s][id] != nil {
		return true
	}
	n := w.v[s].freshAt.find(w.v[s].fresh, id)
	return n != nil && n.single
}
