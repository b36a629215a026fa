package task_test

import (
	"slices"
	"strings"
	"testing"

	"tandem/kind/eas"
	"tandem/kind/internal/viewtest"
	"tandem/kind/task"
)

func TestViewRecurrence(t *testing.T) {
	o := berlin(t)
	b := todo("DUE;VALUE=DATE:20260305", "RRULE:FREQ=MONTHLY;BYDAY=1TH", "EXDATE;VALUE=DATE:20260402")
	got := show(t, b, o)
	for name, want := range map[string]string{"Type": "3", "DayOfWeek": "16", "WeekOfMonth": "1", "Interval": "1", "Start": "2026-03-05T00:00:00.000Z", "CalendarType": "1"} {
		if got["Recurrence/"+name] != want {
			t.Errorf("%s is %q", name, got["Recurrence/"+name])
		}
	}
	o.Version = eas.V141 // field note 58: the start is UTC there
	if got := show(t, b, o)["Recurrence/Start"]; got != "2026-03-04T23:00:00.000Z" {
		t.Errorf("start %s", got)
	}
	o.Version = eas.V161
	after := send(t, b, o, "Recurrence/Type=0", "Recurrence/Start=2026-03-05T00:00:00.000Z", "Recurrence/Occurrences=3", "Recurrence/Until=2026-03-09T00:00:00.000Z")
	has(t, after, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20260402") // MS-ASTASK_R37013
	after = send(t, b, o, "Recurrence=")
	if strings.Contains(string(after), "RRULE") || strings.Contains(string(after), "EXDATE") {
		t.Errorf("%s", after)
	}
	if after = send(t, b, o, "Subject=x"); !strings.Contains(string(after), "RRULE") {
		t.Errorf("%s", after)
	}
	after = send(t, b, viewtest.Managed(o), "Subject=x", "DueDate=2026-03-05T00:00:00.000Z")
	if strings.Contains(string(after), "RRULE") {
		t.Errorf("%s", after)
	}
	// MS-ASTASK_R156, R157: an instance that is done recurs no more, but tells how it did.
	dead := []string{"Recurrence/Type=3", "Recurrence/Start=2026-03-05T00:00:00.000Z", "Recurrence/DayOfWeek=16", "Recurrence/WeekOfMonth=1", "Recurrence/DeadOccur=1"}
	after = send(t, b, o, append(dead, "Complete=1")...)
	has(t, after, "X-TANDEM-DEAD-RRULE:FREQ=MONTHLY;BYDAY=1TH", "STATUS:COMPLETED")
	if got := show(t, after, o); got["Recurrence/DeadOccur"] != "1" || strings.Contains(string(after), "\nRRULE") {
		t.Errorf("%q\n%s", got, after)
	}
	// A rule beyond patterns stays when its nearest pattern comes back, and what another element says is written.
	b = todo("DUE;VALUE=DATE:20260301", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15")
	after = send(t, b, o, "Recurrence/Type=2", "Recurrence/Start=2026-03-01T00:00:00.000Z", "Recurrence/DayOfMonth=1", "Recurrence/Regenerate=1")
	has(t, after, "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15", "X-TANDEM-REGENERATE:1")
	// A task without dates starts when its recurrence does; times of what recurs mean the user's clocks.
	has(t, send(t, nil, o, "Recurrence/Type=0", "Recurrence/Start=2026-03-05T00:00:00.000Z"), "DTSTART;VALUE=DATE:20260305", "RRULE:FREQ=DAILY")
	has(t, send(t, nil, o, "DueDate=2026-03-05T00:30:00.000Z", "UtcDueDate=2026-03-04T23:30:00.000Z", "Recurrence/Type=1", "Recurrence/Start=2026-03-05T00:30:00.000Z",
		"Recurrence/Until=2026-04-05T00:00:00.000Z"), "DUE:20260305T003000", "RRULE:FREQ=WEEKLY;UNTIL=20260405T003000;BYDAY=TH")
	has(t, send(t, bodies(t)["zoned"], o, "Recurrence/Type=1", "Recurrence/Start=2026-03-05T09:00:00.000Z", "Recurrence/DayOfWeek=16", "Recurrence/Until=2026-06-05T00:00:00.000Z"),
		"RRULE:FREQ=WEEKLY;UNTIL=20260605T070000Z;BYDAY=TH")
}

// Which elements a pattern is shown with, by its type.
func TestViewRecurrenceElements(t *testing.T) {
	for rule, want := range map[string]string{
		"FREQ=DAILY;COUNT=3":              "Interval Occurrences Start Type=0",
		"FREQ=WEEKLY;UNTIL=20270101":      "DayOfWeek FirstDayOfWeek Interval Start Type=1 Until",
		"FREQ=MONTHLY":                    "CalendarType DayOfMonth Interval Start Type=2",
		"FREQ=MONTHLY;BYDAY=1TH":          "CalendarType DayOfWeek Interval Start Type=3 WeekOfMonth",
		"FREQ=YEARLY":                     "CalendarType DayOfMonth Interval MonthOfYear Start Type=5",
		"FREQ=YEARLY;BYMONTH=3;BYDAY=1TH": "CalendarType DayOfWeek Interval MonthOfYear Start Type=6 WeekOfMonth",
		"FREQ=DAILY;INTERVAL=2;BYDAY=TH":  "DayOfWeek Interval Start Type=0",
		"FREQ=YEARLY;INTERVAL=5000":       "CalendarType DayOfMonth Interval MonthOfYear Start Type=5",
		"FREQ=DAILY;COUNT=300":            "Interval Start Type=0 Until",
	} {
		var got []string
		for name, v := range show(t, todo("DUE;VALUE=DATE:20260305", "RRULE:"+rule), berlin(t)) {
			if child, ok := strings.CutPrefix(name, "Recurrence/"); ok {
				if child == "Type" {
					child += "=" + v
				}
				got = append(got, child)
			}
		}
		slices.Sort(got)
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %s", rule, s)
		}
	}
}

func FuzzViewPut(f *testing.F) {
	all := bodies(f)
	viewtest.Fuzz(f, task.View{}, task.Handler{}, all["zoned"], all["utc"], all["alarms"], all["done"], all["floating"])
}
