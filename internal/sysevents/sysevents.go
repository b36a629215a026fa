// Package sysevents tells what happens to the computer: sessions of people begin and end, it is about to sleep and wakes up, networks come and go, it runs from a
// battery. On Linux it asks logind, NetworkManager and UPower over D-Bus; what none of them tells it finds out by looking at the network interfaces and the
// clock every now and then, as everywhere else.
package sysevents

import (
	"slices"
	"time"
)

// Kind is what happened.
type Kind string

// The kinds (inventory SM-04, SM-05, SM-07, SE-01, SE-02, SE-05 to SE-07).
const (
	Changed     Kind = "changed" // only the state did
	LogOn       Kind = "log-on"
	LogOff      Kind = "log-off" // a session ended, or the computer is about to be switched off
	Suspend     Kind = "suspend" // it is about to sleep
	Resume      Kind = "resume"
	Idle        Kind = "idle"
	Lock        Kind = "lock"
	Unlock      Kind = "unlock"
	NetworkUp   Kind = "network-up"
	NetworkDown Kind = "network-down" // it goes: before it does where that is told, else afterwards
	Power       Kind = "power"        // external power came
)

// State is what is known of the computer. The zero value knows nothing.
type State struct {
	OnBattery bool
	Percent   int  // of the battery, while OnBattery
	Metered   bool // the network in use is paid by volume, or probably is
	Networks  []string
	Named     bool // the names of networks are known; Networks may still be empty
	Offline   bool // there is no network beside the computer itself
	Leaving   bool // the network is about to go, and still works
	Idle      bool
	IdleKnown bool
}

// Equal reports whether two states are the same.
func (s State) Equal(t State) bool {
	return slices.Equal(s.Networks, t.Networks) && s.OnBattery == t.OnBattery && s.Percent == t.Percent && s.Metered == t.Metered && s.Named == t.Named && s.Offline == t.Offline && s.Leaving == t.Leaving &&
		s.Idle == t.Idle && s.IdleKnown == t.IdleKnown
}

// Event is something that happened, and how things stand now.
type Event struct {
	Kind  Kind
	State State

	// Done is not nil while the system waits before it goes on, for Within at most: it must be called when what is to be done before is done.
	Done   func()
	Within time.Duration
}

// Source is where events come from, for a check-up.
type Source struct {
	Name string // logind
	Gone string // why it is not there, "" if it is
	Text string // what it tells, or what is done without it
}
