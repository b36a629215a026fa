package sim

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"tandem"
	"tandem/engine"
	"tandem/provider/memory"
)

// errFiltered is why a filter hides a record.
var errFiltered = errors.New("the filter of this pair leaves it out")

// filter is what a person chose to leave out of a pair: a share of the records by name, on one side or both. The zero value
// hides nothing. Names never change in records that have a UID; a file leaves a filter's scope or enters it by being renamed.
type filter struct {
	share int     // of four
	from  int     // which names those are
	on    [2]bool // at which of the pair's nodes, as pairing has them
}

// drawFilter makes a filter of the numbers of a step.
func drawFilter(s step) filter {
	f := filter{share: 1 + s.more%2, from: s.more / 2 % 4}
	switch s.pick % 5 {
	case 0:
		return filter{}
	case 1:
		f.on = [2]bool{true, false}
	case 2:
		f.on = [2]bool{false, true}
	default:
		f.on = [2]bool{true, true}
	}
	return f
}

var (
	madeUID  = regexp.MustCompile(`^[0-9a-f]{32}$`)
	madeName = regexp.MustCompile(` \(conflict [0-9a-f]{8}\)`)
)

// scope is what a session is told of the filter.
func (f filter) scope() string {
	if f == (filter{}) {
		return ""
	}
	return fmt.Sprint(f)
}

// hides tells whether the filter leaves out the record of a name, a UID or a path. A second version that a policy keeps is in
// scope under the UID it is given, and as a file where the first is: what a place refuses to keep twice is never settled.
func (f filter) hides(name string) bool {
	if f.share == 0 || madeUID.MatchString(name) {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		part = madeName.ReplaceAllString(part, "")
		sum := fnv.New32a()
		sum.Write([]byte(strings.ToLower(part))) // a hash never fails
		if (int(sum.Sum32()>>8)+f.from)%4 < f.share {
			return true
		}
	}
	return false
}

// apply has a place show what the filter lets through. Only places outside the hub have filters.
func (f filter) apply(w *world, n *node, on bool) {
	if n.mem == nil {
		return
	}
	var hide func(tandem.ID, []byte) error
	if on && f.share > 0 {
		hide = func(id tandem.ID, body []byte) error {
			name := w.spec.uidOf(body)
			if w.spec.kind == tandem.File {
				name = string(id)
			}
			if name != "" && f.hides(name) {
				return errFiltered
			}
			return nil
		}
	}
	n.mem.Tune(func(k *memory.Knobs) {
		k.Filter, k.HiddenUID = hide, nil
		if hide != nil && w.spec.kind != tandem.File {
			k.HiddenUID = w.spec.uidOf // what a filter of names looks at, it can tell
		}
	})
}

// filtered tells whether any pair leaves out a record, or did since the last quiet point.
func (w *world) filtered(name string) bool {
	for _, p := range w.pairs {
		for _, f := range p.filters {
			if f.hides(name) {
				return true
			}
		}
	}
	return false
}

// hidden is what filters leave out anywhere, by key.
func (w *world) hidden() map[string]bool {
	out := map[string]bool{}
	for _, n := range w.nodes {
		for _, r := range n.list() {
			if body := bodyOf(r); body != nil && w.filtered(w.nameOf(r)) {
				out[key(w.spec.uidOf(body), body)] = true
			}
		}
	}
	return out
}

// filterStep gives a pair another filter.
func (w *world) filterStep(s step) {
	p := &w.pairs[s.replica%len(w.pairs)]
	f := drawFilter(s)
	a, b := w.nodes[p.a], w.nodes[p.b]
	if w.spec.kind == tandem.File || a.trait%11 == 5 || b.trait%11 == 5 {
		// Where a name may change, or a version with each look, what a place refuses is tried again in every run: such places
		// are to leave out the same.
		if f.share == 0 || a.mem == nil || b.mem == nil {
			f = filter{}
		}
		f.on = [2]bool{f.share > 0, f.share > 0}
	}
	p.filters = append(p.filters, f)
	w.log("  %s: filter %+v", p.name, f)
}

