package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
)

func (a *app) statusCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:               "status [ITEM...]",
		Short:             "Tell how the sync items stand",
		Example:           "  tandem status\n  tandem status contacts-phone --json",
		ValidArgsFunction: positions(a.itemNames),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.Status(c.Context(), args)
				if err != nil {
					return err
				}
				if a.json {
					return a.statusJSON(list)
				}
				if err := a.hubLine(s); err != nil {
					return err
				}
				if len(args) > 0 {
					return a.statusTable(list)
				}
				places, err := s.ByHand(c.Context())
				if err != nil {
					return err
				}
				if len(list) > 0 || len(places) == 0 {
					if err := a.statusTable(list); err != nil {
						return err
					}
				}
				return a.byHandTable(places)
			})
		},
	})
}

const maxByHand = 20

// byHandTable lists the pairs that were synced without an item, the latest first.
func (a *app) byHandTable(list []center.PlacesStatus) error {
	if len(list) == 0 {
		return nil
	}
	fmt.Fprintln(a.out, "\nSynced by hand:")
	t := ui.NewTable("A", "B", "RECORDS", "STATE", "LAST RUN")
	for i, st := range list {
		if i == maxByHand {
			break
		}
		state := "in step then"
		switch {
		case st.Conflicts > 0:
			state = ui.Count(st.Conflicts, "conflict")
		case st.Last == 0:
			state = "not finished"
		}
		t.Add(st.A, st.B, ui.Number(st.Rows), state, ui.Ago(st.Last, now()))
	}
	return t.Write(a.out)
}

// hubLine says whether a hub runs, and where its data are.
func (a *app) hubLine(s center.Service) error {
	dir, err := a.dir()
	if err != nil {
		return err
	}
	state := "no hub is running; start it with `tandem serve`"
	if p, ok := s.(interface{ Process() int }); ok {
		state = fmt.Sprintf("the hub is running (process %d)", p.Process())
	}
	_, err = fmt.Fprintf(a.out, "%s; data in %s\n", state, dir)
	return err
}

func (a *app) statusTable(list []center.ItemStatus) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.out, "no sync items yet; add one with `tandem item add HOME-COLLECTION PLACE`")
		return err
	}
	t := ui.NewTable("ITEM", "HOME", "PLACE", "STATE", "LAST RUN", "NEXT")
	for _, st := range list {
		last := "never"
		if st.Last != nil {
			last = ui.Ago(max(st.Last.Finished, st.Last.Started), now())
		}
		place := st.Place
		if st.PartnerCalled != st.Item.Partner {
			place = st.PartnerCalled + " (" + place + ")"
		}
		t.Add(st.Item.Name, st.Home, place, stateText(st), last, nextText(st))
	}
	return t.Write(a.out)
}

// nextText is what an item waits for.
func nextText(st center.ItemStatus) string {
	switch {
	case !st.Item.Enabled || st.Paused:
		return ""
	case st.Waits != "":
		return "waits for " + ui.Cut(st.Waits, 80)
	case st.Watching:
		return "on change"
	case st.Next != 0:
		return ui.Ago(st.Next, now())
	case st.Item.Mode == center.Manual && st.Item.Schedule == "":
		return "by hand"
	case st.Item.Mode == center.Connection:
		return "on connection"
	}
	return ""
}

// stateText sums a row up in a few words, with what waits to be carried to the place.
func stateText(st center.ItemStatus) string {
	state, waits := standingText(st), pendingText(st.Pending)
	switch {
	case waits == "" || st.Running:
		return state
	case st.Standing() == center.StandsChanged:
		return waits
	}
	return state + "; " + waits
}

// pendingText says what waits to be carried to a place, "" for nothing.
func pendingText(p center.Pending) string {
	if p.Records == 0 {
		return ""
	}
	text := ui.Count(p.Records, "change") + " to send"
	if p.More {
		text = "at least " + text
	}
	if p.Bytes > 0 {
		text += ", " + ui.Size(p.Bytes)
	}
	return text
}

// standingText is how an item stands, the most important first.
func standingText(st center.ItemStatus) string {
	switch {
	case !st.Item.Enabled:
		return "disabled"
	case st.Paused && st.PausedUntil != 0:
		return "paused until " + time.Unix(st.PausedUntil, 0).Format("2 January 15:04")
	case st.Paused:
		return "paused"
	case st.Failing != "":
		return "failing: " + ui.Cut(st.Failing, 80)
	case st.Running:
		return "syncing"
	case st.Last == nil:
		return "not synced yet"
	case st.Last.Result == "held":
		return "held by the guard"
	case st.Last.Result == "failed":
		return "failed; see `tandem log " + st.Item.Name + "`"
	case st.Conflicts > 0:
		return ui.Count(st.Conflicts, "conflict")
	case st.Aside > 0:
		return ui.Count(st.Aside, "record") + " set aside"
	case st.Problems > 0:
		return ui.Count(st.Problems, "problem") + "; see `tandem log " + st.Item.Name + "`"
	case st.Last.Result == "cancelled" || st.Last.Finished == 0:
		return "stopped before the end"
	}
	return "in step"
}

func (a *app) statusJSON(list []center.ItemStatus) error {
	out := make([]itemJSON, 0, len(list))
	for _, st := range list {
		it := toItem(st.Item)
		it.InForce = st.Rules
		it.Home, it.Kind, it.Place, it.Running, it.Watching = st.Home, string(st.Kind), st.Place, st.Running, st.Watching
		it.Conflicts, it.Aside, it.Problems, it.Next, it.Failing, it.State = st.Conflicts, st.Aside, st.Problems, st.Next, st.Failing, stateText(st)
		it.Planned, it.Waits, it.Paused, it.PausedUntil = st.Planned, st.Waits, st.Paused, st.PausedUntil
		it.Pending, it.PendingSize, it.PendingMore, it.Link = st.Pending.Records, st.Pending.Bytes, st.Pending.More, string(st.Link)
		if st.Last != nil {
			it.Last, it.LastResult = max(st.Last.Finished, st.Last.Started), st.Last.Result
		}
		out = append(out, it)
	}
	return ui.JSON(a.out, out)
}
