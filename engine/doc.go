// Package engine decides what a sync does. It is a set of pure functions: changes, versions and digests in, a plan
// out. It sees no bodies, disks, sockets, clocks or contexts; "now" is data.
//
// A run goes: NewBase over the rows, a View per side fed by See and closed by Finish, NeedDigests and Fill until nothing is
// asked, Reconcile, and a Ledger while the plan is carried out. Inside, what both sides hold alike without a base gets a row
// (instep.go), and what they hold otherwise is decided couple by couple (couples.go). Records are matched (match.go, tree.go), decided one
// by one (decide.go, answer.go, attrs.go; policy.go chooses, effect.go says what follows; testdata/decisions.txt is the table),
// in a tree made sound as a whole (cycles.go, fit.go, clash.go) and laid out as steps (layout.go, emit.go); the guard looks at
// the result (guard.go).
//
// What it rests on: only Absent, from a complete and full listing or a tombstone, makes a deletion; what is unreadable, ignored
// or unknown is neither there nor absent, and covers all below it; every choice between two versions or names depends on
// contents and the age of rows, never on listing order or on which side is called A; a decision is only ever replaced by a
// more careful one.
package engine
