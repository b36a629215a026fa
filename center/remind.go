package center

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"tandem"
	"tandem/center/notify"
	"tandem/center/when"
	"tandem/store"
)

// lateAfter is how long an item that runs by itself may go without a sync before somebody is reminded.
const lateAfter = 3 * 24 * time.Hour

// late is an item that should have been synced and was not.
type late struct {
	item  store.Item
	since time.Time // of the last sync, or when it was added
	why   string    // "" : not known
}

// lateItems are the items that run by themselves and have not been synced for days, though they were due (inventory OF-12). Nobody waits for an item that is
// disabled, runs by hand, or waits for a person's answer, which is asked for elsewhere.
func (h *Hub) lateItems(ctx context.Context, items []store.Item) ([]late, error) {
	pairs, err := h.cfg.Store.Bases.Pairs(ctx)
	if err != nil {
		return nil, err
	}
	last := map[string]int64{}
	for _, p := range pairs {
		last[p.Key] = p.Last
	}
	paused, err := h.pauses(ctx)
	if err != nil {
		return nil, err
	}
	asked, err := h.Questions(ctx)
	if err != nil {
		return nil, err
	}
	waits := map[string]bool{}
	for _, q := range asked {
		waits[q.Item] = true
	}
	var out []late
	now := h.cfg.Now()
	for _, it := range items {
		since := time.Unix(max(last[itemKey(it)], it.Added), 0)
		if !it.Enabled || waits[it.Name] || !runsByItself(it) || now.Sub(since) < lateAfter {
			continue
		}
		if _, rests := paused[it.Name]; rests {
			continue
		}
		if off, err := h.isOff(ctx, it.Partner); err != nil || off != "" {
			continue
		}
		p, err := h.planOf(ctx, it)
		if err != nil || !wasDue(p, it.Name, since, now) {
			continue // the first is told of as a failure
		}
		out = append(out, late{it, since, h.lateBecause(it.Name)})
	}
	return out, nil
}

// wasDue reports whether a plan wanted a run since a time. What only events start may never come.
func wasDue(p plan, name string, since, now time.Time) bool {
	if p.Follows(p.mode, now, p.zone) || p.mode == when.Connection {
		return true
	}
	at := p.Next(since, p.zone, name)
	return !at.IsZero() && now.Sub(at) > time.Hour
}

// lateBecause is what is known of why an item does not run.
func (h *Hub) lateBecause(item string) string {
	if r, ok := h.reached(item); ok && !r.ok {
		return "it works offline: " + r.why
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if f := h.failing[item]; f.text != "" {
		return f.text
	}
	if k := h.keepers[item]; k != nil {
		if _, _, waits := k.state(); waits != "" {
			return "it waits for " + waits
		}
	}
	return ""
}

// text says that an item is late.
func (l late) text(now time.Time) string {
	text := fmt.Sprintf("has not synced for %d days", int(now.Sub(l.since)/(24*time.Hour)))
	if l.why != "" {
		text += ": " + l.why
	}
	return text
}

func (l late) remedy() string {
	return "sync it with `tandem sync " + l.item.Name + "`, which says what is in the way, or leave it alone with `tandem item disable " + l.item.Name + "`"
}

// lateCauses are the reminders for people. One holds until its item is synced.
func (h *Hub) lateCauses(ctx context.Context, items []store.Item) (out []notify.Cause, err error) {
	list, err := h.lateItems(ctx, items)
	for _, l := range list {
		text := "last on " + l.since.In(h.zoneOf(ctx, l.item.User)).Format("2 January 2006")
		if l.why != "" {
			text += "; " + l.why
		}
		out = append(out, notify.Cause{User: l.item.User, Key: "late/" + l.item.Name, Sort: notify.Problem, Item: l.item.Name, Code: tandem.Transient.Code(),
			Title: l.item.Name + " has not synced for days", Text: sentence(text, l.remedy()), Link: "/items/" + url.PathEscape(l.item.Name)})
	}
	return out, err
}

// remind writes into the log which items are late, of each at most once a day, and has people told.
func (h *Hub) remind(ctx context.Context) error {
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	list, err := h.lateItems(ctx, items)
	if err != nil || len(list) == 0 {
		return err
	}
	now := h.cfg.Now()
	for _, l := range list {
		told, err := h.cfg.Store.Results.Find(ctx, store.EventFilter{Items: []string{l.item.Name}, Text: "has not synced for", Since: now.Add(-24 * time.Hour).Unix(), Limit: 1})
		if err != nil {
			return err
		}
		if len(told) > 0 {
			continue
		}
		e := store.Event{When: now.Unix(), User: l.item.User, Item: l.item.Name, Level: store.Warning, Text: l.text(now), Remedy: l.remedy(), Link: "item/" + l.item.Name, LinkText: "look at it"}
		if err := h.cfg.Store.Events.Add(ctx, e); err != nil {
			return err
		}
	}
	h.stir()
	return nil
}
