package event_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/kind/eas"
)

// A client that changes as many exceptions as it may, of a series that has more than it can show, costs little.
func TestCost(t *testing.T) {
	const overrides, sent = 5000, 1000
	day := func(i int) time.Time { return time.Date(2026, 3, 3+i, 10, 0, 0, 0, berlin(t)) }
	var over []string
	for i := range overrides {
		d := day(i).Format("20060102")
		over = append(over, fmt.Sprintf("RECURRENCE-ID;TZID=Europe/Berlin:%sT100000|DTSTART;TZID=Europe/Berlin:%sT110000|SUMMARY:x%d", d, d, i))
	}
	many, one := cal(meet+"|RRULE:FREQ=DAILY", over...), cal(meet+"|RRULE:FREQ=DAILY")
	var changed strings.Builder
	for i := range sent {
		fmt.Fprintf(&changed, "<Exception><ExceptionStartTime>%s</ExceptionStartTime><Subject>new%d</Subject></Exception>", eas.FormatCompact(day(i)), i)
	}
	deleted := strings.ReplaceAll(changed.String(), "<Exception>", "<Exception><Deleted>1</Deleted>")
	for _, c := range []struct{ name, body, sent string }{
		{"change many", many, "<Exceptions>" + changed.String() + "</Exceptions>"},
		{"make many", one, "<Exceptions>" + changed.String() + "</Exceptions>"},
		{"delete of many", many, "<Exceptions>" + deleted + "</Exceptions>"},
		{"delete many", one, "<Exceptions>" + deleted + "</Exceptions>"},
		{"move many", many, "<Subject>new</Subject><StartTime>20260302T100000Z</StartTime><EndTime>20260302T110000Z</EndTime>"},
		{"delete what is not there", many, "<Exceptions>" + strings.ReplaceAll(deleted, "T09", "T17") + "</Exceptions>"},
	} {
		elements := data(t, c.sent)
		start := time.Now()
		r, err := view.Put([]byte(c.body), elements, eas.Put{Options: options(t, eas.V141)})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %v, %d bytes", c.name, time.Since(start), len(r.Body))
		if took := time.Since(start); took > time.Minute { // it takes a tenth of a second
			t.Errorf("%s took %v", c.name, took)
		}
	}
	costly := cal(meet + "|RRULE:FREQ=SECONDLY" + strings.Repeat("|EXRULE:FREQ=SECONDLY", 20))
	if _, err := view.Put([]byte(costly), data(t, "<Exceptions>"+changed.String()+"</Exceptions>"), eas.Put{Options: options(t, eas.V141)}); err == nil {
		t.Error("a thousand instances of a series that happens every second were sought")
	}
	if _, err := view.Put([]byte(one), data(t, "<Exceptions>"+strings.Repeat(changed.String(), 2)+"</Exceptions>"), eas.Put{Options: options(t, eas.V141)}); err == nil {
		t.Error("more exceptions than the schema has room for were taken")
	}
}
