package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
)

// followAll makes an account of a partner, or of a place that becomes one.
func (a *app) followAll(ctx context.Context, text string, f center.Follow) error {
	return a.with(ctx, func(s center.Service) error {
		partner, sub, err := a.splitPartner(ctx, s, text)
		if err != nil {
			return err
		}
		if sub != "" {
			return errUsage{fmt.Errorf("--all is about all folders of %s; leave %q out", partner, ":"+sub)}
		}
		if f.Partner, err = knownPartner(ctx, s, f.User, partner); err != nil {
			return asUsage(err)
		}
		if err := s.FollowFolders(ctx, f); err != nil {
			return asUsage(err)
		}
		list, err := s.Folders(ctx, f.Partner)
		if err != nil {
			return err
		}
		if a.json {
			return ui.JSON(a.out, folderRows(list))
		}
		next := "keep them in step with `tandem serve`, or sync them once with `tandem sync`"
		if _, running := s.(interface{ Process() int }); running {
			next = "the hub keeps them in step from now on"
		}
		_, err = fmt.Fprintf(a.out, "paired %s of %s; %s\n", count(len(list), "folder"), f.Partner, next)
		return err
	})
}

// knownPartner is the name of a partner, which is added if a place is named that is none.
func knownPartner(ctx context.Context, s center.Service, user, partner string) (string, error) {
	list, err := s.ListPartners(ctx)
	if err != nil {
		return "", err
	}
	for _, p := range list {
		if p.Name == partner || p.Place == partner {
			return p.Name, nil
		}
	}
	p, err := s.AddPartner(ctx, user, "", partner)
	return p.Name, err
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

type folderRow struct {
	Path string `json:"path"`
	Home string `json:"home,omitempty"`
	Role string `json:"role,omitempty"`
	Item string `json:"item"`
	Held string `json:"held,omitempty"`
	When string `json:"when,omitempty"`
}

func folderRows(list []center.FolderStatus) []folderRow {
	out := make([]folderRow, 0, len(list))
	for _, f := range list {
		out = append(out, folderRow{f.Path, f.Home, f.Role, f.Item, f.Held, f.When})
	}
	return out
}

func (a *app) partnerFolders() *cobra.Command {
	var approve, restore, stop bool
	var when string
	c := &cobra.Command{
		Use:   "folders PARTNER",
		Short: "Show how the folders of a mail account stand, and answer what waits",
		Long: `Shows the folders of a mail account and the mail folders of the hub they are paired with,
see tandem item add --all. A folder with more than ten messages that was removed on one
side waits for an answer before it is removed on the other.

--when says when the account is kept in step, in the words of tandem item set; empty for
whenever something changes. A folder whose item has a schedule of its own follows that.`,
		Example: `  tandem partner folders work
  tandem partner folders work --when "every 15m; not metered; quiet 22:00-07:00"
  tandem partner folders work --approve`,
		Args:              args(1, 1, "name one partner: tandem partner folders PARTNER"),
		ValidArgsFunction: positions(a.partnerNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				switch {
				case approve && restore, stop && (approve || restore):
					return errUsage{fmt.Errorf("say one of --approve, --restore and --stop")}
				case stop:
					return asUsage(s.UnfollowFolders(c.Context(), args[0]))
				case approve, restore:
					if err := s.AnswerFolders(c.Context(), args[0], restore); err != nil {
						return asUsage(err)
					}
				}
				if c.Flags().Changed("when") {
					if err := s.SetFolders(c.Context(), args[0], when); err != nil {
						return asUsage(err)
					}
				}
				list, err := s.Folders(c.Context(), args[0])
				if err != nil {
					return asUsage(err)
				}
				return a.showFolders(list)
			})
		},
	}
	c.Flags().BoolVar(&approve, "approve", false, "remove on the other side what was removed on one")
	c.Flags().BoolVar(&restore, "restore", false, "put back what was removed and waits")
	c.Flags().StringVar(&when, "when", "", "when the account is kept in step, in words; see tandem item set")
	c.Flags().BoolVar(&stop, "stop", false, "no longer keep the folders in step; everything stays where it is")
	return a.jsonFlag(c)
}

func (a *app) showFolders(list []center.FolderStatus) error {
	if a.json {
		return ui.JSON(a.out, folderRows(list))
	}
	t := ui.NewTable("FOLDER", "HOME", "FOR", "ITEM", "")
	for _, f := range list {
		t.Add(f.Path, f.Home, f.Role, f.Item, f.Held)
	}
	if err := t.Write(a.out); err != nil || len(list) == 0 || list[0].When == "" {
		return err
	}
	_, err := fmt.Fprintf(a.out, "kept in step: %s\n", list[0].When)
	return err
}
