package engine

import (
	"cmp"

	"tandem"
)

// state is what is known of one record on one side, against the base.
type state uint8

const (
	unseen  state = iota // the listing is silent; what that means Finish decides
	none                 // the side has no such record and never agreed to one
	same                 // as the base has it, but for facts that do not count (version, node)
	changed              // there, and not as the base has it
	fresh                // there, and without agreement
	gone                 // known to be absent, and the base has it
	unknown              // nothing may be concluded
	ignored              // out of scope
	problem              // unreadable
)

// present tells that the record is there and may be worked with.
func (s state) present() bool { return s == same || s == changed || s == fresh }

// blocked tells that nothing may be decided.
func (s state) blocked() bool { return s == unknown || s == ignored || s == problem }

// seen is one line of a listing that is kept.
type seen struct {
	tandem.Shown
	uid      string
	modified int64
	st       state // of the row, or fresh
	filled   bool  // Fill has answered for it
	asked    bool  // NeedDigests has asked for it, and need not look at it any more
	single   bool  // decided with its like on the other side, see meetCouples
	note     string
}

// View collects what one side shows, against the base. Rows that are unchanged are counted and dropped at once, so
// that a run keeps memory for what changed. A View is not safe for concurrent use.
type View struct {
	b        *Base
	side     tandem.Side
	replaced bool
	lasting  bool
	finished bool
	listing  tandem.Listing
	count    int             // records shown to be present
	rows     []state         // per row of the base
	detail   map[int32]*seen // of rows that are not plainly unchanged
	fresh    []*seen         // of ids without a row
	freshAt  freshIndex
	block    map[tandem.ID]*seen // ids about which nothing may be decided
	slab     []seen
}

// View starts the view of one side. replaced says that the identity or epoch of the store is not the base's: then
// neither versions nor silence mean anything, and rows are paired anew as in a first sync.
func (b *Base) View(side tandem.Side, replaced bool) *View {
	return &View{b: b, side: side, replaced: replaced, rows: make([]state, len(b.rows)), detail: map[int32]*seen{},
		freshAt: freshIndex{seed: seedOf{b.index[side].seed}}, block: map[tandem.ID]*seen{}}
}

// Lasting says that a body never changes on this side: another body is another id. A new version of a record that the base knows is then one of its attributes, and
// nobody need read the body to know. It is called before anything is seen.
func (v *View) Lasting() { v.lasting = true }

// hold allocates one seen; many at a time, because a first sync keeps them all.
func (v *View) hold(c *tandem.Change) *seen {
	if len(v.slab) == cap(v.slab) {
		v.slab = make([]seen, 0, min(512, 16+len(v.fresh)+len(v.detail)))
	}
	v.slab = append(v.slab, seen{})
	n := &v.slab[len(v.slab)-1]
	n.take(c)
	return n
}

func (n *seen) take(c *tandem.Change) {
	n.Shown = tandem.Shown{ID: c.ID, Version: c.Version, Digest: c.Digest, Attrs: c.Attrs, Node: c.Node, Size: c.Size}
	n.uid, n.modified = c.UID, c.Modified
	if c.Err != nil {
		n.note = c.Err.Error()
	}
}

// See takes one line of the listing, in any order. An id that comes twice with different facts is a Problem: the
// listing contradicts itself, so nothing may be concluded from either line. After Finish it takes Unknown for a record
// whose silence turned out to be the listing's fault.
func (v *View) See(c tandem.Change) {
	if i := v.b.find(v.side, c.ID); i >= 0 {
		v.seeRow(i, &c)
		return
	}
	if old := v.freshAt.find(v.fresh, c.ID); old != nil {
		if c.Presence != tandem.Present || old.Version != c.Version || old.Attrs != c.Attrs {
			v.doubt(old)
		}
		return
	}
	if v.block[c.ID] != nil {
		return
	}
	switch c.Presence {
	case tandem.Present:
		v.count++
		n := v.hold(&c)
		n.st = fresh
		v.addFresh(n)
	case tandem.Absent:
	default:
		n := v.hold(&c)
		n.st = blockState(c.Presence)
		v.block[c.ID] = n
	}
}

