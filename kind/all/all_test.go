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
	for _, k := range []tandem.Kind{tandem.Contact, tandem.Event, tandem.Task, tandem.Note, tandem.File, tandem.Invitation} {
		if kinds[k] == nil {
			t.Errorf("no handler for %s", k)
		}
	}
	kinds[tandem.Event] = nil
	if all.Kinds()[tandem.Event] == nil {
		t.Error("the map is shared")
	}
}

// Classes are named as Sync does, MS-ASCMD 2.2.3.27.5.
func TestViews(t *testing.T) {
	views := all.Views()
	for k, class := range map[tandem.Kind]string{tandem.Contact: "Contacts", tandem.Event: "Calendar", tandem.Task: "Tasks", tandem.Note: "Notes"} {
		if views[k] == nil || views[k].Class() != class {
			t.Errorf("the view of a %s is %v", k, views[k])
		}
	}
	views[tandem.Contact] = nil
	if all.Views()[tandem.Contact] == nil {
		t.Error("the map is shared")
	}
}
