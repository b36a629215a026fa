package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	"tandem/partner/device"
	"tandem/store"
)

func (a *app) deviceRuleCommand() *cobra.Command {
	return noun("rule", "Rules about new devices",
		"At first contact the first rule that fits decides whether a device may sync. If none fits, it may.",
		a.ruleList(), a.ruleAdd(), a.ruleRemove())
}

func (a *app) ruleTable(rules []device.Rule) error {
	if a.json {
		if rules == nil {
			rules = []device.Rule{}
		}
		return ui.JSON(a.out, rules)
	}
	if len(rules) == 0 {
		_, err := fmt.Fprintln(a.out, "no rules; every device of a user may sync")
		return err
	}
	t := ui.NewTable("RULE", "WHEN", "THEN", "WHY")
	for i, r := range rules {
		t.Add(strconv.Itoa(i+1), r.Text(), string(r.Access), r.Note)
	}
	return t.Write(a.out)
}

func (a *app) ruleList() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List the rules, in order",
		Example: "  tandem device rule list",
		Args:    args(0, 0, "device rule list takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				rules, err := s.DeviceRules(c.Context())
				if err != nil {
					return err
				}
				return a.ruleTable(rules)
			})
		},
	})
}

func (a *app) ruleAdd() *cobra.Command {
	var r device.Rule
	var before int
	access := map[string]store.Access{"allow": store.Allowed, "hold": store.Held, "block": store.Blocked}
	c := &cobra.Command{
		Use:   "add allow|hold|block",
		Short: "Add a rule about new devices",
		Long: `Adds a rule: what is to become of new devices to which all that is said applies. In the
texts * stands for anything and ? for one letter. Devices that are known stay as they are.`,
		Example: `  tandem device rule add hold
  tandem device rule add block --model "*outlook*" --note "no Outlook here" --before 1
  tandem device rule add hold --max 5 --note "five devices are enough"`,
		Args: args(1, 1, "say what is to become of such devices: tandem device rule add allow|hold|block"),
		ValidArgsFunction: positions(func(context.Context, string) ([]string, cobra.ShellCompDirective) {
			return []string{"allow", "hold", "block"}, cobra.ShellCompDirectiveNoFileComp
		}, none),
		RunE: func(c *cobra.Command, args []string) error {
			if r.Access = access[args[0]]; r.Access == "" {
				return errUsage{fmt.Errorf("%q is none of allow, hold and block", args[0])}
			}
			return a.with(c.Context(), func(s center.Service) error {
				rules, err := s.AddDeviceRule(c.Context(), r, before)
				if err != nil {
					return asUsage(err)
				}
				return a.ruleTable(rules)
			})
		},
	}
	fl := c.Flags()
	userFlag(c, a, &r.User, "only devices of these users")
	fl.StringVar(&r.Type, "type", "", "only devices that call themselves so, such as iPhone or SAMSUNG*")
	fl.StringVar(&r.Model, "model", "", "only these models or programs")
	fl.IntVar(&r.Max, "max", 0, "only if the user has that many other devices that may sync")
	fl.StringVar(&r.Note, "note", "", "why, for people")
	fl.IntVar(&before, "before", 0, "put it before the rule with this number (default: last)")
	return a.jsonFlag(c)
}

func (a *app) ruleRemove() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:               "remove NUMBER",
		Short:             "Remove a rule",
		Example:           "  tandem device rule remove 2",
		Args:              args(1, 1, "name one rule by its number: tandem device rule remove NUMBER"),
		ValidArgsFunction: positions(none),
		RunE: func(c *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[0])
			if err != nil {
				return errUsage{fmt.Errorf("%q is not the number of a rule; see them with `tandem device rule list`", args[0])}
			}
			return a.with(c.Context(), func(s center.Service) error {
				rules, err := s.RemoveDeviceRule(c.Context(), n)
				if err != nil {
					return err
				}
				return a.ruleTable(rules)
			})
		},
	})
}

func (a *app) devicePolicyCommand() *cobra.Command {
	return noun("policy", "Policies: what devices must obey",
		"What is set for a device goes before what is set for its user, and that before what is set for all.\nWhat is not set is not asked of a device.",
		a.policyShow(), a.policySet())
}

// scopeFlags say for whom a policy is.
type scopeFlags struct{ user, device string }

