package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"tandem"
	"tandem/engine"
	"tandem/session"
	"tandem/store"
)

// syncStep runs one pair once, perhaps with people meddling, perhaps to its death.
func (w *world) syncStep(s step) error {
	p := w.pairs[s.replica%len(w.pairs)]
	a, b := w.nodes[p.a], w.nodes[p.b]
	a.fresh()
	b.fresh()
	r := rand.New(rand.NewPCG(w.seed, uint64(s.pick)<<20+uint64(s.more)))
	meddled := []*node{a, b}[r.IntN(2)]
	if s.edits > 0 && meddled.mem != nil && meddled.trait%11 != 5 {
		left := s.edits
		at := 1 + r.IntN(12)
		meddled.meddle = func(step int) {
			if left > 0 && step >= at {
				left--
				at += 1 + r.IntN(3)
				w.person(meddled, step2(r))
			}
		}
	}
	faultAt := 0
	if s.verb == doCrash {
		victim := []*node{a, b}[r.IntN(2)]
		if victim.mem != nil && r.IntN(2) == 0 {
			victim.dieAt = 1 + r.IntN(25)
			victim.power = r.IntN(2) == 0 && s.edits == 0
		} else {
			faultAt = 1 + r.IntN(10)
		}
	}
	if s.verb == doCrash {
		w.ledger.died = true
		w.ledger.forgets = w.ledger.forgets || w.ledger.unread || w.spec.kind == tandem.File
	}
	answer := []session.Answer{session.GoAhead, session.Leave, session.Restore}[s.more%3]
	rep, err := w.run(p, running{answer: answer, faultAt: faultAt, full: s.pick%5 == 0})
	if err != nil && !tolerable(err) {
		return err
	}
	a.fresh()
	b.fresh()
	if answer == session.Restore && rep != nil && rep.Plan != nil {
		clean := err == nil && rep.Left == 0 && rep.Aside == 0 && s.edits == 0 && !w.faulty && w.shape == direct && w.way == nil
		return w.putBack(p, rep.Plan, clean)
	}
	return nil
}

// tolerable reports whether a run may end with this error: a death, a fault of a place, the guard.
func tolerable(err error) bool {
	if errors.Is(err, errCrash) {
		return true
	}
	switch tandem.KindOf(err) {
	case tandem.Unreadable, tandem.Transient, tandem.Held, tandem.Gone, tandem.Busy, tandem.Changed:
		return true
	}
	return false
}

// running is how a run is made.
type running struct {
	answer  session.Answer
	faultAt int  // which step between two the process dies at, 0: none
	full    bool // cursors are ignored
}

// run is one run of one pair.
func (w *world) run(p pairing, how running) (*session.Report, error) {
	ctx := context.Background()
	a, err := w.nodes[p.a].open()
	if err != nil {
		return nil, err
	}
	defer func() { a.Close() }() // a mutant may be in its place by then
	b, err := w.nodes[p.b].open()
	if err != nil {
		return nil, err
	}
	defer func() { b.Close() }()
	if w.mutant.replica != nil {
		a.Replica, b.Replica = w.mutant.replica(a.Replica), w.mutant.replica(b.Replica)
	}
	if w.mutant.place != nil {
		w.mutant.place(w.nodes[p.a], a)
		w.mutant.place(w.nodes[p.b], b)
	}
	f := p.filter()
	f.apply(w, w.nodes[p.a], f.on[0])
	f.apply(w, w.nodes[p.b], f.on[1])
	pair := session.Pair{Key: p.name, Name: p.name, A: a, B: b, Kind: w.handler, Rules: w.rules, Scope: f.scope()}
	if w.mutant.unscoped {
		pair.Scope = ""
	}
	if w.swapped {
		pair.A, pair.B, pair.Rules = b, a, w.rules.Mirror()
	}
	faults := 0
	opt := session.Options{Now: func() int64 { return w.now }, Who: "sim", Full: how.full, Review: w.mutant.review,
		OnHeld: func(context.Context, *engine.Plan) (session.Answer, error) { return how.answer, nil },
		Fault: func(step string) error {
			faults++
			if faults == how.faultAt {
				w.log("  died at %s", step)
				w.nodes[p.a].kill()
				w.nodes[p.b].kill()
				return errCrash
			}
			return nil
		}}
	mortal := *w.store
	mortal.Bases = &mortalBases{w.store.Bases, []*node{w.nodes[p.a], w.nodes[p.b]}}
	deps := session.Deps{Store: &mortal}
	if w.mutant.store != nil {
		deps.Store = w.mutant.store(&mortal)
	}
	if w.mutant.both != nil {
		deps.Store = w.mutant.both(&[2]*node{w.sideOf(p, tandem.SideA), w.sideOf(p, tandem.SideB)}, &mortal)
	}
	rep, err := session.Run(ctx, deps, pair, opt)
	w.log("  run %s: %s, error %v", p.name, tell(rep), err)
	w.logBase(p.name)
	if rep != nil && rep.Plan != nil {
		w.plans[p.name] = rep.Plan
		w.noteFrozen(p, rep.Plan)
		w.noteLeft(p, rep.Plan)
		if bad := cmp.Or(deletesLast(rep.Plan), w.deletesDeleted(rep.Plan)); bad != nil {
			return rep, bad
		}
	}
	return rep, err
}

