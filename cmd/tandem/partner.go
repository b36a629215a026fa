package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	"tandem/store"
)

func (a *app) partnerCommand() *cobra.Command {
	return noun("partner", "Partners: the places that the hub knows",
		"A partner is a device, computer, service or folder that the hub has an agreement with.",
		a.partnerAdd(), a.partnerList(), a.partnerShow(), a.partnerSet(), a.partnerFolders(), a.partnerLogin(), a.partnerTest(), a.partnerRemove())
}

func (a *app) partnerAdd() *cobra.Command {
	var name, user string
	c := &cobra.Command{
		Use:   "add PROVIDER [key=value...]",
		Short: "Make a partner of a place",
		Long: `Makes a partner of a place. The key "path" says where it is; the others are the options
of the provider, see tandem provider show PROVIDER. A place in full does as well.`,
		Example: `  tandem partner add vdir path=~/phone-book kind=contact --name phone
  tandem partner add files:/media/stick --name stick
  tandem partner add imaps://anna@mail.example.org/INBOX --name work`,
		Args:              args(1, -1, "name a provider: tandem partner add PROVIDER [key=value...]"),
		ValidArgsFunction: positions(a.providerNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			text, err := placeText(args)
			if err != nil {
				return errUsage{err}
			}
			place, err := a.registry().ParsePlace(text)
			if err != nil {
				return asUsage(err)
			}
			return a.with(c.Context(), func(s center.Service) error {
				p, err := s.AddPartner(c.Context(), user, name, place.Text)
				if err != nil {
					return asUsage(err)
				}
				if a.json {
					return ui.JSON(a.out, toPartner(p))
				}
				pair := "HOME-COLLECTION " + p.Name
				if prov, err := a.registry().Provider(p.Provider); err == nil && prov.Folders != nil {
					pair = "--all " + p.Name
				}
				_, err = fmt.Fprintf(a.out, "added %s (%s); pair it with `tandem item add %s`\n", p.Name, p.Place, pair)
				return err
			})
		},
	}
	c.Flags().StringVar(&name, "name", "", "name of the partner (default: made from the place)")
	c.Flags().StringVar(&user, "user", "", "whose partner it is (default: the only user there is, otherwise the hub's)")
	return a.jsonFlag(c)
}

// placeText writes a place from a provider's name and options.
func placeText(args []string) (string, error) {
	if strings.Contains(args[0], ":") {
		if len(args) > 1 {
			return "", fmt.Errorf("a place in full takes no further options; write them behind a question mark")
		}
		return args[0], nil
	}
	path, query := "", url.Values{}
	for _, arg := range args[1:] {
		key, value, ok := strings.Cut(arg, "=")
		switch {
		case !ok || key == "":
			return "", fmt.Errorf("%q is not of the form key=value; write such as path=./folder, or the place in full, such as vdir:./folder", arg)
		case key == "path":
			path = strings.NewReplacer("%", "%25", "?", "%3F").Replace(value)
		default:
			query.Add(key, value)
		}
	}
	text := args[0] + ":" + path
	if len(query) > 0 {
		text += "?" + query.Encode()
	}
	return text, nil
}

type partnerJSON struct {
	Name     string `json:"name"`
	User     string `json:"user,omitempty"`
	Provider string `json:"provider"`
	Place    string `json:"place"`
	Title    string `json:"title"`
	Called   string `json:"called"`
	Added    int64  `json:"added"`
}

func toPartner(p store.Partner) partnerJSON {
	return partnerJSON{p.Name, p.User, p.Provider, p.Place, p.Title, p.Call(), p.Added}
}

func (a *app) partnerList() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List the partners",
		Example: "  tandem partner list",
		Args:    args(0, 0, "partner list takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.ListPartners(c.Context())
				if err != nil {
					return err
				}
				if a.json {
					out := make([]partnerJSON, 0, len(list))
					for _, p := range list {
						out = append(out, toPartner(p))
					}
					return ui.JSON(a.out, out)
				}
				if len(list) == 0 {
					_, err := fmt.Fprintln(a.out, "no partners yet; add one with `tandem partner add PROVIDER path=...`")
					return err
				}
				t := ui.NewTable("PARTNER", "CALLED", "PLACE", "WHAT IT IS")
				for _, p := range list {
					t.Add(p.Name, p.Called, p.Place, p.Title)
				}
				return t.Write(a.out)
			})
		},
	})
}

func (a *app) partnerRemove() *cobra.Command {
	return &cobra.Command{
		Use:               "remove PARTNER",
		Short:             "Forget a partner; its records stay where they are",
		Example:           "  tandem partner remove phone",
		Args:              args(1, 1, "name one partner: tandem partner remove PARTNER"),
		ValidArgsFunction: positions(a.partnerNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error { return s.RemovePartner(c.Context(), args[0]) })
		},
	}
}
