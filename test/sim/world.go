package sim

import (
	"fmt"

	"tandem"
	"tandem/engine"
	"tandem/kind"
	"tandem/store"
)

// pairing is one pair of nodes that is kept in step.
type pairing struct {
	a, b    int
	name    string
	filters []filter // those in force since the last quiet point, the present one last
}

// world is one history being played.
type world struct {
	history
	mutant  mutant
	spec    specimen
	handler kind.Handler
	store   *store.Store
	nodes   []*node
	pairs   []pairing
	ledger  *ledger
	rules   engine.Rules
	now     int64 // Unix seconds
	skew    int64 // by how much places lie about the time
	strict  bool  // default rules: nothing may be left to history alone
	names   int
	log     func(format string, args ...any)
	loud    bool                          // log is worth the trouble
	wasOpen map[string]bool               // what was in conflict at the last quiet point
	swapped bool                          // sides exchanged, listings reversed: for the check of order
	way     *oneWay                       // nil: both ways
	frozen  map[string]map[tandem.ID]bool // by pair: files left alone because the other side hides them under an old name
	plans   map[string]*engine.Plan       // by pair: of its last run
	faulty  bool                          // something went wrong at a place since the last quiet point
}

// newWorld builds the replicas and pairs of a history on an empty store.
func newWorld(h history, swapped bool, st *store.Store, m mutant, kinds map[tandem.Kind]kind.Handler) (*world, error) {
	w := &world{history: h, swapped: swapped, mutant: m, spec: specimens[h.kind], store: st, ledger: newLedger(), frozen: map[string]map[tandem.ID]bool{}, plans: map[string]*engine.Plan{}, now: 1_800_000_000, log: func(string, ...any) {}}
	w.handler = kinds[w.spec.kind]
	if m.kind != nil {
		w.handler = m.kind(w.handler)
	}
	w.setRules()
	for i := range h.replicas {
		n := &node{name: fmt.Sprintf("R%d", i), trait: h.traits[i], vacated: map[tandem.ID]bool{}, left: map[tandem.ID]bool{}}
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
		p := pairing{a: i - 1, b: i, filters: []filter{{}}}
		if h.shape == star {
			p.a = 0
		}
		if h.traits[i]%2 == 0 {
			p.a, p.b = p.b, p.a
		}
		p.name = w.nodes[p.a].name + "-" + w.nodes[p.b].name
		w.pairs = append(w.pairs, p)
	}
	w.setDirection()
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
	w.strict = w.policy < 4 || w.policy == firstOneWay || w.policy == firstOneWay+3
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
	if w.liftFilters() {
		w.log("without filters")
		if err := w.quietPoint(); err != nil {
			return fmt.Errorf("at the end, without filters: %w", err)
		}
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
	case doFilter:
		w.filterStep(s)
	}
	return nil
}
