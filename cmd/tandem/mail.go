package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	"tandem/partner/imip"
	"tandem/partner/outgoing"
	"tandem/store"
)

func (a *app) mailCommand() *cobra.Command {
	return noun("mail", "Mail: what is on its way out",
		"Mail that users send waits here until a server has taken it. `tandem user mail` says through which.\nWhat the hub itself writes to people goes through their server, or the hub's own.",
		a.mailServer(), a.mailQueue(), a.mailOne("retry", "Try a message again, now",
			"Tries a message now that waits for its next try, or that was given up: to those who did not get it.\nThose of whom nobody knows are not among them: see `tandem mail doubt`.", center.Mail.RetryOutgoing),
		a.mailDoubt(),
		a.mailOne("remove", "Take a message out of the queue", "Takes a message out of the queue. It is not sent any more, and nobody is told.", center.Mail.RemoveOutgoing))
}

type outgoingJSON struct {
	ID      int64    `json:"id"`
	User    string   `json:"user"`
	From    string   `json:"from"`
	Subject string   `json:"subject"`
	For     []string `json:"for"`     // whom it is for by its header
	To      []string `json:"to"`      // who has still to get it
	Doubt   []string `json:"doubt"`   // who may have it and may not
	Refused []string `json:"refused"` // who do not get it
	State   string   `json:"state"`
	Added   int64    `json:"added"`
	Next    int64    `json:"next,omitempty"` // when it is tried
	Tries   int      `json:"tries"`
	Error   string   `json:"error,omitempty"` // of the last try
}

func toOutgoing(m outgoing.Listed) outgoingJSON {
	out := outgoingJSON{ID: m.ID, User: m.User, From: m.From, Subject: m.Subject, For: ui.List(m.For), To: ui.List(m.To), Doubt: ui.List(m.Doubt), Refused: ui.List(m.Refused), State: string(m.State), Added: m.Added, Tries: m.Tries, Error: m.Error}
	if m.State == store.Waiting {
		out.Next = m.Next
	}
	return out
}

func (a *app) mailQueue() *cobra.Command {
	var user string
	var lines int
	c := &cobra.Command{
		Use:     "queue",
		Short:   "List mail that users sent, and how far it came",
		Example: "  tandem mail queue\n  tandem mail queue --user anna --json",
		Args:    args(0, 0, "mail queue takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.Outgoing(c.Context(), user, lines)
				if err != nil {
					return err
				}
				return a.showQueue(list)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "only mail of this user")
	c.Flags().IntVarP(&lines, "lines", "l", 50, "how many to show at most")
	return a.jsonFlag(c)
}

func (a *app) showQueue(list []outgoing.Listed) error {
	if a.json {
		out := make([]outgoingJSON, 0, len(list))
		for _, m := range list {
			out = append(out, toOutgoing(m))
		}
		return ui.JSON(a.out, out)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.out, "no mail was sent")
		return err
	}
	t := ui.NewTable("ID", "SENT BY", "WHEN", "SUBJECT", "FOR", "STATE", "TRIES", "STILL TO", "IN DOUBT", "LAST ERROR")
	for _, m := range list {
		t.Add(strconv.FormatInt(m.ID, 10), m.User, since(m.Added), ui.Cut(m.Subject, 40), ui.Cut(strings.Join(m.For, ", "), 40), string(m.State), strconv.Itoa(m.Tries), ui.Cut(strings.Join(m.To, ", "), 40), ui.Cut(strings.Join(m.Doubt, ", "), 40), ui.Cut(m.Error, 60))
	}
	return t.Write(a.out)
}

// mailOne is a command that does something with one message.
func (a *app) mailOne(verb, short, long string, do func(center.Mail, context.Context, int64) error) *cobra.Command {
	return &cobra.Command{
		Use:               verb + " ID",
		Short:             short,
		Long:              long,
		Example:           "  tandem mail " + verb + " 12",
		Args:              args(1, 1, "name one message, as `tandem mail queue` lists them: tandem mail "+verb+" ID"),
		ValidArgsFunction: positions(none),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return errUsage{fmt.Errorf("%q is no message; `tandem mail queue` lists them", args[0])}
			}
			return a.with(c.Context(), func(s center.Service) error { return do(s, c.Context(), id) })
		},
	}
}

type mailServerJSON struct {
	Server string `json:"server"`
	TLS    string `json:"tls"`
	Login  string `json:"login,omitempty"`
	From   string `json:"from"`
}

