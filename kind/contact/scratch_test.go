package contact

import (
	"reflect"
	"sync"
	"testing"

	"tandem/kind"
)

// TestInspectUsesMemoryAgain: what it told of a card stays as it is while others are looked at, from several goroutines, and is what memory of
// its own leads to.
func TestInspectUsesMemoryAgain(t *testing.T) {
	var bodies [][]byte
	var want []kind.Info
	for _, c := range corpusCards(t) {
		if _, card, err := parse(c.data); err == nil {
			bodies, want = append(bodies, c.data), append(want, infoOf(card))
		}
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			got := make([]kind.Info, len(bodies))
			for n := range bodies {
				i := (n + g) % len(bodies)
				var err error
				if got[i], err = (Handler{}).Inspect(bodies[i]); err != nil {
					t.Error(err)
				}
			}
			for i := range got {
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Errorf("%+v, want %+v", got[i], want[i])
				}
			}
		})
	}
	all.Wait()
}
