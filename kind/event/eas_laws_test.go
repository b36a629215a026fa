package event_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tandem/internal/corpus"
	"tandem/internal/easschema"
	"tandem/kind/eas"
	"tandem/kind/event"
	"tandem/kind/recur"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

var versions = []eas.Version{eas.V121, eas.V140, eas.V141, eas.V160, eas.V161}

var view = event.View{Zones: &recur.Zones{}}

func berlin(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// options are those of anna, in Berlin, on 1 March 2026.
func options(t testing.TB, v eas.Version) eas.Options {
	return eas.Options{Version: v, Name: "Anna Ä", Address: "anna@example.org", Zone: berlin(t), Now: 1772366400,
		Attachment: func(n int) string { return fmt.Sprintf("5:7:%d", n) }}
}

type record struct {
	name string
	body []byte
}

// records are all events of the corpora that can be read.
func records(t testing.TB) []record {
	t.Helper()
	var out []record
	for _, f := range corpus.Files(t, "ics", ".ics") {
		entries, err := ical.Split(f.Data)
		if err != nil {
			continue
		}
		for i, e := range entries {
			if e.Component != "VEVENT" {
				continue
			}
			if _, err := handler.Inspect(e.Body); err == nil {
				out = append(out, record{fmt.Sprintf("%s #%d", f.Name, i), e.Body})
			}
		}
	}
	if len(out) < 1000 {
		t.Fatalf("only %d events in the corpora", len(out))
	}
	return out
}

// Putting back what was shown changes nothing, in any version.
func TestPutGet(t *testing.T) {
	list := records(t)
	t.Logf("%d events", len(list))
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			o := options(t, v)
			for _, r := range list {
				data, err := view.Get(r.body, o)
				if err != nil {
					t.Errorf("%s: %v", r.name, err)
					continue
				}
				got, err := view.Put(r.body, data, eas.Put{Options: o})
				if err != nil {
					t.Errorf("%s: %v", r.name, err)
					continue
				}
				if !bytes.Equal(got.Body, r.body) {
					t.Errorf("%s changed\n%s\n%s", r.name, clip(r.body), clip(got.Body))
				}
			}
		})
	}
}

func clip(b []byte) string {
	if len(b) > 3000 {
		return string(b[:3000]) + "…"
	}
	return string(b)
}

// Everything that is shown is valid by the protocol's schemas.
func TestValid(t *testing.T) {
	schemas := easschema.New(t)
	list := records(t)
	for _, body := range append(rich(), cal(daily+"|LOCATION:x|GEO:1;2|X-TANDEM-PLACE;X-CITY=Berlin;X-ACCURACY=1e2:x|ATTACH;VALUE=BINARY;ENCODING=BASE64;X-INLINE=1;X-CONTENT-ID=a:aGk=")) {
		list = append(list, record{"rich", []byte(body)})
	}
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			o := options(t, v)
			commands := wbxml.New(wbxml.AirSyncCommands)
			for i, r := range list {
				data, err := view.Get(r.body, o)
				if err != nil {
					t.Fatal(err)
				}
				commands.Add(wbxml.New(wbxml.AirSyncAdd, wbxml.Text(wbxml.AirSyncServerId, fmt.Sprintf("5:%d", i)), wbxml.New(wbxml.AirSyncApplicationData, data...)))
			}
			validate(t, schemas, syncAnswer(commands))
		})
	}
}

func syncAnswer(commands *wbxml.Element) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncSync, wbxml.New(wbxml.AirSyncCollections, wbxml.New(wbxml.AirSyncCollection,
		wbxml.Text(wbxml.AirSyncSyncKey, "1"), wbxml.Text(wbxml.AirSyncCollectionId, "5"), wbxml.Text(wbxml.AirSyncStatus, "1"), commands)))
}

func validate(t *testing.T, schemas *easschema.Schemas, doc *wbxml.Element) {
	t.Helper()
	coded, err := wbxml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	back, notes, err := wbxml.Unmarshal(coded, wbxml.Limits{})
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	var text bytes.Buffer
	if err := wbxml.ToXML(&text, back); err != nil {
		t.Fatal(err)
	}
	if err := schemas.Validate("SyncResponse", text.Bytes()); err != nil {
		lines := strings.Split(err.Error(), "\n")
		t.Errorf("%s", strings.Join(lines[:min(len(lines), 20)], "\n"))
	}
}

