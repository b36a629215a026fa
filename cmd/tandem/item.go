package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/center/command"
	"tandem/internal/ui"
	"tandem/store"
)

func (a *app) itemCommand() *cobra.Command {
	return noun("item", "Sync items: what the hub keeps in step",
		"A sync item pairs a home collection, which the hub keeps, with one collection of a partner.",
		a.itemAdd(), a.itemFirst(), a.itemSet(), a.itemShow(), a.itemList(), a.itemRecords(), a.itemRecord(), a.itemSwitch("enable", "Sync an item again", true), a.itemSwitch("disable", "Leave an item alone for now", false), a.itemPause(), a.itemResume(), a.itemRemove())
}

func (a *app) itemAdd() *cobra.Command {
	var n center.NewItem
	var w center.RuleWords
	var readOnly, everything bool
	var under string
	c := &cobra.Command{
		Use:   "add HOME-COLLECTION PARTNER[:SUB]",
		Short: "Pair a home collection with a place",
		Long: `Pairs a home collection with a place. The home collection is made if it is missing. The place is
a partner's name, with the name of a collection below it if need be, or a place in full,
which then becomes a partner. In rules, A is the home collection and B the place.

A running hub syncs an item whenever something changes, unless --when says otherwise, such as
"at 02:30 on mon-fri; not metered". tandem item set tells what can be said.

From a place that can only be read, such as a published calendar, records are only brought
in; a home collection that is made for that is read-only on phones and in programs, too.
--read-only says so of any that is filled from elsewhere, --read-only=false that it is not.

With --look the item does not sync before you said how its sides meet: what each way
would do is shown, and what is left out, and you are asked (see tandem item first). Without
it nothing waits: the sides are combined, or meet as --first says.

With --all, all folders of a mail account are paired with mail folders of the user, and so
is every folder that comes, is renamed or goes on either side later on: name the partner
only. The folders of a user's first account are beside the inbox, those of further ones
below the partner's name, or the name that --under says.`,
		Example: `  tandem item add contacts vdir:~/phone-book
  tandem item add work laptop:calendars/work
  tandem item add holidays webcal://calendar.example.org/holidays.ics
  tandem item add --all maildir:~/Maildir --user anna
  tandem item add papers files:/media/stick --mode manual --schedule "30 2 * * *"`,
		Args: func(c *cobra.Command, list []string) error {
			if everything {
				return args(1, 1, "name one mail account: tandem item add --all PARTNER")(c, list)
			}
			return args(2, 2, "say what is paired: tandem item add HOME-COLLECTION PARTNER[:SUB]")(c, list)
		},
		ValidArgsFunction: positions(a.collectionNames, either(a.partnerNames, a.places), none),
	}
	fl := c.Flags()
	fl.StringVar(&n.Name, "name", "", "name of the item (default: made from the other two)")
	fl.StringVar(&n.Kind, "kind", "", "what the records are, where the place does not tell")
	fl.StringVar(&n.When, "when", "", "when it runs by itself, in words; see tandem item set")
	fl.StringVar(&n.Mode, "mode", "", "instead of --when: what starts it: continuous, manual, connection or scheduled")
	fl.StringVar(&n.Schedule, "schedule", "", "when to sync besides, in words or as a cron expression; see tandem item set")
	fl.StringVar(&n.User, "user", "", "owner of the home collection, where there are several users")
	fl.BoolVar(&readOnly, "read-only", false, "nobody changes the home collection on phones and in programs")
	fl.BoolVar(&n.Look, "look", false, "look at the first sync before it is done: the item waits for your word")
	fl.BoolVar(&everything, "all", false, "pair all folders of a mail account, now and later")
	fl.StringVar(&under, "under", "", "with --all: what the names of the account's folders begin with")
	words(c, "mode", []string{center.Continuous, center.Manual, center.Connection, center.Scheduled})
	ruleFlags(c, &w)
	c.RunE = func(c *cobra.Command, args []string) error {
		if _, err := w.Rules(); err != nil {
			return errUsage{err}
		}
		n.Rules = w
		if everything && n.Look {
			return errUsage{errors.New("--look is for one collection; look at the folders of an account with `tandem partner show`")}
		}
		if everything {
			return a.followAll(c.Context(), args[0], center.Follow{User: n.User, Under: under})
		}
		n.Home = args[0]
		if c.Flags().Changed("read-only") {
			n.ReadOnly = map[bool]string{true: "yes", false: "no"}[readOnly]
		}
		return a.with(c.Context(), func(s center.Service) error {
			var err error
			if n.Partner, n.Sub, err = a.splitPartner(c.Context(), s, args[1]); err != nil {
				return err
			}
			it, err := s.AddItem(c.Context(), n)
			if err != nil {
				return asUsage(err)
			}
			if a.json {
				return ui.JSON(a.out, toItem(it))
			}
			if n.Look {
				fmt.Fprintf(a.out, "added %s; it syncs when you say how its sides meet\n", it.Name)
				return a.first(c.Context(), s, it.Name, "", false)
			}
			_, running := s.(interface{ Process() int })
			_, err = fmt.Fprintf(a.out, "added %s; %s\n", it.Name, nextStep(it, running))
			return err
		})
	}
	return a.jsonFlag(c)
}

func nextStep(it store.Item, running bool) string {
	switch {
	case running && it.Mode != center.Manual:
		return "the hub keeps it in step from now on"
	case it.Mode != center.Manual:
		return "keep it in step with `tandem serve`, or sync it once with `tandem sync " + it.Name + "`"
	}
	return "sync it with `tandem sync " + it.Name + "`"
}

