package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/partner/away/sieve"
	"tandem/store"
)

func (a *app) userSieve() *cobra.Command {
	var s sieve.Account
	var server, file string
	var remove bool
	c := &cobra.Command{
		Use:   "sieve NAME",
		Short: "Have a user's mail server answer while the user is away",
		Long: `Names the mail server that answers while a user is away, instead of the hub: for accounts
whose mail the hub fetches, since the server answers at once and also while the hub is off.
It must know ManageSieve, as Dovecot with Pigeonhole does. What is set with ` + "`tandem user oof`" + `
or on a phone goes there as a script of its own; the user's own script goes on, and is the
active one again afterwards. --none takes the script away and has the hub answer.`,
		Example: `  tandem user sieve anna --server imap.example.org --login anna@example.org
  tandem user sieve anna --server imap.example.org:4190 --login anna --password-file anna.txt
  tandem user sieve anna --none`,
		Args:              args(1, 1, "name one user: tandem user sieve NAME --server HOST:PORT --login LOGIN"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			if remove != (server == "") {
				return errUsage{errors.New("say --server HOST:PORT with --login LOGIN, or --none")}
			}
			password := ""
			if !remove {
				if err := filterServer(&s, server); err != nil {
					return err
				}
				var err error
				if password, err = a.oldPassword(c.Context(), file); err != nil {
					return err
				}
			}
			return a.with(c.Context(), func(hub center.Service) error {
				u, err := findUser(c.Context(), hub, args[0])
				if err != nil {
					return err
				}
				return asUsage(hub.SetFilterServer(c.Context(), u.User.Name, s, password))
			})
		},
	}
	c.Flags().StringVar(&server, "server", "", "the server: HOST or HOST:PORT (default port: 4190)")
	c.Flags().StringVar(&s.TLS, "tls", "starttls", "starttls, tls from the first byte, or none for servers on this computer")
	c.Flags().StringVar(&s.User, "login", "", "the name to log in with")
	c.Flags().BoolVar(&remove, "none", false, "no server answers any more; the hub does")
	passwordFlag(c, &file)
	return c
}

// filterServer fills in a server.
func filterServer(s *sieve.Account, server string) error {
	if s.User == "" {
		return errUsage{errors.New("--server goes with --login LOGIN")}
	}
	s.Host, s.Port = server, 4190
	if host, port, err := net.SplitHostPort(server); err == nil {
		n, err := strconv.Atoi(port)
		if err != nil {
			return errUsage{fmt.Errorf("--server takes HOST:PORT, such as imap.example.org:4190, not %s", server)}
		}
		s.Host, s.Port = host, n
	}
	return nil
}

// filterText tells which server answers while a user is away, "" if none does.
func filterText(u store.User) string {
	a, ok := sieve.AccountOf(u)
	if !ok {
		return ""
	}
	return clean("; told to " + net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) + " as " + a.User)
}
