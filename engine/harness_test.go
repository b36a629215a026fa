package engine

import (
	"crypto/sha256"
	"fmt"
	"math/rand"
	"sort"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"tandem"
)

// place is a pure model of a replica: strict about preconditions, parents and names, so that a plan that is out of order
// fails.
type model struct {
	tree    bool
	rule    NameRule
	recs    map[tandem.ID]*thing
	seq     int
	nodes   bool // tells nodes
	hushed  bool // gives no digests in listings
	trouble map[tandem.ID]tandem.Presence
	gone    []string // contents that were overwritten or deleted, for history
	log     []string
}

type thing struct {
	version  int
	content  string
	attrs    tandem.Attrs
	uid      string
	node     string
	modified int64
}

func newModel(tree bool) *model {
	return &model{tree: tree, nodes: true, recs: map[tandem.ID]*thing{}, trouble: map[tandem.ID]tandem.Presence{}}
}

func (m *model) next() int { m.seq++; return m.seq }

func sum(content string) tandem.Digest { return sha256.Sum256([]byte(content)) }

// put is a person's doing: create or change.
func (m *model) put(id tandem.ID, content string) *thing {
	t := m.recs[id]
	if t == nil {
		t = &thing{node: "n" + strconv.Itoa(m.next())}
		m.recs[id] = t
	}
	t.version, t.content = m.next(), content
	if content == "dir" && m.tree {
		t.attrs = "type=dir"
	}
	return t
}

func (m *model) rename(from, to tandem.ID) {
	if m.recs[from] == nil || m.recs[to] != nil {
		panic("bad rename in test")
	}
	m.shift(from, to)
}

func (m *model) shift(from, to tandem.ID) {
	moved := map[tandem.ID]*thing{}
	for id, t := range m.recs {
		if id == from || m.tree && strings.HasPrefix(string(id), string(from)+"/") {
			moved[to+id[len(from):]] = t
			delete(m.recs, id)
		}
	}
	for id, t := range moved {
		m.recs[id] = t
	}
	for id, p := range m.trouble { // what is inside goes along, seen or not
		if strings.HasPrefix(string(id), string(from)+"/") {
			delete(m.trouble, id)
			m.trouble[to+id[len(from):]] = p
		}
	}
	m.recs[to].version = m.next()
}

func (m *model) remove(id tandem.ID) {
	for k := range m.recs {
		if k == id || m.tree && strings.HasPrefix(string(k), string(id)+"/") {
			delete(m.recs, k)
		}
	}
}

func (t *thing) isDir() bool { return t.attrs.Get("type") == "dir" }

func (m *model) meta(t *thing) tandem.Meta {
	x := tandem.Meta{Version: tandem.Version(strconv.Itoa(t.version)), Attrs: t.attrs, UID: t.uid, Modified: t.modified}
	if m.nodes {
		x.Node = t.node
	}
	if !t.isDir() && t.attrs.Get("type") == "" {
		x.Digest, x.Size = sum(t.content), int64(len(t.content))
	}
	return x
}

func (m *model) ids() []tandem.ID {
	ids := make([]tandem.ID, 0, len(m.recs))
	for id := range m.recs {
		ids = append(ids, id)
	}
	sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
	return ids
}