// A client that knows few fields, or all of them, and changes one, loses nothing of the records of the corpora.
func TestHalfField(t *testing.T) {
	list := records(t)
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			o := options(t, v)
			rnd := rand.New(rand.NewPCG(1, uint64(v)))
			for _, r := range list {
				shown, err := view.Get(r.body, o)
				if err != nil {
					t.Fatal(err)
				}
				sent := []*wbxml.Element{wbxml.Text(wbxml.CalendarSubject, "edited on the phone")}
				for _, e := range shown {
					if e.Tag != wbxml.CalendarSubject && e.Tag != wbxml.CalendarDtStamp && (e.Tag == wbxml.CalendarLocation || rnd.IntN(3) > 0) {
						sent = append(sent, e)
					}
				}
				rnd.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
				p := eas.Put{Options: o}
				if rnd.IntN(2) == 0 {
					p.Managed = func(wbxml.Tag) bool { return false }
				}
				one, err := view.Put(r.body, sent, p)
				if err != nil {
					t.Errorf("%s: %v", r.name, err)
					continue
				}
				only, err := view.Put(r.body, sent[slices.IndexFunc(sent, func(e *wbxml.Element) bool { return e.Tag == wbxml.CalendarSubject }):][:1], p)
				if err != nil || !bytes.Equal(one.Body, only.Body) {
					t.Errorf("%s: %v\n%s\n%s", r.name, err, clip(one.Body), clip(only.Body))
				}
				if gone := lost(r.body, one.Body); len(gone) > 0 {
					t.Errorf("%s lost %q", r.name, gone)
				}
				again := wbxml.New(wbxml.AirSyncApplicationData, mustGet(t, one.Body, o)...)
				for _, e := range shown {
					if e.Tag != wbxml.CalendarSubject && e.Tag != wbxml.CalendarDtStamp && e.Tag != wbxml.CalendarExceptions && !event.Same(e, again.Child(e.Tag)) {
						t.Errorf("%s: %s was %s", r.name, e.Tag, xml(t, []*wbxml.Element{e}))
					}
				}
			}
		})
	}
}

func mustGet(t testing.TB, body []byte, o eas.Options) []*wbxml.Element {
	t.Helper()
	list, err := view.Get(body, o)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return list
}

// lost are the lines that are no more, but for titles and book-keeping.
func lost(before, after []byte) (gone []string) {
	lines := func(b []byte) map[string]int {
		out := map[string]int{}
		for _, l := range strings.Split(strings.ReplaceAll(string(b), "\r", ""), "\n") {
			out[l]++
		}
		return out
	}
	have := lines(after)
	skip := false
	for _, l := range strings.Split(strings.ReplaceAll(string(before), "\r", ""), "\n") {
		name := strings.ToUpper(l)
		if strings.HasPrefix(name, " ") || strings.HasPrefix(name, "\t") {
			if skip {
				continue
			}
		} else {
			skip = strings.HasPrefix(name, "SUMMARY") || strings.HasPrefix(name, "DTSTAMP") || strings.HasPrefix(name, "LAST-MODIFIED")
		}
		if !skip && have[l] == 0 {
			gone = append(gone, l)
		}
	}
	return gone
}

