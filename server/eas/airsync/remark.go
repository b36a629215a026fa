package airsync

import (
	"context"
	"fmt"

	"tandem"
	"tandem/kind"
	"tandem/kind/eas"
	"tandem/partner/mailbox"
	"tandem/server/eas/synckey"
	"tandem/store"
)

// remark performs a Change of a record whose body stays: what the client did to its attributes, merged with what others did to them meanwhile. MS-ASEMAIL 3.1.5.1
func (p *part) remark(ctx context.Context, b *batch, c *command, rec store.HomeRecord, res *synckey.Result, turn int) error {
	if rec.Deleted {
		res.Status = statusMissing
		return nil
	}
	base, err := p.baseOf(ctx, edit{rec: rec})
	if err != nil {
		return err
	}
	mine, err := p.recorder().PutAttrs(eas.Record{Attrs: base.Attrs}, c.data.Children, p.puts())
	if err != nil {
		res.Status = statusBadRecord
		return nil
	}
	stands := mine
	if m, ok := p.kind.(kind.AttrMerger); ok && base.Seq != rec.Seq {
		stands = m.MergeAttrs(base.Attrs, mine, rec.Attrs)
	}
	own := synckey.Own{Has: synckey.Yes, Told: stands != mine, Merged: stands != mine}
	if stands == rec.Attrs {
		p.did(rec.Number, rec.Seq, own)
		return nil
	}
	w := store.HomeWrite{Write: tandem.Write{Op: tandem.SetAttrs, ID: rec.ID, If: rec.Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: stands}}}}
	end := func(out tandem.Outcome) error {
		switch {
		case out.Status == tandem.Applied:
			p.did(rec.Number, seqOf(out.Version), own)
			return nil
		case out.Status == tandem.PreconditionFailed && turn < tries:
			now, err := p.number(ctx, rec.Number)
			if err != nil {
				return err
			}
			return p.remark(ctx, nil, c, now, res, turn+1)
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

// discard puts a message that is about to be deleted into the folder of deleted ones, unless the client wants it gone or it is there already. MS-ASCMD 2.2.3.42
func (p *part) discard(ctx context.Context, rec store.HomeRecord) error {
	whole, ok := p.kind.(kind.Inspector)
	if p.col.Kind != tandem.Mail || !ok || p.w.purge || !p.own || rec.Deleted || mailbox.RoleOf(p.col) == mailbox.Trash {
		return nil
	}
	boxes := mailbox.Service{Home: p.s.Home, Kind: whole, Now: p.s.now}
	trash, err := boxes.Folder(ctx, p.r.User.Name, mailbox.Trash)
	if err != nil || trash.ID == p.col.ID {
		return err
	}
	_, err = boxes.Copy(ctx, trash, rec, tandem.Marker(fmt.Sprintf("trash/%d/%d/%d", p.col.ID, rec.Number, rec.Seq)), author(p.r))
	return err
}
