package page

import (
	"net/url"

	"tandem/center"
	"tandem/engine"
	"tandem/server/web/page/words"
)

// meetingPage is the last step of adding a place: how the sides of new items meet, and when they run from then on.
type meetingPage struct {
	Items []meeting
	Whens []option
	Any   bool // something can still be begun
}

// meeting is an item before its first run.
type meeting struct {
	row
	Meet    center.First
	Ways    []way
	LeftOut []leftOut
	Err     *problem
}

// way is one way in which two sides can meet, with what it would do.
type way struct {
	option
	Help  string
	Sides [2]engine.Totals
	Held  []string // what the guard would say to it
}

// leftOut is what takes no part in a sync, for one reason.
type leftOut struct {
	center.LeftOut
	Where  string
	Option string // that leaves it out, as people know it; "": none
	Change string // the page on which it is changed; "": none
}

// first asks how the sides of new items meet.
func (p *Pages) first(c *call) error {
	ctx := c.r.Context()
	names := c.asSent("item")["item"]
	if len(names) == 0 {
		return c.away("/", "")
	}
	statuses, err := c.hub.Status(ctx, names)
	if err != nil {
		return err
	}
	d := meetingPage{Whens: whens(c.words)}
	for _, st := range statuses {
		m := meeting{row: p.rowOf(c.words, st)}
		if m.Meet, err = c.hub.FirstSync(ctx, st.Item.Name); err != nil {
			m.Err = c.problemOf(err)
		} else {
			m.fill(c.words, c.r.URL.RequestURI())
		}
		d.Any = d.Any || m.Err == nil && !m.Meet.Met
		d.Items = append(d.Items, m)
	}
	return c.show("center", c.words.T("First sync"), "first", d)
}

// fill words the ways. Where one side holds nothing, there is one way only: replacing would be another word for deleting.
// back is the page that the person returns to, once more was let in.
func (m *meeting) fill(w words.Words, back string) {
	for _, x := range m.Meet.Ways {
		if m.Meet.Filled || x.Rule == "combine" {
			a := answerOf(w, m.Item.Name, x.Answer)
			one := way{option: option{x.Rule, a.Text, x.Rule == "combine"}, Help: a.Help, Sides: x.Totals}
			for _, why := range x.Held {
				one.Held = append(one.Held, plainPlaces(why))
			}
			m.Ways = append(m.Ways, one)
		}
	}
	for _, l := range m.Meet.LeftOut {
		where := w.T("On this hub")
		switch {
		case l.Phone != "":
			where = w.T("On the phone %s", l.Phone)
		case l.There:
			where = w.T("At the partner")
		}
		one := leftOut{LeftOut: l, Where: where}
		switch {
		case l.Phone != "": // it is changed there
		case l.Option == "direction":
			one.Option, one.Change = w.T("Direction"), itemPath(m.Item.Name)+"/settings"
		case l.Option != "" && m.Item.Partner != "":
			one.Option = optionWords(w, l.Option)
			one.Change = "/partners/" + url.PathEscape(m.Item.Partner) + "/settings?" + url.Values{"back": {back}}.Encode() + "#o-" + url.PathEscape(l.Option)
		}
		m.LeftOut = append(m.LeftOut, one)
	}
}

// whens are the choices when new items run, once they have met. More of them are on the page of their schedule.
func whens(w words.Words) []option {
	return []option{{center.Continuous, w.T("By itself, whenever something changes"), true}, {"@hourly", w.T("Every hour"), false}, {"@daily", w.T("Every day"), false}, {center.Manual, w.T("Only when I say so"), false}}
}

// runFirst lets new items run for the first time, as was chosen. The person has seen what that does, so the guard does not ask again. When they run is set for those,
// too, that shall not meet yet: they wait for the answer to their question, and for nothing else.
func (p *Pages) runFirst(c *call) error {
	ctx := c.r.Context()
	names := c.r.PostForm["item"]
	if len(names) == 0 {
		return c.away("/", "")
	}
	set := map[string]string{"mode": center.Scheduled}
	switch when := c.form("when"); when {
	case "", center.Continuous:
		set["mode"] = center.Continuous
	case center.Manual:
		set["mode"] = center.Manual
	case "@hourly", "@daily":
		set["schedule"] = when
	default:
		return invalid("when", "set schedule", when, "this is no choice of the page", "choose when it shall run")
	}
	statuses, err := c.hub.Status(ctx, names)
	if err != nil {
		return err
	}
	begun := false
	for _, st := range statuses {
		name := st.Item.Name
		if st.Last != nil { // it met its partner already, and the guard looks at what follows
			continue
		}
		if _, err := c.hub.SetItem(ctx, name, set); err != nil {
			return err
		}
		way := firstOf(c.form("first-" + name))
		if way == "" { // not now: it is asked in the inbox
			continue
		}
		if _, err := c.hub.Begin(ctx, []string{name}, center.SyncOptions{By: c.frame.Person.User.Name, First: way, Approve: true}); err != nil {
			return err
		}
		begun = true
	}
	if begun {
		return c.away("/", "started")
	}
	return c.away("/", "later")
}
