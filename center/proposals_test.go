package center

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/provider"
	"tandem/provider/memory"
)

// shelf is a provider of places with collections below them; what each has is told by has.
func (w *world) shelf(has func(path string) []provider.Found) *provider.Provider {
	p := w.provider()
	p.Name = "shelf"
	p.List = func(_ context.Context, place provider.Place, _ provider.Env) ([]provider.Found, error) {
		return has(place.Path), nil
	}
	return p
}

// TestSC43ProposedCollections: what a partner has and nobody syncs is proposed, and synced once it is committed to; then it is proposed no more. What comes there later is.
func TestSC43ProposedCollections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "desk/work", "desk/Home", "other")
		defer w.close()
		found := []provider.Found{{Name: "work", Place: "shelf:desk/work", Kind: tandem.Contact}, {Name: "Home", Place: "shelf:desk/Home", Kind: tandem.Contact, ReadOnly: true}}
		w.hub.cfg.Places = provider.NewRegistry(w.provider(), w.shelf(func(string) []provider.Found { return found }))
		w.put("desk/Home", "1", card("a", "Ann"))
		w.start()
		w.add("home", "other", "x")
		if _, err := w.hub.AddPartner(t.Context(), "", "desk", "shelf:desk"); err != nil {
			t.Fatal(err)
		}
		proposed := func() string {
			list, err := w.hub.Proposals(t.Context(), "desk")
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, p := range list {
				out = append(out, fmt.Sprintf("%s→%s %v %s", p.Name, p.Home, p.HomeIs, p.Sub))
			}
			return strings.Join(out, "; ")
		}
		if got := proposed(); got != "work→work false work; Home→home true Home" {
			t.Errorf("proposed %s", got)
		}
		it, err := w.hub.CommitProposal(t.Context(), Commitment{Partner: "desk", Name: "Home"})
		if err != nil || it.Sub != "Home" || it.Partner != "desk" {
			t.Fatalf("%+v, %v", it, err)
		}
		time.Sleep(time.Minute)
		if n := w.live(it.Name); n != 1 {
			t.Errorf("%d records of what was committed to", n)
		}
		if got := proposed(); got != "work→work false work" {
			t.Errorf("proposed %s", got)
		}
		if _, err := w.hub.CommitProposal(t.Context(), Commitment{Partner: "desk", Name: "Home"}); !tandem.IsKind(err, tandem.NotFound) {
			t.Errorf("committed twice: %v", err)
		}
		found = append(found, provider.Found{Name: "far", Place: "shelf:elsewhere/far", Kind: tandem.Contact})
		if got := proposed(); got != "work→work false work; far→far false " {
			t.Errorf("proposed %s", got)
		}
		if _, err := w.hub.CommitProposal(t.Context(), Commitment{Partner: "desk", Name: "far", Within: true}); !tandem.IsKind(err, tandem.Denied) {
			t.Errorf("elsewhere: %v", err)
		}
		w.places["elsewhere/far"] = memory.New("far", memory.Knobs{})
		if it, err := w.hub.CommitProposal(t.Context(), Commitment{Partner: "desk", Name: "far", Home: "away", Look: true}); err != nil || it.Partner == "desk" {
			t.Errorf("elsewhere: %+v, %v", it, err)
		}
		if got := proposed(); got != "work→work false work" {
			t.Errorf("proposed %s", got)
		}
		if _, err := w.hub.Proposals(t.Context(), "nobody"); !tandem.IsKind(err, tandem.NotFound) {
			t.Errorf("of nobody: %v", err)
		}
	})
}