// generated are elements of a new event as a client could send them, all of which its version can express.
func generated(v eas.Version) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		add := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
		text := rapid.SampledFrom([]string{"x", "Grüße, a;b", `a\nb`, "日本"})
		day := rapid.IntRange(2, 27).Draw(t, "day")
		days := rapid.Bool().Draw(t, "all day")
		switch {
		case days && v >= eas.V160:
			add("<AllDayEvent>1</AllDayEvent><StartTime>202607%02dT000000Z</StartTime><EndTime>202607%02dT000000Z</EndTime>", day, day+1)
		case days:
			add("<Timezone>%s</Timezone><AllDayEvent>1</AllDayEvent><StartTime>202607%02dT220000Z</StartTime><EndTime>202607%02dT220000Z</EndTime>", "BERLIN", day-1, day)
		default:
			add("<Timezone>%s</Timezone><AllDayEvent>0</AllDayEvent>", rapid.SampledFrom([]string{"BERLIN", "NEWYORK", "KOLKATA", "SYDNEY"}).Draw(t, "zone"))
			add("<StartTime>202607%02dT1%d0000Z</StartTime><EndTime>202607%02dT200000Z</EndTime>", day, rapid.IntRange(0, 9).Draw(t, "hour"), day)
		}
		add("<Subject>%s</Subject>", text.Draw(t, "subject"))
		if v < eas.V160 {
			add("<DtStamp>20260101T010203Z</DtStamp><UID>abc</UID><OrganizerName>Anna Ä</OrganizerName><OrganizerEmail>anna@example.org</OrganizerEmail>")
			if rapid.Bool().Draw(t, "located") {
				add("<Location>%s</Location>", text.Draw(t, "location"))
			}
		} else if rapid.Bool().Draw(t, "located") {
			add("<b:Location><b:DisplayName>%s</b:DisplayName><b:City>%s</b:City><b:Latitude>1.5</b:Latitude><b:Longitude>-2</b:Longitude></b:Location>", text.Draw(t, "location"), text.Draw(t, "city"))
		}
		if rapid.Bool().Draw(t, "reminded") {
			add("<Reminder>%d</Reminder>", rapid.IntRange(0, 20000).Draw(t, "minutes"))
		}
		add("<Sensitivity>%d</Sensitivity><BusyStatus>%d</BusyStatus>", rapid.IntRange(0, 3).Draw(t, "sensitivity"), rapid.IntRange(0, 3).Draw(t, "busy"))
		if rapid.Bool().Draw(t, "sorted") {
			add("<Categories><Category>A</Category><Category>%s</Category></Categories>", text.Draw(t, "category"))
		}
		status := 0
		if rapid.Bool().Draw(t, "met") {
			status = rapid.SampledFrom([]int{1, 5}).Draw(t, "cancelled")
			add("<Attendees><Attendee><Email>ben@x.org</Email><Name>%s</Name>", text.Draw(t, "name"))
			add("<AttendeeStatus>%d</AttendeeStatus>", rapid.SampledFrom([]int{0, 2, 3, 4, 5}).Draw(t, "status"))
			add("<AttendeeType>%d</AttendeeType></Attendee></Attendees>", rapid.IntRange(1, 3).Draw(t, "type"))
			if v >= eas.V140 && v < eas.V160 {
				add("<ResponseRequested>%d</ResponseRequested>", rapid.IntRange(0, 1).Draw(t, "asked"))
			}
		}
		add("<MeetingStatus>%d</MeetingStatus>", status)
		if v >= eas.V140 {
			add("<DisallowNewTimeProposal>%d</DisallowNewTimeProposal>", rapid.IntRange(0, 1).Draw(t, "closed"))
		}
		add("<b:Body><b:Type>1</b:Type><b:Data>%s</b:Data></b:Body>", text.Draw(t, "body"))
		if rapid.Bool().Draw(t, "repeats") {
			add("%s", series(t, v, day, days))
		}
		return b.String()
	})
}

// series is a daily recurrence with exceptions.
func series(t *rapid.T, v eas.Version, day int, days bool) string {
	out := rapid.SampledFrom([]string{"<Recurrence><Type>0</Type><Occurrences>9</Occurrences><Interval>1</Interval><DayOfWeek>127</DayOfWeek></Recurrence>",
		"<Recurrence><Type>0</Type><Interval>1</Interval><DayOfWeek>127</DayOfWeek></Recurrence>"}).Draw(t, "pattern")
	if days || !rapid.Bool().Draw(t, "excepted") {
		return out
	}
	id := "ExceptionStartTime"
	if v >= eas.V160 {
		id = "b:InstanceId"
	}
	_ = day
	return out + "<Exceptions><Exception><Deleted>1</Deleted><" + id + ">D1</" + id + "></Exception><Exception><" + id + ">D2</" + id + "><Subject>other</Subject></Exception></Exceptions>"
}

// filled puts in what depends on other parts.
func filled(fill *strings.Replacer, sent string) string {
	sent = fill.Replace(sent)
	if at := strings.Index(sent, "<StartTime>"); strings.Contains(sent, ">D1<") {
		var day, hour int
		fmt.Sscanf(sent[at:], "<StartTime>202607%02dT%02d", &day, &hour)
		sent = strings.NewReplacer(">D1<", fmt.Sprintf(">202607%02dT%02d0000Z<", day+1, hour), ">D2<", fmt.Sprintf(">202607%02dT%02d0000Z<", day+2, hour)).Replace(sent)
	}
	return sent
}

