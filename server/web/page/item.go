package page

import (
	"errors"
	"net/url"
	"slices"
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

func (p *Pages) item(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	d := itemPage{row: r}
	ctx := c.r.Context()
	runs, err := c.hub.Runs(ctx, store.RunFilter{Item: r.Item.Name, Limit: shownRuns})
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
			d.Events = append(d.Events, within(c.words, lines[i]))
		}
	}
	if d.Rules, err = p.settingsOf(c, r.Item); err != nil {
		return err
	}
	c.frame.Live = true
	return c.show("center", r.Titled(), "item", d)
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
		Text:   t("The records stay where they are, here and at %s. They are no longer kept in step, and what both sides last agreed on is forgotten.", r.PartnerCalled),
		Action: itemPath(r.Item.Name) + "/remove", Yes: t("Remove %s", r.Item.Name), Back: itemPath(r.Item.Name)})
}

func (p *Pages) removeItem(c *call) error {
	if err := c.hub.RemoveItem(c.r.Context(), c.r.PathValue("item")); err != nil {
		return err
	}
	return c.away("/", "removed")
}

func (p *Pages) records(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	if id := c.query("id"); id != "" {
		return p.record(c, r, tandem.ID(id))
	}
	const most = 500
	list, err := c.hub.ItemRecords(c.r.Context(), r.Item.Name, most+1)
	if err != nil {
		return err
	}
	return c.show("center", c.words.T("Records of %s", r.Item.Name), "records", struct {
		row
		Records []center.RecordLine
		Cut     bool
	}{r, list[:min(len(list), most)], len(list) > most})
}
