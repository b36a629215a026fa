package center

import (
	"context"
	"errors"
	"time"

	"tandem"
	"tandem/center/handler"
)

// objectIn is how long a provider may think about an objection. Who says nothing has none.
const objectIn = 10 * time.Second

// mayDo lets the provider of a partner object to a task with the partner or one of its items. The error is its objection. A provider that cannot be asked objects to nothing:
// people must be able to switch off what is broken.
func (h *Hub) mayDo(ctx context.Context, partner, thing string, do handler.Task) error {
	p, err := h.partner(ctx, partner)
	if err != nil {
		return nil // it is no partner
	}
	prov, err := h.cfg.Places.Provider(p.Provider)
	if err != nil || prov.Ask == nil {
		return nil
	}
	place, err := h.cfg.Places.ParsePlace(p.Place)
	if err != nil {
		return nil
	}
	env, err := h.envFor(ctx, place)
	if err != nil {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, objectIn)
	defer cancel()
	err = prov.Ask(limited, place, env, string(do))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		return nil
	case tandem.IsKind(err, tandem.Unreadable) || errors.Is(err, context.DeadlineExceeded):
		h.cfg.Log.Warn("a provider could not be asked whether it objects", "partner", partner, "task", string(do), "error", err)
		return nil
	}
	remedy := "see what " + p.Provider + " says about it"
	var e *tandem.Error
	if errors.As(err, &e) {
		if e.Remedy != "" {
			remedy = e.Remedy
		}
		if e.Err != nil {
			err = e.Err
		}
	}
	return &tandem.Error{Kind: tandem.Denied, Op: string(do), Thing: thing, Err: err, Remedy: remedy}
}
