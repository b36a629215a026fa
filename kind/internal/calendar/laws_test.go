package calendar

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
	"tandem/internal/corpus"
	"tandem/kind"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

var handlers = map[string]Handler{
	"VEVENT":   {Of: tandem.Event, Component: "VEVENT", Zones: &recur.Zones{}},
	"VTODO":    {Of: tandem.Task, Component: "VTODO", Zones: &recur.Zones{}},
	"VJOURNAL": {Of: tandem.Note, Component: "VJOURNAL", Zones: &recur.Zones{}},
}

type sample struct {
	name string
	h    Handler
	body []byte
}

// samples are all records of the corpora that are valid.
func samples(t testing.TB) []sample {
	t.Helper()
	var out []sample
	for _, f := range corpus.Files(t, "ics", ".ics") {
		entries, err := ical.Split(f.Data)
		if err != nil {
			continue
		}
		for i, e := range entries {
			h := handlers[e.Component]
			if _, err := h.Inspect(e.Body); err != nil {
				if !tandem.IsKind(err, tandem.Invalid) {
					t.Errorf("%s: %v", f.Name, err)
				}
				continue
			}
			if len(e.Body) < 20000 && i < 30 {
				out = append(out, sample{fmt.Sprintf("%s %s", f.Name, e.UID), h, e.Body})
			}
		}
	}
	if len(out) < 300 {
		t.Fatalf("only %d valid records in the corpora", len(out))
	}
	return out
}

// edit changes a body at random, as a person with some program would, and adds a property that nobody knows.
func edit(t *rapid.T, label string, h Handler, body []byte) []byte {
	r, err := h.open(body)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, label+" edits") {
		c := r.parts[rapid.SampledFrom(r.keys).Draw(t, "component")]
		switch rapid.IntRange(0, 6).Draw(t, fmt.Sprint(label, i)) {
		case 0:
			if l := randomLine(t, c); l != nil {
				c.Remove(contentline.Item{Line: l})
			}
		case 1:
			if l := randomLine(t, c); l != nil {
				l.SetValue(rapid.SampledFrom([]string{"20260301T100000Z", "one", `one\ntwo`, "", "A,B", "mailto:a@x.org"}).Draw(t, "value"))
			}
		case 2:
			if l := randomLine(t, c); l != nil {
				l.SetParam(rapid.SampledFrom([]string{"PARTSTAT", "X-P", "LANGUAGE"}).Draw(t, "name"), rapid.SampledFrom([]string{"ACCEPTED", "de", "NEEDS-ACTION"}).Draw(t, "param"))
			}
		case 3:
			v := rapid.SampledFrom([]string{"SUMMARY:s", "SUMMARY:t", `DESCRIPTION:one\ntwo`, "DESCRIPTION:one", "CATEGORIES:A,B", "CATEGORIES:B,C", "EXDATE:20260301T100000Z", "EXDATE;VALUE=DATE:20260302",
				"ATTENDEE:mailto:a@x.org", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@x.org", "CLASS:PUBLIC", "CLASS:PRIVATE", "TRANSP:OPAQUE", "LOCATION:", "LOCATION:l", "X-A:1", "X-A:2", "COMMENT:c", "COMMENT:d",
				"STATUS:COMPLETED", "PERCENT-COMPLETE:50", "RRULE:FREQ=DAILY", "DTSTART:20260301T100000Z"}).Draw(t, "line")
			name, value, _ := strings.Cut(v, ":")
			name, param, has := strings.Cut(name, ";")
			l := contentline.NewLine(name, value)
			if has {
				k, v, _ := strings.Cut(param, "=")
				l.SetParam(k, v)
			}
			c.Add(contentline.Item{Line: l})
		case 4:
			alarm := contentline.NewComponent("VALARM")
			alarm.Set("TRIGGER", rapid.SampledFrom([]string{"-PT5M", "-PT10M"}).Draw(t, "trigger"))
			alarm.Set("ACTION", "DISPLAY")
			alarm.Set("DESCRIPTION", rapid.SampledFrom([]string{"a", "b"}).Draw(t, "alarm"))
			c.Add(contentline.Item{Child: alarm})
		case 5:
			o := contentline.NewComponent(h.Component)
			o.Set("RECURRENCE-ID", rapid.SampledFrom([]string{"20260301T100000Z", "20260302T100000Z"}).Draw(t, "instance"))
			if r.uid != "" && !strings.ContainsAny(r.uid, "\r") {
				o.Set("UID", contentline.EscapeText(r.uid))
				if key := r.key(o); r.uid == ical.UID(o) && !strings.Contains(key, "#") {
					o.Set("SUMMARY", rapid.SampledFrom([]string{"a", "b"}).Draw(t, "override"))
					r.cal.Add(contentline.Item{Child: o})
					r.keys, r.parts[key] = append(r.keys, key), o
				}
			}
		case 6:
			if key := rapid.SampledFrom(r.keys).Draw(t, "dropped"); key != "" && len(r.keys) > 1 {
				r.drop(key)
			}
		}
	}
	r.main().Add(contentline.Item{Line: contentline.NewLine("X-SURVIVES-"+label, "1")})
	return r.doc.Bytes()
}

