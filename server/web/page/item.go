package page

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/center/when"
	"tandem/store"
)

// itemPage is what the page of a sync item shows.
type itemPage struct {
	row
	Chart   *chart
	Runs    []*run
	Waiting []store.Conflict
	Events  []event
	Rules   []setting
	Records bool // they can be listed
}

// setting is a setting of an item as a form shows it.
type setting struct {
	Name, Label, Help, Value string
	Choices                  []option
	More                     string // all that can be written
	Shown                    string // the value as people say it; "": as it is
}

type option struct {
	Value, Text string
	Chosen      bool
}

// shownRuns is how many runs are shown at once.
const shownRuns = 30

func (p *Pages) item(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	d := itemPage{row: r, Records: p.cfg.Records != nil}
	ctx := c.r.Context()
	runs, err := c.hub.Runs(ctx, r.Item.Name, shownRuns)
	if err != nil {
		return err
	}
	for _, one := range runs {
		d.Runs = append(d.Runs, runOf(one))
	}
	d.Chart = chartOf(c.words, d.Runs, p.cfg.Now())
	d.Runs = d.Runs[:min(len(d.Runs), 8)]
	open, err := c.hub.Conflicts(ctx, true)
	if err != nil {
		return err
	}
	for _, k := range open {
		if k.Item == r.Item.Name {
			d.Waiting = append(d.Waiting, k)
		}
	}
	lines, err := c.hub.Log(ctx, -60, r.Item.Name, 0)
	if err != nil {
		return err
	}
	for i := len(lines) - 1; i >= 0 && len(d.Events) < 6; i-- {
		if lines[i].Level != store.Info {
			d.Events = append(d.Events, eventOf(c.words, lines[i]))
		}
	}
	if d.Rules, err = p.settingsOf(c, r.Item); err != nil {
		return err
	}
	c.frame.Live = true
	return c.show("center", r.Item.Name, "item", d)
}

// settingsOf are the settings of an item with what they are now.
func (p *Pages) settingsOf(c *call, it store.Item) ([]setting, error) {
	words, err := center.ReadRules(it.Rules)
	if err != nil {
		return nil, err
	}
	onOff := func(off bool) string {
		if off {
			return "off"
		}
		return "on"
	}
	now := map[string]string{"mode": it.Mode, "schedule": it.Schedule, "policy": words.Policy, "direction": words.Direction, "delete-vs-change": words.DeleteVsChange,
		"first": words.First, "merge": onOff(words.NoMerge), "guard": onOff(words.GuardOff)}
	var out []setting
	for _, k := range center.ItemKeys() {
		// "when" says mode and schedule at once, which have fields of their own; an account's items have no mode of their own.
		// Commands are set by the owner of the machine only.
		if k.Name == "when" || slices.Contains(center.CommandKeys(), k.Name) || k.Name == "mode" && it.Mode == store.OfAccount {
			continue
		}
		s := setting{Name: k.Name, Value: now[k.Name]}
		s.Label, s.Help = settingWords(c.words, k)
		if k.Name == "schedule" {
			s.More = when.Help()
			s.Shown = strings.Join(inWords(c.words, it), "; ")
		}
		if s.Value == "" && len(k.Words) > 0 {
			s.Value = k.Words[0]
		}
		for _, w := range k.Words {
			s.Choices = append(s.Choices, option{w, choiceWords(c.words, k.Name, w), w == s.Value})
		}
		out = append(out, s)
	}
	return out, nil
}

func (p *Pages) itemSettings(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	d := itemPage{row: r}
	if d.Rules, err = p.settingsOf(c, r.Item); err != nil {
		return err
	}
	return c.show("center", c.words.T("Settings of %s", r.Item.Name), "item-settings", d)
}

func (p *Pages) setItem(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	set := map[string]string{}
	for _, k := range center.ItemKeys() {
		if k.Name != "when" && c.r.PostForm.Has(k.Name) {
			set[k.Name] = c.form(k.Name)
		}
	}
	if _, err := c.hub.SetItem(c.r.Context(), r.Item.Name, set); err != nil {
		d := itemPage{row: r}
		var other error
		if d.Rules, other = p.settingsOf(c, r.Item); other != nil {
			return errors.Join(err, other)
		}
		for i := range d.Rules {
			d.Rules[i].Value = set[d.Rules[i].Name]
			for j := range d.Rules[i].Choices {
				d.Rules[i].Choices[j].Chosen = d.Rules[i].Choices[j].Value == d.Rules[i].Value
			}
		}
		return c.again(err, "center", c.words.T("Settings of %s", r.Item.Name), "item-settings", d)
	}
	return c.away(itemPath(r.Item.Name), "saved")
}

func itemPath(name string) string { return "/items/" + url.PathEscape(name) }

