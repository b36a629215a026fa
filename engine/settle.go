package engine

import (
	"tandem"
)

// Settle turns a Merge action into what follows once the bodies were looked at: equal tells that both bodies mean the
// same (Link), clean that the merge left no clash (Write the merged body); otherwise the policy decides.
func Settle(act Action, equal, clean bool, rules Rules) Action {
	if act.Do != Merge {
		return act
	}
	switch {
	case equal:
		act.Do = Link
		for s := range act.Into {
			act.Into[s] = act.Into[s] && act.Shown(tandem.Side(s)).Attrs != act.Attrs && !rules.NoAttrs[0] && !rules.NoAttrs[1]
		}
		if act.Into[0] || act.Into[1] {
			act.Do = SetAttrs
		}
		return act
	case clean:
		act.Do = Write
		return act
	}
	v := choose(rules.Policy, act.ModifiedA, act.ModifiedB, act.Into)
	into := act.Into
	act.Into = [2]bool{}
	act.Do, act.To = v.do, v.side
	switch v.do {
	case Update:
		if limit := rules.MaxSize[act.To]; limit > 0 && act.Shown(act.To.Other()).Size > limit {
			act.Do, act.Reason = Wait, TooBig
			return act
		}
		act.Reason, act.Lost = PolicyDecided, true
		o := act.To.Other()
		act.Into[o] = into[o] && act.Shown(o).Attrs != act.Attrs && !rules.NoAttrs[0] && !rules.NoAttrs[1]
	case KeepBoth:
		if rules.Tree && act.NewID == "" {
			act.Do = Conflict // no one path names a second version on both sides
			return act
		}
		r := &record{cur: [2]*seen{{Shown: *act.A}, {Shown: *act.B}}}
		r.keepBoth(PolicyDecided)
		act.To, act.Reason, act.Attrs = r.side, r.reason, r.attrs // not the merged ones: nothing is merged
	case Link:
		act.Reason, act.Into = PolicyDecided, into // only one side can be written: what differs there is its own
	}
	return act
}

// Postpone returns the row that remembers that act failed and is not to be tried again for a while: five times longer
// after each failure, from one minute to a day.
func Postpone(act Action, reason string, now int64) tandem.Row {
	row := *act.Row
	if act.UID != "" {
		row.UID = act.UID
	}
	k := &tandem.Aside{Reason: reason, Tries: 1, A: act.A.Version, B: act.B.Version}
	if old := row.Aside; old != nil && old.A == k.A && old.B == k.B {
		k.Tries = old.Tries + 1
	}
	wait := int64(60)
	for range k.Tries - 1 {
		wait = min(wait*5, 24*60*60)
	}
	k.Until = now + wait
	if !row.Agreed() && row.Clash == nil {
		// A place that tells only what changed has told of it: a row that named one of two would be all that is known of the other.
		k.New = act.A.ID != "" && act.B.ID != ""
		for s := sideA; s <= sideB; s++ {
			*row.Side(s) = *act.Shown(s)
			if act.At[s] != "" && act.Shown(s).ID != "" {
				row.Side(s).ID = act.At[s]
			}
		}
	}
	row.Aside = k
	return row
}
