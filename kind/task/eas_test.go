package task_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/internal/viewtest"
	"tandem/kind/task"
	"tandem/wire/wbxml"
)

func todo(lines ...string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:1\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
}

func bodies(t testing.TB) map[string][]byte {
	all := viewtest.Bodies(t, task.Handler{}, "VTODO")
	for name, b := range map[string][]byte{
		"day":          todo("SUMMARY:a", "DUE;VALUE=DATE:20260305", "PRIORITY:3", "CLASS:X-OTHER"),
		"zoned":        todo("DTSTART;TZID=Europe/Berlin:20260305T090000", "DUE;TZID=Europe/Berlin:20260305T100000", "RRULE:FREQ=WEEKLY;UNTIL=20260405T070000Z"),
		"utc":          todo("DTSTART:20260305T233000Z", "DURATION:PT30M", "RRULE:FREQ=DAILY;COUNT=500"),
		"floating":     todo("DUE:20260305T090000", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15"),
		"unknown zone": todo("DUE;TZID=Nowhere:20260305T090000"),
		"done":         todo("STATUS:COMPLETED", "COMPLETED:20260101T101112Z", "LAST-MODIFIED:20260102T000000Z"),
		"done, unsaid": todo("PERCENT-COMPLETE:100", "DTSTAMP:20260102T000000Z"),
		"called off":   todo("STATUS:CANCELLED"),
		"alarms": todo("DTSTART:20260305T090000Z", "DUE:20260305T100000Z", "BEGIN:VALARM", "ACTION:AUDIO", "END:VALARM", "BEGIN:VALARM", "ACTION:DISPLAY",
			"TRIGGER;RELATED=END:-PT15M", "END:VALARM", "BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER;VALUE=DATE-TIME:20260301T000000Z", "END:VALARM"),
		"override": todo("DTSTART:20260305T090000Z", "RRULE:FREQ=DAILY", "EXDATE:20260306T090000Z", "END:VTODO", "BEGIN:VTODO", "UID:1", "RECURRENCE-ID:20260307T090000Z", "SUMMARY:other"),
		"no date":  todo("RRULE:FREQ=DAILY"),
		"nonsense": todo("DUE:soon", "DTSTART;VALUE=DATE:20261301", "RRULE:FREQ=NEVER", "PRIORITY:high", "PERCENT-COMPLETE:x"),
		"far":      todo("DTSTART:99991231T235959Z", "RRULE:FREQ=YEARLY"),
	} {
		all[name] = b
	}
	return all
}

func TestViewPutGet(t *testing.T) { viewtest.PutGet(t, task.View{}, bodies(t)) }

func TestViewIsValid(t *testing.T) { viewtest.Valid(t, task.View{}, bodies(t), viewtest.Versions()...) }

func TestViewAnyElements(t *testing.T) {
	viewtest.Any(t, task.View{}, task.Handler{}, bodies(t), wbxml.Tasks, wbxml.AirSyncBase, wbxml.Notes)
}

func berlin(t testing.TB) eas.Put {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	o := viewtest.Put()
	o.Zone = zone
	return o
}

func send(t testing.TB, b []byte, o eas.Put, sent ...string) []byte {
	t.Helper()
	return viewtest.Send(t, task.View{}, task.Handler{}, b, o, viewtest.Elements(t, wbxml.Tasks, sent...)...)
}

func show(t testing.TB, b []byte, o eas.Put) map[string]string {
	t.Helper()
	return viewtest.Show(t, task.View{}, b, o.Options)
}

func has(t testing.TB, b []byte, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(string(b), "\r\n"+l+"\r\n") {
			t.Errorf("no %s in\n%s", l, b)
		}
	}
}

