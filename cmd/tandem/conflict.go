package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/internal/ui"
	"tandem/store"
)

func (a *app) conflictCommand() *cobra.Command {
	return noun("conflict", "Conflicts: versions that could not be merged",
		"A conflict keeps every version until you decide. Both sides keep theirs meanwhile, and everything else syncs.",
		a.conflictList(), a.conflictShow(), a.conflictResolve(), a.conflictQuestions(), a.conflictAnswer(), a.conflictRules())
}

type conflictJSON struct {
	ID       int64                 `json:"id"`
	Item     string                `json:"item"`
	Kind     string                `json:"kind"`
	When     int64                 `json:"when"`
	Title    string                `json:"title"`
	Reason   string                `json:"reason"`
	Fields   []conflictFieldJSON   `json:"fields"`
	Versions []conflictVersionJSON `json:"versions"`
	Resolved int64                 `json:"resolved,omitempty"`
	Decided  bool                  `json:"decided"`
	Handler  string                `json:"handler,omitempty"` // the program that reported it
	Own      string                `json:"own,omitempty"`     // the program's id of it
	Answer   string                `json:"answer,omitempty"`  // of a program's
}

type conflictFieldJSON struct {
	Name string `json:"name"`
	Base string `json:"base"`
	A    string `json:"a"`
	B    string `json:"b"`
}

type conflictVersionJSON struct {
	Side    string `json:"side"` // in capitals, as --take calls it
	Place   string `json:"place"`
	Record  string `json:"record"`
	Title   string `json:"title"`
	Deleted bool   `json:"deleted,omitempty"`
	Body    string `json:"body,omitempty"`
}

// comparedVersionJSON is one version of a record with what else is known of it, as the API has it.
type comparedVersionJSON struct {
	conflictVersionJSON
	When     string `json:"when,omitempty"`
	Who      string `json:"who,omitempty"`
	Modified int64  `json:"modified,omitempty"`
	Written  int64  `json:"written,omitempty"`
	By       string `json:"by,omitempty"`
	Keep     string `json:"keep,omitempty"`
}

func toConflict(c store.Conflict, bodies []string) conflictJSON {
	out := conflictJSON{ID: c.ID, Item: c.Item, Kind: string(c.Kind), When: c.When, Title: c.Title, Reason: c.Reason, Resolved: c.Resolved, Decided: c.Decision != 0,
		Fields: []conflictFieldJSON{}, Versions: []conflictVersionJSON{}}
	if r := c.Reported; r != nil {
		out.Handler, out.Own, out.Answer = r.Handler, r.Own, r.Answer
	}
	for _, f := range c.Fields {
		out.Fields = append(out.Fields, conflictFieldJSON(f))
	}
	for i, v := range c.Versions {
		x := conflictVersionJSON{Side: side(i), Place: v.Place, Record: string(v.ID), Title: v.Title, Deleted: v.Deleted}
		if i < len(bodies) {
			x.Body = bodies[i]
		}
		out.Versions = append(out.Versions, x)
	}
	return out
}

func side(i int) string { return string(rune('A' + i)) }

func (a *app) conflictList() *cobra.Command {
	var every bool
	var item string
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the open conflicts",
		Example: "  tandem conflict list\n  tandem conflict list --item contacts-phone",
		Args:    args(0, 0, "conflict list takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.Conflicts(c.Context(), !every)
				if err != nil {
					return err
				}
				if item != "" {
					ofProgram := slices.ContainsFunc(list, func(x store.Conflict) bool { return x.Reported != nil && x.Item == item })
					if _, err := s.Status(c.Context(), []string{item}); err != nil && !ofProgram { // a mistyped name is not one without conflicts
						return err
					}
					list = slices.DeleteFunc(list, func(x store.Conflict) bool { return x.Item != item })
				}
				if a.json {
					out := make([]conflictJSON, 0, len(list))
					for _, x := range list {
						out = append(out, toConflict(x, nil))
					}
					return ui.JSON(a.out, out)
				}
				questions, err := s.Questions(c.Context())
				if err != nil {
					return err
				}
				questions = slices.DeleteFunc(questions, func(q center.Question) bool { return item != "" && q.Item != item })
				if len(list) > 0 || len(questions) == 0 {
					err = a.conflictTable(list)
				}
				return errors.Join(err, a.questionTable(questions))
			})
		},
	}
	c.Flags().BoolVar(&every, "all", false, "also those that are over")
	c.Flags().StringVar(&item, "item", "", "only those of this sync item")
	_ = c.RegisterFlagCompletionFunc("item", positions(a.itemNames)) // fails only for a flag that does not exist
	return a.jsonFlag(c)
}

