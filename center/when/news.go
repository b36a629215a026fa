package when

import (
	"errors"
	"time"

	"tandem"
)

// ParseNews reads when a phone is told of news: the clauses of Parse that say times, peak hours, quiet hours and a zone, or "manual". What is about runs of items is refused.
func ParseNews(text string) (Plan, error) {
	p, err := Parse(text)
	if err != nil {
		return p, err
	}
	if p.Mode == Connection || len(p.On) > 0 || p.Ask || p.Connect != "" || p.NoCatch || p.If.any() {
		return p, &tandem.Error{Kind: tandem.Invalid, Op: "read when news are told", Thing: text, Err: errors.New("this is about runs of items"),
			Remedy: `say peak and quiet hours or times, such as "peak mon-fri 08:00-18:00 on change; off-peak every 2h" or "quiet 22:00-07:00"`}
	}
	p.Spread = 0
	if p.Mode == "" && p.Peak == nil && p.Timed() {
		p.Mode = Scheduled
	}
	if p.Mode == "" {
		p.Mode = Continuous
	}
	return p, nil
}

// any reports whether there is a condition at all.
func (c Conditions) any() bool {
	return c.Power || c.Battery > 0 || c.Unmetered || c.Idle || c.Ask || c.Slow != nil || len(c.Networks) > 0
}

// News is the first instant from now on at which news may be told, zero if there is none. (inventory AS-86)
func (p Plan) News(now time.Time, zone *time.Location) time.Time {
	at := now
	for range 64 { // each turn leads past a quiet window, or to a time that is due
		at = p.AfterQuiet(at, zone)
		if p.Follows(p.Mode, at, zone) || at.After(now) && p.due(at, zone) {
			return at
		}
		next := p.Next(at, zone, "")
		if turn := p.Turn(at, zone); next.IsZero() || !turn.IsZero() && turn.Before(next) {
			next = turn
		}
		if at = next; at.IsZero() {
			break
		}
	}
	return time.Time{}
}

// due reports whether an instant is one of the plan's.
func (p Plan) due(at time.Time, zone *time.Location) bool {
	return p.Next(at.Add(-time.Second), zone, "").Equal(at)
}

// AfterQuiet is when a run that is due may begin as far as quiet hours go: then, or at their end.
func (p Plan) AfterQuiet(at time.Time, zone *time.Location) time.Time {
	for range 64 { // of hours that follow one another; round the clock there is no end
		quiet := false
		for _, q := range p.Quiet {
			if _, to, ok := q.around(at, p.zone(zone)); ok {
				at, quiet = to, true
			}
		}
		if !quiet {
			break
		}
	}
	return at
}
