package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem/internal/ui"
	"tandem/provider"
)

func (a *app) providerCommand() *cobra.Command {
	return noun("provider", "Providers: the sorts of places that can be synced", "", a.providerList(), a.providerShow(), a.providerAdd(), a.providerRemove(), a.providerCheck())
}

func (a *app) providerList() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List the providers",
		Example: "  tandem provider list",
		Args:    args(0, 0, "provider list takes no arguments"),
		RunE: func(*cobra.Command, []string) error {
			list := a.registry().Describe()
			if a.json {
				return ui.JSON(a.out, list)
			}
			t := ui.NewTable("PROVIDER", "WHAT IT IS", "KINDS", "EXAMPLE")
			for _, d := range list {
				example := ""
				if len(d.Examples) > 0 {
					example = d.Examples[0]
				}
				t.Add(d.Name, d.Title, kindList(d), example)
			}
			return t.Write(a.out)
		},
	})
}

func kindList(d provider.Description) string {
	words := make([]string, 0, len(d.Kinds))
	for _, k := range d.Kinds {
		words = append(words, string(k))
	}
	return strings.Join(words, ", ")
}

func (a *app) providerShow() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:               "show PROVIDER",
		Short:             "Tell all about a provider: options, features, examples",
		Example:           "  tandem provider show vdir",
		Args:              args(1, 1, "name one provider: tandem provider show PROVIDER"),
		ValidArgsFunction: positions(a.providerNames, none),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := a.registry().Provider(args[0])
			if err != nil {
				return err
			}
			d := p.Describe()
			if a.json {
				return ui.JSON(a.out, d)
			}
			return a.showProvider(d)
		},
	})
}

func (a *app) showProvider(d provider.Description) error {
	fmt.Fprintf(a.out, "%s: %s\n\n%s\n\nKinds: %s\n", d.Name, d.Title, wrap(d.Help, 88), kindList(d))
	if len(d.Features) > 0 {
		fmt.Fprintf(a.out, "Can do: %s\n", strings.Join(d.Features, "; "))
	}
	if len(d.Options) > 0 {
		fmt.Fprintln(a.out, "\nOptions:")
		t := ui.NewTable()
		for _, o := range d.Options {
			typ := o.Type
			if len(o.Choices) > 0 {
				typ = strings.Join(o.Choices, "|")
			}
			help := o.Help
			if o.Default != "" {
				help += " (default " + o.Default + ")"
			}
			t.Add("", o.Name, typ, help)
		}
		if err := t.Write(a.out); err != nil {
			return err
		}
	}
	fmt.Fprintln(a.out, "\nExamples:")
	for _, e := range d.Examples {
		fmt.Fprintf(a.out, "  %s\n", e)
	}
	return nil
}

// wrap breaks a text into lines of at most width bytes at spaces.
func wrap(text string, width int) string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return strings.Join(append(lines, line), "\n")
}