// Every element of MS-ASTASK, both ways.
func TestViewEveryElement(t *testing.T) {
	sent := []string{"Subject=Buy; milk", "Body=one\r\ntwo", "Categories=Home|Red, white", "Importance=2", "Sensitivity=2",
		"UtcStartDate=2026-03-04T23:00:00.000Z", "StartDate=2026-03-05T00:00:00.000Z", "UtcDueDate=2026-03-05T23:00:00.000Z", "DueDate=2026-03-06T00:00:00.000Z",
		"ReminderSet=1", "ReminderTime=2026-03-05T08:00:00.000Z", "OrdinalDate=2026-03-05T08:00:00.000Z", "SubOrdinalDate=abc",
		"Recurrence/Type=1", "Recurrence/Start=2026-03-05T00:00:00.000Z", "Recurrence/Until=2026-06-01T00:00:00.000Z", "Recurrence/Interval=2",
		"Recurrence/DayOfWeek=18", "Recurrence/FirstDayOfWeek=0", "Recurrence/Regenerate=1", "Complete=1", "DateCompleted=2026-03-05T12:00:00.000Z"}
	o := berlin(t)
	want := map[string]string{}
	for _, s := range sent {
		name, v, _ := strings.Cut(s, "=")
		want[name] = v
	}
	b := send(t, nil, o, sent...)
	if got := show(t, b, o); !maps.Equal(got, want) {
		t.Errorf("%q\n%q\n%s", got, want, b)
	}
	has(t, b, "UID:uid-1", "SUMMARY:Buy\\; milk", "DTSTART;VALUE=DATE:20260305", "DUE;VALUE=DATE:20260306", "PRIORITY:1", "CLASS:PRIVATE",
		"RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20260601;BYDAY=MO,TH;WKST=SU", "STATUS:COMPLETED", "COMPLETED:20260305T120000Z", "PERCENT-COMPLETE:100",
		"TRIGGER;VALUE=DATE-TIME:20260305T080000Z", "CATEGORIES:Home,Red\\, white", "DTSTAMP:20260301T000000Z")
}

func TestViewImportance(t *testing.T) {
	for line, want := range map[string]string{"X-A:1": "1", "PRIORITY:0": "1", "PRIORITY:1": "2", "PRIORITY:4": "2", "PRIORITY:5": "1", "PRIORITY:6": "0", "PRIORITY:9": "0", "PRIORITY:x": "1"} {
		if got := show(t, todo(line), viewtest.Put())["Importance"]; got != want {
			t.Errorf("%s is %s", line, got)
		}
	}
	has(t, send(t, todo("PRIORITY:3"), viewtest.Put(), "Importance=2"), "PRIORITY:3")
	has(t, send(t, todo("PRIORITY:3"), viewtest.Put(), "Importance=0"), "PRIORITY:9")
	has(t, send(t, todo("PRIORITY:3"), viewtest.Managed(viewtest.Put()), "Subject=x"), "PRIORITY:3") // MS-ASTASK_R369
	b := send(t, todo("PRIORITY:3"), viewtest.Put(), "Importance=7")                                 // MS-ASTASK_R187, MS-ASTASK_R550
	if got := show(t, b, viewtest.Put())["Importance"]; got != "7" {
		t.Errorf("%s", b)
	}
	if b = send(t, b, viewtest.Put(), "Importance=1"); strings.Contains(string(b), "X-TANDEM") {
		t.Errorf("%s", b)
	}
}

func TestViewCategories(t *testing.T) {
	b := todo("CATEGORIES:a,b", "CATEGORIES;X-A=1:c\\,d")
	if got := show(t, b, viewtest.Put())["Categories"]; got != "a|b|c,d" {
		t.Errorf("%q", got)
	}
	has(t, send(t, b, viewtest.Put(), "Categories=b|c,d|e"), "CATEGORIES:b,e", "CATEGORIES;X-A=1:c\\,d")
	if after := send(t, b, viewtest.Put(), "Categories="); strings.Contains(string(after), "CATEGORIES") { // MS-ASTASK_R436
		t.Errorf("%s", after)
	}
	if after := send(t, b, viewtest.Put(), "Subject=x"); !strings.Contains(string(after), "CATEGORIES:a,b") {
		t.Errorf("%s", after)
	}
	var many []string
	for i := range 400 {
		many = append(many, fmt.Sprint("k", i))
	}
	b = todo("CATEGORIES:" + strings.Join(many, ","))
	shown := show(t, b, viewtest.Put())["Categories"]
	if n := strings.Count(shown, "|") + 1; n != 300 { // MS-ASTASK_R395
		t.Errorf("%d categories", n)
	}
	if after := send(t, b, viewtest.Put(), "Categories="+shown); !bytes.Equal(after, b) {
		t.Errorf("%s", after)
	}
}

