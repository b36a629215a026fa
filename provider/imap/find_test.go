package imap

import (
	"testing"

	"github.com/emersion/go-imap/v2"
)

// TestNotMine: what was made here is not asked for again, and what may still come is, also where a question would get too long.
func TestNotMine(t *testing.T) {
	for _, c := range []struct {
		from imap.UID
		mine string
		want string
	}{
		{7, "", "7:*"},
		{7, "3:5", "7:*"},
		{7, "7:9", "10:*"},
		{7, "5:5000", "5001:*"},
		{7, "8:9,12", "7,10:11,13:*"},
	} {
		mine, err := parseUIDs(c.mine)
		if err != nil {
			t.Fatal(err)
		}
		r := &replica{mine: mine}
		ask := r.notMine(c.from)
		if got := onwards(ask).String(); got != c.want {
			t.Errorf("from %d without %s: %s, want %s", c.from, c.mine, got, c.want)
		}
		for u := range imap.UID(6000) {
			if got, want := ask.has(u), u >= c.from && !mine.has(u); got != want {
				t.Errorf("from %d without %s: %d is asked for: %v", c.from, c.mine, u, got)
			}
		}
	}
	r := &replica{}
	for u := imap.UID(10); u < 1000; u += 2 {
		r.mine.add(u)
	}
	if got := onwards(r.notMine(5)).String(); got != "5:*" {
		t.Errorf("with many gaps: %s", got)
	}
}
