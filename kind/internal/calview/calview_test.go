package calview_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/eas/body"
	"tandem/kind/internal/calview"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

func open(t *testing.T, lines ...string) *calview.Object {
	t.Helper()
	o, err := calview.Open([]byte("BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VTODO\r\n"+strings.Join(lines, "\r\n")+"\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"), "VTODO")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func lines(o *calview.Object) string {
	all := strings.Split(strings.TrimSpace(string(o.Doc.Bytes())), "\r\n")
	return strings.Join(all[3:len(all)-2], "|")
}

func TestOpen(t *testing.T) {
	for name, b := range map[string]string{"nothing": "", "no task": "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", "torn": "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\n"} {
		if _, err := calview.Open([]byte(b), "VTODO"); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := open(t, "RECURRENCE-ID:20260101T000000Z", "SUMMARY:override", "END:VTODO", "BEGIN:VTODO", "SUMMARY:series")
	if got := calview.Text(o.Main, "SUMMARY"); got != "series" {
		t.Errorf("the task is %q", got)
	}
}

// The quoted-printable of vCalendar 1.0 is read, and goes with the value that had it.
func TestQuoted(t *testing.T) {
	const quoted = ";CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:"
	o := open(t, "SUMMARY"+quoted+"M=C3=BCller", "DESCRIPTION;QUOTED-PRINTABLE:one=0D=0Atwo", "CATEGORIES"+quoted+"=C3=BC,x", "X-A;ENCODING=QUOTED-PRINTABLE:=41")
	if got := calview.Text(o.Main, "SUMMARY"); got != "Müller" {
		t.Errorf("%q", got)
	}
	if got := calview.Description(o.Main); got.Data != "one\ntwo" {
		t.Errorf("%q", got.Data)
	}
	calview.SetText(o.Main, "SUMMARY", "Maier; a")
	calview.SetDescription(o.Main, body.Text{Type: eas.Plain, Data: "three\nfour"})
	calview.PutCategories(o.Main, wbxml.New(wbxml.TasksCategories, wbxml.Text(wbxml.TasksCategory, "ü"), wbxml.Text(wbxml.TasksCategory, "y")), wbxml.TasksCategory)
	if got, want := lines(o), `SUMMARY:Maier\; a|DESCRIPTION:three\nfour|CATEGORIES:ü,y|X-A;ENCODING=QUOTED-PRINTABLE:=41`; got != want {
		t.Errorf("%s", got)
	}
}

// An edited category leaves the others as they are written.
func TestCategories(t *testing.T) {
	o := open(t, `CATEGORIES:a, b\,c ,d`, "CATEGORIES:", "CATEGORIES;X-L=1:e,a")
	if got := strings.Join(calview.Categories(o.Main), "|"); got != "a|b,c|d|e" {
		t.Errorf("%s", got)
	}
	keep := func(names ...string) {
		e := wbxml.New(wbxml.TasksCategories)
		for _, n := range names {
			e.Add(wbxml.Text(wbxml.TasksCategory, n))
		}
		calview.PutCategories(o.Main, e, wbxml.TasksCategory)
	}
	keep("b,c", "d", "e", "", "d")
	if got := lines(o); got != `CATEGORIES: b\,c ,d|CATEGORIES:|CATEGORIES;X-L=1:e` {
		t.Errorf("%s", got)
	}
	keep()
	if got := lines(o); got != "CATEGORIES:" {
		t.Errorf("%s", got)
	}
	keep("new")
	if got := strings.Join(calview.Categories(o.Main), "|"); got != "new" {
		t.Errorf("%s", got)
	}
}

func TestTimes(t *testing.T) {
	o := open(t, "DTSTART;VALUE=DATE:20260101")
	for _, c := range []struct{ value, tzid, want string }{
		{"20260305T090000", "Europe/Berlin", "DTSTART;TZID=Europe/Berlin:20260305T090000"},
		{"20260305T090000Z", "", "DTSTART:20260305T090000Z"},
		{"20260305", "", "DTSTART;VALUE=DATE:20260305"},
		{"20260305T090000", "", "DTSTART:20260305T090000"},
	} {
		at, err := ical.ParseTime(c.value, c.tzid)
		if err != nil {
			t.Fatal(err)
		}
		if calview.SetTime(o.Main, "DTSTART", at); lines(o) != c.want {
			t.Errorf("%s", lines(o))
		}
	}
	for _, c := range []struct {
		lines []string
		want  int64
		ok    bool
	}{
		{[]string{"CREATED:19700101T000001Z", "DTSTAMP:19700101T000002Z", "LAST-MODIFIED:19700101T000003Z"}, 3, true},
		{[]string{"CREATED:19700101T000001Z", "DTSTAMP:19700101T000002Z", "LAST-MODIFIED:soon"}, 2, true},
		{[]string{"CREATED:19700101T000001Z"}, 1, true},
		{[]string{"SUMMARY:x"}, 0, false},
	} {
		if at, ok := calview.Changed(open(t, c.lines...).Main); at != c.want || ok != c.ok {
			t.Errorf("%q: %d, %v", c.lines, at, ok)
		}
	}
}