// splitPartner tells PARTNER:SUB from a place. A place is made absolute here, where its path is meant.
func (a *app) splitPartner(ctx context.Context, s center.Service, text string) (partner, sub string, err error) {
	partners, err := s.ListPartners(ctx)
	if err != nil {
		return "", "", err
	}
	name, sub, _ := strings.Cut(text, ":")
	for _, p := range partners {
		if p.Name == name {
			return name, sub, nil
		}
	}
	if !strings.Contains(text, ":") {
		return text, "", nil
	}
	place, err := a.registry().ParsePlace(text)
	if err != nil {
		return "", "", asUsage(err)
	}
	return place.Text, "", nil
}

type itemJSON struct {
	Name        string           `json:"name"`
	User        string           `json:"user"`
	Partner     string           `json:"partner"`
	Sub         string           `json:"sub,omitempty"`
	Enabled     bool             `json:"enabled"`
	Mode        string           `json:"mode"`
	Schedule    string           `json:"schedule,omitempty"`
	Rules       center.RuleWords `json:"rules"`
	InForce     center.RuleWords `json:"rules_in_force"`
	Home        string           `json:"home,omitempty"`
	Kind        string           `json:"kind,omitempty"`
	Place       string           `json:"place,omitempty"`
	Running     bool             `json:"running"`
	Watching    bool             `json:"watching"`
	State       string           `json:"state,omitempty"`
	Conflicts   int              `json:"conflicts"`
	Aside       int              `json:"aside"`
	Problems    int              `json:"problems"`
	Last        int64            `json:"last_run,omitempty"`
	LastResult  string           `json:"last_result,omitempty"`
	Next        int64            `json:"next_run,omitempty"`
	Planned     int64            `json:"planned,omitempty"`
	Waits       string           `json:"waits,omitempty"`
	Failing     string           `json:"failing,omitempty"`
	Paused      bool             `json:"paused,omitempty"`
	PausedUntil int64            `json:"paused_until,omitempty"`
	Pending     int              `json:"pending,omitempty"`
	PendingSize int64            `json:"pending_bytes,omitempty"`
	PendingMore bool             `json:"pending_more,omitempty"`
	Link        string           `json:"link,omitempty"`
	Commands    *command.Set     `json:"commands,omitempty"`
}

func toItem(it store.Item) itemJSON {
	w, _ := center.ReadRules(it.Rules) // rules that cannot be read are shown as none; running the item says why
	out := itemJSON{Name: it.Name, User: it.User, Partner: it.Partner, Sub: it.Sub, Enabled: it.Enabled, Mode: it.Mode, Schedule: it.Schedule, Rules: w, InForce: w}
	if it.Commands != "" {
		set, _ := command.Read(it.Commands) // likewise
		out.Commands = &set
	}
	return out
}

func (a *app) itemList() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List the sync items",
		Example: "  tandem item list",
		Args:    args(0, 0, "item list takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.Status(c.Context(), nil)
				if err != nil {
					return err
				}
				if a.json {
					return a.statusJSON(list)
				}
				if len(list) == 0 {
					_, err := fmt.Fprintln(a.out, "no sync items yet; add one with `tandem item add HOME-COLLECTION PLACE`")
					return err
				}
				t := ui.NewTable("ITEM", "HOME", "KIND", "PARTNER", "PLACE", "MODE", "SCHEDULE", "RULES")
				for _, st := range list {
					mode := st.Item.Mode
					if !st.Item.Enabled {
						mode = "disabled"
					}
					t.Add(st.Item.Name, st.Home, string(st.Kind), strings.TrimSuffix(st.Item.Partner+":"+st.Item.Sub, ":"), st.Place, mode, st.Item.Schedule, rulesText(st.Item))
				}
				return t.Write(a.out)
			})
		},
	})
}

func rulesText(it store.Item) string {
	w, err := center.ReadRules(it.Rules)
	if err != nil {
		return "unreadable"
	}
	return ruleWords(w)
}

func ruleWords(w center.RuleWords) string {
	var parts []string
	for _, x := range []struct{ name, value string }{{"direction", w.Direction}, {"policy", w.Policy}, {"delete-vs-change", w.DeleteVsChange}, {"first", w.First}} {
		if x.value != "" {
			parts = append(parts, x.name+" "+x.value)
		}
	}
	if w.NoMerge {
		parts = append(parts, "merge off")
	}
	if w.GuardOff {
		parts = append(parts, "guard off")
	}
	return strings.Join(parts, ", ")
}

func (a *app) itemSwitch(verb, short string, on bool) *cobra.Command {
	return &cobra.Command{
		Use:               verb + " ITEM",
		Short:             short,
		Example:           "  tandem item " + verb + " contacts-phone",
		Args:              args(1, 1, "name one item: tandem item "+verb+" ITEM"),
		ValidArgsFunction: positions(a.itemNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error { return s.EnableItem(c.Context(), args[0], on) })
		},
	}
}

func (a *app) itemRemove() *cobra.Command {
	return &cobra.Command{
		Use:               "remove ITEM",
		Short:             "Forget an item; records stay where they are, on both sides",
		Example:           "  tandem item remove contacts-phone",
		Args:              args(1, 1, "name one item: tandem item remove ITEM"),
		ValidArgsFunction: positions(a.itemNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error { return s.RemoveItem(c.Context(), args[0]) })
		},
	}
}
