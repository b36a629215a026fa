package home

import (
	"context"

	"tandem"
	"tandem/kind"
	"tandem/store"
)

// inspectMax is the size in bytes of the largest body that is looked into as a whole. Larger ones are only digested,
// where their kind can do that as they stream by, and refused otherwise.
const inspectMax = 64 << 20

// Apply implements provider.Replica. Writes that the kind refuses are Rejected; the rest is one transaction.
func (r *Replica) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, len(writes))
	batch := make([]store.HomeWrite, 0, len(writes))
	at := make([]int, 0, len(writes)) // place of each of batch in out
	err := r.usable(ctx)
	for i := range writes {
		var w store.HomeWrite
		var failed *tandem.Outcome
		if err == nil {
			w, failed = r.prepare(writes[i])
			err = r.usable(ctx)
		}
		switch {
		case err != nil:
			out[i] = tandem.Outcome{Status: tandem.RetryAfter, ID: writes[i].ID, Err: err}
		case failed != nil:
			out[i] = *failed
		default:
			batch = append(batch, w)
			at = append(at, i)
		}
	}
	if err != nil || len(batch) == 0 {
		return retryAll(out, err), err
	}
	done, err := r.store.Home.Write(ctx, r.collection.ID, r.author(), batch)
	for k, i := range at {
		if k < len(done) {
			out[i] = done[k]
		} else {
			out[i] = tandem.Outcome{Status: tandem.RetryAfter, ID: writes[i].ID, Err: err}
		}
	}
	return out, r.gone(err)
}

// retryAll fills in what has no outcome because the whole failed.
func retryAll(out []tandem.Outcome, err error) []tandem.Outcome {
	if err != nil {
		for i := range out {
			if out[i].Status == tandem.Maybe {
				out[i] = tandem.Outcome{Status: tandem.RetryAfter, ID: out[i].ID, Err: err}
			}
		}
	}
	return out
}

// prepare looks into the body of a write. The outcome tells of a body that will not do.
func (r *Replica) prepare(w tandem.Write) (store.HomeWrite, *tandem.Outcome) {
	hw := store.HomeWrite{Write: w}
	if w.Record.Body == nil || w.Op != tandem.Create && w.Op != tandem.Update {
		return hw, nil
	}
	fail := func(err error) (store.HomeWrite, *tandem.Outcome) {
		status := tandem.RetryAfter
		if tandem.IsKind(err, tandem.Invalid) || tandem.IsKind(err, tandem.TooLarge) {
			status = tandem.Rejected
		}
		return hw, &tandem.Outcome{Status: status, ID: w.ID, Err: err}
	}
	if s, ok := r.kind.(kind.Streamer); ok {
		in, err := w.Record.Body.Open()
		if err != nil {
			return fail(err)
		}
		defer in.Close()
		if hw.Digest, err = s.DigestReader(in); err != nil {
			return fail(err)
		}
		hw.Title = string(w.ID)
		return hw, nil
	}
	data, err := tandem.ReadBody(w.Record.Body, inspectMax)
	if err != nil {
		return fail(err)
	}
	info, err := r.kind.Inspect(data)
	if err != nil {
		return fail(err)
	}
	// What was looked into is what is stored, also if the source changes meanwhile.
	hw.Record.Body = tandem.Bytes(data)
	hw.Record.UID, hw.Record.Modified = info.Index.UID, info.Modified
	hw.Digest, hw.Index, hw.Title = info.Digest, info.Index, info.Summary.String()
	return hw, nil
}
