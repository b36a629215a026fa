package center

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/when"
)

// TestOF12Reminders: of an item that runs by itself and has not been synced for three days people are reminded, once a day in the log and as one cause until it is
// synced; of items that run by hand, are disabled, wait for an answer, or were not due, nobody is.
func TestOF12Reminders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, watching, "p", "hand", "off", "weekly", "new")
		defer w.close()
		w.add("a", "p", "p")
		w.add("b", "hand", "hand", func(n *NewItem) { n.Mode = Manual })
		w.add("c", "off", "off")
		w.add("d", "weekly", "weekly", func(n *NewItem) { n.When = "at 12:00 on sun" })
		w.add("e", "new", "new", looked)
		if err := w.hub.EnableItem(t.Context(), "off", false); err != nil {
			t.Fatal(err)
		}
		w.start()
		time.Sleep(time.Hour)
		w.setFail("p", &tandem.Error{Kind: tandem.Unreadable, Op: "open place", Thing: "p", Err: errors.New("the stick is not there"), Remedy: "plug it in"})
		late := func() string {
			items, err := w.hub.ListItems(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			causes, err := w.hub.lateCauses(t.Context(), items)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, c := range causes {
				out = append(out, c.Key+": "+c.Text)
			}
			return strings.Join(out, "; ")
		}
		logged := func() int {
			log, err := w.hub.Log(t.Context(), 0, "p", 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range log {
				if strings.Contains(e.Text, "has not synced") && (e.Link != "item/p" || !strings.Contains(e.Text, "stick is not there") || e.Remedy == "") {
					t.Errorf("%+v", e)
				}
			}
			return countText(log, "has not synced for")
		}
		time.Sleep(2 * 24 * time.Hour)
		if got := late(); got != "" || logged() != 0 {
			t.Errorf("after two days: %s; %d lines", got, logged())
		}
		time.Sleep(2 * 24 * time.Hour)
		if got := late(); !strings.HasPrefix(got, "late/p: last on ") || !strings.Contains(got, "the stick is not there") || strings.Contains(got, ";late") {
			t.Errorf("after four days: %s", got)
		}
		if n := logged(); n < 1 || n > 2 {
			t.Errorf("%d lines after a day of being late", n)
		}
		w.setFail("p", nil)
		time.Sleep(2 * time.Hour)
		if got := late(); got != "" {
			t.Errorf("after it was synced: %s", got)
		}
		before := logged()
		time.Sleep(3 * 24 * time.Hour)
		if n := logged() - before; n != 0 {
			t.Errorf("%d lines though it is in step", n)
		}
	})
}

// TestOF12Due: what was not due is not late.
func TestOF12Due(t *testing.T) {
	monday := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]bool{"continuous": true, "on connection": true, "at 12:00 on sun": false, "at 12:00": true, "on log-on": false, "manual": false} {
		p, err := when.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		mode := p.Mode
		if mode == when.Unsaid {
			mode = when.Scheduled
		}
		if got := wasDue(plan{Plan: p, mode: mode, zone: time.UTC}, "x", monday, monday.Add(4*24*time.Hour)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
