package airsync

import (
	"context"
	"strconv"

	"tandem"
	"tandem/kind"
	"tandem/kind/eas"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// edit is what a client does to a record that is there.
type edit struct {
	rec    store.HomeRecord
	change func(base []byte) (eas.Result, error)
	// whole: the client's version does not rest on one of ours; what either side has is kept.
	whole bool
	turn  int // how often the record changed under our hands
}

// existing performs a Change, Delete or Fetch.
func (p *part) existing(ctx context.Context, b *batch, c *command, rec store.HomeRecord, res *synckey.Result) error {
	switch {
	case c.op == 'f':
		if rec.Deleted { // MS-ASCMD_R4447
			res.Status = statusMissing
		}
		return nil
	case c.op == 'd' && c.instance == "":
		if err := p.discard(ctx, rec); err != nil {
			return err
		}
		return p.remove(ctx, b, rec, res, 0)
	case c.op == 'd':
		in, ok := p.view.(eas.Instancer)
		if !ok || p.r.Version < eas.V160 {
			res.Status = statusProtocol
			return nil
		}
		return p.change(ctx, b, edit{rec: rec, change: func(base []byte) (eas.Result, error) {
			body, err := in.DropInstance(base, c.instance, p.puts().Options)
			return eas.Result{Body: body}, err
		}}, res)
	case c.data == nil && !c.send || c.class != "" && c.class != p.view.Class():
		res.Status = statusBadRecord
		return nil
	}
	if p.recorder() != nil {
		if p.r.Version >= eas.V160 && p.draft(rec) && rewrites(c) {
			return p.redraft(ctx, b, c, rec, res, 0)
		}
		if c.data == nil || c.data.Has(wbxml.Email2ConversationId) { // MS-ASEMAIL_R347
			res.Status = statusBadRecord
			return nil
		}
		return p.remark(ctx, b, c, rec, res, 0)
	}
	return p.change(ctx, b, edit{rec: rec, change: func(base []byte) (eas.Result, error) {
		put := p.puts()
		if p.r.Version >= eas.V160 {
			put.Instance = c.instance
		}
		made, err := p.view.Put(base, c.data.Children, put)
		p.note(ctx, c, made.Notes)
		return made, err
	}}, res)
}

// note logs what a view did not understand.
func (p *part) note(ctx context.Context, c *command, notes []string) {
	for _, n := range notes {
		p.s.tell(ctx, p.r, store.Event{Level: store.Info, Text: "not understood: " + n, Record: tandem.ID(c.server)})
	}
}

// change performs a Change, merging it by field with what happened to the record since the device saw it. MS-ASCMD 2.2.3.24
func (p *part) change(ctx context.Context, b *batch, e edit, res *synckey.Result) error {
	base, err := p.baseOf(ctx, e)
	if err != nil {
		return err
	}
	baseBody, err := bodyOf(base.Record)
	if err != nil {
		return err
	}
	if baseBody == nil && !e.whole { // deleted before we remember
		res.Status = statusMissing
		return nil
	}
	made, err := e.change(baseBody)
	switch {
	case tandem.IsKind(err, tandem.NotFound):
		res.Status = statusMissing
		return nil
	case err != nil:
		res.Status = statusBadRecord
		return nil
	}
	mine, err := p.written(tandem.Update, e.rec.ID, e.rec.Version, made.Body)
	switch {
	case err != nil:
		res.Status = statusBadRecord
		return nil
	case e.rec.Deleted:
		res.Status = statusMissing // MS-ASCMD_R5846
		return p.keepsake(ctx, e.rec, mine, base)
	case mine.Digest == e.rec.Digest: // done already, by an answer that was lost or by somebody else
		p.did(e.rec.Number, e.rec.Seq, synckey.Own{Has: synckey.Yes})
		return nil
	case base.Seq == e.rec.Seq && !e.whole:
		// What the client must be told of what it wrote, the schema of the answer to a Change has no place for; so it is told as a change.
		return p.put(ctx, b, e, mine, synckey.Own{Has: synckey.Yes, Told: len(made.Answer) > 0}, res)
	case !e.whole && mine.Digest == base.Digest:
		return nil // it changed nothing, others did
	}
	return p.merge(ctx, e, baseBody, mine, res)
}

// put writes a client's version of a record.
func (p *part) put(ctx context.Context, b *batch, e edit, w store.HomeWrite, own synckey.Own, res *synckey.Result) error {
	end := func(out tandem.Outcome) error {
		switch {
		case out.Status == tandem.Applied:
			p.did(e.rec.Number, seqOf(out.Version), own)
			return nil
		case out.Status == tandem.PreconditionFailed && e.turn < tries && !tandem.IsKind(out.Err, tandem.Exists):
			rec, err := p.number(ctx, e.rec.Number)
			if err != nil {
				return err
			}
			e.rec = rec
			e.turn++
			return p.change(ctx, nil, e, res)
		}
		res.Status = statusOf(out)
		return nil
	}
	if b != nil {
		b.writes, b.ends = append(b.writes, w), append(b.ends, end)
		b.about[e.rec.Number] = true
		return nil
	}
	return p.flush(ctx, &batch{writes: []store.HomeWrite{w}, ends: []func(tandem.Outcome) error{end}})
}

// merge joins a client's version with the one that somebody else wrote meanwhile. MS-ASCMD 2.2.3.34
func (p *part) merge(ctx context.Context, e edit, base []byte, mine store.HomeWrite, res *synckey.Result) error {
	theirs, err := bodyOf(e.rec.Record)
	if err != nil {
		return err
	}
	own, err := bodyOf(mine.Record)
	if err != nil {
		return err
	}
	if e.whole {
		base = nil
	}
	first, second := theirs, own
	if p.st.Options.Clients {
		first, second = own, theirs
	}
	merged, err := p.kind.Merge(base, first, second)
	if err != nil { // cannot be merged: one wins as a whole
		merged = kind.Merged{Body: first, Clashes: []kind.Clash{{}}}
	}
	w, err := p.written(tandem.Update, e.rec.ID, e.rec.Version, merged.Body)
	if err != nil {
		w, err = p.written(tandem.Update, e.rec.ID, e.rec.Version, first)
		if err != nil {
			res.Status = statusBadRecord
			return nil
		}
	}
	entry := synckey.Own{Has: synckey.Yes, Told: w.Digest != mine.Digest, Merged: w.Digest != mine.Digest}
	switch {
	case len(merged.Clashes) > 0 && !p.st.Options.Clients: // MS-ASCMD_R2069
		res.Status = statusConflict
		if e.whole {
			res.Status = statusOK
		}
		return p.overrule(ctx, e, mine, w, entry, res)
	case entry.Merged: // the client's next edit rests on what it sent, which it shows until it is told
		return p.overrule(ctx, e, mine, w, entry, res)
	case w.Digest == e.rec.Digest:
		p.did(e.rec.Number, e.rec.Seq, entry)
		return nil
	}
	return p.put(ctx, nil, e, w, entry, res)
}

// overrule keeps a client's version in history, by writing it and then what is to stand. A client whose edit was not refused goes on from that version.
func (p *part) overrule(ctx context.Context, e edit, mine, stands store.HomeWrite, own synckey.Own, res *synckey.Result) error {
	final := []store.HomeWrite{stands}
	plans, err := p.meet(ctx, final)
	if err != nil {
		return err
	}
	outs, err := p.both(ctx, mine, final[0])
	p.settle(ctx, plans, outs[1:])
	if err != nil {
		return err
	}
	p.reasked = plans.asked(0)
	defer func() { p.reasked = false }()
	last := outs[1]
	if last.Status != tandem.Applied {
		if e.turn >= tries {
			res.Status = statusOf(last)
			return nil
		}
		rec, err := p.number(ctx, e.rec.Number)
		if err != nil {
			return err
		}
		e.rec = rec
		e.turn++
		res.Status = statusOK
		return p.change(ctx, nil, e, res)
	}
	if own.Merged && res.Status == statusOK {
		own.Base = seqOf(outs[0].Version)
	}
	p.did(e.rec.Number, seqOf(last.Version), own)
	return nil
}

// did notes a write of a record. A device that was not told yet what an earlier edit of its was merged into, or for which the record was set aside,
// does not show all that is in it, and must be told in any case.
func (p *part) did(number, seq int64, own synckey.Own) {
	before, _ := p.g.OwnOf(number)
	_, aside := p.g.AsideOf(number)
	if !aside && before.Merged && !own.Merged {
		own.Base = seq
	}
	if aside || before.Merged {
		own.Told, own.Merged = true, true
	}
	own.Told = own.Told || p.reasked
	own.Number, own.Seq = number, seq
	p.g.Did(own)
}

// both performs two writes of one record, the second on top of the first, in one transaction where nobody else writes. The second is not done without the first: if
// somebody else wrote the record meanwhile, it would be put over what they wrote, under the number that the first was to get.
func (p *part) both(ctx context.Context, first, second store.HomeWrite) (res [2]tandem.Outcome, err error) {
	first.Whole, second.Whole = true, true
	for range tries {
		if err := p.find(ctx); err != nil {
			return res, err
		}
		second.If = tandem.Version(strconv.FormatInt(p.col.Seq+1, 10))
		outs, err := p.s.Home.Write(ctx, p.col.ID, author(p.r), []store.HomeWrite{first, second})
		if err != nil {
			return res, err
		}
		res = [2]tandem.Outcome(outs)
		switch {
		case res[0].Status == tandem.RetryAfter && res[1].Status == tandem.PreconditionFailed: // another record was written meanwhile
			continue
		case res[0].Status != tandem.Applied:
			res[1] = res[0]
		}
		return res, nil
	}
	first.Whole, second.Whole = false, false
	for i, w := range []*store.HomeWrite{&first, &second} {
		if i == 1 {
			w.ID, w.If = res[0].ID, res[0].Version
		}
		outs, err := p.s.Home.Write(ctx, p.col.ID, author(p.r), []store.HomeWrite{*w})
		if err != nil {
			return res, err
		}
		if res[i] = outs[0]; res[0].Status != tandem.Applied {
			res[1] = res[0]
			break
		}
	}
	return res, nil
}

// keepsake puts a client's version of a record that was deleted meanwhile into history.
func (p *part) keepsake(ctx context.Context, rec store.HomeRecord, mine store.HomeWrite, base store.HomeRecord) error {
	if mine.Digest == base.Digest {
		return nil
	}
	k, err := p.known(ctx, p.g, rec)
	if err != nil {
		return err
	}
	if err := p.park(ctx, rec.ID, mine); err != nil {
		return err
	}
	now, err := p.number(ctx, rec.Number)
	if err == nil && now.Deleted {
		own := synckey.Own{Number: rec.Number, Seq: now.Seq, Has: synckey.No}
		if k.has || !k.sure {
			own.Has, own.Told = synckey.Yes, true
		}
		p.g.Did(own)
	}
	if tandem.IsKind(err, tandem.NotFound) {
		return nil
	}
	return err
}

// park writes a body and deletes it again, under this id or, where that or the UID is in use, another.
func (p *part) park(ctx context.Context, id tandem.ID, w store.HomeWrite) error {
	w.Op, w.If = tandem.Create, ""
	outs, err := p.both(ctx, w, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: id}})
	if err != nil || outs[0].Status == tandem.Applied {
		return err
	}
	body, err := bodyOf(w.Record)
	r, ok := p.kind.(kind.Renamer)
	if err != nil || !ok {
		return err
	}
	fresh := uid(tandem.Marker(w.Digest.String()))
	if body, err = r.WithUID(body, fresh); err != nil {
		return nil // it has no UID to clash with; the id was taken, and the store keeps what it refuses nowhere
	}
	if w, err = p.written(tandem.Create, tandem.ID(fresh), "", body); err != nil {
		return nil
	}
	_, err = p.both(ctx, w, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: tandem.ID(fresh)}})
	return err
}

