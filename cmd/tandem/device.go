package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	"tandem/store"
)

// byCommand is who orders what this program is told to.
const byCommand = "the command line"

func (a *app) deviceCommand() *cobra.Command {
	return noun("device", "Devices: phones and programs that sync with the hub",
		"A device is a phone or program that logs in as a user. DEVICE is its id, or enough of its beginning.",
		a.deviceList(), a.deviceShow(),
		a.deviceOrder(center.DeviceAllow, "Let a device sync", "allowed"),
		a.deviceOrder(center.DeviceHold, "Let a device wait until somebody allows it", "held"),
		a.deviceOrder(center.DeviceBlock, "Turn a device away", "blocked"),
		a.deviceWipe(), a.deviceUnlock(),
		a.deviceOrder(center.DeviceResync, "Let a device load everything anew", "will start over"),
		a.deviceOrder(center.DeviceRemove, "Forget a device; if it comes again it is a new one", "removed"),
		a.deviceVersion(), a.deviceNews(), a.deviceTrace(), a.deviceRuleCommand(), a.devicePolicyCommand())
}

type deviceJSON struct {
	ID       string            `json:"id"`
	User     string            `json:"user"`
	Type     string            `json:"type"`
	Agent    string            `json:"agent"`
	Speaks   string            `json:"speaks"`
	Offer    string            `json:"offer"`
	Info     map[string]string `json:"info"`
	Access   store.Access      `json:"access"`
	Reason   string            `json:"reason"`
	Wipe     store.Wipe        `json:"wipe"`
	WipeOnly string            `json:"wipe_extent"` // "", "account" or "device"
	Copied   int64             `json:"copied"`
	Policy   map[string]string `json:"policy"`
	Obeys    bool              `json:"obeys"`
	News     string            `json:"news,omitempty"`
	Added    int64             `json:"added"`
	Seen     int64             `json:"seen"`
	Address  string            `json:"address"`
}

func toDevice(s center.DeviceStatus) deviceJSON {
	d := s.Device
	out := deviceJSON{ID: d.ID, User: d.User, Type: d.Type, Agent: d.Agent, Speaks: d.Speaks, Offer: d.Offer, Info: d.Info, Access: d.Access, Reason: d.Reason,
		Wipe: d.Wipe, Copied: s.Copied, Policy: s.Policy, Obeys: s.Obeys, News: s.News, Added: d.Added, Seen: d.Seen, Address: d.Address}
	if d.Wipe != store.NoWipe {
		out.WipeOnly = "device"
		if d.WipeAccount {
			out.WipeOnly = "account"
		}
	}
	if out.Info == nil {
		out.Info = map[string]string{}
	}
	if out.Policy == nil {
		out.Policy = map[string]string{}
	}
	return out
}

func userFlag(c *cobra.Command, a *app, user *string, help string) {
	c.Flags().StringVar(user, "user", "", help)
	_ = c.RegisterFlagCompletionFunc("user", positions(a.userNames)) // fails only for a flag that does not exist
}

func (a *app) deviceList() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the devices",
		Example: `  tandem device list
  tandem device list --user anna --json`,
		Args: args(0, 0, "device list takes no arguments; name a user with --user"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.ListDevices(c.Context(), user)
				if err != nil {
					return err
				}
				if a.json {
					out := make([]deviceJSON, 0, len(list))
					for _, d := range list {
						out = append(out, toDevice(d))
					}
					return ui.JSON(a.out, out)
				}
				if len(list) == 0 {
					_, err := fmt.Fprintln(a.out, "no devices yet; they appear here when they first log in")
					return err
				}
				t := ui.NewTable("DEVICE", "USER", "WHAT IT IS", "ACCESS", "SEEN", "REMARKS")
				for _, d := range list {
					t.Add(d.Device.ID, d.Device.User, model(d.Device), string(d.Device.Access), since(d.Device.Seen), strings.Join(remarks(d), "; "))
				}
				return t.Write(a.out)
			})
		},
	}
	userFlag(c, a, &user, "only the devices of this user")
	return a.jsonFlag(c)
}

// model is what a device is, as people know it.
func model(d store.Device) string {
	for _, s := range []string{d.Info["name"], d.Info["model"], d.Type} {
		if s != "" {
			return s
		}
	}
	return d.Agent
}

