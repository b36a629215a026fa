package wrap

import (
	"context"
	"iter"

	"tandem"
	"tandem/provider"
)

// expose makes an opened replica of a wrapped one, with exactly the optional interfaces of the replica inside.
func expose(o *provider.Opened, w *wrapped, features provider.Features) *provider.Opened {
	d, isDigester := o.Replica.(provider.Digester)
	p, isParker := o.Replica.(provider.Parker)
	f, isFlusher := o.Replica.(provider.Flusher)
	w.inner = o.Replica
	dg, pk, fl := digester{w, d}, parker{w, p}, flusher{w, f}
	out := *o
	out.Features = features
	switch {
	case isDigester && isParker && isFlusher:
		out.Replica = struct {
			*wrapped
			digester
			parker
			flusher
		}{w, dg, pk, fl}
	case isDigester && isParker:
		out.Replica = struct {
			*wrapped
			digester
			parker
		}{w, dg, pk}
	case isDigester && isFlusher:
		out.Replica = struct {
			*wrapped
			digester
			flusher
		}{w, dg, fl}
	case isParker && isFlusher:
		out.Replica = struct {
			*wrapped
			parker
			flusher
		}{w, pk, fl}
	case isDigester:
		out.Replica = struct {
			*wrapped
			digester
		}{w, dg}
	case isParker:
		out.Replica = struct {
			*wrapped
			parker
		}{w, pk}
	case isFlusher:
		out.Replica = struct {
			*wrapped
			flusher
		}{w, fl}
	default:
		out.Replica = w
	}
	return &out
}

type digester struct {
	w *wrapped
	d provider.Digester
}

// Digest implements provider.Digester.
func (x digester) Digest(ctx context.Context, ids []tandem.ID) iter.Seq[tandem.Change] {
	return x.w.digest(ctx, x.d, ids)
}

type parker struct {
	w *wrapped
	p provider.Parker
}

// Unpark implements provider.Parker.
func (x parker) Unpark(ctx context.Context, parked string) (tandem.Record, error) {
	return x.w.unpark(ctx, x.p, parked)
}

// Purge implements provider.Parker.
func (x parker) Purge(ctx context.Context, before int64) (int64, error) {
	return x.w.purge(ctx, x.p, before)
}

type flusher struct {
	w *wrapped
	f provider.Flusher
}

// Flush implements provider.Flusher.
func (x flusher) Flush(ctx context.Context) error { return x.w.flush(ctx, x.f) }
