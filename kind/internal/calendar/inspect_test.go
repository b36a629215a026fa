package calendar

import (
	"reflect"
	"sync"
	"testing"

	"tandem/kind"
)

// TestInspectUsesMemoryAgain: what it told of a record stays as it is while others are looked at, from several goroutines, and is what memory of
// its own leads to.
func TestInspectUsesMemoryAgain(t *testing.T) {
	list := samples(t)
	want := make([]kind.Info, len(list))
	for i, s := range list {
		r, err := handlerOf(s).open(s.body)
		if err != nil {
			t.Fatal(s.name, err)
		}
		want[i] = r.info()
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			got := make([]kind.Info, len(list))
			for n := range list {
				i := (n*(2*g+1) + g) % len(list) // not the same neighbours for each
				var err error
				if got[i], err = handlerOf(list[i]).Inspect(list[i].body); err != nil {
					t.Errorf("%s: %v", list[i].name, err)
				}
				if _, err := handlerOf(list[i]).Inspect(list[i].body[:len(list[i].body)/2]); err == nil {
					t.Errorf("%s: half of it is taken for a record", list[i].name)
				}
			}
			for i := range got {
				if got[i].Digest.IsZero() {
					continue // not come to: the steps of this goroutine left it out
				}
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Errorf("%s: %+v, want %+v", list[i].name, got[i], want[i])
				}
			}
		})
	}
	all.Wait()
}

// handlerOf is a handler with zones of its own: those of others must not be shared among goroutines.
func handlerOf(s sample) Handler {
	h := s.h
	h.Zones = nil
	return h
}
