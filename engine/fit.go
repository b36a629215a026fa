package engine

import (
	"sort"

	"tandem"
)

// fit makes the merged tree sound: every record has a parent that will be there, nothing is removed that must stay, no two
// records share a name. Each step only ever turns a decision into a more careful one (a deletion into a restoration or a
// wait, a copy or move into a wait), so it ends.
func (w *work) fit() {
	w.pins()
	sorted := w.byDepth()
	for range 4*len(sorted) + 2 {
		again := false
		for _, r := range sorted {
			again = w.fitRecord(r) || again
		}
		again = again || w.fitCycles(sorted) || w.fitNames(sorted) || w.reserve(sorted)
		if !again {
			return
		}
	}
}

// fitCycles finds moves that would put directories into each other because one of them had to wait, and holds one back.
// With nothing moved there is no cycle, so it ends.
func (w *work) fitCycles(sorted []*record) bool {
	for s := sideA; s <= sideB; s++ {
		for _, r := range sorted {
			if !r.has(s) || !w.placing(r, s) {
				continue
			}
			seen := map[*record]bool{}
			for up := r.to[s].up; up != nil && !seen[up]; up = up.to[s].up {
				if up == r {
					w.hold(r, MoveCycle)
					return true
				}
				seen[up] = true
			}
		}
	}
	return false
}

// byDepth returns the records, deepest first, otherwise in an order that depends on nothing but what they are.
func (w *work) byDepth() []*record {
	type keyed struct {
		r     *record
		depth int
		id    tandem.ID
	}
	all := make([]keyed, len(w.recs))
	for i, r := range w.recs {
		id := w.nameOf(r)
		all[i] = keyed{r, depthOf(id), id}
	}
	sort.SliceStable(all, func(i, j int) bool {
		if all[i].depth != all[j].depth {
			return all[i].depth > all[j].depth
		}
		return all[i].id < all[j].id
	})
	out := make([]*record, len(all))
	for i := range all {
		out[i] = all[i].r
	}
	return out
}

// nameOf returns an id of r for sorting, the same from either side.
func (w *work) nameOf(r *record) tandem.ID {
	var ids [2]tandem.ID
	for s := range ids {
		ids[s] = r.base.Side(tandem.Side(s)).ID
		if r.cur[s] != nil {
			ids[s] = r.cur[s].ID
		}
	}
	switch {
	case ids[0] == "":
		return ids[1]
	case ids[1] == "":
		return ids[0]
	}
	return min(ids[0], ids[1])
}

func depthOf(id tandem.ID) int {
	n := 0
	for i := range len(id) {
		if id[i] == '/' {
			n++
		}
	}
	return n
}

// pins finds directories that hold something no record stands for: an unchanged row, or an id that is ignored or unknown.
func (w *work) pins() {
	w.pinned = [2]map[tandem.ID]bool{{}, {}}
	dying := false
	for _, r := range w.recs {
		dying = dying || r.dies(sideA) || r.dies(sideB)
	}
	if !dying {
		return
	}
	for s := sideA; s <= sideB; s++ {
		for id := range w.v[s].block {
			w.pinned[s][parent(id)] = true
		}
		for i := range w.b.rows {
			if w.ofRow[i] != 0 {
				continue
			}
			if id := w.b.id(int32(i), s); len(id) > 0 {
				w.pinned[s][parent(tandem.ID(id))] = true
			}
		}
	}
}

// fitRecord checks r against its parents and reports whether it changed anything.
func (w *work) fitRecord(r *record) bool {
	for s := sideA; s <= sideB; s++ {
		if r.dies(s) && r.cur[s] != nil && typeOf(r.cur[s].Attrs) == "dir" && w.pinned[s][r.cur[s].ID] {
			if r.swap {
				r.clash()
			} else {
				r.wait(DirNotEmpty, "")
			}
			r.stay()
			return true
		}
		if !r.exists(s) {
			continue
		}
		if p := r.to[s].up; p != nil && w.fitUnder(r, p, s) {
			return true
		}
		if w.placing(r, s) && w.rules.Names[s].Windows && badName(r.to[s].name) && r.to[s].name != r.name[s] {
			w.hold(r, BadName)
			return true
		}
	}
	return false
}

// clash turns a change of type into a conflict.
func (r *record) clash() {
	r.wait(TypeClash, "")
	r.do = Conflict
}

// placing tells that the plan puts r somewhere new on side s.
func (w *work) placing(r *record, s tandem.Side) bool {
	return !r.has(s) && r.exists(s) && !r.st[s].blocked() || r.has(s) && r.to[s] != spot{r.up[s], r.name[s]}
}

