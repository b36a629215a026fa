package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/internal/ui"
	kinds "tandem/kind/all"
)

func (a *app) collectionCommand() *cobra.Command {
	return noun("collection", "Home collections: address books, calendars and folders of users, and who may see them",
		"A home collection belongs to one user. Its owner may share it with other users, and give out links to it.",
		a.collectionList(), a.collectionAdd(), a.collectionRename(), a.collectionRemove(),
		a.collectionShare(), a.collectionUnshare(), a.collectionHide("hide", "Take what somebody else shares out of a user's list", true),
		a.collectionHide("unhide", "Put what was hidden back into a user's list", false), a.collectionLink())
}

type collectionJSON struct {
	ID       int64       `json:"id"`
	User     string      `json:"user"` // the owner
	Name     string      `json:"name"`
	Kind     string      `json:"kind"`
	Right    string      `json:"right"`
	Hidden   bool        `json:"hidden,omitempty"`
	ReadOnly bool        `json:"read_only,omitempty"`
	Records  int         `json:"records"`
	Shares   []shareJSON `json:"shares"`
	Links    []linkJSON  `json:"links"`
	Items    []string    `json:"items"`
}

type shareJSON struct {
	With  string `json:"with"`
	Write bool   `json:"write"`
	Added int64  `json:"added"`
}

type linkJSON struct {
	ID    int64  `json:"id"`
	Label string `json:"label"`
	Added int64  `json:"added"`
}

func toCollection(s center.CollectionStatus) collectionJSON {
	out := collectionJSON{ID: s.Collection.ID, User: s.Collection.User, Name: s.Collection.Name, Kind: string(s.Collection.Kind), Right: s.Right, Hidden: s.Hidden,
		ReadOnly: readOnly(s.Collection), Records: s.Records, Shares: []shareJSON{}, Links: []linkJSON{}, Items: append([]string{}, s.Items...)}
	for _, sh := range s.Users {
		out.Shares = append(out.Shares, shareJSON{sh.With, sh.Write, sh.Added})
	}
	for _, sh := range s.Links {
		out.Links = append(out.Links, linkJSON{sh.ID, sh.Label, sh.Added})
	}
	return out
}

func (a *app) collectionList() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the home collections, and who sees them",
		Long: `Lists the home collections of all users, as their owners have them, or with --user what
one user sees: their own, and what others share with them.`,
		Example: `  tandem collection list
  tandem collection list --user ben`,
		Args: args(0, 0, "collection list takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.ListCollections(c.Context(), user)
				if err != nil {
					return err
				}
				if a.json {
					out := make([]collectionJSON, 0, len(list))
					for _, s := range list {
						out = append(out, toCollection(s))
					}
					return ui.JSON(a.out, out)
				}
				if len(list) == 0 {
					_, err := fmt.Fprintln(a.out, "no home collections yet; `tandem user add NAME` and `tandem item add` make some")
					return err
				}
				return a.collectionTable(list, user)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "list what this user sees")
	_ = c.RegisterFlagCompletionFunc("user", positions(a.userNames)) // fails only for a flag that does not exist
	return a.jsonFlag(c)
}

func (a *app) collectionTable(list []center.CollectionStatus, user string) error {
	t := ui.NewTable("COLLECTION", "KIND", "RECORDS", "SHARED WITH", "LINKS")
	if user != "" {
		t = ui.NewTable("COLLECTION", "KIND", "RECORDS", "OWNER", "MAY")
	}
	for _, s := range list {
		if user != "" {
			may := s.Right
			if s.Hidden {
				may += ", hidden"
			}
			t.Add(s.Collection.Name, string(s.Collection.Kind), fmt.Sprint(s.Records), s.Collection.User, may)
			continue
		}
		var with, links []string
		for _, sh := range s.Users {
			right := " (read)"
			if sh.Write {
				right = " (write)"
			}
			with = append(with, sh.With+right)
		}
		for _, sh := range s.Links {
			links = append(links, strings.TrimSpace(fmt.Sprint(sh.ID, " ", sh.Label)))
		}
		t.Add(qualified(s.Collection), string(s.Collection.Kind), fmt.Sprint(s.Records), strings.Join(with, ", "), strings.Join(links, ", "))
	}
	return t.Write(a.out)
}

// qualified names a collection for all users: anna/contacts.
func qualified(c tandem.Collection) string { return c.User + "/" + c.Name }

