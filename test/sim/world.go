package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"strings"

	"tandem"
	"tandem/engine"
	"tandem/kind"
	"tandem/session"
	"tandem/store"
)

// pairing is one pair of nodes that is kept in step.
type pairing struct {
	a, b int
	name string
}

// world is one history being played.
type world struct {
	history
	mutant   mutant
	spec     specimen
	handler  kind.Handler
	store    *store.Store
	nodes    []*node
	pairs    []pairing
	ledger   *ledger
	rules    engine.Rules
	now      int64 // Unix seconds
	skew     int64 // by how much places lie about the time
	strict   bool  // default rules: nothing may be left to history alone
	names    int
	log      func(format string, args ...any)
	loud     bool            // log is worth the trouble
	wasOpen  map[string]bool // what was in conflict at the last quiet point
	swapped  bool            // sides exchanged, listings reversed: for the check of order
	hasFault bool
}

// newWorld builds the replicas and pairs of a history on an empty store.
func newWorld(h history, st *store.Store, m mutant, kinds map[tandem.Kind]kind.Handler) (*world, error) {
	w := &world{history: h, mutant: m, spec: specimens[h.kind], store: st, ledger: newLedger(), now: 1_800_000_000, log: func(string, ...any) {}}
	w.handler = kinds[w.spec.kind]
	if m.kind != nil {
		w.handler = m.kind(w.handler)
	}
	w.setRules()
	for i := range h.replicas {
		n := &node{name: fmt.Sprintf("R%d", i), trait: h.traits[i]}
		if h.shape == star && i == 0 {
			hands, err := newHomeHands(st, w.handler, w.spec)
			if err != nil {
				return nil, err
			}
			n.name, n.home = "home", hands
		} else {
			n.mem = newMemory(n, w)
		}
		w.nodes = append(w.nodes, n)
	}
	for i := 1; i < h.replicas; i++ {
		p := pairing{a: i - 1, b: i}
		if h.shape == star {
			p.a = 0
		}
		if h.traits[i]%2 == 0 {
			p.a, p.b = p.b, p.a
		}
		p.name = w.nodes[p.a].name + "-" + w.nodes[p.b].name
		w.pairs = append(w.pairs, p)
	}
	return w, nil
}

func (w *world) setRules() {
	switch w.policy {
	case 4:
		w.rules.Policy = engine.Newest
	case 5:
		w.rules.Policy = engine.PreferA
	case 6:
		w.rules.Policy, w.ledger.copies = engine.Both, true
	case 7:
		w.rules.DeleteVsChange = engine.DeleteWins
	}
	w.strict = w.policy < 4
}

// play runs the whole history and ends with a quiet point.
func (w *world) play() error {
	for i, s := range w.steps {
		w.log("step %d: %s", i, s)
		if err := w.step(s); err != nil {
			return fmt.Errorf("step %d (%s): %w", i, s, err)
		}
		w.now += 60
	}
	if err := w.quietPoint(); err != nil {
		return fmt.Errorf("at the end: %w", err)
	}
	return nil
}

func (w *world) step(s step) error {
	n := w.nodes[s.replica%len(w.nodes)]
	switch s.verb {
	case doCreate, doEdit, doAdd, doDelete, doRename, doMakeDir:
		w.person(n, s)
	case doSync, doCrash:
		return w.syncStep(s)
	case doFault:
		w.fault(n, s)
	case doClock:
		w.skew = int64(s.pick-500) * 86400
	case doDecide:
		return w.decide(s)
	case doQuiet:
		return w.quietPoint()
	}
	return nil
}

