package sim

import (
	"bytes"
	"context"
	"errors"
	"iter"

	"tandem"
	"tandem/engine"
	"tandem/kind"
	"tandem/provider"
	"tandem/provider/memory"
	"tandem/store"
)

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

// denier also denies by name that there is what a filter hides.
type denier struct{ relisted }

func (d *denier) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		for r, err := range d.Replica.Fetch(ctx, ids) {
			if errors.Is(err, errFiltered) {
				err = &tandem.Error{Kind: tandem.NotFound, Op: "fetch", Thing: string(r.ID)}
			}
			if !yield(r, err) {
				return
			}
		}
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

// hasty advances cursors whatever the run left undone.
func hasty(n *[2]*node, s *store.Store) *store.Store {
	return withBases(s, func(c *store.Commit) {
		if c.Finished == 0 {
			return
		}
		var next [2]tandem.Cursor
		for i, node := range n {
			next[i] = node.latest()
		}
		c.Cursors = &next
	})
}

// latest is the cursor of a place as it is now.
func (n *node) latest() tandem.Cursor {
	if n.mem == nil {
		return ""
	}
	k := memory.Knobs{}
	n.mem.Tune(func(now *memory.Knobs) { k, now.Hook, now.Problems, now.Hidden, now.Cut = *now, nil, nil, nil, false })
	defer n.mem.Tune(func(now *memory.Knobs) { *now = k })
	r := n.mem.Open()
	defer r.Close()
	seq, end := r.Changes(context.Background(), "")
	for range seq {
	}
	return end().Next
}

// late tells of each write that it is done and does it when the run ends: the base is ahead of the places.
type late struct {
	provider.Replica
	n     *node
	after *memory.Snapshot
}

func (l *late) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	before := l.n.mem.Snapshot()
	if l.after != nil {
		l.n.mem.Rollback(l.after, false)
	}
	out, err := l.Replica.Apply(ctx, writes)
	l.after = l.n.mem.Snapshot()
	l.n.mem.Rollback(before, false)
	return out, err
}

func (l *late) Close() error {
	if l.after != nil && !l.n.isDead() {
		l.n.mem.Rollback(l.after, false)
	}
	return l.Replica.Close()
}

// reckless deletes whatever is there by now.
type reckless struct{ provider.Replica }

func (r *reckless) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	for i, w := range writes {
		if w.Op != tandem.Delete {
			continue
		}
		for rec, err := range r.Replica.Fetch(ctx, []tandem.ID{w.ID}) {
			if err == nil {
				writes[i].If = rec.Version
			}
		}
	}
	return r.Replica.Apply(ctx, writes)
}

// unmarked creates without a marker.
type unmarked struct{ provider.Replica }

func (u *unmarked) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	for i := range writes {
		writes[i].Marker = ""
	}
	return u.Replica.Apply(ctx, writes)
}

// doubter takes a lost answer for a failure and makes the record once more.
type doubter struct{ provider.Replica }

func (d *doubter) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out, err := d.Replica.Apply(ctx, writes)
	for i := range out {
		if w := writes[i]; err == nil && out[i].Status == tandem.Maybe && w.Op == tandem.Create {
			w.ID, w.Marker = w.ID+"-2", ""
			var again []tandem.Outcome
			if again, err = d.Replica.Apply(ctx, []tandem.Write{w}); err == nil {
				out[i] = again[0]
			}
		}
	}
	return out, err
}

// plain writes no attributes but what makes a directory one.
type plain struct{ provider.Replica }

func (p *plain) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	for i := range writes {
		if a := &writes[i].Record.Attrs; a.Get("type") == "" {
			*a = ""
		}
	}
	return p.Replica.Apply(ctx, writes)
}

// deletesFirst puts the deletions of a plan before all else.
func deletesFirst(p *engine.Plan) {
	at := make([]int, 0, p.Len()) // new order, as indexes of the old
	for _, first := range []bool{true, false} {
		for i := range p.Len() {
			if (p.Do(i) == engine.Delete) == first {
				at = append(at, i)
			}
		}
	}
	was := p.Actions()
	for to, from := range at {
		act := was[from]
		act.Needs = nil
		p.Set(to, act)
	}
	for i := range p.Base {
		p.Base[i].Needs = nil
	}
}
