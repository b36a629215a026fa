package when

import (
	"hash/fnv"
	"time"
)

const day = 24 * time.Hour

// Next is the first instant after now at which the plan is due, zero if it never is. A time that a clock change skips is due at the first instant after the gap;
// one that a clock change repeats is due once. zone is the user's; name is the item's, and spreads the starts of many.
func (p Plan) Next(now time.Time, zone *time.Location, name string) time.Time {
	at, _ := p.next(now, zone, name)
	return at
}

// Missed reports whether the plan came due after last and up to now: however often, it is caught up once.
func (p Plan) Missed(last, now time.Time, zone *time.Location, name string) bool {
	if p.NoCatch {
		return false
	}
	at := p.Next(last, zone, name)
	return !at.IsZero() && !at.After(now)
}

func (p Plan) next(now time.Time, zone *time.Location, name string) (first time.Time, shift time.Duration) {
	take := func(at time.Time, by time.Duration) {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first, shift = at, by
		}
	}
	zone = p.zone(zone)
	for _, r := range p.Rules {
		by := p.shift(r.Every, name)
		at := r.next(now.Add(-by), zone)
		if !at.IsZero() {
			take(at.Add(by), by)
		}
	}
	if p.Peak != nil {
		for _, part := range []struct {
			every time.Duration
			in    bool
		}{{p.Peak.In.Every, true}, {p.Peak.Out.Every, false}} {
			if part.every > 0 {
				by := p.shift(part.every, name)
				if at := p.Peak.next(now.Add(-by), part.every, part.in, zone); !at.IsZero() {
					take(at.Add(by), by)
				}
			}
		}
	}
	return first, shift
}

// shift is how far an item's starts are moved, so that many items with one schedule do not start together: up to a minute for times of day, up to a tenth of an
// interval and five minutes at most. It is the same every time.
func (p Plan) shift(every time.Duration, name string) time.Duration {
	spread := p.Spread
	if spread < 0 {
		spread = time.Minute
		if every > 0 {
			spread = min(every/10, 5*time.Minute)
		}
	}
	return Shift(name, spread)
}

// Shift is an item's share of a spread, in whole seconds: from 0 to below it, evenly over names.
func Shift(name string, spread time.Duration) time.Duration {
	n := uint64(spread / time.Second)
	if n == 0 || name == "" {
		return 0
	}
	sum := fnv.New64a()
	sum.Write([]byte(name))
	x := sum.Sum64() // names that differ in the last letter only differ little up to here
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return time.Duration(x%n) * time.Second
}

func (r Rule) next(now time.Time, zone *time.Location) time.Time {
	switch {
	case r.Cron != nil:
		return r.Cron.next(now, zone)
	case r.Every > 0 && r.Within == nil:
		return tick(now, r.Every, zone)
	case r.Every > 0:
		return r.Within.ticks(now, r.Every, zone)
	}
	var first time.Time
	for d := range 10 { // a day back for what a clock change moved, and a week with all its days
		date := dateOf(now, zone).AddDate(0, 0, d-1)
		if !r.Days.Has(date.Weekday()) {
			continue
		}
		for _, m := range r.At {
			if at := place(date.Add(time.Duration(m)*time.Minute), zone); at.After(now) && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	return first
}

// tick is the next of the instants that are a whole number of intervals from a midnight long ago.
func tick(now time.Time, every time.Duration, zone *time.Location) time.Time {
	from := time.Date(2000, 1, 3, 0, 0, 0, 0, zone)
	n := int64(now.Sub(from) / every)
	if now.Before(from) {
		n--
	}
	return from.Add(time.Duration(n+1) * every)
}

// ticks is the next instant in the window that is a whole number of intervals from its start.
func (w Window) ticks(now time.Time, every time.Duration, zone *time.Location) time.Time {
	for d := range 11 {
		from, to, ok := w.on(dateOf(now, zone).AddDate(0, 0, d-2), zone)
		if !ok {
			continue
		}
		at := from
		if !now.Before(from) {
			at = from.Add((now.Sub(from)/every + 1) * every)
		}
		if at.Before(to) {
			return at
		}
	}
	return time.Time{}
}

// on is the window that starts on a date, given as that date's midnight in UTC.
func (w Window) on(date time.Time, zone *time.Location) (from, to time.Time, ok bool) {
	if !w.Days.Has(date.Weekday()) {
		return from, to, false
	}
	end := date.Add(time.Duration(w.To) * time.Minute)
	if w.To <= w.From {
		end = end.Add(day)
	}
	return place(date.Add(time.Duration(w.From)*time.Minute), zone), place(end, zone), true
}

// around is the window that an instant lies in.
func (w Window) around(now time.Time, zone *time.Location) (from, to time.Time, ok bool) {
	for d := range 3 {
		from, to, ok := w.on(dateOf(now, zone).AddDate(0, 0, d-1), zone)
		if ok && !now.Before(from) && now.Before(to) {
			return from, to, true
		}
	}
	return from, to, false
}

// Contains reports whether an instant lies in the window.
func (w Window) Contains(now time.Time, zone *time.Location) bool {
	_, _, ok := w.around(now, zone)
	return ok
}

// next is the next interval's start in the window, or outside of it.
func (w Window) next(now time.Time, every time.Duration, in bool, zone *time.Location) time.Time {
	if in {
		return w.ticks(now, every, zone)
	}
	at := tick(now, every, zone)
	for range 20 {
		_, to, inside := w.around(at, zone)
		if !inside {
			return at
		}
		at = tick(to.Add(-1), every, zone)
	}
	return time.Time{}
}

// dateOf is the midnight of an instant's date, on a clock without changes: UTC stands for the wall clock.
func dateOf(now time.Time, zone *time.Location) time.Time {
	y, m, d := now.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// place finds the instant at which the zone's clock shows a wall time: the first of two, and the end of the gap where it shows it never.
func place(wall time.Time, zone *time.Location) time.Time {
	// The offsets in force well before and well after are the only candidates; zones change at most once in that span.
	_, before := time.Unix(wall.Unix()-26*3600, 0).In(zone).Zone()
	_, after := time.Unix(wall.Unix()+26*3600, 0).In(zone).Zone()
	first := time.Unix(wall.Unix()-int64(max(before, after)), 0)
	second := time.Unix(wall.Unix()-int64(min(before, after)), 0)
	for _, at := range []time.Time{first, second} {
		if _, off := at.In(zone).Zone(); at.Unix()+int64(off) == wall.Unix() {
			return at
		}
	}
	return gapEnd(first, second, zone)
}

// gapEnd searches the instant between two at which the zone's offset changes.
func gapEnd(low, high time.Time, zone *time.Location) time.Time {
	_, off := low.In(zone).Zone()
	a, b := low.Unix(), high.Unix()
	for b-a > 1 {
		mid := a + (b-a)/2
		if _, o := time.Unix(mid, 0).In(zone).Zone(); o == off {
			a = mid
		} else {
			b = mid
		}
	}
	return time.Unix(b, 0)
}

// Turn is when peak hours begin or end next, zero if there are none.
func (p Plan) Turn(now time.Time, zone *time.Location) time.Time {
	if p.Peak == nil {
		return time.Time{}
	}
	zone = p.zone(zone)
	if _, to, ok := p.Peak.around(now, zone); ok {
		return to
	}
	for d := range 10 {
		if from, _, ok := p.Peak.on(dateOf(now, zone).AddDate(0, 0, d-1), zone); ok && from.After(now) {
			return from
		}
	}
	return time.Time{}
}
