package sim

import (
	"context"
	"fmt"
	"strings"

	"tandem"
	"tandem/engine"
)

// waiting holds the ids of records that wait for a person's answer, by node.
type waiting map[*node]map[tandem.ID]bool

// waiting is what a pair may hold differently on its sides: the records in a conflict of this pair that is open, and what is in a directory that is
// one of them, for that has no place on the other side before somebody has answered which it is to be. A plan tells where each side has such a
// record, by whatever name. Its word is taken only where the store has the conflict, and where one side has the record in such a directory.
func (w *world) waiting(p pairing) (waiting, error) {
	open, err := w.conflictsOf(p)
	if err != nil {
		return nil, err
	}
	out := waiting{w.nodes[p.a]: {}, w.nodes[p.b]: {}}
	plan := w.plans[p.name]
	if len(open) == 0 || plan == nil {
		return out, nil
	}
	note := func(act *engine.Action) {
		for s := tandem.SideA; s <= tandem.SideB; s++ {
			out[w.sideOf(p, s)][act.At[s]] = true
		}
	}
	for _, act := range plan.All() {
		if act.Do == engine.Wait && act.Reason == engine.ConflictOpen && act.Row.Clash != nil && open[act.Row.Clash.Conflict] {
			note(&act)
		}
	}
	torn := [2]map[tandem.ID]bool{{}, {}}
	for s := tandem.SideA; s <= tandem.SideB; s++ {
		for id := range out[w.sideOf(p, s)] {
			torn[s][id] = true
		}
	}
	for _, act := range plan.All() {
		if act.Do == engine.Wait && (act.Reason == engine.TypeClash || act.Reason == engine.InConflict) && (below(act.At[0], torn[0]) || below(act.At[1], torn[1])) {
			note(&act)
		}
	}
	return out, nil
}

// below tells that id is in a directory of the set.
func below(id tandem.ID, set map[tandem.ID]bool) bool {
	return within(id[:max(0, strings.LastIndexByte(string(id), '/'))], set)
}

// conflictsOf are the open conflicts of a pair.
func (w *world) conflictsOf(p pairing) (map[int64]bool, error) {
	ctx := context.Background()
	st, err := w.store.Bases.Open(ctx, p.name)
	if err != nil {
		return nil, fmt.Errorf("open the base of %s: %w", p.name, err)
	}
	list, err := w.store.Conflicts.List(ctx, st.ID, true)
	if err != nil {
		return nil, fmt.Errorf("list the conflicts of %s: %w", p.name, err)
	}
	out := map[int64]bool{}
	for _, c := range list {
		out[c.ID] = true
	}
	return out, nil
}