// hold keeps r from being placed. A record whose move has to wait waits as a whole: recorded under its new content, the
// move would be forgotten.
func (w *work) hold(r *record, why Reason) {
	r.wait(why, "")
	r.stay()
}

// fitUnder makes sure that p is there, and a directory, for r on side s.
func (w *work) fitUnder(r, p *record, s tandem.Side) bool {
	staying := r.frozen() || !r.exists(s.Other())
	switch {
	case p.do == Delete && p.side == s:
		o := s.Other()
		if !staying && w.may[o] {
			w.create(p, o, ChangeBeatsDelete)
			w.aim(p)
		} else {
			p.wait(DirNotEmpty, "")
			p.stay()
		}
		return true
	case p.swap && p.side == s && typeOf(p.cur[s.Other()].Attrs) != "dir":
		p.clash()
		p.stay()
		return true
	case !w.placing(r, s):
		return false
	case p.st[s].blocked():
		w.hold(r, blockReason(p.st[s]))
		return true
	case !p.exists(s):
		why := p.reason
		if !p.frozen() || why == NoReason {
			if o := s.Other(); p.has(o) && w.may[s] && !p.frozen() {
				w.create(p, s, ChangeBeatsDelete)
				w.aim(p)
				return true
			}
			why = SideUnknown
		}
		w.hold(r, why)
		return true
	case !p.willBeDir(s):
		w.hold(r, TypeClash)
		return true
	}
	return false
}

// willBeDir tells that p is a directory on side s after the plan.
func (p *record) willBeDir(s tandem.Side) bool {
	n := p.cur[s]
	if (p.do == Copy || p.do == Update) && p.side == s {
		n = p.cur[s.Other()]
	}
	return n != nil && typeOf(n.Attrs) == "dir"
}

// fitNames finds records that would share a name and reports whether it changed anything.
func (w *work) fitNames(sorted []*record) bool {
	for s := sideA; s <= sideB; s++ {
		var coming []*record
		hard := w.rules.Names[s].FoldCase || w.rules.Names[s].NFC || len(w.v[s].block) > 0
		for _, r := range sorted {
			if w.placing(r, s) {
				coming = append(coming, r)
				if up := r.to[s].up; !hard && len(w.b.rows) > 0 && (up == nil || up.cur[s] != nil) {
					hard = w.b.find(s, join(w.pathNow(up, s), r.to[s].name)) >= 0
				}
			}
			// Copies of new records cannot meet anybody: their names differ where they come from, and what has the same
			// name here was joined with them, unless a row came into its way.
			hard = hard || r.row >= 0 && (r.moved[0] || r.moved[1] || !r.agreed() || r.has(sideA) != r.has(sideB))
		}
		if !hard || len(coming) == 0 {
			continue
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
				w.part(x, r, s, taken)
				return true
			}
		}
		blocks := map[tandem.ID]*seen{}
		for id, n := range w.v[s].block {
			blocks[join(parent(id), fold(name(id), rule))] = n
		}
		for _, r := range coming {
			if up := r.to[s].up; up == nil || up.cur[s] != nil {
				if n := blocks[join(w.pathNow(up, s), fold(r.to[s].name, rule))]; n != nil && n != r.cur[s] && n.st.blocked() {
					w.hold(r, blockReason(n.st))
					return true
				}
			}
		}
	}
	return false
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
					if x.exists(s) && !x.frozen() {
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
	r := w.ofRowAt(i)
	from := w.located
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

// part separates x and r, which would both be called the same on side s. A name that is spelled differently cannot be
// helped: the place cannot tell the two apart, so r waits. Otherwise the younger record gets another name on both sides.
func (w *work) part(x, r *record, s tandem.Side, taken map[foldKey]*record) {
	for _, st := range [...]state{x.st[s], x.st[s.Other()]} {
		if st.blocked() {
			w.hold(r, blockReason(st))
			return
		}
	}
	lose := r
	if older(r, x) && !x.frozen() {
		lose = x
	}
	if x.to[s].name != r.to[s].name || lose.shift == NameClash || !w.canRename(lose) {
		if lose.frozen() || !w.placing(lose, s) {
			lose = r
		}
		w.hold(lose, NameClash)
		return
	}
	at := lose.to[s]
	to := conflictName(at.name, lose.content())
	for w.nameTaken(at.up, to, taken) {
		to = conflictName(at.name, to)
	}
	for o := range lose.to {
		if lose.exists(tandem.Side(o)) {
			lose.to[o].name = to
		}
	}
	lose.shift = NameClash
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
			id := join(w.pathNow(up, s), to)
			if i := w.b.find(s, id); i >= 0 && !w.left[s][i] || w.at[s][id] != nil {
				return true
			}
		}
	}
	return false
}
