package center

import (
	"testing"
	"testing/synctest"
	"time"

	"tandem/store"
)

// TestSM16WhoInWords: who changed a version is said as people say it.
func TestSM16WhoInWords(t *testing.T) {
	for by, want := range map[string]string{
		"cli vdir:/srv/book":         "a sync from the command line, from vdir:/srv/book",
		"hub vdir:/srv/b ook?days=3": "the hub, syncing by itself, from vdir:/srv/b ook",
		"anna eas:PHONE1":            "anna, with the phone PHONE1",
		"web:anna undo":              "anna, who put it back",
		"api:anna mem:x":             "anna, from mem:x",
		"anna dav":                   "anna, with a program of theirs",
		"anna web":                   "anna, in the page",
		"cli":                        "a sync from the command line",
		"":                           "",
	} {
		if got := AuthorText(by); got != want {
			t.Errorf("%q: %q, want %q", by, got, want)
		}
	}
}

// TestSM16ByItself: what a run that nobody asked for wrote is not called the doing of a person at the command line.
func TestSM16ByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, _ := whenWorld(t, "continuous")
		defer w.close()
		w.start()
		time.Sleep(time.Minute)
		w.put("phone", "a", card("a", "Anna Maria"))
		time.Sleep(time.Minute)
		w.put("phone", "a", card("a", "Anna Marie"))
		w.sync("p")
		past, err := w.hub.History(t.Context(), store.PastFilter{Limit: 10})
		if err != nil || len(past) < 1 {
			t.Fatalf("%+v, %v", past, err)
		}
		if last := past[len(past)-1]; last.Who != ByHub {
			t.Errorf("written by itself: by %q", last.Who)
		}
	})
}