func (m *model) changes() []tandem.Change {
	var out []tandem.Change
	under := func(id tandem.ID) bool {
		for p := id; p != ""; p = parent(p) {
			if _, ok := m.trouble[p]; ok {
				return true
			}
		}
		return false
	}
	for _, id := range m.ids() {
		if under(id) {
			continue
		}
		c := tandem.Change{ID: id, Presence: tandem.Present, Meta: m.meta(m.recs[id])}
		if m.hushed {
			c.Digest = tandem.Digest{}
		}
		out = append(out, c)
	}
	for id, p := range m.trouble {
		out = append(out, tandem.Change{ID: id, Presence: p, Err: fmt.Errorf("trouble with %s", id)})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

func (m *model) key(id tandem.ID) string {
	s := string(id)
	if m.rule.NFC {
		s = norm.NFC.String(s)
	}
	if m.rule.FoldCase {
		s = strings.ToLower(s)
	}
	return s
}

func (m *model) taken(id tandem.ID) bool {
	for k := range m.recs {
		if m.key(k) == m.key(id) {
			return true
		}
	}
	for k := range m.trouble {
		if m.key(k) == m.key(id) {
			return true
		}
	}
	return false
}

// apply performs one write and refuses whatever a real place would refuse.
func (m *model) apply(w tandem.Write, content string) (tandem.Outcome, error) {
	m.log = append(m.log, fmt.Sprintf("%s %s %s", w.Op, w.ID, w.To))
	if w.Op == tandem.Create {
		id := w.ID
		if id == "" {
			id = tandem.ID("made" + strconv.Itoa(m.next()))
		}
		if m.taken(id) {
			return tandem.Outcome{}, fmt.Errorf("create %s: taken", id)
		}
		if err := m.roomIn(id); err != nil {
			return tandem.Outcome{}, err
		}
		t := &thing{version: m.next(), content: content, attrs: w.Record.Attrs, uid: w.Record.UID, node: "n" + strconv.Itoa(m.next()), modified: w.Record.Modified}
		m.recs[id] = t
		return tandem.Outcome{Status: tandem.Applied, ID: id, Meta: m.meta(t)}, nil
	}
	t := m.recs[w.ID]
	if t == nil {
		return tandem.Outcome{}, fmt.Errorf("%s %s: not there", w.Op, w.ID)
	}
	if have := strconv.Itoa(t.version); have != string(w.If) {
		return tandem.Outcome{}, fmt.Errorf("%s %s: at %s, not %s", w.Op, w.ID, have, w.If)
	}
	id := w.ID
	switch w.Op {
	case tandem.Update:
		if t.isDir() != (w.Record.Attrs.Get("type") == "dir") {
			return tandem.Outcome{}, fmt.Errorf("update %s: another type", id)
		}
		m.gone = append(m.gone, t.content)
		t.content, t.attrs, t.version = content, w.Record.Attrs, m.next()
	case tandem.SetAttrs:
		t.attrs, t.version = w.Record.Attrs, m.next()
	case tandem.Move:
		if m.taken(w.To) {
			return tandem.Outcome{}, fmt.Errorf("move %s to %s: taken", w.ID, w.To)
		}
		if strings.HasPrefix(string(w.To), string(w.ID)+"/") {
			return tandem.Outcome{}, fmt.Errorf("move %s into itself", w.ID)
		}
		if err := m.roomIn(w.To); err != nil {
			return tandem.Outcome{}, err
		}
		m.shift(w.ID, w.To)
		id = w.To
	case tandem.Delete:
		for k := range m.recs {
			if m.tree && strings.HasPrefix(string(k), string(id)+"/") {
				return tandem.Outcome{}, fmt.Errorf("delete %s: holds %s", id, k)
			}
		}
		for k := range m.trouble {
			if strings.HasPrefix(string(k), string(id)+"/") {
				return tandem.Outcome{}, fmt.Errorf("delete %s: holds %s", id, k)
			}
		}
		m.gone = append(m.gone, t.content)
		delete(m.recs, id)
		return tandem.Outcome{Status: tandem.Applied, ID: id}, nil
	}
	return tandem.Outcome{Status: tandem.Applied, ID: id, Meta: m.meta(t)}, nil
}

func (m *model) roomIn(id tandem.ID) error {
	if p := parent(id); m.tree && p != "" && (m.recs[p] == nil || !m.recs[p].isDir()) {
		return fmt.Errorf("no directory %q for %q", p, id)
	}
	return nil
}

func (m *model) String() string {
	var b strings.Builder
	for _, id := range m.ids() {
		t := m.recs[id]
		fmt.Fprintf(&b, "%s=%s ", id, t.content)
	}
	return strings.TrimSpace(b.String())
}

// pair is two models with a base.
type pair struct {
	m        [2]*model
	rows     map[int64]tandem.Row
	link     int64
	rules    Rules
	merge    func(base, a, b string) (string, bool)
	shuffle  *rand.Rand
	log      string // of runs
	replaced [2]bool
	partial  [2]bool // the listing is not complete
}

func newPair(tree bool) *pair {
	return &pair{m: [2]*model{newModel(tree), newModel(tree)}, rows: map[int64]tandem.Row{}, rules: Rules{Tree: tree, Guard: Guard{Off: true}},
		merge: func(_, _, _ string) (string, bool) { return "", false }}
}

func (p *pair) baseRows() func(func(tandem.Row, error) bool) {
	links := make([]int64, 0, len(p.rows))
	for l := range p.rows {
		links = append(links, l)
	}
	sort.Slice(links, func(i, j int) bool { return links[i] < links[j] })
	return func(yield func(tandem.Row, error) bool) {
		for _, l := range links {
			if !yield(p.rows[l], nil) {
				return
			}
		}
	}
}

// look makes the base and views of a run.
func (p *pair) look() (*Base, [2]*View) {
	b, err := NewBase(p.baseRows(), len(p.rows))
	if err != nil {
		panic(err)
	}
	var v [2]*View
	for s := range v {
		v[s] = b.View(tandem.Side(s), p.replaced[s])
		list := p.m[s].changes()
		if p.shuffle != nil {
			p.shuffle.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		for _, c := range list {
			v[s].See(c)
		}
		v[s].Finish(tandem.Listing{Complete: !p.partial[s], Full: true})
	}
	for range 3 {
		a, bb := NeedDigests(b, v[0], v[1], p.rules)
		if len(a)+len(bb) == 0 {
			break
		}
		for s, ids := range [2][]tandem.ID{a, bb} {
			for _, id := range ids {
				v[s].Fill(tandem.Change{ID: id, Presence: tandem.Present, Meta: p.m[s].meta(p.m[s].recs[id])})
			}
		}
	}
	return b, v
}

func (p *pair) plan() *Plan {
	b, v := p.look()
	return Reconcile(b, v[0], v[1], p.rules)
}

// run plans and applies, and fails on any step that a place refuses.
func (p *pair) run() (*Plan, error) {
	plan := p.plan()
	if len(plan.Held) > 0 && p.rules.Approved != plan.Hash {
		return plan, nil
	}
	return plan, p.carryOut(plan)
}

func (p *pair) carryOut(plan *Plan) error {
	l := NewLedger(plan)
	var staged [][2]string // bodies, fetched before anything is written
	for _, a := range plan.Actions {
		var c [2]string
		for s := range c {
			if t := p.m[s].recs[a.Shown(tandem.Side(s)).ID]; t != nil {
				c[s] = t.content
			}
		}
		staged = append(staged, c)
	}
	for i, a := range plan.Actions {
		if !l.Ready(i) {
			return fmt.Errorf("step %d %s of %q needs what was not done", i, a.Do, a.At)
		}
		if err := p.do(l, i, a, staged[i]); err != nil {
			return fmt.Errorf("step %d (%s %s): %w", i, a.Do, a.Reason, err)
		}
	}
	for i, op := range plan.Base {
		if l.ReadyOp(i) {
			p.record(op.Row, op.Drop)
		}
	}
	return nil
}

func (p *pair) record(row tandem.Row, drop bool) {
	if drop {
		delete(p.rows, row.Link)
		return
	}
	if row.Link == 0 {
		p.link++
		row.Link = p.link
	}
	row.Durable = true
	p.rows[row.Link] = row
}

func (p *pair) do(l *Ledger, i int, a Action, body [2]string) error {
	var outs [2]*tandem.Outcome
	write := func(s tandem.Side, op tandem.Op, content string, attrs tandem.Attrs) error {
		id, version := l.Target(i, s)
		w := tandem.Write{Op: op, ID: id, If: version, To: a.NewID}
		w.Record.Attrs = attrs
		if src := a.Shown(s.Other()); op == tandem.Create {
			if t := p.m[s.Other()].recs[src.ID]; t != nil {
				w.Record.UID = t.uid
			}
		}
		if op == tandem.Update && id != "" && version == "" {
			w.Op = tandem.Create
		}
		out, err := p.m[s].apply(w, content)
		outs[s] = &out
		return err
	}
	var err error
	if a.Do == Merge {
		merged, clean := p.merge("", body[0], body[1])
		a = Settle(a, body[0] == body[1], clean, p.rules)
		if a.Do == Write {
			body[0] = merged
		}
	}
	from := a.To.Other()
	switch a.Do {
	case Copy:
		err = write(a.To, tandem.Create, body[from], a.Attrs)
	case Update:
		err = write(a.To, tandem.Update, body[from], a.Attrs)
		if err == nil && a.Into[from] {
			err = write(from, tandem.SetAttrs, "", a.Attrs)
		}
	case SetAttrs, Write:
		for s := range a.Into {
			if a.Into[s] && err == nil && a.Do == SetAttrs {
				err = write(tandem.Side(s), tandem.SetAttrs, "", a.Attrs)
			} else if a.Into[s] && err == nil {
				err = write(tandem.Side(s), tandem.Update, body[0], a.Attrs)
			}
		}
	case Move:
		err = write(a.To, tandem.Move, "", "")
	case Delete:
		err = write(a.To, tandem.Delete, "", "")
	case KeepBoth:
		err = p.keepBoth(l, i, a, body, &outs)
	}
	if err != nil {
		return err
	}
	if row, drop, ok := l.Applied(i, a, outs); ok {
		p.record(row, drop)
	}
	return nil
}

// keepBoth does what a session does: the second version under a new id on both sides, then the first over it.
func (p *pair) keepBoth(l *Ledger, i int, a Action, body [2]string, outs *[2]*tandem.Outcome) error {
	var second [2]tandem.Outcome
	for s := range second {
		w := tandem.Write{Op: tandem.Create, ID: a.NewID}
		w.Record.Attrs = a.Shown(a.To).Attrs
		w.Record.UID = "second-" + body[a.To]
		out, err := p.m[s].apply(w, body[a.To])
		if err != nil {
			return err
		}
		second[s] = out
	}
	id, version := l.Target(i, a.To)
	w := tandem.Write{Op: tandem.Update, ID: id, If: version}
	w.Record.Attrs = a.Shown(a.To.Other()).Attrs
	out, err := p.m[a.To].apply(w, body[a.To.Other()])
	outs[a.To] = &out
	p.record(tandem.Row{A: shownOf(second[0]), B: shownOf(second[1])}, false)
	return err
}

func shownOf(o tandem.Outcome) tandem.Shown {
	return tandem.Shown{ID: o.ID, Version: o.Version, Digest: o.Digest, Attrs: o.Attrs, Node: o.Node, Size: o.Size}
}

// text prints the actions of a plan in a form that the tests compare.
func (p *Plan) text() string {
	var b strings.Builder
	for _, a := range p.Actions {
		fmt.Fprintf(&b, "%s", a.Do)
		switch a.Do {
		case Copy, Update, Move, Delete, KeepBoth:
			fmt.Fprintf(&b, " %s", a.To)
		case SetAttrs, Write:
			for s := range a.Into {
				if a.Into[s] {
					fmt.Fprintf(&b, " %s", tandem.Side(s))
				}
			}
		}
		id := a.At[a.To]
		if id == "" {
			id = a.At[a.To.Other()]
		}
		if a.Do == Wait && id == "" {
			id = a.Row.A.ID
		}
		fmt.Fprintf(&b, " %s", id)
		if a.Do == Move || a.Do == Copy && a.NewID != id {
			fmt.Fprintf(&b, "->%s", a.NewID)
		}
		fmt.Fprintf(&b, " (%s)\n", a.Reason)
	}
	return b.String()
}

// mustRun runs and fails the test on a refused step.
func (p *pair) mustRun(t *testing.T) *Plan {
	t.Helper()
	before := p.m[0].String() + " | " + p.m[1].String()
	plan, err := p.run()
	if err != nil {
		t.Fatalf("%v\nbefore: %s\nplan:\n%s", err, before, plan.text())
	}
	return plan
}
