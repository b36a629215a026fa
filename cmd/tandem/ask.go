package main

import (
	"bufio"
	"fmt"
	"strings"

	"tandem/center"
	"tandem/internal/ui"
)

// question asks until one of the letters is answered; the end of the input answers with the last of them, which must
// be the harmless one.
func (a *app) question(in *bufio.Scanner, text, letters string) byte {
	for {
		fmt.Fprintf(a.out, "%s ", text)
		if !in.Scan() {
			fmt.Fprintln(a.out)
			return letters[len(letters)-1]
		}
		answer := strings.ToLower(strings.TrimSpace(in.Text()))
		if len(answer) > 0 && strings.IndexByte(letters, answer[0]) >= 0 {
			return answer[0]
		}
	}
}

// askGuard asks what is to become of a held plan.
func (a *app) askGuard(n center.SyncNews, opt center.SyncOptions) (center.SyncOptions, bool) {
	switch a.question(bufio.NewScanner(a.in), "go ahead (g), restore what was deleted (r), or leave it (l)?", "grl") {
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
func (a *app) askSteps(end *ending, opt center.SyncOptions) (_ center.SyncOptions, any bool) {
	in := bufio.NewScanner(a.in)
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
				answer = a.askStep(in, act)
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

func (a *app) askStep(in *bufio.Scanner, act center.PlannedAction) byte {
	fmt.Fprintf(a.out, "\n%s  %s  %s  (%s)\n", arrow(act), act.Do, ui.Clean(what(act)), ui.Clean(why(act)))
	text, letters := "do it (d), skip it (s)", "ds"
	if act.CanRev {
		text, letters = text+", other direction (o)", letters+"o"
	}
	if act.CanOne {
		text, letters = text+", take A's (a), take B's (b)", letters+"ab"
	}
	return a.question(in, text+", do all from here (f), quit with the rest skipped (q)?", letters+"fq")
}