func (a *app) conflictTable(list []store.Conflict) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.out, "no conflicts")
		return err
	}
	t := ui.NewTable("ID", "SINCE", "RECORD", "WHAT CLASHES", "WHERE", "STATE")
	for _, c := range list {
		state := ""
		switch {
		case c.Resolved != 0:
			state = "over"
		case c.Reported != nil && c.Decision != 0:
			state = "answered; waits for " + c.Reported.Handler
		case c.Decision == tandem.LeaveOut:
			state = "no longer synced"
		case c.Decision != 0:
			state = "decided; carried out by the next sync"
		}
		t.Add(strconv.FormatInt(c.ID, 10), ui.When(c.When, now()), ui.Cut(titleOf(c), 40), ui.Cut(fieldNames(c), 40), c.Item, state)
	}
	if err := t.Write(a.out); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.out, "look closer with `tandem conflict show ID`, decide with `tandem conflict resolve ID --take a|b|both`")
	return err
}

func titleOf(c store.Conflict) string {
	if c.Title != "" {
		return c.Title
	}
	for _, v := range c.Versions {
		if v.ID != "" {
			return string(v.ID)
		}
	}
	return "?"
}

func fieldNames(c store.Conflict) string {
	var names []string
	for _, f := range c.Fields {
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return c.Reason
	}
	return strings.Join(names, ", ")
}

func (a *app) conflictShow() *cobra.Command {
	var bodies bool
	c := &cobra.Command{
		Use:     "show ID",
		Short:   "Show the versions of a conflict and where they differ",
		Example: "  tandem conflict show 3\n  tandem conflict show 3 --bodies",
		Args:    args(1, 1, "name one conflict by its id: tandem conflict show ID"),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := conflictID(args[0])
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(s center.Service) error {
				view, err := s.Compare(c.Context(), id)
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, toComparison(view))
				}
				return a.showConflict(view, bodies)
			})
		},
	}
	c.Flags().BoolVar(&bodies, "bodies", false, "also print the versions in full")
	return a.jsonFlag(c)
}

func conflictID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, errUsage{fmt.Errorf("%q is not the id of a conflict; see them with `tandem conflict list`", text)}
	}
	return id, nil
}

func (a *app) showConflict(view center.Comparison, bodies bool) error {
	c := view.Conflict
	what := string(c.Kind)
	if r := c.Reported; r != nil {
		what = strings.TrimPrefix(what+", reported by "+r.Handler, ", ")
	}
	fmt.Fprintf(a.out, "%s (%s), since %s\n", ui.Clean(titleOf(c)), ui.Clean(what), ui.When(c.When, now()))
	if c.Reason != "" {
		fmt.Fprintf(a.out, "%s\n", ui.Clean(c.Reason))
	}
	t := ui.NewTable()
	for _, v := range view.Versions {
		state := strings.TrimSpace(v.Title + " " + v.When)
		if v.When != "" && v.Who != "" { // of a meeting
			state += ", " + v.Who
		}
		if v.Deleted {
			state = "deleted"
		}
		changed := ""
		if v.Modified != 0 {
			changed = "changed " + ui.When(v.Modified, now())
		} else if v.Written != 0 {
			changed = "written " + ui.When(v.Written, now())
		}
		if v.By != "" {
			changed += " by " + ui.Clean(v.Author())
		}
		t.Add(" "+strings.ToUpper(v.Take), v.Place, string(v.Record), state, strings.TrimSpace(changed))
	}
	if err := t.Write(a.out); err != nil {
		return err
	}
	if err := a.fieldTable(view); err != nil {
		return err
	}
	for _, v := range view.Versions {
		if bodies && len(v.Body) > 0 {
			fmt.Fprintf(a.out, "\n--- %s\n%s\n", strings.ToUpper(v.Take), strings.TrimRight(cleanLines(string(v.Body)), "\n"))
		}
	}
	switch {
	case c.Resolved != 0:
		_, err := fmt.Fprintln(a.out, "\nthis conflict is over")
		return err
	case c.Decision == tandem.LeaveOut:
		_, err := fmt.Fprintf(a.out, "\nthis record is no longer synced; take that back with `tandem conflict resolve %d --take ask`\n", c.ID)
		return err
	}
	if r := c.Reported; r != nil {
		return a.reportedAnswers(view, *r)
	}
	words := slices.DeleteFunc(slices.Clone(view.Takes), func(w string) bool { return w == "body" || w == "skip" || w == center.TakeFields })
	if line := bothLine(view); line != "" {
		fmt.Fprintf(a.out, "\n%s\n", line)
	}
	fmt.Fprintf(a.out, "\ndecide with `tandem conflict resolve %d --take %s`, or give a version of your own with --with FILE\n", c.ID, strings.Join(words, "|"))
	if slices.Contains(view.Takes, center.TakeFields) {
		fmt.Fprintln(a.out, "put one together from fields of both with --field FIELD=VERSION")
	}
	if view.Same > 1 {
		fmt.Fprintf(a.out, "--all decides %d conflicts of the same sort\n", view.Same)
	}
	return nil
}

