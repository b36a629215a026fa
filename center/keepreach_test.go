package center

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/internal/sysevents"
	"tandem/provider"
	"tandem/store"
)

// road is the way to the partners of a test.
type road struct {
	mu    sync.Mutex
	takes time.Duration
	down  bool
	dials int
}

func (r *road) dial(context.Context, string, string) (net.Conn, error) {
	r.mu.Lock()
	takes, down := r.takes, r.down
	r.dials++
	r.mu.Unlock()
	time.Sleep(takes)
	if down {
		return nil, errors.New("no route")
	}
	c, s := net.Pipe()
	s.Close()
	return c, nil
}

func (r *road) set(takes time.Duration, down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takes, r.down = takes, down
}

// farWorld is a world whose places are at a host across a network.
func farWorld(t *testing.T, when string) (*world, *road, weather) {
	t.Helper()
	w, r, sky := newWorld(t, watching, "//host.example/a"), &road{takes: 10 * time.Millisecond}, make(weather)
	p := w.provider()
	p.Network = true
	w.hub.cfg.Places = provider.NewRegistry(p)
	w.hub.cfg.System = sky.follow
	w.hub.links.Dial = r.dial
	w.add("contacts", "//host.example/a", "p")
	w.put("//host.example/a", "a", card("a", "Anna"))
	w.set("p", "when", when)
	return w, r, sky
}

// TestSE03WaitsForPartner: an item whose partner is out of reach fails once, then waits without trying to run, and runs soon after the partner is back, or at
// once when a network comes.
func TestSE03WaitsForPartner(t *testing.T) {
	for _, network := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w, r, sky := farWorld(t, "continuous")
			defer w.close()
			r.set(0, true)
			w.setFail("//host.example/a", &tandem.Error{Kind: tandem.Transient, Op: "open place", Thing: "host.example"})
			w.start()
			time.Sleep(24 * time.Hour)
			if n, why := len(w.news()), w.waits("p"); n != 1 || why != "host.example:443 to be reachable" {
				t.Errorf("%d runs, waits for %q", n, why)
			}
			events, err := w.hub.Log(t.Context(), 0, "p", 100)
			if err != nil || len(events) != 1 {
				t.Errorf("the log has %d lines, %v", len(events), err)
			}
			if r.dials > 24*30+10 {
				t.Errorf("asked %d times in a day", r.dials)
			}
			r.set(0, false)
			w.setFail("//host.example/a", nil)
			if network {
				sky.happens(sysevents.NetworkUp)
				time.Sleep(time.Second)
			} else {
				time.Sleep(maxProbe + time.Second)
			}
			if n, why := len(w.news()), w.waits("p"); n < 2 || why != "" {
				t.Errorf("%d runs when it is back, waits for %q", n, why)
			}
		})
	}
}

// TestSM07BeforeTheNetworkGoes: what is to run before the network goes runs while a partner across it can still be reached; where it is told of only afterwards, the run waits for a network.
func TestSM07BeforeTheNetworkGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, sky := farWorld(t, "on network-down; only on network Home")
		defer w.close()
		w.start()
		home := sysevents.State{Named: true, Networks: []string{"Home"}}
		sky.is(home)
		leaving := home
		leaving.Leaving = true
		sky <- sysevents.Event{Kind: sysevents.NetworkDown, State: leaving}
		time.Sleep(time.Second)
		if n, why := len(w.news()), w.waits("p"); n != 1 || why != "" {
			t.Errorf("%d runs before it goes, waits for %q", n, why)
		}
		sky.is(sysevents.State{Offline: true})
		sky <- sysevents.Event{Kind: sysevents.NetworkDown, State: sysevents.State{Offline: true}}
		time.Sleep(time.Minute)
		if n, why := len(w.news()), w.waits("p"); n != 1 || why != "a network" {
			t.Errorf("%d runs without a network, waits for %q", n, why)
		}
	})
}

// TestOF13SlowLink: on a slow link the item waits, is told how slow it is, and runs when it is fast again; the threshold is the item's.
func TestOF13SlowLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, r, _ := farWorld(t, "continuous; not slow above 35ms")
		defer w.close()
		r.set(100*time.Millisecond, false)
		w.start()
		time.Sleep(time.Hour)
		if n, why := len(w.news()), w.waits("p"); n != 0 || why != "a faster link (100 ms)" {
			t.Errorf("%d runs, waits for %q", n, why)
		}
		r.set(5*time.Millisecond, false)
		time.Sleep(10 * time.Minute)
		if n, why := len(w.news()), w.waits("p"); n == 0 || why != "" {
			t.Errorf("%d runs on a fast link, waits for %q", n, why)
		}
	})
}

// TestSE04NobodyIsAsked: a place that can be reached, and no condition about its link, means no probe.
func TestSE04NobodyIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, r, sky := farWorld(t, "continuous")
		defer w.close()
		w.start()
		time.Sleep(time.Hour)
		if len(w.news()) == 0 || r.dials != 0 {
			t.Errorf("%d runs, %d probes", len(w.news()), r.dials)
		}
		sky.is(sysevents.State{Offline: true})
		if why := w.waits("p"); why != "" && why != "a network" {
			t.Errorf("off line it waits for %q", why)
		}
		before := len(w.news())
		time.Sleep(time.Hour)
		if n := len(w.news()); n != before || w.waits("p") != "a network" {
			t.Errorf("%d runs off line, waits for %q", n-before, w.waits("p"))
		}
		sky.is(sysevents.State{})
		time.Sleep(time.Minute)
		if len(w.news()) == before {
			t.Error("no run when the network is back")
		}
	})
}

// TestBoundedAccountsAreNotProbed: whether anything answers at the address of an account that a member named is measured for nobody; it may be one that the member
// may not reach.
func TestBoundedAccountsAreNotProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, _ := farWorld(t, "not slow")
		defer w.close()
		p := w.provider()
		p.Network, p.Options = true, append(p.Options, provider.BehalfOption())
		w.hub.cfg.Places = provider.NewRegistry(p)
		for place, want := range map[string]string{"mem://host.example:143/a": "host.example:143", "mem://host.example:143/a?" + provider.OnBehalf + "=anna": ""} {
			if err := w.store.Settings.PutPartner(t.Context(), store.Partner{Name: "mail", Provider: "mem", Place: place}); err != nil {
				t.Fatal(err)
			}
			if got := (&accountKeeper{hub: w.hub, account: mailAccount{name: "mail"}}).target(t.Context()); got != want {
				t.Errorf("%s: %q", place, got)
			}
		}
	})
}
