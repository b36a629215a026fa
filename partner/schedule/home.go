package schedule

import (
	"context"
	"slices"

	"tandem"
	"tandem/store"
)

// Calendars is home, in which a calendar does not go before those who take part in its meetings are told (Close, Closed). It is put between the store and whatever
// removes collections, once for all, so that no door has to think of it. In its methods nothing else changes.
func (s *Service) Calendars(home store.Home) store.Home {
	return &calendars{Home: home, meetings: s}
}

type calendars struct {
	store.Home
	meetings *Service
}

type quietly struct{}

// Quietly is ctx for the removal of a calendar of which nobody is told. RFC 6638 8.1
func Quietly(ctx context.Context) context.Context { return context.WithValue(ctx, quietly{}, true) }

// RemoveCollection implements store.Home.
func (h *calendars) RemoveCollection(ctx context.Context, id int64) error {
	c, found, err := h.collection(ctx, id)
	if err != nil {
		return err
	}
	if !found || c.Kind != tandem.Event || ctx.Value(quietly{}) != nil {
		return h.Home.RemoveCollection(ctx, id)
	}
	closing, err := h.meetings.Close(ctx, c)
	if err != nil {
		return err
	}
	err = h.Home.RemoveCollection(ctx, id)
	if failed := h.meetings.Closed(ctx, closing, err == nil); failed != nil {
		h.meetings.log().Error("meetings of a removed calendar", "user", c.User, "calendar", c.Name, "removed", err == nil, "err", failed)
	}
	return err
}

func (h *calendars) collection(ctx context.Context, id int64) (c tandem.Collection, found bool, err error) {
	all, err := h.Collections(ctx, "")
	if i := slices.IndexFunc(all, func(c tandem.Collection) bool { return c.ID == id }); i >= 0 {
		return all[i], true, nil
	}
	return c, false, err
}
