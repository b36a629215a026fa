package page

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"tandem"
	"tandem/center"
	"tandem/store"
)

// past is a version in history as a page shows it.
type past struct {
	store.Past
	Did  string
	Icon string
	Here bool   // in a home collection
	By   string // who did it, and from where
}

func (c *call) pastOf(list []store.Past) (out []past) {
	for _, h := range list {
		out = append(out, past{h, opWords(c.words, h.Op), opIcon(h.Op), h.Collection != 0, writer(c.words, h.Who, h.From)})
	}
	return out
}

// history lists what was overwritten or deleted, everywhere.
func (p *Pages) history(c *call) error {
	const most = 100
	f := store.PastFilter{Text: c.query("q"), Record: tandem.ID(c.query("record")), Limit: most + 1}
	f.Before, _ = strconv.ParseInt(c.query("before"), 10, 64) // anything else: from the newest
	list, err := c.hub.History(c.r.Context(), f)
	if err != nil {
		return err
	}
	d := struct {
		Text   string
		Record tandem.ID
		Title  string
		Past   []past
		Next   int64
	}{Text: f.Text, Record: f.Record, Past: c.pastOf(list[:min(len(list), most)])}
	if len(list) > most {
		d.Next = list[most-1].ID
	}
	if d.Record != "" && len(list) > 0 {
		d.Title = titleOf(list[0])
	}
	return c.show("log", c.words.T("History"), "history", d)
}

func (p *Pages) askUndo(c *call) error {
	what, t := c.query("what"), c.words.T
	d := ask{Action: "/undo", Yes: t("Put back"), Back: c.backPath(), Fields: []field{{"what", what}, {"back", c.backPath()}}}
	f := store.PastFilter{Limit: 1001}
	id, err := strconv.ParseInt(what[min(1, len(what)):], 10, 64)
	if err != nil || what[0] != 's' && what[0] != 'h' {
		return &tandem.Error{Kind: tandem.Invalid, Op: "undo", Thing: what, Err: errors.New("this names neither a run nor a version")}
	}
	if what[0] == 's' {
		f.Session = id
	} else {
		f.Before, f.Limit = id+1, 1
	}
	list, err := c.hub.History(c.r.Context(), f)
	if err != nil {
		return err
	}
	if len(list) == 0 || what[0] == 'h' && list[0].ID != id {
		return &tandem.Error{Kind: tandem.NotFound, Op: "find version", Thing: what, Err: errors.New("history does not hold it"), Remedy: "versions are forgotten after a while"}
	}
	if what[0] == 's' {
		d.Question = t("Put back everything that run %d overwrote or deleted?", id)
		d.Text = c.words.N(len(list), "%s version is put back where nothing changed since. What it replaces goes into history, so that this can be undone, too.",
			"%s versions are put back where nothing changed since. What they replace goes into history, so that this can be undone, too.")
	} else {
		d.Question = t("Put back %s?", titleOf(list[0]))
		d.Text = t("It is put back at %s as it was, unless it changed since. What it replaces goes into history, so that this can be undone, too.", placeName(c.words, list[0].Place))
	}
	return c.show("log", t("Put back"), "ask", d)
}

func titleOf(h store.Past) string {
	if h.Title != "" {
		return h.Title
	}
	return string(h.Record)
}

// backPath is where the person came from, a page of this hub. The link says so: browsers do not.
func (c *call) backPath() string {
	if b := c.query("back"); len(b) > 1 && b[0] == '/' && b[1] != '/' {
		return b
	}
	return "/history"
}

func (p *Pages) undo(c *call) error {
	results, err := c.hub.Undo(c.r.Context(), c.form("what"))
	if err != nil {
		return err
	}
	done := 0
	for _, r := range results {
		if r.Done {
			done++
		}
	}
	if done == len(results) {
		return c.back("undone")
	}
	d := struct {
		Results []center.UndoResult
		Done    int
		Back    string
	}{results, done, c.form("back")}
	c.frame.Nav, c.frame.Title = "log", c.words.T("Put back")
	c.render(http.StatusOK, "undone", d)
	return nil
}

// Name is how a version is called where it is undone.
func (h past) Name() string { return fmt.Sprintf("h%d", h.ID) }

// Called is what the record is called.
func (h past) Called() string { return titleOf(h.Past) }
