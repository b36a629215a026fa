package session

import (
	"fmt"
	"strings"

	"tandem/engine"
)

// summary is the one line that the results log keeps of a run: what was done at each place, what waits, how it ended.
func (r *run) summary(result string) string {
	var parts []string
	for s, d := range r.report.Done {
		if text := doneText(d); text != "" {
			parts = append(parts, "to "+r.sides[s].Place+": "+text)
		}
	}
	idle := len(parts) == 0
	if n := r.report.Conflicts; n > 0 {
		parts = append(parts, number(n, "conflict")+" open")
	}
	problems := len(r.report.Problems) + r.dropped
	if problems > 0 && !r.report.Held {
		parts = append(parts, number(problems, "problem"))
	}
	switch result {
	case "held":
		parts = append(parts, "held: nothing was done")
	case "cancelled":
		parts = append(parts, "stopped before the end; what was done is recorded")
	case "failed":
		parts = append(parts, "failed before the end; what was done is recorded")
	default:
		switch {
		case r.report.Conflicts > 0 || problems > 0:
			parts = append(parts, "all else in step")
		case idle:
			parts = append(parts, "in step, nothing to do")
		default:
			parts = append(parts, "in step")
		}
	}
	return strings.Join(parts, "; ")
}

// doneText is what was done at one place, "" for nothing.
func doneText(d engine.Totals) string {
	var parts []string
	for _, x := range []struct {
		n    int
		word string
	}{{d.Creates, "new"}, {d.Updates + d.Attrs, "changed"}, {d.Moves, "moved"}, {d.Deletes, "deleted"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.word))
		}
	}
	return strings.Join(parts, ", ")
}

func number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
