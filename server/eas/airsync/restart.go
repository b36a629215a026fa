package airsync

import (
	"bytes"
	"context"
	"fmt"

	"tandem"
	"tandem/store"
	"tandem/wire/wbxml"
)

// restart answers a device that has a key which this hub never gave out, and which only this hub can have made: the hub was put back to an earlier state, as by a backup, and the device knows more than it
// does. It has records of which there is no trace here, so that nothing but a beginning leads both to the same: its key is refused (MS-ASCMD_R4425). Some devices forget what they have not sent when
// they begin anew. So what a request brings is taken first, and answered; the refusal follows with the next request, which MoreAvailable has come at once.
func (p *part) restart(ctx context.Context) (*wbxml.Element, error) {
	if len(p.w.commands) == 0 {
		return p.status(statusBadKey), p.save(ctx)
	}
	if same := p.st.Now; same != nil && same.Ahead && same.Key != p.w.key && bytes.Equal(same.Digest, p.w.digest) && same.Digest != nil { // the answer was lost
		p.g = same
		return p.answer(ctx, nil)
	}
	p.began = p.g.Window
	if err := p.commands(ctx); err != nil {
		return nil, err
	}
	if err := p.keepUnknown(ctx); err != nil {
		return nil, err
	}
	p.g.Ahead, p.g.More, p.g.Digest = true, true, p.w.digest
	p.st.Was, p.st.Now = p.was(), p.g
	p.st.Issue(p.col.ID, p.g)
	if err := p.save(ctx); err != nil {
		return nil, err
	}
	return p.answer(ctx, nil)
}

// tellAhead tells, once, that the device begins anew.
func (p *part) tellAhead(ctx context.Context) {
	p.s.tell(ctx, p.r, store.Event{Level: store.Warning, Text: "the hub was put back to an earlier state than the device knows; the device begins anew with " + p.col.Name,
		Remedy: "what was made on the device since the backup, and was synced, has to be made again"})
}

// keepUnknown puts changes of records that the hub does not know into history: they were made after the state to which it was put back. As records they could come twice, from where they came before.
func (p *part) keepUnknown(ctx context.Context) error {
	for i, c := range p.w.commands {
		if c.op != 'c' || c.data == nil || i >= len(p.g.Results) || p.g.Results[i].Status != statusMissing {
			continue
		}
		put := p.puts()
		put.UID = uid(tandem.Marker(fmt.Sprintf("ahead/%d/%s", p.r.Device.Number, c.server)))
		made, err := p.view.Put(nil, c.data.Children, put)
		if err != nil {
			continue // it says too little to be a record
		}
		w, err := p.written(tandem.Create, "", "", made.Body)
		if err != nil {
			continue
		}
		if err := p.keepLost(ctx, w, tandem.ID(put.UID)); err != nil {
			return err
		}
	}
	return nil
}

// keepLost puts a record that the hub does not know into history, once, as one that was deleted, so that it can be brought back.
func (p *part) keepLost(ctx context.Context, w store.HomeWrite, id tandem.ID) error {
	have, err := p.s.History.List(ctx, store.PastFilter{Record: id, Limit: maxSame})
	if err != nil {
		return err
	}
	body, err := bodyOf(w.Record)
	if err != nil {
		return err
	}
	past := store.Past{Record: id, Op: tandem.Delete, When: p.s.now().Unix(), Collection: p.col.ID, Title: w.Title, Digest: w.Digest, Who: author(p.r).User, From: author(p.r).Via}
	if past.Body, _, err = p.s.Blobs.Put(ctx, bytes.NewReader(body)); err != nil {
		return err
	}
	for _, h := range have {
		if h.Body == past.Body {
			return nil
		}
	}
	n, err := p.s.History.Keep(ctx, past)
	if err == nil {
		p.s.tell(ctx, p.r, store.Event{Level: store.Warning, Record: id, Text: fmt.Sprintf("%s was changed on the device, and the hub, which was put back to an earlier state, does not know it. What the device sent is in history as h%d.", w.Title, n),
			Remedy: "put it back from history if it does not come by itself, from where it came before"})
	}
	return err
}
