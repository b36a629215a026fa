package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tandem/center"
)

// completer completes one argument position.
type completer func(ctx context.Context, typed string) ([]string, cobra.ShellCompDirective)

// positions completes the arguments one after the other; the last completer serves all further ones.
func positions(cs ...completer) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(c.Context(), 2*time.Second)
		defer cancel()
		return cs[min(len(args), len(cs)-1)](ctx, typed)
	}
}

func none(context.Context, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) itemNames(ctx context.Context, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	_ = a.with(ctx, func(s center.Service) error { // without a hub there is nothing to offer
		items, err := s.ListItems(ctx)
		for _, it := range items {
			names = append(names, it.Name)
		}
		return err
	})
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) partnerNames(ctx context.Context, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	_ = a.with(ctx, func(s center.Service) error { // without a hub there is nothing to offer
		partners, err := s.ListPartners(ctx)
		for _, p := range partners {
			names = append(names, p.Name+"\t"+p.Place)
		}
		return err
	})
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) userNames(ctx context.Context, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	_ = a.with(ctx, func(s center.Service) error { // without a hub there is nothing to offer
		users, err := s.ListUsers(ctx)
		for _, u := range users {
			names = append(names, u.User.Name+"\t"+u.User.Title)
		}
		return err
	})
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) deviceNames(ctx context.Context, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	_ = a.with(ctx, func(s center.Service) error { // without a hub there is nothing to offer
		devices, err := s.ListDevices(ctx, "")
		for _, d := range devices {
			names = append(names, d.Device.ID+"\t"+model(d.Device)+" of "+d.Device.User)
		}
		return err
	})
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) collectionNames(ctx context.Context, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	_ = a.with(ctx, func(s center.Service) error { // without a hub there is nothing to offer
		colls, err := s.Collections(ctx)
		for _, c := range colls {
			names = append(names, c.Name+"\t"+string(c.Kind))
		}
		return err
	})
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) providerNames(context.Context, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, d := range a.registry().Describe() {
		names = append(names, d.Name+"\t"+d.Title)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// places offers the schemes of places; after the colon the shell's own completion of paths takes over.
func (a *app) places(_ context.Context, typed string) ([]string, cobra.ShellCompDirective) {
	if strings.Contains(typed, ":") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var names []string
	for _, d := range a.registry().Describe() {
		names = append(names, d.Name+":\t"+d.Title)
	}
	return names, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}

// either offers what two completers offer.
func either(x, y completer) completer {
	return func(ctx context.Context, typed string) ([]string, cobra.ShellCompDirective) {
		a, _ := x(ctx, typed)
		b, d := y(ctx, typed)
		return append(a, b...), d
	}
}

// words completes a flag with a few choices.
func words(c *cobra.Command, flag string, choices []string) {
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that does not exist
}
