package page

import (
	"encoding/json"

	"tandem/engine"
	"tandem/store"
)

// run is a session with its counts.
type run struct {
	store.Run
	Done      [2]engine.Totals
	Conflicts int
	Problems  int
	Aside     int
	Seen      [2]int
	Seconds   float64
}

// runOf reads the counts of a run, which are zero where it died.
func runOf(r store.Run) *run {
	out := &run{Run: r}
	_ = json.Unmarshal([]byte(r.Detail), out) // a run that is going on has none
	out.Run = r
	return out
}

// Moved is how many records a run wrote to one side.
func (r *run) Moved(side int) int {
	t := r.Done[side]
	return t.Creates + t.Updates + t.Attrs + t.Moves + t.Deletes
}

// All is how many records a run wrote.
func (r *run) All() int { return r.Moved(0) + r.Moved(1) }

// Bytes is how many bytes of bodies a run wrote.
func (r *run) Bytes() int64 { return r.Done[0].Bytes + r.Done[1].Bytes }

// Ended reports whether the run is over.
func (r *run) Ended() bool { return r.Finished != 0 }