// reportedAnswers tells what may be answered to a conflict of a program.
func (a *app) reportedAnswers(view center.Comparison, r store.Reported) error {
	if r.Answer != "" {
		fmt.Fprintf(a.out, "\nanswered: %s; it stays until %s says that it is settled, and can be answered otherwise until then\n", r.Answer, ui.Clean(r.Handler))
	}
	if view.Second != "" {
		fmt.Fprintf(a.out, "\nboth: all are kept, %s as %q; --name calls it otherwise\n", strings.ToUpper(view.Second), ui.Clean(view.Name))
	}
	own := slices.Contains(view.Takes, "body")
	words := slices.DeleteFunc(slices.Clone(view.Takes), func(w string) bool { return w == "body" || w == "skip" || w == center.TakeFields })
	switch id := view.Conflict.ID; {
	case len(words) > 0 && own:
		fmt.Fprintf(a.out, "\ndecide with `tandem conflict resolve %d --take %s`, or give a version of your own with --with FILE\n", id, strings.Join(words, "|"))
	case len(words) > 0:
		fmt.Fprintf(a.out, "\ndecide with `tandem conflict resolve %d --take %s`\n", id, strings.Join(words, "|"))
	case own:
		fmt.Fprintf(a.out, "\ngive a version of your own with `tandem conflict resolve %d --with FILE`\n", id)
	default:
		fmt.Fprintf(a.out, "\n%s takes no answer\n", ui.Clean(r.Handler))
	}
	if slices.Contains(view.Takes, center.TakeFields) {
		fmt.Fprintln(a.out, "put one together from fields of both with --field FIELD=VERSION")
	}
	if view.Same > 1 {
		fmt.Fprintf(a.out, "--all decides %d conflicts of the same sort\n", view.Same)
	}
	return nil
}

// bothLine tells what keeping both comes to, "" where that is no answer.
func bothLine(view center.Comparison) string {
	second := strings.ToUpper(view.Second)
	switch {
	case second == "":
		return ""
	case view.Name == "":
		return "both: " + second + " becomes a record of its own beside the other"
	case view.Conflict.Kind == tandem.File || view.Conflict.Kind == tandem.Picture:
		return fmt.Sprintf("both: the file of %s is kept beside the other as %q; --name calls it otherwise", second, ui.Clean(view.Name))
	}
	return fmt.Sprintf("both: %s becomes a record of its own beside the other; --name calls it otherwise, such as %q", second, ui.Clean(view.Name))
}

// fieldTable shows where the versions differ.
func (a *app) fieldTable(view center.Comparison) error {
	head := []string{"FIELD", "BEFORE"}
	for _, v := range view.Versions {
		head = append(head, strings.ToUpper(v.Take))
	}
	f := ui.NewTable(head...)
	for _, x := range view.Fields {
		if !x.Differs && !x.Clashes {
			continue
		}
		row := []string{x.Label, ui.Cut(x.Before, 30)}
		for _, v := range x.Values {
			row = append(row, ui.Cut(strings.ReplaceAll(v, "\n", ", "), 30))
		}
		f.Add(row...)
	}
	if f.Len() == 0 {
		return nil
	}
	fmt.Fprintln(a.out)
	return f.Write(a.out)
}

