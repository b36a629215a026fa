package session

import (
	"iter"

	"tandem"
	"tandem/engine"
	"tandem/kind"
	"tandem/store"
)

// smallBody is what a body of unknown size is taken for when memory is planned, in bytes.
const smallBody = 4 << 10

// keepBody is the largest body of a kind with large bodies that a conflict keeps a copy of, in bytes: enough to show what
// a text says. The versions themselves stay where they are.
const keepBody = 256 << 10

// batch is a run of actions that are staged and applied together.
type batch struct {
	steps   []*step
	barrier bool          // its effects decide how what follows is read: nothing is staged beside it
	done    chan struct{} // closed once it was applied
	down    [2]error      // a place failed as a whole while staging
	sent    chan struct{} // closed once its writes are made; nil where that is not waited for
	failed  [2]error      // a place failed as a whole while they were made; told by sent
}

// step is one action being carried out.
type step struct {
	index  int           // in the plan
	act    engine.Action // as planned; a Merge becomes what Settle makes of it
	target [2]target     // what each side has by the time of the step
	seen   [2]tandem.Shown
	got    [2]*got       // what was fetched from each side
	body   *got          // Write: what is written; nil for other actions
	mark   tandem.Marker // Copy: of the create it comes to
	fields []kind.Clash  // what a merge could not settle
	jobs   []*job        // the writes it comes to
	err    error         // why it cannot be done
	merge  bool          // it was planned as a Merge
	failed bool          // a write of it was not done
	aside  bool          // its record was set aside
}

// target is where a side has a record and at which version, earlier moves of the run done.
type target struct {
	id tandem.ID
	at tandem.Version
}

// job is one write of a step.
type job struct {
	step  *step
	side  *side
	write tandem.Write
	past  *store.Past // its pre-image, already in history; nil: none
	out   tandem.Outcome
	skip  error // it was not tried, and why
}

// class orders actions that must not share a batch.
func class(do engine.Do) int {
	switch do {
	case engine.Move:
		return 0
	case engine.Delete:
		return 2
	case engine.KeepBoth:
		return 3
	}
	return 1
}

// batches cuts the plan. A batch holds at most as many writes as the places take at a time and as many bytes as
// Options.Batch. An action shares a batch with one that it needs only where the place itself sees to the order.
func (x *executor) batches() iter.Seq[*batch] {
	limit := max(x.sides[0].width(x.rules.Tree), x.sides[1].width(x.rules.Tree))
	if x.plan.Len() > 2*limit {
		limit = min(limit, max(limit/4, 1000)) // the plan itself is large: leave it the memory
	}
	return func(yield func(*batch) bool) {
		var b *batch
		var bytes int64
		last, first := 0, 0
		for i := range x.plan.Len() {
			if do := x.plan.Do(i); do == engine.Nothing || do == engine.Wait {
				continue
			}
			act := x.plan.Action(i)
			cost := x.cost(&act)
			c := class(act.Do)
			if b != nil && (len(b.steps) >= limit || bytes+cost > x.opt.Batch || c != last || c == 3 || x.mustWait(&act, first)) {
				if !yield(b) {
					return
				}
				b = nil
			}
			if b == nil {
				b, bytes, first, last = &batch{done: make(chan struct{}), barrier: c == 0 || c == 3}, 0, i, c
			}
			b.steps = append(b.steps, &step{index: i, act: act, merge: act.Do == engine.Merge})
			bytes += cost
		}
		if b != nil {
			yield(b)
		}
	}
}

// mustWait tells whether act needs an action of the batch that began at first to be done before it is even tried. That
// is not so for a file and its folder in the same place, which takes writes in their order.
func (x *executor) mustWait(act *engine.Action, first int) bool {
	for _, n := range act.Needs {
		if n < first {
			continue
		}
		if need := x.plan.Action(n); need.Do != act.Do || need.To != act.To || act.Do != engine.Copy && act.Do != engine.Delete {
			return true
		}
	}
	return false
}

// width is how many writes one batch should carry for this side.
func (s *side) width(tree bool) int {
	n := s.Features.Batch
	if n <= 0 {
		n = 100
	}
	if !tree {
		n *= max(1, s.Features.Workers)
	}
	return n
}

// heldBody is the largest body of a kind with large bodies that a place may hold in memory to pass it on, in bytes: a message that came over the network, which a larger one waits in a file for.
const heldBody = 256 << 10

// cost is the memory that staging an action takes, as far as one can know before. Large bodies are passed on by
// reference and cost nothing, and so do those of a tree, which are files.
func (x *executor) cost(act *engine.Action) int64 {
	if x.stream != nil && x.rules.Tree {
		return 0
	}
	n := int64(0)
	for s := tandem.SideA; s <= tandem.SideB; s++ {
		if !x.wants(act, s) {
			continue
		}
		if size := max(act.Shown(s).Size, smallBody); x.stream == nil || size <= heldBody {
			n += size
		}
	}
	return n
}

// wants tells whether carrying out act takes the body that side s has: to write it, to merge it, or to keep it in
// history before it is overwritten.
func (x *executor) wants(act *engine.Action, s tandem.Side) bool {
	sh := act.Shown(s)
	if sh.ID == "" || bodiless(sh.Attrs) {
		return false
	}
	keep := !x.sides[s].Features.Parks
	switch act.Do {
	case engine.Copy:
		return s != act.To
	case engine.Update:
		return s != act.To || keep
	case engine.Delete:
		return s == act.To && keep
	case engine.Merge, engine.KeepBoth:
		return true
	case engine.Write:
		return act.Into[s] && (keep || x.stream == nil)
	case engine.Conflict:
		return x.stream == nil || sh.Size <= keepBody
	}
	return false
}

// isSource tells whether the body of side s travels, so that it must be what the plan was made for.
func isSource(act *engine.Action, s tandem.Side) bool {
	switch act.Do {
	case engine.Copy, engine.Update:
		return s != act.To
	case engine.Merge, engine.KeepBoth, engine.Conflict:
		return true
	}
	return false
}

// bodiless tells whether a record of a tree has no body, by its attributes.
func bodiless(a tandem.Attrs) bool {
	t := a.Get("type")
	return t == "dir" || t == "link"
}