func (f *scopeFlags) add(c *cobra.Command, a *app) {
	userFlag(c, a, &f.user, "what is set for this user (default: for all)")
	c.Flags().StringVar(&f.device, "device", "", "what is set for this device")
	_ = c.RegisterFlagCompletionFunc("device", positions(a.deviceNames)) // fails only for a flag that does not exist
}

// scope finds the user and device that the flags name.
func (f *scopeFlags) scope(ctx context.Context, s center.Service) (device.Scope, error) {
	if f.device != "" {
		d, err := s.FindDevice(ctx, f.user, f.device)
		return device.Scope{User: d.Device.User, Device: d.Device.ID}, asUsage(err)
	}
	if f.user != "" {
		u, err := findUser(ctx, s, f.user)
		return device.Scope{User: u.User.Name}, err
	}
	return device.Scope{}, nil
}

func (a *app) policyShow() *cobra.Command {
	var f scopeFlags
	var every bool
	c := &cobra.Command{
		Use:   "show",
		Short: "Show what devices must obey",
		Example: `  tandem device policy show
  tandem device policy show --user anna
  tandem device policy show --all`,
		Args: args(0, 0, "device policy show takes no arguments; name a user or device with --user or --device"),
		RunE: func(c *cobra.Command, _ []string) error {
			if every {
				return a.policyNames()
			}
			return a.with(c.Context(), func(s center.Service) error {
				scope, err := f.scope(c.Context(), s)
				if err != nil {
					return err
				}
				p, err := s.DevicePolicy(c.Context(), scope)
				if err != nil {
					return err
				}
				return a.policyTable(p)
			})
		},
	}
	f.add(c, a)
	c.Flags().BoolVar(&every, "all", false, "show what can be set, and to what")
	return a.jsonFlag(c)
}

func (a *app) policyTable(p device.Policy) error {
	if a.json {
		if p == nil {
			p = device.Policy{}
		}
		return ui.JSON(a.out, p)
	}
	if len(p) == 0 {
		_, err := fmt.Fprintln(a.out, "nothing is set")
		return err
	}
	t := ui.NewTable("ELEMENT", "VALUE")
	for _, s := range p.Settings() {
		t.Add(s.Name, strings.Join(s.Values, ", "))
	}
	return t.Write(a.out)
}

func (a *app) policyNames() error {
	ranges := device.Ranges()
	if a.json {
		return ui.JSON(a.out, ranges)
	}
	t := ui.NewTable("ELEMENT", "WHAT IT MAY BE")
	for _, name := range device.Names() {
		t.Add(name, ranges[name])
	}
	return t.Write(a.out)
}

func (a *app) policySet() *cobra.Command {
	var f scopeFlags
	c := &cobra.Command{
		Use:   "set ELEMENT=VALUE...",
		Short: "Change what devices must obey; an empty value takes an element out",
		Long: `Changes what devices must obey. Those concerned are asked to accept it at their next
request, and sync again when they have. An empty value takes an element out.`,
		Example: `  tandem device policy set DevicePasswordEnabled=yes MinDevicePasswordLength=6
  tandem device policy set AllowCamera=no --user anna
  tandem device policy set MinDevicePasswordLength= --device APPL1234`,
		Args: args(1, -1, "say what to set: tandem device policy set ELEMENT=VALUE..."),
		ValidArgsFunction: positions(func(context.Context, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, n := range device.Names() {
				names = append(names, n+"=\t"+device.Ranges()[n])
			}
			return names, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
		}),
		RunE: func(c *cobra.Command, args []string) error {
			values := map[string]string{}
			for _, arg := range args {
				name, value, ok := strings.Cut(arg, "=")
				if !ok || name == "" {
					return errUsage{errors.New(arg + " is not of the form ELEMENT=VALUE, such as MinDevicePasswordLength=6")}
				}
				values[name] = value
			}
			return a.with(c.Context(), func(s center.Service) error {
				scope, err := f.scope(c.Context(), s)
				if err != nil {
					return err
				}
				p, err := s.SetDevicePolicy(c.Context(), scope, values)
				if err != nil {
					return asUsage(err)
				}
				return a.policyTable(p)
			})
		},
	}
	f.add(c, a)
	return a.jsonFlag(c)
}
