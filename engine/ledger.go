package engine

import (
	"tandem"
)

// Ledger follows a plan while it is being applied. It tells what may be done next and which base rows record what was
// done. It is not safe for concurrent use.
type Ledger struct {
	plan  *Plan
	done  []bool
	moved map[keySide]moved // by earlier moves of this run
	put   map[int64]bool    // links recorded by actions other than moves
	links map[linkSide]moved
}

type linkSide struct {
	link int64
	side tandem.Side
}

type keySide struct {
	key  int32
	side tandem.Side
}

type moved struct {
	id      tandem.ID
	version tandem.Version
	other   bool // the place gave it another id than it was to have
}

// NewLedger starts following a plan.
func NewLedger(p *Plan) *Ledger {
	return &Ledger{plan: p, done: make([]bool, p.Len()), moved: map[keySide]moved{}, put: map[int64]bool{}, links: map[linkSide]moved{}}
}

// Ready reports whether action i may be tried: everything it needs was applied.
func (l *Ledger) Ready(i int) bool { return l.all(l.plan.Action(i).Needs) }

func (l *Ledger) all(needs []int) bool {
	for _, n := range needs {
		if !l.done[n] {
			return false
		}
	}
	return true
}

// Target returns the id and version that a write of action i to side s must name, earlier moves of the run taken into
// account. For a Copy, and for a Write to a side that has no record, the id is NewID and the version is empty.
func (l *Ledger) Target(i int, s tandem.Side) (tandem.ID, tandem.Version) {
	a := l.plan.Action(i)
	return l.TargetOf(&a, s)
}

// TargetOf is Target where the caller has the action at hand.
func (l *Ledger) TargetOf(a *Action, s tandem.Side) (tandem.ID, tandem.Version) {
	if a.At[s] == "" {
		return a.NewID, ""
	}
	if m, ok := l.moved[keySide{a.Key, s}]; ok && m.version != "" {
		return a.At[s], m.version
	}
	return a.At[s], a.Shown(s).Version
}

// Applied tells that action act (as settled) at index i was carried out; out holds the outcome of the write on each side,
// nil where nothing was written. It returns the row that the base must now hold: ok is false when there is none to put,
// and drop tells that the row is to be dropped instead. Body and UID of the row are the caller's to fill in where it
// knows better, and Clash.Conflict after a Conflict. The second record of a KeepBoth is a new row of the caller's; out
// is about the first.
func (l *Ledger) Applied(i int, act Action, out [2]*tandem.Outcome) (row tandem.Row, drop, ok bool) {
	l.done[i] = true
	row = *act.Row
	if act.UID != "" {
		row.UID = act.UID
	}
	switch act.Do {
	case Nothing, Wait, Merge:
		return row, false, false
	case Move:
		return l.movedRow(act, out[act.To])
	case Delete:
		if row.Link != 0 {
			l.put[row.Link] = true
		}
		return row, true, row.Link != 0
	case Conflict:
		l.conflictRow(&row, &act)
	default:
		row.Clash, row.Aside = nil, nil
		for s := sideA; s <= sideB; s++ {
			to := row.Side(s)
			*to = l.now(&act, s)
			if out[s] != nil {
				l.wrote(to, &act, s, out[s])
			}
			if id := l.plan.Pending[act.Key][s]; id != "" && to.ID != "" {
				to.ID = id
			}
		}
	}
	if row.Link != 0 {
		l.put[row.Link] = true
	}
	return row, false, true
}

// Postponed tells that the row that Postpone returned for act is recorded: bookkeeping about the same row must not undo that.
func (l *Ledger) Postponed(act Action) {
	if act.Row.Link != 0 {
		l.put[act.Row.Link] = true
	}
}

// now is what side s shows of the record, moves of this run taken into account.
func (l *Ledger) now(act *Action, s tandem.Side) tandem.Shown {
	n := *act.Shown(s)
	if act.At[s] != "" {
		n.ID = act.At[s]
	}
	if m, ok := l.moved[keySide{act.Key, s}]; ok && m.version != "" {
		n.Version = m.version
	}
	return n
}