// MS-ASTASK_R259, MS-ASTASK_R264
func TestViewSensitivity(t *testing.T) {
	for line, want := range map[string]string{"X-A:1": "0", "CLASS:PUBLIC": "0", "CLASS:X-PERSONAL": "1", "CLASS:PRIVATE": "2", "CLASS:CONFIDENTIAL": "3", "CLASS:X-SECRET": "2"} {
		b := todo(line)
		if got := show(t, b, viewtest.Put())["Sensitivity"]; got != want {
			t.Errorf("%s is %s", line, got)
		}
		if after := send(t, b, viewtest.Put(), "Sensitivity="+want); !bytes.Equal(after, b) {
			t.Errorf("%s becomes %s", line, after)
		}
	}
	has(t, send(t, todo("X-A:1"), viewtest.Put(), "Sensitivity=1"), "CLASS:X-PERSONAL")
}

func TestViewDates(t *testing.T) {
	for _, c := range []struct {
		name   string
		before []string
		sent   []string
		want   []string
	}{
		{"a day", nil, []string{"DueDate=2026-03-05T00:00:00.000Z", "UtcDueDate=2026-03-04T23:00:00.000Z"}, []string{"DUE;VALUE=DATE:20260305"}},
		{"a day, local only", nil, []string{"DueDate=2026-03-05T00:00:00.000Z"}, []string{"DUE;VALUE=DATE:20260305"}},
		{"a day, UTC only", nil, []string{"UtcDueDate=2026-03-04T23:00:00.000Z"}, []string{"DUE;VALUE=DATE:20260305"}},
		{"a day by a client in another zone", nil, []string{"DueDate=2026-03-05T00:00:00.000Z", "UtcDueDate=2026-03-05T05:00:00.000Z"}, []string{"DUE;VALUE=DATE:20260305"}},
		{"a time", nil, []string{"DueDate=2026-03-05T16:30:00.000Z", "UtcDueDate=2026-03-05T15:30:00.000Z"}, []string{"DUE:20260305T153000Z"}},
		{"a time, local only", nil, []string{"DueDate=20260305T163000Z"}, []string{"DUE:20260305T153000Z"}},
		{"a time, in summer", nil, []string{"DueDate=2026-07-05T16:30:00.000Z"}, []string{"DUE:20260705T143000Z"}},
		{"a zone stays", []string{"DUE;TZID=America/New_York:20260305T090000"}, []string{"DueDate=2026-03-06T15:00:00.000Z", "UtcDueDate=2026-03-06T14:00:00.000Z"},
			[]string{"DUE;TZID=America/New_York:20260306T090000"}},
		{"floating stays", []string{"DUE:20260305T090000"}, []string{"DueDate=2026-03-06T09:00:00.000Z", "UtcDueDate=2026-03-06T08:00:00.000Z"}, []string{"DUE:20260306T090000"}},
		{"a stale UTC element", []string{"DUE;VALUE=DATE:20260305"}, []string{"DueDate=2026-03-07T00:00:00.000Z", "UtcDueDate=2026-03-04T23:00:00.000Z"}, []string{"DUE;VALUE=DATE:20260307"}},
		{"a stale local element", []string{"DUE;VALUE=DATE:20260305"}, []string{"DueDate=2026-03-05T00:00:00.000Z", "UtcDueDate=2026-03-06T23:00:00.000Z"}, []string{"DUE;VALUE=DATE:20260307"}},
		{"both of one sort", []string{"DTSTART;VALUE=DATE:20260301", "DUE;VALUE=DATE:20260305"}, []string{"DueDate=2026-03-05T10:00:00.000Z"},
			[]string{"DTSTART:20260228T230000Z", "DUE:20260305T090000Z"}},
		{"both of one sort, the other way", []string{"DTSTART:20260301T080000"}, []string{"DueDate=2026-03-05T00:00:00.000Z"}, []string{"DTSTART:20260301T080000", "DUE:20260305T000000"}},
		{"an end by its length stays", []string{"DTSTART:20260301T080000Z", "DURATION:P1D"}, []string{"StartDate=2026-03-02T07:00:00.000Z", "UtcStartDate=2026-03-02T06:00:00.000Z"},
			[]string{"DTSTART:20260302T060000Z", "DUE:20260302T080000Z"}},
		{"the end of the rule follows", []string{"DUE:20260301T080000Z", "RRULE:FREQ=DAILY;UNTIL=20260310T080000Z"}, []string{"DueDate=2026-03-02T00:00:00.000Z"},
			[]string{"DUE;VALUE=DATE:20260302", "RRULE:FREQ=DAILY;UNTIL=20260310"}},
	} {
		b := todo(append(c.before, "X-A:1")...)
		if c.before == nil {
			b = nil
		}
		after := send(t, b, berlin(t), c.sent...)
		for _, l := range c.want {
			if !strings.Contains(string(after), "\r\n"+l+"\r\n") {
				t.Errorf("%s: no %s in\n%s", c.name, l, after)
			}
		}
		if strings.Contains(string(after), "DURATION") {
			t.Errorf("%s: %s", c.name, after)
		}
	}
	b := todo("DTSTART;VALUE=DATE:20260301", "DUE;VALUE=DATE:20260305")
	if after := send(t, b, berlin(t), "DueDate=", "UtcDueDate="); strings.Contains(string(after), "DUE") || !strings.Contains(string(after), "DTSTART") {
		t.Errorf("%s", after)
	}
	if after := send(t, b, viewtest.Managed(berlin(t)), "Subject=x"); strings.Contains(string(after), "DUE") || strings.Contains(string(after), "DTSTART") {
		t.Errorf("%s", after)
	}
	if after := send(t, b, berlin(t), "Subject=x"); !strings.Contains(string(after), "DUE") {
		t.Errorf("%s", after)
	}
}

