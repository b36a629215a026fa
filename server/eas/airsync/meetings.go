package airsync

import (
	"context"
	"slices"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/partner/schedule"
	"tandem/store"
)

// meetings are the plans for some writes, one for each; nil where they concern no meetings.
type meetings []schedule.Plan

// meet asks what follows from writes to events for those who are invited, and makes the bodies what they must be. What is not an attendee's to change is
// not refused, for a phone cannot be told so: it stands until the organizer's next message.
func (p *part) meet(ctx context.Context, writes []store.HomeWrite) (meetings, error) {
	if p.s.Meetings == nil || p.col.Kind != tandem.Event {
		return nil, nil
	}
	old, err := p.before(ctx, writes)
	if err != nil {
		return nil, err
	}
	plans := make(meetings, len(writes))
	for i := range writes {
		w := &writes[i]
		body, err := bodyOf(w.Record)
		if err != nil {
			return plans, err
		}
		was, known := old[w.ID]
		if w.Op != tandem.Create && (!known || was.Version != w.If) {
			continue // its precondition fails
		}
		ch := schedule.Change{Collection: p.col, New: body, Lenient: true, Mailed: p.r.Version < eas.V160} // MS-ASCMD_R268: before 16.0 the phone sends the mail
		if w.Op != tandem.Create {
			if ch.Old, err = bodyOf(was.Record); err != nil {
				return plans, err
			}
		}
		if plans[i], err = p.plan(ctx, ch, w); err != nil {
			return plans, err
		}
	}
	return plans, nil
}

// plan asks about one write. A body that says nothing that can be told is written as it is.
func (p *part) plan(ctx context.Context, ch schedule.Change, w *store.HomeWrite) (schedule.Plan, error) {
	plan, err := p.s.Meetings.Write(ctx, ch)
	if tandem.IsKind(err, tandem.Invalid) {
		return schedule.Plan{}, nil
	}
	if err != nil || w.Op == tandem.Delete {
		return plan, err
	}
	if again, err := p.written(w.Op, w.ID, w.If, plan.Body); err == nil {
		again.Marker, again.Record.Attrs = w.Marker, w.Record.Attrs
		*w = again
	}
	if far := plan.Unreached(); len(far) > 0 {
		p.s.tell(ctx, p.r, store.Event{Level: store.Info, Record: w.ID, Text: "nobody tells " + strings.Join(far, ", ") + " of " + w.Title + ": there is no way there"})
	}
	return plan, nil
}

// before are the records that writes change or delete.
func (p *part) before(ctx context.Context, writes []store.HomeWrite) (map[tandem.ID]store.HomeRecord, error) {
	var ids []tandem.ID
	for _, w := range writes {
		if w.Op != tandem.Create && !slices.Contains(ids, w.ID) {
			ids = append(ids, w.ID)
		}
	}
	out := map[tandem.ID]store.HomeRecord{}
	if len(ids) == 0 {
		return out, nil
	}
	for r, err := range p.s.Home.Get(ctx, p.col.ID, ids) {
		if err != nil {
			return nil, err
		}
		out[r.ID] = r
	}
	return out, nil
}

// settle delivers what belongs to writes that were done, and drops the rest. What cannot be delivered now is noted, and the log has it.
func (p *part) settle(ctx context.Context, plans meetings, outs []tandem.Outcome) {
	for i, plan := range plans {
		switch {
		case i < len(outs) && outs[i].Status == tandem.Applied:
			_ = p.s.Meetings.Deliver(ctx, plan)
		case i < len(outs) && outs[i].Status == tandem.Maybe: // a look at the store will tell
		default:
			_ = p.s.Meetings.Drop(ctx, plan)
		}
	}
}

// asked reports that the i-th write takes back answers of others, which the device must be told.
func (m meetings) asked(i int) bool { return i < len(m) && m[i].Asked() }
