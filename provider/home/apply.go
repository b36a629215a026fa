package home

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"tandem"
	"tandem/kind"
	"tandem/store"
)

const (
	// inspectMax is the size in bytes of the largest body that is looked into as a whole. A larger one is refused, unless
	// its kind can digest it as it streams by.
	inspectMax = 64 << 20
	// streamMin is the size from which on bodies of such kinds stream by.
	streamMin = 1 << 20
)

// What one transaction takes at most, in bytes: of bodies that are held in memory until it is made, and of all. What came before is on the disk if a machine stops on its way.
const (
	heldMax  = 8 << 20
	takenMax = 64 << 20
)

// Apply implements provider.Replica. Writes that the kind refuses are Rejected; the rest is one transaction, or several one after the other where the bodies are large.
func (r *Replica) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, len(writes))
	for first := 0; first < len(writes); {
		end := first + together(writes[first:])
		if err := r.applySome(ctx, writes[first:end], out[first:end]); err != nil {
			for i := end; i < len(writes); i++ {
				out[i] = tandem.Outcome{Status: tandem.RetryAfter, ID: writes[i].ID, Err: err}
			}
			return out, err
		}
		first = end
	}
	return out, nil
}

// together is how many of the writes go into one transaction: one at least. A body of unknown size counts as the largest that is held.
func together(writes []tandem.Write) int {
	held, all := int64(0), int64(0)
	for i := range writes {
		if b := writes[i].Record.Body; b != nil {
			size := b.Size()
			if size < 0 {
				size = streamMin
			}
			if size <= streamMin {
				held += size
			}
			all += size
		}
		if i > 0 && (held > heldMax || all > takenMax) {
			return i
		}
	}
	return len(writes)
}

// applySome makes writes in one transaction.
func (r *Replica) applySome(ctx context.Context, writes []tandem.Write, out []tandem.Outcome) error {
	all, err := r.prepareAll(ctx, writes)
	batch := make([]store.HomeWrite, 0, len(writes))
	at := make([]int, 0, len(writes)) // place of each of batch in out
	for i := range all {
		switch p := &all[i]; {
		case err != nil:
			out[i] = tandem.Outcome{Status: tandem.RetryAfter, ID: writes[i].ID, Err: err}
		case p.failed != nil:
			out[i] = *p.failed
		default:
			batch = append(batch, p.write)
			at = append(at, i)
		}
	}
	if err != nil || len(batch) == 0 {
		return err
	}
	done, err := r.store.Home.Write(ctx, r.collection.ID, r.author(), batch)
	for k, i := range at {
		if k < len(done) {
			out[i] = done[k]
		} else {
			out[i] = tandem.Outcome{Status: tandem.RetryAfter, ID: writes[i].ID, Err: err}
		}
	}
	return r.gone(err)
}

// prepared is a write whose body has been looked into.
type prepared struct {
	write  store.HomeWrite
	failed *tandem.Outcome // what is to be said of a body that will not do
}

// apiece is how many writes a processor looks into in a row: few enough that all of them have as much to do.
const apiece = 8

// prepareAll looks into the bodies of writes, on all processors.
func (r *Replica) prepareAll(ctx context.Context, writes []tandem.Write) ([]prepared, error) {
	all := make([]prepared, len(writes))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for first := 0; first < len(writes); first += apiece {
		g.Go(func() error {
			for i := first; i < min(first+apiece, len(writes)); i++ {
				if err := r.usable(gctx); err != nil {
					return err
				}
				all[i].write, all[i].failed = r.prepare(writes[i])
			}
			return nil
		})
	}
	err := g.Wait()
	if err == nil {
		err = r.usable(ctx)
	}
	return all, err
}

// prepare looks into the body of a write. The outcome tells of a body that will not do.
func (r *Replica) prepare(w tandem.Write) (store.HomeWrite, *tandem.Outcome) {
	hw := store.HomeWrite{Write: w, Title: string(w.ID)}
	if w.Record.Body == nil || w.Op != tandem.Create && w.Op != tandem.Update {
		return hw, nil
	}
	if err := r.inspect(&hw); err != nil {
		status := tandem.RetryAfter
		if tandem.IsKind(err, tandem.Invalid) || tandem.IsKind(err, tandem.TooLarge) {
			status = tandem.Rejected
		}
		return hw, &tandem.Outcome{Status: status, ID: w.ID, Err: err}
	}
	return hw, nil
}

// inspect fills in what the body tells.
func (r *Replica) inspect(hw *store.HomeWrite) error {
	body, limit := hw.Record.Body, int64(inspectMax)
	if whole, ok := r.kind.(kind.Inspector); ok {
		return r.inspectBody(hw, whole)
	}
	streamer, streams := r.kind.(kind.Streamer)
	if streams {
		limit = streamMin
	}
	if streams && body.Size() > limit {
		return digest(hw, streamer)
	}
	data, err := tandem.ReadBody(body, limit)
	if streams && tandem.IsKind(err, tandem.TooLarge) {
		return digest(hw, streamer)
	}
	if err != nil {
		return err
	}
	info, err := r.kind.Inspect(data)
	if err != nil {
		return err
	}
	// What was looked into is what is stored, also if the source changes meanwhile.
	hw.Record.Body = tandem.Bytes(data)
	r.tell(hw, info)
	return nil
}

// tell fills in what was found out about a body.
func (r *Replica) tell(hw *store.HomeWrite, info kind.Info) {
	hw.Record.UID, hw.Record.Modified = info.Index.UID, info.Modified
	hw.Digest, hw.Index = info.Digest, info.Index
	if ai, ok := r.kind.(kind.AttrIndexer); ok {
		hw.Index = ai.IndexAttrs(hw.Index, hw.Record.Attrs)
	}
	if title := info.Summary.String(); title != "" {
		hw.Title = title
	}
}

// inspectBody fills in what a body of any size tells. A small one is read into memory once, for it is read several times.
func (r *Replica) inspectBody(hw *store.HomeWrite, whole kind.Inspector) error {
	if size := hw.Record.Body.Size(); size >= 0 && size <= streamMin {
		data, err := tandem.ReadBody(hw.Record.Body, streamMin)
		if err != nil {
			return err
		}
		hw.Record.Body = tandem.Bytes(data)
	}
	info, err := whole.InspectBody(hw.Record.Body)
	if err != nil {
		return err
	}
	r.tell(hw, info)
	return nil
}

// digest reads a large body to its end. The store reads it once more; a source that changes in between says so itself.
func digest(hw *store.HomeWrite, s kind.Streamer) error {
	in, err := hw.Record.Body.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	hw.Digest, err = s.DigestReader(in)
	return err
}
