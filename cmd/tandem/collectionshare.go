package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/internal/ui"
	"tandem/partner/access"
	"tandem/server/dav/proto"
)

func readOnly(c tandem.Collection) bool { return c.Props[access.ReadOnly] == "1" }

// ownedNames completes collections as USER/NAME.
func (a *app) ownedNames(ctx context.Context, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	_ = a.with(ctx, func(s center.Service) error { // without a hub there is nothing to offer
		list, err := s.ListCollections(ctx, "")
		for _, c := range list {
			names = append(names, qualified(c.Collection)+"\t"+string(c.Collection.Kind))
		}
		return err
	})
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) withFlag(c *cobra.Command, with *string, name, help string) {
	c.Flags().StringVar(with, name, "", help)
	_ = c.RegisterFlagCompletionFunc(name, positions(a.userNames)) // fails only for a flag that does not exist
}

func (a *app) collectionShare() *cobra.Command {
	var with, kind string
	var write bool
	c := &cobra.Command{
		Use:   "share COLLECTION --with USER",
		Short: "Let another user see a collection, or change what is in it",
		Long: `Lets another user see a collection, on all their phones and programs, under a name like
"contacts (anna)"; with --write, change what is in it, too. Said again, the right becomes
the new one.`,
		Example: `  tandem collection share anna/contacts --with ben
  tandem collection share anna/family --with ben --write`,
		Args:              args(1, 1, "name one collection: tandem collection share COLLECTION --with USER"),
		ValidArgsFunction: positions(a.ownedNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			if with == "" {
				return errUsage{errors.New("say with whom: --with USER")}
			}
			return a.onCollection(c.Context(), args[0], kind, func(s center.Service, col center.CollectionStatus) error {
				sh, err := s.ShareCollection(c.Context(), col.Collection.ID, with, write)
				if err != nil {
					return asUsage(err)
				}
				if a.json {
					return ui.JSON(a.out, shareJSON{sh.With, sh.Write, sh.Added})
				}
				may, but := "may look at", ""
				switch {
				case write && readOnly(col.Collection):
					but = ", no more: it is filled from elsewhere, and nobody changes it"
				case write:
					may = "may change what is in"
				}
				_, err = fmt.Fprintf(a.out, "%s %s %s%s\n", sh.With, may, qualified(col.Collection), but)
				return err
			})
		},
	}
	a.withFlag(c, &with, "with", "the user to share it with")
	c.Flags().BoolVar(&write, "write", false, "let them change what is in it, too")
	kindFlag(c, &kind, whichKind)
	return a.jsonFlag(c)
}

func (a *app) collectionUnshare() *cobra.Command {
	var with, kind string
	var link int64
	c := &cobra.Command{
		Use:   "unshare COLLECTION --with USER|--link NUMBER",
		Short: "End a share or a link",
		Long: `Ends a share: the collection leaves the other user's phones and programs when they next
sync. Or ends a link, whose number is in tandem collection list.`,
		Example: `  tandem collection unshare anna/contacts --with ben
  tandem collection unshare anna/calendar --link 3`,
		Args:              args(1, 1, "name one collection: tandem collection unshare COLLECTION --with USER"),
		ValidArgsFunction: positions(a.ownedNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			if (with == "") == (link == 0) {
				return errUsage{errors.New("say what ends: --with USER or --link NUMBER")}
			}
			return a.onCollection(c.Context(), args[0], kind, func(s center.Service, col center.CollectionStatus) error {
				return s.UnshareCollection(c.Context(), col.Collection.ID, with, link)
			})
		},
	}
	a.withFlag(c, &with, "with", "the user with whom it is shared")
	c.Flags().Int64Var(&link, "link", 0, "the number of a link")
	kindFlag(c, &kind, whichKind)
	return c
}

func (a *app) collectionHide(verb, short string, hide bool) *cobra.Command {
	var user, kind string
	c := &cobra.Command{
		Use:               verb + " COLLECTION --from USER",
		Short:             short,
		Example:           "  tandem collection " + verb + " anna/contacts --from ben",
		Args:              args(1, 1, "name one collection: tandem collection "+verb+" COLLECTION --from USER"),
		ValidArgsFunction: positions(a.ownedNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			if user == "" {
				return errUsage{errors.New("say from whose list: --from USER")}
			}
			return a.onCollection(c.Context(), args[0], kind, func(s center.Service, col center.CollectionStatus) error {
				return s.HideCollection(c.Context(), col.Collection.ID, user, hide)
			})
		},
	}
	a.withFlag(c, &user, "from", "the user with whom it is shared")
	kindFlag(c, &kind, whichKind)
	return c
}

type newLinkJSON struct {
	linkJSON
	Secret   string `json:"secret"`
	URL      string `json:"url"`                // a path where it is not known how the hub is reached
	Calendar string `json:"calendar,omitempty"` // for programs that subscribe to calendars
}

func (a *app) collectionLink() *cobra.Command {
	var label, kind, public string
	c := &cobra.Command{
		Use:   "link COLLECTION",
		Short: "Make a secret link by which anybody may look",
		Long: `Makes a link to a collection: whoever knows it may look, without a password. It is shown
this once; the hub keeps only its hash. Of a calendar there is an address for programs
that subscribe, too. Links are for looking only; end one with tandem collection unshare.`,
		Example: `  tandem collection link anna/calendar --label website
  tandem collection link anna/calendar --public https://sync.example.org`,
		Args:              args(1, 1, "name one collection: tandem collection link COLLECTION"),
		ValidArgsFunction: positions(a.ownedNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			base, err := publicBase(public)
			if err != nil {
				return err
			}
			return a.onCollection(c.Context(), args[0], kind, func(s center.Service, col center.CollectionStatus) error {
				link, err := s.LinkCollection(c.Context(), col.Collection.ID, label)
				if err != nil {
					return err
				}
				out := newLinkJSON{linkJSON: linkJSON{link.Share.ID, link.Share.Label, link.Share.Added}, Secret: link.Secret, URL: base + proto.PublicPath + link.Secret + "/"}
				if col.Collection.Kind == tandem.Event || col.Collection.Kind == tandem.Task {
					out.Calendar = base + proto.PublicPath + link.Secret + ".ics"
				}
				if a.json {
					return ui.JSON(a.out, out)
				}
				return a.tellLink(out, base)
			})
		},
	}
	c.Flags().StringVar(&label, "label", "", "what it is for")
	c.Flags().StringVar(&public, "public", "", "the address at which the hub is reached, to write the link out in full")
	kindFlag(c, &kind, whichKind)
	return a.jsonFlag(c)
}

// publicBase checks the address of a hub, "" for none.
func publicBase(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return "", errUsage{fmt.Errorf("--public takes an address without a path, such as https://sync.example.org, not %s", text)}
	}
	return u.Scheme + "://" + u.Host, nil
}

func (a *app) tellLink(link newLinkJSON, base string) error {
	fmt.Fprintln(a.out, link.URL)
	if link.Calendar != "" {
		fmt.Fprintln(a.out, strings.Replace(link.Calendar, "https://", "webcal://", 1))
	}
	note := "the link is shown this once; end it with `tandem collection unshare COLLECTION --link " + fmt.Sprint(link.ID) + "`"
	if base == "" {
		note = "put the hub's address in front, such as https://sync.example.org (or webcal:// for programs that subscribe); " + note
	}
	_, err := fmt.Fprintln(a.err, note)
	return err
}
