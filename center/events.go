package center

import (
	"context"
	"strings"

	"tandem"
	"tandem/center/explain"
	"tandem/store"
)

// EventFilter selects lines of the results log: those of store.EventFilter, and of those only the ones about a handler.
type EventFilter struct {
	store.EventFilter
	Handler string // its items, and itself
}

// FindEvents implements Service.
func (h *Hub) FindEvents(ctx context.Context, f EventFilter) ([]store.Event, error) {
	plain, none, err := h.plainFilter(ctx, f)
	if err != nil || none {
		return nil, err
	}
	return h.cfg.Store.Results.Find(ctx, plain)
}

// ClearEvents implements Service.
func (h *Hub) ClearEvents(ctx context.Context, f EventFilter) (int, error) {
	plain, none, err := h.plainFilter(ctx, f)
	if err != nil || none {
		return 0, err
	}
	return h.cfg.Store.Results.Clear(ctx, plain)
}

// plainFilter turns a handler into the names under which its events are written; none says that no event can be among those.
func (h *Hub) plainFilter(ctx context.Context, f EventFilter) (plain store.EventFilter, none bool, err error) {
	plain = f.EventFilter
	if plain.Level > store.Error || plain.Limit < 0 {
		return plain, false, tandem.Errorf(tandem.Invalid, "this selects no events")
	}
	if f.Handler == "" {
		return plain, false, nil
	}
	x, err := h.FindHandler(ctx, f.Handler)
	if err != nil {
		return plain, false, err
	}
	names := []string{x.ID}
	for _, it := range x.Items {
		names = append(names, it.ID)
	}
	if number, ok := strings.CutPrefix(x.ID, devicePrefix); ok {
		id, err := h.deviceID(ctx, x.User, number)
		if err != nil {
			return plain, false, err
		}
		names = append(names, "device "+id, "eas:"+id)
	}
	if len(f.Items) == 0 {
		plain.Items = names
		return plain, false, nil
	}
	plain.Items = nil
	for _, n := range f.Items {
		for _, have := range names {
			if n == have {
				plain.Items = append(plain.Items, n)
			}
		}
	}
	return plain, len(plain.Items) == 0, nil
}

// NextStep is what to do about a line of the log: what it says itself, else what helps with a record that waits, or most often with its code; "" where nothing is to be done.
func NextStep(e store.Event) string {
	if e.Remedy != "" || e.Level == store.Info {
		return e.Remedy
	}
	if e.Code == "" {
		return nextOfRun(e.Text)
	}
	t, err := explain.Find(e.Code)
	if err != nil {
		return "" // of a newer program
	}
	return t.Next[0]
}
