package airsync

import (
	"context"
	"math"
	"strconv"

	"tandem"
	"tandem/server/eas/proto"
	"tandem/server/eas/synckey"
	"tandem/wire/wbxml"
)

// The statuses of GetItemEstimate, MS-ASCMD 2.2.3.177.7, and common ones, 2.2.2.
const (
	estimateOK       = 1
	estimateMissing  = 2
	estimateUnprimed = 3
	estimateBadKey   = 4
	statusBadXML     = 103
	statusBadFilter  = 110
)

// maxEstimate is how many collections may be asked for. MS-ASCMD_R5647
const maxEstimate = 1000

// GetItemEstimate implements proto.Command. MS-ASCMD 2.2.1.9
func (s *Service) GetItemEstimate(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	root := wbxml.New(wbxml.GetItemEstimateGetItemEstimate)
	if r.Body == nil || r.Body.Tag != wbxml.GetItemEstimateGetItemEstimate {
		return proto.Answer(root.Add(number(wbxml.GetItemEstimateStatus, statusBadXML))), nil
	}
	n := 0
	for e := range r.Body.Child(wbxml.GetItemEstimateCollections).All(wbxml.GetItemEstimateCollection) {
		if n++; n > maxEstimate {
			return proto.Answer(wbxml.New(root.Tag, number(wbxml.GetItemEstimateStatus, statusBadXML))), nil
		}
		status, count, err := s.estimate(ctx, r, e)
		if err != nil {
			return nil, err
		}
		if status == statusBadXML { // MS-ASCMD_R2100, R2984
			return proto.Answer(wbxml.New(root.Tag, number(wbxml.GetItemEstimateStatus, statusBadXML))), nil
		}
		col := wbxml.New(wbxml.GetItemEstimateCollection, wbxml.Text(wbxml.GetItemEstimateCollectionId, short(e.Get(wbxml.GetItemEstimateCollectionId))))
		if status == estimateOK {
			col.Add(number(wbxml.GetItemEstimateEstimate, count))
		}
		root.Add(wbxml.New(wbxml.GetItemEstimateResponse, number(wbxml.GetItemEstimateStatus, status), col))
	}
	if n == 0 {
		root.Add(number(wbxml.GetItemEstimateStatus, statusBadXML))
	}
	return proto.Answer(root), nil
}

// estimate answers for one collection. It changes nothing. MS-ASCMD_R4591
func (s *Service) estimate(ctx context.Context, r *proto.Request, e *wbxml.Element) (status, count int, err error) {
	w := &wish{id: e.Get(wbxml.GetItemEstimateCollectionId), key: e.Get(wbxml.AirSyncSyncKey)}
	sound := w.conversations(e)
	for o := range e.All(wbxml.AirSyncOptions) {
		w.options = append(w.options, o)
	}
	if f := e.Child(wbxml.AirSyncFilterType); f != nil { // where it stands at 12.1, MS-ASCMD_R6314
		w.options = append(w.options, wbxml.New(wbxml.AirSyncOptions, f))
	}
	w, texts, err := s.both(ctx, r, w)
	if err != nil {
		return 0, 0, err
	}
	p := &part{s: s, r: r, w: w}
	if err := p.find(ctx); tandem.IsKind(err, tandem.NotFound) {
		return estimateMissing, 0, nil
	} else if err != nil {
		return 0, 0, err
	}
	if !sound || p.w.convs && p.recorder() == nil { // MS-ASCMD_R2100
		return statusBadXML, 0, nil
	}
	filter, status := p.asked()
	if status != estimateOK {
		return status, 0, nil
	}
	if err := p.load(ctx); err != nil {
		return 0, 0, err
	}
	switch {
	case p.st == nil || p.st.Now == nil || w.key == synckey.Zero: // MS-ASCMD_R4140
		return estimateUnprimed, 0, nil
	case !p.stands(): // MS-ASCMD_R4594
		return estimateBadKey, 0, nil
	}
	p.st.Options.Filter = filter
	if p.w.convs {
		p.st.Conversations = p.w.talks
	}
	if count, err = p.pending(ctx); err != nil || texts == nil {
		return estimateOK, count, err
	}
	return s.estimateTexts(ctx, r, texts, count)
}

// asked reads the FilterType of the options. Without one, nothing is filtered. MS-ASCMD_R2999 to R3025, R3543
func (p *part) asked() (filter, status int) {
	for _, o := range p.w.options {
		if c := o.Get(wbxml.AirSyncClass); c != "" && c != p.view.Class() { // MS-ASCMD_R908
			return 0, estimateBadKey
		}
		if o.Has(wbxml.AirSyncMaxItems) && p.col.Kind != tandem.Recipient { // MS-ASCMD_R3269
			return 0, estimateMissing
		}
		f := o.Child(wbxml.AirSyncFilterType)
		if f == nil {
			continue
		}
		n, err := strconv.Atoi(f.String())
		if err != nil || n < 0 || n > 8 {
			return 0, statusBadXML
		}
		if !filterFits(p.col.Kind, n) {
			return 0, statusBadFilter
		}
		filter = n
	}
	return filter, estimateOK
}

// stands finds the generation of the key; false if it is not ours.
func (p *part) stands() bool {
	now, was := p.st.Now, p.st.Was
	switch {
	case p.w.key == now.Key:
		p.g = now.Next()
	case was != nil && p.w.key == was.Key:
		p.g = synckey.Undo(was, now)
	default:
		pos, ours := synckey.Open(p.st.Secret, p.col.ID, p.w.key)
		if !ours {
			return false
		}
		p.g = pos.Past()
		if p.st.Ahead(pos) { // restart
			return false
		}
	}
	return true
}

// pending is how many changes the next Syncs would bring: exactly, up to a limit, and about, above.
func (p *part) pending(ctx context.Context) (int, error) {
	target := p.target()
	if p.g.From == 0 && p.g.Cursor == 0 {
		p.g.Window = target
	}
	list, err := p.list(ctx, p.g, maxWindow, 0)
	if err != nil && !tandem.IsKind(err, tandem.Gone) {
		return 0, err
	}
	n := len(list.changes) + len(p.g.Reverts)
	if err != nil || list.more {
		live, changed, err := p.s.Lookup.Count(ctx, p.col.ID, p.g.Cursor)
		if err != nil {
			return 0, err
		}
		if p.g.Cursor == 0 {
			return live, nil
		}
		return max(changed, n), nil
	}
	if w := p.g.Window; w.Sweep == nil && !w.Same(target) {
		p.g.Window = w.Toward(target)
	}
	if p.g.Window.Sweep != nil && n < maxWindow {
		stays, err := p.stays(ctx, p.g.Window.Target())
		if err != nil {
			return 0, err
		}
		moved, _, err := p.stretch(ctx, p.g, p.g.Window, max(p.g.Cursor, list.cursor), maxWindow-n, stays)
		if err != nil {
			return 0, err
		}
		for _, number := range moved.kept {
			p.g.Join(number)
		}
		n += len(moved.changes)
		p.g.Window = p.g.Window.Target()
	}
	come, gone, err := p.relatives(ctx, math.MaxInt64)
	return n + len(come) + len(gone), err
}