// Shows tells that the listing has something under this id.
func (v *View) Shows(id tandem.ID) bool {
	if i := v.b.find(v.side, id); i >= 0 {
		return v.rows[i].present()
	}
	n := v.freshAt.find(v.fresh, id)
	return n != nil && n.st.present()
}

func (v *View) addFresh(n *seen) {
	v.fresh = append(v.fresh, n)
	v.freshAt.add(v.fresh, len(v.fresh)-1)
}

// doubt marks a record that was listed twice, differently.
func (v *View) doubt(n *seen) {
	n.st, n.note = problem, "listed twice with different facts"
	v.block[n.ID] = n
}

func blockState(p tandem.Presence) state {
	switch p {
	case tandem.Problem:
		return problem
	case tandem.OutOfScope:
		return ignored
	}
	return unknown
}

func (v *View) seeRow(i int32, c *tandem.Change) {
	version, node := v.b.stamp(i, v.side)
	if v.rows[i] != unseen {
		v.seeAgain(i, c, version)
		return
	}
	_, odd := v.b.odd[i]
	switch c.Presence {
	case tandem.Present:
		v.count++
		isSame := !v.replaced && c.Version != "" && string(c.Version) == string(version)
		if isSame && !odd && (c.Node == "" || c.Node == string(node)) {
			v.rows[i] = same
			return
		}
		n := v.hold(c)
		v.detail[i] = n
		row := v.b.row(i)
		if isSame {
			was := row.Side(v.side)
			n.Digest, n.Attrs, n.Size = was.Digest, was.Attrs, was.Size
			if n.uid == "" {
				n.uid = row.UID
			}
		} else if k := row.Clash; k != nil && !v.replaced && n.Digest.IsZero() && c.Version != "" {
			if was := clashSide(k, v.side); was.ID == c.ID && was.Version == c.Version {
				n.Digest = was.Digest
			}
		} else if was := row.Side(v.side); v.lasting && k == nil && !v.replaced && n.Digest.IsZero() && was.Version != "" { // without a version the digest is the other side's: Shown.Own
			n.Digest = was.Digest
		}
		v.judge(i, n, row)
	case tandem.Absent:
		v.rows[i] = gone
		if v.replaced {
			v.rows[i] = unseen // another store's tombstone says nothing about ours
		}
	default:
		n := v.hold(c)
		n.st = blockState(c.Presence)
		v.rows[i], v.detail[i], v.block[c.ID] = n.st, n, n
	}
}

// judge says whether a present row is as the base has it.
func (v *View) judge(i int32, n *seen, row *tandem.Row) {
	was := row.Side(v.side)
	n.st = changed
	if n.Attrs == was.Attrs && n.Digest == was.Digest && (!n.Digest.IsZero() || bodiless(n.Attrs)) {
		n.st = same
	}
	if v.b.isHalf(i) {
		n.st = fresh
	}
	v.rows[i] = n.st
}

// isHalf tells that a row records no agreement.
func (b *Base) isHalf(i int32) bool {
	o, ok := b.odd[i]
	return ok && (o.clash != nil && o.clash.New || o.aside != nil && o.aside.New || len(b.id(i, tandem.SideA)) == 0 || len(b.id(i, tandem.SideB)) == 0)
}

func (v *View) seeAgain(i int32, c *tandem.Change, version []byte) {
	n := v.detail[i]
	if n == nil {
		if v.rows[i] == same && c.Presence == tandem.Present && string(c.Version) == string(version) {
			return
		}
		n = v.hold(c)
		v.detail[i] = n
	} else if n.st.present() && c.Presence == tandem.Present && n.Version == c.Version && n.Attrs == c.Attrs {
		return
	}
	v.doubt(n)
	v.rows[i] = problem
}

