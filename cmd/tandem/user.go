package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/internal/ui"
	"tandem/partner/account"
	"tandem/partner/away"
	"tandem/partner/imip"
	"tandem/partner/outgoing"
	"tandem/store"
)

func (a *app) userCommand() *cobra.Command {
	return noun("user", "Users: who may connect phones and programs",
		"A user owns home collections, and logs in on phones and in programs with a name and a password.",
		a.userAdd(), a.userList(), a.userShow(), a.userSet(), a.userMail(), a.userOof(), a.userSieve(), a.userPassword(), a.userAdmin(), a.userRemove(), a.appPasswordCommand(), a.totpCommand(), a.passkeyCommand(), a.userBounds())
}

func (a *app) userAdd() *cobra.Command {
	var u store.User
	var file string
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a user with contacts, a calendar, tasks and notes",
		Long: `Adds a user, with the home collections contacts, calendar, tasks and notes. The name is
what phones log in with; it may be a mail address. The password is asked for, or read
from a file.`,
		Example: `  tandem user add anna
  tandem user add anna@example.org --title "Anna Schmidt"
  tandem user add ben --address ben@example.org --password-file ben.txt`,
		Args:              args(1, 1, "name the user: tandem user add NAME"),
		ValidArgsFunction: positions(none),
		RunE: func(c *cobra.Command, args []string) error {
			u.Name = args[0]
			password, err := a.password(c.Context(), file)
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(s center.Service) error {
				added, err := s.AddUser(c.Context(), u, password)
				if err != nil {
					return asUsage(err)
				}
				if a.json {
					return ui.JSON(a.out, toUser(center.UserStatus{User: added}))
				}
				_, err = fmt.Fprintf(a.out, "added %s with contacts, a calendar, tasks and notes\n", added.Name)
				return err
			})
		},
	}
	c.Flags().StringVar(&u.Title, "title", "", "the name as people write it")
	c.Flags().StringVar(&u.Address, "address", "", "the user's mail address (default: the name, where it is one)")
	passwordFlag(c, &file)
	return a.jsonFlag(c)
}

func passwordFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "password-file", "", "file that holds the password; - reads the standard input (default: ask)")
	_ = c.MarkFlagFilename("password-file") // fails only for a flag that does not exist
}

type userJSON struct {
	Name    string       `json:"name"`
	Title   string       `json:"title"`
	Address string       `json:"address"`
	Admin   bool         `json:"admin"` // administers the hub
	Devices int          `json:"devices"`
	Logins  []loginJSON  `json:"logins"`
	Factors []factorJSON `json:"factors"` // what is asked for besides passwords, and passkeys

	Mail        *mailServerJSON `json:"mail,omitempty"` // through which server mail goes out
	Invitations string          `json:"invitations"`    // what becomes of those that come by mail: add, ask or ignore
	Away        *awayJSON       `json:"away,omitempty"` // what is answered while the user is away
}

type loginJSON struct {
	Label string `json:"label"` // "": the user's own password
	Added int64  `json:"added"`
	Used  int64  `json:"used"`
	From  string `json:"from"`

	Doors    []string `json:"doors,omitempty"` // that an app password opens; none: all
	ReadOnly bool     `json:"read_only,omitempty"`
}

func toLogin(l store.Login) loginJSON {
	lim := account.LimitsOf(l)
	out := loginJSON{Label: l.Label, Added: l.Added, Used: l.Used, From: l.From, ReadOnly: lim.ReadOnly}
	for _, d := range lim.Doors {
		out.Doors = append(out.Doors, string(d))
	}
	return out
}

// limitText is what an app password is for.
func limitText(l store.Login) string {
	text := strings.ReplaceAll(l.Only, ",", ", ")
	switch {
	case l.ReadOnly && text == "":
		return "reading"
	case l.ReadOnly:
		return text + "; reading"
	}
	return text
}

func toUser(u center.UserStatus) userJSON {
	out := userJSON{Name: u.User.Name, Title: u.User.Title, Address: u.User.Address, Admin: account.IsAdmin(u.User), Devices: u.Devices, Logins: []loginJSON{}, Factors: []factorJSON{}, Invitations: string(imip.ModeOf(u.User)),
		Away: toAway(away.Of(u.User))}
	for _, l := range u.Logins {
		out.Logins = append(out.Logins, toLogin(l))
	}
	for _, f := range u.Factors {
		out.Factors = append(out.Factors, toFactor(f))
	}
	if s, ok := outgoing.AccountOf(u.User); ok {
		out.Mail = &mailServerJSON{Server: serverText(s), TLS: s.TLS, Login: s.User, From: outgoing.Address(u.User)}
	}
	return out
}

// lastLogin is the latest use of any password.
func lastLogin(u center.UserStatus) (last int64) {
	for _, l := range u.Logins {
		last = max(last, l.Used)
	}
	return last
}

func since(when int64) string {
	if when == 0 {
		return "never"
	}
	return ui.When(when, now())
}

func (a *app) userList() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List the users",
		Example: "  tandem user list",
		Args:    args(0, 0, "user list takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.ListUsers(c.Context())
				if err != nil {
					return err
				}
				if a.json {
					out := make([]userJSON, 0, len(list))
					for _, u := range list {
						out = append(out, toUser(u))
					}
					return ui.JSON(a.out, out)
				}
				if len(list) == 0 {
					_, err := fmt.Fprintln(a.out, "no users yet; add one with `tandem user add NAME`")
					return err
				}
				t := ui.NewTable("USER", "TITLE", "DEVICES", "APP PASSWORDS", "LAST LOG-IN")
				for _, u := range list {
					apps := 0
					for _, l := range u.Logins {
						if l.Label != "" {
							apps++
						}
					}
					t.Add(u.User.Name, u.User.Title, fmt.Sprint(u.Devices), fmt.Sprint(apps), since(lastLogin(u)))
				}
				return t.Write(a.out)
			})
		},
	})
}

