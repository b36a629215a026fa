package airsync

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/sms"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// batch are the writes of a client's commands that go into one transaction.
type batch struct {
	writes []store.HomeWrite
	ends   []func(tandem.Outcome) error
	about  map[int64]bool // records that they concern
}

// commands performs the client's commands in order and notes how each ended.
func (p *part) commands(ctx context.Context) error {
	if len(p.w.commands) == 0 {
		return nil
	}
	if !p.may {
		return p.refused(ctx)
	}
	recs, err := p.named(ctx)
	if err != nil {
		return err
	}
	p.g.Results = make([]synckey.Result, len(p.w.commands))
	b := &batch{about: map[int64]bool{}}
	for i, c := range p.w.commands {
		res := &p.g.Results[i]
		*res = synckey.Result{Op: c.op, Client: c.client, Server: c.server, Instance: c.instance, Status: statusOK}
		if c.op == 'a' {
			if err := p.add(ctx, b, c, res); err != nil {
				return err
			}
			continue
		}
		col, n, ok := ParseServerID(c.server)
		rec, there := recs[n]
		if !ok || col != p.col.ID || !there {
			res.Status = statusMissing
			continue
		}
		if b.about[n] { // what an earlier command does comes first
			if err := p.flush(ctx, b); err != nil {
				return err
			}
			if rec, err = p.number(ctx, n); err != nil {
				return err
			}
		}
		if err := p.existing(ctx, b, c, rec, res); err != nil {
			return err
		}
	}
	return p.flush(ctx, b)
}

// named reads the records that the commands name.
func (p *part) named(ctx context.Context) (map[int64]store.HomeRecord, error) {
	var numbers []int64
	for _, c := range p.w.commands {
		if col, n, ok := ParseServerID(c.server); ok && col == p.col.ID {
			numbers = append(numbers, n)
		}
	}
	recs := map[int64]store.HomeRecord{}
	if len(numbers) == 0 {
		return recs, nil
	}
	for r, err := range p.s.Lookup.ByNumber(ctx, p.col.ID, numbers) {
		if err != nil {
			return nil, err
		}
		recs[r.Number] = r
	}
	return recs, nil
}

// number reads one record; NotFound.
func (p *part) number(ctx context.Context, n int64) (store.HomeRecord, error) {
	for r, err := range p.s.Lookup.ByNumber(ctx, p.col.ID, []int64{n}) {
		return r, err
	}
	return store.HomeRecord{}, &tandem.Error{Kind: tandem.NotFound, Op: "read record", Thing: ServerID(p.col.ID, n)}
}

// flush performs the writes of a batch.
func (p *part) flush(ctx context.Context, b *batch) error {
	writes, ends := b.writes, b.ends
	*b = batch{about: map[int64]bool{}}
	if len(writes) == 0 {
		return nil
	}
	plans, err := p.meet(ctx, writes)
	if err != nil {
		p.settle(ctx, plans, nil)
		return err
	}
	outs, err := p.s.Home.Write(ctx, p.col.ID, author(p.r), writes)
	p.settle(ctx, plans, outs)
	if err != nil && !tandem.IsKind(err, tandem.Full) {
		return err
	}
	for i, end := range ends {
		p.reasked = plans.asked(i)
		out := tandem.Outcome{Status: tandem.RetryAfter, Err: err}
		if i < len(outs) {
			out = outs[i]
		}
		if err := end(out); err != nil {
			return err
		}
	}
	p.reasked = false
	return p.buried(ctx)
}

// buried notes deletions that were made, under the numbers of their tombstones.
func (p *part) buried(ctx context.Context) error {
	gone := p.gone
	if p.gone = nil; len(gone) == 0 {
		return nil
	}
	for r, err := range p.s.Lookup.ByNumber(ctx, p.col.ID, gone) {
		if err != nil {
			return err
		}
		if r.Deleted {
			p.g.Did(synckey.Own{Number: r.Number, Seq: r.Seq, Has: synckey.No})
		}
	}
	return nil
}

// statusOf is the status for a write that was not done.
func statusOf(out tandem.Outcome) int {
	switch {
	case tandem.IsKind(out.Err, tandem.Full):
		return statusFull // MS-ASCMD_R4450
	case out.Status == tandem.Rejected:
		return statusBadRecord // MS-ASCMD_R4440
	}
	return statusServer
}

func (p *part) puts() eas.Put {
	put := eas.Put{Options: p.show, Managed: p.managed()}
	put.Now = p.s.now().Unix()
	return put
}

// written makes a write of a body; an error means that the body is not of the kind.
func (p *part) written(op tandem.Op, id tandem.ID, at tandem.Version, body []byte) (store.HomeWrite, error) {
	info, err := p.kind.Inspect(body)
	if err != nil {
		return store.HomeWrite{}, err
	}
	w := store.HomeWrite{Write: tandem.Write{Op: op, ID: id, If: at}, Digest: info.Digest, Index: info.Index, Title: info.Summary.String()}
	w.Record.Body = tandem.Bytes(body)
	w.Record.UID, w.Record.Modified = info.Index.UID, info.Modified
	return w, nil
}

// marker names an Add, so that one that is repeated is known again whatever became of the state. What the client sent is part of it: some
// clients give their ids out twice.
func (p *part) marker(c *command) tandem.Marker {
	return tandem.Marker(fmt.Sprintf("eas/%d/%d/%s/%x", p.r.Device.Number, p.col.ID, c.client, digest(c.data)[:8]))
}