// clashSide returns what side s showed when the conflict was recorded.
func clashSide(k *tandem.Clash, s tandem.Side) *tandem.Shown {
	if s == tandem.SideA {
		return &k.A
	}
	return &k.B
}

// bodiless tells that a record has no body whose digest could be asked for.
func bodiless(a tandem.Attrs) bool { return typeOf(a) != "" }

// typeOf returns "dir", "link", or "" for a record with a body.
func typeOf(a tandem.Attrs) string { return a.Get("type") }

// Seen returns how many records the side has shown to be present so far.
func (v *View) Seen() int { return v.count }

// Finish closes the view. Only a listing that is Complete and Full turns the silence about a row into Absent; silence
// in a complete listing that is not Full means unchanged; silence in any other listing means Unknown.
func (v *View) Finish(l tandem.Listing) {
	v.listing, v.finished = l, true
	if v.silence() != same {
		return
	}
	// Rows in conflict or set aside are not as the base has them: silence then means as they were when that was recorded.
	for i, o := range v.b.odd {
		if v.rows[i] == unseen {
			v.recall(i, o, v.b.row(i))
		}
	}
}

// recall takes what the side showed of an odd row when it became so for what it shows now.
func (v *View) recall(i int32, o oddRow, row *tandem.Row) {
	base := row.Side(v.side)
	was := *base
	if o.clash != nil {
		was = *clashSide(o.clash, v.side)
	}
	if o.aside != nil && o.aside.At(v.side) != was.Version { // set aside later than it was agreed on or in conflict
		id := cmp.Or(was.ID, base.ID)
		if was = (tandem.Shown{Version: o.aside.At(v.side)}); was.Version != "" {
			was.ID = id
		}
	}
	c := tandem.Change{ID: was.ID, Presence: tandem.Present,
		Meta: tandem.Meta{Version: was.Version, Digest: was.Digest, Attrs: was.Attrs, Node: was.Node, Size: was.Size, UID: row.UID}}
	switch {
	case was == *base:
	case was.ID == "":
		v.rows[i] = gone
	case was.ID == base.ID:
		n := v.hold(&c)
		v.detail[i] = n
		v.judge(i, n, row)
	default: // renamed before the conflict was recorded
		v.rows[i] = gone
		v.See(c)
	}
}

// silence is what not having been listed means.
func (v *View) silence() state {
	switch {
	case !v.finished || !v.listing.Complete:
		return unknown
	case v.replaced:
		return none // not there, but no evidence that it ever was
	case v.listing.Full:
		return gone
	}
	return same
}

// Fill completes what See was told of one record; a Problem replaces it. A record that vanished meanwhile is Unknown:
// the next listing will tell.
func (v *View) Fill(c tandem.Change) {
	i := v.b.find(v.side, c.ID)
	n := v.freshAt.find(v.fresh, c.ID)
	if i >= 0 {
		n = v.detail[i]
	}
	if n == nil || n.st.blocked() {
		return
	}
	n.filled = true
	if c.Presence != tandem.Present {
		n.st = blockState(c.Presence)
		if c.Err != nil {
			n.note = c.Err.Error()
		}
		v.block[n.ID] = n
		if i >= 0 {
			v.rows[i] = n.st
		}
		return
	}
	was := *n
	n.take(&c)
	if n.Version == "" {
		n.Version = was.Version
	}
	if n.Attrs == "" && n.Version == was.Version {
		n.Attrs = was.Attrs
	}
	if n.Node == "" {
		n.Node = was.Node
	}
	if n.Size == 0 && n.Version == was.Version {
		n.Size = was.Size
	}
	if n.uid == "" {
		n.uid = was.uid
	}
	if n.modified == 0 {
		n.modified = was.modified
	}
	if i >= 0 {
		v.judge(i, n, v.b.row(i))
	}
}
