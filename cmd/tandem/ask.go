package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"tandem/center"
	"tandem/internal/ui"
)

// asker puts questions to a person and reads the answers.
type asker struct {
	ctx   context.Context
	out   io.Writer
	lines <-chan string // closed at the end of the input
}

// asker starts reading answers. Whatever a person has not typed yet must not keep Ctrl-C from working, so reading has a
// goroutine of its own, which ends with the input or the program.
func (a *app) asker(ctx context.Context) *asker {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(a.in); in.Scan(); {
			select {
			case lines <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return &asker{ctx: ctx, out: a.out, lines: lines}
}

// question asks until one of the letters is answered. The end of the input and Ctrl-C answer with the last of them,
// which must be the harmless one.
func (q *asker) question(text, letters string) byte {
	for {
		fmt.Fprintf(q.out, "%s ", text)
		select {
		case line, ok := <-q.lines:
			if !ok {
				fmt.Fprintln(q.out)
				return letters[len(letters)-1]
			}
			answer := strings.ToLower(strings.TrimSpace(line))
			if len(answer) > 0 && strings.IndexByte(letters, answer[0]) >= 0 {
				return answer[0]
			}
		case <-q.ctx.Done():
			fmt.Fprintln(q.out)
			return letters[len(letters)-1]
		}
	}
}

// line asks for a line of text. The end of the input and Ctrl-C answer with nothing.
func (q *asker) line(text string) string {
	fmt.Fprintf(q.out, "%s ", text)
	select {
	case line, ok := <-q.lines:
		if !ok {
			fmt.Fprintln(q.out)
		}
		return line
	case <-q.ctx.Done():
		fmt.Fprintln(q.out)
		return ""
	}
}

// askGuard asks what is to become of a held plan.
func (q *asker) askGuard(n center.SyncNews, opt center.SyncOptions) (center.SyncOptions, bool) {
	switch q.question("go ahead (g), restore what was deleted (r), or leave it (l)?", "grl") {
	case 'g':
		opt.Approved = n.Planned.Hash
		return opt, true
	case 'r':
		opt.Restore = true
		return opt, true
	}
	return opt, false
}

// askSteps lets a person choose for each step of a preview, and reports whether any is left to be done.
func (q *asker) askSteps(end *ending, opt center.SyncOptions) (_ center.SyncOptions, any bool) {
	opt.Chosen = map[string]string{}
	rest := byte(0) // an answer for all that follow
	for _, n := range end.preview {
		if n.Planned == nil {
			continue
		}
		if len(n.Planned.Held) > 0 && len(end.preview) == 1 {
			opt.Approved = n.Planned.Hash // each step is looked at by a person
		}
		for _, act := range n.Planned.Actions {
			if !act.Writes {
				continue
			}
			answer := rest
			if answer == 0 {
				answer = q.askStep(act)
			}
			switch answer {
			case 'f', 'q':
				rest = answer
			}
			opt.Chosen[act.Key] = map[byte]string{'s': center.Skip, 'q': center.Skip, 'd': center.Keep, 'f': center.Keep, 'o': center.Reverse, 'a': center.TakeA, 'b': center.TakeB}[answer]
		}
	}
	for _, choice := range opt.Chosen {
		if choice != center.Skip {
			return opt, true
		}
	}
	return opt, false
}

func (q *asker) askStep(act center.PlannedAction) byte {
	fmt.Fprintf(q.out, "\n%s  %s  %s  (%s)\n", arrow(act), act.Do, ui.Clean(what(act)), ui.Clean(why(act)))
	text, letters := "do it (d), skip it (s)", "ds"
	if act.CanRev {
		text, letters = text+", other direction (o)", letters+"o"
	}
	if act.CanOne {
		text, letters = text+", take A's (a), take B's (b)", letters+"ab"
	}
	return q.question(text+", do all from here (f), quit with the rest skipped (q)?", letters+"fq")
}
