package calquery_test

import (
	"fmt"
	"testing"

	"tandem"
	"tandem/kind/event"
	"tandem/kind/note"
	"tandem/kind/recur"
	"tandem/kind/task"
	"tandem/server/dav/calquery"
	"tandem/wire/ical"
)

// index is what a store knows of a record.
func index(zones *recur.Zones, e ical.Entry) (tandem.Index, bool) {
	switch e.Component {
	case "VEVENT":
		info, err := event.Handler{Zones: zones}.Inspect(e.Body)
		return info.Index, err == nil
	case "VTODO":
		info, err := task.Handler{Zones: zones}.Inspect(e.Body)
		return info.Index, err == nil
	}
	info, err := note.Handler{}.Inspect(e.Body)
	return info.Index, err == nil
}

// tenThousand is a calendar of 30 years, a tenth of it series.
func tenThousand(b *testing.B, zones *recur.Zones) (bodies [][]byte, ix []tandem.Index) {
	b.Helper()
	for i := range 10_000 {
		day := ical.Time{Form: ical.Date, Wall: (9000 + int64(i)) * ical.DaySeconds}.String()
		rule := ""
		if i%10 == 0 {
			rule = "|RRULE:FREQ=WEEKLY;COUNT=20"
		}
		body := cal(fmt.Sprintf("VEVENT|DTSTAMP:20260101T000000Z|DTSTART;TZID=Europe/Berlin:%sT100000|DTEND;TZID=Europe/Berlin:%sT113000%s|SUMMARY:Meeting number %d|"+
			"LOCATION:Room 5|DESCRIPTION:Some words about what is to be said and by whom\\, so that the body has a usual length.|"+
			"ATTENDEE;CN=Anna;PARTSTAT=ACCEPTED:mailto:anna@example.com|ORGANIZER:mailto:berta@example.com", day, day, rule, i))
		info, err := event.Handler{Zones: zones}.Inspect(body)
		if err != nil {
			b.Fatal(err)
		}
		bodies, ix = append(bodies, body), append(ix, info.Index)
	}
	return bodies, ix
}

func BenchmarkFilter(b *testing.B) {
	zones := &recur.Zones{}
	bodies, ix := tenThousand(b, zones)
	span := `<time-range start="20100101T000000Z" end="20100201T000000Z"/>`
	for name, inner := range map[string]string{"window": span, "window and text": span + `<prop-filter name="SUMMARY"><text-match>NUMBER 5</text-match></prop-filter>`,
		"text": `<prop-filter name="SUMMARY"><text-match>NUMBER 5</text-match></prop-filter>`, "all": ""} {
		f := filterOf(b, `<comp-filter name="VEVENT">`+inner+`</comp-filter>`, calquery.Env{Zones: zones})
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				n, read := query(f, bodies, ix, true)
				b.ReportMetric(float64(n), "matches")
				b.ReportMetric(float64(read), "bodies")
			}
		})
		if name == "window" {
			b.Run("every body", func(b *testing.B) {
				for b.Loop() {
					query(f, bodies, ix, false)
				}
			})
		}
	}
}

// query does what the front door does: the window, then what the index proves, then the bodies.
func query(f *calquery.Filter, bodies [][]byte, ix []tandem.Index, useIndex bool) (matches, read int) {
	from, to, ok := f.Window()
	for i, body := range bodies {
		if useIndex && ok && !(ix[i].Start < to && ix[i].End > from) {
			continue
		}
		if useIndex && f.Proven("VEVENT", ix[i]) {
			matches++
			continue
		}
		read++
		if ok, _ := f.Match(body); ok {
			matches++
		}
	}
	return matches, read
}
