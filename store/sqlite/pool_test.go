package sqlite_test

import (
	"context"
	"sync"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

// TestFewConnections: whoever reads one thing after the other does so with one connection, and several who read at the same time have one each.
func TestFewConnections(t *testing.T) {
	t.Parallel()
	st, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for range 10 {
		if _, err := st.Bases.Pairs(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := st.Events.Runs(t.Context(), store.RunFilter{Limit: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if n := sqlite.Connections(st); n != 2 {
		t.Errorf("%d connections are open after one read after the other, want one that writes and one that reads", n)
	}
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if _, err := st.Bases.Pairs(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := sqlite.Connections(st); n > 5 {
		t.Errorf("%d connections are open, want at most 5", n)
	}
}

// TestClosedPool: a store that is closed says so to whoever comes later, and waits for nobody.
func TestClosedPool(t *testing.T) {
	t.Parallel()
	st, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Bases.Pairs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Bases.Pairs(t.Context()); err == nil {
		t.Error("a closed store was read")
	}
	if _, err := st.Events.StartRun(t.Context(), store.Run{Pair: 1, Item: string(tandem.Contact)}); err == nil {
		t.Error("a closed store was written to")
	}
}
