package airsync

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tandem"
	"tandem/kind"
	"tandem/kind/eas"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// unnamed stands for the ServerId in names of attachments of a record that has none yet.
const unnamed = "?"

// drafts reports whether clients may write messages into the collection by Sync: the folder of drafts, since 16.0. MS-ASEMAIL 3.1.5.4
func (p *part) drafts() bool {
	return p.col.Kind == tandem.Mail && p.r.Version >= eas.V160 && mailbox.RoleOf(p.col) == mailbox.Drafts
}

// draft reports whether a record is a message that is still being written: all of it changes, not its marks alone.
func (p *part) draft(r store.HomeRecord) bool {
	return p.col.Kind == tandem.Mail && (mailbox.RoleOf(p.col) == mailbox.Drafts || mail.FlagsOf(r.Attrs).Draft)
}

// rewrites reports whether a client's change of a message is about more than its marks.
func rewrites(c *command) bool {
	if c.send {
		return true
	}
	if c.data == nil {
		return false
	}
	for _, e := range c.data.Children {
		switch e.Tag {
		case wbxml.EmailRead, wbxml.EmailFlag, wbxml.EmailCategories:
		default:
			return true
		}
	}
	return false
}

// send gives a message to be sent: it is in no folder then but that of sent mail. MS-ASEMAIL 2.2.2.69. Asked again under the same key, it is sent once.
func (p *part) send(ctx context.Context, key string, body []byte, res *synckey.Result) error {
	if p.s.Drafts == nil {
		res.Status = statusServer
		return nil
	}
	status, err := p.s.Drafts.SendDraft(ctx, p.r, key, body)
	if status != 0 {
		res.Status = status
	}
	return err
}

// redraft performs a change of a draft: its text, whom it is for, its attachments; and sends it if that is asked for. What somebody else changed meanwhile is merged; where
// that cannot be, what stands stays, and what the client wrote is kept in history. MS-ASEMAIL 3.1.5.4
func (p *part) redraft(ctx context.Context, b *batch, c *command, rec store.HomeRecord, res *synckey.Result, turn int) error {
	base, err := p.baseOf(ctx, edit{rec: rec})
	if err != nil {
		return err
	}
	was, err := bodyOf(base.Record)
	if err != nil {
		return err
	}
	if was == nil || rec.Deleted {
		res.Status = statusMissing
		return nil
	}
	mine, told, err := p.redrafted(ctx, c, rec, base, was)
	if err != nil {
		res.Status = statusBadRecord
		return nil
	}
	if c.send {
		if err := p.flush(ctx, b); err != nil { // what comes before it is done before it
			return err
		}
		return p.sendDraft(ctx, rec, mine, res)
	}
	stands, clash, err := p.mergeDraft(rec, base, was, mine)
	if err != nil {
		return err
	}
	own := synckey.Own{Has: synckey.Yes, Told: told || stands.Digest != mine.Digest || stands.Record.Attrs != mine.Record.Attrs, Merged: stands.Digest != mine.Digest}
	if clash {
		res.Status = statusConflict
		outs, err := p.both(ctx, mine, stands)
		if err != nil {
			return err
		}
		if outs[1].Status == tandem.Applied {
			p.did(rec.Number, seqOf(outs[1].Version), own)
			return nil
		}
		return p.redraftAgain(ctx, c, rec, outs[1], res, turn)
	}
	if stands.Digest == rec.Digest && stands.Record.Attrs == rec.Attrs {
		p.did(rec.Number, rec.Seq, own)
		return nil
	}
	b.writes = append(b.writes, stands)
	b.about[rec.Number] = true
	b.ends = append(b.ends, func(out tandem.Outcome) error {
		if out.Status == tandem.Applied {
			p.did(rec.Number, seqOf(out.Version), own)
			return nil
		}
		return p.redraftAgain(ctx, c, rec, out, res, turn)
	})
	return nil
}

// redraftAgain does a change once more that came too late, or notes why it cannot be.
func (p *part) redraftAgain(ctx context.Context, c *command, rec store.HomeRecord, out tandem.Outcome, res *synckey.Result, turn int) error {
	if out.Status != tandem.PreconditionFailed || turn >= tries {
		res.Status = statusOf(out)
		return nil
	}
	now, err := p.number(ctx, rec.Number)
	if err != nil {
		return err
	}
	res.Status = statusOK
	b := &batch{about: map[int64]bool{}}
	if err := p.redraft(ctx, b, c, now, res, turn+1); err != nil {
		return err
	}
	return p.flush(ctx, b)
}

