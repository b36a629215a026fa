// Package zone translates between the time zones of calendars and the TimeZone structure of Exchange ActiveSync (package
// wintz), which knows the rules of one year but not the name of the place.
//
// The way there is exact for the year in question. On the way back several places have the same rules; the one that
// the event names already is taken if it is among them, then the user's own, then the one that the structure names,
// then the one where most people live.
package zone

import (
	"strings"
	"time"

	"tandem/kind/recur"
	"tandem/wire/ical"
	"tandem/wire/wintz"
)

// Of is the structure for a zone at an instant: its rules for the year in which that lies, by its own clocks. Where a
// year has changes that no pair of rules can say, it is the offset in force at the instant.
func Of(z recur.Zone, at int64) wintz.Zone {
	if w, ok := z.(wintz.Zone); ok {
		return w
	}
	year := yearAt(z, at)
	for _, y := range []int{year, year + 1} {
		if w, ok := inYear(z, y); ok && w.Offset(at) == whole(z.Offset(at)) {
			return named(w, z.Name())
		}
	}
	return named(fixed(z.Offset(at)), z.Name())
}

// whole is an offset in whole minutes, which is all that the structure can say.
func whole(offset int) int { return offset / 60 * 60 }

func fixed(offset int) wintz.Zone { return wintz.Zone{Bias: int32(-offset / 60)} }

func named(w wintz.Zone, iana string) wintz.Zone {
	if iana == "UTC" {
		return w
	}
	if name := recur.WindowsName(iana); name != "" {
		w.StandardName = name
		if w.Changes() {
			w.DaylightName = strings.Replace(name, "Standard", "Daylight", 1)
		}
		return w
	}
	if len(iana) <= 31 {
		w.StandardName = iana
	}
	return w
}

func yearAt(z recur.Zone, at int64) int {
	y, _, _ := ical.Civil(ical.FloorDiv(at+int64(z.Offset(at)), ical.DaySeconds))
	return y
}

// inYear is the structure for a year in which clocks change twice or not at all.
func inYear(z recur.Zone, year int) (wintz.Zone, bool) {
	onsets := Onsets(z, year)
	switch len(onsets) {
	case 0:
		return fixed(z.Offset(ical.DayNumber(year, 7, 1) * ical.DaySeconds)), true
	case 2:
	default:
		return wintz.Zone{}, false
	}
	on, off := onsets[0], onsets[1]
	if on.To < on.From {
		on, off = off, on
	}
	if on.From != off.To || on.To != off.From || on.To <= on.From {
		return wintz.Zone{}, false
	}
	w := fixed(off.To)
	w.DaylightBias = int32(-(on.To - on.From) / 60)
	w.DaylightDate = rule(z, on, year)
	w.StandardDate = rule(z, off, year)
	return w, true
}

// Onsets are the changes of a zone's clocks in a year of its own, offsets in whole minutes.
func Onsets(z recur.Zone, year int) []wintz.Onset {
	from, to := z.Instant(ical.DayNumber(year, 1, 1)*ical.DaySeconds), z.Instant(ical.DayNumber(year+1, 1, 1)*ical.DaySeconds)
	if from >= to {
		return nil
	}
	var out []wintz.Onset
	const step = 7 * ical.DaySeconds // no clock was ever changed and changed back within a week
	// A change at the very beginning of a year, which its own clocks date to the year before, counts in both.
	for at := from - 1; at < to-1; at += step {
		lo, hi := at, min(at+step, to-1)
		before, after := whole(z.Offset(lo)), whole(z.Offset(hi))
		if before == after {
			continue
		}
		for hi-lo > 1 {
			if mid := lo + (hi-lo)/2; whole(z.Offset(mid)) == before {
				lo = mid
			} else {
				hi = mid
			}
		}
		out = append(out, wintz.Onset{At: hi, From: before, To: whole(z.Offset(hi))})
	}
	return out
}

