package center

import (
	"slices"
	"testing"
	"testing/synctest"

	"tandem"
	"tandem/center/handler"
	"tandem/provider"
	"tandem/provider/home"
	"tandem/provider/memory"
)

// TestM045Icons: a provider and a program that reports choose which drawing stands for them; what is no name is refused.
func TestM045Icons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a")
		defer w.close()
		p := w.provider()
		p.Icon = "bookmark"
		w.hub.cfg.Places = provider.NewRegistry(p, home.Provider())
		it := w.add("c", "a", "one", manual)
		x, err := w.hub.FindHandler(t.Context(), it.Partner)
		if err != nil || x.Icon != "bookmark" || !slices.Contains(x.Can, handler.HasIcon) {
			t.Errorf("%+v %v", x, err)
		}
		begin := func(icon string) error {
			_, err := w.hub.OpenSession(t.Context(), NewSession{Handler: handler.Handler{ID: "photos", Name: "Photos", Icon: icon, Can: []handler.Capability{handler.HasIcon}}, Items: []handler.Item{{ID: "photos/all"}}})
			return err
		}
		for _, icon := range []string{"<svg>", "../x", "Picture"} {
			if err := begin(icon); !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("%s: %v", icon, err)
			}
		}
		if err := begin("picture"); err != nil {
			t.Fatal(err)
		}
		if x, err = w.hub.FindHandler(t.Context(), "photos"); err != nil || x.Icon != "picture" {
			t.Errorf("%+v %v", x, err)
		}
	})
}
