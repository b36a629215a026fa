package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"tandem/internal/ui"
)

func (a *app) versionCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "version",
		Short:   "Tell the version",
		Example: "  tandem version",
		Args:    args(0, 0, "version takes no arguments"),
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				return ui.JSON(a.out, map[string]string{"version": version(), "go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH})
			}
			_, err := fmt.Fprintf(a.out, "tandem %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	})
}
