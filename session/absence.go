package session

import (
	"context"
	"maps"
	"slices"

	"tandem"
	"tandem/engine"
)

// reconcile plans, and does not take a listing's silence alone for the end of a record: some places list what was true
// a while ago. Whatever the plan takes for gone because a full listing left it out is asked for by name; if it is there
// after all, nothing is concluded about it in this run.
func (r *run) reconcile(ctx context.Context, o *observed) (*engine.Plan, error) {
	for {
		plan := engine.Reconcile(o.base, o.views[0], o.views[1], r.rules)
		doubted, gone := false, r.silent(plan, o.views)
		for _, s := range r.sides {
			if !o.lists[s.Side].Full {
				continue // what is gone was named by the place itself
			}
			for chunk := range pieces(gone[s.Side], digestChunk) {
				there, err := r.there(ctx, s, chunk)
				if err != nil {
					return nil, err
				}
				for _, id := range there {
					o.views[s.Side].See(tandem.Change{ID: id, Presence: tandem.Unknown})
					doubted, r.stay = true, true // a cursor past this listing would never speak of it again
				}
			}
		}
		if !doubted {
			return plan, nil
		}
	}
}

// silent lists by side the records that the plan believes gone from there. What is listed under a record's id is another thing, and the record is gone.
func (r *run) silent(plan *engine.Plan, views [2]*engine.View) (ids [2][]tandem.ID) {
	for _, act := range plan.All() {
		for s, v := range views {
			s := tandem.Side(s)
			if act.Do == engine.Wait || act.Do == engine.Move || act.Shown(s).ID != "" || act.Row.Link == 0 {
				continue
			}
			if id := act.Row.Side(s).ID; id != "" && !v.Shows(id) {
				ids[s] = append(ids[s], id)
			}
		}
	}
	for _, op := range plan.Base { // rows that are given up: what is there of one all the same would be taken for new
		if !op.Drop || op.Row.A.ID == "" || op.Row.B.ID == "" {
			continue
		}
		for s, v := range views {
			if id := op.Row.Side(tandem.Side(s)).ID; !r.sides[s].replaced && !v.Shows(id) { // a store that was replaced gives ids to other things
				ids[s] = append(ids[s], id)
			}
		}
	}
	return ids
}

// there names those of the records that the place has after all. One that cannot be read counts as there, and so does one of which the place says nothing.
func (r *run) there(ctx context.Context, s *side, ids []tandem.ID) ([]tandem.ID, error) {
	left := newUnanswered(ids)
	for rec, err := range s.Fetch(ctx, ids) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil && rec.ID == "" { // of all of them
			return nil, err
		}
		if tandem.IsKind(err, tandem.NotFound) {
			left.strike(rec.ID)
		}
	}
	return slices.Sorted(maps.Keys(left)), nil
}