// redrafted is what a client makes of the version that it has; told says that it must hear what came of it.
func (p *part) redrafted(ctx context.Context, c *command, rec, base store.HomeRecord, was []byte) (w store.HomeWrite, told bool, err error) {
	put := p.puts()
	name := ServerID(p.col.ID, rec.Number)
	put.Attachment = func(n int) string { return fmt.Sprintf("%s:%d", name, n) }
	data := c.data
	if data == nil {
		data = wbxml.Empty(wbxml.AirSyncApplicationData)
	}
	made, err := p.view.Put(was, data.Children, put)
	if err != nil {
		return w, false, err
	}
	p.note(ctx, c, made.Notes)
	attrs, err := p.recorder().PutAttrs(eas.Record{Attrs: base.Attrs}, data.Children, put)
	if err != nil {
		return w, false, err
	}
	if w, err = p.written(tandem.Update, rec.ID, rec.Version, made.Body); err != nil {
		return w, false, err
	}
	f := mail.FlagsOf(attrs)
	if f.Draft = true; w.Digest != base.Digest {
		f.Received = put.Now
	}
	p.mark(&w, f.Attrs())
	return w, data.Has(wbxml.AirSyncBaseAttachments), nil
}

// mark sets the attributes of a write.
func (p *part) mark(w *store.HomeWrite, attrs tandem.Attrs) {
	w.Record.Attrs = attrs
	if ai, ok := p.kind.(kind.AttrIndexer); ok {
		w.Index = ai.IndexAttrs(w.Index, attrs)
	}
}

// mergeDraft joins a client's version with what somebody else made of the draft meanwhile; clash says that they cannot be joined, and which one stands.
func (p *part) mergeDraft(rec, base store.HomeRecord, was []byte, mine store.HomeWrite) (stands store.HomeWrite, clash bool, err error) {
	if base.Seq == rec.Seq {
		return mine, false, nil
	}
	theirs, err := bodyOf(rec.Record)
	if err != nil {
		return mine, false, err
	}
	own, err := bodyOf(mine.Record)
	if err != nil {
		return mine, false, err
	}
	first, second := theirs, own
	if p.st.Options.Clients {
		first, second = own, theirs
	}
	merged, err := p.kind.Merge(was, first, second)
	if err != nil {
		return mine, false, err
	}
	if stands, err = p.written(tandem.Update, rec.ID, rec.Version, merged.Body); err != nil {
		return mine, false, err
	}
	attrs := mine.Record.Attrs
	if m, ok := p.kind.(kind.AttrMerger); ok {
		attrs = m.MergeAttrs(base.Attrs, attrs, rec.Attrs)
	}
	p.mark(&stands, attrs)
	return stands, len(merged.Clashes) > 0 && !p.st.Options.Clients, nil
}

// sendDraft sends a draft and takes it out of its folder, which the client hears. It is known by its record, whoever sends it: two devices that do so at once send it once.
func (p *part) sendDraft(ctx context.Context, rec store.HomeRecord, mine store.HomeWrite, res *synckey.Result) error {
	body, err := bodyOf(mine.Record)
	if err != nil {
		return err
	}
	if err := p.send(ctx, fmt.Sprintf("draft/%d/%d", rec.Number, rec.Born), body, res); err != nil || res.Status != statusOK {
		return err
	}
	outs, err := p.s.Home.Write(ctx, p.col.ID, author(p.r), []store.HomeWrite{{Title: rec.Title, Write: tandem.Write{Op: tandem.Delete, ID: rec.ID, If: rec.Version}}})
	if err != nil {
		return err
	}
	if outs[0].Status != tandem.Applied && outs[0].Status != tandem.PreconditionFailed { // changed by somebody else, it stays and is told
		return &tandem.Error{Kind: tandem.KindOf(outs[0].Err), Op: "remove draft", Thing: string(rec.ID), Err: errors.Join(outs[0].Err)}
	}
	return nil
}

// named gives the names of attachments in an answer the ServerId that a new record got.
func named(list []*wbxml.Element, server string) {
	for _, e := range list {
		if rest, ok := strings.CutPrefix(e.Text, unnamed+":"); ok && e.Tag == wbxml.AirSyncBaseFileReference {
			e.Text = server + ":" + rest
		}
		named(e.Children, server)
	}
}
