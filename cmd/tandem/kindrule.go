package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/internal/ui"
)

type kindRuleJSON struct {
	User           string `json:"user"`
	Kind           string `json:"kind"`
	Policy         string `json:"policy,omitempty"`
	DeleteVsChange string `json:"delete-vs-change,omitempty"`
}

func (a *app) conflictRules() *cobra.Command {
	var user string
	var everybody bool
	c := &cobra.Command{
		Use:   "rules [KIND KEY=VALUE...]",
		Short: "Show or say what becomes of conflicts in records of a kind",
		Long: `Says what becomes of conflicts in records of a kind, such as contacts or files, for all items
that say nothing of their own. What is set for a user comes before what is set for everybody.
An empty value takes a setting back. Without arguments, lists what is set.

  policy            who wins what cannot be merged: ` + strings.Join(center.RuleChoices()["policy"], ", ") + `
  delete-vs-change  what survives when one side deleted what the other changed: ` + strings.Join(center.RuleChoices()["delete-vs-change"], ", ") + `

A is the home collection and B the place. An item has a setting of its own with
"tandem item set ITEM policy=...", and gives it up with policy=kind.`,
		Example: `  tandem conflict rules
  tandem conflict rules contact policy=newest
  tandem conflict rules file policy=both --everybody
  tandem conflict rules contact policy=`,
		Args: func(c *cobra.Command, list []string) error {
			if len(list) == 1 {
				return errUsage{fmt.Errorf("say what is to be set: tandem conflict rules %s policy=newest", list[0])}
			}
			return nil
		},
		ValidArgsFunction: positions(none, kindRuleSettings),
	}
	userFlag(c, a, &user, "whose items, where there are several users")
	c.Flags().BoolVar(&everybody, "everybody", false, "for all users who set none")
	c.RunE = func(c *cobra.Command, args []string) error {
		if everybody && user != "" {
			return errUsage{fmt.Errorf("say --user or --everybody, not both")}
		}
		if everybody {
			user = center.Everybody
		}
		return a.with(c.Context(), func(s center.Service) error {
			if len(args) == 0 {
				return a.listKindRules(c.Context(), s, user)
			}
			return a.setKindRule(c.Context(), s, center.KindRule{User: user, Kind: tandem.Kind(strings.ToLower(args[0]))}, args[1:])
		})
	}
	return a.jsonFlag(c)
}

func (a *app) listKindRules(ctx context.Context, s center.Service, user string) error {
	list, err := s.KindRules(ctx)
	if err != nil {
		return err
	}
	out := []kindRuleJSON{}
	for _, r := range list {
		if user == "" || strings.EqualFold(r.User, user) {
			out = append(out, kindRuleJSON{r.User, string(r.Kind), r.Policy, r.DeleteVsChange})
		}
	}
	if a.json {
		return ui.JSON(a.out, out)
	}
	if len(out) == 0 {
		_, err := fmt.Fprintln(a.out, "no rules for kinds of records; you are asked about every conflict, unless an item says otherwise")
		return err
	}
	t := ui.NewTable("KIND", "WHOSE", "POLICY", "DELETE-VS-CHANGE")
	for _, r := range out {
		whose := r.User
		if whose == center.Everybody {
			whose = "everybody"
		}
		t.Add(r.Kind, whose, r.Policy, r.DeleteVsChange)
	}
	return t.Write(a.out)
}

// setKindRule changes what is named and leaves the other setting as it is.
func (a *app) setKindRule(ctx context.Context, s center.Service, r center.KindRule, words []string) error {
	list, err := s.KindRules(ctx)
	if err != nil {
		return err
	}
	var owners []string
	for _, x := range list {
		if x.Kind == r.Kind && (strings.EqualFold(x.User, r.User) || r.User == "" && x.User != center.Everybody) {
			r.Policy, r.DeleteVsChange = x.Policy, x.DeleteVsChange
			owners = append(owners, x.User)
		}
	}
	if len(owners) > 1 { // of several users: the center says that it must be told which
		r.Policy, r.DeleteVsChange = "", ""
	}
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		switch value = strings.TrimSpace(value); {
		case ok && key == "policy":
			r.Policy = value
		case ok && key == "delete-vs-change":
			r.DeleteVsChange = value
		default:
			return errUsage{fmt.Errorf("%q is neither policy=RULE nor delete-vs-change=RULE; write such as policy=newest or delete-vs-change=ask", word)}
		}
	}
	if err := s.SetKindRule(ctx, r); err != nil {
		return asUsage(err)
	}
	return a.listKindRules(ctx, s, r.User)
}

// kindRuleSettings completes KEY=VALUE.
func kindRuleSettings(_ context.Context, typed string) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, key := range []string{"policy", "delete-vs-change"} {
		if !strings.HasPrefix(typed, key+"=") {
			out = append(out, key+"=")
			continue
		}
		for _, w := range center.RuleChoices()[key] {
			out = append(out, key+"="+w)
		}
	}
	return out, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}