// ask is a question before something that cannot be taken back, with the name of the thing.
type ask struct {
	Question, Text string
	Action         string // where the answer goes
	Yes            string // what the button says
	Back           string
	Fields         []field // hidden ones, and a tick
	Tick           *tick
}

type field struct{ Name, Value string }

type tick struct{ Name, Text string }

func (p *Pages) askRemoveItem(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	t := c.words.T
	return c.show("center", t("Remove %s?", r.Item.Name), "ask", ask{Question: t("Remove the sync item %s?", r.Item.Name),
		Text:   t("The records stay where they are, here and at %s. They are no longer kept in step, and what both sides last agreed on is forgotten.", r.Item.Partner),
		Action: itemPath(r.Item.Name) + "/remove", Yes: t("Remove %s", r.Item.Name), Back: itemPath(r.Item.Name)})
}

func (p *Pages) removeItem(c *call) error {
	if err := c.hub.RemoveItem(c.r.Context(), c.r.PathValue("item")); err != nil {
		return err
	}
	return c.away("/", "removed")
}

func (p *Pages) runs(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	limit, err := strconv.Atoi(c.query("show"))
	if err != nil || limit < 1 || limit > 1000 {
		limit = shownRuns
	}
	list, err := c.hub.Runs(c.r.Context(), r.Item.Name, limit+1)
	if err != nil {
		return err
	}
	d := struct {
		row
		Runs []*run
		More int
	}{row: r}
	for _, one := range list[:min(len(list), limit)] {
		d.Runs = append(d.Runs, runOf(one))
	}
	if len(list) > limit {
		d.More = min(limit*4, 1000)
	}
	return c.show("center", c.words.T("Runs of %s", r.Item.Name), "runs", d)
}

// past is a version in history as a page shows it.
type past struct {
	store.Past
	Did  string
	Here bool   // in a home collection
	By   string // who did it, and from where
}

func (c *call) pastOf(list []store.Past) (out []past) {
	for _, h := range list {
		by := c.words.Say(h.Who)
		if h.From != "" {
			by = strings.TrimLeft(by+", "+near(placeName(c.words, h.From)), ", ")
		}
		out = append(out, past{h, opWords(c.words, h.Op), h.Collection != 0, by})
	}
	return out
}

func (p *Pages) oneRun(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.r.PathValue("run"), 10, 64)
	if err != nil {
		return &tandem.Error{Kind: tandem.NotFound, Op: "find run", Thing: c.r.PathValue("run")}
	}
	ctx := c.r.Context()
	runs, err := c.hub.Runs(ctx, r.Item.Name, 0)
	if err != nil {
		return err
	}
	d := struct {
		row
		Run    *run
		Past   []past
		Cut    bool
		Events []event
	}{row: r}
	for _, one := range runs {
		if one.ID == id {
			d.Run = runOf(one)
		}
	}
	if d.Run == nil {
		return &tandem.Error{Kind: tandem.NotFound, Op: "find run", Thing: c.r.PathValue("run"), Remedy: "its item is " + r.Item.Name}
	}
	const most = 200
	list, err := c.hub.History(ctx, store.PastFilter{Session: id, Limit: most + 1})
	if err != nil {
		return err
	}
	d.Cut = len(list) > most
	d.Past = c.pastOf(list[:min(len(list), most)])
	lines, err := c.hub.Log(ctx, -1000, r.Item.Name, 0)
	if err != nil {
		return err
	}
	for _, e := range lines {
		if e.Session == id {
			d.Events = append(d.Events, eventOf(c.words, e))
		}
	}
	return c.show("center", c.words.T("Run %d of %s", id, r.Item.Name), "run", d)
}

func (p *Pages) records(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	if p.cfg.Records == nil {
		return &tandem.Error{Kind: tandem.NotFound, Op: "list records of", Thing: r.Home}
	}
	colls, err := c.hub.Collections(c.r.Context())
	if err != nil {
		return err
	}
	const most = 500
	for _, coll := range colls {
		if coll.ID != r.Item.Collection {
			continue
		}
		list, err := p.cfg.Records(c.r.Context(), coll, most+1)
		if err != nil {
			return err
		}
		return c.show("center", c.words.T("Records of %s", r.Item.Name), "records", struct {
			row
			Records []Record
			Cut     bool
		}{r, list[:min(len(list), most)], len(list) > most})
	}
	return &tandem.Error{Kind: tandem.NotFound, Op: "find collection", Thing: r.Home}
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

// backPath is where the person came from, a path of this hub.
func (c *call) backPath() string {
	if u, err := url.Parse(c.r.Referer()); err == nil && u.Host == c.r.Host && u.Path != "" && u.Path != c.r.URL.Path {
		return u.Path
	}
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
