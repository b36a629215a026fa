package page

import (
	"math/rand/v2"
	"slices"
	"testing"

	"tandem/center/handler"
)

// TestOrder: the Center lists what the hub keeps in step first, then programs, then phones; what is switched off after its like; and all by name as people order names.
func TestOrder(t *testing.T) {
	t.Parallel()
	names := []string{"a", "A1", "a2", "a02", "A10", "b", "box-2-b", "box-10-a", "z"}
	for range 20 {
		got := slices.Clone(names)
		rand.Shuffle(len(got), func(i, k int) { got[i], got[k] = got[k], got[i] })
		if slices.SortFunc(got, byName); !slices.Equal(got, []string{"a", "A1", "a02", "a2", "A10", "b", "box-2-b", "box-10-a", "z"}) {
			t.Fatalf("%q", got)
		}
	}
	place := func(on bool) card {
		return card{Handler: handler.Handler{Type: handler.Folder, Place: "files:/x", Enabled: on}}
	}
	program := card{Handler: handler.Handler{Type: handler.Application, Enabled: true}}
	phone := card{Handler: handler.Handler{ID: "device/1", Type: handler.Device, Enabled: true}}
	if order := []int{rank(place(true)), rank(place(false)), rank(program), rank(phone)}; !slices.IsSorted(order) || len(slices.Compact(order)) != 4 {
		t.Errorf("%v", order)
	}
}