// remarks are what is unusual about a device.
func remarks(s center.DeviceStatus) (list []string) {
	what := "the whole device"
	if s.Device.WipeAccount {
		what = "the account"
	}
	switch s.Device.Wipe {
	case store.WipeAsked:
		list = append(list, "to be wiped ("+what+") at its next request")
	case store.WipeSent:
		list = append(list, "told to wipe "+what)
	case store.Wiped:
		list = append(list, "has wiped "+what)
	case store.WipeFail:
		list = append(list, "could not wipe "+what)
	}
	if s.Device.Access != store.Allowed && s.Device.Wipe != store.Wiped {
		list = append(list, s.Device.Reason)
	}
	if s.Copied != 0 {
		list = append(list, "two devices use this id")
	}
	if !s.Obeys {
		list = append(list, "has not accepted its policy")
	}
	return list
}

func (a *app) deviceShow() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:               "show DEVICE",
		Short:             "Show all that is known of a device",
		Example:           "  tandem device show APPL1234",
		Args:              args(1, 1, "name one device: tandem device show DEVICE"),
		ValidArgsFunction: positions(a.deviceNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				d, err := s.FindDevice(c.Context(), user, args[0])
				if err != nil {
					return asUsage(err)
				}
				if a.json {
					return ui.JSON(a.out, toDevice(d))
				}
				return a.showDevice(d)
			})
		},
	}
	userFlag(c, a, &user, "whose device, where two have one id")
	return a.jsonFlag(c)
}

func (a *app) showDevice(s center.DeviceStatus) error {
	d := s.Device
	speaks := d.Speaks
	if d.Offer != "" {
		speaks += ", is offered " + d.Offer + " at most"
	}
	lines := [][2]string{{"device", d.ID}, {"user", d.User}, {"type", d.Type}, {"program", d.Agent}, {"speaks", speaks}, {"access", string(d.Access) + " (" + d.Reason + ")"},
		{"first seen", since(d.Added)}, {"last seen", since(d.Seen) + ", from " + d.Address}}
	if s.News != "" {
		lines = append(lines, [2]string{"news", s.News})
	}
	keys := make([]string, 0, len(d.Info))
	for k := range d.Info {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		lines = append(lines, [2]string{k, d.Info[k]})
	}
	for _, p := range s.Policy.Settings() {
		lines = append(lines, [2]string{"policy", p.Name + " = " + strings.Join(p.Values, ", ")})
	}
	for _, r := range remarks(s) {
		lines = append(lines, [2]string{"remark", r})
	}
	for _, l := range lines {
		if _, err := fmt.Fprintf(a.out, "%-11s %s\n", clean(l[0]), clean(l[1])); err != nil {
			return err
		}
	}
	return nil
}

// order finds a device and carries an order out on it. check may refuse it.
func (a *app) order(ctx context.Context, s center.Service, user, id string, o center.DeviceOrder, check func(center.DeviceStatus) error) (center.DeviceStatus, error) {
	d, err := s.FindDevice(ctx, user, id)
	if err != nil {
		return d, asUsage(err)
	}
	if check != nil {
		if err := check(d); err != nil {
			return d, err
		}
	}
	o.User, o.ID, o.By = d.Device.User, d.Device.ID, byCommand
	d, err = s.OrderDevice(ctx, o)
	return d, asUsage(err)
}

// done tells that an order was carried out.
func (a *app) done(d center.DeviceStatus, how string) error {
	if a.json {
		return ui.JSON(a.out, toDevice(d))
	}
	_, err := fmt.Fprintf(a.out, "%s of %s: %s\n", clean(d.Device.ID), clean(d.Device.User), how)
	return err
}

// deviceLong explains the verbs that need it.
var deviceLong = map[string]string{
	center.DeviceResync: `Lets a device load everything anew at its next request. Nothing is lost in the hub. What
was changed on the device and not sent yet may be lost there: let it sync first, if it
still does.`,
	center.DeviceRemove: `Forgets a device and how far it is. If it comes again, that is a first contact, and it
loads everything anew. What was changed on it and not sent yet may be lost there.`,
	center.DeviceBlock: `Turns a device away. What is on it stays there; to erase that, see tandem device wipe.`,
}

// deviceOrder is a verb that needs nothing but the device.
func (a *app) deviceOrder(do, short, how string) *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:               do + " DEVICE",
		Short:             short,
		Long:              deviceLong[do],
		Example:           "  tandem device " + do + " APPL1234",
		Args:              args(1, 1, "name one device: tandem device "+do+" DEVICE"),
		ValidArgsFunction: positions(a.deviceNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				d, err := a.order(c.Context(), s, user, args[0], center.DeviceOrder{Do: do}, nil)
				if err != nil {
					return err
				}
				return a.done(d, how)
			})
		},
	}
	userFlag(c, a, &user, "whose device, where two have one id")
	return a.jsonFlag(c)
}

