package files

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem"
)

// patience is how long a test waits for what should happen at once.
const patience = time.Minute

// hinted waits for a hint that covers id.
func hinted(t *testing.T, ch <-chan tandem.Hint, id tandem.ID) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case h, open := <-ch:
			if !open {
				t.Fatal("the watch ended")
			}
			if h.ID == "" || h.ID == id || strings.HasPrefix(string(id), string(h.ID)+"/") {
				return
			}
		case <-timeout:
			t.Fatalf("no hint of %q", id)
		}
	}
}

func TestWatch(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p := newPlace(t, "ignore=build/")
	p.put("d/e/f", "x")
	p.put("build/x", "x")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ch, err := p.Watch(ctx)
	if err != nil || ch == nil {
		t.Fatal(ch, err)
	}
	p.put("d/e/f", "y")
	hinted(t, ch, "d/e/f")
	p.put("new/below/g", "z")
	hinted(t, ch, "new/below/g")
	p.put("new/below/g", "zz") // in a directory that was made while watching
	hinted(t, ch, "new/below/g")
	if err := os.Rename(p.path("d"), p.path("moved")); err != nil {
		t.Fatal(err)
	}
	for h := range ch { // then everything is watched anew
		if h.ID == "" {
			break
		}
	}
	p.put("moved/e/f", "after")
	hinted(t, ch, "moved/e/f")
	if err := os.Remove(p.path("moved/e/f")); err != nil {
		t.Fatal(err)
	}
	hinted(t, ch, "moved/e/f")
	cancel()
	for range ch { // closes
	}
}

// TestWatchGathers: very many changes are one hint about everything.
func TestWatchGathers(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p := newPlace(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ch, err := p.Watch(ctx)
	if err != nil || ch == nil {
		t.Fatal(ch, err)
	}
	w := &watch{r: p.Replica, out: make(chan tandem.Hint, 1), seen: map[tandem.ID]bool{}}
	for i := range 2 * manyHints {
		w.seen[tandem.ID(rune('a'+i))] = true
	}
	w.all = true
	if !w.give(ctx) || len(w.out) != 1 || (<-w.out).ID != "" || len(w.seen) != 0 {
		t.Error("gathered hints are not one about everything")
	}
	cancel()
	for range ch {
	}
}

// TestWatchEndsUnread: nobody takes the hints, and the watch ends all the same.
func TestWatchEndsUnread(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p := newPlace(t)
	ctx, cancel := context.WithCancel(context.Background())
	ch, err := p.Watch(ctx)
	if err != nil || ch == nil {
		t.Fatal(ch, err)
	}
	p.put("a", "x")
	<-ch
	p.put("b", "x")
	cancel()
	for range ch {
	}
}
