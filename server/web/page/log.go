package page

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"time"

	"tandem/center"
	"tandem/store"
)

// resultsPage is the results log, as far as it is chosen.
type resultsPage struct {
	Events  []event
	Level   string
	Item    string
	Handler string // its items, and itself
	Text    string
	Items   []string
	More    int          // how many to show next; 0: there are no more
	Last    int64        // the newest line
	Query   template.URL // the choice, as the page's address says it
}

// Chosen reports whether lines are left out.
func (d *resultsPage) Chosen() bool { return d.Level+d.Item+d.Handler+d.Text != "" }

// maxShown bounds how many lines a page shows.
const maxShown = 2000

// resultsOf is the choice of lines that a page or form names.
func resultsOf(get func(string) string) *resultsPage {
	d := &resultsPage{Level: get("level"), Item: get("item"), Handler: get("handler"), Text: get("q")}
	v := url.Values{}
	for name, value := range map[string]string{"level": d.Level, "item": d.Item, "handler": d.Handler, "q": d.Text} {
		if value != "" {
			v.Set(name, value)
		}
	}
	d.Query = template.URL(v.Encode()) // a string would be escaped once more
	return d
}

// filter selects those lines.
func (d *resultsPage) filter() center.EventFilter {
	f := center.EventFilter{Handler: d.Handler, EventFilter: store.EventFilter{Text: d.Text}}
	if d.Item != "" {
		f.Items = []string{d.Item}
	}
	switch d.Level {
	case "warning":
		f.Level = store.Warning
	case "error":
		f.Level = store.Error
	}
	return f
}

// results lists the log, newest first.
func (p *Pages) results(c *call) error {
	d := resultsOf(c.query)
	show, err := strconv.Atoi(c.query("show"))
	if err != nil || show < 1 || show > maxShown {
		show = 100
	}
	f, ctx := d.filter(), c.r.Context()
	f.Newest, f.Limit = true, show+1
	list, err := p.found(c, f)
	if err != nil {
		return err
	}
	if len(list) > show && show < maxShown {
		list, d.More = list[1:], min(show*4, maxShown)
	}
	items, err := c.hub.ListItems(ctx)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(list) {
		one := eventOf(c.words, e)
		one.link(c.words, func(name string) bool {
			return slices.ContainsFunc(items, func(it store.Item) bool { return it.Name == name })
		})
		d.Events = append(d.Events, one)
		d.Last = max(d.Last, e.ID)
	}
	if c.htmx() {
		return c.part("events", d)
	}
	for _, it := range items {
		d.Items = append(d.Items, it.Name)
	}
	if d.Item != "" && !slices.Contains(d.Items, d.Item) { // of another program, or gone
		d.Items = append(d.Items, d.Item)
	}
	c.frame.Live = true
	return c.show("log", c.words.T("Results"), "results", d)
}

// ages are how old lines are at least that are cleared, in days.
func (c *call) ages() []option {
	t := c.words.T
	return []option{{"0", t("All of them"), true}, {"1", t("Those older than a day"), false}, {"7", t("Those older than a week"), false}, {"30", t("Those older than 30 days"), false}}
}

// clearing is the question before lines of the log are removed.
type clearing struct {
	*resultsPage
	Ages  []option
	Count int
	Many  bool // there are more than Count
}

// maxCounted bounds how many lines are counted before they are cleared.
const maxCounted = 10_000

func (p *Pages) askClear(c *call) error {
	d := &clearing{resultsPage: resultsOf(c.query), Ages: c.ages()}
	f := d.filter()
	f.Newest, f.Limit = true, maxCounted+1
	list, err := p.found(c, f)
	if err != nil {
		return err
	}
	if len(list) > 0 {
		d.Last = list[len(list)-1].ID
	}
	d.Count, d.Many = min(len(list), maxCounted), len(list) > maxCounted
	return c.show("log", c.words.T("Clear results"), "clear", d)
}

// clearLog removes the lines that a person saw, and none that came since.
func (p *Pages) clearLog(c *call) error {
	d := resultsOf(c.form)
	f := d.filter()
	last, err := strconv.ParseInt(c.form("last"), 10, 64)
	if err != nil || last < 1 { // no page of the hub sends this
		return c.away("/log?"+string(d.Query), "")
	}
	f.Before = last + 1
	days, err := strconv.Atoi(cmp.Or(c.form("age"), "0"))
	if err != nil || days < 0 || days >= 10_000 { // to clear all of them for it would be a surprise
		return invalid("age", "clear results", c.form("age"), "this is no number of days", "choose which of them")
	}
	if days > 0 {
		f.Until = p.cfg.Now().Add(-time.Duration(days) * 24 * time.Hour).Unix()
	}
	if err := p.clearFound(c, f); err != nil {
		return err
	}
	return c.away("/log?"+string(d.Query), "removed")
}

// codeOf is a line of the log for whoever is asked for help.
func codeOf(e store.Event) string {
	level := [...]string{"info", "warning", "error"}
	l := "event"
	if int(e.Level) < len(level) {
		l = level[e.Level]
	}
	out := "tandem/" + l + "/"
	if e.Code != "" {
		out += e.Code + "/"
	}
	out += strconv.FormatInt(e.ID, 10)
	if e.Session != 0 {
		out += "/s" + strconv.FormatInt(e.Session, 10)
	}
	return out
}