// remove performs a Delete. It wins over what somebody else changed meanwhile, which history keeps. MS-ASCMD_R2076
func (p *part) remove(ctx context.Context, b *batch, rec store.HomeRecord, res *synckey.Result, turn int) error {
	if rec.Deleted {
		p.g.Did(synckey.Own{Number: rec.Number, Seq: rec.Seq, Has: synckey.No})
		return nil
	}
	w := store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: rec.ID, If: rec.Version}}
	end := func(out tandem.Outcome) error {
		switch {
		case out.Status == tandem.Applied:
			p.gone = append(p.gone, rec.Number)
			return nil
		case out.Status == tandem.PreconditionFailed && turn < tries:
			now, err := p.number(ctx, rec.Number)
			if err != nil {
				return err
			}
			return p.remove(ctx, nil, now, res, turn+1)
		}
		res.Status = statusOf(out)
		return nil
	}
	if b == nil {
		return p.flush(ctx, &batch{writes: []store.HomeWrite{w}, ends: []func(tandem.Outcome) error{end}})
	}
	b.writes, b.ends = append(b.writes, w), append(b.ends, end)
	b.about[rec.Number] = true
	return nil
}

// rename adds a record under a UID of its own.
func (p *part) rename(ctx context.Context, w store.HomeWrite, res *synckey.Result) error {
	body, err := bodyOf(w.Record)
	if err != nil {
		return err
	}
	r, ok := p.kind.(kind.Renamer)
	if ok {
		body, err = r.WithUID(body, uid(w.Marker))
	}
	var again store.HomeWrite
	if ok && err == nil {
		again, err = p.written(tandem.Create, "", "", body)
	}
	if !ok || err != nil {
		res.Status = statusBadRecord
		return nil
	}
	again.Marker = w.Marker
	return p.flush(ctx, &batch{writes: []store.HomeWrite{again}, ends: []func(tandem.Outcome) error{func(out tandem.Outcome) error {
		if out.Status == tandem.Applied {
			return p.added(ctx, out.ID, seqOf(out.Version), res)
		}
		res.Status = statusOf(out)
		return nil
	}}})
}