type comparisonJSON struct {
	conflictJSON
	Versions []comparedVersionJSON `json:"versions"` // all of them, instead of the conflict's two
	Compared []comparedJSON        `json:"compared"`
	Takes    []string              `json:"takes"`
	Same     int                   `json:"same"`
	Stamp    string                `json:"stamp"`
	Second   string                `json:"second,omitempty"`
	Name     string                `json:"name,omitempty"`
}

type comparedJSON struct {
	Label   string   `json:"label"`
	Before  string   `json:"before,omitempty"`
	Values  []string `json:"values"`
	Differs bool     `json:"differs"`
	Picks   bool     `json:"picks,omitempty"`
}

// toComparison is a conflict with all its versions: those of other places that changed the same record, too.
func toComparison(view center.Comparison) comparisonJSON {
	out := comparisonJSON{conflictJSON: toConflict(view.Conflict, nil), Compared: []comparedJSON{}, Takes: view.Takes, Same: view.Same, Stamp: view.Stamp, Second: view.Second, Name: view.Name}
	out.Versions = []comparedVersionJSON{}
	for _, v := range view.Versions {
		plain := conflictVersionJSON{Side: strings.ToUpper(v.Take), Place: v.Place, Record: string(v.Record), Title: v.Title, Deleted: v.Deleted, Body: string(v.Body)}
		out.Versions = append(out.Versions, comparedVersionJSON{conflictVersionJSON: plain, When: v.When, Who: v.Who, Modified: v.Modified, Written: v.Written, By: v.Author(), Keep: v.Keep})
	}
	for _, f := range view.Fields {
		out.Compared = append(out.Compared, comparedJSON{f.Label, f.Before, f.Values, f.Differs, f.Picks})
	}
	return out
}

