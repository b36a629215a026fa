package center

import (
	"slices"
	"strings"

	"tandem"
	"tandem/engine"
)

// The choices a person has for each step of a preview.
const (
	Keep    = "keep"    // do it as planned
	Skip    = "skip"    // leave it for the next run
	Reverse = "reverse" // carry the other side's state over instead
	TakeA   = "a"       // of a record that both sides changed, take A's version for both
	TakeB   = "b"       // or B's
)

// choosePlan edits a plan by what a person chose from its preview. Steps that were not in the preview are left out:
// nothing is done that nobody looked at.
func choosePlan(plan *engine.Plan, chosen map[string]string) {
	var back []int // indexes of deletions that became copies
	for i, act := range plan.All() {
		if !writes(act.Do) {
			continue
		}
		choice := chosen[actionKey(&act)]
		switch choice {
		case Keep:
			continue
		case Reverse:
			if r, ok := reverse(act); ok {
				if act.Do == engine.Delete {
					back = append(back, i)
				}
				plan.Set(i, r)
				continue
			}
		}
		if s, ok := sideOf(choice); ok {
			if one, ok := takeOne(act, s); ok {
				plan.Set(i, one)
				continue
			}
		}
		act.Do = engine.Nothing
		plan.Set(i, act)
	}
	parentsFirst(plan, back)
}

// writes reports whether a step writes to a side.
func writes(do engine.Do) bool {
	switch do {
	case engine.Nothing, engine.Wait, engine.Conflict, engine.Link:
		return false
	}
	return true
}

// parentsFirst puts the copies at the given indexes, which were deletions with children first, into the order that
// creations need. They stay on those indexes, which other actions name.
func parentsFirst(plan *engine.Plan, at []int) {
	acts := make([]engine.Action, 0, len(at))
	for _, i := range at {
		acts = append(acts, plan.Action(i))
	}
	slices.SortStableFunc(acts, func(a, b engine.Action) int { return strings.Compare(string(a.NewID), string(b.NewID)) })
	for n, i := range at {
		plan.Set(i, acts[n])
	}
}

func sideOf(choice string) (tandem.Side, bool) {
	switch choice {
	case TakeA:
		return tandem.SideA, true
	case TakeB:
		return tandem.SideB, true
	}
	return 0, false
}

// takeOne turns a merge into an update of the other side by the version of one.
func takeOne(act engine.Action, from tandem.Side) (one engine.Action, ok bool) {
	if act.Do != engine.Merge && act.Do != engine.KeepBoth || act.At[tandem.SideA] == "" || act.At[tandem.SideB] == "" {
		return act, false
	}
	one = act
	one.Do, one.To, one.Attrs = engine.Update, from.Other(), act.Shown(from).Attrs
	one.NewID, one.Into, one.Reason, one.Note, one.Lost = "", [2]bool{}, engine.PersonDecided, "", true
	return one, true
}

// reverse turns a step round: the side that would have been written to is taken as it is, and carried to the other.
// ok is false where that makes no sense.
func reverse(act engine.Action) (rev engine.Action, ok bool) {
	rev = act
	rev.To, rev.Reason, rev.Note, rev.Needs = act.To.Other(), engine.PersonDecided, "", nil
	has := act.At[act.To] != "" // the side that would have been written to holds the record
	switch act.Do {
	case engine.Copy: // it is only at the other side: take it away there
		if has || act.At[rev.To] == "" {
			return act, false
		}
		rev.Do, rev.Lost = engine.Delete, true
	case engine.Delete: // it is only at the side to be written: put it back at the other
		if !has || act.At[rev.To] != "" {
			return act, false
		}
		rev.Do, rev.Attrs, rev.Lost = engine.Copy, act.Shown(act.To).Attrs, false
	case engine.Update:
		rev.Attrs, rev.Lost, rev.Into = act.Shown(act.To).Attrs, true, [2]bool{}
	case engine.SetAttrs:
		if act.Into[tandem.SideA] == act.Into[tandem.SideB] {
			return act, false
		}
		from := tandem.SideA // the side that is to be kept as it is
		if act.Into[tandem.SideB] {
			from = tandem.SideB
		}
		rev.Attrs = act.Shown(from).Attrs
		rev.Into = [2]bool{}
		rev.Into[from.Other()] = true
	default:
		return act, false
	}
	return rev, true
}
