package sim

import (
	"bytes"
	"context"
	"iter"

	"tandem"
	"tandem/engine"
	"tandem/kind"
	"tandem/provider"
	"tandem/store"
)

// mutant plants one known bug around the real code. A simulation that does not catch it is not looking.
type mutant struct {
	name    string
	replica func(provider.Replica) provider.Replica
	store   func(*store.Store) *store.Store
	kind    func(kind.Handler) kind.Handler
	review  func(context.Context, *engine.Plan) error
	seeds   int // how many histories it may take to catch it; 0: 400
}

// mutants are bugs that real sync programs have shipped.
var mutants = []mutant{
	{name: "skip the base update", store: func(s *store.Store) *store.Store {
		return withBases(s, func(c *store.Commit) { c.Put = nil })
	}},
	{name: "never drop base rows", store: func(s *store.Store) *store.Store {
		return withBases(s, func(c *store.Commit) { c.Drop = nil })
	}},
	{name: "keep no history", store: func(s *store.Store) *store.Store {
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
	{name: "ignore version checks", replica: func(r provider.Replica) provider.Replica { return &unchecked{r} }},
	{name: "treat unreadable as deleted", replica: func(r provider.Replica) provider.Replica {
		return &relisted{r, func(c tandem.Change) (tandem.Change, bool) {
			if c.Presence == tandem.Problem {
				return tandem.Change{ID: c.ID, Presence: tandem.Absent}, true
			}
			return c, true
		}, nil}
	}},
	{name: "treat ignored as deleted", replica: func(r provider.Replica) provider.Replica {
		return &relisted{r, func(c tandem.Change) (tandem.Change, bool) { return c, c.Presence != tandem.OutOfScope }, nil}
	}},
	{name: "take a cut listing for complete", replica: func(r provider.Replica) provider.Replica {
		return &relisted{r, nil, func(l *tandem.Listing) { l.Complete, l.Full = true, true }}
	}},
	{name: "believe a restored backup", replica: func(r provider.Replica) provider.Replica { return &ageless{r} }},
	{name: "take a lost answer for done", replica: func(r provider.Replica) provider.Replica { return &optimist{r} }},
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
	for i := range p.Actions {
		change(&p.Actions[i])
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

// withBases returns a store whose commits are tampered with.
func withBases(s *store.Store, tamper func(*store.Commit)) *store.Store {
	bent := *s
	bent.Bases = &tampered{s.Bases, tamper}
	return &bent
}

type tampered struct {
	store.Bases
	tamper func(*store.Commit)
}

func (t *tampered) Commit(ctx context.Context, pair int64, c store.Commit) error {
	t.tamper(&c)
	return t.Bases.Commit(ctx, pair, c)
}

// unchecked reads the current version just before each write, so that every precondition holds.
type unchecked struct{ provider.Replica }

func (u *unchecked) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, 0, len(writes))
	for _, w := range writes {
		for r, err := range u.Replica.Fetch(ctx, []tandem.ID{w.ID}) {
			if err != nil || w.ID == "" {
				continue
			}
			w.If = r.Version
			if w.Op == tandem.Create {
				w.Op = tandem.Update
			}
		}
		one, err := u.Replica.Apply(ctx, []tandem.Write{w})
		out = append(out, one...)
		if err != nil {
			return append(out, make([]tandem.Outcome, len(writes)-len(out))...), err
		}
	}
	return out, nil
}

// relisted tampers with listings.
type relisted struct {
	provider.Replica
	change func(tandem.Change) (tandem.Change, bool)
	end    func(*tandem.Listing)
}

func (r *relisted) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	seq, done := r.Replica.Changes(ctx, since)
	bent := func(yield func(tandem.Change, error) bool) {
		for c, err := range seq {
			if err != nil && r.end != nil {
				return
			}
			keep := true
			if r.change != nil {
				c, keep = r.change(c)
			}
			if keep && !yield(c, err) {
				return
			}
		}
	}
	return bent, func() tandem.Listing {
		l := done()
		if r.end != nil {
			r.end(&l)
		}
		return l
	}
}

// ageless never admits that its history broke.
type ageless struct{ provider.Replica }

func (a *ageless) Identity(ctx context.Context) (tandem.Identity, error) {
	id, err := a.Replica.Identity(ctx)
	id.Epoch = "1"
	return id, err
}

// optimist reports everything it tried as done.
type optimist struct{ provider.Replica }

func (o *optimist) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out, err := o.Replica.Apply(ctx, writes)
	for i := range out {
		if err == nil && (out[i].Status == tandem.Maybe || out[i].Status == tandem.PreconditionFailed) {
			out[i].Status, out[i].ID, out[i].Meta = tandem.Applied, writes[i].ID, writes[i].Record.Meta
		}
	}
	return out, err
}

// takesA merges by throwing b away.
type takesA struct{ kind.Handler }

func (k *takesA) Merge(base, a, b []byte) (kind.Merged, error) { return kind.Merged{Body: a}, nil }

// neverClashes hides clashes, so that one value is overwritten unasked.
type neverClashes struct{ kind.Handler }

func (k *neverClashes) Merge(base, a, b []byte) (kind.Merged, error) {
	m, err := k.Handler.Merge(base, a, b)
	m.Clashes = nil
	return m, err
}

// colourBlind digests only the first line.
type colourBlind struct{ kind.Handler }

func (k *colourBlind) Inspect(body []byte) (kind.Info, error) {
	info, err := k.Handler.Inspect(body)
	if err != nil {
		return info, err
	}
	line, _, _ := bytes.Cut(body, []byte("\n"))
	info.Digest = tandem.Digest{1, byte(len(line))}
	return info, nil
}
