package ical_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tandem/internal/corpus"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

const zoneA = "BEGIN:VTIMEZONE\r\nTZID:Alpha\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
const zoneB = "BEGIN:VTIMEZONE\r\nTZID:Beta\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"

func event(uid, lines string) string {
	return "BEGIN:VEVENT\r\nUID:" + uid + "\r\n" + lines + "END:VEVENT\r\n"
}

func calendar(parts ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-CALNAME:Ours\r\nX-KEEP:1\r\n" + strings.Join(parts, "") + "END:VCALENDAR\r\n"
}

var (
	one      = event("one", "DTSTART;TZID=Alpha:20260301T100000\r\nRRULE:FREQ=DAILY\r\n")
	two      = event("two", "DTSTART;TZID=Beta:20260301T100000\r\n")
	override = event("one", "RECURRENCE-ID;TZID=Alpha:20260302T100000\r\nSUMMARY:moved\r\n")
	todo     = "BEGIN:VTODO\r\nUID:one\r\nSUMMARY:task\r\nEND:VTODO\r\n"
)

func TestSplit(t *testing.T) {
	file := calendar(zoneA, zoneB, one, two, override, todo)
	entries, err := ical.Split([]byte(file))
	if err != nil || len(entries) != 3 {
		t.Fatalf("got %d entries, %v", len(entries), err)
	}
	head := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-KEEP:1\r\n"
	for i, want := range []string{head + zoneA + one + override, head + zoneB + two, head + todo} {
		if got := string(entries[i].Body); got != want+"END:VCALENDAR\r\n" {
			t.Errorf("entry %d (%s %s): got\n%s\nwant\n%s", i, entries[i].Component, entries[i].UID, got, want)
		}
	}
	single := strings.ReplaceAll(calendar(zoneA, zoneB, one, override), "\r\n", "\n") + "\n\n"
	entries, err = ical.Split([]byte(single))
	if err != nil || len(entries) != 1 || string(entries[0].Body) != single {
		t.Errorf("the only record of a file is not the file: %v", err)
	}
}

func TestPutAndRemove(t *testing.T) {
	file := calendar(zoneA, one, todo, override, two)
	changed := event("one", "DTSTART;TZID=Beta:20260401T100000\r\n")
	got, err := ical.Put([]byte(file), []byte(calendar(zoneB, changed)))
	if want := calendar(zoneB, changed, todo, two); err != nil || string(got) != want {
		t.Errorf("replace: %v\n%s\nwant\n%s", err, got, want)
	}
	three := event("three", "DTSTART:20260401T100000\r\n")
	got, err = ical.Put([]byte(file), []byte(calendar(three)))
	if want := calendar(zoneA, one, todo, override, two, three); err != nil || string(got) != want {
		t.Errorf("add: %v\n%s\nwant\n%s", err, got, want)
	}
	got, left, err := ical.Remove([]byte(file), "VEVENT", "one")
	if want := calendar(todo, two); err != nil || left != 2 || string(got) != want {
		t.Errorf("remove: %v, %d left\n%s\nwant\n%s", err, left, got, want)
	}
	four := event("four", "DTSTART;TZID=Alpha:20260401T100000\r\n")
	got, left, err = ical.Remove([]byte(calendar(zoneA, one, four)), "VEVENT", "one")
	if want := calendar(zoneA, four); err != nil || left != 1 || string(got) != want {
		t.Errorf("remove beside one in the same zone: %v, %d left\n%s\nwant\n%s", err, left, got, want)
	}
	got, left, err = ical.Remove([]byte(file), "VEVENT", "nobody")
	if err != nil || left != 3 || string(got) != file {
		t.Errorf("remove nothing: %v, %d left\n%s", err, left, got)
	}
	body := calendar(changed) + "\r\n"
	got, err = ical.Put([]byte(calendar(zoneA, one, override)), []byte(body))
	if err != nil || string(got) != body {
		t.Errorf("the only record: %v\n%s", err, got)
	}
	if _, err = ical.Put([]byte(file), []byte(file)); err == nil {
		t.Error("a body of three records was put")
	}
}

// Every file of the corpora comes back byte for byte or is refused with a place; putting a record back into its file
// changes nothing.
func TestCorpus(t *testing.T) {
	records := 0
	for _, f := range corpus.Files(t, "ics", ".ics") {
		doc, err := ical.Parse(f.Data)
		if err != nil {
			var place *contentline.Error
			if !errors.As(err, &place) || place.Line < 1 {
				t.Errorf("%s: error without a place: %v", f.Name, err)
			}
			continue
		}
		if !bytes.Equal(doc.Bytes(), f.Data) {
			t.Errorf("%s: not written as read", f.Name)
		}
		entries, err := ical.Split(f.Data)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		for i, e := range entries {
			records++
			again, err := ical.Split(e.Body)
			if err != nil || len(again) != 1 || again[0].UID != e.UID || !bytes.Equal(again[0].Body, e.Body) {
				t.Fatalf("%s: the body of %s %q is not one record: %v", f.Name, e.Component, e.UID, err)
			}
			if i > 3 || e.UID == "" {
				continue
			}
			put, err := ical.Put(f.Data, e.Body)
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			back, err := ical.Split(put)
			if err != nil || len(back) != len(entries) {
				t.Fatalf("%s: put back, it holds %d records of %d: %v", f.Name, len(back), len(entries), err)
			}
			for j := range back {
				if back[j].UID == e.UID && back[j].Component == e.Component && len(back[j].Body) < len(e.Body)/2 {
					t.Errorf("%s: record %q shrank", f.Name, e.UID)
				}
			}
		}
	}
	if records < 500 {
		t.Errorf("only %d records in the corpora", records)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(calendar(zoneA, zoneB, one, two, override, todo)))
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n"))
	f.Add([]byte("\ufeffBEGIN:VCALENDAR\rBEGIN:VTODO\rUID:\\;\\n\rX;TZID=\"a:b\":=\rEND:VTODO\rEND:VCALENDAR"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := ical.Split(data)
		if err != nil {
			return
		}
		for _, e := range entries {
			again, err := ical.Split(e.Body)
			if err != nil || len(again) != 1 || again[0].UID != e.UID {
				t.Fatalf("body of %q is not one record: %v\n%q", e.UID, err, e.Body)
			}
			if _, err := ical.Put(data, e.Body); err != nil {
				t.Fatalf("put back: %v", err)
			}
			if _, left, err := ical.Remove(data, e.Component, e.UID); err != nil || left != len(entries)-1 {
				t.Fatalf("remove: %d of %d left, %v", left, len(entries), err)
			}
		}
	})
}