// cleanLines makes a body safe for a terminal and keeps its lines.
func cleanLines(body string) string {
	lines := strings.Split(strings.ReplaceAll(body, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = ui.Clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

func (a *app) conflictResolve() *cobra.Command {
	var r center.Resolution
	var with string
	var pick pickFlags
	c := &cobra.Command{
		Use:   "resolve ID --take a|b|both|... | --field FIELD=VERSION... | --with FILE",
		Short: "Decide a conflict",
		Long: `Decides a conflict: take the version A, B and so on, keep both, take the one that was
changed last (newest), or a version of your own from a file ("-": from standard input).
Where both are kept, A stays what it is and B becomes a record of its own beside it: a file
under another name, which "tandem conflict show" tells and --name changes, and which gets a
number if it is taken; others under the same title, unless --name gives one. "out" leaves the record out of what is synced from now on: both sides keep theirs;
"ask" takes that back. "skip" leaves the conflict for later. The next sync of the pair
carries it out; a running hub does so at once for its items.

With --field, a version is put together: each field named is taken from the version named,
what only one side changed from that side, and what clashes and is not named from A; or all
else from the version that --rest names. --preview shows it and decides nothing.

With --all the answer is given to all conflicts of the same sort: of the same item, with
the same sides changed or deleted.

A conflict that a program reported is answered with what the program takes, as "tandem
conflict show" tells. It stays until the program says that it is settled; until then it
can be answered otherwise, and "ask" takes the answer back.`,
		Example: "  tandem conflict resolve 3 --take a\n  tandem conflict resolve 3 --take both --name \"Carla (old)\"\n  tandem conflict resolve 4 --take both --name \"report (laptop).txt\"\n  tandem conflict resolve 3 --take newest --all\n  tandem conflict resolve 3 --field \"phone (cell)=b\" --field name=a --preview\n  tandem conflict resolve 3 --with merged.vcf",
		Args:    args(1, 1, "name one conflict by its id: tandem conflict resolve ID --take a|b|both"),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := conflictID(args[0])
			if err != nil {
				return err
			}
			r.ID = id
			if pick.used() && r.Take == "" {
				r.Take = center.TakeFields
			}
			switch {
			case (r.Take == "") == (with == ""):
				return errUsage{errors.New("say what to take: --take a, b or both, --field FIELD=VERSION, or --with FILE")}
			case pick.used() != (r.Take == center.TakeFields):
				return errUsage{errors.New("--field, --rest and --preview are for --take fields, and go without another --take")}
			case pick.used():
				if r.Fields, err = pick.read(); err != nil {
					return err
				}
				r.Rest = pick.rest
			case with != "":
				if r.Body, err = a.readFile(with); err != nil {
					return err
				}
				r.Take = "body"
			case r.Take == "body" || !takesKnown(r.Take):
				return errUsage{fmt.Errorf("--take is a, b or both, newest, out, ask or skip, not %q", r.Take)}
			}
			return a.with(c.Context(), func(s center.Service) error {
				if pick.preview {
					return a.showMerged(c, s, r)
				}
				return a.resolve(c, s, r)
			})
		},
	}
	c.Flags().StringVar(&r.Take, "take", "", "a, b or both; newest, fields, out, ask, skip")
	c.Flags().StringVar(&r.Name, "name", "", "with --take both: what the second version is to be called, such as \"report (laptop).txt\"")
	c.Flags().BoolVar(&r.All, "all", false, "decide all conflicts of the same sort")
	c.Flags().StringVar(&r.Stamp, "stamp", "", "with --all: only if nothing changed since `conflict show --json` gave this")
	c.Flags().StringVar(&with, "with", "", "file with the version to take (- is standard input)")
	pick.add(c)
	words(c, "take", []string{"a", "b", "both", "newest", "fields", "out", "ask", "skip"})
	return a.jsonFlag(c)
}

// takesKnown tells words that may be an answer from typing mistakes.
func takesKnown(word string) bool {
	return len(word) == 1 && word[0] >= 'a' && word[0] <= 'z' || slices.Contains([]string{"both", "newest", center.TakeFields, "out", "ask", "skip"}, word)
}

func (a *app) resolve(c *cobra.Command, s center.Service, r center.Resolution) error {
	x, _, err := s.Conflict(c.Context(), r.ID)
	if err != nil {
		return err
	}
	out, err := s.Resolve(c.Context(), r)
	if err != nil {
		return err
	}
	if a.json {
		err = ui.JSON(a.out, struct {
			Done    []int64 `json:"done"`
			Left    int     `json:"left"`
			Refresh bool    `json:"refresh"`
			Why     string  `json:"why,omitempty"`
			Kept    string  `json:"kept,omitempty"`
		}{ui.List(out.Done), out.Left, out.Refresh, out.Why, out.Kept})
		return errors.Join(err, leftOver(out))
	}
	next := "carried out by the next sync: tandem sync " + x.Item
	if _, running := s.(interface{ Process() int }); running && !strings.Contains(x.Item, " ") {
		next = "the hub carries it out now"
	}
	if x.Reported != nil {
		next = ui.Clean(x.Reported.Handler) + " carries it out, and says when it is settled"
	}
	switch {
	case x.Reported != nil && r.Take == "ask" && len(out.Done) > 0:
		fmt.Fprintln(a.out, "the answer is taken back")
	case len(out.Done) > 1:
		fmt.Fprintf(a.out, "%s decided; %s\n", ui.Count(len(out.Done), "conflict"), next)
	case len(out.Done) == 1 && out.Kept != "":
		fmt.Fprintf(a.out, "decided: both are kept, the second as %q; %s\n", ui.Clean(out.Kept), next)
	case len(out.Done) == 1:
		fmt.Fprintf(a.out, "decided; %s\n", next)
	case !out.Refresh:
		fmt.Fprintln(a.out, "left for later")
	}
	if out.Why != "" {
		fmt.Fprintf(a.out, "%s: look again\n", ui.Clean(out.Why))
	}
	if out.Left > 0 {
		fmt.Fprintf(a.out, "%s of the same sort: decide with --all\n", ui.Count(out.Left, "more conflict"))
	}
	return leftOver(out)
}

// leftOver is the exit status of a decision that what the person saw was too old for.
func leftOver(r center.Resolved) error {
	if r.Refresh {
		return errExit(exitLeft)
	}
	return nil
}

func (a *app) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(a.in)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "read version", Thing: name, Err: cause(err), Remedy: "name a file that holds it and that you may read, or - for the standard input"}
	}
	return data, nil
}
