package airsync

import (
	"context"

	"tandem"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// change is one command for the client.
type change struct {
	tag wbxml.Tag // AirSyncAdd, AirSyncChange, AirSyncDelete or AirSyncSoftDelete
	rec store.HomeRecord
	had bool
	end int64 // of the sweep's order, where it comes from one

	data *wbxml.Frozen // what is shown of it, where that is known
	kin  bool          // it is shown because of its conversation, without its text
}

// listing are changes in order.
type listing struct {
	changes []change
	cursor  int64 // everything last written up to here was looked at
	stood   int64 // where the collection stood
	more    bool
}

// collect lists what the device must be told, renders as much as fits and moves the generation on.
func (p *part) collect(ctx context.Context) ([]*wbxml.Element, error) {
	room := min(p.w.window, p.b.room)
	if p.st.Limit > 0 {
		room = min(room, p.st.Limit)
	}
	if room <= 0 {
		return nil, p.peek(ctx)
	}
	if len(p.fresh) > 0 { // nothing of a record comes along with the answer to what the device did to it
		p.g.More = true
		return nil, nil
	}
	p.tell = room > 1
	list, err := p.since(ctx, room)
	if tandem.IsKind(err, tandem.Gone) {
		p.forget(ctx)
		list, err = p.since(ctx, room)
	}
	if err != nil {
		return nil, err
	}
	out, n, err := p.render(ctx, list.changes)
	if err != nil {
		return nil, err
	}
	p.g.Stood, p.g.More = list.stood, list.more
	if n < len(list.changes) {
		p.g.More = true
		list.cursor = list.changes[n-1].rec.Seq
	}
	if p.g.More {
		p.g.Advance(list.cursor, list.stood)
		return out, nil
	}
	p.g.Finish(list.stood)
	room -= n
	if len(p.g.Reverts) > 0 {
		back, err := p.reversals(ctx, room)
		if err != nil {
			return nil, err
		}
		out, room = append(out, back...), room-len(back)
		if len(p.g.Reverts) > 0 {
			p.g.More = true
			return out, nil
		}
	}
	if room > 0 && !p.b.spent() {
		swept, err := p.sweep(ctx, room)
		if err == nil && !p.g.More {
			var gathered []*wbxml.Element
			gathered, err = p.gather(ctx, room-len(swept))
			swept = append(swept, gathered...)
		}
		if err == nil && len(out)+len(swept) == 0 && !p.g.More {
			return p.retry(ctx)
		}
		return append(out, swept...), err
	}
	if p.g.More = p.g.Window.Sweep != nil || !p.g.Window.Same(p.target()); p.g.More {
		return out, nil
	}
	_, err = p.gather(ctx, 0)
	return out, err
}

// peek finds out whether there is more for a collection for which the answer has no room left. MS-ASCMD_R4779
func (p *part) peek(ctx context.Context) error {
	list, err := p.since(ctx, 1)
	if tandem.IsKind(err, tandem.Gone) {
		p.g.More = true
		return nil
	}
	p.g.More = err == nil && (len(list.changes) > 0 || list.more || len(p.g.Reverts) > 0)
	p.g.Stood = list.stood
	if err != nil || p.g.More || p.g.Window.Sweep != nil {
		return err
	}
	_, err = p.gather(ctx, 0)
	return err
}

// forget begins to tell everything again, because the store no longer knows what changed: the device was away for longer than deletions are
// remembered, or the store was put back to an earlier state. An Add of what the device has is a change to it (MS-ASCMD_R757), and nothing
// is lost on it, as it would be if its key were refused.
func (p *part) forget(ctx context.Context) {
	p.g = &synckey.Generation{Window: p.target(), Results: p.g.Results, Mine: p.g.Mine, Own: p.g.Own, Kin: p.g.Kin, Vague: true}
	p.s.tell(ctx, p.r, store.Event{Level: store.Warning, Text: "what changed in " + p.col.Name + " since the last sync is not known any more; all of it is sent again",
		Remedy: "if records that were deleted are left on the device, let it start over: `tandem device resync`"})
}

// settle is how often the listing is made again because the collection was written to meanwhile.
const settle = 3

// since lists what was last written after the cursor. Where it is cut, it must be known where the collection stood at that moment.
func (p *part) since(ctx context.Context, room int) (list listing, err error) {
	for range settle {
		before := p.col.Seq
		if list, err = p.list(ctx, p.g, room, 0); err != nil {
			return list, err
		}
		if !list.more {
			list.stood = max(before, list.cursor)
			return list, nil
		}
		if err := p.find(ctx); err != nil {
			return list, err
		}
		list.stood = p.col.Seq
		if p.col.Seq == before {
			break
		}
	}
	return list, nil
}

// list lists changes for a generation, at most room of them, and up to stop if that is not 0. It ends, too, when it has looked at many records in
// vain: the next request goes on from there.
func (p *part) list(ctx context.Context, g *synckey.Generation, room int, stop int64) (listing, error) {
	list := listing{cursor: g.Cursor}
	at := map[int64]int{} // place of a record in changes; it may change while we list
	for looked := 0; ; {
		if looked >= p.s.limits().Look && stop == 0 {
			list.more = true
			return list, nil
		}
		recs, more, err := p.next(ctx, list.cursor, listed(room-len(list.changes)))
		if err != nil {
			return list, err
		}
		for _, r := range recs {
			if stop != 0 && r.Seq > stop {
				return list, nil
			}
			c, err := p.decide(ctx, g, r, r)
			if err != nil {
				return list, err
			}
			if c != nil {
				if len(list.changes) == room {
					list.more = true
					return list, nil
				}
				if i, twice := at[r.Number]; twice {
					list.changes = append(list.changes[:i], list.changes[i+1:]...)
					clear(at)
					for j, have := range list.changes {
						at[have.rec.Number] = j
					}
				}
				at[r.Number] = len(list.changes)
				list.changes = append(list.changes, *c)
			}
			list.cursor = r.Seq
		}
		if !more {
			return list, nil
		}
		looked += len(recs)
	}
}

// listed is how many records are listed for so many changes: not all are told.
func listed(room int) int { return min(room+16, maxWindow) }

// next lists what was last written after a cursor: with bodies, where most of it will be shown.
func (p *part) next(ctx context.Context, after int64, limit int) ([]store.HomeRecord, bool, error) {
	if !p.tell || !p.g.Window.Plain() || p.recorder() != nil { // messages are large, and few parts of them are shown
		return p.s.Home.Since(ctx, p.col.ID, after, limit)
	}
	if after == p.g.Cursor && len(p.w.commands) == 0 { // what was made ahead does not know what the commands wrote
		if b := p.s.ahead.take(ctx, p); b != nil {
			return b.recs, b.more, nil
		}
	}
	return p.s.Listing.Filled(ctx, p.col.ID, after, limit)
}

// decide tells what a device of generation g must be told of a version v of a record, r being the record as it is now; nil: nothing.
func (p *part) decide(ctx context.Context, g *synckey.Generation, r, v store.HomeRecord) (*change, error) {
	if a, ok := g.AsideOf(r.Number); ok && a.Seq == v.Seq {
		return nil, nil
	}
	shown, err := p.shown(ctx, g, r, &v)
	if err != nil {
		return nil, err
	}
	if own, ok := g.OwnOf(r.Number); ok && own.Seq == v.Seq && !own.Told && shown == (own.Has == synckey.Yes) {
		return nil, nil // its own
	}
	k, err := p.known(ctx, g, r)
	if err != nil {
		return nil, err
	}
	c := &change{rec: v, had: k.has}
	switch {
	case shown && k.has:
		c.tag = wbxml.AirSyncChange
	case shown:
		c.tag = wbxml.AirSyncAdd
	case k.sure && !k.has:
		return nil, nil
	case v.Deleted || p.elsewhere(v):
		c.tag = wbxml.AirSyncDelete
	default:
		c.tag = wbxml.AirSyncSoftDelete // MS-ASCMD_R3967
	}
	return c, nil
}

// shown reports whether a device of generation g is to have a version of a record. Where that hangs on the body, v gets it.
func (p *part) shown(ctx context.Context, g *synckey.Generation, r store.HomeRecord, v *store.HomeRecord) (bool, error) {
	if v.Deleted || p.elsewhere(*v) {
		return false, nil
	}
	if p.shut { // it keeps what it put there itself
		own, ok := g.OwnOf(r.Number)
		return ok && own.Has == synckey.Yes, nil
	}
	if g.Window.Plain() {
		return true, nil
	}
	if v.Body == nil && g.Window.AsksFinished() {
		got, err := p.s.Lookup.At(ctx, p.col.ID, v.Number, v.Seq)
		if tandem.IsKind(err, tandem.NotFound) || tandem.IsKind(err, tandem.Gone) {
			return false, nil // it changed again, and comes again
		}
		if err != nil {
			return false, err
		}
		v.Body = got.Body
	}
	f, err := p.facts(g.Window, *v, v.Seq != r.Seq)
	return g.Window.Has(f) || g.HasKin(r.Number), err
}

// sweep moves the window, once there is nothing else to tell. MS-ASCMD 2.2.3.68.2
func (p *part) sweep(ctx context.Context, room int) ([]*wbxml.Element, error) {
	if p.g.Window.Sweep == nil {
		to := p.target()
		if p.g.Window.Same(to) {
			return nil, nil
		}
		p.g.Window = p.g.Window.Toward(to)
	}
	stays, err := p.stays(ctx, p.g.Window.Target())
	if err != nil {
		return nil, err
	}
	var out []*wbxml.Element
	for looked := 0; ; {
		left := room - len(out)
		step := max(left, sweepStep)
		s, more, err := p.stretch(ctx, p.g, p.g.Window, p.g.Stood, step, stays)
		if err != nil {
			return out, err
		}
		for _, number := range s.kept {
			p.g.Join(number)
		}
		done, n, err := p.render(ctx, s.changes[:min(left, len(s.changes))])
		if err != nil {
			return out, err
		}
		out = append(out, done...)
		sw := p.g.Window.Sweep
		switch {
		case n < len(s.changes):
			last := s.changes[n-1]
			sw.End, sw.Number, sw.Seq = last.end, last.rec.Number, last.rec.Seq
			p.g.More = true
			return out, nil
		case !more:
			p.g.Window = p.g.Window.Target()
			p.g.More = !p.g.Window.Same(p.target()) // one way an answer, so that it can be gone again
			return out, nil
		}
		sw.End, sw.Number, sw.Seq = s.end, s.number, s.cursor
		if looked += step; len(out) >= room || p.b.spent() || looked >= p.s.limits().Look {
			p.g.More = true
			return out, nil
		}
	}
}

// sweepStep is how many records of a sweep are looked at at a time, at least.
const sweepStep = 64

// swept is a stretch of a sweep.
type swept struct {
	changes             []change
	kept                []int64 // records that go on being shown, for their conversations
	end, number, cursor int64   // how far it went
}

// stretch lists the next records on the way of a window, of those last written up to seq, and whether there are more. What stays is not taken away.
func (p *part) stretch(ctx context.Context, g *synckey.Generation, w synckey.Window, seq int64, room int, stays func(number int64) bool) (s swept, more bool, err error) {
	sw := w.Sweep
	s.end, s.number, s.cursor = sw.End, sw.Number, sw.Seq
	var recs []store.HomeRecord
	if w.ByFinish() {
		recs, more, err = p.s.Home.Since(ctx, p.col.ID, sw.Seq, room)
	} else {
		from, to := w.Bounds()
		recs, err = p.s.Lookup.Ended(ctx, p.col.ID, seq, from, to, sw.End, sw.Number, room)
		more = len(recs) == room
	}
	if err != nil {
		return s, false, err
	}
	for _, r := range recs {
		if r.Seq > seq {
			return s, false, nil
		}
		s.end, s.number, s.cursor = r.Index.End, r.Number, r.Seq
		c, err := p.passed(ctx, g, w, r)
		if err != nil {
			return s, false, err
		}
		switch {
		case c == nil:
		case c.tag == wbxml.AirSyncSoftDelete && stays(r.Number):
			s.kept = append(s.kept, r.Number)
		default:
			s.changes = append(s.changes, *c)
		}
	}
	return s, more, nil
}

// passed tells what moving a window means for a record on its way; nil: nothing.
func (p *part) passed(ctx context.Context, g *synckey.Generation, w synckey.Window, r store.HomeRecord) (*change, error) {
	if r.Deleted || p.elsewhere(r) {
		return nil, nil
	}
	if w.ByFinish() {
		got, err := p.s.Lookup.At(ctx, p.col.ID, r.Number, r.Seq)
		if err != nil {
			return nil, nil // it changed this very moment, and comes with what it is now
		}
		r.Body = got.Body
		f, err := p.facts(synckey.Window{Open: true}, r, false)
		if err != nil || !f.Finished {
			return nil, err
		}
	}
	_, aside := g.AsideOf(r.Number)
	if aside {
		return nil, nil
	}
	c := &change{tag: wbxml.AirSyncAdd, rec: r, end: r.Index.End}
	if w.Narrows() {
		c.tag, c.had = wbxml.AirSyncSoftDelete, true
	}
	return c, nil
}

// retry sends one record, alone, that was set aside a while ago.
func (p *part) retry(ctx context.Context) ([]*wbxml.Element, error) {
	for {
		a, ok := p.g.Due(p.s.now().Unix())
		if !ok {
			return nil, nil
		}
		c, err := p.retrial(ctx, p.g, a)
		if err != nil {
			return nil, err
		}
		if c == nil { // nothing that the device lacks, or would keep
			p.g.Release(a.Number)
			p.g.KinSeq = 0
			continue
		}
		out, _, err := p.render(ctx, []change{*c})
		if len(out) > 0 || err != nil {
			p.g.Retried = a.Number
			return out, err
		}
		if still, ok := p.g.AsideOf(a.Number); ok && still == a { // not even tried
			return nil, nil
		}
	}
}

// retrial is the command for a record of generation g that was set aside; nil: there is none to give.
func (p *part) retrial(ctx context.Context, g *synckey.Generation, a synckey.Aside) (*change, error) {
	r, err := p.number(ctx, a.Number)
	if tandem.IsKind(err, tandem.NotFound) {
		return nil, nil // purged, which only tombstones are
	}
	if err != nil {
		return nil, err
	}
	shown, err := p.shown(ctx, g, r, &r)
	c := &change{tag: wbxml.AirSyncAdd, rec: r, had: a.Has}
	switch {
	case err != nil || !shown && !a.Has:
		return nil, err
	case shown && a.Has:
		c.tag = wbxml.AirSyncChange
	case r.Deleted:
		c.tag = wbxml.AirSyncDelete
	case !shown:
		c.tag = wbxml.AirSyncSoftDelete
	}
	return c, nil
}
