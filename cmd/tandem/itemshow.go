package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	"tandem/store"
)

func (a *app) itemShow() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:               "show ITEM",
		Short:             "Tell what an item pairs, when it runs next, and what it waits for",
		Example:           "  tandem item show contacts-phone",
		Args:              args(1, 1, "name one item: tandem item show ITEM"),
		ValidArgsFunction: positions(a.itemNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.Status(c.Context(), args)
				if err != nil {
					return err
				}
				if a.json {
					return a.statusJSON(list)
				}
				_, running := s.(interface{ Process() int })
				for _, st := range list {
					if err := a.showItem(st, running); err != nil {
						return err
					}
				}
				return nil
			})
		},
	})
}

func (a *app) showItem(st center.ItemStatus, running bool) error {
	last := "never"
	if st.Last != nil {
		last = ui.Ago(max(st.Last.Finished, st.Last.Started), now()) + ", " + st.Last.Result
	}
	rows := [][2]string{{"item", st.Item.Name}, {"home", fmt.Sprintf("%s (%s) of %s", st.Home, st.Kind, st.Item.User)}, {"place", st.Place}, {"state", stateText(st)},
		{"last run", last}, {"when", whenText(st.Item)}, {"next run", nextRun(st, running, now())}}
	if st.Waits != "" {
		rows = append(rows, [2]string{"waits for", st.Waits})
	}
	if rules := rulesText(st.Item); rules != "" {
		rows = append(rows, [2]string{"rules", rules})
	}
	if commands := center.CommandsText(st.Item); commands != "" {
		rows = append(rows, [2]string{"commands", commands})
	}
	if own, force := rulesText(st.Item), ruleWords(st.Rules); own != force {
		rows = append(rows, [2]string{"in force", force + " (with the rules of its kind)"})
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(a.out, "%-10s %s\n", r[0], ui.Clean(r[1])); err != nil {
			return err
		}
	}
	return nil
}

// whenText is when an item runs, as `tandem item set ITEM when=` takes it; the mode of an account's folder cannot be set.
func whenText(it store.Item) string {
	mode := it.Mode
	switch mode {
	case center.Connection:
		mode = "on connection"
	case store.OfAccount:
		mode = "with its account"
	}
	if it.Schedule == "" {
		return mode
	}
	return mode + "; " + it.Schedule
}

// nextRun says in words when an item runs next.
func nextRun(st center.ItemStatus, running bool, now time.Time) string {
	at := func(unix int64) string {
		t := time.Unix(unix, 0)
		return t.Format("Monday, 2 January 2006, 15:04") + " (" + ui.Ago(unix, now) + ")"
	}
	text := ""
	switch {
	case !st.Item.Enabled:
		return "none; it is disabled"
	case st.Paused:
		return "when its pause is over: `tandem item resume " + st.Item.Name + "`"
	case running && st.Watching && st.Planned != 0:
		text = "when something changes, and " + at(st.Planned)
	case running && st.Watching:
		text = "when something changes"
	case running && st.Next != 0:
		text = at(st.Next)
	case st.Planned != 0:
		text = at(st.Planned)
	case st.Item.Mode == center.Connection:
		text = "when the network or the place comes into reach"
	case st.Item.Mode == center.Manual, st.Item.Mode == center.Scheduled:
		if st.Item.Schedule == "" {
			return "when you say so: `tandem sync " + st.Item.Name + "`"
		}
		text = "at one of its events"
	default:
		text = "when something changes"
	}
	if !running {
		text += "; no hub is running, start it with `tandem serve`"
	}
	return text
}
