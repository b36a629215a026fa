package page

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tandem/center/when"
	"tandem/server/web/page/words"
	"tandem/store"
)

// scheduleForm is when an item runs, as a form shows it. What it has no field for is kept as it is.
type scheduleForm struct {
	row
	Kept     []option // rules that there are
	Peak     peakForm
	Quiet    [2]string
	Days     []option // of a new rule
	Fields   map[string]string
	Triggers []option
	Ask      bool
	Ticks    []option // conditions that are so or not
	Battery  int
	Networks string
	Rest     []string // clauses without a field
	CatchUp  bool
	Units    []option
	Text     string
	More     string
}

// peakForm is how often an item runs in the busy hours, and outside of them.
type peakForm struct {
	On       bool
	Days     []option
	From, To string
	In, Out  []option
}

// weekdays are the days in the order of a week, as people and as plans write them.
func weekdays(w words.Words) []option {
	return []option{{"mon", w.T("Mon"), false}, {"tue", w.T("Tue"), false}, {"wed", w.T("Wed"), false}, {"thu", w.T("Thu"), false}, {"fri", w.T("Fri"), false}, {"sat", w.T("Sat"), false}, {"sun", w.T("Sun"), false}}
}

// daysOf ticks the days that are set.
func daysOf(w words.Words, d when.Days) []option {
	out := weekdays(w)
	for i := range out {
		out[i].Chosen = d[(i+1)%7] // weeks of package time begin on Sunday
	}
	return out
}

func (p *Pages) schedule(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	d, err := scheduleOf(c.words, r)
	if err != nil {
		return err
	}
	return c.show("center", c.words.T("Schedule of %s", r.Item.Name), "schedule", d)
}

func scheduleOf(w words.Words, r row) (*scheduleForm, error) {
	plan, err := when.Parse(r.Item.Schedule)
	if err != nil {
		return nil, err
	}
	d := &scheduleForm{row: r, Days: weekdays(w), Fields: map[string]string{"new-n": "15"}, Ask: plan.Ask, Battery: plan.If.Battery, Networks: strings.Join(plan.If.Networks, ", "), CatchUp: !plan.NoCatch,
		Units: []option{{"m", w.T("minutes"), false}, {"h", w.T("hours"), false}, {"d", w.T("days"), false}}, Text: r.Item.Schedule, More: when.Help()}
	for _, rule := range plan.Rules {
		d.Kept = append(d.Kept, option{rule.String(), ruleWords(w, rule), true})
	}
	d.Peak = peakForm{On: plan.Peak != nil, Days: daysOf(w, when.Days{false, true, true, true, true, true}), From: "08:00", To: "18:00"}
	in, out := when.Rate{Change: true}, when.Rate{Every: time.Hour}
	if pk := plan.Peak; pk != nil {
		in, out = pk.In, pk.Out
		d.Peak.Days, d.Peak.From, d.Peak.To = daysOf(w, pk.Days), pk.From.String(), pk.To.String()
	}
	d.Peak.In, d.Peak.Out = rates(w, in), rates(w, out)
	for i, q := range plan.Quiet {
		if i == 0 && q.Days == (when.Days{}) {
			d.Quiet = [2]string{q.From.String(), q.To.String()}
			continue
		}
		d.Rest = append(d.Rest, "quiet "+q.String())
	}
	for _, t := range when.Triggers() {
		d.Triggers = append(d.Triggers, option{string(t), triggerWords(w, t), plan.Has(t)})
	}
	d.Ticks = []option{{"only on power", w.T("Only while it is plugged in"), plan.If.Power}, {"not metered", w.T("Not where the connection costs by volume"), plan.If.Unmetered},
		{"only while idle", w.T("Only while nobody uses the computer"), plan.If.Idle}}
	slow := "not slow"
	if s := plan.If.Slow; s != nil && s.Above > 0 {
		slow += " above " + s.Above.String()
	}
	if s := plan.If.Slow; s != nil && s.Below > 0 {
		slow += " below " + when.RateText(s.Below)
	}
	d.Ticks = append(d.Ticks, option{slow, w.T("Not over a slow connection"), plan.If.Slow != nil})
	if plan.Zone != nil {
		d.Rest = append(d.Rest, "zone "+plan.Zone.String())
	}
	if plan.Spread >= 0 {
		d.Rest = append(d.Rest, (when.Plan{Spread: plan.Spread}).String())
	}
	return d, nil
}

