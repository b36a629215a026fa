package page

import (
	"cmp"
	"slices"

	"tandem/center"
	"tandem/server/web/page/words"
)

// repairPage tells what was left over, and once it was mended what was done.
type repairPage struct {
	Done    bool
	List    []mended
	Failed  int
	Damaged bool // some of it is contents that the disk damaged
}

// mended is something left over as the page shows it.
type mended struct {
	center.Repair
	Look look
	Name string
}

// askRepair shows what a repair would do. Nothing is changed for it.
func (p *Pages) askRepair(c *call) error { return p.showRepair(c, false) }

// repair mends what dangles, and shows what was done.
func (p *Pages) repair(c *call) error { return p.showRepair(c, true) }

func (p *Pages) showRepair(c *call, mend bool) error {
	list, err := c.hub.Repair(c.r.Context(), mend)
	if err != nil {
		return err
	}
	d := &repairPage{Done: mend}
	for _, r := range list {
		d.Damaged = d.Damaged || r.Sort == "body" && r.Thing != ""
		one := mended{r, look{"late", "warn", c.words.T("Look at it")}, leftWords(c.words, r.Sort)}
		switch {
		case r.Mended:
			one.Look = look{"good", "ok", c.words.T("Mended")}
		case r.Error != "":
			one.Look = look{"bad", "fail", c.words.T("Could not be mended")}
			d.Failed++
		}
		d.List = append(d.List, one)
	}
	slices.SortStableFunc(d.List, func(x, y mended) int { return cmp.Compare(urgency(x.Look), urgency(y.Look)) })
	return c.show("health", c.words.T("Repair"), "repair", d)
}

// leftWords say what something left over belongs to. Package center
func leftWords(w words.Words, sort string) string {
	switch sort {
	case "body":
		return w.T("Contents")
	case "tombstone":
		return w.T("Deletions")
	case "history":
		return w.T("History")
	case "index":
		return w.T("Search")
	case "item":
		return w.T("Sync items")
	case "base":
		return w.T("What was agreed on")
	case "cursor":
		return w.T("Where the last run ended")
	case "conflict":
		return w.T("Conflicts")
	case "device", "device state":
		return w.T("Devices")
	case "record":
		return w.T("Records")
	case "user":
		return w.T("People")
	case "partner":
		return w.T("Partners")
	case "message":
		return w.T("Mail")
	case "lock":
		return w.T("Locks")
	case "secret":
		return w.T("Passwords")
	case "notice":
		return w.T("Notifications")
	case "setting":
		return w.T("Settings")
	case "leftover":
		return w.T("Files")
	}
	return sort
}
