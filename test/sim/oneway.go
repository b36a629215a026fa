package sim

import (
	"fmt"
	"slices"
	"strings"

	"tandem"
	"tandem/engine"
	"tandem/provider/memory"
)

// oneWay is what a direction lets happen in a pair: source is never written to.
type oneWay struct {
	source, target *node
	mirror         bool // target is made equal to source
}

// setDirection gives the only pair of a history a direction, if its policy says so.
func (w *world) setDirection() {
	if w.policy < firstOneWay {
		return
	}
	a, b := w.nodes[w.pairs[0].a], w.nodes[w.pairs[0].b]
	switch w.policy {
	case firstOneWay:
		w.rules.Direction, w.way = engine.AToB, &oneWay{source: a, target: b}
	case firstOneWay + 1:
		w.rules.Direction, w.way = engine.MirrorAToB, &oneWay{source: a, target: b, mirror: true}
	case firstOneWay + 2:
		w.rules.Direction, w.way = engine.MirrorBToA, &oneWay{source: b, target: a, mirror: true}
	case firstOneWay + 3:
		w.way = &oneWay{source: b, target: a}
		b.mem.Tune(func(k *memory.Knobs) { k.ReadOnly = true })
	}
}

// checkSource: nothing was ever written to a place that may only be read.
func (w *world) checkSource() error {
	if w.way != nil && w.way.source.asked > 0 {
		return fmt.Errorf("direction: %d writes were asked of %s, which is only to be read", w.way.source.asked, w.way.source)
	}
	return nil
}

// noteNamesTaken notes what a run could not bring to the target of a direction because people there gave its name to something else, which is not to be undone, and the source is not to be written to: it waits, and is told of.
// The run's word is taken for that only if the target has the name, with other content.
func (w *world) noteNamesTaken(p pairing, plan *engine.Plan, waits map[tandem.ID]bool) {
	if w.way == nil {
		return
	}
	for _, act := range plan.All() {
		if act.Do != engine.Wait || act.Reason != engine.NameClash { // whose To says nothing
			continue
		}
		id := act.Shown(w.side(p, w.way.source)).ID
		if id == "" {
			continue
		}
		if slices.ContainsFunc(w.way.target.list(), func(r tandem.Record) bool {
			return strings.EqualFold(string(r.ID), string(id)) && !slices.Equal(tokensIn(bodyOf(r)), tokensIn(bodyAt(w.way.source, id)))
		}) {
			waits[id] = true
		}
	}
}

// bodyAt is the body of a node's record.
func bodyAt(n *node, id tandem.ID) []byte {
	for _, r := range n.list() {
		if r.ID == id {
			return bodyOf(r)
		}
	}
	return nil
}

// checkReached: all that people wrote at the source, and that nobody replaced since, is at the target too; what the
// target did on its own stands (checkLoss sees to that).
func (w *world) checkReached() error {
	waits, err := w.waiting(w.pairs[0])
	if err != nil {
		return err
	}
	there := map[token]bool{}
	for _, r := range w.way.target.list() {
		for _, t := range tokensIn(bodyOf(r)) {
			there[t] = true
		}
	}
	for _, r := range w.way.source.list() {
		body := bodyOf(r)
		// A directory that was deleted at the target stays deleted, with what is put into it at the source.
		up := r.ID[:max(0, strings.LastIndexByte(string(r.ID), '/'))]
		if within(up, w.way.target.left) || waits[w.way.source][r.ID] || w.filtered(w.nameOf(r)) || within(r.ID, w.frozen[w.pairs[0].name]) || w.ledger.twice[w.nameOf(r)] {
			continue
		}
		for _, t := range tokensIn(body) {
			if !w.ledger.fates[t].over && !there[t] {
				return fmt.Errorf("convergence: %s of %q at %s did not reach %s", t, r.ID, w.way.source, w.way.target)
			}
		}
	}
	return nil
}

// putBack notes what a person had restored: it is wanted again, and must be where it vanished.
func (w *world) putBack(p pairing, plan *engine.Plan, clean bool) error {
	for _, act := range plan.All() {
		if act.Reason != engine.PutBack {
			continue
		}
		to, from := w.sideOf(p, act.To), w.sideOf(p, act.To.Other())
		if act.Do == engine.Nothing {
			to, from = from, to
		}
		for _, r := range from.list() {
			if r.ID != act.Shown(tandem.SideA).ID && r.ID != act.Shown(tandem.SideB).ID {
				continue
			}
			body := bodyOf(r)
			w.ledger.edited[key(w.spec.uidOf(body), body)] = true
			w.hadOutside(p, to, body)
			if !clean || act.Do != engine.Copy || body == nil {
				continue
			}
			w.log("  %s: restored %s", to.name, r.ID)
			for _, t := range tokensIn(body) {
				if !slices.ContainsFunc(to.list(), func(r tandem.Record) bool { return slices.Contains(tokensIn(bodyOf(r)), t) }) {
					return fmt.Errorf("loss: %s of %q was to be restored at %s and is not there", t, r.ID, to)
				}
				w.ledger.fates[t].over = false
			}
		}
	}
	return nil
}

// hadOutside notes what a person had restored where it had not been deleted, but renamed out of the filter's scope: now it is there under both
// names.
func (w *world) hadOutside(p pairing, to *node, body []byte) {
	for _, r := range to.list() {
		if p.filter().hides(string(r.ID)) && len(body) > 0 && slices.Equal(tokensIn(bodyOf(r)), tokensIn(body)) {
			w.ledger.twice[tokensIn(body)[0].String()] = true
		}
	}
}

// sideOf is the node that is side s of a pair.
func (w *world) sideOf(p pairing, s tandem.Side) *node {
	if (s == tandem.SideA) != w.swapped {
		return w.nodes[p.a]
	}
	return w.nodes[p.b]
}

// side is the side of a pair that a node is.
func (w *world) side(p pairing, n *node) tandem.Side {
	if w.sideOf(p, tandem.SideA) == n {
		return tandem.SideA
	}
	return tandem.SideB
}
