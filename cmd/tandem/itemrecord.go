package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/center/shape"
	"tandem/internal/ui"
)

func (a *app) itemRecords() *cobra.Command {
	var lines int
	c := &cobra.Command{
		Use:               "records ITEM",
		Short:             "List what the home collection of an item holds, the newest first",
		Example:           "  tandem item records mail-work\n  tandem item records mail-work --lines 500 --json",
		Args:              args(1, 1, "name one item: tandem item records ITEM"),
		ValidArgsFunction: positions(a.itemNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			if lines < 1 {
				return errUsage{fmt.Errorf("--lines takes a number from 1 on")}
			}
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.ItemRecords(c.Context(), args[0], lines)
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, shape.List(list, shape.OfRecord))
				}
				if len(list) == 0 {
					_, err := fmt.Fprintln(a.out, "there are no records yet")
					return err
				}
				t := ui.NewTable("ID", "CHANGED", "SIZE", "TITLE")
				for _, r := range list {
					changed := ""
					if r.Changed != 0 {
						changed = ui.When(r.Changed, now())
					}
					t.Add(string(r.ID), changed, ui.Size(r.Size), ui.Cut(r.Title, 60))
				}
				return t.Write(a.out)
			})
		},
	}
	c.Flags().IntVarP(&lines, "lines", "l", 50, "how many to show at most")
	return a.jsonFlag(c)
}

func (a *app) itemRecord() *cobra.Command {
	var raw bool
	c := &cobra.Command{
		Use:   "record ITEM ID",
		Short: "Show one record: what it says, or its body as it is",
		Long: `Shows one record of the home collection of an item in the words of its kind: of a message who
sent it, to whom, its text, and what servers found out about its sender. tandem item records
tells the ids. --raw writes the body as it is kept, such as the source of a message.`,
		Example: `  tandem item record mail-work 7c1f0a
  tandem item record mail-work 7c1f0a --raw > message.eml`,
		Args:              args(2, 2, "name one item and one record: tandem item record ITEM ID"),
		ValidArgsFunction: positions(a.itemNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			if raw && a.json {
				return errUsage{fmt.Errorf("--raw and --json do not go together")}
			}
			return a.with(c.Context(), func(s center.Service) error {
				r, err := s.ItemRecord(c.Context(), center.RecordQuery{Item: args[0], ID: tandem.ID(args[1]), Body: raw})
				if err != nil {
					return err
				}
				switch {
				case raw:
					_, err = a.out.Write(r.Body)
					return err
				case a.json:
					return ui.JSON(a.out, shape.OfRecordShown(r))
				}
				return a.showRecord(r)
			})
		},
	}
	c.Flags().BoolVar(&raw, "raw", false, "write the body as it is kept")
	return a.jsonFlag(c)
}

// showRecord writes a record for people. What it says is cleaned line by line: anybody can have written it.
func (a *app) showRecord(r center.RecordShown) error {
	title := r.Title
	if title == "" {
		title = string(r.ID)
	}
	about := string(r.Kind) + ", " + ui.Size(r.Size)
	if r.Changed != 0 {
		about += ", changed " + ui.Ago(r.Changed, now())
	}
	fmt.Fprintf(a.out, "%s\n%s\n", clean(title), about)
	for _, f := range r.Fields {
		lines := strings.Split(strings.TrimRight(strings.ReplaceAll(f.Text, "\r\n", "\n"), "\n"), "\n")
		if len(lines) == 1 {
			fmt.Fprintf(a.out, "\n%s: %s", clean(f.Label), clean(lines[0]))
			continue
		}
		fmt.Fprintf(a.out, "\n%s:", clean(f.Label))
		for _, l := range lines {
			fmt.Fprint(a.out, strings.TrimRight("\n  "+clean(l), " "))
		}
	}
	if len(r.Fields) == 0 {
		fmt.Fprint(a.out, "\nit says nothing that can be shown; --raw writes it as it is")
	}
	_, err := fmt.Fprintln(a.out)
	return err
}
