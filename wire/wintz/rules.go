package wintz

import "time"

const daySeconds = 86400

// dayNumber counts the days from 1970-01-01.
func dayNumber(year, month, day int) int64 {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / daySeconds
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// In is the wall time of the date in a year, to the full second; what ends in .999 means the second after. ok is false
// if it does not come in that year.
func (d Date) In(year int) (wall int64, ok bool) {
	if d.IsZero() || d.Year != 0 && int(d.Year) != year {
		return 0, false
	}
	day := int(d.Day)
	if d.Year == 0 {
		first := dayNumber(year, int(d.Month), 1)
		weekday := int(((first+4)%7 + 7) % 7)
		day = 1 + (int(d.DayOfWeek)-weekday+7)%7 + 7*(int(d.Day)-1)
		for day > daysIn(year, int(d.Month)) {
			day -= 7
		}
	}
	wall = dayNumber(year, int(d.Month), day)*daySeconds + int64(d.Hour)*3600 + int64(d.Minute)*60 + int64(d.Second)
	if d.Millisecond >= 500 {
		wall++
	}
	return wall, true
}

// Changes reports whether the clocks ever change.
func (z Zone) Changes() bool {
	return !z.StandardDate.IsZero() && !z.DaylightDate.IsZero() && z.StandardBias != z.DaylightBias
}

// Standard is how many seconds the clocks are ahead of UTC when there is no daylight time, Daylight when there is.
func (z Zone) Standard() int {
	if !z.Changes() {
		// What StandardBias means without a date is not said; Windows itself leaves it out.
		return int(z.offset(0))
	}
	return int(z.offset(z.StandardBias))
}

// Daylight is how many seconds the clocks are ahead of UTC in daylight time.
func (z Zone) Daylight() int {
	if !z.Changes() {
		return z.Standard()
	}
	return int(z.offset(z.DaylightBias))
}

// Onset is one change of the clocks.
type Onset struct {
	At       int64 // instant
	From, To int   // seconds ahead of UTC before and after
}

// Onsets are the changes of the clocks in a year, in order.
func (z Zone) Onsets(year int) []Onset {
	if !z.Changes() {
		return nil
	}
	std, dst := z.Standard(), z.Daylight()
	var out []Onset
	if wall, ok := z.DaylightDate.In(year); ok {
		out = append(out, Onset{At: wall - int64(std), From: std, To: dst})
	}
	if wall, ok := z.StandardDate.In(year); ok {
		out = append(out, Onset{At: wall - int64(dst), From: dst, To: std})
	}
	if len(out) == 2 && out[1].At < out[0].At {
		out[0], out[1] = out[1], out[0]
	}
	return out
}

// Offset is how many seconds the clocks are ahead of UTC at an instant.
func (z Zone) Offset(at int64) int {
	std := z.Standard()
	if !z.Changes() {
		return std
	}
	year := time.Unix(at+int64(std), 0).UTC().Year()
	onsets := z.Onsets(year)
	if len(onsets) == 0 {
		return std
	}
	off := onsets[0].From
	for _, o := range onsets {
		if at >= o.At {
			off = o.To
		}
	}
	return off
}

// Instant is when clocks show a wall time. A time that does not come is read with the offset before the gap; of two,
// the first counts (RFC 5545 3.3.5).
func (z Zone) Instant(wall int64) int64 {
	const far = 26 * 3600
	before, after := int64(z.Offset(wall-far)), int64(z.Offset(wall+far))
	if before == after {
		return wall - before
	}
	if at := wall - before; int64(z.Offset(at)) == before {
		return at
	}
	if at := wall - after; int64(z.Offset(at)) == after {
		return at
	}
	return wall - before
}

// Name is a name for people: that of standard time.
func (z Zone) Name() string { return z.StandardName }

// Same reports whether two zones show the same time at every instant; names do not matter.
func (z Zone) Same(o Zone) bool {
	if z.Changes() != o.Changes() || z.Standard() != o.Standard() {
		return false
	}
	return !z.Changes() || z.Daylight() == o.Daylight() && z.StandardDate == o.StandardDate && z.DaylightDate == o.DaylightDate
}
