package session

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"tandem"
	"tandem/engine"
	"tandem/provider"
)

const (
	// maxBody is the largest body that is read into memory.
	maxBody = 64 << 20
	// digestChunk is how many records one question for digests carries.
	digestChunk = 256
	// maxRounds bounds how often the engine may ask on, should answers not satisfy it.
	maxRounds = 5
)

// finding is what a look at one record told.
type finding struct {
	side   tandem.Side
	change tandem.Change
}

// fillDigests completes the views with the digests that decisions hang on.
func (r *run) fillDigests(ctx context.Context, o *observed) error {
	for range maxRounds {
		var ids [2][]tandem.ID
		ids[0], ids[1] = engine.NeedDigests(o.base, o.views[0], o.views[1], r.rules)
		if len(ids[0])+len(ids[1]) == 0 {
			return nil
		}
		if err := r.fill(ctx, o, ids); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) fill(ctx context.Context, o *observed, ids [2][]tandem.ID) error {
	found := make(chan finding, 2*chunkSize)
	g, ctx := errgroup.WithContext(ctx)
	for s, list := range ids {
		if len(list) == 0 {
			continue
		}
		g.Go(func() error {
			if d, ok := r.sides[s].Replica.(provider.Digester); ok {
				return r.askDigests(ctx, r.sides[s], d, list, found)
			}
			return r.readDigests(ctx, r.sides[s], list, found)
		})
	}
	var err error
	go func() { err = g.Wait(); close(found) }()
	for f := range found {
		if p := f.change.Presence; p == tandem.Absent || p == tandem.Unknown {
			r.again = true // it vanished while we looked
		}
		o.views[f.side].Fill(f.change)
	}
	return err
}

// askDigests lets the place hash where the bodies are.
func (r *run) askDigests(ctx context.Context, s *side, d provider.Digester, ids []tandem.ID, found chan<- finding) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for chunk := range pieces(ids, digestChunk) {
		g.Go(func() error {
			left := newUnanswered(chunk)
			for c := range d.Digest(ctx, chunk) {
				left.strike(c.ID)
				if err := give(ctx, found, finding{s.Side, c}); err != nil {
					return err
				}
			}
			return left.tell(ctx, s, found)
		})
	}
	return g.Wait()
}

// unanswered are the ids of a question for which no answer came. Nothing may be concluded about them.
type unanswered map[tandem.ID]bool

func newUnanswered(ids []tandem.ID) unanswered {
	u := make(unanswered, len(ids))
	for _, id := range ids {
		u[id] = true
	}
	return u
}

func (u unanswered) strike(id tandem.ID) { delete(u, id) }

func (u unanswered) tell(ctx context.Context, s *side, found chan<- finding) error {
	for id := range u {
		if err := give(ctx, found, finding{s.Side, tandem.Change{ID: id, Presence: tandem.Unknown}}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// readDigests fetches bodies and parses them, so many at a time that they fit in memory.
func (r *run) readDigests(ctx context.Context, s *side, ids []tandem.ID, found chan<- finding) error {
	g, ctx := errgroup.WithContext(ctx)
	workers := runtime.NumCPU()
	room := semaphore.NewWeighted(r.opt.Batch)
	records := make(chan weighed, 4*workers)
	var fetchers errgroup.Group
	fetchers.SetLimit(max(1, s.Features.Workers))
	g.Go(func() error {
		defer close(records)
		for chunk := range pieces(ids, digestChunk) {
			fetchers.Go(func() error { return r.fetchInto(ctx, s, chunk, room, records, found) })
		}
		return fetchers.Wait()
	})
	for range workers {
		g.Go(func() error {
			for rec := range records {
				got := r.inspect(rec.Record)
				room.Release(rec.weight)
				if err := give(ctx, found, finding{s.Side, got.change()}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func (r *run) fetchInto(ctx context.Context, s *side, ids []tandem.ID, room *semaphore.Weighted, out chan<- weighed, found chan<- finding) error {
	left := newUnanswered(ids)
	for rec, err := range s.Fetch(ctx, ids) {
		left.strike(rec.ID)
		if err != nil {
			if rec.ID == "" {
				return err
			}
			c := tandem.Change{ID: rec.ID, Presence: tandem.Problem, Err: err}
			if tandem.IsKind(err, tandem.NotFound) {
				c.Presence = tandem.Unknown
			}
			if err := give(ctx, found, finding{s.Side, c}); err != nil {
				return err
			}
			continue
		}
		w := weighed{rec, weight(rec, r.opt.Batch)}
		if err := room.Acquire(ctx, w.weight); err != nil {
			return err
		}
		select {
		case out <- w:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return left.tell(ctx, s, found)
}

// weighed is a fetched record with the memory it was given.
type weighed struct {
	tandem.Record
	weight int64
}

// weight is the memory a fetched record takes, never more than all there is.
func weight(rec tandem.Record, all int64) int64 {
	if rec.Body == nil {
		return 1
	}
	return min(all, max(1, rec.Body.Size()))
}

func give(ctx context.Context, out chan<- finding, f finding) error {
	select {
	case out <- f:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// got is a record that was fetched and looked at. For kinds with large bodies only the reference is held.
type got struct {
	rec   tandem.Record
	body  tandem.Bytes // the whole body, for kinds whose bodies fit in memory
	title string
	read  bool // all bytes were read
	err   error

	claims int64 // when the body says it was changed last, Unix nanoseconds, 0 if it does not say
}

// change is the record as a listing would show it.
func (g *got) change() tandem.Change {
	if g.err != nil {
		return tandem.Change{ID: g.rec.ID, Presence: tandem.Problem, Err: g.err}
	}
	return tandem.Change{ID: g.rec.ID, Presence: tandem.Present, Meta: g.rec.Meta}
}

// inspect reads and parses a body, and completes the record by what it says of itself.
func (r *run) inspect(rec tandem.Record) *got {
	g := &got{rec: rec}
	if rec.Body == nil {
		return g
	}
	if r.stream != nil {
		g.title = string(rec.ID)
		if rec.Digest.IsZero() {
			g.rec.Digest, g.err = r.hash(rec)
		}
		return g
	}
	if g.body, g.err = tandem.ReadBody(rec.Body, maxBody); g.err != nil {
		return g
	}
	g.rec.Body, g.read = g.body, true
	info, err := r.pair.Kind.Inspect(g.body)
	if err != nil {
		g.err = fmt.Errorf("read %s: %w", rec.ID, err)
		return g
	}
	g.title = info.Summary.String()
	g.rec.Digest = info.Digest
	if g.rec.UID == "" {
		g.rec.UID = info.Index.UID
	}
	if g.claims = info.Modified; g.rec.Modified == 0 {
		g.rec.Modified = info.Modified
	}
	if g.rec.Size == 0 {
		g.rec.Size = int64(len(g.body))
	}
	return g
}

func (r *run) hash(rec tandem.Record) (tandem.Digest, error) {
	f, err := rec.Body.Open()
	if err != nil {
		return tandem.Digest{}, err
	}
	defer f.Close()
	return r.stream.DigestReader(f)
}

// pieces yields list in consecutive pieces of at most n.
func pieces[T any](list []T, n int) func(func([]T) bool) {
	return func(yield func([]T) bool) {
		for len(list) > 0 {
			k := min(n, len(list))
			if !yield(list[:k:k]) {
				return
			}
			list = list[k:]
		}
	}
}
