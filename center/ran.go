package center

import (
	"errors"
	"time"

	"tandem"
	"tandem/session"
)

// Ran is a run that ended, as far as it is counted: nothing in it names anybody.
type Ran struct {
	Kind   tandem.Kind // "" if its places could not be opened
	Result string      // "ok", "conflicts", "held", "failed" or "stopped"
	Code   string      // of the error, as a word; "" unless it failed
	Took   time.Duration
	Report *session.Report // nil if it failed before it could begin; Plan is left out
}

// ran tells that a run ended.
func (h *Hub) ran(j *job, opt SyncOptions, began time.Time, rep *session.Report, err error) {
	if h.cfg.Ran == nil || opt.Preview {
		return
	}
	r := Ran{Kind: tandem.Kind(j.kind), Result: "ok", Took: h.cfg.Now().Sub(began)}
	if rep != nil {
		r.Report = shown(rep)
	}
	var over stopped
	switch {
	case errors.As(err, &over):
		r.Result = "stopped"
	case err != nil:
		r.Result, r.Code = "failed", FailureOf(err).Kind.Code()
	case rep.Held:
		r.Result = "held"
	case rep.Conflicts > 0:
		r.Result = "conflicts"
	}
	h.cfg.Ran(r)
}

// Load is what the hub is about at this moment.
type Load struct {
	Running, Waiting int // runs that go on, and that wait for their turn
	Failing          int // items whose last run failed
}

// Load tells what the hub is about.
func (h *Hub) Load() (s Load) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.busy {
		s.Running += n
	}
	s.Waiting, s.Failing = max(0, len(h.active)-s.Running), len(h.failing)
	return s
}
