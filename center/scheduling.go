package center

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"tandem"
	"tandem/provider"
	"tandem/store"
)

// askAgain is how long what a server said about meetings is good for.
const askAgain = 7 * 24 * time.Hour

// schedulesKey names what is known of a server, "" where the place has none.
func schedulesKey(place string) string {
	_, rest, _ := strings.Cut(place, ":")
	u, err := url.Parse("x:" + rest)
	if err != nil || u.Host == "" {
		return ""
	}
	return "schedules/" + strings.ToLower(u.Host)
}

// Schedules tells whether the server of a place invites people by itself, by what it said when a place there was opened last. Where that is not known it is taken to: people would be
// invited twice otherwise.
func Schedules(values map[string]string, place string) bool {
	return !strings.HasPrefix(values[schedulesKey(place)], "no ")
}

// learnSchedules asks a place whether it invites people by itself, once in a while, and keeps the answer.
func (h *Hub) learnSchedules(ctx context.Context, o *provider.Opened) {
	s, ok := o.Replica.(provider.Scheduler)
	key := schedulesKey(o.Place)
	if !ok || key == "" || o.Kind != tandem.Event {
		return
	}
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return // what is not known is asked another time
	}
	var at int64
	if _, when, ok := strings.Cut(values[key], " "); ok {
		_, _ = fmt.Sscan(when, &at) // 0 where it is no number
	}
	now := time.Unix(h.now(), 0)
	if since := now.Sub(time.Unix(at, 0)); since >= 0 && since < askAgain {
		return
	}
	does, err := s.Schedules(ctx)
	if err != nil {
		h.cfg.Log.Debug("not known whether the server invites people by itself", "place", o.Place, "err", err)
		return
	}
	word := map[bool]string{true: "yes", false: "no"}[does]
	if err := h.cfg.Store.Settings.PutValues(ctx, map[string]string{key: fmt.Sprint(word, " ", now.Unix())}); err != nil {
		h.cfg.Log.Debug("not kept whether the server invites people by itself", "place", o.Place, "err", err)
	}
}

// SendsItself reports calendars that are kept in step with a server that invites people by itself.
func SendsItself(settings store.Settings) func(context.Context, tandem.Collection) (bool, error) {
	return func(ctx context.Context, c tandem.Collection) (bool, error) {
		items, err := settings.Items(ctx)
		if err != nil {
			return false, err
		}
		for _, it := range items {
			if it.Collection != c.ID || !it.Enabled {
				continue
			}
			partners, err := settings.Partners(ctx)
			if err != nil {
				return false, err
			}
			values, err := settings.Values(ctx)
			if err != nil {
				return false, err
			}
			for _, p := range partners {
				if p.Name == it.Partner && strings.HasPrefix(p.Provider, "caldav") && Schedules(values, p.Place) {
					return true, nil
				}
			}
		}
		return false, nil
	}
}
