package main

import (
	"bytes"
	"regexp"
	"testing"

	"tandem/center/handler"
)

// TestSC13WhyTasksAreMissing: `tandem handler info` tells why a task is not offered, of the handler and of its items, also of those that are hidden, and not twice what holds for both.
func TestSC13WhyTasksAreMissing(t *testing.T) {
	x := handler.Handler{ID: "frame", Name: "Frame", Type: handler.Device, Active: true, Enabled: true, Connected: true,
		Policies: []handler.Policy{{Task: handler.Stop, How: handler.Hidden, Why: "it ends by itself"}, {Task: handler.Disable, How: handler.Greyed, Why: "the policy of the office"}},
		Items: []handler.Item{{ID: "pictures", Name: "Pictures", Enabled: true, Connected: true, Syncing: true, Can: []handler.Capability{handler.CanDelete},
			Policies: []handler.Policy{{Task: handler.Delete, How: handler.Greyed, Why: "its album stays"}}}}}
	x.Settle()
	var out bytes.Buffer
	a := &app{out: &out, err: &bytes.Buffer{}}
	if err := a.showHandler(x); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{`(?m)^start$`: 1, `(?m)^disable +not now: the policy of the office$`: 1, `(?m)^stop +cannot be done here: it ends by itself$`: 1, `(?m)^delete pictures +not now: its album stays$`: 1, `pictures +not now: the policy`: 0, `stop pictures`: 0} {
		if n := len(regexp.MustCompile(line).FindAllString(out.String(), -1)); n != want {
			t.Errorf("%s: %d lines\n%s", line, n, &out)
		}
	}
}
