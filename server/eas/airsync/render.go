package airsync

import (
	"context"
	"slices"
	"strconv"

	"tandem"
	"tandem/kind/eas"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

func number(tag wbxml.Tag, n int) *wbxml.Element { return wbxml.Text(tag, strconv.Itoa(n)) }

// short keeps what a client sent within what the schemas allow.
func short(id string) string {
	if len(id) > synckey.MaxLen {
		return ""
	}
	return id
}

// slightSize is about how many bytes the attributes of a record take.
const slightSize = 300

// readAhead is how many bodies are read at a time.
const readAhead = 64

// render turns changes into commands until the budget is spent, and reports how many it dealt with: at least one, if there is one.
func (p *part) render(ctx context.Context, changes []change) (out []*wbxml.Element, n int, err error) {
	for some := range slices.Chunk(changes, readAhead) {
		if err := p.bodies(ctx, some); err != nil {
			return nil, n, err
		}
		for i := range some {
			c := &some[i]
			if n > 0 && p.b.spent() {
				return out, n, nil
			}
			e, size, err := p.command(ctx, c)
			if err != nil {
				return nil, n, err
			}
			if e != nil {
				if len(out) > 0 && size > p.b.bytes {
					return out, n, nil
				}
				p.b.bytes -= size
				out = append(out, e)
			}
			n++
		}
	}
	return out, n, nil
}

// bodies reads the bodies that changes need, in the versions that are meant.
func (p *part) bodies(ctx context.Context, changes []change) error {
	var ids []tandem.ID
	at := map[int64]*change{}
	if err := p.sketches(ctx, changes); err != nil {
		return err
	}
	for i := range changes {
		c := &changes[i]
		if p.slight(c) || c.rec.Body != nil || c.tag != wbxml.AirSyncAdd && c.tag != wbxml.AirSyncChange {
			continue
		}
		if !c.kin {
			c.data, _ = p.frozen(c.rec)
		}
		if c.data == nil {
			ids = append(ids, c.rec.ID)
			at[c.rec.Number] = c
		}
	}
	if len(ids) == 0 {
		return nil
	}
	for r, err := range p.s.Home.Get(ctx, p.col.ID, ids) {
		if err != nil {
			return err
		}
		if c := at[r.Number]; c != nil && r.Seq == c.rec.Seq {
			c.rec.Body = r.Body
			delete(at, r.Number)
		}
	}
	for _, c := range at { // changed again since they were listed
		v, err := p.version(ctx, c.rec, c.rec.Seq)
		if err != nil {
			return err
		}
		c.rec.Body = v.Body
	}
	return nil
}

// slight reports whether only attributes are shown of a change: the device has the body, which stays as it is unless it is a draft.
func (p *part) slight(c *change) bool {
	return c.tag == wbxml.AirSyncChange && p.recorder() != nil && !p.draft(c.rec)
}

// marked are the attributes of a record as the device has them, nil if that is not certain.
func (p *part) marked(ctx context.Context, c *change) (*tandem.Attrs, error) {
	own, _ := p.g.OwnOf(c.rec.Number)
	_, back := p.g.RevertOf(c.rec.Number)
	if _, aside := p.g.AsideOf(c.rec.Number); own.Told || own.Merged || back || aside || p.g.Vague {
		return nil, nil
	}
	base, err := p.baseOf(ctx, edit{rec: c.rec})
	if err != nil || base.Body == nil || base.Seq == c.rec.Seq {
		return nil, err
	}
	return &base.Attrs, nil
}

// sketches reads what was noted of the bodies of records that are about to be shown.
func (p *part) sketches(ctx context.Context, changes []change) error {
	if p.recorder() == nil {
		return nil
	}
	var numbers []int64
	for i := range changes {
		if changes[i].tag == wbxml.AirSyncAdd || changes[i].tag == wbxml.AirSyncChange && !p.slight(&changes[i]) {
			numbers = append(numbers, changes[i].rec.Number)
		}
	}
	var err error
	p.sketch, err = p.s.Texts.Sketches(ctx, p.col.ID, numbers...)
	return err
}

// command is a change as a command, and about how many bytes it takes; nil if it cannot be shown.
func (p *part) command(ctx context.Context, c *change) (e *wbxml.Element, size int, err error) {
	name := ServerID(p.col.ID, c.rec.Number)
	e = wbxml.New(c.tag, wbxml.Text(wbxml.AirSyncServerId, name))
	if p.slight(c) {
		was, err := p.marked(ctx, c)
		if err != nil {
			return nil, 0, err
		}
		data := wbxml.New(wbxml.AirSyncApplicationData, p.recorder().GetChange(eas.Record{Attrs: c.rec.Attrs}, was, p.show)...)
		e.Add(data)
		size = slightSize
	} else if c.tag == wbxml.AirSyncAdd || c.tag == wbxml.AirSyncChange {
		if c.data == nil {
			if c.data, err = p.pictured(c); err != nil {
				p.aside(ctx, c, err.Error())
				return nil, 0, nil
			}
		}
		if c.data == nil {
			return nil, 0, nil // gone again, which comes next
		}
		e.Add(c.data.Element())
		size = c.data.Size()
	}
	p.g.Release(c.rec.Number)
	p.g.Reverted(c.rec.Number)
	if c.kin {
		p.g.Join(c.rec.Number)
	} else if c.tag != wbxml.AirSyncChange {
		p.g.Leave(c.rec.Number)
	}
	p.classed(e)
	return e, size + len(name) + 8, nil
}

// pictured is the ApplicationData of a change; nil if its record has no body. What is shown because of its conversation is shown without its text, but with a
// preview, if one is wanted. MS-ASCMD_R2108
func (p *part) pictured(c *change) (*wbxml.Frozen, error) {
	if !c.kin || c.rec.Body == nil {
		return p.frozen(c.rec)
	}
	data, err := p.data(c.rec, bare(p.show))
	if err != nil {
		return nil, err
	}
	return wbxml.Freeze(&wbxml.Element{Tag: wbxml.AirSyncApplicationData, Children: data})
}

// bare are options that leave out all text but previews.
func bare(o eas.Options) eas.Options {
	o.Bodies = slices.Clone(o.Bodies)
	if len(o.Bodies) == 0 {
		o.Bodies = []eas.BodyPreference{{Type: eas.Plain}, {Type: eas.HTML}}
	}
	for i := range o.Bodies {
		o.Bodies[i].Truncation, o.Bodies[i].AllOrNone = 0, true
	}
	if o.Part != nil {
		part := *o.Part
		part.Truncation, part.AllOrNone = 0, true
		o.Part = &part
	}
	return o
}

// data shows a record.
func (p *part) data(r store.HomeRecord, o eas.Options) ([]*wbxml.Element, error) {
	name := ServerID(p.col.ID, r.Number)
	o.Attachment = func(n int) string { return name + ":" + strconv.Itoa(n) }
	if v := p.recorder(); v != nil {
		return v.GetRecord(eas.Record{Body: r.Body, Attrs: r.Attrs, Sketch: p.sketch[r.Number]}, o)
	}
	body, err := bodyOf(r.Record)
	if err != nil {
		return nil, err
	}
	return p.view.Get(body, o)
}

// aside sets a record aside that cannot be shown, or with which the device cannot cope, and says so the first time.
func (p *part) aside(ctx context.Context, c *change, why string) {
	a := synckey.Aside{Number: c.rec.Number, Seq: c.rec.Seq, Has: c.had}
	now := p.s.now().Unix()
	p.g.Reverted(c.rec.Number)
	if p.base != nil {
		p.base.SetAside(a, now) // also should the device come back to this key
	}
	if p.g.SetAside(a, now) > 1 {
		return
	}
	p.s.tell(ctx, p.r, store.Event{Level: store.Error, Text: "a record of " + p.col.Name + " is not sent to the device: " + why, Record: c.rec.ID,
		Remedy: "change the record, and it is sent again"})
}

// answer is the answer for the collection. The order is Exchange's own: old clients rely on it.
func (p *part) answer(ctx context.Context, changes []*wbxml.Element) (*wbxml.Element, error) {
	e := wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, p.g.Key), wbxml.Text(wbxml.AirSyncCollectionId, p.w.id),
		number(wbxml.AirSyncStatus, statusOK))
	if p.g.More {
		e.Add(wbxml.Empty(wbxml.AirSyncMoreAvailable))
	}
	responses, err := p.responses(ctx)
	if err != nil {
		return nil, err
	}
	if len(responses) > 0 { // MS-ASCMD_R3836
		e.Add(wbxml.New(wbxml.AirSyncResponses, responses...))
	}
	if len(changes) > 0 { // MS-ASCMD_R2053
		e.Add(wbxml.New(wbxml.AirSyncCommands, changes...))
	}
	return e, nil
}

