package all_test

import (
	"testing"

	"tandem"
	"tandem/kind/all"
)

func TestKinds(t *testing.T) {
	kinds := all.Kinds()
	for k, h := range kinds {
		if h.Kind() != k {
			t.Errorf("the handler for %s says it is for %s", k, h.Kind())
		}
	}
	for _, k := range []tandem.Kind{tandem.Contact, tandem.Event, tandem.Task, tandem.Note, tandem.File} {
		if kinds[k] == nil {
			t.Errorf("no handler for %s", k)
		}
	}
	kinds[tandem.Event] = nil
	if all.Kinds()[tandem.Event] == nil {
		t.Error("the map is shared")
	}
}
