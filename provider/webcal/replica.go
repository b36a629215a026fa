package webcal

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"sync"

	"tandem"
	"tandem/kind"
	"tandem/provider"
)

// replica is one feed.
type replica struct {
	at       *url.URL
	client   *http.Client
	kind     tandem.Kind
	handlers func(tandem.Kind) (kind.Handler, bool) // nil: what bodies mean is not known

	mu     sync.Mutex
	have   *feed           // guarded by mu: what was read last; nil: nothing yet
	unseen bool            // guarded by mu: have was not listed yet
	life   context.Context // done when it is closed
	end    context.CancelFunc
}

var _ provider.Replica = (*replica)(nil)

var errClosed = &tandem.Error{Kind: tandem.Gone, Op: "use calendar", Err: errors.New("it is closed")}

// begin refuses what comes after Close, and ends what is under way with it.
func (r *replica) begin(ctx context.Context) (context.Context, func(), error) {
	if r.life.Err() != nil {
		return ctx, nil, errClosed
	}
	if err := ctx.Err(); err != nil {
		return ctx, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(r.life, func() { cancel(errClosed) })
	return ctx, func() { stop(); cancel(nil) }, nil
}

func (r *replica) keep(f *feed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.have, r.unseen = f, true
}

// Identity implements provider.Replica: a feed is what its address says. Nothing is planted, so it is looked whether the address leads anywhere.
func (r *replica) Identity(ctx context.Context) (tandem.Identity, error) {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return tandem.Identity{}, err
	}
	defer done()
	id := tandem.Identity{Store: "webcal:" + r.at.Host + r.at.RequestURI()}
	r.mu.Lock()
	known := r.have != nil
	r.mu.Unlock()
	if known {
		return id, nil
	}
	// HEAD is not understood by all, but whatever answers is there.
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, r.at.String(), nil)
	if err != nil {
		return tandem.Identity{}, r.trouble(tandem.Invalid, err, "")
	}
	req.Header.Set("User-Agent", agent)
	resp, err := r.client.Do(req)
	if err != nil {
		return tandem.Identity{}, r.unreachable(ctx, err)
	}
	return id, resp.Body.Close()
}

// Changes implements provider.Replica. It is the one GET; nothing is yielded before everything has arrived and was understood.
func (r *replica) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var listing tandem.Listing
	return func(yield func(tandem.Change, error) bool) {
		listing = tandem.Listing{}
		ctx, done, err := r.begin(ctx)
		if err != nil {
			yield(tandem.Change{}, err)
			return
		}
		defer done()
		f, same, err := r.look(ctx, r.before(since))
		switch {
		case err != nil:
			yield(tandem.Change{}, err)
			return
		case same:
			listing = tandem.Listing{Complete: true, Next: since}
			return
		}
		for _, rec := range f.records[r.kind] {
			if !yield(rec.Change, nil) {
				return
			}
		}
		next := f.next
		next.Kind = string(r.kind)
		listing = tandem.Listing{Complete: true, Full: true, Next: next.text()}
	}, func() tandem.Listing { return listing }
}

// before is what is known of the last look; nothing, if it was for something else.
func (r *replica) before(since tandem.Cursor) cursor {
	c := readCursor(since)
	if c.Kind != string(r.kind) || c.Taste != taste {
		return cursor{}
	}
	return c
}

// look reads the feed, unless it was read already and not listed. same: it is what it was at the cursor.
func (r *replica) look(ctx context.Context, since cursor) (f *feed, same bool, err error) {
	r.mu.Lock()
	f, fresh := r.have, r.unseen
	r.unseen = false
	r.mu.Unlock()
	if !fresh {
		if f, err = r.get(ctx, since); err != nil {
			return nil, false, err
		}
		if f == nil {
			return nil, true, nil
		}
		r.mu.Lock()
		r.have = f
		r.mu.Unlock()
	}
	return f, since.Sum != "" && since.Sum == f.next.Sum, nil
}

// Fetch implements provider.Replica, from what was listed; it is read now where nothing was.
func (r *replica) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		ctx, done, err := r.begin(ctx)
		if err != nil {
			yield(tandem.Record{}, err)
			return
		}
		defer done()
		if len(ids) == 0 {
			return
		}
		r.mu.Lock()
		f := r.have
		r.mu.Unlock()
		if f == nil {
			if f, err = r.get(ctx, cursor{}); err != nil {
				yield(tandem.Record{}, err)
				return
			}
			r.mu.Lock()
			r.have = f
			r.mu.Unlock()
		}
		at := map[tandem.ID]*record{}
		for i := range f.records[r.kind] {
			rec := &f.records[r.kind][i]
			at[rec.ID] = rec
		}
		for _, id := range ids {
			rec := at[id]
			out, err := tandem.Record{ID: id}, error(nil)
			switch {
			case rec == nil:
				err = &tandem.Error{Kind: tandem.NotFound, Op: "read record", Thing: string(id)}
			case rec.Presence == tandem.Problem:
				err = rec.Err
			default:
				out = tandem.Record{ID: id, Meta: rec.Meta, Body: tandem.Bytes(rec.body)}
			}
			if !yield(out, err) {
				return
			}
		}
	}
}

// Apply implements provider.Replica: it refuses.
func (r *replica) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	_, done, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	out := make([]tandem.Outcome, len(writes))
	for i, w := range writes {
		out[i] = tandem.Outcome{Status: tandem.Rejected, ID: w.ID, Err: &tandem.Error{Kind: tandem.Denied, Op: "write record", Thing: string(w.ID),
			Err: errors.New("a published calendar is only read"), Remedy: "change it where it comes from"}}
	}
	return out, nil
}

// Find implements provider.Replica: nothing is ever made there.
func (r *replica) Find(ctx context.Context, _ tandem.Write) (tandem.Outcome, bool, error) {
	_, done, err := r.begin(ctx)
	if err != nil {
		return tandem.Outcome{}, false, err
	}
	defer done()
	return tandem.Outcome{}, false, nil
}

// Watch implements provider.Replica: publishers do not tell.
func (r *replica) Watch(ctx context.Context) (<-chan tandem.Hint, error) {
	_, done, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return nil, nil
}

// Close implements provider.Replica.
func (r *replica) Close() error {
	r.end()
	r.client.CloseIdleConnections()
	return nil
}
