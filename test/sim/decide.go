package sim

import (
	"context"
	"slices"

	"tandem"
	"tandem/store"
)

// decide answers an open conflict the way a person would from the inbox.
func (w *world) decide(s step) error {
	ctx := context.Background()
	open, err := w.store.Conflicts.List(ctx, 0, true)
	if err != nil || len(open) == 0 {
		return err
	}
	c := open[s.pick%len(open)]
	if len(c.Versions) != 2 || c.Decision != tandem.Undecided {
		return nil
	}
	winner := s.more % 2
	var kept, lost []token
	for i, v := range c.Versions {
		body := w.conflictBody(v)
		if body == nil {
			body = w.liveBody(v)
		}
		if i == winner {
			kept = tokensIn(body)
		} else {
			lost = tokensIn(body)
		}
	}
	for _, t := range lost {
		if !slices.Contains(kept, t) {
			w.ledger.supersede(t)
		}
	}
	for _, v := range c.Versions {
		if body := w.conflictBody(v); body != nil {
			w.ledger.edited[key(w.spec.uidOf(body), body)] = true
		}
	}
	w.log("  decide conflict %d: take %d, keep %v, give up %v", c.ID, winner, kept, lost)
	return w.store.Conflicts.Decide(ctx, c.ID, []tandem.Decision{tandem.TakeA, tandem.TakeB}[winner], nil)
}

// liveBody reads a version whose body the conflict does not hold where it lives.
func (w *world) liveBody(v store.ConflictVersion) []byte {
	for _, n := range w.nodes {
		o, err := n.open()
		if err != nil {
			continue
		}
		o.Close()
		if o.Place != v.Place {
			continue
		}
		for _, r := range n.list() {
			if r.ID == v.ID {
				return bodyOf(r)
			}
		}
	}
	return nil
}