// responses are the results that a client is told: of additions and fetches, and of what failed. MS-ASCMD_R759
func (p *part) responses(ctx context.Context) ([]*wbxml.Element, error) {
	var out []*wbxml.Element
	for _, r := range p.g.Results {
		var e *wbxml.Element
		switch {
		case r.Op == 'a':
			e = wbxml.New(wbxml.AirSyncAdd, wbxml.Text(wbxml.AirSyncClientId, r.Client))
			p.classed(e)
			if r.Server != "" {
				e.Add(wbxml.Text(wbxml.AirSyncServerId, r.Server))
			}
		case r.Op == 'f':
			f, err := p.fetched(ctx, r)
			if err != nil {
				return nil, err
			}
			out = append(out, f)
			continue
		case r.Status == statusOK:
			continue
		case r.Op == 'c':
			e = wbxml.New(wbxml.AirSyncChange, wbxml.Text(wbxml.AirSyncServerId, r.Server))
		default:
			e = wbxml.New(wbxml.AirSyncDelete, wbxml.Text(wbxml.AirSyncServerId, r.Server))
		}
		if r.Instance != "" {
			e.Add(wbxml.Text(wbxml.AirSyncBaseInstanceId, r.Instance))
		}
		e.Add(number(wbxml.AirSyncStatus, r.Status))
		if r.Answer != nil {
			data, _, err := wbxml.Unmarshal(r.Answer, wbxml.Limits{})
			if err != nil {
				return nil, &tandem.Error{Op: "read result", Thing: r.Client, Err: err}
			}
			e.Add(data)
		}
		out = append(out, e)
	}
	return out, nil
}

// fetched is the result of a Fetch: the record as it is now, whole. MS-ASCMD_R2956
func (p *part) fetched(ctx context.Context, r synckey.Result) (*wbxml.Element, error) {
	e := wbxml.New(wbxml.AirSyncFetch, wbxml.Text(wbxml.AirSyncServerId, r.Server))
	status := r.Status
	var data []*wbxml.Element
	if status == statusOK {
		_, n, _ := ParseServerID(r.Server)
		rec, err := p.number(ctx, n)
		switch {
		case tandem.IsKind(err, tandem.NotFound) || err == nil && rec.Deleted:
			status = statusMissing
		case err != nil:
			return nil, err
		default:
			whole := p.show
			whole.Bodies = slices.Clone(whole.Bodies)
			for i := range whole.Bodies {
				whole.Bodies[i].Truncation = -1
			}
			if data, err = p.data(rec, whole); err != nil {
				status = statusBadRecord
			}
		}
	}
	e.Add(number(wbxml.AirSyncStatus, status))
	if status == statusOK {
		e.Add(wbxml.New(wbxml.AirSyncApplicationData, data...))
	}
	return e, nil
}
