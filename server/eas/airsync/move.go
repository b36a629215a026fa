package airsync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tandem"
	"tandem/kind"
	"tandem/kind/eas"
	"tandem/server/eas/proto"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// The statuses of MoveItems, MS-ASCMD 2.2.3.177.10.
const (
	moveNoSource = 1
	moveNoTarget = 2
	moveOK       = 3
	moveSame     = 4
	moveFailed   = 5
	moveLocked   = 7
)

// maxMoves is how many records may be moved at once. MS-ASCMD_R5653
const maxMoves = 1000

// MoveItems implements proto.Command. MS-ASCMD 2.2.1.12
func (s *Service) MoveItems(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	root := wbxml.New(wbxml.MoveMoveItems)
	if r.Body == nil || r.Body.Tag != wbxml.MoveMoveItems {
		return proto.Answer(root.Add(number(wbxml.MoveStatus, statusBadXML))), nil
	}
	moves := slices.Collect(r.Body.All(wbxml.MoveMove))
	if len(moves) == 0 || len(moves) > maxMoves {
		return proto.Answer(root.Add(number(wbxml.MoveStatus, statusBadXML))), nil
	}
	release, err := s.locks.take(ctx, r.Device.Number)
	if err != nil {
		return nil, err
	}
	defer release()
	for _, e := range moves {
		src := eas.Clean(e.Get(wbxml.MoveSrcMsgId))
		if src == "" || len(src) > synckey.MaxLen { // what the schema of the answer has no words for
			return proto.Answer(wbxml.New(root.Tag, number(wbxml.MoveStatus, statusBadXML))), nil
		}
		m := &move{s: s, r: r, src: src}
		status, err := m.do(ctx, e)
		switch {
		case ctx.Err() != nil:
			return nil, err
		case err != nil:
			s.tell(ctx, r, store.Event{Level: store.Error, Text: "move of a record failed: " + err.Error(), Record: tandem.ID(src), Code: tandem.KindOf(err).Code(), Remedy: "nothing is lost: it is where it was; move it once more"})
			status = moveLocked
		}
		resp := wbxml.New(wbxml.MoveResponse, wbxml.Text(wbxml.MoveSrcMsgId, src), number(wbxml.MoveStatus, status))
		if status == moveOK {
			resp.Add(wbxml.Text(wbxml.MoveDstMsgId, m.dst))
		}
		root.Add(resp)
	}
	return proto.Answer(root), nil
}

// move is one record on its way to another collection.
type move struct {
	s        *Service
	r        *proto.Request
	src, dst string // ServerIds

	from, to *part
	number   int64
	marker   tandem.Marker
	taken    bool // it went from its old place as it was made in its new one
}

// do moves a record. Done again, it finds what it made.
func (m *move) do(ctx context.Context, e *wbxml.Element) (status int, err error) {
	if n := len(slices.Collect(e.All(wbxml.MoveDstFldId))); n > 1 { // MS-ASCMD_R4222
		return moveFailed, nil
	}
	m.from = &part{s: m.s, r: m.r, w: &wish{id: e.Get(wbxml.MoveSrcFldId)}}
	m.to = &part{s: m.s, r: m.r, w: &wish{id: e.Get(wbxml.MoveDstFldId)}}
	if err := m.from.find(ctx); err != nil { // MS-ASCMD_R4207
		return missingOr(err, moveNoSource)
	}
	if err := m.to.find(ctx); err != nil { // MS-ASCMD_R4212
		return missingOr(err, moveNoTarget)
	}
	col, n, ok := ParseServerID(m.src)
	if texts, err := m.s.texts(ctx, m.r.User.Name, false); err == nil && ok && col == texts.ID && m.from.own {
		return m.text(ctx, n)
	} else if ignoreMissing(err) != nil {
		return 0, err
	}
	switch {
	case !ok || col != m.from.col.ID:
		return moveNoSource, nil
	case m.from.col.ID == m.to.col.ID: // MS-ASCMD_R4219
		return moveSame, nil
	case m.from.col.Kind != m.to.col.Kind:
		return moveFailed, nil
	}
	m.number = n
	switch {
	case !m.from.may:
		return moveFailed, m.refuse(ctx, m.from)
	case !m.to.may:
		return moveNoTarget, m.refuse(ctx, m.to)
	}
	m.marker = tandem.Marker(fmt.Sprintf("eas/%d/move/%s", m.r.Device.Number, m.src))
	for range tries {
		again, status, err := m.once(ctx)
		if !again || err != nil {
			return status, err
		}
	}
	return moveLocked, nil
}

