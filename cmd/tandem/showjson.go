package main

import (
	"tandem"
	"tandem/center"
	"tandem/engine"
	"tandem/internal/ui"
)

// The lines that sync writes with --json. Their type says which of the other fields are there; names and meanings
// stay, new ones may come.
type syncLine struct {
	Type     string        `json:"type"` // "progress", "event", "plan", "report", "error"
	Item     string        `json:"item"`
	Progress *progressJSON `json:"progress,omitempty"`
	Event    *eventJSON    `json:"event,omitempty"`
	Plan     *planJSON     `json:"plan,omitempty"`
	Report   *reportJSON   `json:"report,omitempty"`
	Error    *errorJSON    `json:"error,omitempty"`
}

type progressJSON struct {
	Phase string `json:"phase"`
	Seen  [2]int `json:"seen"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
	Bytes int64  `json:"bytes"`
	Bound int64  `json:"bytes_total"`
	Left  int64  `json:"seconds_left"`
	Thing string `json:"thing,omitempty"`
}

type totalsJSON struct {
	Creates int   `json:"creates"`
	Updates int   `json:"updates"`
	Attrs   int   `json:"attributes"`
	Moves   int   `json:"moves"`
	Deletes int   `json:"deletes"`
	Bytes   int64 `json:"bytes"`
}

type stepJSON struct {
	Do     string    `json:"do"`
	To     string    `json:"to,omitempty"`
	Record tandem.ID `json:"record"`
	NewID  tandem.ID `json:"new_record,omitempty"`
	Title  string    `json:"title,omitempty"`
	Reason string    `json:"reason"`
	Note   string    `json:"note,omitempty"`
	Size   int64     `json:"size,omitempty"`
	Lost   bool      `json:"overwrites,omitempty"`
}

type planJSON struct {
	Hash      string     `json:"hash"`
	Steps     []stepJSON `json:"steps"`
	More      int        `json:"more,omitempty"`
	A         totalsJSON `json:"a"`
	B         totalsJSON `json:"b"`
	Merges    int        `json:"merges"`
	Conflicts int        `json:"conflicts"`
	Waits     int        `json:"waits"`
	Held      []string   `json:"held"`
}

type reportJSON struct {
	Session   int64       `json:"session"`
	Result    string      `json:"result"` // "ok", "conflicts", "held"
	A         totalsJSON  `json:"a"`
	B         totalsJSON  `json:"b"`
	Merges    int         `json:"merges"`
	Conflicts int         `json:"conflicts"`
	Aside     int         `json:"aside"`
	Problems  []eventJSON `json:"problems"`
	Records   [2]int      `json:"records"`
	Seconds   float64     `json:"seconds"`
}

type errorJSON struct {
	Kind   string `json:"kind"`
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

func toTotals(t engine.Totals) totalsJSON {
	return totalsJSON{t.Creates, t.Updates, t.Attrs, t.Moves, t.Deletes, t.Bytes}
}

// json writes a message as a line.
func (p *printer) json(n center.SyncNews) {
	write := func(l syncLine) {
		l.Item = n.Item
		if err := ui.JSONLine(p.app.out, l); err != nil && p.err == nil {
			p.err = err
		}
	}
	if g := n.Progress; g != nil {
		write(syncLine{Type: "progress", Progress: &progressJSON{Phase: stateOf(n).Step, Seen: g.Seen, Done: g.Done, Total: g.Total, Bytes: g.Bytes, Bound: g.Bound, Left: g.Left, Thing: g.Thing}})
	}
	if n.Event != nil {
		e := toEvent(*n.Event)
		write(syncLine{Type: "event", Event: &e})
	}
	if n.Planned != nil {
		write(syncLine{Type: "plan", Plan: toPlan(n.Planned)})
	}
	if n.Report != nil && !p.opt.Preview {
		write(syncLine{Type: "report", Report: toReport(n)})
	}
	if n.Err != nil {
		f := *n.Err
		f.Remedy = ""
		write(syncLine{Type: "error", Error: &errorJSON{Kind: n.Err.Kind.String(), Text: f.Err().Error(), Remedy: n.Err.Remedy}})
	}
}

func toPlan(pl *center.Planned) *planJSON {
	out := &planJSON{Hash: pl.Hash, Steps: make([]stepJSON, 0, len(pl.Actions)), More: pl.More, A: toTotals(pl.Totals[0]), B: toTotals(pl.Totals[1]), Held: ui.List(pl.Held)}
	for _, t := range pl.Totals {
		out.Merges += t.Merges
		out.Conflicts += t.Conflicts
		out.Waits += t.Waits
	}
	for _, act := range pl.Actions {
		out.Steps = append(out.Steps, stepJSON{Do: act.Do, To: act.To, Record: act.Record, NewID: act.NewID, Title: act.Title, Reason: act.Reason, Note: act.Note, Size: act.Size, Lost: act.Lost})
	}
	return out
}

func toReport(n center.SyncNews) *reportJSON {
	r := n.Report
	out := &reportJSON{Session: r.Session, Result: "ok", A: toTotals(r.Done[0]), B: toTotals(r.Done[1]), Merges: r.Done[0].Merges + r.Done[1].Merges,
		Conflicts: r.Conflicts, Aside: r.Aside, Problems: []eventJSON{}, Records: r.Seen, Seconds: r.Seconds}
	switch {
	case r.Held:
		out.Result = "held"
	case r.Conflicts > 0:
		out.Result = "conflicts"
	}
	for _, e := range r.Problems {
		out.Problems = append(out.Problems, toEvent(e))
	}
	return out
}
