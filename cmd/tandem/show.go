package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tandem/center"
	"tandem/engine"
	"tandem/internal/ui"
	"tandem/session"
	"tandem/store"
)

// labels are what the two sides are called.
type labels struct {
	a, b  string
	items bool // sync items, of which each is named in what is shown
}

// printer shows the news of runs: for people, or as JSON lines.
type printer struct {
	app      *app
	opt      center.SyncOptions
	names    labels
	progress ui.Progress
	end      ending
	err      error // of writing

	interactive bool // the preview is about to be asked about
}

func (a *app) printer(opt center.SyncOptions, names labels) *printer {
	p := &printer{app: a, opt: opt, names: names, progress: ui.Silent{}}
	if !a.json && ui.Terminal(a.err) {
		p.progress = ui.NewBars(a.err)
	}
	return p
}

func (p *printer) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(p.app.out, format, args...); err != nil && p.err == nil {
		p.err = err
	}
}

// news takes one message.
func (p *printer) news(n center.SyncNews) {
	p.count(n)
	if p.app.json {
		p.json(n)
		return
	}
	switch {
	case n.Progress != nil:
		p.progress.Show(stateOf(n))
		return
	case n.Event != nil:
		return // shown at the end of the run, with the others
	}
	p.progress.End(n.Item)
	if p.opt.Watch && n.Report != nil && quietReport(n.Report) {
		return
	}
	if len(p.end.preview) == 0 && !p.names.items {
		p.progress.Close()
	}
	switch {
	case n.Err != nil:
		p.failure(n)
	case p.opt.Preview && n.Planned != nil:
		p.preview(n)
	case n.Report != nil:
		p.report(n)
	}
}

// count keeps what the exit status and later questions hang on.
func (p *printer) count(n center.SyncNews) {
	if n.Err != nil || n.Report != nil {
		p.end.runs++
	}
	switch {
	case n.Err != nil:
		p.end.failed++
	case n.Report == nil:
	case n.Report.Held:
		p.end.left++
		p.end.held = append(p.end.held, n)
		if p.opt.Preview {
			p.end.preview = append(p.end.preview, n)
		}
	case p.opt.Preview:
		p.end.preview = append(p.end.preview, n)
	case n.Report.Conflicts > 0 || n.Report.Aside > 0 || len(n.Report.Problems) > 0:
		p.end.left++
	}
}

func stateOf(n center.SyncNews) ui.State {
	g := n.Progress
	steps := [...]string{session.Observing: "looking", session.Planning: "planning", session.Staging: "reading", session.Applying: "writing", session.Recording: "noting", session.Finished: "done"}
	step := "working"
	if int(g.Phase) < len(steps) {
		step = steps[g.Phase]
	}
	return ui.State{Name: n.Item, Step: step, Seen: max(g.Seen[0], g.Seen[1]), Done: g.Done, Total: g.Total, Bytes: g.Bytes, Bound: g.Bound, Left: g.Left, Thing: g.Thing}
}

func quietReport(r *session.Report) bool {
	return changes(r.Done[0])+changes(r.Done[1]) == 0 && len(r.Problems) == 0 && !r.Held
}

func changes(t engine.Totals) int { return t.Creates + t.Updates + t.Attrs + t.Moves + t.Deletes }

// prefix names the item where several may be shown.
func (p *printer) prefix(n center.SyncNews) string {
	if !p.names.items {
		return ""
	}
	return n.Item + ": "
}

func (p *printer) failure(n center.SyncNews) {
	if _, err := fmt.Fprintf(p.app.err, "tandem: %s%s\n", p.prefix(n), oneLine(n.Err.Err())); err != nil && p.err == nil {
		p.err = err
	}
}

// report says what a run did.
func (p *printer) report(n center.SyncNews) {
	r := n.Report
	if p.names.items {
		p.printf("%s\n", n.Item)
	}
	p.side(p.names.a, r.Done[0])
	p.side(p.names.b, r.Done[1])
	if m := r.Done[0].Merges + r.Done[1].Merges; m > 0 {
		p.printf("  %s merged field by field\n", ui.Count(m, "record"))
	}
	problems(p.app.out, r.Problems, p.held(n))
	switch {
	case r.Held:
		p.heldNews(n)
		return
	case r.Conflicts > 0:
		verb := "wait"
		if r.Conflicts == 1 {
			verb = "waits"
		}
		p.printf("  %s %s for you: tandem conflict list\n", ui.Count(r.Conflicts, "conflict"), verb)
	}
	if r.Aside > 0 {
		p.printf("  %s set aside after failing, and tried again later; see why with `tandem log`\n", ui.Count(r.Aside, "record"))
	}
	p.printf("%s\n", verdict(r))
}

// held are the events that heldNews says better.
func (p *printer) held(n center.SyncNews) bool { return n.Report.Held }

// verdict is the last line about a run.
func verdict(r *session.Report) string {
	word := "in step"
	switch {
	case r.Conflicts > 0 || r.Aside > 0 || len(r.Problems) > 0:
		word = "in step but for the above"
	case changes(r.Done[0])+changes(r.Done[1]) == 0:
		word = "in step, nothing to do"
	}
	records := 0
	for i, d := range r.Done {
		records = max(records, r.Seen[i]+d.Creates-d.Deletes)
	}
	return fmt.Sprintf("%s: %s, %s", word, ui.Count(records, "record"), ui.Seconds(r.Seconds))
}

