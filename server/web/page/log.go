package page

import (
	"strconv"

	"tandem/store"
)

// resultsPage is the results log.
type resultsPage struct {
	Events []event
	Level  string
	Item   string
	Items  []string
	More   int
}

// results lists the log, newest first.
func (p *Pages) results(c *call) error {
	d := resultsPage{Level: c.query("level"), Item: c.query("item")}
	show, err := strconv.Atoi(c.query("show"))
	if err != nil || show < 1 || show > 2000 {
		show = 100
	}
	ctx := c.r.Context()
	// Most lines say that nothing happened; enough are looked through to fill a page with others.
	list, err := c.hub.Log(ctx, -int64(show*20), d.Item, 0)
	if err != nil {
		return err
	}
	least := store.Info
	switch d.Level {
	case "warning":
		least = store.Warning
	case "error":
		least = store.Error
	}
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Level < least {
			continue
		}
		if len(d.Events) == show {
			d.More = min(show*4, 2000)
			break
		}
		d.Events = append(d.Events, eventOf(c.words, list[i]))
	}
	if c.htmx() {
		return c.part("events", d)
	}
	items, err := c.hub.ListItems(ctx)
	if err != nil {
		return err
	}
	for _, it := range items {
		d.Items = append(d.Items, it.Name)
	}
	c.frame.Live = true
	return c.show("log", c.words.T("Results"), "results", d)
}

// codeOf is a line of the log for whoever is asked for help.
func codeOf(e store.Event) string {
	level := [...]string{"info", "warning", "error"}
	l := "event"
	if int(e.Level) < len(level) {
		l = level[e.Level]
	}
	out := "tandem/" + l + "/" + strconv.FormatInt(e.ID, 10)
	if e.Session != 0 {
		out += "/s" + strconv.FormatInt(e.Session, 10)
	}
	return out
}
