// Package recur says when a calendar series happens: it expands recurrence rules, added and excluded dates and
// overrides (RFC 5545 3.3.10, 3.8.4.4, 3.8.5) into instances, and maps wall-clock times to instants.
//
// Rules are expanded in wall time, where every day has 86400 seconds, and each instance is then mapped to an instant
// through its zone: a meeting at 09:30 stays at 09:30 across a change of the clocks. A wall time that does not exist
// on that day is read with the offset in force before the gap, so it happens later by the length of the gap; a wall
// time that exists twice means the first (RFC 5545 3.3.5).
//
// Work is bounded whatever a rule says: the number of instances by the caller's window and limit, the search for the
// next instance by a fixed number of steps that no sensible rule needs.
package recur