func zones(t testing.TB) *strings.Replacer {
	return strings.NewReplacer("BERLIN", blob(t, "Europe/Berlin"), "NEWYORK", blob(t, "America/New_York"), "KOLKATA", blob(t, "Asia/Kolkata"), "SYDNEY", blob(t, "Australia/Sydney"))
}

// Whatever was there, Get(Put(b, v)) is v in all that a change of an event can change, and what v does not speak of stays.
func TestGetPutOver(t *testing.T) {
	list := records(t)
	fill := zones(t)
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			o := options(t, v)
			rapid.Check(t, func(rt *rapid.T) {
				r := rapid.SampledFrom(list).Draw(rt, "record")
				sent := filled(fill, generated(v).Draw(rt, "elements"))
				elements := data(t, sent)
				out, err := view.Put(r.body, elements, eas.Put{Options: o})
				if err != nil {
					rt.Fatalf("%s: %v\n%s", r.name, err, sent)
				}
				if _, err := handler.Inspect(out.Body); err != nil {
					rt.Fatalf("%s: %v\n%s", r.name, err, out.Body)
				}
				shown := wbxml.New(wbxml.AirSyncApplicationData, mustGet(t, out.Body, o)...)
				for _, e := range elements {
					got := shown.Child(e.Tag)
					switch e.Tag {
					case wbxml.CalendarUID, wbxml.CalendarDtStamp, wbxml.CalendarOrganizerName, wbxml.CalendarOrganizerEmail, wbxml.CalendarMeetingStatus,
						wbxml.CalendarResponseRequested, wbxml.CalendarExceptions: // not the client's to change, or more than it knows
						continue
					case wbxml.CalendarTimezone: // another may have the same rules
						continue
					case wbxml.CalendarRecurrence:
						if strings.Contains(string(r.body), "RECURRENCE-ID") && !strings.Contains(string(out.Body), "RRULE:FREQ=DAILY") {
							continue // one instance of a series that is not here
						}
					case wbxml.AirSyncBaseBody:
						got = wbxml.New(got.Tag, got.Child(wbxml.AirSyncBaseType), got.Child(wbxml.AirSyncBaseData))
					}
					if !event.Same(e, got) {
						rt.Fatalf("%s: %s: sent %s\nshown %s\n%s\nbecame\n%s", r.name, e.Tag, xml(t, []*wbxml.Element{e}), xml(t, []*wbxml.Element{got}), clip(r.body), clip(out.Body))
					}
				}
				again, err := view.Put(out.Body, elements, eas.Put{Options: o})
				if err != nil || !bytes.Equal(again.Body, out.Body) {
					rt.Fatalf("%s: not the same again: %v\n%s\n%s", r.name, err, clip(out.Body), clip(again.Body))
				}
			})
		})
	}
}

// Get(Put(nothing, v)) is v.
func TestGetPut(t *testing.T) {
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			o := options(t, v)
			fill := zones(t)
			rapid.Check(t, func(rt *rapid.T) {
				sent := filled(fill, generated(v).Draw(rt, "elements"))
				elements := data(t, sent)
				r, err := view.Put(nil, elements, eas.Put{Options: o, UID: "abc"})
				if err != nil {
					rt.Fatalf("%v\n%s", err, sent)
				}
				shown := wbxml.New(wbxml.AirSyncApplicationData, mustGet(t, r.Body, o)...)
				for _, e := range elements {
					got := shown.Child(e.Tag)
					if e.Tag == wbxml.AirSyncBaseBody && got != nil { // the size is the server's to say
						got = wbxml.New(got.Tag, got.Child(wbxml.AirSyncBaseType), got.Child(wbxml.AirSyncBaseData))
					}
					if !event.Same(e, got) {
						rt.Fatalf("%s: sent %s\nshown %s\n%s", e.Tag, xml(t, []*wbxml.Element{e}), xml(t, []*wbxml.Element{got}), r.Body)
					}
				}
				// And the same again on top of it changes nothing.
				again, err := view.Put(r.Body, elements, eas.Put{Options: o})
				if err != nil || !bytes.Equal(again.Body, r.Body) {
					rt.Fatalf("%v\n%s\n%s", err, r.Body, again.Body)
				}
			})
		})
	}
}