// noteFrozen notes the files that a run left as they are because the filter hides what they are called on the other side, or were. It
// takes a plan's word for that only if such a file is there and hidden. What is in such a directory stays with it.
func (w *world) noteFrozen(p pairing, plan *engine.Plan) {
	frozen := map[tandem.ID]bool{}
	for _, act := range plan.All() {
		if w.spec.kind != tandem.File || act.Do != engine.Wait || act.Reason != engine.SideIgnored || act.Row.Link == 0 {
			continue
		}
		for s := tandem.SideA; s <= tandem.SideB; s++ {
			if w.hidesWhatWas(p, s, *act.Row.Side(s)) {
				frozen[act.Shown(s.Other()).ID] = true
			}
		}
	}
	for _, act := range plan.All() { // what was moved into such a directory on one side stays where it was on the other
		for s := tandem.SideA; s <= tandem.SideB; s++ {
			was := act.Shown(s.Other()).ID
			if act.Do == engine.Wait && act.Reason == engine.SideIgnored && was != "" && within(act.Shown(s).ID, frozen) {
				frozen[was] = true
			}
		}
	}
	w.noteNamesTaken(p, plan, frozen)
	w.frozen[p.name] = frozen
}

// hidesWhatWas tells that side s of a pair holds under a hidden name what the base has there: under its old name, or as the same thing
// renamed out of scope.
func (w *world) hidesWhatWas(p pairing, s tandem.Side, was tandem.Shown) bool {
	return slices.ContainsFunc(w.sideOf(p, s).list(), func(r tandem.Record) bool {
		return (r.ID == was.ID || was.Node != "" && r.Node == was.Node) && p.filter().hides(string(r.ID))
	})
}

// noteLeft notes the files that a pair has no more to do with since one side deleted them and the other renamed them out of the filter's
// scope. Who changed such a file further on brings it back under its old name, beside the one that is hidden.
func (w *world) noteLeft(p pairing, plan *engine.Plan) {
	for _, op := range plan.Base {
		if w.spec.kind != tandem.File || !op.Drop {
			continue
		}
		for s := tandem.SideA; s <= tandem.SideB; s++ {
			if was := op.Row.Side(s); was.Node == "" || !w.hidesWhatWas(p, s, *was) {
				continue
			}
			for _, r := range w.sideOf(p, s).list() {
				if r.Node == op.Row.Side(s).Node {
					for _, t := range tokensIn(bodyOf(r)) {
						w.ledger.twice[t.String()] = true
					}
				}
			}
		}
	}
}

// spared tells that a record may be on one side only: for the filter, or for what it hides, or keeps from being carried out, in a directory that was
// deleted on the other side and must stay.
func (w *world) spared(p pairing, name string) bool {
	stays := func(id tandem.ID) bool { return p.filter().hides(string(id)) || within(id, w.frozen[p.name]) }
	if stays(tandem.ID(name)) {
		return true
	}
	for _, n := range []*node{w.nodes[p.a], w.nodes[p.b]} {
		for _, r := range n.list() {
			if strings.HasPrefix(string(r.ID), name+"/") && stays(r.ID) {
				return true
			}
		}
	}
	return false
}

// filter is the one in force.
func (p *pairing) filter() filter { return p.filters[len(p.filters)-1] }

// settle forgets the filters of the past.
func (p *pairing) settle() { p.filters = []filter{p.filter()} }

// liftFilters ends all filters and reports whether there were any.
func (w *world) liftFilters() bool {
	any := false
	for i := range w.pairs {
		if p := &w.pairs[i]; p.filter() != (filter{}) {
			p.filters = append(p.filters, filter{})
			any = true
		}
	}
	return any
}

// withFilters puts changes of filters into some histories. They are drawn by themselves, so that the rest of a history is
// what it would be without.
func withFilters(h history) history {
	r := rand.New(rand.NewPCG(h.seed, 0xf117e5))
	if r.IntN(3) != 0 {
		return h
	}
	for range 1 + r.IntN(4) {
		at := r.IntN(len(h.steps) + 1)
		s := step{verb: doFilter, replica: r.IntN(16), pick: r.IntN(1000), more: r.IntN(1000)}
		h.steps = append(h.steps[:at:at], append([]step{s}, h.steps[at:]...)...)
	}
	return h
}