func missingOr(err error, status int) (int, error) {
	if tandem.IsKind(err, tandem.NotFound) {
		return status, nil
	}
	return 0, err
}

// once tries to move; again, if the record changed under its hands.
func (m *move) once(ctx context.Context) (again bool, status int, err error) {
	rec, err := m.from.number(ctx, m.number)
	if err != nil {
		status, err = missingOr(err, moveNoSource)
		return false, status, err
	}
	made, err := m.s.Home.Find(ctx, m.to.col.ID, m.marker)
	found := err == nil && !made.Deleted
	if err != nil && !tandem.IsKind(err, tandem.NotFound) {
		return false, 0, err
	}
	if rec.Deleted {
		if !found { // MS-ASCMD_R4208
			return false, moveNoSource, nil
		}
		copied, ok, err := m.copied(ctx, made.ID) // by this request, whose answer was lost
		if err != nil || !ok {
			return false, moveNoSource, err
		}
		return m.finish(ctx, copied, rec)
	}
	copied, ok, status, err := m.copy(ctx, rec, made, found)
	if !ok || err != nil {
		return status == 0, status, err
	}
	if m.taken {
		return m.gone(ctx, copied)
	}
	del := store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: rec.ID, If: rec.Version}}
	outs, err := m.s.Home.Write(ctx, m.from.col.ID, author(m.r), []store.HomeWrite{del})
	switch {
	case err != nil:
		return false, 0, err
	case outs[0].Status == tandem.PreconditionFailed:
		return true, 0, nil
	case outs[0].Status != tandem.Applied:
		return false, moveFailed, nil
	}
	return m.gone(ctx, copied)
}

// gone finishes once the record is in its new place only.
func (m *move) gone(ctx context.Context, copied store.HomeRecord) (again bool, status int, err error) {
	gone, err := m.from.number(ctx, m.number)
	if err != nil && !tandem.IsKind(err, tandem.NotFound) {
		return false, 0, err
	}
	return m.finish(ctx, copied, gone)
}

// copy makes the record in its new place and takes it from its old one, in one transaction. Where it is there already it brings that up to date, and takes nothing; ok is false, with status 0, to
// try again.
func (m *move) copy(ctx context.Context, rec, made store.HomeRecord, found bool) (copied store.HomeRecord, ok bool, status int, err error) {
	w, err := m.written(rec)
	if tandem.IsKind(err, tandem.Transient) {
		return copied, false, 0, err
	}
	if err != nil {
		return copied, false, moveFailed, nil
	}
	w.Record.Attrs, w.Marker = rec.Attrs, m.marker
	if ai, ok := m.to.kind.(kind.AttrIndexer); ok {
		w.Index = ai.IndexAttrs(w.Index, rec.Attrs)
	}
	if found {
		have, there, err := m.copied(ctx, made.ID)
		if err != nil || !there {
			return copied, false, 0, err
		}
		if have.Digest == rec.Digest {
			return have, true, 0, nil
		}
		w.Op, w.ID, w.If, w.Marker = tandem.Update, have.ID, have.Version, ""
	} else {
		w.From, w.FromSeq, w.Take = rec.Number, rec.Seq, true
	}
	outs, err := m.s.Home.Write(ctx, m.to.col.ID, author(m.r), []store.HomeWrite{w})
	if err != nil {
		return copied, false, 0, err
	}
	var taken *store.UIDTaken
	switch out := outs[0]; {
	case out.Status == tandem.Applied:
		m.taken = w.Take
		copied, there, err := m.copied(ctx, out.ID)
		return copied, there, 0, err
	case errors.As(out.Err, &taken): // a copy of it is there: if it says the same, the two become one
		have, there, err := m.copied(ctx, taken.By)
		if err != nil || !there || have.Digest != rec.Digest {
			return copied, false, moveFailed, err
		}
		return have, true, 0, nil
	case out.Status == tandem.PreconditionFailed:
		return copied, false, 0, nil
	}
	return copied, false, moveFailed, nil
}

