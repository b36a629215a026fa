package sim

import (
	"context"
	"errors"

	"tandem"
	"tandem/engine"
	"tandem/kind"
	"tandem/provider"
	"tandem/provider/memory"
	"tandem/store"
)

// mutant plants one known bug around the real code. A simulation that does not catch it is not looking.
type mutant struct {
	name     string
	replica  func(provider.Replica) provider.Replica
	place    func(*node, *provider.Opened)              // tampers with one side of a run
	both     func(*[2]*node, *store.Store) *store.Store // tampers with what a run records, knowing its sides
	store    func(*store.Store) *store.Store
	kind     func(kind.Handler) kind.Handler
	review   func(context.Context, *engine.Plan) error
	unscoped bool   // tells a session nothing of filters
	first    uint64 // the seed to begin with: shortly before one that is known to show it; 0: 1
	seeds    int    // how many histories it may take to catch it; 0: 400
}

// mutants are bugs that real sync programs have shipped.
var mutants = []mutant{
	{name: "skip the base update", store: func(s *store.Store) *store.Store {
		return withBases(s, func(c *store.Commit) { c.Put = nil })
	}},
	{name: "never drop base rows", store: func(s *store.Store) *store.Store {
		return withBases(s, func(c *store.Commit) { c.Drop = nil })
	}},
	{name: "keep no history", first: 6, store: func(s *store.Store) *store.Store {
		return withBases(s, func(c *store.Commit) {
			for i := range c.History {
				c.History[i].Body, c.History[i].Parked = tandem.Digest{}, ""
			}
		})
	}},
	{name: "keep no conflict bodies", store: func(s *store.Store) *store.Store {
		return withBases(s, func(c *store.Commit) {
			for i := range c.Conflicts {
				for j := range c.Conflicts[i].Versions {
					c.Conflicts[i].Versions[j].Title = ""
				}
			}
			c.Put = dropClashes(c.Put)
		})
	}},
	{name: "ignore version checks", first: 100, replica: func(r provider.Replica) provider.Replica { return &unchecked{r} }},
	{name: "treat unreadable as deleted", first: 136, replica: func(r provider.Replica) provider.Replica {
		return &relisted{r, func(c tandem.Change) (tandem.Change, bool) {
			if c.Presence == tandem.Problem {
				return tandem.Change{ID: c.ID, Presence: tandem.Absent}, true
			}
			return c, true
		}, nil}
	}},
	{name: "treat ignored as deleted", first: 547, seeds: 3000, replica: func(r provider.Replica) provider.Replica {
		return &relisted{r, func(c tandem.Change) (tandem.Change, bool) {
			if c.Presence == tandem.OutOfScope {
				return tandem.Change{ID: c.ID, Presence: tandem.Absent}, true
			}
			return c, true
		}, nil}
	}},
	{name: "treat what a filter hides as deleted", first: 12, replica: func(r provider.Replica) provider.Replica {
		return &denier{relisted{r, func(c tandem.Change) (tandem.Change, bool) {
			if errors.Is(c.Err, errFiltered) {
				return tandem.Change{ID: c.ID, Presence: tandem.Absent}, true
			}
			return c, true
		}, nil}}
	}},
	{name: "tell nothing of who is hidden", first: 10791, replica: func(r provider.Replica) provider.Replica {
		return &relisted{r, func(c tandem.Change) (tandem.Change, bool) {
			if c.Presence == tandem.OutOfScope {
				c.UID = ""
			}
			return c, true
		}, nil}
	}},
	{name: "tell nothing of what is hidden", first: 677, replica: func(r provider.Replica) provider.Replica {
		return &relisted{r, func(c tandem.Change) (tandem.Change, bool) { return c, c.Presence != tandem.OutOfScope }, nil}
	}},
	{name: "mark no creates", first: 11419, replica: func(r provider.Replica) provider.Replica { return &unmarked{r} }},
	{name: "forget under which filters a base was made", store: func(s *store.Store) *store.Store {
		return withBases(s, func(c *store.Commit) { c.Scope = nil })
	}},
	{name: "leave out other filters", unscoped: true},
	{name: "take a cut listing for complete", replica: func(r provider.Replica) provider.Replica {
		return &relisted{r, nil, func(l *tandem.Listing) { l.Complete, l.Full = true, true }}
	}},
	{name: "ignore a change of epoch", first: 55, replica: func(r provider.Replica) provider.Replica { return &ageless{r} }},
	{name: "take a lost answer for done", first: 51, replica: func(r provider.Replica) provider.Replica { return &optimist{r} }},
	{name: "advance cursors past unprocessed changes", both: hasty},
	{name: "commit the base before the write", first: 24, place: func(n *node, o *provider.Opened) {
		if n.mem != nil {
			o.Replica = &late{Replica: o.Replica, n: n}
		}
	}},
	{name: "check no version before deletions", first: 335, replica: func(r provider.Replica) provider.Replica { return &reckless{r} }},
	{name: "take a lost answer for a failure", first: 128, replica: func(r provider.Replica) provider.Replica { return &doubter{r} }},
	{name: "lose attributes", replica: func(r provider.Replica) provider.Replica { return &plain{r} }},
	{name: "skip parking", first: 14, place: func(n *node, o *provider.Opened) {
		if n.mem != nil {
			n.mem.Tune(func(k *memory.Knobs) { k.Parks = false })
			o.Features.Parks = n.trait%5 == 0 // as it says it does; see manners
		}
	}},
	{name: "forget what was set aside", store: func(s *store.Store) *store.Store {
		return withBases(s, func(c *store.Commit) {
			for i := range c.Put {
				c.Put[i].Aside = nil
			}
		})
	}},
	{name: "delete before all else", review: func(_ context.Context, p *engine.Plan) error {
		deletesFirst(p)
		return nil
	}},
	{name: "merge by taking one side", kind: func(k kind.Handler) kind.Handler { return &takesA{k} }},
	{name: "call every merge clean", kind: func(k kind.Handler) kind.Handler { return &neverClashes{k} }},
	{name: "tell all bodies alike", kind: func(k kind.Handler) kind.Handler { return &colourBlind{k} }},
	{name: "forget deletions", review: func(_ context.Context, p *engine.Plan) error {
		return edit(p, func(a *engine.Action) {
			if a.Do == engine.Delete {
				a.Do = engine.Nothing
			}
		})
	}},
	{name: "overwrite instead of merging", review: func(_ context.Context, p *engine.Plan) error {
		return edit(p, func(a *engine.Action) {
			if a.Do == engine.Merge {
				a.Do, a.To = engine.Update, tandem.SideB
			}
		})
	}},
	{name: "let deletions win", review: func(_ context.Context, p *engine.Plan) error {
		return edit(p, func(a *engine.Action) {
			if a.Reason == engine.ChangeBeatsDelete && a.Do == engine.Copy {
				a.Do, a.To = engine.Delete, a.To.Other()
			}
		})
	}},
}

func edit(p *engine.Plan, change func(*engine.Action)) error {
	for i, act := range p.All() {
		change(&act)
		p.Set(i, act)
	}
	return nil
}

func dropClashes(rows []tandem.Row) []tandem.Row {
	out := make([]tandem.Row, len(rows))
	for i, r := range rows {
		r.Clash = nil
		out[i] = r
	}
	return out
}
