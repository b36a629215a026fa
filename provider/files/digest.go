package files

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"
	"sync"
	"time"

	"tandem"
	"tandem/kind/file"
	"tandem/provider"
)

// largeFile is from which size a file is worth more than one processor, remembering its digest, and patching.
const largeFile = 8 << 20

// digestChunk is how many records a worker takes at a time.
const digestChunk = 64

// Digest implements provider.Digester. Files are hashed where they are, on several processors.
func (r *Replica) Digest(ctx context.Context, ids []tandem.ID) iter.Seq[tandem.Change] {
	return func(yield func(tandem.Change) bool) {
		if err := r.enter(); err != nil {
			for _, id := range ids {
				if !yield(tandem.Change{ID: id, Presence: tandem.Problem, Err: err}) {
					return
				}
			}
			return
		}
		defer r.use.RUnlock()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		// Neighbours share a directory that is then opened once.
		sorted := slices.Clone(ids)
		slices.Sort(sorted)
		work := make(chan []tandem.ID)
		out := make(chan []tandem.Change, r.workers)
		var group sync.WaitGroup
		for range min(r.workers, (len(sorted)+digestChunk-1)/digestChunk) {
			group.Go(func() { r.digestWorker(ctx, work, out) })
		}
		go func() {
			for part := range slices.Chunk(sorted, digestChunk) {
				work <- part
			}
			close(work)
			group.Wait()
			close(out)
		}()
		going := true
		for part := range out {
			for i := range part {
				if going && !yield(part[i]) {
					going = false
					cancel()
				}
			}
		}
	}
}

// digestWorker answers every id it takes, with a Problem once ctx is done.
func (r *Replica) digestWorker(ctx context.Context, work <-chan []tandem.ID, out chan<- []tandem.Change) {
	open := newFolders(r.root)
	defer open.forget()
	buf := make([]byte, file.BlockSize)
	rules, rerr := r.currentRules()
	for ids := range work {
		part := make([]tandem.Change, len(ids))
		for i, id := range ids {
			if err := firstErr(ctx.Err(), rerr); err != nil {
				part[i] = tandem.Change{ID: id, Presence: tandem.Problem, Err: err}
				continue
			}
			part[i] = r.digest(ctx, open, id, rules, buf)
		}
		out <- part
	}
}

func firstErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// maxTries is how often a file that is being written to is hashed again before it is left for the next run.
const maxTries = 3

func (r *Replica) digest(ctx context.Context, open *folders, id tandem.ID, rules rules, buf []byte) tandem.Change {
	if by, yes := rules.leavesOut(string(id)); yes {
		return tandem.Change{ID: id, Presence: tandem.OutOfScope, Err: &provider.Outside{Option: "ignore", Why: "the pattern " + by + " leaves it out"}}
	}
	var m tandem.Meta
	var err error
	for range maxTries {
		if m, err = r.digestOnce(ctx, open, id, buf); !tandem.IsKind(err, tandem.Changed) {
			break
		}
	}
	switch {
	case err == nil:
		return tandem.Change{ID: id, Presence: tandem.Present, Meta: m}
	case errors.Is(err, fs.ErrNotExist):
		return tandem.Change{ID: id, Presence: tandem.Absent}
	case errors.Is(err, errNotRegular):
		return tandem.Change{ID: id, Presence: tandem.OutOfScope, Err: err}
	}
	return tandem.Change{ID: id, Presence: tandem.Problem, Err: classify("read", id, err)}
}

func (r *Replica) digestOnce(ctx context.Context, open *folders, id tandem.ID, buf []byte) (tandem.Meta, error) {
	st, target, err := r.look(open, id)
	if err != nil || st.kind != regular {
		return st.meta(r.rootStat.dev, target), err
	}
	// A file written to a moment ago could change again without its times telling. Once they are old enough, they tell.
	if at := now(); r.racy(&st, at) {
		if wait := st.mtime + r.traits.granularity - at; wait > 0 && wait <= localGranularity {
			select {
			case <-time.After(time.Duration(wait) + time.Millisecond):
			case <-ctx.Done():
				return tandem.Meta{}, ctx.Err()
			}
			if st, target, err = r.look(open, id); err != nil || st.kind != regular {
				return st.meta(r.rootStat.dev, target), err
			}
		}
	}
	m := r.shown(&st, target)
	if m.Digest = r.knownDigest(string(id), &st); !m.Digest.IsZero() {
		return m, nil
	}
	dir, err := open.at(parent(string(id)))
	if err != nil {
		return m, err
	}
	if st.size <= int64(len(buf)) {
		n, after, more, err := dir.readWhole(base(string(id)), buf)
		if err != nil {
			return m, err
		}
		if more || int64(n) != st.size || !after.same(&st) {
			return m, errChanged
		}
		m.Digest = file.Sum(buf[:n])
		return m, nil
	}
	b := &body{r: r, id: string(id), st: st}
	f, err := dir.open(base(string(id)))
	if err != nil {
		return m, err
	}
	defer f.Close()
	if err := b.unchanged(f); err != nil {
		return m, err
	}
	m.Digest, err = file.SumAt(ctx, f, st.size, 0, nil)
	if cerr := b.unchanged(f); cerr != nil {
		return m, cerr
	}
	if err == nil {
		r.remember(string(id), &st, m.Digest)
	}
	return m, err
}

// leavesOut reports whether a path or one of its parents is ignored.
func (rs rules) leavesOut(id string) (by string, yes bool) {
	if len(rs) == 0 {
		return "", false
	}
	for i := 0; i < len(id); i++ {
		if id[i] == '/' {
			if by, yes := rs.ignores(id[:i], true); yes {
				return by, true
			}
		}
	}
	return rs.ignores(id, false)
}
