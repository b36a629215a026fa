package event

import (
	"slices"
	"time"

	"tandem/kind/internal/calview"
	"tandem/kind/recur"
	"tandem/wire/contentline"
)

// A Span is some time of its owner's that an event takes.
type Span struct {
	Start, End int64 // Unix seconds, End exclusive
	Status     int   // MS-ASCAL 2.2.2.9: 1 tentative, 2 busy, 3 away, 4 working elsewhere
}

const maxBusy = 2000 // spans of one event: more than a calendar view can show

// Busy lists when an event takes time of the user with the mail address me between two instants, in order of start.
// Events that are free, cancelled, or declined by the user take none. Floating times and days are read in zone.
func Busy(body []byte, me string, from, to int64, zone *time.Location) ([]Span, error) {
	ob, err := open(&recur.Zones{}, body, userZone(zone, from))
	if err != nil {
		return nil, err
	}
	list, _ := ob.series.Expand(ob.find, recur.Window{From: from, To: to, Max: maxBusy, Floating: ob.user})
	var out []Span
	for _, in := range list {
		c := ob.main
		if in.Override >= 0 && in.Override < len(ob.overrides) {
			c = ob.overrides[in.Override].c
		}
		status := taken(c, me)
		start, end := max(in.Start, from), min(in.End, to)
		if status != free && start < end {
			out = append(out, Span{Start: start, End: end, Status: status})
		}
	}
	slices.SortStableFunc(out, func(a, b Span) int { return cmp(a.Start, b.Start) })
	return out, nil
}

// taken is how a component shows in the time of a user.
func taken(c *contentline.Component, me string) int {
	if calview.Word(c, "STATUS") == "CANCELLED" {
		return free
	}
	status := busy(c)
	if l := find(c, me); l != nil && status != free {
		switch partStat(l) {
		case statDecline:
			return free
		case statTent, notResponded:
			return min(status, tentative)
		}
	}
	return status
}
