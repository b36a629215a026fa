package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	"tandem/partner/outgoing"
)

// mailServer shows or names the hub's own server.
func (a *app) mailServer() *cobra.Command {
	var s outgoing.Account
	var server, file string
	var none bool
	c := &cobra.Command{
		Use:   "server",
		Short: "Show or name the server that the hub's own messages go through",
		Long: `What the hub tells people by mail goes through the server of their own mail (tandem user
mail). For those who have none it goes through this one. The password is asked for, or read
from a file, and kept sealed.`,
		Example: `  tandem mail server
  tandem mail server --server smtp.example.org:465 --login hub@example.org --from hub@example.org
  tandem mail server --none`,
		Args: args(0, 0, "mail server takes no arguments: tandem mail server --server HOST:PORT --from ADDRESS"),
		RunE: func(c *cobra.Command, _ []string) error {
			if server == "" && !none {
				if file != "" || s.User != "" || s.From != "" || s.TLS != "" {
					return errUsage{fmt.Errorf("--login, --from, --tls and --password-file go with --server HOST:PORT")}
				}
				return a.with(c.Context(), func(hub center.Service) error {
					s, err := hub.HubMail(c.Context())
					if err != nil {
						return err
					}
					return a.showHubMail(s)
				})
			}
			password := ""
			if !none {
				if err := mailServer(&s, server); err != nil {
					return err
				}
				if s.User != "" {
					var err error
					if password, err = a.oldPassword(c.Context(), file); err != nil {
						return err
					}
				} else if file != "" {
					return errUsage{fmt.Errorf("--password-file goes with --login NAME")}
				}
			} else if server != "" {
				return errUsage{fmt.Errorf("--none and --server cannot both be")}
			}
			return a.with(c.Context(), func(hub center.Service) error { return asUsage(hub.SetHubMail(c.Context(), s, password)) })
		},
	}
	c.Flags().StringVar(&server, "server", "", "the server: HOST:PORT; without a port, 465 or 587 by --tls")
	c.Flags().StringVar(&s.TLS, "tls", "", "tls from the first byte, starttls, or none for servers on this computer (default: by the port)")
	c.Flags().StringVar(&s.User, "login", "", "the name to log in with (default: do not log in)")
	c.Flags().StringVar(&s.From, "from", "", "the address that its mail comes from")
	c.Flags().BoolVar(&none, "none", false, "no longer have a server of the hub's own")
	passwordFlag(c, &file)
	return a.jsonFlag(c)
}

func (a *app) showHubMail(s outgoing.Account) error {
	if a.json {
		out := mailServerJSON{TLS: s.TLS, Login: s.User, From: s.From}
		if s.Host != "" {
			out.Server = serverText(s)
		}
		return ui.JSON(a.out, out)
	}
	if s.Host == "" {
		_, err := fmt.Fprintln(a.out, "the hub has no server of its own; name one with --server HOST:PORT")
		return err
	}
	text := "sent through " + serverText(s) + " (" + s.TLS + ")"
	if s.User != "" {
		text += " as " + s.User
	}
	_, err := fmt.Fprintln(a.out, clean(text+", from "+s.From))
	return err
}