// person does what a person does in one place.
func (w *world) person(n *node, s step) {
	records := n.list()
	if s.verb == doCreate || len(records) == 0 {
		w.create(n, s)
		return
	}
	r := records[s.pick%len(records)]
	body := bodyOf(r)
	switch s.verb {
	case doEdit, doAdd:
		if body == nil {
			return
		}
		t := w.ledger.issue(w.spec.uidOf(body), n.name)
		var old token
		if s.verb == doAdd && w.spec.kind != tandem.File {
			body = w.spec.add(body, t)
		} else {
			w.ledger.edited[key(w.spec.uidOf(body), body)] = true
			body, old = w.spec.set(body, s.more, t)
		}
		w.ledger.edited[key(w.spec.uidOf(body), body)] = true
		if err := n.put(r.ID, body, r.Attrs); err != nil {
			w.ledger.supersede(t)
			return
		}
		w.ledger.supersede(old)
		w.log("  %s: %s of %s: %s replaces %s", n.name, verbNames[s.verb], r.ID, t, old)
	case doDelete:
		for _, x := range records {
			if x.ID == r.ID || (w.spec.kind == tandem.File && strings.HasPrefix(string(x.ID), string(r.ID)+"/")) {
				w.ledger.supersede(tokensIn(bodyOf(x))...)
				w.ledger.deleted[key(w.spec.uidOf(bodyOf(x)), bodyOf(x))] = true
			}
		}
		w.log("  %s: delete %s", n.name, r.ID)
		n.remove(r.ID)
	case doRename:
		if n.mem == nil || w.spec.kind != tandem.File {
			return
		}
		to := tandem.ID(path.Join(w.directory(n, s.more), w.name(s.more)))
		for _, x := range records {
			if x.ID == r.ID || strings.HasPrefix(string(x.ID), string(r.ID)+"/") {
				w.ledger.edited[key("", bodyOf(x))] = true
			}
		}
		w.log("  %s: rename %s to %s: %v", n.name, r.ID, to, n.mem.Rename(r.ID, to))
	case doMakeDir:
		if n.mem != nil && w.spec.kind == tandem.File {
			id := tandem.ID(path.Join(w.directory(n, s.pick), "d"+w.name(s.more)))
			w.log("  %s: mkdir %s: %v", n.name, id, n.mem.PutDir(id))
		}
	}
}

// name draws a file name from a small set, so that names meet.
func (w *world) name(n int) string {
	w.names++
	if n%3 == 0 {
		return fmt.Sprintf("n%d", n%7)
	}
	return fmt.Sprintf("f%d", w.names)
}

// directory picks a directory of the node, "" for the top.
func (w *world) directory(n *node, pick int) string {
	dirs := []string{""}
	for _, r := range n.list() {
		if r.Attrs.Get("type") == "dir" {
			dirs = append(dirs, string(r.ID))
		}
	}
	return dirs[pick%len(dirs)]
}

func (w *world) create(n *node, s step) {
	var id tandem.ID
	uid := ""
	if w.spec.kind == tandem.File {
		id = tandem.ID(path.Join(w.directory(n, s.pick), w.name(s.more)))
		for _, r := range n.list() {
			if strings.EqualFold(string(r.ID), string(id)) {
				return
			}
		}
	} else {
		w.names++
		uid = fmt.Sprintf("uid-%d@%s", w.names, n.name)
		id = tandem.ID(uid + w.spec.ext)
	}
	t := w.ledger.issue(uid, n.name)
	body := w.spec.create(uid, t)
	if err := n.put(id, body, ""); err != nil {
		w.ledger.supersede(t)
		return
	}
	w.ledger.edited[key(uid, body)] = true
	w.log("  %s: create %s with %s", n.name, id, t)
}

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
	answer := session.Answer(session.Leave)
	if s.more%2 == 0 {
		answer = session.GoAhead
	}
	_, err := w.run(p, answer, faultAt)
	if err != nil && !tolerable(err) {
		return err
	}
	a.fresh()
	b.fresh()
	return nil
}

// step2 draws an edit that somebody makes while a run is under way.
func step2(r *rand.Rand) step {
	return step{verb: []verb{doCreate, doEdit, doEdit, doAdd, doDelete, doRename}[r.IntN(6)], pick: r.IntN(1000), more: r.IntN(1000)}
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

// run is one run of one pair.
func (w *world) run(p pairing, answer session.Answer, faultAt int) (*session.Report, error) {
	ctx := context.Background()
	a, err := w.nodes[p.a].open()
	if err != nil {
		return nil, err
	}
	defer a.Close()
	b, err := w.nodes[p.b].open()
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if w.mutant.replica != nil {
		a.Replica, b.Replica = w.mutant.replica(a.Replica), w.mutant.replica(b.Replica)
	}
	pair := session.Pair{Key: p.name, Name: p.name, A: a, B: b, Kind: w.handler, Rules: w.rules}
	if w.swapped {
		pair.A, pair.B, pair.Rules = b, a, w.rules.Mirror()
	}
	faults := 0
	opt := session.Options{Now: func() int64 { return w.now }, Who: "sim", Review: w.mutant.review,
		OnHeld: func(context.Context, *engine.Plan) (session.Answer, error) { return answer, nil },
		Fault: func(step string) error {
			faults++
			if faults == faultAt {
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
	rep, err := session.Run(ctx, deps, pair, opt)
	w.log("  run %s: %s, error %v", p.name, tell(rep), err)
	w.logBase(p.name)
	return rep, err
}

func tell(rep *session.Report) string {
	if rep == nil || rep.Plan == nil {
		return "no plan"
	}
	var b strings.Builder
	for _, act := range rep.Plan.Actions {
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
