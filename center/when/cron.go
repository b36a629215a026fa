package when

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Cron is a parsed cron expression. The library only parses: its own arithmetic skips a time that a clock change skips, and repeats one that it repeats.
type Cron struct {
	Text string
	spec *cron.SpecSchedule
	zone *time.Location // nil: that of the plan
}

// ParseCron reads five cron fields or a descriptor such as @hourly; @every is refused, since its times would hang on when the program was started. A prefix
// TZ=… sets the zone.
func ParseCron(text string) (*Cron, error) {
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor).Parse(text)
	if err != nil {
		return nil, err
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("@every is not supported; write every and a duration, such as every 15m")
	}
	wall := *spec
	wall.Location = time.UTC
	c := &Cron{Text: text, spec: &wall}
	if strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ=") {
		c.zone = spec.Location
	}
	if c.spec.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("it never comes due")
	}
	return c, nil
}

// next evaluates the fields on a clock without changes (UTC standing for the wall clock), and places each result in the zone.
func (c *Cron) next(now time.Time, zone *time.Location) time.Time {
	if c.zone != nil {
		zone = c.zone
	}
	_, offset := now.In(zone).Zone()
	// Start a day early: around a clock change the wall clock does not tell the order of instants.
	wall := time.Unix(now.Unix()+int64(offset), 0).UTC().Add(-day)
	for range 4 * 24 * 60 {
		if wall = c.spec.Next(wall); wall.IsZero() {
			return time.Time{}
		}
		if at := place(wall, zone); at.After(now) {
			return at
		}
	}
	return time.Time{}
}

// Fields are what a cron expression allows, each in order; nil where it allows all.
type Fields struct {
	Minutes, Hours []int
	Dates          []int // days of the month
	Months         []int
	Days           Days // of the week
}

// Fields are those of the expression. Where it names dates and days of the week, either is enough, as crontab has it.
func (c *Cron) Fields() Fields {
	pick := func(mask uint64, low, high int) (out []int) {
		for i := low; i <= high; i++ {
			if mask&(1<<i) != 0 {
				out = append(out, i)
			}
		}
		if len(out) == high-low+1 {
			return nil
		}
		return out
	}
	s := c.spec
	f := Fields{Minutes: pick(s.Minute, 0, 59), Hours: pick(s.Hour, 0, 23), Dates: pick(s.Dom, 1, 31), Months: pick(s.Month, 1, 12)}
	for _, d := range pick(s.Dow, 0, 6) {
		f.Days[d] = true
	}
	return f
}

// Zone is the zone that the expression names itself, nil if it names none.
func (c *Cron) Zone() *time.Location { return c.zone }