// findUser finds a user among all.
func findUser(ctx context.Context, s center.Service, name string) (center.UserStatus, error) {
	list, err := s.ListUsers(ctx)
	if err != nil {
		return center.UserStatus{}, err
	}
	for _, u := range list {
		if strings.EqualFold(u.User.Name, strings.TrimSpace(name)) {
			return u, nil
		}
	}
	return center.UserStatus{}, &tandem.Error{Kind: tandem.NotFound, Op: "find user", Thing: name, Remedy: "see them with `tandem user list`"}
}

// withUser runs f with the user of this name as the hub knows them.
func (a *app) withUser(ctx context.Context, name string, f func(center.UserStatus) error) error {
	return a.with(ctx, func(s center.Service) error {
		u, err := findUser(ctx, s, name)
		if err != nil {
			return err
		}
		return f(u)
	})
}

func (a *app) userShow() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:               "show NAME",
		Short:             "Show a user, their devices and passwords",
		Example:           "  tandem user show anna",
		Args:              args(1, 1, "name one user: tandem user show NAME"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withUser(c.Context(), args[0], func(u center.UserStatus) error {
				if a.json {
					return ui.JSON(a.out, toUser(u))
				}
				address := u.User.Address
				if address == "" {
					address = "none of their own"
				}
				fmt.Fprintf(a.out, "user     %s\ntitle    %s\naddress  %s\ndevices  %d, see `tandem device list --user %s`\nmail     %s; invitations: %s\naway     %s\n\n", u.User.Name, clean(u.User.Title), clean(address), u.Devices, u.User.Name, mailText(u.User),
					imip.ModeOf(u.User), awayText(away.Of(u.User), zoneOf(u.User))+filterText(u.User))
				if err := a.loginTable(u.Logins); err != nil {
					return err
				}
				return a.factorLines(u.Factors)
			})
		},
	})
}

func (a *app) loginTable(list []store.Login) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.out, "no password; nobody can log in")
		return err
	}
	t := ui.NewTable("PASSWORD", "SET", "LAST USED", "FROM", "ONLY FOR")
	for _, l := range list {
		label := l.Label
		if label == "" {
			label = "(own)"
		}
		t.Add(label, since(l.Added), since(l.Used), l.From, limitText(l))
	}
	return t.Write(a.out)
}

func (a *app) userSet() *cobra.Command {
	var title, address string
	c := &cobra.Command{
		Use:               "set NAME",
		Short:             "Change a user's title or mail address",
		Example:           "  tandem user set anna --title \"Anna Schmidt\" --address anna@example.org",
		Args:              args(1, 1, "name one user: tandem user set NAME"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			if !c.Flags().Changed("title") && !c.Flags().Changed("address") {
				return errUsage{errors.New("say what to change: --title or --address")}
			}
			return a.with(c.Context(), func(s center.Service) error {
				u, err := findUser(c.Context(), s, args[0])
				if err != nil {
					return err
				}
				if c.Flags().Changed("title") {
					u.User.Title = title
				}
				if c.Flags().Changed("address") {
					u.User.Address = address
				}
				return asUsage(s.SetUser(c.Context(), u.User))
			})
		},
	}
	c.Flags().StringVar(&title, "title", "", "the name as people write it")
	c.Flags().StringVar(&address, "address", "", "the user's mail address")
	return c
}

func (a *app) userPassword() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "password NAME",
		Short: "Set a user's own password",
		Long: `Sets a user's own password. The old one ends at once, on all devices that use it; app
passwords go on.`,
		Example: `  tandem user password anna
  tandem user password anna --password-file new.txt`,
		Args:              args(1, 1, "name one user: tandem user password NAME"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			password, err := a.password(c.Context(), file)
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(s center.Service) error { return asUsage(s.SetPassword(c.Context(), args[0], password)) })
		},
	}
	passwordFlag(c, &file)
	return c
}

func (a *app) userRemove() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a user with their devices and home collections",
		Long: `Removes a user, their passwords and devices, and their home collections. While these
hold records you are asked; unattended, --yes is the answer. The records go to history.`,
		Example:           "  tandem user remove ben",
		Args:              args(1, 1, "name one user: tandem user remove NAME"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				err := s.RemoveUser(c.Context(), args[0], yes)
				if !tandem.IsKind(err, tandem.Held) {
					return err
				}
				if !ui.Terminal(a.in) {
					return withRemedy(err, "say --yes to remove them, too; history keeps them for as long as it keeps everything")
				}
				fmt.Fprintf(a.err, "%s\n", oneLine(err))
				if a.asker(c.Context()).question("remove the records, too: yes (y) or no (n)?", "yn") != 'y' {
					return errors.New("nothing was removed")
				}
				return s.RemoveUser(c.Context(), args[0], true)
			})
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "remove the records, too, without asking")
	return c
}

// withRemedy gives an error another remedy.
func withRemedy(err error, remedy string) error {
	var e *tandem.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Remedy = remedy
	return &out
}
