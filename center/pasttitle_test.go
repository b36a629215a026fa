package center

import (
	"strings"
	"testing"

	"tandem"
	"tandem/provider/memory"
	"tandem/store"
)

// TestHistoryHasTitles: what has no title of its own is told by what else it says, and never by an id alone; undo tells it likewise.
func TestHistoryHasTitles(t *testing.T) {
	w := newWorld(t, memory.Knobs{}, "p")
	defer w.close()
	w.add("c", "p", "p", manual)
	nameless := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u-17\r\nFN:\r\nN:;;;;\r\nEMAIL:who@example.org\r\nEND:VCARD\r\n"
	w.put("p", "1", []byte(nameless))
	w.put("p", "2", []byte(strings.NewReplacer("EMAIL:who@example.org\r\n", "", "u-17", "u-18").Replace(nameless)))
	w.put("p", "3", card("u3", "Carla"))
	w.sync()
	for _, id := range []tandem.ID{"1", "2", "3"} {
		w.places["p"].Remove(id)
	}
	w.set("p", "guard", "off")
	w.sync()
	list, err := w.hub.History(t.Context(), store.PastFilter{})
	if err != nil || len(list) == 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	got := map[string]bool{}
	for _, p := range list {
		if p.Title == "" || p.Title == string(p.Record) {
			t.Errorf("%s has the title %q", p.Record, p.Title)
		}
		got[p.Title] = true
	}
	if !got["who@example.org"] || !got["contact without a title"] || !got["Carla"] {
		t.Errorf("titles %v", got)
	}

	h := w.hub
	plain := []store.Past{{Kind: tandem.File, Record: "d/x", Title: "d/x"}, {Kind: tandem.Event, Record: "77"}, {Kind: tandem.SMS, Record: "8", Title: "8"}, {Kind: "zebra", Record: "9"}}
	var titles []string
	for _, p := range h.titled(t.Context(), plain) {
		titles = append(titles, p.Title)
	}
	if text := strings.Join(titles, ", "); text != "d/x, event without a title, text message without a title, zebra without a title" {
		t.Error(text)
	}
}
