package shape

import (
	"strconv"

	"tandem"
	"tandem/center"
	"tandem/session"
	"tandem/store"
)

// Progress is how far a run has come.
type Progress struct {
	Phase string `json:"phase"`
	Seen  [2]int `json:"seen" doc:"records listed so far on each side"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
	Bytes int64  `json:"bytes"`
	Bound int64  `json:"bytes_total"`
	Left  int64  `json:"seconds_left" doc:"-1: not known"`
	Thing string `json:"thing,omitempty" doc:"what is being worked on"`
}

// OfProgress is how far a run has come.
func OfProgress(p *session.Progress) *Progress {
	if p == nil {
		return nil
	}
	return &Progress{phase(p.Phase), p.Seen, p.Done, p.Total, p.Bytes, p.Bound, p.Left, p.Thing}
}

// Step is a step of a plan.
type Step struct {
	Key    string    `json:"key,omitempty" doc:"what a choice names"`
	Do     string    `json:"do"`
	To     string    `json:"to,omitempty" doc:"A or B; none: neither side, or both"`
	Record tandem.ID `json:"record"`
	NewID  tandem.ID `json:"new_record,omitempty"`
	Title  string    `json:"title,omitempty"`
	Reason string    `json:"reason"`
	Note   string    `json:"note,omitempty"`
	Size   int64     `json:"size,omitempty"`
	Lost   bool      `json:"overwrites,omitempty" doc:"only history keeps the version that is there now"`
	Choice []string  `json:"choices,omitempty" doc:"what can be chosen for it"`
}

// Plan is a plan.
type Plan struct {
	Hash      string   `json:"hash" doc:"names the plan, to approve just this one"`
	Steps     []Step   `json:"steps"`
	More      int      `json:"more,omitempty" doc:"steps left out"`
	A         Totals   `json:"a"`
	B         Totals   `json:"b"`
	Merges    int      `json:"merges"`
	Conflicts int      `json:"conflicts"`
	Waits     int      `json:"waits"`
	Held      []string `json:"held" doc:"why the guard holds it"`
}

// OfPlan is a plan.
func OfPlan(pl *center.Planned) *Plan {
	if pl == nil {
		return nil
	}
	out := &Plan{Hash: pl.Hash, Steps: make([]Step, 0, len(pl.Actions)), More: pl.More, A: OfTotals(pl.Totals[0]), B: OfTotals(pl.Totals[1]), Held: append([]string{}, pl.Held...)}
	for _, t := range pl.Totals {
		out.Merges += t.Merges
		out.Conflicts += t.Conflicts
		out.Waits += t.Waits
	}
	for _, a := range pl.Actions {
		s := Step{Key: a.Key, Do: a.Do, To: a.To, Record: a.Record, NewID: a.NewID, Title: a.Title, Reason: a.Reason, Note: a.Note, Size: a.Size, Lost: a.Lost}
		if a.Writes {
			s.Choice = []string{center.Keep, center.Skip}
			if a.CanRev {
				s.Choice = append(s.Choice, center.Reverse)
			}
			if a.CanOne {
				s.Choice = append(s.Choice, center.TakeA, center.TakeB)
			}
		}
		out.Steps = append(out.Steps, s)
	}
	return out
}

// Report is what a run did.
type Report struct {
	Session   int64   `json:"session"`
	Result    string  `json:"result" enum:"ok,conflicts,held"`
	A         Totals  `json:"a" doc:"done to the home collection"`
	B         Totals  `json:"b" doc:"done at the partner"`
	Merges    int     `json:"merges"`
	Conflicts int     `json:"conflicts" doc:"open after the run"`
	Aside     int     `json:"aside"`
	Problems  []Event `json:"problems"`
	Records   [2]int  `json:"records" doc:"on each side"`
	Seconds   float64 `json:"seconds"`
}

// OfReport is what a run did.
func OfReport(r *session.Report) *Report {
	if r == nil {
		return nil
	}
	out := &Report{Session: r.Session, Result: "ok", A: OfTotals(r.Done[0]), B: OfTotals(r.Done[1]), Merges: r.Done[0].Merges + r.Done[1].Merges,
		Conflicts: r.Conflicts, Aside: r.Aside, Problems: List(r.Problems, OfEvent), Records: r.Seen, Seconds: r.Seconds}
	switch {
	case r.Held:
		out.Result = "held"
	case r.Conflicts > 0:
		out.Result = "conflicts"
	}
	return out
}

// Run is a run of the past, or one that goes on.
type Run struct {
	ID       int64  `json:"id"`
	Session  string `json:"session" doc:"s12: what undo takes"`
	Item     string `json:"item"`
	Started  int64  `json:"started"`
	Finished int64  `json:"finished,omitempty" doc:"absent: it goes on, or died"`
	Result   string `json:"result,omitempty" doc:"ok, conflicts, held, failed or cancelled"`
}

// OfRun is a run.
func OfRun(r store.Run) Run {
	return Run{ID: r.ID, Session: "s" + strconv.FormatInt(r.ID, 10), Item: r.Item, Started: r.Started, Finished: r.Finished, Result: r.Result}
}

// phase is a phase of a run in a word.
func phase(p session.Phase) string {
	switch p {
	case session.Observing:
		return "looking"
	case session.Planning:
		return "planning"
	case session.Staging:
		return "reading"
	case session.Applying:
		return "writing"
	case session.Recording:
		return "noting"
	case session.Finished:
		return "done"
	}
	return "working"
}