// MS-ASTASK_R122, MS-ASTASK_R124
func TestViewComplete(t *testing.T) {
	open := todo("STATUS:IN-PROCESS", "PERCENT-COMPLETE:40")
	if after := send(t, open, viewtest.Put(), "Complete=0"); !bytes.Equal(after, open) {
		t.Errorf("%s", after)
	}
	done := send(t, open, viewtest.Put(), "Complete=1")
	has(t, done, "STATUS:COMPLETED", "PERCENT-COMPLETE:100", "COMPLETED:20260301T000000Z")
	if got := show(t, done, viewtest.Put()); got["Complete"] != "1" || got["DateCompleted"] != "2026-03-01T00:00:00.000Z" {
		t.Errorf("%q", got)
	}
	has(t, send(t, done, viewtest.Put(), "Complete=1", "DateCompleted=2026-02-01T00:00:00.000Z"), "COMPLETED:20260201T000000Z")
	again := send(t, done, viewtest.Put(), "Complete=0")
	has(t, again, "STATUS:NEEDS-ACTION")
	if got := show(t, again, viewtest.Put()); got["Complete"] != "0" || got["DateCompleted"] != "" || strings.Contains(string(again), "COMPLE") {
		t.Errorf("%q\n%s", got, again)
	}
	if !bytes.Equal(send(t, done, viewtest.Managed(viewtest.Put()), "Complete=1"), done) {
		t.Error("a completion without its date changed")
	}
	v := task.View{}
	for b, want := range map[string]bool{string(done): true, string(open): false, string(todo("STATUS:CANCELLED")): true, "nonsense": false} {
		if v.Finished([]byte(b)) != want {
			t.Errorf("finished %v\n%s", !want, b)
		}
	}
}

