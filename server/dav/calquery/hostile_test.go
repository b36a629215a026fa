package calquery_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/kind/recur"
	"tandem/server/dav/calquery"
)

// TestHostileBodies: no body of a calendar keeps a query busy for long. What a body may cost is bounded by package recur; the bound here has ample room for a slow
// machine.
func TestHostileBodies(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine works through much: the race detector is told nothing new")
	}
	many := func(n int, f func(i int) string) string {
		var out []string
		for i := range n {
			out = append(out, f(i))
		}
		return strings.Join(out, "|")
	}
	env := calquery.Env{Zones: &recur.Zones{}}
	span := `start="20260301T000000Z" end="20260401T000000Z"`
	for name, body := range map[string][]byte{
		"every second":        cal("VEVENT|DTSTART:20000101T000000Z|RRULE:FREQ=SECONDLY"),
		"every second, twice": cal("VEVENT|DTSTART:20000101T000000Z|DURATION:P1000W|RRULE:FREQ=SECONDLY|EXRULE:FREQ=SECONDLY"),
		"rules": cal("VEVENT|DTSTART:20000101T000000Z|" + many(1000, func(i int) string {
			return fmt.Sprintf("RRULE:FREQ=SECONDLY;INTERVAL=%d;BYMONTH=2;BYMONTHDAY=30", i+1)
		})),
		"dates": cal("VEVENT|DTSTART:20000101T000000Z|RRULE:FREQ=DAILY|" + many(20_000, func(i int) string {
			return "EXDATE:" + time.Unix(int64(i)*86400, 0).UTC().Format("20060102T150405Z") + "|RDATE:" + time.Unix(int64(i)*3600, 0).UTC().Format("20060102T150405Z")
		})),
		"alarms": cal("VEVENT|DTSTART:20000101T000000Z|RRULE:FREQ=MINUTELY|" + many(200, func(i int) string {
			return fmt.Sprintf("BEGIN:VALARM|TRIGGER:-P%dD|REPEAT:999999999|DURATION:P300D|END:VALARM", i)
		})),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			for _, inner := range []string{`<time-range ` + span + `/>`, `<comp-filter name="VALARM"><time-range ` + span + `/></comp-filter>`, `<time-range ` + span + `/><prop-filter name="X"/>`} {
				if _, err := filterOf(t, `<comp-filter name="VEVENT">`+inner+`</comp-filter>`, env).Match(body); err != nil {
					t.Error(err)
				}
			}
			_, _ = dataOf(t, `<calendar-data><expand `+span+`/></calendar-data>`, env).Apply(body)
			b := calquery.NewFreeBusy(unix(t, "20260301T000000Z"), unix(t, "20260401T000000Z"), "", env)
			if err := b.Add(body); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %v", took)
			} else {
				t.Logf("took %v", took)
			}
		})
	}
}
