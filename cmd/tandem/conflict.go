package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	"tandem/store"
)

func (a *app) conflictCommand() *cobra.Command {
	return noun("conflict", "Conflicts: versions that could not be merged",
		"A conflict keeps every version until you decide. Both sides keep theirs meanwhile, and everything else syncs.",
		a.conflictList(), a.conflictShow(), a.conflictResolve())
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
}

type conflictFieldJSON struct {
	Name string `json:"name"`
	Base string `json:"base"`
	A    string `json:"a"`
	B    string `json:"b"`
}

type conflictVersionJSON struct {
	Side    string `json:"side"`
	Place   string `json:"place"`
	Record  string `json:"record"`
	Title   string `json:"title"`
	Deleted bool   `json:"deleted,omitempty"`
	Body    string `json:"body,omitempty"`
}

func toConflict(c store.Conflict, bodies []string) conflictJSON {
	out := conflictJSON{ID: c.ID, Item: c.Item, Kind: string(c.Kind), When: c.When, Title: c.Title, Reason: c.Reason, Resolved: c.Resolved, Decided: c.Decision != 0,
		Fields: []conflictFieldJSON{}, Versions: []conflictVersionJSON{}}
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
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the open conflicts",
		Example: "  tandem conflict list",
		Args:    args(0, 0, "conflict list takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.Conflicts(c.Context(), !every)
				if err != nil {
					return err
				}
				if a.json {
					out := make([]conflictJSON, 0, len(list))
					for _, x := range list {
						out = append(out, toConflict(x, nil))
					}
					return ui.JSON(a.out, out)
				}
				return a.conflictTable(list)
			})
		},
	}
	c.Flags().BoolVar(&every, "all", false, "also those that are over")
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
				x, texts, err := s.Conflict(c.Context(), id)
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, toConflict(x, texts))
				}
				if !bodies {
					texts = nil
				}
				return a.showConflict(x, texts)
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

func (a *app) showConflict(c store.Conflict, bodies []string) error {
	fmt.Fprintf(a.out, "%s (%s), since %s\n", ui.Clean(titleOf(c)), c.Kind, ui.When(c.When, now()))
	if c.Reason != "" {
		fmt.Fprintf(a.out, "%s\n", ui.Clean(c.Reason))
	}
	t := ui.NewTable()
	for i, v := range c.Versions {
		state := v.Title
		if v.Deleted {
			state = "deleted"
		}
		t.Add(" "+side(i), v.Place, string(v.ID), state)
	}
	if err := t.Write(a.out); err != nil {
		return err
	}
	if len(c.Fields) > 0 {
		f := ui.NewTable("FIELD", "BEFORE", "A", "B")
		for _, x := range c.Fields {
			f.Add(x.Name, ui.Cut(x.Base, 30), ui.Cut(x.A, 30), ui.Cut(x.B, 30))
		}
		fmt.Fprintln(a.out)
		if err := f.Write(a.out); err != nil {
			return err
		}
	}
	for i, body := range bodies {
		if body != "" {
			fmt.Fprintf(a.out, "\n--- %s\n%s\n", side(i), strings.TrimRight(cleanLines(body), "\n"))
		}
	}
	if c.Resolved != 0 {
		_, err := fmt.Fprintln(a.out, "\nthis conflict is over")
		return err
	}
	_, err := fmt.Fprintf(a.out, "\ndecide with `tandem conflict resolve %d --take a|b|both`, or give a version of your own with --with FILE\n", c.ID)
	return err
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
	var take, with string
	c := &cobra.Command{
		Use:   "resolve ID --take a|b|both | --with FILE",
		Short: "Decide a conflict",
		Long: `Decides a conflict: take A's version, B's, keep both as two records, or take a version of
your own from a file ("-": from standard input). The next sync of the pair carries it out;
a running hub does so at once for its items.`,
		Example: "  tandem conflict resolve 3 --take a\n  tandem conflict resolve 3 --with merged.vcf",
		Args:    args(1, 1, "name one conflict by its id: tandem conflict resolve ID --take a|b|both"),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := conflictID(args[0])
			if err != nil {
				return err
			}
			var body []byte
			switch {
			case (take == "") == (with == ""):
				return errUsage{errors.New("say what to take: --take a, b or both, or --with FILE")}
			case with != "":
				if body, err = a.readFile(with); err != nil {
					return err
				}
				take = "body"
			case take != "a" && take != "b" && take != "both":
				return errUsage{fmt.Errorf("--take is a, b or both, not %q", take)}
			}
			return a.with(c.Context(), func(s center.Service) error { return a.resolve(c, s, id, take, body) })
		},
	}
	c.Flags().StringVar(&take, "take", "", "a, b or both")
	c.Flags().StringVar(&with, "with", "", "file with the version to take (- is standard input)")
	words(c, "take", []string{"a", "b", "both"})
	return c
}

func (a *app) resolve(c *cobra.Command, s center.Service, id int64, take string, body []byte) error {
	x, _, err := s.Conflict(c.Context(), id)
	if err != nil {
		return err
	}
	if err := s.Decide(c.Context(), id, take, body); err != nil {
		return err
	}
	next := "carried out by the next sync: tandem sync " + x.Item
	if _, running := s.(interface{ Process() int }); running && !strings.Contains(x.Item, " ") {
		next = "the hub carries it out now"
	}
	_, err = fmt.Fprintf(a.out, "decided; %s\n", next)
	return err
}

func (a *app) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(a.in)
	}
	return os.ReadFile(name)
}