func serverText(s outgoing.Account) string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// mailText is how a user's mail goes out, for people.
func mailText(u store.User) string {
	s, ok := outgoing.AccountOf(u)
	if !ok {
		return "no server to send through; name one with `tandem user mail " + u.Name + "`"
	}
	text := "sent through " + serverText(s) + " (" + s.TLS + ")"
	if s.User != "" {
		text += " as " + s.User
	}
	if from := outgoing.Address(u); from != "" {
		text += ", from " + from
	}
	return clean(text)
}

func (a *app) userMail() *cobra.Command {
	var s outgoing.Account
	var server, file, invitations string
	c := &cobra.Command{
		Use:   "mail NAME",
		Short: "Say through which server a user's mail goes out, and what becomes of invitations",
		Long: `Says through which server a user's mail goes out: the provider's submission server, as
its help tells. The password is asked for, or read from a file, and kept sealed: the key
lies in a file of its own in the data folder. Mail between users of the hub needs none.

Invitations that come by mail stand in the calendar, to be answered (--invitations add);
with ask they do once they are answered, with ignore the calendar is left alone.`,
		Example: `  tandem user mail anna --server smtp.example.org:465 --login anna@example.org
  tandem user mail anna --server smtp.example.org:587 --login anna --from anna@example.org --password-file anna.txt
  tandem user mail ben --server localhost:25 --tls none
  tandem user mail anna --invitations ask`,
		Args:              args(1, 1, "name one user: tandem user mail NAME --server HOST:PORT"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			if server == "" && invitations != "" {
				if file != "" || s.User != "" || s.From != "" || s.TLS != "" {
					return errUsage{fmt.Errorf("--login, --from, --tls and --password-file go with --server HOST:PORT")}
				}
				return a.setInvitations(c.Context(), args[0], imip.Mode(invitations))
			}
			if err := imip.Mode(invitations).Check(); invitations != "" && err != nil {
				return asUsage(err)
			}
			if err := mailServer(&s, server); err != nil {
				return err
			}
			password := ""
			if s.User != "" {
				var err error
				if password, err = a.oldPassword(c.Context(), file); err != nil {
					return err
				}
			} else if file != "" {
				return errUsage{fmt.Errorf("--password-file goes with --login NAME")}
			}
			return a.with(c.Context(), func(hub center.Service) error {
				u, err := findUser(c.Context(), hub, args[0])
				if err != nil {
					return err
				}
				err = asUsage(hub.SetMailServer(c.Context(), u.User.Name, s, password))
				if err != nil || invitations == "" {
					return err
				}
				return hub.SetInvitations(c.Context(), u.User.Name, imip.Mode(invitations))
			})
		},
	}
	c.Flags().StringVar(&server, "server", "", "the server: HOST:PORT; without a port, 465 or 587 by --tls")
	c.Flags().StringVar(&s.TLS, "tls", "", "tls from the first byte, starttls, or none for servers on this computer (default: by the port)")
	c.Flags().StringVar(&s.User, "login", "", "the name to log in with (default: do not log in)")
	c.Flags().StringVar(&s.From, "from", "", "the address that mail comes from (default: the user's)")
	c.Flags().StringVar(&invitations, "invitations", "", "what becomes of invitations that come by mail: add, ask or ignore (default: as before, at first add)")
	_ = c.RegisterFlagCompletionFunc("invitations", cobra.FixedCompletions([]string{"add", "ask", "ignore"}, cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that does not exist
	passwordFlag(c, &file)
	return c
}

func (a *app) setInvitations(ctx context.Context, name string, m imip.Mode) error {
	return a.with(ctx, func(hub center.Service) error {
		u, err := findUser(ctx, hub, name)
		if err != nil {
			return err
		}
		return asUsage(hub.SetInvitations(ctx, u.User.Name, m))
	})
}

// mailServer fills in a server and what follows from its port.
func mailServer(s *outgoing.Account, server string) error {
	if server == "" {
		return errUsage{fmt.Errorf("name the server: --server HOST:PORT; or say what becomes of invitations: --invitations add|ask|ignore")}
	}
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		host, port = strings.Trim(server, "[]"), ""
	}
	s.Host = host
	switch {
	case port != "":
		if s.Port, err = strconv.Atoi(port); err != nil {
			return errUsage{fmt.Errorf("--server takes HOST:PORT, such as smtp.example.org:465, not %s", server)}
		}
	case s.TLS == "tls":
		s.Port = 465
	case s.TLS == "none":
		s.Port = 25
	default:
		s.Port = 587
	}
	if s.TLS == "" {
		s.TLS = "starttls"
		if s.Port == 465 {
			s.TLS = "tls"
		}
	}
	return nil
}
