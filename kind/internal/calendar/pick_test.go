package calendar

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem/kind"
)

// told are the fields of a body as a person sees them; the order of several values of one field does not count.
func told(t *testing.T, h Handler, body []byte) map[string]string {
	t.Helper()
	list, err := h.Fields(body)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	out := map[string]string{}
	for _, f := range list {
		lines := strings.Split(f.Text, "\n")
		slices.Sort(lines)
		out[f.Label] = strings.Join(lines, "\n")
	}
	return out
}

// TestPickLaws: over the corpora, picking nothing changes nothing, and what is picked reads as in the other version while all else reads as before.
func TestPickLaws(t *testing.T) {
	all := samples(t)
	for i, a := range all {
		b := all[(i*7+1)%len(all)]
		if a.h.Component != b.h.Component || !onePart(t, a) || !onePart(t, b) {
			continue
		}
		inA, inB := told(t, a.h, a.body), told(t, a.h, b.body)
		same, err := a.h.Pick(a.body, b.body, nil)
		if err != nil {
			t.Fatal(err)
		}
		if x, y := digestOf(t, a.h, a.body), digestOf(t, a.h, same); x != y {
			t.Errorf("%s: picking nothing changed it\n%s\n%s", a.name, a.body, same)
		}
		var labels []string
		for _, m := range []map[string]string{inA, inB} {
			for l := range m {
				if !slices.Contains(labels, l) && strings.Contains("stuvwxyz cd", l[:1]) {
					labels = append(labels, l)
				}
			}
		}
		slices.Sort(labels)
		got, err := a.h.Pick(a.body, b.body, labels)
		if err != nil {
			t.Fatalf("%s from %s: %v", a.name, b.name, err)
		}
		is := told(t, a.h, got)
		for l := range merge(inA, inB) {
			want, from := inA[l], "its own"
			if slices.Contains(labels, l) {
				want, from = inB[l], "the other's"
			}
			if is[l] != want && !strings.Contains(is[l]+want, " for P") { // a length may be told as an end, which means the same
				t.Errorf("%s from %s: %q is %q, want %s %q", a.name, b.name, l, is[l], from, want)
			}
		}
	}
}

func onePart(t *testing.T, s sample) bool {
	r, err := s.h.open(s.body)
	if err != nil {
		t.Fatal(err)
	}
	return len(r.keys) == 1 && r.keys[0] == "" && r.parts[""].Get("RECURRENCE-ID") == nil
}

// TestPickOccurrences: an occurrence that only one version replaces comes whole, and goes when all that is said of it is picked from the version that has it not.
func TestPickOccurrences(t *testing.T) {
	h := handlers["VEVENT"]
	series := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260301T100000Z\r\nRRULE:FREQ=DAILY;COUNT=5\r\nSUMMARY:%s\r\nEND:VEVENT\r\n"
	other := "BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20260302T100000Z\r\nDTSTART:20260302T120000Z\r\nSUMMARY:Later\r\nEND:VEVENT\r\n"
	plain, with := []byte(fmt.Sprintf(series, "A")+"END:VCALENDAR\r\n"), []byte(fmt.Sprintf(series, "B")+other+"END:VCALENDAR\r\n")
	var of []string
	for l := range told(t, h, with) {
		if strings.Contains(l, " of ") {
			of = append(of, l)
		}
	}
	slices.Sort(of)
	if len(of) != 2 {
		t.Fatal(of)
	}
	got, err := h.Pick(plain, with, of[:1])
	if is := told(t, h, got); err != nil || is["summary"]+is[of[0]]+is[of[1]] != "A"+told(t, h, with)[of[0]]+told(t, h, with)[of[1]] {
		t.Errorf("%v, %q", err, is)
	}
	got, err = h.Pick(with, plain, of)
	if is := told(t, h, got); err != nil || is[of[0]]+is[of[1]] != "" || !strings.Contains(string(got), "SUMMARY:B") || strings.Contains(string(got), "RECURRENCE-ID") {
		t.Errorf("%v\n%s", err, got)
	}
	got, err = h.Pick(with, plain, []string{"summary"})
	if err != nil || !strings.Contains(string(got), "SUMMARY:A") || !strings.Contains(string(got), "RECURRENCE-ID") {
		t.Errorf("%v\n%s", err, got)
	}
	for _, bad := range [][2][]byte{{[]byte("x"), plain}, {plain, []byte("x")}} {
		if _, err := h.Pick(bad[0], bad[1], nil); err == nil {
			t.Error("no calendar was picked from")
		}
	}
}

func merge(a, b map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range a {
		out[k] = v
	}
	for k, v := range b {
		out[k] = v
	}
	return out
}

func digestOf(t *testing.T, h Handler, body []byte) string {
	t.Helper()
	info, err := h.Inspect(body)
	if err != nil {
		t.Fatal(err)
	}
	return info.Digest.String()
}

var _ kind.Picker = Handler{}
