package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/internal/ui"
	"tandem/server/eas/check"
)

// phoneCommand groups what concerns phones in general; single ones are under device.
func (a *app) phoneCommand() *cobra.Command {
	return noun("phone", "See whether phones can reach a hub", "Phones and mail programs reach a hub at the addresses of `tandem serve`.", a.phoneCheckCommand())
}

// phoneCheck is what `tandem phone check` was told.
type phoneCheck struct {
	user, mail, password, ca string
	insecure                 bool
	wait                     time.Duration
}

func (a *app) phoneCheckCommand() *cobra.Command {
	var o phoneCheck
	c := &cobra.Command{
		Use:   "check ADDRESS",
		Short: "Play a phone against a hub's address, and say what helps",
		Long: `Goes the way that a phone goes, from the name in DNS to a request that waits for
changes, and says of every step whether it works and what helps if not. Run it outside
your own network, too: that is where phones are. Without --user it looks at what can
be seen without an account.

The password is sent only where the certificate is vouched for: by an authority that this
computer trusts, or by that of --ca (from the set-up page: ADDRESS/setup). No phone is
recorded. Exit status 1 if anything failed.`,
		Example: "  tandem phone check sync.example.org\n  tandem phone check https://box.local:8443 --user anna --ca tandem-ca.pem\n  tandem phone check sync.example.org --user anna --password-file secret --wait 15m",
		Args:    args(1, 1, "name the address that phones use: tandem phone check ADDRESS, such as https://sync.example.org"),
		RunE:    func(c *cobra.Command, args []string) error { return a.phoneCheck(c.Context(), args[0], o) },
	}
	fl := c.Flags()
	fl.StringVar(&o.user, "user", "", "log in as this user")
	fl.StringVar(&o.mail, "address", "", "the user's mail address, whose domain clients look at first (default: the user's name, if it is one)")
	fl.StringVar(&o.password, "password-file", "", "the file with the user's password, - for the standard input (default: ask)")
	fl.StringVar(&o.ca, "ca", "", "the certificate of an authority that vouches for the hub, PEM")
	fl.BoolVar(&o.insecure, "insecure", false, "send the password even where nobody vouches for the certificate")
	fl.DurationVar(&o.wait, "wait", 75*time.Second, "how long a waiting request is tried; most proxies that cut them do so after a minute; 0: not at all")
	return a.jsonFlag(c)
}

func (a *app) phoneCheck(ctx context.Context, address string, o phoneCheck) error {
	cfg := check.Config{User: o.user, Mail: o.mail, Insecure: o.insecure, Hold: o.wait, Desktops: true}
	var err error
	if cfg.Address, err = check.ParseAddress(address); err != nil {
		return asUsage(err)
	}
	if o.wait != 0 && (o.wait < time.Minute || o.wait > 59*time.Minute) {
		return errUsage{fmt.Errorf("--wait takes 1m to 59m, or 0, not %s", o.wait)}
	}
	if cfg.Mail == "" && check.Domain(o.user) != "" {
		cfg.Mail = o.user
	}
	if cfg.Roots, err = authorities(o.ca); err != nil {
		return err
	}
	if o.user == "" && o.password != "" {
		return errUsage{errors.New("--password-file goes with --user NAME")}
	}
	if o.user != "" {
		if cfg.Password, err = a.oldPassword(ctx, o.password); err != nil {
			return err
		}
	}
	lines := []check.Line{}
	check.Run(ctx, cfg, func(l check.Line) {
		lines = append(lines, l)
		if !a.json {
			a.checkLine(l.Level, l.Name, l.Text, l.Remedy)
			if l.Name == "folders" && l.Level == "ok" && o.wait > 0 {
				fmt.Fprintf(a.err, "waiting for %s, as a phone does\n", o.wait)
			}
		}
	})
	if a.json {
		if err := ui.JSON(a.out, lines); err != nil {
			return err
		}
	}
	for _, l := range lines {
		if l.Level == "fail" {
			return errExit(exitFailed)
		}
	}
	return ctx.Err()
}

// authorities reads certificates in PEM; without a file it returns nil.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	const op, remedy = "read authority", "fetch it from the hub's set-up page: ADDRESS/setup/tandem-ca.pem"
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: op, Thing: file, Err: err, Remedy: remedy}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: file, Err: errors.New("it holds no certificate in PEM"), Remedy: remedy}
	}
	return pool, nil
}
