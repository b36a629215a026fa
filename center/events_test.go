package center

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"tandem"
	"tandem/partner/device"
	"tandem/provider/memory"
	"tandem/store"
)

// TestM158NextStep: a line about a failure says what to do, and where it does not, its code does.
func TestM158NextStep(t *testing.T) {
	for _, c := range []struct {
		e    store.Event
		want string
	}{
		{store.Event{Level: store.Error, Code: "full", Remedy: "buy a disk"}, "buy a disk"},
		{store.Event{Level: store.Error, Code: "full"}, "make space there"},
		{store.Event{Level: store.Warning, Code: "temporary"}, "nothing: it is tried again, less often each time"},
		{store.Event{Level: store.Info, Code: "full"}, ""},
		{store.Event{Level: store.Error}, ""},
		{store.Event{Level: store.Error, Code: "of-a-newer-program"}, ""},
	} {
		if got := NextStep(c.e); got != c.want {
			t.Errorf("%+v: %q, want %q", c.e, got, c.want)
		}
	}
}

// TestM158WaitingRecords: every reason for which a run leaves a record waiting has a next step; the reasons are those of session/plan.go.
func TestM158WaitingRecords(t *testing.T) {
	text, err := os.ReadFile("../session/plan.go")
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(text), "func waitText(")
	part, _, _ = strings.Cut(part, "\n}\n")
	reasons := regexp.MustCompile(`return "([^"]+)"`).FindAllStringSubmatch(part, -1)
	for _, r := range reasons {
		for _, text := range []string{r[1], r[1] + ": a note"} {
			if NextStep(store.Event{Level: store.Warning, Text: text}) == "" {
				t.Errorf("nothing helps with %q", text)
			}
		}
	}
	if len(reasons) != len(waitHelps()) {
		t.Errorf("%d reasons and help for %d", len(reasons), len(waitHelps()))
	}
	if NextStep(store.Event{Level: store.Warning, Text: "the listing of vdir:/a is not complete: nothing is deleted on its account"}) == "" {
		t.Error("nothing helps with a listing that is not complete")
	}
}

// TestSC05EventsOfAHandler: events are found by handler, level and text, those of a phone under each name that it is written under; clearing takes what fits and no more.
func TestSC05EventsOfAHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a", "b")
		defer w.close()
		ctx := t.Context()
		w.add("c", "a", "one", manual)
		w.add("d", "b", "two", manual)
		if err := w.store.Accounts.AddUser(ctx, store.User{Name: "anna"}); err != nil {
			t.Fatal(err)
		}
		w.hub.cfg.Devices = device.New(device.Config{Devices: w.store.Devices, Settings: w.store.Settings, Events: w.store.Events})
		if _, err := w.hub.cfg.Devices.Meet(ctx, "anna", device.Sighting{ID: "abc", Type: "iPhone"}); err != nil {
			t.Fatal(err)
		}
		if err := w.store.Events.Add(ctx, store.Event{When: 1, Item: "one", Text: "of one", Level: store.Error, Code: "busy"}, store.Event{When: 2, Item: "two", Text: "of two"}, store.Event{When: 3, Item: "eas:abc", Text: "of the phone"}); err != nil {
			t.Fatal(err)
		}
		find := func(f EventFilter) string {
			t.Helper()
			list, err := w.hub.FindEvents(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, e := range list {
				out = append(out, e.Item)
			}
			return strings.Join(out, " ")
		}
		for want, f := range map[string]EventFilter{
			"one":                {Handler: "a"},
			"two":                {Handler: "b"},
			"device abc eas:abc": {Handler: "device/1"},
			"":                   {Handler: "a", EventFilter: store.EventFilter{Items: []string{"two"}}},
			"eas:abc":            {Handler: "device/1", EventFilter: store.EventFilter{Items: []string{"eas:abc", "two"}}},
		} {
			if got := find(f); got != want {
				t.Errorf("%+v: %q, want %q", f, got, want)
			}
		}
		if _, err := w.hub.FindEvents(ctx, EventFilter{Handler: "nobody"}); !tandem.IsKind(err, tandem.NotFound) {
			t.Error(err)
		}
		if _, err := w.hub.FindEvents(ctx, EventFilter{EventFilter: store.EventFilter{Level: 9}}); !tandem.IsKind(err, tandem.Invalid) {
			t.Error(err)
		}
		if n, err := w.hub.ClearEvents(ctx, EventFilter{Handler: "a"}); n != 1 || err != nil {
			t.Error(n, err)
		}
		if n, err := w.hub.ClearEvents(ctx, EventFilter{Handler: "a", EventFilter: store.EventFilter{Items: []string{"two"}}}); n != 0 || err != nil {
			t.Error(n, err)
		}
		if got := find(EventFilter{}); got != "device abc two eas:abc" {
			t.Error(got)
		}
	})
}