func (a *app) deviceWipe() *cobra.Command {
	var user string
	var account, cancel, yes bool
	c := &cobra.Command{
		Use:   "wipe DEVICE",
		Short: "Have a device erase itself, or only this account on it",
		Long: `Tells a device at its next request to erase itself: everything on it, as when it was new.
One that waits for changes, as phones do all day, makes that request at once.
With --account only this account and its data, which devices can do since protocol
version 16.1. You are asked to confirm; for a whole device by typing its id. Unattended,
--yes is the answer. Until the device has been told, --cancel takes it back.`,
		Example: `  tandem device wipe APPL1234 --account
  tandem device wipe APPL1234
  tandem device wipe APPL1234 --cancel`,
		Args:              args(1, 1, "name one device: tandem device wipe DEVICE"),
		ValidArgsFunction: positions(a.deviceNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			if cancel && account {
				return errUsage{errors.New("--cancel and --account do not go together")}
			}
			return a.with(c.Context(), func(s center.Service) error {
				if cancel {
					d, err := a.order(c.Context(), s, user, args[0], center.DeviceOrder{Do: center.DeviceKeep}, nil)
					if err != nil {
						return err
					}
					return a.done(d, "the wipe is taken back")
				}
				d, err := a.order(c.Context(), s, user, args[0], center.DeviceOrder{Do: center.DeviceWipe, Account: account}, func(d center.DeviceStatus) error {
					if yes {
						return nil
					}
					return a.confirmWipe(c.Context(), d.Device, account)
				})
				if err != nil {
					return err
				}
				return a.done(d, "will be told to wipe itself at its next request")
			})
		},
	}
	userFlag(c, a, &user, "whose device, where two have one id")
	c.Flags().BoolVar(&account, "account", false, "only this account and its data")
	c.Flags().BoolVar(&cancel, "cancel", false, "take a wipe back that has not been done")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return a.jsonFlag(c)
}

// confirmWipe asks before a device is wiped.
func (a *app) confirmWipe(ctx context.Context, d store.Device, account bool) error {
	if !ui.Terminal(a.in) {
		return errUsage{errors.New("a wipe needs to be confirmed, and there is no terminal to ask at: say --yes")}
	}
	what := fmt.Sprintf("%s (%s) of %s", clean(d.ID), clean(model(d)), clean(d.User))
	q := a.asker(ctx)
	if account {
		fmt.Fprintf(a.out, "This erases the account and its data on %s.\n", what)
		if q.question("go ahead (g) or leave it (l)?", "gl") == 'g' {
			return nil
		}
		return errors.New("nothing was asked of the device")
	}
	fmt.Fprintf(a.out, "This erases everything on %s, not only this account.\n", what)
	if strings.TrimSpace(q.line("Type the device's id in full to go ahead:")) == d.ID {
		return nil
	}
	return errors.New("this is not its id; nothing was asked of the device")
}

func (a *app) deviceVersion() *cobra.Command {
	var user string
	versions := []string{"12.1", "14.0", "14.1", "16.0", "16.1", "auto"}
	c := &cobra.Command{
		Use:   "version DEVICE VERSION",
		Short: "Bound the protocol version that a device is offered",
		Long: `Bounds the protocol version that a device is offered, for one that works better with an
older one. auto is what is right for its sort. The device learns of it when it next asks.`,
		Example: `  tandem device version APPL1234 14.1
  tandem device version APPL1234 auto`,
		Args: args(2, 2, "name the device and the version: tandem device version DEVICE VERSION"),
		ValidArgsFunction: positions(a.deviceNames, func(context.Context, string) ([]string, cobra.ShellCompDirective) {
			return versions, cobra.ShellCompDirectiveNoFileComp
		}, none),
		RunE: func(c *cobra.Command, args []string) error {
			version, how := args[1], "is offered "+args[1]+" at most"
			if version == "auto" {
				version, how = "", "is offered what is right for its sort"
			}
			return a.with(c.Context(), func(s center.Service) error {
				d, err := a.order(c.Context(), s, user, args[0], center.DeviceOrder{Do: center.DeviceVersion, Version: version}, nil)
				if err != nil {
					return err
				}
				return a.done(d, how)
			})
		},
	}
	userFlag(c, a, &user, "whose device, where two have one id")
	return a.jsonFlag(c)
}