// uid is the UID for an Add, the same each time it is repeated.
func uid(m tandem.Marker) string {
	sum := sha256.Sum256([]byte(m))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // RFC 9562 5.8
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// add performs an Add. MS-ASCMD 2.2.3.7.2
func (p *part) add(ctx context.Context, b *batch, c *command, res *synckey.Result) error {
	if c.data == nil || c.class != "" && c.class != p.view.Class() || digest(c.data) == nil {
		res.Status = statusBadRecord
		return nil
	}
	if p.recorder() != nil && !p.drafts() && p.box == "" || c.send && !p.drafts() {
		res.Status = statusBadRecord
		return nil
	}
	m := p.marker(c)
	have, err := p.s.Home.Find(ctx, p.col.ID, m)
	there := err == nil && !have.Deleted
	if err != nil && !tandem.IsKind(err, tandem.NotFound) {
		return err
	}
	if there && p.recorder() == nil {
		return p.added(ctx, have.ID, have.Seq, res)
	}
	put := p.puts()
	put.UID = uid(m)
	put.Attachment = func(n int) string { return fmt.Sprintf("%s:%d", unnamed, n) }
	made, err := p.view.Put(nil, c.data.Children, put)
	if err != nil {
		res.Status = statusBadRecord
		return nil
	}
	if there {
		return p.answered(ctx, have.ID, have.Seq, made.Answer, res)
	}
	p.note(ctx, c, made.Notes)
	if c.send {
		return p.send(ctx, string(m), made.Body, res)
	}
	w, err := p.written(tandem.Create, "", "", made.Body)
	if err != nil {
		res.Status = statusBadRecord
		return nil
	}
	w.Marker = m
	if p.box != "" {
		r, twin, err := p.twinText(ctx, w.Index.UID)
		if err != nil {
			return err
		}
		if twin {
			return p.added(ctx, r.ID, r.Seq, res)
		}
		if p.box != sms.Inbox {
			made.Attrs = made.Attrs.With(sms.Box, p.box)
		}
	}
	if made.Attrs != "" {
		attrs, err := p.recorder().PutAttrs(eas.Record{Attrs: made.Attrs}, c.data.Children, put)
		if err != nil {
			res.Status = statusBadRecord
			return nil
		}
		p.mark(&w, attrs)
	}
	b.writes = append(b.writes, w)
	b.ends = append(b.ends, func(out tandem.Outcome) error {
		var taken *store.UIDTaken
		switch {
		case out.Status == tandem.Applied:
			return p.answered(ctx, out.ID, seqOf(out.Version), made.Answer, res)
		case errors.As(out.Err, &taken):
			if err := p.twin(ctx, w, taken.By, res); err != nil || res.Server == "" {
				return err
			}
			named(made.Answer, res.Server)
			res.Answer, err = answerOf(made.Answer)
			return err
		}
		res.Status = statusOf(out)
		return nil
	})
	return nil
}

func answerOf(list []*wbxml.Element) ([]byte, error) {
	if len(list) == 0 {
		return nil, nil
	}
	return wbxml.Marshal(wbxml.New(wbxml.AirSyncApplicationData, list...))
}

func seqOf(v tandem.Version) int64 {
	n, _ := strconv.ParseInt(string(v), 10, 64)
	return n
}

// answered notes what an Add made, and what the client is told of it.
func (p *part) answered(ctx context.Context, id tandem.ID, seq int64, answer []*wbxml.Element, res *synckey.Result) (err error) {
	if err := p.added(ctx, id, seq, res); err != nil || res.Status != statusOK {
		return err
	}
	named(answer, res.Server)
	res.Answer, err = answerOf(answer)
	return err
}

// added notes what an Add made: the record of this id, as it was at seq.
func (p *part) added(ctx context.Context, id tandem.ID, seq int64, res *synckey.Result) error {
	for r, err := range p.s.Home.Get(ctx, p.col.ID, []tandem.ID{id}) {
		if err != nil {
			return err
		}
		res.Server = ServerID(p.col.ID, r.Number)
		p.g.Did(synckey.Own{Number: r.Number, Seq: seq, Has: synckey.Yes, Told: r.Seq != seq})
		return nil
	}
	res.Status = statusServer // it was deleted in this very moment: the client adds it once more
	return nil
}

// twin deals with an Add of a UID that another record has. If the device does not have that record, the two are one; else it gets
// a UID of its own.
func (p *part) twin(ctx context.Context, w store.HomeWrite, by tandem.ID, res *synckey.Result) error {
	for r, err := range p.s.Home.Get(ctx, p.col.ID, []tandem.ID{by}) {
		if err != nil {
			return err
		}
		k, err := p.known(ctx, p.g, r)
		if err != nil {
			return err
		}
		if k.has {
			break
		}
		mine, err := bodyOf(w.Record)
		if err != nil {
			return err
		}
		return p.join(ctx, r, mine, res)
	}
	return p.rename(ctx, w, res)
}

// join merges what a client added into the record that is there already.
func (p *part) join(ctx context.Context, r store.HomeRecord, mine []byte, res *synckey.Result) error {
	e := edit{rec: r, whole: true, change: func([]byte) (eas.Result, error) { return eas.Result{Body: mine}, nil }}
	if err := p.change(ctx, nil, e, res); err != nil || res.Status != statusOK {
		return err
	}
	res.Server = ServerID(p.col.ID, r.Number)
	return nil
}
