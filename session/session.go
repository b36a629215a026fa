// Package session is one run over one pair of replicas: observe, reconcile, preview, stage, apply, record. It holds
// no state between runs; killed anywhere, the recovery is to run again.
package session

import (
	"context"
	"log/slog"

	"tandem/engine"
	"tandem/kind"
	"tandem/provider"
	"tandem/store"
)

// Pair is what a session syncs.
type Pair struct {
	Key   string // of the base in the store; see PairKey
	Name  string // as people know it: the sync item, or "A B"
	User  string // whose it is, for the results log; "": nobody's
	A, B  *provider.Opened
	Kind  kind.Handler
	Rules engine.Rules // Tree, Names, MaxSize, ReadOnly, NoAttrs and Now are filled in from the replicas' features
	Scope string       // hash of the filters in force; a change means that silence is not absence in this run
}

// Options steer one run.
type Options struct {
	Preview  bool                                                // plan only: nothing is written anywhere
	Ways     []engine.First                                      // Preview: other ways in which the sides could meet, each planned from the same look
	Full     bool                                                // ignore cursors, look at everything
	Review   func(context.Context, *engine.Plan) error           // may edit or refuse the plan before anything is written
	OnHeld   func(context.Context, *engine.Plan) (Answer, error) // asked when the guard holds; nil: unattended, Leave
	Progress func(Progress)                                      // called at most ten times a second, from one goroutine
	Event    func(store.Event)                                   // called for every event as it is logged
	Told     Told                                                // what webhooks are sent about the run; nil: nothing
	Now      func() int64                                        // Unix seconds
	Batch    int64                                               // bytes of bodies held in memory at a time; 0: 16 MiB
	Who      string
	Log      *slog.Logger
	Fault    func(step string) error // tests only: called between any two steps, never concurrently; an error there is a crash
}

// Told says what webhooks are sent about a run. It is asked once, and what it returns is queued in the transaction that records how the run ended: neither is there
// without the other. What cannot be told holds up no run.
type Told func(ctx context.Context, rep *Report, err error) ([]store.Delivery, error)

// Answer is a person's answer to the guard.
type Answer uint8

const (
	Leave   Answer = iota // do nothing now
	GoAhead               // perform the plan as it is
	Restore               // put back what was deleted or emptied instead
)

// Phase of a run.
type Phase uint8

const (
	Observing Phase = iota
	Planning
	Staging
	Applying
	Recording
	Finished
)

// Progress is a snapshot for people. Totals are 0 while unknown.
type Progress struct {
	Phase        Phase
	Seen         [2]int // records listed so far on each side
	Done, Total  int    // actions
	Bytes, Bound int64  // of bodies
	Left         int64  // estimated seconds, -1 unknown
	Thing        string // what is being worked on
}

// Report is what a run did.
type Report struct {
	Session   int64
	Plan      *engine.Plan   // as applied (Preview: as planned)
	Ways      []*engine.Plan // those of Options.Ways
	Done      [2]engine.Totals
	Conflicts int           // open after the run
	Problems  []store.Event // per-record failures and warnings, bounded
	Aside     int           // records set aside
	Left      int           // records that the next run must look at again: unreadable, changed meanwhile, or their place failed
	Held      bool          // the guard stopped it
	Seen      [2]int        // records on each side
	LeftOut   []LeftOut     // what the listings showed and windows, filters or faults kept out, the most first; a full look shows all of it
	Seconds   float64
}

// Deps is what a session stands on.
type Deps struct {
	Store *store.Store
}
