package airsync

import (
	"context"

	"tandem"
	"tandem/server/eas/synckey"
	"tandem/store"
)

// knowledge is what a device has of a record.
type knowledge struct {
	has  bool
	sure bool             // false: the store no longer knows
	seq  int64            // what was told last, where answers while catching up settled it
	rec  store.HomeRecord // the version that settles it; Body nil: not looked up
}

// known finds out whether a device of generation g has a record, r being the record as it is now.
func (p *part) known(ctx context.Context, g *synckey.Generation, r store.HomeRecord) (knowledge, error) {
	if v, ok := g.RevertOf(r.Number); ok {
		return knowledge{has: v.Has == synckey.Yes, sure: v.Has != synckey.Unsaid}, nil
	}
	if a, ok := g.AsideOf(r.Number); ok {
		return knowledge{has: a.Has, sure: true}, nil
	}
	k, settled, err := p.settled(ctx, g, r)
	if err != nil {
		return k, err
	}
	if own, ok := g.OwnOf(r.Number); ok && own.Has != synckey.Unsaid && (!settled || k.seq < own.Seq) {
		return knowledge{has: own.Has == synckey.Yes, sure: true}, nil
	}
	if g.HasKin(r.Number) {
		return knowledge{has: true, sure: true}, nil
	}
	if settled {
		return k, nil
	}
	if !r.ThereAt(g.From) {
		return knowledge{sure: !g.Vague}, nil
	}
	if g.Window.Plain() && p.box == "" {
		return knowledge{has: true, sure: true}, nil
	}
	v, err := p.at(ctx, r, g.From)
	if tandem.IsKind(err, tandem.Gone) || tandem.IsKind(err, tandem.NotFound) {
		return knowledge{}, nil
	}
	if err != nil {
		return knowledge{}, err
	}
	return p.seen(g, r, v)
}

// seen is what a device knows of a version that it was to be shown.
func (p *part) seen(g *synckey.Generation, r, v store.HomeRecord) (knowledge, error) {
	f, err := p.facts(g.Window, v, v.Seq != r.Seq)
	return knowledge{has: g.Window.Has(f) && !p.elsewhere(v), sure: !g.Vague, seq: v.Seq, rec: v}, err
}

// at is a version of the past, or the record itself where it is still that one.
func (p *part) at(ctx context.Context, r store.HomeRecord, seq int64) (store.HomeRecord, error) {
	if !r.Deleted && r.Seq <= seq && r.Body != nil {
		return r, nil
	}
	return p.s.Lookup.At(ctx, p.col.ID, r.Number, seq)
}

// settled looks through the answers while the device was catching up: the last in which the record was told of decides.
func (p *part) settled(ctx context.Context, g *synckey.Generation, r store.HomeRecord) (k knowledge, ok bool, err error) {
	for i := len(g.Settled) - 1; i >= 0; i-- {
		at := g.Settled[i]
		if r.Seq <= at.At {
			if r.Seq > at.Upto {
				continue // it was there then, as it is now, and its turn had not come
			}
			if r.Deleted {
				return knowledge{sure: true, seq: r.Seq}, true, nil
			}
			k, err := p.seen(g, r, r)
			return k, true, err
		}
		if r.Born > at.At && (r.WasBorn == 0 || r.WasBorn > at.At) {
			continue // not there yet
		}
		v, err := p.at(ctx, r, at.At)
		switch {
		case tandem.IsKind(err, tandem.NotFound):
			if r.WasGone != 0 && r.WasGone <= at.Upto && r.WasGone > g.From {
				return knowledge{sure: true, seq: r.WasGone}, true, nil
			}
		case tandem.IsKind(err, tandem.Gone):
		case err != nil:
			return k, false, err
		case v.Seq <= g.From:
			return k, false, nil // as it was in the beginning
		case v.Seq <= at.Upto:
			k, err := p.seen(g, r, v)
			return k, true, err
		}
	}
	return k, false, nil
}

// baseOf is the version of a record on which a client's edit rests, with its body, which is nil if the store no longer knows.
func (p *part) baseOf(ctx context.Context, e edit) (store.HomeRecord, error) {
	r, g := e.rec, p.g
	k, settled, err := p.settled(ctx, g, r)
	if err != nil {
		return r, err
	}
	if own, ok := g.OwnOf(r.Number); ok && own.Has != synckey.No && own.Shows() != 0 && (!settled || k.seq < own.Seq) {
		if v, err := p.version(ctx, r, own.Shows()); v.Body != nil || err != nil {
			return v, err
		}
	}
	if a, ok := g.AsideOf(r.Number); ok && a.Has { // the device has an older version than the one that was set aside
		if v, err := p.version(ctx, r, a.Seq-1); v.Body != nil || err != nil {
			return v, err
		}
	}
	if !r.Deleted && r.Seq <= g.Cursor {
		return r, nil
	}
	if settled && k.rec.Number != 0 {
		return p.version(ctx, r, k.seq)
	}
	v, err := p.version(ctx, r, g.From)
	if v.Body == nil && err == nil && !r.Deleted {
		return r, nil // what it rests on is forgotten: what the client sends counts, what it leaves out stays
	}
	if v.Body == nil && err == nil {
		return p.version(ctx, r, r.Seq-1) // as it was when it went
	}
	return v, err
}

// version is a record as it stood at seq, with body; without one if the store does not know it any more.
func (p *part) version(ctx context.Context, r store.HomeRecord, seq int64) (store.HomeRecord, error) {
	v, err := p.at(ctx, r, seq)
	if tandem.IsKind(err, tandem.NotFound) || tandem.IsKind(err, tandem.Gone) {
		return store.HomeRecord{}, nil
	}
	return v, err
}