// rates are how often an item can run at some time of the day, with the one that is.
func rates(w words.Words, now when.Rate) []option {
	out := []option{{"on change", w.T("whenever something changes"), now.Change}, {"manual", w.T("not by itself"), now == when.Rate{}}}
	chosen := now.Change || now == when.Rate{}
	for _, m := range []time.Duration{5, 15, 30, 60, 120, 360, 720} {
		is := now.Every == m*time.Minute && !now.Change
		chosen = chosen || is
		out = append(out, option{when.Rate{Every: m * time.Minute}.String(), w.T("every %s", w.Seconds((m * time.Minute).Seconds())), is})
	}
	if !chosen {
		out = append(out, option{now.String(), now.String(), true})
	}
	return out
}

// triggerWords say what starts a run.
func triggerWords(w words.Words, t when.Trigger) string {
	switch t {
	case when.Start:
		return w.T("The hub starts")
	case when.LogOn:
		return w.T("Somebody logs in")
	case when.LogOff:
		return w.T("Before somebody logs out, or it is switched off")
	case when.Suspend:
		return w.T("Before it goes to sleep")
	case when.Resume:
		return w.T("It wakes up")
	case when.Idle:
		return w.T("Nobody uses it for a while")
	case when.Lock:
		return w.T("The screen is locked")
	case when.Unlock:
		return w.T("The screen is unlocked")
	case when.NetworkUp:
		return w.T("The network comes")
	case when.NetworkDown:
		return w.T("Before the network goes")
	case when.Power:
		return w.T("It is plugged in")
	}
	return string(t)
}

// setSchedule writes the plan that a form describes.
func (p *Pages) setSchedule(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	text, err := c.planText()
	if err == nil {
		_, err = c.hub.SetItem(c.r.Context(), r.Item.Name, map[string]string{"schedule": text})
	}
	if err != nil {
		d, other := scheduleOf(c.words, r)
		if other != nil {
			return errors.Join(err, other)
		}
		for _, name := range []string{"new-sort", "new-at", "new-n", "new-unit", "new-from", "new-to"} {
			d.Fields[name] = c.form(name)
		}
		return c.again(err, "center", c.words.T("Schedule of %s", r.Item.Name), "schedule", d)
	}
	if c.form("do") == "add" {
		return c.away(itemPath(r.Item.Name)+"/schedule", "saved")
	}
	return c.away(itemPath(r.Item.Name), "saved")
}

// planText is the plan of a form, clause by clause. What it means is up to package when.
func (c *call) planText() (string, error) {
	f := c.r.PostForm
	days := func(name string) string {
		if n := len(f[name]); n == 0 || n == 7 {
			return ""
		}
		return strings.Replace(strings.Join(f[name], ","), "mon,tue,wed,thu,fri", "mon-fri", 1)
	}
	out := append([]string{}, f["keep"]...)
	if rule, err := c.newRule(days("new-day")); err != nil || rule != "" {
		if err != nil {
			return "", err
		}
		out = append(out, rule)
	}
	if c.form("peak") == "yes" {
		text, err := c.hours("peak")
		if err == nil && text == "" {
			err = halfHours("peak-from", "from")
		}
		if err != nil {
			return "", err
		}
		out = append(out, strings.Join(strings.Fields("peak "+days("peak-day")+" "+text+" "+c.form("peak-in")), " "), "off-peak "+c.form("peak-out"))
	}
	if text, err := c.hours("quiet"); err != nil {
		return "", err
	} else if text != "" {
		out = append(out, "quiet "+text)
	}
	if on := f["on"]; len(on) > 0 {
		text := "on " + strings.Join(on, ", ")
		if c.form("ask") == "yes" {
			text += " ask first"
		}
		out = append(out, text)
	}
	out = append(out, f["if"]...)
	if text := c.form("battery"); text != "" {
		n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(text, "%")))
		if err != nil || n < 0 || n > 100 {
			return "", invalid("battery", "read schedule", text, "this is no number of percent", "type a number from 0 to 100, or leave it empty")
		}
		if n > 0 {
			out = append(out, fmt.Sprintf("not on battery below %d%%", n))
		}
	}
	if names := c.form("networks"); names != "" {
		if strings.Contains(names, ";") {
			return "", invalid("networks", "read schedule", names, "the name of a network has no semicolon here", "put commas between names")
		}
		out = append(out, "only on network "+names)
	}
	out = append(out, f["rest"]...)
	if c.form("catch-up") != "yes" {
		out = append(out, "no catch-up")
	}
	return strings.Join(out, "; "), nil
}

