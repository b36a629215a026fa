// Package simple makes a replica of three functions: read all records, write one, remove one. It is for places that are small and tell nothing of themselves, and for whoever
// writes a first provider: what else provider.Replica promises (versions, preconditions, answers that were lost, closing) is done here. A place that has tokens of its own
// for versions, or more records than are read in a moment, implements provider.Replica itself.
package simple

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"sync"

	"tandem"
	"tandem/provider"
)

// Store is a place. Its methods are never called concurrently with each other.
type Store interface {
	// Records reads every record, by its name. One that is there and cannot be read has its error in bad, and no body. An error means that nothing is known: a place that is
	// not there is Unreadable, never empty.
	Records(ctx context.Context) (bodies map[string][]byte, bad map[string]error, err error)
	// Write stores a record under a name, durably, in place of the one that it has. Invalid or TooLarge for one that it will never take.
	Write(ctx context.Context, name string, body []byte) error
	// Remove removes one.
	Remove(ctx context.Context, name string) error
}

// Place says what is opened.
type Place struct {
	Kind     tandem.Kind
	Identity string // names the store for good: an account, a folder; another one is another store
	ReadOnly bool
	MaxSize  int64 // of a body in bytes; 0: no limit
	Store    Store
}

// Open is the place as a replica.
func Open(p Place) *provider.Opened {
	return &provider.Opened{Replica: &replica{Place: p}, Kind: p.Kind, Features: Features(p)}
}

// Features are what every such place can do.
func Features(p Place) provider.Features {
	return provider.Features{ReadOnly: p.ReadOnly, MaxSize: p.MaxSize}
}

type replica struct {
	Place
	mu     sync.Mutex // held while Store works; guards closed
	closed bool
}

var _ provider.Replica = (*replica)(nil)

// version is a record's: what it holds.
func version(body []byte) tandem.Version {
	sum := sha256.Sum256(body)
	return tandem.Version(hex.EncodeToString(sum[:16]))
}

func (r *replica) begin(ctx context.Context) (func(), error) {
	r.mu.Lock()
	err := ctx.Err()
	if r.closed {
		err = &tandem.Error{Kind: tandem.Gone, Op: "use place", Err: errors.New("it is closed"), Remedy: "open it again"}
	}
	if err != nil {
		r.mu.Unlock()
		return nil, err
	}
	return r.mu.Unlock, nil
}

