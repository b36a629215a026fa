package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem"
)

// checkEqual is invariant 2: both sides of every pair hold the same records, those that wait for a person left aside.
func (w *world) checkEqual() error {
	for _, n := range w.nodes {
		if err := w.checkBodies(n); err != nil {
			return err
		}
	}
	if w.way != nil && !w.way.mirror {
		return w.checkReached()
	}
	for _, p := range w.pairs {
		waits, err := w.waiting(p)
		if err != nil {
			return err
		}
		a, b := w.contents(w.nodes[p.a], waits), w.contents(w.nodes[p.b], waits)
		for _, side := range []map[string]string{a, b} { // what a filter leaves out may differ
			maps.DeleteFunc(side, func(name, _ string) bool { return w.spared(p, name) })
		}
		if !maps.Equal(a, b) {
			return fmt.Errorf("convergence: %s and %s differ after a quiet point:\n%s", w.nodes[p.a], w.nodes[p.b], difference(a, b))
		}
	}
	return nil
}

func difference(a, b map[string]string) string {
	var out strings.Builder
	for _, k := range slices.Sorted(maps.Keys(a)) {
		if a[k] != b[k] {
			fmt.Fprintf(&out, "%s: %s against %s\n", k, a[k], b[k])
		}
	}
	for _, k := range slices.Sorted(maps.Keys(b)) {
		if _, both := a[k]; !both {
			fmt.Fprintf(&out, "%s: nothing against %s\n", k, b[k])
		}
	}
	return out.String()
}

// checkBodies is invariant 4, and half of 3: each body is whole, made of what people wrote, and there once only. Twins that
// are excused are remembered, since they live on.
func (w *world) checkBodies(n *node) error {
	// A backup that brings an old name back leaves a file there under both.
	excused := w.policy == 6 || w.ledger.forgets || w.spec.kind == tandem.File && w.ledger.tainted
	holders, names := map[token]tandem.ID{}, map[string]bool{}
	for _, r := range n.list() {
		body := bodyOf(r)
		if body == nil {
			continue
		}
		if err := w.ledger.checkBody(w.spec, n.name, r.ID, body); err != nil {
			return err
		}
		name := w.nameOf(r)
		for _, t := range tokensIn(body) {
			if other, twice := holders[t]; twice {
				if !excused && !w.ledger.twice[name] && !w.ledger.twice[t.String()] && !w.withdrawn(n, other, r.ID) {
					return fmt.Errorf("idempotence: %s holds %s twice, as %q and as %q", n.name, t, other, r.ID)
				}
				w.ledger.twice[t.String()] = true
			}
			holders[t] = r.ID
		}
		if names[name] {
			if !excused && !w.ledger.twice[name] {
				return fmt.Errorf("idempotence: %s holds %q twice", n.name, name)
			}
			w.ledger.twice[name] = true
		}
		names[name] = true
	}
	return nil
}

// withdrawn tells that the target of a mirror has one of two files for the source, and the other because a filter hides it: a
// person renamed it so that it is out of scope, and the source's came back under the old name.
func (w *world) withdrawn(n *node, ids ...tandem.ID) bool {
	return w.way != nil && w.way.mirror && n == w.way.target && w.spec.kind == tandem.File &&
		slices.ContainsFunc(ids, func(id tandem.ID) bool { return w.filtered(string(id)) })
}

// nameOf is what identifies a record in all places: its UID, or its path.
func (w *world) nameOf(r tandem.Record) string {
	if uid := w.spec.uidOf(bodyOf(r)); uid != "" {
		return uid
	}
	return string(r.ID)
}

// contents maps what identifies each record at a node to what it means, those that wait and those made twice left
// aside.
func (w *world) contents(n *node, waits waiting) map[string]string {
	out := map[string]string{}
	for _, r := range n.list() {
		body, name := bodyOf(r), w.nameOf(r)
		if !waits[n][r.ID] && !w.ledger.twice[name] {
			out[name] = w.meaning(r, body)
		}
	}
	return out
}

func (w *world) meaning(r tandem.Record, body []byte) string {
	if body == nil {
		return string(r.Attrs)
	}
	tokens := tokensIn(body)
	slices.Sort(tokens)
	return fmt.Sprint(tokens, r.Attrs)
}

// checkResurrection: what a person deleted and nobody else touched stays deleted.
func (w *world) checkResurrection(wasOpen map[string]bool) error {
	if w.ledger.tainted || w.ledger.forgets || w.policy == 6 || w.way != nil && w.way.mirror { // a mirror is equal to its source
		return nil
	}
	for k := range w.ledger.deleted {
		if k == "" || w.ledger.edited[k] || w.ledger.twice[k] || w.ledger.own[k] || wasOpen[k] {
			continue
		}
		for _, n := range w.nodes {
			if w.way != nil && n == w.way.source {
				continue // what was deleted at the target stays at the source
			}
			for _, r := range n.list() {
				if w.filtered(w.nameOf(r)) {
					continue // what a filter hides is not deleted
				}
				if body := bodyOf(r); body != nil && key(w.spec.uidOf(body), body) == k {
					return fmt.Errorf("resurrection: %q was deleted and touched by nobody else, but %s still holds it as %q", k, n.name, r.ID)
				}
			}
		}
	}
	return nil
}