// findCollection finds what a person means by a collection: USER/NAME, or NAME where that is enough. kind "": whichever has the name.
func findCollection(ctx context.Context, s center.Service, text, kind string) (center.CollectionStatus, error) {
	list, err := s.ListCollections(ctx, "")
	if err != nil {
		return center.CollectionStatus{}, err
	}
	user, name, qualifies := strings.Cut(text, "/")
	match := func(test func(c tandem.Collection) bool) (found []center.CollectionStatus) {
		for _, s := range list {
			if (kind == "" || string(s.Collection.Kind) == kind) && test(s.Collection) {
				found = append(found, s)
			}
		}
		return found
	}
	found := match(func(c tandem.Collection) bool { return qualifies && strings.EqualFold(c.User, user) && c.Name == name })
	if len(found) == 0 {
		found = match(func(c tandem.Collection) bool { return c.Name == text })
	}
	switch len(found) {
	case 0:
		return center.CollectionStatus{}, &tandem.Error{Kind: tandem.NotFound, Op: "find collection", Thing: text, Remedy: "see them with `tandem collection list`"}
	case 1:
		return found[0], nil
	}
	var which []string
	for _, s := range found {
		which = append(which, qualified(s.Collection)+" ("+string(s.Collection.Kind)+")")
	}
	return center.CollectionStatus{}, errUsage{&tandem.Error{Kind: tandem.Invalid, Op: "find collection", Thing: text, Err: errors.New("there are several: " + strings.Join(which, ", ")),
		Remedy: "name its owner, as in anna/contacts, or its --kind"}}
}

// onCollection runs f with the collection that the first argument names.
func (a *app) onCollection(ctx context.Context, text, kind string, f func(center.Service, center.CollectionStatus) error) error {
	return a.with(ctx, func(s center.Service) error {
		col, err := findCollection(ctx, s, text, kind)
		if err != nil {
			return err
		}
		return f(s, col)
	})
}

func kindFlag(c *cobra.Command, kind *string, help string) {
	c.Flags().StringVar(kind, "kind", "", help)
	words(c, "kind", kindNames())
}

func kindNames() (names []string) {
	for k := range kinds.Kinds() {
		names = append(names, string(k))
	}
	slices.Sort(names)
	return names
}

const whichKind = "what it holds, where collections of several kinds have the name"

func (a *app) collectionAdd() *cobra.Command {
	var kind, color string
	c := &cobra.Command{
		Use:   "add USER/NAME",
		Short: "Add a home collection",
		Example: `  tandem collection add anna/family --kind event
  tandem collection add anna/customers --kind contact --color "#3366ff"`,
		Args:              args(1, 1, "name its owner and it: tandem collection add USER/NAME --kind KIND"),
		ValidArgsFunction: positions(none),
		RunE: func(c *cobra.Command, args []string) error {
			if kind == "" {
				return errUsage{fmt.Errorf("say what it holds: --kind %s", strings.Join(kindNames(), ", "))}
			}
			col := tandem.Collection{Kind: tandem.Kind(kind), Name: args[0]}
			if user, name, ok := strings.Cut(args[0], "/"); ok {
				col.User, col.Name = user, name
			}
			if color != "" {
				col.Props = map[string]string{"color": color}
			}
			return a.with(c.Context(), func(s center.Service) error {
				made, err := s.AddCollection(c.Context(), col)
				if err != nil {
					return asUsage(err)
				}
				if a.json {
					return ui.JSON(a.out, toCollection(center.CollectionStatus{Collection: made, Right: "own"}))
				}
				_, err = fmt.Fprintf(a.out, "added %s\n", qualified(made))
				return err
			})
		},
	}
	kindFlag(c, &kind, "what it holds")
	c.Flags().StringVar(&color, "color", "", "its colour, such as \"#3366ff\"")
	return a.jsonFlag(c)
}

func (a *app) collectionRename() *cobra.Command {
	var kind string
	c := &cobra.Command{
		Use:               "rename COLLECTION NAME",
		Short:             "Give a home collection another name",
		Example:           "  tandem collection rename anna/family household",
		Args:              args(2, 2, "name the collection and its new name: tandem collection rename COLLECTION NAME"),
		ValidArgsFunction: positions(a.ownedNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.onCollection(c.Context(), args[0], kind, func(s center.Service, col center.CollectionStatus) error {
				_, err := s.RenameCollection(c.Context(), col.Collection.ID, args[1])
				return asUsage(err)
			})
		},
	}
	kindFlag(c, &kind, whichKind)
	return c
}

func (a *app) collectionRemove() *cobra.Command {
	var kind string
	var yes bool
	c := &cobra.Command{
		Use:   "remove COLLECTION",
		Short: "Remove a home collection, with its shares and links",
		Long: `Removes a home collection. While it holds records you are asked; unattended, --yes is the
answer. The records go to history. A collection that a sync item uses stays.`,
		Example:           "  tandem collection remove anna/family",
		Args:              args(1, 1, "name one collection: tandem collection remove COLLECTION"),
		ValidArgsFunction: positions(a.ownedNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.onCollection(c.Context(), args[0], kind, func(s center.Service, col center.CollectionStatus) error {
				err := s.RemoveCollection(c.Context(), col.Collection.ID, yes)
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
				return s.RemoveCollection(c.Context(), col.Collection.ID, true)
			})
		},
	}
	kindFlag(c, &kind, whichKind)
	c.Flags().BoolVar(&yes, "yes", false, "remove the records, too, without asking")
	return c
}
