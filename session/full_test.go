package session_test

import (
	"context"
	"iter"
	"sync"
	"testing"

	"tandem"
	"tandem/provider"
	"tandem/provider/memory"
	"tandem/session"
)

// asking is a place that notes which cursors it is asked with.
type asking struct {
	provider.Replica
	mu    *sync.Mutex // both places are asked at once
	since *[]tandem.Cursor
}

// Changes implements provider.Replica.
func (a asking) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	a.mu.Lock()
	*a.since = append(*a.since, since)
	a.mu.Unlock()
	return a.Replica.Changes(ctx, since)
}

// TestM122QuickAndFull: a quick run asks what changed since the last one; a full run looks at everything, also where the place could tell, and finds what it failed to tell.
func TestM122QuickAndFull(t *testing.T) {
	w := newWorld(t, func(k *memory.Knobs) { k.Cursor = true })
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.sync()
	run := func(full bool) []tandem.Cursor {
		t.Helper()
		p := w.pair()
		defer p.A.Close()
		defer p.B.Close()
		var mu sync.Mutex
		var since []tandem.Cursor
		for _, o := range []*provider.Opened{p.A, p.B} {
			o.Replica = asking{o.Replica, &mu, &since}
		}
		if _, err := session.Run(t.Context(), session.Deps{Store: w.store}, p, session.Options{Full: full, Now: func() int64 { return w.now }}); err != nil {
			t.Fatal(err)
		}
		return since
	}
	run(false)
	for _, c := range run(false) {
		if c == "" {
			t.Error("a quick run asked for everything")
		}
	}
	full := run(true)
	if len(full) < 2 {
		t.Fatalf("asked %d times", len(full))
	}
	for _, c := range full {
		if c != "" {
			t.Errorf("a full run asked for what changed since %q", c)
		}
	}
	for _, c := range run(false) {
		if c == "" {
			t.Error("a quick run after a full one asked for everything")
		}
	}
}