// deletesDeleted: what a run deletes because it was deleted elsewhere, a person deleted somewhere.
func (w *world) deletesDeleted(p *engine.Plan) error {
	if w.ledger.tainted || w.way != nil && w.way.mirror {
		return nil
	}
	for _, a := range p.All() {
		if a.Do == engine.Delete && a.Reason == engine.DeletedHere && a.UID != "" && !w.ledger.ever[a.UID] && !w.ledger.twice[a.UID] {
			return fmt.Errorf("deletes: %q is deleted from side %s, though no person ever deleted it", a.UID, a.To)
		}
	}
	return nil
}

// within tells whether id or a directory above it is in the set.
func within(id tandem.ID, set map[tandem.ID]bool) bool {
	for ; id != "" && !set[id]; id = id[:max(0, strings.LastIndexByte(string(id), '/'))] {
	}
	return set[id]
}

// deletesLast checks the order of a plan: whatever may fail, what was to be deleted is there until all else is done, and
// what is in a directory goes before it.
func deletesLast(p *engine.Plan) error {
	var gone []tandem.ID
	retyped := map[tandem.ID]bool{}
	for _, a := range p.All() {
		if a.Do == engine.Delete && a.Reason == engine.TypeChanged {
			retyped[a.At[a.To]] = true
		}
	}
	for _, a := range p.All() {
		switch {
		case a.Do == engine.Wait, a.Do == engine.Nothing, a.Do == engine.Conflict:
		case a.Do == engine.Delete && within(a.At[a.To], retyped): // must be gone before the other type can come
		case a.Do == engine.Delete:
			for _, id := range gone {
				if strings.HasPrefix(string(a.At[a.To]), string(id)+"/") {
					return fmt.Errorf("deletes: %s is to be deleted after %s", a.At[a.To], id)
				}
			}
			gone = append(gone, a.At[a.To])
		case len(gone) > 0:
			return fmt.Errorf("deletes: %s of %q comes after the deletion of %q", a.Do, a.At, gone)
		}
	}
	return nil
}

func tell(rep *session.Report) string {
	if rep == nil || rep.Plan == nil {
		return "no plan"
	}
	var b strings.Builder
	for _, act := range rep.Plan.All() {
		fmt.Fprintf(&b, "\n    %s to %s: A %q B %q new %q: %s %s", act.Do, act.To, act.A.ID, act.B.ID, act.NewID, act.Reason, act.Note)
	}
	for _, e := range rep.Problems {
		fmt.Fprintf(&b, "\n    problem %s: %s", e.Record, e.Text)
	}
	return b.String()
}

// logBase tells what the base of a pair holds, when anyone listens.
func (w *world) logBase(pair string) {
	if !w.loud {
		return
	}
	ctx := context.Background()
	pairs, _ := w.store.Bases.Pairs(ctx)
	for _, p := range pairs {
		if p.Key != pair {
			continue
		}
		for row, err := range w.store.Bases.Rows(ctx, p.ID) {
			w.log("    base %d %q: A %q at %q, B %q at %q, aside %+v, clash %+v %v", row.Link, row.UID, row.A.ID, row.A.Version, row.B.ID, row.B.Version, row.Aside, row.Clash, err)
		}
		w.log("    cursors %q", p.Cursors)
	}
}

// basesKnow tells that every pair of n that has a row of the UID has it there under id.
func (w *world) basesKnow(n *node, uid string, id tandem.ID) bool {
	ctx := context.Background()
	pairs, _ := w.store.Bases.Pairs(ctx) // in memory: it does not fail
	for _, p := range w.pairs {
		side := slices.Index([]*node{w.sideOf(p, tandem.SideA), w.sideOf(p, tandem.SideB)}, n)
		for _, have := range pairs {
			if side < 0 || have.Key != p.name {
				continue
			}
			for row, err := range w.store.Bases.Rows(ctx, have.ID) {
				if was := row.Side(tandem.Side(side)).ID; err == nil && row.UID == uid && was != "" && was != id {
					return false
				}
			}
		}
	}
	return true
}

// mortalBases takes no commits from a dead process.
type mortalBases struct {
	store.Bases
	nodes []*node
}

func (m *mortalBases) Commit(ctx context.Context, pair int64, c store.Commit) error {
	for _, n := range m.nodes {
		if n.isDead() {
			return errCrash
		}
	}
	return m.Bases.Commit(ctx, pair, c)
}