// wrote takes in the outcome of a write to side s. What the place did not say is what was sent.
func (l *Ledger) wrote(to *tandem.Shown, act *Action, s tandem.Side, out *tandem.Outcome) {
	from := act.Shown(s.Other())
	bodyToo := act.Do != SetAttrs && !(act.Do == Update && s != act.To)
	if out.ID != "" {
		to.ID = out.ID
	} else if act.At[s] == "" {
		to.ID = act.NewID
	}
	to.Version, to.Attrs = out.Version, out.Attrs
	if out.Attrs == "" {
		to.Attrs = act.Attrs
	}
	if out.Node != "" || bodyToo {
		to.Node = out.Node
	}
	switch {
	case !out.Digest.IsZero():
		to.Digest = out.Digest
	case act.Do == Write:
		to.Digest = tandem.Digest{}
	case bodyToo:
		to.Digest = from.Digest
	}
	switch {
	case out.Size != 0:
		to.Size = out.Size
	case bodyToo:
		to.Size = from.Size
	}
}

// movedRow records a rename and nothing else: what else changed is still to be recorded by the action that settles it.
func (l *Ledger) movedRow(act Action, out *tandem.Outcome) (tandem.Row, bool, bool) {
	s, o := act.To, act.To.Other()
	row := *act.Row
	m := moved{id: act.NewID}
	if out != nil {
		m.version = out.Version
		if out.ID != "" {
			m.id, m.other = out.ID, out.ID != act.NewID
		}
	}
	if id := l.plan.Pending[act.Key][s]; id != "" {
		m.id = id
	}
	l.moved[keySide{act.Key, s}] = m
	if row.Link == 0 {
		return row, false, false
	}
	l.links[linkSide{row.Link, s}] = m
	to, n := row.Side(s), act.Shown(s)
	to.ID = m.id
	if unedited(n, to) && m.version != "" {
		to.Version = m.version
		if out.Node != "" {
			to.Node = out.Node
		}
	}
	if act.At[o] != "" {
		other, n := row.Side(o), act.Shown(o)
		other.ID = act.At[o]
		if id := l.plan.Pending[act.Key][o]; id != "" {
			other.ID = id
		}
		if k, ok := l.moved[keySide{act.Key, o}]; ok && k.version != "" && unedited(n, other) {
			other.Version = k.version
		} else if unedited(n, other) {
			other.Version = n.Version
			if n.Node != "" {
				other.Node = n.Node
			}
		}
	}
	row.Aside = l.asideNow(&row, &act)
	return row, false, true
}

// asideNow is what is left of why a row was set aside after a move of this run: the sides are as they are now, not as they were when something failed, or a side that then says nothing would be taken to be as it was before.
// nil: the row says all.
func (l *Ledger) asideNow(row *tandem.Row, act *Action) *tandem.Aside {
	if row.Aside == nil {
		return nil
	}
	k := *row.Aside
	k.A, k.B = l.now(act, sideA).Version, l.now(act, sideB).Version
	if k.A == row.A.Version && k.B == row.B.Version {
		return nil
	}
	return &k
}

// unedited tells that what a side lists is what the row has: only then may the row take its version, or a change would be
// taken for known.
func unedited(n, was *tandem.Shown) bool {
	return n.Digest == was.Digest && n.Attrs == was.Attrs && (!n.Digest.IsZero() || bodiless(n.Attrs))
}

// conflictRow records an open conflict. A row that was never agreed only says where the two were when it was found.
func (l *Ledger) conflictRow(row *tandem.Row, act *Action) {
	k := &tandem.Clash{A: l.now(act, sideA), B: l.now(act, sideB), New: act.Reason == BothNew || !act.Row.Agreed()} // agreed with a store that was replaced since is not agreed
	if old := act.Row.Clash; old != nil {
		k.Conflict = old.Conflict
	}
	row.Clash, row.Aside = k, nil
	if !k.New {
		return
	}
	for s := sideA; s <= sideB; s++ {
		to := row.Side(s)
		was := to.ID
		if *to = *clashSide(k, s); was != "" && to.ID != "" {
			to.ID = was // what was renamed since goes along when the conflict is settled; and what waits may hold its new place
		}
	}
}

// ReadyOp reports whether base op i may be recorded: its moves were made, and no action recorded the row since.
func (l *Ledger) ReadyOp(i int) bool {
	op := &l.plan.Base[i]
	return l.all(op.Needs) && (op.Row.Link == 0 || !l.put[op.Row.Link])
}

// OpRow returns the row of base op i as it is to be recorded: what moves of this run made of its ids and versions is in it.
func (l *Ledger) OpRow(i int) tandem.Row {
	row := l.plan.Base[i].Row
	for s := sideA; s <= sideB; s++ {
		if m, ok := l.links[linkSide{row.Link, s}]; ok && row.Link != 0 && m.version != "" {
			row.Side(s).Version = m.version
			if m.other {
				row.Side(s).ID = m.id
			}
		}
	}
	return row
}
