package airsync

import (
	"cmp"
	"context"
	"slices"

	"tandem"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// maxRewritten is how many records may have changed since an answer for it to be made again as it was.
const maxRewritten = 500

// repeat makes the changes of the last answer again: what was last written between the cursors of its two generations when the collection stood
// where it stood then. What changed since is shown as it was, from history; its new version is for the next key. ok is false if too much
// changed for that.
func (p *part) repeat(ctx context.Context) (out []*wbxml.Element, ok bool, err error) {
	if p.st.Now.Sent == 0 {
		return nil, true, nil
	}
	changes, ok, err := p.told(ctx)
	if err != nil || !ok {
		return nil, false, err
	}
	p.g = p.st.Now.Next()
	p.b.bytes = max(p.b.bytes, p.s.limits().Bytes) // it fitted then
	out, n, err := p.render(ctx, changes)
	if n < len(changes) {
		return nil, false, err
	}
	return out, err == nil, err
}

// told lists the changes of the last answer, in order.
func (p *part) told(ctx context.Context) (changes []change, ok bool, err error) {
	was, now := p.st.Was.Next(), p.st.Now
	if a, aside := was.AsideOf(now.Retried); aside {
		c, err := p.retrial(ctx, was, a)
		if err != nil || c == nil || c.rec.Seq != a.Seq {
			return nil, false, err // it changed, and is tried as what it is now
		}
		return []change{*c}, true, nil
	}
	for _, o := range now.Mine {
		was.AddOwn(o)
	}
	upto := min(now.Cursor, now.Stood)
	var list listing
	if upto > 0 { // nothing was there yet, but for what the device added and was refused
		list, err = p.list(ctx, was, 4*maxWindow, upto)
	}
	if tandem.IsKind(err, tandem.Gone) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	from := was.Window
	if from.Sweep == nil && !from.Same(now.Window.Target()) {
		from = from.Toward(now.Window.Target())
	}
	rewritten, after, ok, err := p.rewritten(ctx, was, from, upto)
	if err != nil || !ok {
		return nil, false, err
	}
	changes = append(list.changes, rewritten...)
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(a.rec.Seq, b.rec.Seq) })
	back, ok, err := p.repeated(ctx, was, changes)
	if err != nil || !ok {
		return nil, false, err
	}
	moved, err := p.moves(ctx, from, now)
	if err != nil {
		return nil, false, err
	}
	kin, ok, err := p.gathered(ctx, now)
	return slices.Concat(changes, back, moved, after, kin), ok, err
}

// rewritten lists what the last answer told of records that were written to since: changes, and then what moving the window meant.
func (p *part) rewritten(ctx context.Context, was *synckey.Generation, from synckey.Window, upto int64) (changes, moved []change, ok bool, err error) {
	now := p.st.Now
	recs, more, err := p.s.Home.Since(ctx, p.col.ID, now.Stood, maxRewritten)
	if err != nil || more {
		if tandem.IsKind(err, tandem.Gone) {
			err = nil
		}
		return nil, nil, false, err
	}
	for _, r := range recs {
		if r.Born > now.Stood && (r.WasBorn == 0 || r.WasBorn > now.Stood) {
			continue
		}
		v, err := p.s.Lookup.At(ctx, p.col.ID, r.Number, now.Stood)
		switch {
		case tandem.IsKind(err, tandem.NotFound): // a tombstone then, alive again now
			v = store.HomeRecord{Record: tandem.Record{ID: r.ID}, Seq: r.WasGone, Deleted: true, Number: r.Number}
		case tandem.IsKind(err, tandem.Gone):
			return nil, nil, false, nil
		case err != nil:
			return nil, nil, false, err
		}
		if v.Seq > upto {
			continue
		}
		if v.Seq > was.Cursor {
			c, err := p.decide(ctx, was, r, v)
			if err != nil {
				return nil, nil, false, err
			}
			if c != nil {
				changes = append(changes, *c)
			}
		}
		if from.Sweep != nil && !v.Deleted {
			f, err := p.facts(from, v, true)
			if err != nil {
				return nil, nil, false, err
			}
			if had, has := from.Has(f), now.Window.Has(f); had != has && (has || !stayed(now)(v.Number)) {
				moved = append(moved, moveOf(v, has, f.End))
			}
		}
	}
	return changes, moved, true, nil
}

func moveOf(r store.HomeRecord, has bool, end int64) change {
	c := change{tag: wbxml.AirSyncAdd, rec: r, end: end}
	if !has {
		c.tag, c.had = wbxml.AirSyncSoftDelete, true
	}
	return c
}

// moves lists what the last answer told because the window moved.
func (p *part) moves(ctx context.Context, from synckey.Window, now *synckey.Generation) (changes []change, err error) {
	if from.Sweep == nil || from.Same(from.Target()) {
		return nil, nil
	}
	way := from
	sweep := *from.Sweep
	way.Sweep = &sweep
	for {
		s, more, err := p.stretch(ctx, p.st.Was, way, now.Stood, maxWindow, stayed(now))
		if err != nil {
			return nil, err
		}
		for _, c := range s.changes {
			f, err := p.facts(from, c.rec, false)
			if err != nil {
				return nil, err
			}
			if from.Has(f) != now.Window.Has(f) {
				changes = append(changes, c)
			}
		}
		way.Sweep.End, way.Sweep.Number, way.Sweep.Seq = s.end, s.number, s.cursor
		if !more || len(changes) >= p.st.Now.Sent {
			return changes, nil
		}
	}
}

// suspect deals with an answer that was asked for again and again: fewer commands are sent, until it is known which record it is that the device
// cannot cope with. That one is set aside.
func (p *part) suspect(ctx context.Context) error {
	sent := p.st.Now.Sent
	if sent > 1 {
		if p.st.Limit, p.st.Tries = sent/2, p.s.limits().Patience-1; p.st.Limit == 1 {
			p.st.Tries = 0
		}
		return nil
	}
	g := p.g
	changes, ok, err := p.told(ctx)
	if err != nil {
		return err
	}
	if ok && len(changes) > 0 {
		p.g = g
		if n := changes[0].rec.Number; n < 0 { // what it added and was refused: it keeps it
			p.g.Reverted(n)
			p.st.Limit, p.st.Tries = 0, 0
			return nil
		}
		p.aside(ctx, &changes[0], "the device asked for it again and again without getting on")
	}
	p.st.Limit, p.st.Tries = 0, 0
	return nil
}
