package sim

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"tandem"
	"tandem/engine"
	"tandem/provider"
	"tandem/session"
	"tandem/store"
)

// quietPoint ends all faults, runs every pair until nothing is left to do, and checks the invariants.
func (w *world) quietPoint() error {
	w.log("quiet point %d", w.ledger.epoch)
	w.heal()
	open := w.openConflicts()
	maps.Copy(open, w.wasOpen)
	limit := 2
	if len(w.pairs) > 1 {
		limit = 2*len(w.pairs) + 2
	}
	for round := 0; ; round++ {
		busy := ""
		for _, p := range w.pairs {
			rep, err := w.run(p, running{answer: session.GoAhead})
			if err != nil {
				return fmt.Errorf("a quiet run of %s failed: %w", p.name, err)
			}
			if at := active(rep.Plan); at != "" {
				busy = p.name + ": " + at
			} else if rep.Done != [2]engine.Totals{} { // by a second look: after other filters, the first concludes nothing
				busy = fmt.Sprintf("%s: it did %+v", p.name, rep.Done)
			}
		}
		if busy == "" {
			break
		}
		if round > limit {
			return fmt.Errorf("convergence: still busy after %d rounds: %s", round, busy)
		}
	}
	if err := w.checkEcho(); err != nil {
		return err
	}
	conflicts := w.openConflicts()
	if err := w.checkSource(); err != nil {
		return err
	}
	if err := w.checkEqual(); err != nil {
		return err
	}
	h, err := w.holdings()
	if err != nil {
		return err
	}
	if !w.strict || w.hasAside() {
		for t := range h.history {
			w.ledger.excuse(t)
		}
	}
	if err := w.ledger.checkLoss(h); err != nil {
		return err
	}
	if err := w.checkResurrection(open); err != nil {
		return err
	}
	w.ledger.quiet(w.hidden())
	for i := range w.pairs {
		w.pairs[i].settle()
	}
	for _, n := range w.nodes {
		clear(n.vacated)
		if n.mem != nil {
			n.backups = append(n.backups[:0], n.mem.Snapshot())
		}
	}
	w.wasOpen = conflicts
	return nil
}

// active names the first action of a plan that would change anything, or "".
func active(p *engine.Plan) string {
	for _, a := range p.All() {
		switch a.Do {
		case engine.Wait, engine.Nothing:
		default:
			return fmt.Sprintf("%s to %s of A %q B %q: %s", a.Do, a.To, a.A.ID, a.B.ID, a.Reason)
		}
	}
	return ""
}

// checkEcho is invariants 3 and 5: one more run plans nothing, writes nothing, and has nothing to note.
func (w *world) checkEcho() error {
	for _, p := range w.pairs {
		for _, n := range w.nodes {
			n.fresh()
			n.writes = 0
		}
		rep, err := w.run(p, running{answer: session.GoAhead, full: w.seed%2 == 0})
		if err != nil {
			return fmt.Errorf("echo: the extra run of %s failed: %w", p.name, err)
		}
		if at := active(rep.Plan); at != "" {
			return fmt.Errorf("echo: the extra run of %s plans %s", p.name, at)
		}
		flaky := w.nodes[p.a].trait%11 == 5 || w.nodes[p.b].trait%11 == 5
		if n := rep.Plan.Bookkeeping(); n > 0 && !flaky {
			return fmt.Errorf("echo: the extra run of %s has %d base rows to rewrite", p.name, n)
		}
		for _, n := range w.nodes {
			if n.writes > 0 {
				return fmt.Errorf("echo: the extra run of %s wrote %d records to %s", p.name, n.writes, n.name)
			}
		}
	}
	return nil
}

// openConflicts returns the keys and ids of the records in open conflicts.
func (w *world) openConflicts() map[string]bool {
	out := map[string]bool{}
	list, err := w.store.Conflicts.List(context.Background(), 0, true)
	if err != nil {
		return out
	}
	for _, c := range list {
		for _, v := range c.Versions {
			if w.spec.kind == tandem.File { // elsewhere ids mean something in their own place only
				out["id "+strings.ToLower(string(v.ID))] = true
			}
			if body := w.conflictBody(v); body != nil {
				out[key(w.spec.uidOf(body), body)] = true
			}
		}
	}
	delete(out, "id ")
	return out
}

func (w *world) conflictBody(v store.ConflictVersion) []byte {
	if v.Body.IsZero() {
		return nil
	}
	body, err := w.store.Blobs.Get(context.Background(), v.Body)
	if err != nil {
		return nil
	}
	return body
}

// holdings looks everywhere for tokens.
func (w *world) holdings() (holding, error) {
	h := holding{live: map[token]int{}, conflict: map[token]bool{}, history: map[token]bool{}}
	for _, n := range w.nodes {
		for _, r := range n.list() {
			for _, t := range tokensIn(bodyOf(r)) {
				h.live[t]++
			}
		}
	}
	ctx := context.Background()
	conflicts, err := w.store.Conflicts.List(ctx, 0, true)
	if err != nil {
		return h, err
	}
	for _, c := range conflicts {
		for _, v := range c.Versions {
			for _, t := range tokensIn(w.conflictBody(v)) {
				h.conflict[t] = true
			}
		}
	}
	for _, n := range w.nodes {
		if n.mem == nil {
			continue
		}
		for _, r := range n.mem.Parked() { // a run may die between parking and noting it
			for _, t := range tokensIn(bodyOf(r)) {
				h.history[t] = true
			}
		}
	}
	past, err := w.store.History.List(ctx, store.PastFilter{Limit: 1_000_000})
	if err != nil {
		return h, err
	}
	for _, v := range past {
		body, err := w.pastBody(v)
		if err != nil {
			return h, fmt.Errorf("loss: history entry %d cannot be read: %w", v.ID, err)
		}
		for _, t := range tokensIn(body) {
			h.history[t] = true
		}
	}
	return h, nil
}

func (w *world) pastBody(v store.Past) ([]byte, error) {
	ctx := context.Background()
	if !v.Body.IsZero() {
		return w.store.Blobs.Get(ctx, v.Body)
	}
	if v.Parked == "" {
		return nil, nil
	}
	for _, n := range w.nodes {
		o, err := n.open()
		if err != nil {
			return nil, err
		}
		if o.Place != v.Place {
			o.Close()
			continue
		}
		defer o.Close()
		r, err := o.Replica.(provider.Parker).Unpark(ctx, v.Parked)
		if err != nil {
			return nil, err
		}
		return bodyOf(r), nil
	}
	return nil, nil
}

// hasAside reports whether any record is set aside.
func (w *world) hasAside() bool {
	ctx := context.Background()
	pairs, err := w.store.Bases.Pairs(ctx)
	if err != nil {
		return false
	}
	for _, p := range pairs {
		rows, err := w.store.Bases.Pending(ctx, p.ID)
		if err != nil {
			return false
		}
		for _, r := range rows {
			if r.Aside != nil {
				return true
			}
		}
	}
	return false
}