// hours are two times of day of a form, as a plan writes them, "" if none was typed.
func (c *call) hours(name string) (string, error) {
	switch from, to := c.form(name+"-from"), c.form(name+"-to"); {
	case from == "" && to == "":
		return "", nil
	case from == "":
		return "", halfHours(name+"-from", "from")
	case to == "":
		return "", halfHours(name+"-to", "until")
	default:
		return from + "-" + to, nil
	}
}

// halfHours is what is wrong with hours that lack a beginning or an end.
func halfHours(field, which string) error {
	if which == "from" {
		return invalid(field, "read schedule", "", "hours were typed without from when", "type both times, or neither")
	}
	return invalid(field, "read schedule", "", "hours were typed without until when", "type both times, or neither")
}

// newRule is the rule that a form adds, "" if it adds none.
func (c *call) newRule(days string) (string, error) {
	switch c.form("new-sort") {
	case "at":
		if c.form("new-at") == "" {
			return "", invalid("new-at", "read schedule", "", "no time of day was typed", "type times of day such as 07:00, 14:30")
		}
		text := "at " + c.form("new-at")
		if _, err := when.Parse(text); err != nil {
			return "", inField("new-at", err)
		}
		if days != "" {
			text += " on " + days
		}
		return text, nil
	case "every":
		text := "every " + c.form("new-n") + c.form("new-unit")
		if _, err := when.Parse(text); err != nil {
			return "", inField("new-n", err)
		}
		hours, err := c.hours("new")
		switch {
		case err != nil:
			return "", err
		case hours != "":
			return strings.Join(strings.Fields(text+" on "+days+" "+hours), " "), nil
		case days != "":
			return text + " on " + days + " 00:00-24:00", nil
		}
		return text, nil
	}
	return "", nil
}

// inWords is a plan as the page of its item shows it.
func inWords(w words.Words, it store.Item) []string {
	plan, err := when.Parse(it.Schedule)
	if err != nil {
		return []string{it.Schedule}
	}
	var out []string
	for _, r := range plan.Rules {
		out = append(out, ruleWords(w, r))
	}
	if pk := plan.Peak; pk != nil {
		out = append(out, w.T("busy hours")+": "+daysWords(w, pk.Days)+", "+pk.From.String()+"–"+pk.To.String())
	}
	for _, q := range plan.Quiet {
		out = append(out, w.T("quiet")+" "+q.From.String()+"–"+q.To.String())
	}
	for _, t := range plan.On {
		out = append(out, triggerWords(w, t))
	}
	if plan.If.Battery > 0 {
		out = append(out, w.T("not on battery below %d%%", plan.If.Battery))
	}
	if plan.If.Unmetered {
		out = append(out, w.T("Not where the connection costs by volume"))
	}
	if plan.If.Power {
		out = append(out, w.T("Only while it is plugged in"))
	}
	if plan.If.Idle {
		out = append(out, w.T("Only while nobody uses the computer"))
	}
	if plan.If.Slow != nil {
		out = append(out, w.T("Not over a slow connection"))
	}
	if len(plan.If.Networks) > 0 {
		out = append(out, w.T("Only in these networks")+": "+strings.Join(plan.If.Networks, ", "))
	}
	return out
}
