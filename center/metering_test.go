package center

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/center/when"
	"tandem/internal/sysevents"
	"tandem/provider/memory"
	"tandem/session"
)

// TestSE03Throughput: what runs move over a link is measured per partner, without the time of listing, and holds for the condition "not slow below".
func TestSE03Throughput(t *testing.T) {
	at := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	now := at
	var m meter
	for _, p := range []struct {
		after time.Duration
		phase session.Phase
		bytes int64
	}{{0, session.Observing, 0}, {time.Hour, session.Staging, 50_000}, {5 * time.Second, session.Staging, 450_000}, {5 * time.Second, session.Applying, 850_000}, {time.Hour, session.Recording, 850_000}} {
		now = now.Add(p.after)
		m.saw(session.Progress{Phase: p.phase, Bytes: p.bytes}, now)
	}
	bytes, took := m.moved()
	if bytes != 800_000 || took != 10*time.Second {
		t.Fatalf("%d bytes in %v", bytes, took)
	}
	const target = "dav.example.org:443"
	h := New(Config{Now: func() time.Time { return now }})
	plan := func(text string) plan {
		p, err := when.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return plan{Plan: p, mode: when.Continuous, zone: time.UTC}
	}
	for text, want := range map[string]string{"not slow below 500kbit/s": "", "not slow below 700kbit/s": ""} {
		if why := h.decideFor(plan(text), target).Why; why != want {
			t.Errorf("before anything was measured, %s: %q", text, why)
		}
	}
	h.links.Moved(target, bytes, took, now)
	h.links.Moved(target, 1000, time.Hour, now) // too little to say anything
	for text, want := range map[string]string{"not slow below 500kbit/s": "", "not slow below 700kbit/s": "a faster link (640kbit/s)"} {
		if why := h.decideFor(plan(text), target).Why; why != want {
			t.Errorf("%s: %q, want %q", text, why, want)
		}
		if why := h.decideFor(plan(text), "other.example.org:443").Why; why != "" {
			t.Errorf("another partner: %q", why)
		}
	}
	h.links.Moved(target, bytes, 2*took, now)
	if r, ok := h.links.Throughput(target, now); !ok || r.Bits != 480_000 {
		t.Errorf("smoothed: %+v", r)
	}
	now = now.Add(2 * time.Hour)
	if r, ok := h.links.Throughput(target, now); ok {
		t.Errorf("two hours later it is still %+v", r)
	}
	h.links.Moved(target, bytes, took, now)
	h.links.Forget()
	if _, ok := h.links.Throughput(target, now); ok {
		t.Error("known though another network came")
	}
}

// TestSE03RunsAreMeasured: what a run moves to a partner across a network is measured, kept across a restart of the hub, and forgotten when the computer is on another
// network or the measurement is old.
func TestSE03RunsAreMeasured(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		on    []string
		want  string
	}{
		"same network":    {time.Minute, []string{"Train"}, "a faster link (800kbit/s)"},
		"another network": {time.Minute, []string{"Home"}, ""},
		"long ago":        {2 * time.Hour, []string{"Train"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, sky := newWorld(t, memory.Knobs{}, "//host.example/x"), make(weather)
				defer w.close()
				w.hub.cfg.System = sky.follow
				w.hub.cfg.Run = func(_ context.Context, _ session.Pair, o session.Options) (*session.Report, error) {
					o.Progress(session.Progress{Phase: session.Staging})
					time.Sleep(10 * time.Second)
					o.Progress(session.Progress{Phase: session.Applying, Bytes: 1_000_000})
					return &session.Report{}, nil
				}
				w.add("c", "//host.example/x", "far", manual)
				w.start()
				sky.is(sysevents.State{Named: true, Networks: []string{"Train"}})
				w.sync("far")
				const target = "host.example:443"
				if r, ok := w.hub.links.Throughput(target, time.Now()); !ok || r.Bits != 800_000 {
					t.Fatalf("measured %+v", r)
				}
				if err := w.hub.Close(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(c.after)
				w.hub = New(w.hub.cfg)
				w.start()
				sky.is(sysevents.State{Named: true, Networks: c.on})
				sky.is(sysevents.State{Named: true, Networks: c.on, OnBattery: true}) // once it is told, that is over
				synctest.Wait()
				p, err := when.Parse("not slow below 1Mbit/s")
				if err != nil {
					t.Fatal(err)
				}
				if why := w.hub.decideFor(plan{Plan: p, mode: when.Continuous, zone: time.UTC}, target).Why; why != c.want {
					t.Errorf("after a restart it waits for %q, want %q", why, c.want)
				}
				values, err := w.store.Settings.Values(t.Context())
				if kept := strings.Contains(fmt.Sprint(values), target); err != nil || kept != (c.want != "") {
					t.Errorf("kept: %v, %v", kept, err)
				}
			})
		})
	}
}
