package recur

import (
	"math"
	"slices"
	"sort"

	"tandem/wire/ical"
)

// Length is how long an instance lasts. Days are counted on the calendar, seconds exactly; RFC 5545 3.8.5.3 asks for
// calendar days with DURATION and for exact time between DTSTART and DTEND.
type Length struct{ Days, Seconds int64 }

// Override replaces one instance of a series, or all from one on (RANGE=THISANDFUTURE, RFC 5545 3.2.13).
type Override struct {
	ID     ical.Time // RECURRENCE-ID: the start the rules gave the instance
	Start  ical.Time // the start it has now; NoTime: as the rules gave it
	Length Length
	Future bool
}

// Series is everything that says when a record happens. Start may be missing where only overrides are known, as in an
// invitation to one instance.
type Series struct {
	Start     ical.Time
	Length    Length
	Rules     []Rule
	ExRules   []Rule // EXRULE of RFC 2445
	Dates     []ical.Period
	Except    []ical.Time
	Overrides []Override
	Vague     bool // something could not be read: it may happen at further times
}

// Finder returns the zone for a TZID, nil when there is none; times in it are then taken as floating.
type Finder func(tzid string) Zone

// Window bounds an expansion.
type Window struct {
	From, To int64 // Unix seconds; instances that overlap [From, To) are wanted
	Max      int   // at most so many
	Floating Zone  // what floating times and days are read in; nil: UTC
}

// Instance is one happening.
type Instance struct {
	ID         int64 // the instant the rules gave it: what RECURRENCE-ID names
	Start, End int64 // Unix seconds, End exclusive
	Override   int   // index into Series.Overrides, -1: the series itself
}

// clockwork is a series with its zones looked up.
type clockwork struct {
	s        *Series
	find     Finder
	floating Zone
	zone     Zone // of the series' start
}

func (s *Series) clockwork(find Finder, floating Zone) *clockwork {
	if floating == nil {
		floating = Fixed("UTC", 0)
	}
	c := &clockwork{s: s, find: find, floating: floating, zone: floating}
	c.zone = c.zoneOf(s.Start)
	return c
}

func (c *clockwork) zoneOf(t ical.Time) Zone {
	switch t.Form {
	case ical.UTC:
		return Fixed("UTC", 0)
	case ical.Zoned:
		if t.TZID == c.s.Start.TZID && c.s.Start.Form == ical.Zoned && c.zone != c.floating {
			return c.zone
		}
		if z := c.find(t.TZID); z != nil {
			return z
		}
		return c.floating
	case ical.Floating:
		return c.zone // a floating time beside a zoned start means the start's zone
	}
	return c.floating
}

func (c *clockwork) instant(t ical.Time) int64 {
	if t.Form == ical.Date {
		return c.floating.Instant(t.Wall)
	}
	return c.zoneOf(t).Instant(t.Wall)
}

// end is when an instance that starts at the wall time ends.
func end(z Zone, wall, at int64, l Length) int64 {
	if l.Days != 0 {
		at = z.Instant(wall + l.Days*ical.DaySeconds)
	}
	return max(at, at+l.Seconds)
}

// excluded tells which starts EXDATE takes away. A day takes away all starts on that day.
type excluded struct {
	instants map[int64]bool
	days     map[int64]bool
}

func (c *clockwork) exceptions(limit int64) excluded {
	var x excluded
	if len(c.s.Except)+len(c.s.ExRules) == 0 {
		return x
	}
	x = excluded{map[int64]bool{}, map[int64]bool{}}
	for _, t := range c.s.Except {
		if t.Form == ical.Date || c.s.Start.Form == ical.Date {
			x.days[t.Day()] = true
		} else {
			x.instants[c.instant(t)] = true
		}
	}
	for i := range c.s.ExRules {
		w := c.walk(&c.s.ExRules[i], limit)
		for n := 0; n < maxExcluded; n++ {
			wall, ok := w.next()
			if !ok {
				break
			}
			x.instants[c.zone.Instant(wall)] = true
		}
	}
	return x
}

const maxExcluded = 50000 // instances of an EXRULE looked at

func (x excluded) has(wall, at int64) bool {
	return x.instants != nil && (x.instants[at] || x.days[ical.FloorDiv(wall, ical.DaySeconds)])
}

// walk starts a rule; UNTIL in UTC is brought to wall time with a day to spare, past tells exactly.
func (c *clockwork) walk(r *Rule, limit int64) *walker {
	if u := r.Until; !u.IsZero() {
		last := u.Wall
		switch {
		case u.Form == ical.Date:
			last += ical.DaySeconds - 1
		case u.Form == ical.UTC && c.s.Start.Form == ical.Zoned:
			last += ical.DaySeconds
		case c.s.Start.Form == ical.Date:
			last = u.Day() * ical.DaySeconds
		}
		limit = min(limit, last)
	}
	return newWalker(r, c.s.Start, limit)
}

