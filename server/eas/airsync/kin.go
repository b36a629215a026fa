package airsync

import (
	"context"
	"slices"

	"tandem"
	"tandem/kind/mail"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// maxKin is how many messages a device gets in addition to those in its window, the latest ones.
const maxKin = 2000

// kin are the records of a collection whose conversations reach into a window, and that do not themselves.
type kin struct {
	from    int64 // where the window begins
	numbers map[int64]bool
	recs    []store.HomeRecord // the latest first
}

// talks reports whether conversations are to be whole in a window: the mode is on, and something is left out. MS-ASCMD 2.2.3.36.2
func (p *part) talks(w synckey.Window) bool {
	return p.st.Conversations && p.col.Kind == tandem.Mail && p.box == "" && w.Limited
}

// lookup finds the kin of a window.
func (p *part) lookup(ctx context.Context, w synckey.Window) (*kin, error) {
	if !p.talks(w) {
		return &kin{}, nil
	}
	if p.kin != nil && p.kin.from == w.Cutoff {
		return p.kin, nil
	}
	recs, err := p.s.Texts.Kin(ctx, p.col.ID, mail.ConversationKey(nil), w.Cutoff, maxKin)
	if err != nil {
		return nil, err
	}
	k := &kin{from: w.Cutoff, recs: recs, numbers: make(map[int64]bool, len(recs))}
	for _, r := range recs {
		k.numbers[r.Number] = true
	}
	p.kin = k
	return k, nil
}

// stays tells which records go on being shown when a window moves past them.
func (p *part) stays(ctx context.Context, to synckey.Window) (func(number int64) bool, error) {
	k, err := p.lookup(ctx, to)
	if err != nil {
		return nil, err
	}
	return func(number int64) bool { return k.numbers[number] }, nil
}

// stayed tells the same of a window that moved when a generation was made.
func stayed(g *synckey.Generation) func(number int64) bool {
	return func(number int64) bool { return g.HasKin(number) && !slices.Contains(g.Joined, number) }
}

// relatives lists which records the device is to get because of their conversations, of those last written up to seq, and which it is to lose.
// The window does not move meanwhile.
func (p *part) relatives(ctx context.Context, seq int64) (come []store.HomeRecord, gone []int64, err error) {
	g := p.g
	talks := p.talks(g.Window)
	if !talks && len(g.Kin) == 0 || talks && g.KinSeq == seq && g.KinFrom == g.Window.Cutoff {
		return nil, nil, nil
	}
	k, err := p.lookup(ctx, g.Window)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range k.recs {
		if _, aside := g.AsideOf(r.Number); !aside && r.Seq <= seq && !g.HasKin(r.Number) {
			come = append(come, r)
		}
	}
	if talks && g.KinFrom == g.Window.Cutoff { // what was deleted or moved takes nothing along until the window moves. MS-ASCON_R223
		return come, nil, nil
	}
	var left []int64
	for _, number := range g.Kin {
		if !k.numbers[number] {
			left = append(left, number)
		}
	}
	there := map[int64]bool{}
	if len(left) > 0 {
		for r, err := range p.s.Lookup.ByNumber(ctx, p.col.ID, left) {
			if err != nil {
				return nil, nil, err
			}
			f, err := p.facts(g.Window, r, false)
			if err != nil {
				return nil, nil, err
			}
			there[r.Number] = !r.Deleted && g.Window.Has(f)
		}
	}
	for _, number := range left {
		if !there[number] {
			gone = append(gone, number)
		}
	}
	return come, gone, nil
}

// gather tells of messages beyond the window whose conversations reach into it, and takes those away whose conversations no longer do; it only notes that there
// are some where there is no room. MS-ASCMD_R2107, R2110
func (p *part) gather(ctx context.Context, room int) ([]*wbxml.Element, error) {
	come, gone, err := p.relatives(ctx, p.g.Stood)
	if err != nil {
		return nil, err
	}
	var changes []change
	for _, number := range gone {
		changes = append(changes, change{tag: wbxml.AirSyncSoftDelete, had: true, rec: store.HomeRecord{Number: number}})
	}
	for _, r := range come {
		changes = append(changes, change{tag: wbxml.AirSyncAdd, rec: r, kin: true})
	}
	all := len(changes)
	if all > 0 && (room <= 0 || p.b.spent()) {
		p.g.More = true
		return nil, nil
	}
	out, n, err := p.render(ctx, changes[:min(max(room, 0), all)])
	if err != nil {
		return out, err
	}
	for _, c := range changes[:n] {
		switch {
		case !c.kin:
			p.g.Left = append(p.g.Left, c.rec.Number)
		case p.g.HasKin(c.rec.Number):
			p.g.Joined = append(p.g.Joined, c.rec.Number)
		}
	}
	if n < all {
		p.g.More = true
		return out, nil
	}
	if p.g.KinSeq = 0; p.talks(p.g.Window) {
		p.g.KinSeq, p.g.KinFrom = p.g.Stood, p.g.Window.Cutoff
	}
	return out, nil
}

// gathered lists what the last answer told because of conversations; ok is false if it cannot be made again as it was.
func (p *part) gathered(ctx context.Context, now *synckey.Generation) (list []change, ok bool, err error) {
	for _, number := range now.Left {
		list = append(list, change{tag: wbxml.AirSyncSoftDelete, had: true, rec: store.HomeRecord{Number: number}})
	}
	for _, number := range now.Joined {
		r, err := p.s.Lookup.At(ctx, p.col.ID, number, now.Stood)
		if tandem.IsKind(err, tandem.Gone) || tandem.IsKind(err, tandem.NotFound) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		list = append(list, change{tag: wbxml.AirSyncAdd, rec: r, kin: true})
	}
	return list, true, nil
}