func randomLine(t *rapid.T, c *contentline.Component) *contentline.Line {
	var lines []*contentline.Line
	for l := range c.Lines() {
		if !l.Is("UID") && !l.Is("RECURRENCE-ID") {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return rapid.SampledFrom(lines).Draw(t, "line")
}

// merged is the merge without its shortcuts, and what it means.
func merged(t *rapid.T, h Handler, base, a, b []byte) (tandem.Digest, []byte, []kind.Clash) {
	m := merger{a: mustOpen(t, h, a), b: mustOpen(t, h, b)}
	if base != nil {
		m.base = mustOpen(t, h, base)
	}
	m.merge()
	body := m.a.doc.Bytes()
	again := mustOpen(t, h, body).digest()
	if again != m.result() {
		t.Fatalf("written and read again, the merge means something else\n%s", body)
	}
	return again, body, m.clashes
}

func mustOpen(t *rapid.T, h Handler, body []byte) *record {
	r, err := h.open(body)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return r
}

func names(cs []kind.Clash) string {
	var out []string
	for _, c := range cs {
		out = append(out, c.Field)
	}
	sort.Strings(out)
	return strings.Join(out, "; ")
}

// The laws of kind.Handler over the corpora, with random edits, without and with the shortcuts for unchanged sides.
func TestMergeLaws(t *testing.T) {
	all := samples(t)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(all).Draw(t, "record")
		base := s.body
		a, b := edit(t, "A", s.h, base), edit(t, "B", s.h, base)
		da, db := mustOpen(t, s.h, a).digest(), mustOpen(t, s.h, b).digest()
		for _, c := range []struct {
			name       string
			base, a, b []byte
			want       tandem.Digest
		}{{"b, a, b", base, a, base, da}, {"b, b, c", base, base, b, db}, {"b, a, a", base, a, a, da}, {"-, a, a", nil, a, a, da}} {
			got, body, clashes := merged(t, s.h, c.base, c.a, c.b)
			if got != c.want || len(clashes) > 0 {
				t.Fatalf("%s: merge(%s), %v, gives\n%s\nfrom\n%s\nand\n%s", s.name, c.name, clashes, body, c.a, c.b)
			}
			m, err := s.h.Merge(c.base, c.a, c.b)
			if err != nil || mustOpen(t, s.h, m.Body).digest() != c.want || !slices.ContainsFunc([][]byte{c.a, c.b}, func(in []byte) bool { return string(in) == string(m.Body) }) {
				t.Fatalf("%s: merge(%s) is not an input, %v", s.name, c.name, err)
			}
		}
		for _, base := range [][]byte{base, nil} {
			one, body1, clashes1 := merged(t, s.h, base, a, b)
			two, body2, clashes2 := merged(t, s.h, base, b, a)
			if names(clashes1) != names(clashes2) || len(clashes1) == 0 && one != two {
				t.Fatalf("%s: not symmetric: %q and %q\n%s\nand\n%s\nfrom\n%s\nand\n%s\nbase\n%s", s.name, names(clashes1), names(clashes2), body1, body2, a, b, base)
			}
			for _, name := range []string{"X-SURVIVES-A", "X-SURVIVES-B"} {
				if !strings.Contains(string(body1), name) && !strings.Contains(names(clashes1), "occurrence") && !strings.Contains(names(clashes1), "series") {
					t.Fatalf("%s: %s is lost\n%s", s.name, name, body1)
				}
			}
		}
	})
}

// Every record of the corpora is read, and its digest does not depend on folding and line endings.
func TestCorpusDigests(t *testing.T) {
	for _, s := range samples(t) {
		r, err := s.h.open(s.body)
		if err != nil {
			t.Fatal(err)
		}
		want := r.digest()
		rewritten := contentline.NewDocument()
		for _, it := range r.doc.Items {
			rewritten.Items = append(rewritten.Items, rewritten.AdoptItem(it))
		}
		info, err := s.h.Inspect(rewritten.Bytes())
		if err != nil || info.Digest != want {
			t.Errorf("%s: with other line endings it means something else, %v", s.name, err)
		}
		if info.Index.End < info.Index.Start {
			t.Errorf("%s: ends before it begins: %+v", s.name, info.Index)
		}
	}
}

func FuzzInspectAndMerge(f *testing.F) {
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20260301T100000Z\nRRULE:FREQ=DAILY\nEXDATE:20260302T100000Z\nEND:VEVENT\nEND:VCALENDAR\n"),
		[]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART;TZID=X:20260301T100000\nEND:VEVENT\nBEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20260302T100000Z\nEND:VEVENT\nEND:VCALENDAR\n"))
	f.Add([]byte("BEGIN:VCALENDAR\nnonsense\nBEGIN:VEVENT\nATTENDEE;CN=\"a\":b\n;\nCATEGORIES:a,,b\nBEGIN:VALARM\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n"), []byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n"))
	h := handlers["VEVENT"]
	f.Fuzz(func(t *testing.T, a, b []byte) {
		x, errA := h.Inspect(a)
		y, errB := h.Inspect(b)
		if errA != nil || errB != nil {
			return
		}
		for _, base := range [][]byte{nil, a, b} {
			m, err := h.Merge(base, a, b)
			if err != nil {
				t.Fatal(err)
			}
			z, err := h.Inspect(m.Body)
			if err != nil {
				t.Fatalf("the merge is invalid: %v\n%s", err, m.Body)
			}
			if base != nil && z.Digest != x.Digest && z.Digest != y.Digest {
				t.Fatal("merging with an unchanged side gives something new")
			}
		}
	})
}