// read reads all. Trouble with the place is Unreadable, unless it says more.
func (r *replica) read(ctx context.Context) (map[string][]byte, map[string]error, error) {
	done, err := r.begin(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	bodies, bad, err := r.Store.Records(ctx)
	return bodies, bad, trouble(err)
}

func trouble(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || tandem.KindOf(err) != tandem.Internal {
		return err
	}
	return &tandem.Error{Kind: tandem.Unreadable, Op: "read place", Err: err, Remedy: "see that it is there"}
}

// Identity implements provider.Replica.
func (r *replica) Identity(ctx context.Context) (tandem.Identity, error) {
	_, _, err := r.read(ctx)
	return tandem.Identity{Store: r.Place.Identity}, err
}

// Changes implements provider.Replica.
func (r *replica) Changes(ctx context.Context, _ tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var end tandem.Listing
	return func(yield func(tandem.Change, error) bool) {
		bodies, bad, err := r.read(ctx)
		if err != nil {
			yield(tandem.Change{}, err)
			return
		}
		for name, err := range bad {
			if !yield(tandem.Change{ID: tandem.ID(name), Presence: tandem.Problem, Err: err}, nil) {
				return
			}
		}
		for name, body := range bodies {
			if bad[name] == nil && !yield(tandem.Change{ID: tandem.ID(name), Presence: tandem.Present, Meta: meta(body)}, nil) {
				return
			}
		}
		end = tandem.Listing{Complete: true, Full: true}
	}, func() tandem.Listing { return end }
}

func meta(body []byte) tandem.Meta {
	return tandem.Meta{Version: version(body), Size: int64(len(body))}
}

// Fetch implements provider.Replica.
func (r *replica) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		if len(ids) == 0 {
			return
		}
		bodies, bad, err := r.read(ctx)
		if err != nil {
			yield(tandem.Record{}, err)
			return
		}
		for _, id := range ids {
			rec := tandem.Record{ID: id}
			body, there := bodies[string(id)]
			err := bad[string(id)]
			switch {
			case err != nil:
			case !there:
				err = tandem.Errorf(tandem.NotFound, "it is gone")
			default:
				rec.Meta, rec.Body = meta(body), tandem.Bytes(body)
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

// Apply implements provider.Replica.
func (r *replica) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, len(writes))
	undone := func(from int, err error) ([]tandem.Outcome, error) {
		for i := from; i < len(writes); i++ {
			out[i] = tandem.Outcome{Status: tandem.RetryAfter, ID: writes[i].ID, Err: err}
		}
		return out, err
	}
	if len(writes) == 0 {
		return out, nil
	}
	done, err := r.begin(ctx)
	if err != nil {
		return undone(0, err)
	}
	defer done()
	if r.ReadOnly {
		for i, w := range writes {
			out[i] = tandem.Outcome{Status: tandem.Rejected, ID: w.ID, Err: tandem.Errorf(tandem.Denied, "nothing is written there")}
		}
		return out, nil
	}
	for i, w := range writes {
		if err := ctx.Err(); err != nil {
			return undone(i, err)
		}
		bodies, bad, err := r.Store.Records(ctx) // at the last instant: others may write there, too
		if err != nil {
			return undone(i, trouble(err))
		}
		out[i] = r.write(ctx, w, bodies, bad)
	}
	return out, nil
}

// write performs one write, given what is there.
func (r *replica) write(ctx context.Context, w tandem.Write, bodies map[string][]byte, bad map[string]error) tandem.Outcome {
	name := string(w.ID)
	if w.Op == tandem.Create && name == "" {
		name = nameOf(w.Marker)
	}
	o := tandem.Outcome{ID: tandem.ID(name)}
	end := func(s tandem.Status, err error) tandem.Outcome {
		o.Status, o.Err = s, err
		return o
	}
	old, there := bodies[name]
	switch {
	case bad[name] != nil:
		return end(tandem.PreconditionFailed, bad[name])
	case w.Op == tandem.Create && there:
		return end(tandem.PreconditionFailed, tandem.Errorf(tandem.Exists, "the name is taken"))
	case w.Op != tandem.Create && (!there || w.If != version(old)):
		return end(tandem.PreconditionFailed, tandem.Errorf(tandem.Changed, "it is not what it was"))
	}
	switch w.Op {
	case tandem.Create, tandem.Update:
		return r.store(ctx, name, w, end, &o)
	case tandem.Delete:
		return failed(end, r.Store.Remove(ctx, name))
	case tandem.SetAttrs:
		o.Meta = meta(old)
		return end(tandem.Applied, nil) // there are none to keep
	}
	return end(tandem.Rejected, tandem.Errorf(tandem.Invalid, "records are not renamed there"))
}

func (r *replica) store(ctx context.Context, name string, w tandem.Write, end func(tandem.Status, error) tandem.Outcome, o *tandem.Outcome) tandem.Outcome {
	most := r.MaxSize
	if most <= 0 {
		most = 1 << 40
	}
	body, err := tandem.ReadBody(w.Record.Body, most)
	if err == nil {
		if err = r.Store.Write(ctx, name, body); err == nil && w.Progress != nil {
			w.Progress(int64(len(body)))
		}
	} else if !tandem.IsKind(err, tandem.TooLarge) { // the source's trouble
		return end(tandem.RetryAfter, err)
	}
	if err == nil {
		o.Meta = meta(body)
	}
	return failed(end, err)
}

// failed says how a write ended: what will never do is rejected, all else is tried again.
func failed(end func(tandem.Status, error) tandem.Outcome, err error) tandem.Outcome {
	switch {
	case err == nil:
		return end(tandem.Applied, nil)
	case slices.Contains([]tandem.ErrorKind{tandem.Invalid, tandem.TooLarge, tandem.Denied}, tandem.KindOf(err)):
		return end(tandem.Rejected, err)
	}
	return end(tandem.RetryAfter, err)
}

// nameOf is the name of a record for which nobody wished one. It follows from the marker, so that it can be found again.
func nameOf(m tandem.Marker) string {
	sum := sha256.Sum256([]byte(m))
	return hex.EncodeToString(sum[:12])
}

// Find implements provider.Replica: a create arrived if what it wrote is there.
func (r *replica) Find(ctx context.Context, w tandem.Write) (tandem.Outcome, bool, error) {
	bodies, _, err := r.read(ctx)
	if err != nil {
		return tandem.Outcome{}, false, err
	}
	name := string(w.ID)
	if name == "" {
		name = nameOf(w.Marker)
	}
	have, there := bodies[name]
	if !there || w.Record.Body == nil {
		return tandem.Outcome{}, false, nil
	}
	body, err := tandem.ReadBody(w.Record.Body, 1<<40)
	if err != nil || version(body) != version(have) {
		return tandem.Outcome{}, false, err
	}
	return tandem.Outcome{Status: tandem.Applied, ID: tandem.ID(name), Meta: meta(have)}, true, nil
}

// Watch implements provider.Replica: it cannot.
func (r *replica) Watch(ctx context.Context) (<-chan tandem.Hint, error) {
	done, err := r.begin(ctx)
	if err == nil {
		done()
	}
	return nil, err
}

// Close implements provider.Replica.
func (r *replica) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return nil
}
