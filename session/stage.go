package session

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"tandem"
	"tandem/engine"
)

// stage fetches everything that a batch will move and makes sure that it is still what the plan was made for. It runs
// beside the applying of the batch before; it touches nothing but its own batch.
func (x *executor) stage(ctx context.Context, b *batch) error {
	var ids [2][]tandem.ID
	x.mu.Lock()
	for _, st := range b.steps {
		if do := st.act.Do; do == engine.Copy || do == engine.Update {
			st.err = x.sides[st.act.To].fallen() // what cannot be written need not be fetched
		}
		for s := tandem.SideA; s <= tandem.SideB; s++ {
			st.seen[s] = *st.act.Shown(s)
			st.target[s].id, st.target[s].at = x.ledger.TargetOf(&st.act, s)
			if st.err == nil && x.wants(&st.act, s) {
				ids[s] = append(ids[s], st.target[s].id)
			}
		}
	}
	x.mu.Unlock()
	var got [2]map[tandem.ID]*got
	var wg sync.WaitGroup
	for s := range ids {
		if len(ids[s]) > 0 {
			wg.Go(func() { got[s], b.down[s] = x.fetch(ctx, x.sides[s], ids[s]) })
		}
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for part := range pieces(b.steps, 32) {
		g.Go(func() error {
			for _, st := range part {
				if st.err != nil {
					continue
				}
				for s := tandem.SideA; s <= tandem.SideB; s++ {
					if x.wants(&st.act, s) {
						st.got[s] = got[s][st.target[s].id]
					}
				}
				st.err = x.prepare(gctx, b, st)
			}
			return gctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return x.fault("stage")
}

// fetch reads records. An error is about the place; what is wrong with one record is in its entry.
func (x *executor) fetch(ctx context.Context, s *side, ids []tandem.ID) (map[tandem.ID]*got, error) {
	found := make(map[tandem.ID]*got, len(ids))
	var mu sync.Mutex // guards found
	read := func(part []tandem.ID) error {
		s.enter()
		defer s.leave()
		for rec, err := range s.Fetch(ctx, part) {
			if err != nil && rec.ID == "" {
				return err
			}
			mu.Lock()
			found[rec.ID] = &got{rec: rec, err: err}
			mu.Unlock()
		}
		return ctx.Err()
	}
	workers := max(1, s.Features.Workers)
	var g errgroup.Group
	g.SetLimit(workers)
	for part := range pieces(ids, (len(ids)+workers-1)/workers) {
		g.Go(func() error { return read(part) })
	}
	return found, g.Wait()
}

// prepare verifies what a step needs and settles merges.
func (x *executor) prepare(ctx context.Context, b *batch, st *step) error {
	for s := tandem.SideA; s <= tandem.SideB; s++ {
		if !x.wants(&st.act, s) {
			continue
		}
		if st.got[s] == nil && b.down[s] != nil {
			return b.down[s]
		}
		if err := x.verify(st, s); err != nil {
			return err
		}
	}
	switch st.act.Do {
	case engine.Copy:
		st.mark = x.copyMarker(st)
	case engine.Merge:
		return x.merge(ctx, st)
	case engine.Conflict:
		return x.explain(ctx, st)
	case engine.Write:
		return x.fromInbox(ctx, st)
	}
	return nil
}

// verify makes sure that a fetched record is still what the plan was made for, and reads what the step needs of it.
func (x *executor) verify(st *step, s tandem.Side) error {
	g, sh, source := st.got[s], &st.seen[s], isSource(&st.act, s)
	if g == nil || tandem.IsKind(g.err, tandem.NotFound) {
		return changed(sh.ID)
	}
	if g.err != nil {
		return g.err
	}
	same := g.rec.Version != "" && g.rec.Version == st.target[s].at
	if err := x.readBody(st, g, s, source, same); err != nil {
		return err
	}
	if !same && (st.target[s].at != "" || !sh.Digest.IsZero()) { // else the place promised nothing that could be broken
		// A record that the other side lacks may be copied as it is now, whatever it was.
		newest := source && st.act.Do == engine.Copy && sh.Digest.IsZero() && sh.Attrs == g.rec.Attrs
		if !newest && (sh.Digest.IsZero() || sh.Digest != g.rec.Digest || sh.Attrs != g.rec.Attrs) {
			return changed(sh.ID)
		}
		st.target[s].at, sh.Version = g.rec.Version, g.rec.Version
	}
	if sh.Digest.IsZero() {
		sh.Digest = g.rec.Digest
	}
	return nil
}

// readBody reads and parses as much of a record as the step needs. Bodies of kinds too large for memory are read only to
// see whether they are what they were, when the version does not tell. A torn body may still be overwritten or deleted;
// its bytes go to history.
func (x *executor) readBody(st *step, g *got, s tandem.Side, source, same bool) error {
	switch {
	case g.rec.Body == nil:
		return nil
	case x.stream != nil:
		if same && (source || !g.rec.Digest.IsZero()) {
			return nil
		}
		if same || st.seen[s].Digest.IsZero() {
			return nil // history takes the bytes; verify turns down what cannot be compared
		}
		*g = *x.inspect(g.rec)
		return g.err
	case source && same && x.isKnown(st, g, s):
		body, err := tandem.ReadBody(g.rec.Body, maxBody)
		if err != nil {
			return err
		}
		g.body = body
		g.rec.Body = g.body
		g.rec.Digest = st.seen[s].Digest
		return nil
	}
	*g = *x.inspect(g.rec)
	if g.err != nil && (source || !g.read || !same && st.target[s].at != "") {
		return g.err
	}
	g.err = nil
	return nil
}

// isKnown tells that a body need not be parsed: the listing told what it means, and whose it is.
func (x *executor) isKnown(st *step, g *got, s tandem.Side) bool {
	if st.act.Do != engine.Copy && st.act.Do != engine.Update {
		return false
	}
	return !st.seen[s].Digest.IsZero() && (g.rec.UID != "" || st.act.Row.UID != "")
}

// changed is the error of a record that is no longer what the plan was made for.
func changed(id tandem.ID) error {
	return &tandem.Error{Kind: tandem.Changed, Op: "sync", Thing: string(id), Err: errors.New("it changed while syncing"),
		Remedy: "the next run takes care of it"}
}