func TestViewReminder(t *testing.T) {
	b := bodies(t)["alarms"]
	if got := show(t, b, viewtest.Put()); got["ReminderSet"] != "1" || got["ReminderTime"] != "2026-03-05T09:45:00.000Z" {
		t.Fatalf("%q", got)
	}
	after := send(t, b, viewtest.Put(), "ReminderSet=1", "ReminderTime=2026-03-05T09:00:00.000Z")
	if want := strings.Replace(string(b), "RELATED=END:-PT15M", "RELATED=END:-PT1H", 1); dropStamps(after) != want {
		t.Errorf("%s", after)
	}
	// The client says when: a moved date does not move the reminder that it sends along.
	after = send(t, b, viewtest.Put(), "DueDate=2026-03-06T10:00:00.000Z", "UtcDueDate=2026-03-06T10:00:00.000Z", "ReminderSet=1", "ReminderTime=2026-03-05T09:45:00.000Z")
	if got := show(t, after, viewtest.Put()); got["ReminderTime"] != "2026-03-05T09:45:00.000Z" {
		t.Errorf("%q", got)
	}
	after = send(t, b, viewtest.Put(), "ReminderSet=0", "ReminderTime=2026-03-05T09:45:00.000Z")
	if got := show(t, after, viewtest.Put()); got["ReminderSet"] != "0" || got["ReminderTime"] != "" || !strings.Contains(string(after), "ACTION:AUDIO") {
		t.Errorf("%q\n%s", got, after)
	}
	if after := send(t, b, viewtest.Managed(viewtest.Put()), "Subject=x", "DueDate=2026-03-05T10:00:00.000Z", "StartDate=2026-03-05T09:00:00.000Z"); !strings.Contains(string(after), "RELATED=END:-PT15M") {
		t.Errorf("MS-ASTASK_R370: %s", after)
	}
	if got := show(t, send(t, todo("DUE:20260305T100000Z"), viewtest.Put(), "ReminderSet=1"), viewtest.Put()); got["ReminderTime"] != "2026-03-05T10:00:00.000Z" {
		t.Errorf("%q", got)
	}
	if got := send(t, todo("DUE:20260305T100000Z"), viewtest.Put(), "ReminderTime=2026-03-05T10:00:00.000Z"); strings.Contains(string(got), "VALARM") { // MS-ASTASK_R250
		t.Errorf("%s", got)
	}
}