// rule finds the rule that says when a change is and holds longest in the following years.
func rule(z recur.Zone, on wintz.Onset, year int) wintz.Date {
	wall := on.At + int64(on.From)
	var fit []wintz.Date
	for _, d := range candidates(wall) {
		if w, ok := d.In(year); ok && w == wall {
			fit = append(fit, d)
		}
	}
	for y := year + 1; y < year+8 && len(fit) > 1; y++ {
		var still []wintz.Date
		for _, o := range Onsets(z, y) {
			for _, d := range fit {
				if w, ok := d.In(y); ok && o.From == on.From && o.To == on.To && w == o.At+int64(o.From) {
					still = append(still, d)
				}
			}
		}
		if len(still) > 0 {
			fit = still
		}
	}
	return fit[0]
}

// candidates are the rules of every year by which a change could be at a wall time. One at midnight may also be meant
// for the end of the day before, which Windows writes as its last millisecond.
func candidates(wall int64) []wintz.Date {
	out := onDay(wall, 0)
	if wall%ical.DaySeconds == 0 {
		out = append(out, onDay(wall-1, 999)...)
	}
	return out
}

func onDay(wall int64, ms uint16) []wintz.Date {
	day := ical.FloorDiv(wall, ical.DaySeconds)
	sec := wall - day*ical.DaySeconds
	y, m, d := ical.Civil(day)
	date := wintz.Date{Month: uint16(m), DayOfWeek: uint16(ical.Weekday(day)), Hour: uint16(sec / 3600), Minute: uint16(sec / 60 % 60), Second: uint16(sec % 60), Millisecond: ms}
	var out []wintz.Date
	if d+7 > ical.DaysIn(y, m) {
		date.Day = 5
		out = append(out, date)
	}
	if nth := (d-1)/7 + 1; nth < 5 {
		date.Day = uint16(nth)
		out = append(out, date)
	}
	return out
}

// Wanted is what a client's structure is matched against.
type Wanted struct {
	Blob     wintz.Zone
	At, Now  int64          // the event's instant, and the present
	Existing string         // TZID that the event names, "" if none
	Zone     recur.Zone     // the zone it means
	User     *time.Location // the user's zone
}

// Find is the TZID for a structure, "" when no place known has such rules. Existing is returned as it stands.
func Find(zones *recur.Zones, w Wanted) string {
	if w.Zone != nil && w.agrees(w.Zone) > 0 {
		return w.Existing
	}
	if w.User != nil && (w.blank() || w.agrees(recur.Location(w.User)) > 0) {
		if name := w.User.String(); name == "UTC" || recur.IANA(name) != "" {
			return name
		}
	}
	for _, name := range []string{w.Blob.StandardName, w.Blob.DaylightName} {
		z := zones.FindWindows(name)
		if z == nil {
			z = zones.Find(name)
		}
		if z != nil && w.agrees(z) > 0 {
			return z.Name()
		}
	}
	best, most := "", 0
	for _, name := range cities {
		if z := zones.Find(name); z != nil {
			if n := w.agrees(z); n > most {
				best, most = name, n
			}
		}
	}
	return best
}

// Fits reports whether a structure says the same as a zone for the year of at or of now, or the one after.
func Fits(blob wintz.Zone, z recur.Zone, at, now int64) bool {
	w := Wanted{Blob: blob, At: at, Now: now}
	return w.agrees(z) > 0
}

// blank reports a structure of nothing but zeros, as clients send that know nothing of zones.
func (w *Wanted) blank() bool { return w.Blob == wintz.Zone{} }

// agrees counts the years around the event and around the present in which the structure and a zone have the same
// changes. A client may send the rules of either.
func (w *Wanted) agrees(z recur.Zone) int {
	n := 0
	seen := [4]int{}
	for i, year := range []int{yearAt(z, w.At), yearAt(z, w.At) + 1, yearAt(z, w.Now), yearAt(z, w.Now) + 1} {
		again := false
		for _, y := range seen[:i] {
			again = again || y == year
		}
		seen[i] = year
		if !again && agree(w.Blob, z, year) {
			n++
		}
	}
	return n
}

func agree(b wintz.Zone, z recur.Zone, year int) bool {
	for _, month := range []int{1, 4, 7, 10} {
		if at := ical.DayNumber(year, month, 15) * ical.DaySeconds; b.Offset(at) != whole(z.Offset(at)) {
			return false
		}
	}
	own, its := b.Onsets(year), Onsets(z, year)
	if len(own) != len(its) {
		return false
	}
	for i := range own {
		if own[i] != its[i] {
			return false
		}
	}
	return true
}