func (p *printer) side(name string, t engine.Totals) {
	if text := totals(t); text != "" {
		p.printf("  to %s: %s\n", name, text)
	}
}

// totals are counts in words: "2 new, 1 changed".
func totals(t engine.Totals) string {
	var parts []string
	for _, x := range []struct {
		n    int
		word string
	}{{t.Creates, "new"}, {t.Updates, "changed"}, {t.Attrs, "with new attributes"}, {t.Moves, "moved"}, {t.Deletes, "deleted"}} {
		if x.n > 0 {
			parts = append(parts, ui.Number(x.n)+" "+x.word)
		}
	}
	if t.Bytes > 0 && len(parts) > 0 {
		parts = append(parts, ui.Size(t.Bytes))
	}
	return strings.Join(parts, ", ")
}

const maxShownProblems = 20

// problems lists what went wrong with single records.
func problems(w io.Writer, list []store.Event, held bool) {
	if held {
		return
	}
	for i, e := range list {
		if i == maxShownProblems {
			fmt.Fprintf(w, "  … and %s; see `tandem log`\n", ui.Count(len(list)-i, "more problem"))
			return
		}
		fmt.Fprintf(w, "  ! %s\n", eventText(e))
	}
}

// eventText is an event as one line, with its record and remedy.
func eventText(e store.Event) string {
	text := e.Text
	if e.Record != "" && !strings.Contains(text, string(e.Record)) {
		text = string(e.Record) + ": " + text
	}
	if e.Remedy != "" && !strings.Contains(text, e.Remedy) {
		text += "; " + e.Remedy
	}
	return ui.Clean(text)
}

// heldNews says why the guard holds a plan and how to go on.
func (p *printer) heldNews(n center.SyncNews) {
	p.printf("held, nothing was done:\n")
	if n.Planned != nil {
		for _, why := range n.Planned.Held {
			p.printf("  %s\n", ui.Clean(why))
		}
		if slices.Contains(n.Planned.Held, center.NeverMet) { // nothing was deleted yet
			if strings.Contains(n.Item, " ") { // two places
				p.printf("  say how they meet with --first combine, replace-a or replace-b, and see with --preview what that would do\n")
			} else {
				p.printf("  say how they meet with `tandem item first %s`, which shows what each way would do\n", ui.Clean(n.Item))
			}
			p.printf("  to have both hold everything, sync with --yes\n")
			return
		}
	}
	p.printf("  to see the plan, sync with --preview; to let it go ahead, with --yes; to put back what was deleted, with --restore\n")
}

// preview shows a plan: a line per step, then the totals.
func (p *printer) preview(n center.SyncNews) {
	if p.names.items {
		p.printf("%s\n", n.Item)
	}
	p.printf("A  %s\nB  %s\n", p.names.a, p.names.b)
	table := ui.NewTable()
	width := max(ui.Width(p.app.out)-50, 30)
	for _, act := range n.Planned.Actions {
		table.Add("", arrow(act), act.Do, ui.Cut(what(act), width), why(act))
	}
	if err := table.Write(p.app.out); err != nil && p.err == nil {
		p.err = err
	}
	if n.Planned.More > 0 {
		p.printf("… and %s\n", ui.Count(n.Planned.More, "more step"))
	}
	ending := "; nothing was written"
	if p.interactive {
		ending = ""
	}
	p.printf("%s%s\n", planTotals(n.Planned), ending)
	if n.Report.Held {
		p.printf("the guard would hold this plan:\n")
		for _, why := range n.Planned.Held {
			p.printf("  %s\n", ui.Clean(why))
		}
	}
}

func arrow(act center.PlannedAction) string {
	switch act.To {
	case "A":
		return "A ← B"
	case "B":
		return "A → B"
	}
	if act.Writes {
		return "A ⇄ B"
	}
	return "A · B"
}

// what names the record of a step.
func what(act center.PlannedAction) string {
	name := act.Title
	if name == "" {
		name = string(act.Record)
	}
	if act.NewID != "" && (act.Do == engine.Move.String() || act.Title == "") {
		name += " ⇒ " + string(act.NewID)
	}
	return name
}

func why(act center.PlannedAction) string {
	if act.Note != "" {
		return act.Reason + ": " + act.Note
	}
	return act.Reason
}

func planTotals(pl *center.Planned) string {
	var parts []string
	for i, name := range []string{"A", "B"} {
		if text := totals(pl.Totals[i]); text != "" {
			parts = append(parts, "to "+name+": "+text)
		}
	}
	sum := func(f func(engine.Totals) int) int { return f(pl.Totals[0]) + f(pl.Totals[1]) }
	for _, x := range []struct {
		n    int
		noun string
	}{
		{sum(func(t engine.Totals) int { return t.Merges }), "record to merge"},
		{sum(func(t engine.Totals) int { return t.Conflicts }), "conflict"},
	} {
		if x.n == 1 || x.n > 1 && x.noun == "conflict" {
			parts = append(parts, ui.Count(x.n, x.noun))
		} else if x.n > 1 {
			parts = append(parts, ui.Number(x.n)+" records to merge")
		}
	}
	if w := sum(func(t engine.Totals) int { return t.Waits }); w > 0 {
		parts = append(parts, ui.Number(w)+" left for later")
	}
	if len(parts) == 0 {
		return "in step, nothing to do"
	}
	return strings.Join(parts, "; ")
}
