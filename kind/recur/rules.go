package recur

import (
	"sort"

	"tandem/wire/ical"
)

// Observance is one STANDARD or DAYLIGHT part of a VTIMEZONE, RFC 5545 3.6.5.
type Observance struct {
	Start    int64 // DTSTART, wall time in the offset From
	From, To int   // offsets before and from the onset, seconds east of UTC
	Rules    []Rule
	Dates    []int64 // RDATE, wall times in the offset From
}

const (
	tableFirst = 1950 // years for which repeated onsets are tabulated; before, the earliest known offset holds,
	tableLast  = 2120 // and after, the last
	maxOnsets  = 2000 // per observance
)

// Defined is a zone made of a VTIMEZONE's observances, or nil if there are none.
func Defined(name string, parts []Observance) Zone {
	if len(parts) == 0 {
		return nil
	}
	z := &defined{name: name}
	for _, p := range parts {
		z.add(p)
	}
	sort.SliceStable(z.onsets, func(i, j int) bool { return z.onsets[i].at < z.onsets[j].at })
	z.first = z.onsets[0].from
	return z
}

type onset struct {
	at       int64
	from, to int
}

type defined struct {
	name   string
	first  int // offset before all onsets
	onsets []onset
}

func (z *defined) add(p Observance) {
	put := func(wall int64) {
		z.onsets = append(z.onsets, onset{at: wall - int64(p.From), from: p.From, to: p.To})
	}
	put(p.Start)
	for i, d := range p.Dates {
		if i < maxOnsets {
			put(d)
		}
	}
	end := ical.DayNumber(tableLast, 1, 1) * ical.DaySeconds
	for i := range p.Rules {
		r := &p.Rules[i]
		limit := end
		if !r.Until.IsZero() {
			limit = min(limit, r.Until.Wall)
			if r.Until.Form == ical.UTC {
				limit = min(end, r.Until.Wall+int64(p.From))
			}
		}
		w := newWalker(r, ical.Time{Wall: p.Start, Form: ical.Floating}, limit)
		w.seek(ical.DayNumber(tableFirst, 1, 1) * ical.DaySeconds)
		for n := 0; n < maxOnsets; n++ {
			wall, ok := w.next()
			if !ok {
				break
			}
			put(wall)
		}
	}
}

func (z *defined) Name() string             { return z.name }
func (z *defined) Instant(wall int64) int64 { return instant(z, wall) }

func (z *defined) Offset(at int64) int {
	i := sort.Search(len(z.onsets), func(i int) bool { return z.onsets[i].at > at })
	if i == 0 {
		return z.first
	}
	return z.onsets[i-1].to
}