// written makes the write of a record in its new place. What is looked at without being read as a whole may be of any size.
func (m *move) written(rec store.HomeRecord) (store.HomeWrite, error) {
	in, ok := m.to.kind.(kind.Inspector)
	if !ok {
		body, err := bodyOf(rec.Record)
		if err != nil {
			return store.HomeWrite{}, err
		}
		return m.to.written(tandem.Create, "", "", body)
	}
	info, err := in.InspectBody(rec.Body)
	w := store.HomeWrite{Write: tandem.Write{Op: tandem.Create}, Digest: info.Digest, Index: info.Index, Title: info.Summary.String()}
	w.Record.Body, w.Record.UID, w.Record.Modified = rec.Body, info.Index.UID, info.Modified
	return w, err
}

func (m *move) copied(ctx context.Context, id tandem.ID) (store.HomeRecord, bool, error) {
	for r, err := range m.s.Home.Get(ctx, m.to.col.ID, []tandem.ID{id}) {
		return r, err == nil, err
	}
	return store.HomeRecord{}, false, nil
}

// refuse notes that a record stays where it is, since a collection may only be read: the device is told of it once more, whatever it did with it.
func (m *move) refuse(ctx context.Context, why *part) error {
	rec, err := m.from.number(ctx, m.number)
	if err != nil || rec.Deleted {
		_, err = missingOr(err, 0)
		return err
	}
	why.say(ctx, "moved", rec.Title, rec.ID, "")
	return m.note(ctx, m.from, func(g *synckey.Generation) { g.Revert(synckey.Revert{Number: rec.Number}) })
}

// finish notes the move in the state of both collections, so that the device is told nothing that it did itself.
func (m *move) finish(ctx context.Context, copied, gone store.HomeRecord) (again bool, status int, err error) {
	m.dst = ServerID(m.to.col.ID, copied.Number)
	if err := m.own(ctx, m.to, synckey.Own{Number: copied.Number, Seq: copied.Seq, Has: synckey.Yes}); err != nil {
		return false, 0, err
	}
	if gone.Deleted {
		err = m.own(ctx, m.from, synckey.Own{Number: gone.Number, Seq: gone.Seq, Has: synckey.No})
	}
	return false, moveOK, err
}

// own adds an entry to both generations of a collection.
func (m *move) own(ctx context.Context, p *part, o synckey.Own) error {
	return m.note(ctx, p, func(g *synckey.Generation) {
		if g.Cursor < o.Seq {
			g.AddOwn(o)
		}
	})
}

// note changes both generations of a collection.
func (m *move) note(ctx context.Context, p *part, change func(g *synckey.Generation)) error {
	for range tries {
		p.doc, p.st = nil, nil
		if err := p.load(ctx); err != nil || p.st == nil {
			return err
		}
		for _, g := range []*synckey.Generation{p.st.Now, p.st.Was} {
			if g != nil {
				change(g)
			}
		}
		if err := p.save(ctx); !tandem.IsKind(err, tandem.Changed) {
			return err
		}
	}
	return nil // it is told of its move, which it bears
}
