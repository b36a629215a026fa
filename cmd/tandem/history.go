package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/internal/ui"
	"tandem/store"
)

type pastJSON struct {
	ID      string    `json:"id"`
	When    int64     `json:"when"`
	Session string    `json:"session,omitempty"`
	What    string    `json:"what"`
	Record  tandem.ID `json:"record"`
	Title   string    `json:"title"`
	Kind    string    `json:"kind"`
	Place   string    `json:"place"`
	Who     string    `json:"who"`
	From    string    `json:"from"`
}

func toPast(p store.Past) pastJSON {
	out := pastJSON{ID: "h" + strconv.FormatInt(p.ID, 10), When: p.When, What: pastWhat(p), Record: p.Record, Title: p.Title, Kind: string(p.Kind), Place: p.Place, Who: p.Who, From: p.From}
	if p.Session != 0 {
		out.Session = "s" + strconv.FormatInt(p.Session, 10)
	}
	return out
}

func pastWhat(p store.Past) string {
	switch p.Op {
	case tandem.Delete:
		return "deleted"
	case tandem.Move:
		return "moved"
	}
	return "overwritten"
}

func (a *app) historyCommand() *cobra.Command {
	var f store.PastFilter
	var session string
	c := &cobra.Command{
		Use:   "history [RECORD]",
		Short: "List what was overwritten or deleted",
		Long:  "Lists versions that were overwritten or deleted, newest first: all, or those whose title or name holds a text.",
		Example: `  tandem history
  tandem history "Anna"
  tandem history --session s12`,
		Args: args(0, 1, "name at most one record: tandem history [RECORD]"),
		RunE: func(c *cobra.Command, args []string) error {
			if f.Limit < 1 {
				return errUsage{errors.New("--lines must be at least 1")}
			}
			if len(args) > 0 {
				f.Text = args[0]
			}
			if session != "" {
				id, err := strconv.ParseInt(strings.TrimPrefix(session, "s"), 10, 64)
				if err != nil {
					return errUsage{fmt.Errorf("%q is not a session; they look like s12", session)}
				}
				f.Session = id
			}
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.History(c.Context(), f)
				if err != nil {
					return err
				}
				if len(list) == 0 && f.Text != "" && !a.json {
					_, err := fmt.Fprintf(a.out, "nothing with %q in its name was overwritten or deleted\n", clean(f.Text))
					return err
				}
				return a.showHistory(list)
			})
		},
	}
	c.Flags().StringVar(&session, "session", "", "only what this session overwrote or deleted")
	c.Flags().IntVarP(&f.Limit, "lines", "l", 50, "how many to show at most")
	return a.jsonFlag(c)
}

func (a *app) showHistory(list []store.Past) error {
	if a.json {
		out := make([]pastJSON, 0, len(list))
		for _, p := range list {
			out = append(out, toPast(p))
		}
		return ui.JSON(a.out, out)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.out, "nothing was overwritten or deleted")
		return err
	}
	t := ui.NewTable("ID", "WHEN", "SESSION", "WHAT", "RECORD", "WHERE")
	for _, p := range list {
		j := toPast(p)
		t.Add(j.ID, ui.When(p.When, now()), j.Session, j.What, ui.Cut(pastTitle(p), 50), p.Place)
	}
	if err := t.Write(a.out); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.out, "put one back with `tandem undo ID`, all of a session with `tandem undo SESSION`")
	return err
}

func pastTitle(p store.Past) string {
	if p.Title != "" {
		return p.Title
	}
	return string(p.Record)
}
