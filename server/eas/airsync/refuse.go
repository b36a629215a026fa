package airsync

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// refused answers a client's commands for a collection that its user may only read. A change is answered as one over which the server's takes precedence
// (MS-ASCMD_R4444), a deletion and an addition as if they had been done; the next answer takes all of them back. What the client
// wrote goes to history. Nothing is written to the collection.
func (p *part) refused(ctx context.Context) error {
	recs, err := p.named(ctx)
	if err != nil {
		return err
	}
	p.g.Results = make([]synckey.Result, len(p.w.commands))
	for i, c := range p.w.commands {
		res := &p.g.Results[i]
		*res = synckey.Result{Op: c.op, Client: c.client, Server: c.server, Instance: c.instance, Status: statusOK}
		if c.op == 'a' {
			if err := p.refuseAdd(ctx, c, res); err != nil {
				return err
			}
			continue
		}
		col, n, ok := ParseServerID(c.server)
		rec, there := recs[n]
		switch {
		case !ok || col != p.col.ID || !there:
			res.Status = statusMissing
		case c.op == 'd' && c.instance == "":
			err = p.refuseDelete(ctx, rec)
		case c.op != 'f':
			err = p.refuseChange(ctx, c, rec, res)
		case rec.Deleted: // MS-ASCMD_R4447
			res.Status = statusMissing
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// revert has the device told, in the next answer, what a record is.
func (p *part) revert(number int64, has synckey.Has) {
	p.g.Revert(synckey.Revert{Number: number, Has: has})
	if p.fresh == nil {
		p.fresh = map[int64]bool{}
	}
	p.fresh[number] = true
}

// phantom is the number under which an addition is known that was refused: the same each time it is repeated.
func phantom(m tandem.Marker) int64 {
	sum := sha256.Sum256([]byte(m))
	return -int64(binary.BigEndian.Uint64(sum[:])>>2) - 1
}

func (p *part) refuseAdd(ctx context.Context, c *command, res *synckey.Result) error {
	if c.data == nil || c.class != "" && c.class != p.view.Class() || digest(c.data) == nil {
		res.Status = statusBadRecord
		return nil
	}
	m := p.marker(c)
	put := p.puts()
	put.UID = uid(m)
	made, err := p.view.Put(nil, c.data.Children, put)
	var w store.HomeWrite
	if err == nil {
		w, err = p.written(tandem.Create, tandem.ID(put.UID), "", made.Body)
	}
	if err != nil {
		res.Status = statusBadRecord
		return nil
	}
	n := phantom(m)
	res.Server = ServerID(p.col.ID, n)
	p.revert(n, synckey.Yes)
	return p.keepRefused(ctx, "added", w, store.Past{Record: w.ID, Op: tandem.Delete})
}

func (p *part) refuseChange(ctx context.Context, c *command, rec store.HomeRecord, res *synckey.Result) error {
	past := store.Past{Record: rec.ID, Op: tandem.Update, Attrs: rec.Attrs, After: rec.Version}
	res.Status = statusConflict
	if rec.Deleted { // MS-ASCMD_R5846
		res.Status, past.Op, past.After = statusMissing, tandem.Delete, ""
	} else {
		p.revert(rec.Number, synckey.Yes)
	}
	base, err := p.baseOf(ctx, edit{rec: rec})
	if err != nil {
		return err
	}
	body, err := bodyOf(base.Record)
	if err != nil || body == nil {
		return err
	}
	now, err := p.changed(c, body)
	var w store.HomeWrite
	if err == nil {
		w, err = p.written(tandem.Update, rec.ID, rec.Version, now)
	}
	if err != nil { // nothing that could be kept
		p.say(ctx, "changed", rec.Title, rec.ID, "")
		return nil
	}
	if w.Digest == rec.Digest || w.Digest == base.Digest { // it says what stands, or what stood
		if !rec.Deleted {
			res.Status = statusOK
		}
		return nil
	}
	return p.keepRefused(ctx, "changed", w, past)
}

// changed is what a client's command would make of a body.
func (p *part) changed(c *command, body []byte) ([]byte, error) {
	put := p.puts()
	switch {
	case c.op == 'd':
		in, ok := p.view.(eas.Instancer)
		if !ok {
			return nil, tandem.Errorf(tandem.Invalid, "it has no instances")
		}
		return in.DropInstance(body, c.instance, put.Options)
	case c.data == nil:
		return nil, tandem.Errorf(tandem.Invalid, "nothing was sent")
	case p.r.Version >= eas.V160:
		put.Instance = c.instance
	}
	made, err := p.view.Put(body, c.data.Children, put)
	return made.Body, err
}

func (p *part) refuseDelete(ctx context.Context, rec store.HomeRecord) error {
	if rec.Deleted {
		p.g.Reverted(rec.Number)
		p.g.Did(synckey.Own{Number: rec.Number, Seq: rec.Seq, Has: synckey.No})
		return nil
	}
	p.revert(rec.Number, synckey.No)
	p.say(ctx, "deleted", rec.Title, rec.ID, "")
	return nil
}

// maxSame is how many entries of a record's history are looked through for one that says the same.
const maxSame = 50

// keepRefused puts what a client wrote into history, once.
func (p *part) keepRefused(ctx context.Context, what string, w store.HomeWrite, past store.Past) error {
	past.When, past.Collection, past.Title, past.Digest = p.s.now().Unix(), p.col.ID, w.Title, w.Digest
	past.Who, past.From = author(p.r).User, author(p.r).Via
	body, err := bodyOf(w.Record)
	if err != nil {
		return err
	}
	if past.Body, _, err = p.s.Blobs.Put(ctx, strings.NewReader(string(body))); err != nil {
		return err
	}
	same, err := p.s.History.List(ctx, store.PastFilter{Record: past.Record, Limit: maxSame})
	if err != nil {
		return err
	}
	for _, have := range same {
		if have.Body == past.Body && have.From == past.From && have.Op == past.Op && have.Collection == past.Collection {
			return nil
		}
	}
	id, err := p.s.History.Keep(ctx, past)
	if err != nil {
		return err
	}
	p.say(ctx, what, w.Title, past.Record, fmt.Sprintf(" What it sent is in history as h%d.", id))
	return nil
}

// say logs that a change was taken back.
func (p *part) say(ctx context.Context, what, title string, id tandem.ID, kept string) {
	remedy := "change it where it comes from"
	if !p.own {
		remedy = "ask " + p.col.User + " for the right to change " + p.col.Name
	}
	p.s.tell(ctx, p.r, store.Event{Level: store.Warning, Record: id, Remedy: remedy,
		Text: fmt.Sprintf("%s may only be read: %s was %s on the device, and it is put back.%s", p.col.Name, title, what, kept)})
}

// reversals tells the device what the records are of which it had a change refused in an earlier answer.
func (p *part) reversals(ctx context.Context, room int) ([]*wbxml.Element, error) {
	var changes []change
	for _, v := range append([]synckey.Revert(nil), p.g.Reverts...) {
		if p.fresh[v.Number] || len(changes) >= room {
			continue
		}
		c, later, err := p.reversal(ctx, p.g, v, p.g.Stood)
		switch {
		case err != nil:
			return nil, err
		case c != nil:
			changes = append(changes, *c)
		case !later:
			p.g.Reverted(v.Number)
		}
	}
	out, _, err := p.render(ctx, changes)
	return out, err
}

// reversal is the command that takes a refused change back, as the collection stood at stood; nil: there is none to give. later: the record was written to
// since then, and is told with that.
func (p *part) reversal(ctx context.Context, g *synckey.Generation, v synckey.Revert, stood int64) (c *change, later bool, err error) {
	if v.Number < 0 {
		return &change{tag: wbxml.AirSyncDelete, rec: store.HomeRecord{Number: v.Number}}, false, nil
	}
	if _, aside := g.AsideOf(v.Number); aside {
		return nil, false, nil
	}
	r, err := p.number(ctx, v.Number)
	if tandem.IsKind(err, tandem.NotFound) { // purged, which only tombstones are
		r, err = store.HomeRecord{Number: v.Number, Deleted: true}, nil
	}
	if err != nil || r.Seq > stood {
		return nil, err == nil, err
	}
	c = &change{tag: wbxml.AirSyncAdd, rec: r, had: v.Has == synckey.Yes}
	shown, err := p.shown(ctx, g, r, &c.rec)
	switch {
	case err != nil || !shown && v.Has == synckey.No:
		return nil, false, err
	case shown && v.Has == synckey.Yes:
		c.tag = wbxml.AirSyncChange
	case r.Deleted:
		c.tag = wbxml.AirSyncDelete
	case !shown:
		c.tag = wbxml.AirSyncSoftDelete
	}
	return c, false, nil
}

// repeated lists the reversals of the last answer, which was made of generation was: those that are not due any longer, without those that were told as
// changes. ok is false if one cannot be made again as it was.
func (p *part) repeated(ctx context.Context, was *synckey.Generation, changes []change) (list []change, ok bool, err error) {
	now := p.st.Now
	told := map[int64]bool{}
	for _, c := range changes {
		told[c.rec.Number] = true
	}
	for _, v := range was.Reverts {
		if _, due := now.RevertOf(v.Number); due || told[v.Number] {
			continue
		}
		c, later, err := p.reversal(ctx, was, v, now.Stood)
		if err != nil || later {
			return nil, false, err
		}
		if c != nil {
			list = append(list, *c)
		}
	}
	return list, true, nil
}
