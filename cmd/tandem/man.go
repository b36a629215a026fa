package main

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"tandem"
)

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write manual pages",
		Long:    "Writes a manual page for every command into a folder, which is made if it is missing.",
		Example: "  tandem man ~/.local/share/man/man1",
		Args:    args(1, 1, "say which folder the pages go to: tandem man DIR"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return &tandem.Error{Kind: tandem.Denied, Op: "write manual pages to", Thing: args[0], Err: cause(err), Remedy: "name a folder that you may write to; it is made if it is missing"}
			}
			header := &doc.GenManHeader{Title: "TANDEM", Section: "1", Source: "Tandem", Manual: "Tandem"}
			if err := doc.GenManTree(c.Root(), header, args[0]); err != nil {
				return &tandem.Error{Kind: tandem.Denied, Op: "write manual pages to", Thing: args[0], Err: cause(err), Remedy: "name a folder that you may write to"}
			}
			return nil
		},
	}
}
