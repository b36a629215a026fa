package center

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"tandem"
	"tandem/center/handler"
	"tandem/provider"
	"tandem/provider/home"
	"tandem/provider/memory"
)

// TestM050ProvidersObject: a provider is asked before a partner of it or an item is switched on or off, set aside or removed, by whatever way, and its word stands; one that is out of order holds nothing up.
func TestM050ProvidersObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a")
		defer w.close()
		var asked []string
		var says error
		p := w.provider()
		p.Ask = func(ctx context.Context, place provider.Place, _ provider.Env, task string) error {
			asked = append(asked, task)
			if place.Path != "a" {
				t.Errorf("asked about %+v", place)
			}
			if says == nil && task == "enable" { // out of order
				<-ctx.Done()
				return ctx.Err()
			}
			return says
		}
		w.hub.cfg.Places = provider.NewRegistry(p, home.Provider())
		it := w.add("c", "a", "one", manual)
		says = tandem.Errorf(tandem.Busy, "the device is in a call")
		refused := func(what string, err error) {
			t.Helper()
			if !tandem.IsKind(err, tandem.Denied) || !strings.Contains(err.Error(), "in a call") {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, do := range []handler.Task{handler.Disable, handler.Deactivate} {
			_, err := w.hub.OrderHandler(t.Context(), HandlerOrder{Handler: it.Partner, Do: do})
			refused(string(do), err)
		}
		_, err := w.hub.OrderHandler(t.Context(), HandlerOrder{Handler: it.Partner, Item: "one", Do: handler.Disable})
		refused("disable the item", err)
		refused("disable the item, directly", w.hub.EnableItem(t.Context(), "one", false))
		refused("remove the item", w.hub.RemoveItem(t.Context(), "one"))
		if have, err := w.hub.item(t.Context(), "one"); err != nil || !have.Enabled {
			t.Errorf("%+v %v", have, err)
		}
		if got := strings.Join(asked, " "); got != "disable deactivate disable disable delete" {
			t.Errorf("asked %s", got)
		}
		for _, says = range []error{&tandem.Error{Kind: tandem.Unreadable, Err: errors.New("its program ended")}, nil} {
			if err := errors.Join(w.hub.EnableItem(t.Context(), "one", false), w.hub.EnableItem(t.Context(), "one", true)); err != nil {
				t.Error(err)
			}
		}
	})
}
