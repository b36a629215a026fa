package center

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"

	"tandem"
)

// schedule is a parsed cron expression with our own arithmetic over the wall clock: a time that a clock change skips
// runs at the first instant after the gap, and a time that a clock change repeats runs once.
type schedule struct {
	spec *cron.SpecSchedule
	zone *time.Location
}

// parseSchedule reads five cron fields or a descriptor such as @hourly; @every is refused, since its times would hang
// on when the program was started. A prefix TZ=… sets the zone, the local one otherwise.
func parseSchedule(text string) (*schedule, error) {
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor).Parse(text)
	if err == nil {
		if spec, ok := parsed.(*cron.SpecSchedule); ok {
			zone := spec.Location
			wall := *spec
			wall.Location = time.UTC
			s := &schedule{spec: &wall, zone: zone}
			if s.spec.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
				return nil, badSchedule(text, fmt.Errorf("it never comes due"))
			}
			return s, nil
		}
		err = fmt.Errorf("@every is not supported")
	}
	return nil, badSchedule(text, err)
}

func badSchedule(text string, err error) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "read schedule", Thing: fmt.Sprintf("%q", text), Err: err,
		Remedy: `write five fields (minute hour day month weekday) like "30 2 * * *", or @hourly, @daily, @weekly`}
}

// next is the first instant after now at which the schedule is due. The cron fields are evaluated on a clock without
// changes (UTC standing for the wall clock), and each result is then placed in the zone.
func (s *schedule) next(now time.Time) time.Time {
	local := now.In(s.zone)
	_, offset := local.Zone()
	// Start a day early: around a clock change the wall clock does not tell the order of instants.
	wall := time.Unix(local.Unix()+int64(offset), 0).UTC().Add(-24 * time.Hour)
	for range 4 * 24 * 60 {
		wall = s.spec.Next(wall)
		if wall.IsZero() {
			return time.Time{}
		}
		if at := s.place(wall); at.After(now) {
			return at
		}
	}
	return time.Time{}
}

// place finds the instant at which the zone's clock shows the given wall time: the first of two, and the end of the
// gap where it shows it never.
func (s *schedule) place(wall time.Time) time.Time {
	// The offsets in force well before and well after are the only candidates; zones change at most once in that span.
	_, before := time.Unix(wall.Unix()-26*3600, 0).In(s.zone).Zone()
	_, after := time.Unix(wall.Unix()+26*3600, 0).In(s.zone).Zone()
	first := time.Unix(wall.Unix()-int64(max(before, after)), 0)
	second := time.Unix(wall.Unix()-int64(min(before, after)), 0)
	for _, at := range []time.Time{first, second} {
		if _, off := at.In(s.zone).Zone(); at.Unix()+int64(off) == wall.Unix() {
			return at
		}
	}
	return s.gapEnd(first, second)
}

// gapEnd searches the instant between two at which the zone's offset changes.
func (s *schedule) gapEnd(low, high time.Time) time.Time {
	_, off := low.In(s.zone).Zone()
	a, b := low.Unix(), high.Unix()
	for b-a > 1 {
		mid := a + (b-a)/2
		if _, o := time.Unix(mid, 0).In(s.zone).Zone(); o == off {
			a = mid
		} else {
			b = mid
		}
	}
	return time.Unix(b, 0)
}