func dropStamps(b []byte) string {
	lines := strings.Split(string(b), "\r\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "DTSTAMP") || strings.HasPrefix(l, "LAST-MODIFIED") }), "\r\n")
}

// What makes no sense is refused as the specification asks: the client gets status 6.
func TestViewRefuses(t *testing.T) {
	for name, sent := range map[string][]string{
		"MS-ASTASK_R252: ReminderSet":   {"ReminderSet=2"},
		"MS-ASTASK_R259: Sensitivity":   {"Sensitivity=4"},
		"MS-ASTASK_R119: Complete":      {"Complete=2"},
		"MS-ASTASK_R183: Importance":    {"Importance=high"},
		"MS-ASTASK_R161: DueDate":       {"DueDate=soon"},
		"MS-ASTASK_R255: ReminderTime":  {"ReminderSet=1", "ReminderTime=soon"},
		"MS-ASTASK_R125: DateCompleted": {"Complete=1", "DateCompleted=soon"},
		"MS-ASTASK_R220: OrdinalDate":   {"OrdinalDate=soon"},
		"MS-ASTASK_R289: no Type":       {"Recurrence/Start=2026-03-05T00:00:00.000Z"},
		"MS-ASTASK_R37011: no Start":    {"Recurrence/Type=0"},
		"MS-ASTASK_R132: DayOfMonth":    {"Recurrence/Type=0", "Recurrence/Start=2026-03-05T00:00:00.000Z", "Recurrence/DayOfMonth=1"},
		"UtcStartDate":                  {"UtcStartDate=x"},
	} {
		if _, err := (task.View{}).Put(todo("X-A:1"), viewtest.Elements(t, wbxml.Tasks, sent...), viewtest.Put()); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{"nothing": []byte(""), "an event": bytes.ReplaceAll(todo(), []byte("VTODO"), []byte("VEVENT"))} {
		if _, err := (task.View{}).Get(b, viewtest.Put().Options); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := task.View{}.Put(todo("X-A:1"), viewtest.Elements(t, wbxml.Tasks, "ReminderSet=1"), viewtest.Put())
	if err != nil || len(r.Notes) != 1 {
		t.Errorf("a reminder of nothing: %v, %q", err, r.Notes)
	}
}

// What a client writes is what it is shown, in whatever zone the user is.
func TestViewGetPut(t *testing.T) {
	all := bodies(t)
	names := append([]string{""}, slices.Sorted(maps.Keys(all))...)
	rapid.Check(t, func(t *rapid.T) {
		o := viewtest.Managed(viewtest.Put())
		o.Zone = time.FixedZone("", rapid.SampledFrom([]int{0, 3600, -5 * 3600, 5*3600 + 1800, 13 * 3600}).Draw(t, "zone"))
		o.Version = rapid.SampledFrom(viewtest.Versions()).Draw(t, "version")
		sent, want := draw(t, o)
		r, err := task.View{}.Put(all[rapid.SampledFrom(names).Draw(t, "before")], sent, o)
		if err != nil || len(r.Notes) > 0 {
			t.Fatalf("%v, notes %q", err, r.Notes)
		}
		if _, err := (task.Handler{}).Inspect(r.Body); err != nil {
			t.Fatal(err)
		}
		list, err := task.View{}.Get(r.Body, o.Options)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, e := range list {
			for _, c := range e.Children {
				if e.Tag == wbxml.TasksRecurrence {
					got["Recurrence/"+c.Tag.Name()] = c.String()
				}
			}
			if len(e.Children) == 0 && e.Tag.Page() == wbxml.Tasks {
				got[e.Tag.Name()] = e.String()
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("want %q\ngot  %q\n%s", want, got, r.Body)
		}
	})
}

// draw makes a task as a client of this zone would send it.
func draw(t *rapid.T, o eas.Put) (sent []*wbxml.Element, want map[string]string) {
	want = map[string]string{"Complete": "0", "ReminderSet": "0"}
	add := func(tag wbxml.Tag, v string) {
		sent = append(sent, wbxml.Text(tag, v))
		want[tag.Name()] = v
	}
	at := func(label string) time.Time {
		day := rapid.Int64Range(15000, 25000).Draw(t, label)
		return time.Unix(day*86400+rapid.SampledFrom([]int64{0, 0, 9 * 3600, 23*3600 + 1800}).Draw(t, label+" clock"), 0).UTC()
	}
	wall := func(tm time.Time) string { return eas.FormatTime(tm) }
	utc := func(tm time.Time) string {
		_, off := tm.In(o.Zone).Zone()
		return eas.FormatTime(tm.Add(-time.Duration(off) * time.Second))
	}
	add(wbxml.TasksSubject, rapid.SampledFrom([]string{"a", "b; c, d", "ü"}).Draw(t, "subject"))
	add(wbxml.TasksImportance, strconv.Itoa(rapid.IntRange(0, 4).Draw(t, "importance")))
	add(wbxml.TasksSensitivity, strconv.Itoa(rapid.IntRange(0, 3).Draw(t, "sensitivity")))
	due := at("due")
	add(wbxml.TasksDueDate, wall(due))
	add(wbxml.TasksUtcDueDate, utc(due))
	if rapid.Bool().Draw(t, "recurs") {
		e := wbxml.New(wbxml.TasksRecurrence)
		child := func(tag wbxml.Tag, v any) {
			e.Add(wbxml.Text(tag, fmt.Sprint(v)))
			want["Recurrence/"+tag.Name()] = fmt.Sprint(v)
		}
		child(wbxml.TasksType, 1)
		child(wbxml.TasksInterval, rapid.IntRange(1, 3).Draw(t, "interval"))
		child(wbxml.TasksDayOfWeek, rapid.IntRange(1, 126).Draw(t, "days"))
		start := utc(due)
		if o.Version >= eas.V160 {
			start = wall(due)
		}
		child(wbxml.TasksStart, start)
		if o.Version >= eas.V141 {
			child(wbxml.TasksFirstDayOfWeek, rapid.IntRange(0, 6).Draw(t, "first"))
		}
		if rapid.Bool().Draw(t, "until") {
			child(wbxml.TasksUntil, eas.FormatTime(due.Truncate(24*time.Hour).Add(240*time.Hour)))
		}
		if rapid.Bool().Draw(t, "dead") {
			child(wbxml.TasksDeadOccur, 1)
		}
		sent = append(sent, e)
	}
	if rapid.Bool().Draw(t, "done") {
		add(wbxml.TasksComplete, "1")
		add(wbxml.TasksDateCompleted, wall(at("completed")))
	} else {
		add(wbxml.TasksComplete, "0")
	}
	add(wbxml.TasksReminderSet, "0")
	if rapid.Bool().Draw(t, "reminder") {
		sent = sent[:len(sent)-1]
		add(wbxml.TasksReminderSet, "1")
		add(wbxml.TasksReminderTime, wall(at("reminder")))
	}
	return sent, want
}
