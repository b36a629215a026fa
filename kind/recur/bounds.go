package recur

import (
	"math"

	"tandem/wire/ical"
)

const (
	boundYears = 10   // how far from its start a series is followed to find its last instance
	boundSteps = 5000 // and how many instances
)

// Bounds is the range [start, end) of Unix seconds from the series' first instant to its last. Where following it to
// the end would be too much work, end is later than the last instant, math.MaxInt64 for a series that never ends: a
// search by Bounds finds too much rather than too little. ok is false if nothing ever happens.
func (s *Series) Bounds(find Finder) (start, end int64, ok bool) {
	b := &bounder{clockwork: s.clockwork(find, nil), first: math.MaxInt64, last: math.MinInt64}
	taken := b.overrides()
	if !s.Start.IsZero() {
		b.series(taken)
	}
	if b.first == math.MaxInt64 {
		return 0, 0, false
	}
	if s.Vague {
		b.last = math.MaxInt64
	}
	return b.first, max(b.last, b.first), true
}

type bounder struct {
	*clockwork
	first, last int64
	shift       int64 // THISANDFUTURE: how much later an instance may end than the rules say
}

func (b *bounder) put(start, end int64) {
	b.first = min(b.first, start)
	b.last = max(b.last, end)
}

func (b *bounder) overrides() map[int64]bool {
	if len(b.s.Overrides) == 0 {
		return nil
	}
	taken := map[int64]bool{}
	for i := range b.s.Overrides {
		o := &b.s.Overrides[i]
		taken[b.instant(o.ID)] = true
		start := o.Start
		if start.IsZero() {
			start = o.ID
		}
		at := b.instant(start)
		b.put(at, end(b.zoneOf(start), start.Wall, at, o.Length))
		if o.Future {
			b.shift = max(b.shift, abs(start.Wall-o.ID.Wall)+o.Length.Days*ical.DaySeconds+o.Length.Seconds+ical.DaySeconds)
		}
	}
	return taken
}

func (b *bounder) series(taken map[int64]bool) {
	limit := b.s.Start.Wall + boundYears*366*ical.DaySeconds
	out := b.exceptions(limit)
	exact := len(taken) > 0 || out.instants != nil
	first, last, found := int64(0), int64(0), false
	one := func(wall int64) bool {
		if exact {
			if at := b.zone.Instant(wall); taken[at] || out.has(wall, at) {
				return false
			}
		}
		if !found || wall < first {
			first = wall
		}
		if !found || wall > last {
			last = wall
		}
		found = true
		return true
	}
	one(b.s.Start.Wall)
	for i := range b.s.Rules {
		if end := b.rule(&b.s.Rules[i], limit, one, &found); end > b.last {
			b.last = end
		}
	}
	if found {
		at := b.zone.Instant(last)
		b.put(b.zone.Instant(first), end(b.zone, last, at, b.s.Length)+b.shift)
	}
	for _, p := range b.s.Dates {
		b.date(p, taken, out)
	}
}

// rule passes the instances of a rule to one, and returns a bound of the end where it stopped early, else MinInt64.
func (b *bounder) rule(r *Rule, limit int64, one func(int64) bool, found *bool) int64 {
	endless := r.Count == 0 && r.Until.IsZero()
	w := b.walk(r, limit)
	if *found && !endless && r.Count == 0 && w.limit < math.MaxInt64 && b.tail(r, one) {
		return math.MinInt64
	}
	for n := 0; ; n++ {
		if endless && *found {
			return math.MaxInt64
		}
		wall, ok := w.next()
		if ok && !b.past(r, wall) && n < boundSteps {
			one(wall)
			continue
		}
		switch {
		case !ok && (w.left == 0 || w.idle > maxIdle), !ok && !r.Until.IsZero() && w.limit < limit, ok && n < boundSteps:
			return math.MinInt64 // it ended by itself
		case r.Until.IsZero():
			return math.MaxInt64
		}
		until := b.instant(r.Until) + 2*ical.DaySeconds
		return until + abs(b.s.Length.Days)*ical.DaySeconds + abs(b.s.Length.Seconds) + b.shift
	}
}

// tail looks only at the last periods before UNTIL. It reports whether there was an instance that counts.
func (b *bounder) tail(r *Rule, one func(int64) bool) bool {
	w := b.walk(r, math.MaxInt64)
	w.seek(w.limit - 3*ical.DaySeconds)
	any := false
	for n := 0; n < boundSteps; n++ {
		wall, ok := w.next()
		if !ok || b.past(r, wall) {
			return any
		}
		any = one(wall) || any
	}
	return false
}

func (b *bounder) date(p ical.Period, taken map[int64]bool, out excluded) {
	at := b.instant(p.Start)
	wall := at + int64(b.zone.Offset(at))
	if taken[at] || out.has(wall, at) {
		return
	}
	stop := end(b.zone, wall, at, b.s.Length)
	switch {
	case p.HasLength:
		stop = end(b.zone, wall, at, Length{p.Length.Days, p.Length.Seconds})
	case !p.End.IsZero():
		stop = max(at, b.instant(p.End))
	}
	b.put(at, stop+b.shift)
}
