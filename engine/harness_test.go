package engine

import (
	"fmt"
	"math/rand"
	"sort"
	"strings"
	"testing"

	"tandem"
)

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
	delta    [2]bool // only what changed since the last look is listed
	told     [2]map[tandem.ID]tandem.Version
	hand     map[tandem.Digest]string // versions written by hand
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
		if p.delta[s] {
			list = p.since(s, list)
		}
		if p.shuffle != nil {
			p.shuffle.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		for _, c := range list {
			v[s].See(c)
		}
		v[s].Finish(tandem.Listing{Complete: !p.partial[s], Full: !p.delta[s]})
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

// since keeps of a listing what differs from what was told before, and adds what is gone.
func (p *pair) since(s int, list []tandem.Change) []tandem.Change {
	var out []tandem.Change
	there := map[tandem.ID]bool{}
	for _, c := range list {
		there[c.ID] = true
		if v, ok := p.told[s][c.ID]; !ok || v != c.Version {
			out = append(out, c)
		}
	}
	for id := range p.told[s] {
		if !there[id] {
			out = append(out, tandem.Change{ID: id, Presence: tandem.Absent})
		}
	}
	return out
}

// tell remembers what both sides show: from now on they list what differs from it.
func (p *pair) tell() {
	for s := range p.m {
		p.delta[s], p.told[s] = true, map[tandem.ID]tandem.Version{}
		for _, c := range p.m[s].changes() {
			p.told[s][c.ID] = c.Version
		}
	}
}

// answer gives every open conflict a person's answer.
func (p *pair) answer(d tandem.Decision, body string) {
	p.hand = map[tandem.Digest]string{sum(body): body}
	for l, r := range p.rows {
		if r.Clash != nil {
			k := *r.Clash
			k.Decision, k.Body = d, sum(body)
			r.Clash = &k
			p.rows[l] = r
		}
	}
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
	for _, a := range plan.Actions() {
		var c [2]string
		for s := range c {
			if t := p.m[s].recs[a.Shown(tandem.Side(s)).ID]; t != nil {
				c[s] = t.content
			}
		}
		staged = append(staged, c)
	}
	for i, a := range plan.Actions() {
		if !l.Ready(i) {
			return fmt.Errorf("step %d %s of %q needs what was not done", i, a.Do, a.At)
		}
		if err := p.do(l, i, a, staged[i]); err != nil {
			return fmt.Errorf("step %d (%s %s): %w", i, a.Do, a.Reason, err)
		}
	}
	for i, op := range plan.Base {
		if l.ReadyOp(i) {
			p.record(l.OpRow(i), op.Drop)
		}
	}
	for row := range plan.InStep() {
		p.record(row, false)
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

// put records a row without a step of a plan.
func (p *pair) put(row tandem.Row) { p.record(row, false) }

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
		if op == tandem.Update && version == "" {
			w.Op = tandem.Create
		}
		out, err := p.m[s].apply(w, content)
		outs[s] = &out
		return err
	}
	var err error
	if a.Do == Write {
		body[0] = p.hand[a.Row.Clash.Body]
	}
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
	w.Record.Attrs = a.Attrs
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
	for _, a := range p.Actions() {
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
