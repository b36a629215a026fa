package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
)

type undoJSON struct {
	pastJSON
	Done bool   `json:"done"`
	Why  string `json:"why,omitempty"`
}

func (a *app) undoCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "undo SESSION|HISTORY-ID",
		Short: "Put back what was overwritten or deleted",
		Long: `Puts back what a session (s12) or one entry of the history (h7) overwrote or deleted, where
nothing has changed since. The next sync carries it to the other side. Sessions and
entries are listed by tandem history.`,
		Example: "  tandem undo s12\n  tandem undo h7",
		Args:    args(1, 1, "name a session or a history entry: tandem undo s12, tandem undo h7"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.Undo(c.Context(), args[0])
				if err != nil && len(list) == 0 {
					return asUsage(err)
				}
				if showErr := a.showUndo(list); showErr != nil {
					return showErr
				}
				return err
			})
		},
	})
}

func (a *app) showUndo(list []center.UndoResult) error {
	left := 0
	out := make([]undoJSON, 0, len(list))
	for _, r := range list {
		if !r.Done {
			left++
		}
		out = append(out, undoJSON{toPast(r.Past), r.Done, r.Why})
	}
	if a.json {
		if err := ui.JSON(a.out, out); err != nil {
			return err
		}
	} else {
		for _, r := range list {
			if r.Done {
				fmt.Fprintf(a.out, "put back %s in %s\n", ui.Clean(pastTitle(r.Past)), ui.Clean(r.Past.Place))
			} else {
				fmt.Fprintf(a.out, "left %s in %s: %s\n", ui.Clean(pastTitle(r.Past)), ui.Clean(r.Past.Place), ui.Clean(r.Why))
			}
		}
	}
	if left > 0 {
		return errExit(exitLeft)
	}
	return nil
}