// past reports that a wall time lies after UNTIL, where only instants can tell.
func (c *clockwork) past(r *Rule, wall int64) bool {
	return r.Until.Form == ical.UTC && c.s.Start.Form == ical.Zoned && c.zone.Instant(wall) > r.Until.Wall
}

// Expand lists the instances that overlap the window, by start. complete is false if a limit cut the list short.
func (s *Series) Expand(find Finder, win Window) (list []Instance, complete bool) {
	c := s.clockwork(find, win.Floating)
	e := &expander{clockwork: c, win: win, seen: map[int64]bool{}, complete: true}
	e.overrides()
	if !s.Start.IsZero() {
		e.slack()
		e.out = e.exceptions(e.lastWall())
		e.one(s.Start.Wall, c.instant(s.Start), s.Length)
		for i := range s.Rules {
			e.rule(&s.Rules[i])
		}
		for _, p := range s.Dates {
			e.date(p)
		}
	}
	sort.SliceStable(e.list, func(i, j int) bool { return e.list[i].Start < e.list[j].Start })
	if len(e.list) > win.Max {
		e.list, e.complete = e.list[:win.Max], false
	}
	return e.list, e.complete
}

type expander struct {
	*clockwork
	win      Window
	out      excluded
	seen     map[int64]bool // instants that are taken: by an override or an instance
	future   []future
	before   int64 // how much earlier than the window a start may lie and matter
	after    int64
	list     []Instance
	complete bool
}

type future struct {
	id, shift int64 // from this instant on, starts move by shift on the wall
	length    Length
	index     int
}

func (e *expander) overrides() {
	for i := range e.s.Overrides {
		o := &e.s.Overrides[i]
		id := e.instant(o.ID)
		start := o.Start
		if start.IsZero() {
			start = o.ID
		}
		at := e.instant(start)
		e.seen[id] = true
		if o.Future {
			idWall := o.ID.Wall
			if o.ID.Form == ical.UTC && start.Form != ical.UTC {
				idWall += int64(e.zone.Offset(id))
			}
			e.future = append(e.future, future{id: id, shift: start.Wall - idWall, length: o.Length, index: i})
		}
		e.put(Instance{ID: id, Start: at, End: end(e.zoneOf(start), start.Wall, at, o.Length), Override: i})
	}
	slices.SortFunc(e.future, func(a, b future) int { return int(max(-1, min(1, a.id-b.id))) })
}

// slack computes how far outside the window starts must be looked at.
func (e *expander) slack() {
	longest := abs(e.s.Length.Days)*ical.DaySeconds + abs(e.s.Length.Seconds)
	for _, f := range e.future {
		longest = max(longest, abs(f.length.Days)*ical.DaySeconds+abs(f.length.Seconds)+abs(f.shift))
	}
	e.before = longest + 2*ical.DaySeconds
	e.after = 2 * ical.DaySeconds
	for _, f := range e.future {
		e.after = max(e.after, abs(f.shift)+2*ical.DaySeconds)
	}
}

func (e *expander) lastWall() int64 {
	if e.win.To > math.MaxInt64-e.after {
		return math.MaxInt64
	}
	return e.win.To + e.after
}

func (e *expander) rule(r *Rule) {
	w := e.walk(r, e.lastWall())
	if e.win.From > math.MinInt64+e.before {
		w.seek(e.win.From - e.before)
	}
	for n := 0; ; n++ {
		wall, ok := w.next()
		if !ok {
			return
		}
		if e.past(r, wall) {
			return
		}
		if len(e.list) > e.win.Max || n > maxWalked {
			e.complete = false
			return
		}
		e.one(wall, e.zone.Instant(wall), e.s.Length)
	}
}

const maxWalked = 200_000 // instances of one rule passed over on the way to the window

func (e *expander) date(p ical.Period) {
	at := e.instant(p.Start)
	l := e.s.Length
	switch {
	case p.HasLength:
		l = Length{p.Length.Days, p.Length.Seconds}
	case !p.End.IsZero():
		l = Length{Seconds: e.instant(p.End) - at}
	}
	wall := at + int64(e.zone.Offset(at))
	e.one(wall, at, l)
}

// one takes an instance that the rules give, unless it is excluded or overridden.
func (e *expander) one(wall, at int64, l Length) {
	if e.out.has(wall, at) || e.seen[at] {
		return
	}
	in := Instance{ID: at, Start: at, Override: -1}
	if n := sort.Search(len(e.future), func(i int) bool { return e.future[i].id >= at }); n > 0 {
		f := e.future[n-1]
		in.Override, l = f.index, f.length
		in.Start = e.zone.Instant(wall + f.shift)
		wall = in.Start + int64(e.zone.Offset(in.Start))
	}
	in.End = end(e.zone, wall, in.Start, l)
	if e.put(in) {
		e.seen[at] = true
	}
}

func (e *expander) put(in Instance) bool {
	if in.Start >= e.win.To || in.End < e.win.From || in.End == e.win.From && in.Start < in.End {
		return false
	}
	e.list = append(e.list, in)
	return true
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
