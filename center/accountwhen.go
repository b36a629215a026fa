package center

import (
	"context"
	"errors"
	"time"

	"tandem"
	way "tandem/center/reach"
	"tandem/center/when"
)

// SetFolders implements Service.
func (h *Hub) SetFolders(ctx context.Context, partner, text string) error {
	p, err := when.Parse(text)
	if err != nil {
		return err
	}
	if p.Ask || p.If.Ask {
		return &tandem.Error{Kind: tandem.Invalid, Op: "change account", Thing: partner, Err: errors.New("an account asks about nothing; its folders are items of their own"), Remedy: "leave out ask first"}
	}
	a, err := h.account(ctx, partner)
	if err != nil {
		return err
	}
	a.When = p.String()
	if a.When == (when.Plan{Spread: -1}).String() {
		a.When = ""
	}
	if err := h.cfg.Store.Settings.PutValues(ctx, map[string]string{valueAccount + a.name: encodeValue(a)}); err != nil {
		return err
	}
	h.unkeepAccount(a.name)
	h.keepAccount(a)
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.Partner == a.name {
			h.unkeep(it.Name)
			h.keep(it)
			h.news.tell(News{What: ItemsNews, Item: it.Name, User: it.User})
		}
	}
	return nil
}

// accountPlan is when the folders of an account are kept in step: as it was said, or whenever something changes.
func (h *Hub) accountPlan(ctx context.Context, name string) (plan, error) {
	p := plan{mode: when.Continuous, zone: time.Local}
	a, err := h.account(ctx, name)
	if err != nil {
		return p, err
	}
	if p.Plan, err = when.Parse(a.When); err != nil {
		return p, err
	}
	switch {
	case p.Plan.Mode != when.Unsaid:
		p.mode = p.Plan.Mode
	case len(p.Rules) > 0 || p.Peak != nil || len(p.On) > 0:
		p.mode = when.Scheduled
	}
	p.zone = h.zoneOf(ctx, a.User)
	return p, nil
}

// decideFor decides by what is known whether the way to a partner, and the computer, are as a plan wants them.
func (h *Hub) decideFor(p plan, target string) when.Decision {
	s := h.around.now()
	if target != "" {
		s.Network = !way.Local(target)
		if q, ok := h.links.Known(target); ok && q.Err == nil {
			s.Link.RTT = q.RTT
		}
		if r, ok := h.links.Throughput(target, h.cfg.Now()); ok {
			s.Link.Rate = r.Bits
		}
	}
	return p.Decide(h.cfg.Now(), p.zone, s)
}

// measureFor decides after the way to a partner was measured, if the plan's conditions speak of it and nothing else holds it. A link that is slow is measured again
// every minute.
func (h *Hub) measureFor(ctx context.Context, p plan, target string) when.Decision {
	d := h.decideFor(p, target)
	if p.If.Slow == nil || target == "" || !d.Go && !d.Link {
		return d
	}
	h.links.Probe(ctx, target, probeFresh)
	if d = h.decideFor(p, target); d.Link {
		d.Until = h.cfg.Now().Add(probeFresh)
	}
	return d
}

// admitted waits until the conditions of a plan hold. tell is told what it waits for, "" when it waits no longer.
func (h *Hub) admitted(ctx context.Context, p plan, target string, tell func(why string)) bool {
	for {
		changed := h.around.whenChanged()
		d := h.measureFor(ctx, p, target)
		tell(d.Why)
		if d.Go {
			return true
		}
		var later <-chan time.Time
		if !d.Until.IsZero() {
			later = time.After(d.Until.Sub(h.cfg.Now()))
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		case <-later:
		}
	}
}

// due waits until the account's folders are to be looked at again: after a failure in a while, otherwise when something changes, as long as that is followed, when the
// plan says so, or after one of its events.
func (k *accountKeeper) due(ctx context.Context, p plan, failed time.Duration) bool {
	for {
		now := k.hub.cfg.Now()
		follows := p.Follows(p.mode, now, p.zone)
		d, run := 365*24*time.Hour, false
		sooner := func(at time.Duration, runs bool) {
			if at < d {
				d, run = at, runs
			}
		}
		kicks := k.kicks
		switch {
		case failed > 0:
			sooner(failed, true)
		case follows:
			sooner(k.every(), true)
		default:
			kicks = nil // what changes meanwhile is kept
		}
		if at := p.Next(now, p.zone, k.account.name); failed == 0 && !at.IsZero() {
			sooner(at.Sub(now), true)
		}
		if turn := p.Turn(now, p.zone); failed == 0 && !turn.IsZero() {
			sooner(turn.Sub(now), false)
		}
		timer := time.NewTimer(d)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-timer.C:
		case <-kicks:
			run = true
		case event := <-k.events:
			run = p.Has(event) || event == when.NetworkUp && (failed > 0 || p.mode == when.Connection)
		}
		timer.Stop()
		if run {
			return true
		}
	}
}
