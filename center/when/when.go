// Package when says when a sync item runs: its schedules, the events it follows, and the conditions that must hold. All of it is values and arithmetic: times
// and the state of the computer come in, decisions go out. Nothing here waits, reads a clock or asks the system.
package when

import (
	"slices"
	"time"
)

// Mode is what starts an item besides its schedule and events (inventory AS-85).
type Mode string

// The modes.
const (
	Unsaid     Mode = ""
	Continuous Mode = "continuous" // whenever something changes
	Connection Mode = "connection" // when the network, or the partner, comes into reach
	Scheduled  Mode = "scheduled"  // by schedule and events only
	Manual     Mode = "manual"     // by hand only
)

// Modes are all modes that can be said, the default first.
func Modes() []Mode { return []Mode{Continuous, Manual, Connection, Scheduled} }

// Plan is what was said of when an item runs.
type Plan struct {
	Mode    Mode
	Rules   []Rule
	Peak    *Peak
	Quiet   []Window
	On      []Trigger
	Ask     bool // a run that an event wants waits for a person's word
	If      Conditions
	Zone    *time.Location // nil: the user's
	Spread  time.Duration  // over how long the starts of items are spread; negative: as their kind of schedule bears
	NoCatch bool           // runs that were missed are not caught up
	Connect string         // the connection that is brought up for each run, by the name it has in NetworkManager; "": none (inventory SM-13)
}

// Trigger is an event that starts a run (inventory SM-04, SM-05, SM-07, SE-06).
type Trigger string

// The triggers.
const (
	Start       Trigger = "start" // of the hub
	LogOn       Trigger = "log-on"
	LogOff      Trigger = "log-off" // and before the computer is switched off
	Suspend     Trigger = "suspend" // before it
	Resume      Trigger = "resume"
	Idle        Trigger = "idle"
	Lock        Trigger = "lock"
	Unlock      Trigger = "unlock"
	NetworkUp   Trigger = "network-up"
	NetworkDown Trigger = "network-down" // before it
	Power       Trigger = "power"        // the charger was plugged in
)

// Triggers are all of them.
func Triggers() []Trigger {
	return []Trigger{Start, LogOn, LogOff, Suspend, Resume, Idle, Lock, Unlock, NetworkUp, NetworkDown, Power}
}

// Days are days of the week; none set: every day.
type Days [7]bool

// Has reports whether a day is among them.
func (d Days) Has(w time.Weekday) bool { return d == Days{} || d[w] }

// Minute is a time of day, in minutes since midnight; 24:00 is allowed as an end.
type Minute int

// Rule is one schedule: one of At, Every and Cron.
type Rule struct {
	At     []Minute
	Every  time.Duration
	Within *Window // of Every; nil: always
	Days   Days    // of At; those of Every are in Within
	Cron   *Cron
}

// Window is a part of the day. One whose end is not after its start goes on into the next day; its days are those on which it starts.
type Window struct {
	Days     Days
	From, To Minute
}

// Peak says how often an item runs in a window and outside of it (inventory AS-86).
type Peak struct {
	Window
	In, Out Rate
}

// Rate is how often an item runs: as things arrive, at intervals, or by hand only, which is its zero value.
type Rate struct {
	Change bool
	Every  time.Duration
}

// Has reports whether the plan follows an event.
func (p Plan) Has(t Trigger) bool { return slices.Contains(p.On, t) }

// Timed reports whether the plan has times of its own.
func (p Plan) Timed() bool {
	return len(p.Rules) > 0 || p.Peak != nil && (p.Peak.In.Every > 0 || p.Peak.Out.Every > 0)
}

// ByItself reports whether an item of this plan and mode ever runs without being asked.
func (p Plan) ByItself(m Mode) bool {
	return m != Manual && m != Scheduled || p.Timed() || len(p.On) > 0 || p.Peak != nil
}

// Follows reports whether changes start runs now.
func (p Plan) Follows(m Mode, now time.Time, zone *time.Location) bool {
	if p.Peak == nil {
		return m == Continuous
	}
	if p.Peak.Contains(now, p.zone(zone)) {
		return p.Peak.In.Change
	}
	return p.Peak.Out.Change
}

// EverFollows reports whether there are times at which changes start runs.
func (p Plan) EverFollows(m Mode) bool {
	if p.Peak == nil {
		return m == Continuous
	}
	return p.Peak.In.Change || p.Peak.Out.Change
}

func (p Plan) zone(user *time.Location) *time.Location {
	switch {
	case p.Zone != nil:
		return p.Zone
	case user != nil:
		return user
	}
	return time.Local
}
