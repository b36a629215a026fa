package sim

import (
	"fmt"
	"slices"
	"strings"

	"tandem"
	"tandem/provider/memory"
)

func newMemory(n *node, w *world) *memory.Store {
	inspect := func(body []byte) (tandem.Digest, string) {
		info, err := w.handler.Inspect(body)
		if err != nil {
			return tandem.Digest{}, ""
		}
		return info.Digest, info.Index.UID
	}
	k := n.manners(w.spec, inspect, func() int64 { return (w.now + w.skew*int64(n.trait%3)) * 1e9 })
	if w.swapped && k.Order != nil {
		k.Order = nil
	} else if w.swapped {
		k.Order = func(ids []tandem.ID) {
			for i, j := 0, len(ids)-1; i < j; i, j = i+1, j-1 {
				ids[i], ids[j] = ids[j], ids[i]
			}
		}
	}
	return memory.New(n.name, k)
}

// fault makes something go wrong at a node, until the next quiet point.
func (w *world) fault(n *node, s step) {
	if n.mem == nil {
		return
	}
	w.faulty = true
	records := n.list()
	var id tandem.ID
	if len(records) > 0 {
		id = records[s.more%len(records)].ID
	}
	trouble := fmt.Errorf("it cannot be read today")
	what := s.pick % 13
	w.log("  %s: fault %d on %s", n.name, what, id)
	if what < 2 {
		w.ledger.unread = true
		w.ledger.forgets = w.ledger.forgets || w.ledger.died
	}
	if what < 2 && len(n.vacated) > 0 { // a file under its new name cannot be seen: a change to the old one makes it twice
		for _, r := range records {
			if r.ID == id || strings.HasPrefix(string(r.ID), string(id)+"/") {
				for _, t := range tokensIn(bodyOf(r)) {
					w.ledger.twice[t.String()] = true
				}
			}
		}
	}
	if what < 2 {
		w.unrecognised(n, id)
	}
	switch what {
	case 0:
		n.mem.Tune(func(k *memory.Knobs) { k.Problems = map[tandem.ID]error{id: trouble} })
	case 1:
		n.mem.Tune(func(k *memory.Knobs) { k.Hidden = map[tandem.ID]error{id: trouble} })
	case 2, 3:
		n.mem.Tune(func(k *memory.Knobs) {
			k.Cut, k.CutAfter, k.CutErr = true, s.more%4, nil
			if what == 3 {
				k.CutErr = &tandem.Error{Kind: tandem.Transient, Op: "list", Thing: n.name}
			}
		})
	case 4:
		n.mem.Tune(func(k *memory.Knobs) { k.Down = &tandem.Error{Kind: tandem.Unreadable, Op: "open", Thing: n.name} })
	case 5, 6, 7, 8:
		n.mu.Lock()
		n.lose = 1 + s.more%4
		n.loseHow = []memory.Fault{{LostAnswer: true}, {LostRequest: true}, {Later: 30}, {Reject: trouble}}[what-5]
		n.mu.Unlock()
	case 9:
		n.mem.ForgetTombstones()
	case 10:
		n.backups = append(n.backups, n.mem.Snapshot())
	case 11:
		w.rollback(n)
	case 12:
		snap := n.mem.Snapshot()
		n.mem.Tune(func(k *memory.Knobs) { k.Stale = snap })
	}
}

// unrecognised notes a record that is about to be out of sight under an id that a pair's base does not know: the place gave it that when it was
// written last. Nothing tells it from one that was deleted, and from a new one when it is seen again: meanwhile it goes from the other side or, edited there,
// comes back as a second one.
func (w *world) unrecognised(n *node, id tandem.ID) {
	var uid string
	for _, r := range n.list() {
		if r.ID == id {
			uid = w.spec.uidOf(bodyOf(r))
		}
	}
	if uid == "" || w.basesKnow(n, uid, id) {
		return
	}
	w.ledger.ever[uid], w.ledger.twice[uid] = true, true
	for t, f := range w.ledger.fates {
		if f.uid == uid {
			w.ledger.twice[token(t).String()] = true
		}
	}
}

// rollback restores the place from a backup: what people wrote there since is gone unless it had travelled, and what
// was deleted may come back. The place says so with another epoch, and lists nothing of the one before.
func (w *world) rollback(n *node) {
	if len(n.backups) == 0 {
		n.backups = append(n.backups, n.mem.Snapshot())
	}
	snap := n.backups[len(n.backups)-1]
	before := map[token]bool{}
	for _, r := range n.list() {
		for _, t := range tokensIn(bodyOf(r)) {
			before[t] = true
		}
	}
	n.mem.Rollback(snap, true)
	n.mem.Tune(func(k *memory.Knobs) { k.Stale = nil })
	for _, r := range n.list() {
		for _, t := range tokensIn(bodyOf(r)) {
			if !before[t] && w.hiddenElsewhere(n, t) { // it went when it left the filter's scope there, and is one more thing now
				w.ledger.twice[t.String()] = true
			}
			delete(before, t)
		}
	}
	for t := range before {
		if !w.elsewhere(n, t) {
			w.ledger.supersede(t)
		}
	}
	w.ledger.tainted = true
}

// hiddenElsewhere reports whether another node holds a token in a file that a filter hides.
func (w *world) hiddenElsewhere(except *node, t token) bool {
	return slices.ContainsFunc(w.nodes, func(n *node) bool {
		return n != except && w.spec.kind == tandem.File && slices.ContainsFunc(n.list(), func(r tandem.Record) bool {
			return w.filtered(string(r.ID)) && slices.Contains(tokensIn(bodyOf(r)), t)
		})
	})
}

// elsewhere reports whether a token is held by any other node.
func (w *world) elsewhere(except *node, t token) bool {
	for _, n := range w.nodes {
		if n == except {
			continue
		}
		for _, r := range n.list() {
			for _, have := range tokensIn(bodyOf(r)) {
				if have == t {
					return true
				}
			}
		}
	}
	return false
}

// heal ends all faults.
func (w *world) heal() {
	for _, n := range w.nodes {
		n.fresh()
		n.mu.Lock()
		n.lose = 0
		n.mu.Unlock()
		if n.mem != nil {
			n.mem.Tune(func(k *memory.Knobs) {
				k.Problems, k.Hidden, k.Cut, k.Down, k.Stale = nil, nil, false, nil, nil
			})
		}
	}
	w.faulty = false
	w.now += 3 * 86400 // whatever was set aside is due again
}
