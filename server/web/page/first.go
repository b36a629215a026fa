package page

import (
	"tandem/center"
	"tandem/engine"
)

// meeting is an item before its first run.
type meeting struct {
	row
	Ways []way
	Both bool // both sides hold records, so that there is something to choose
	Err  *problem
}

// way is one way in which two sides can meet, with what it would do.
type way struct {
	option
	Sides [2]engine.Totals
}

// first asks how the sides of new items meet.
func (p *Pages) first(c *call) error {
	ctx := c.r.Context()
	var list []meeting
	names := c.r.URL.Query()["item"]
	if len(names) == 0 {
		return c.away("/", "")
	}
	statuses, err := c.hub.Status(ctx, names)
	if err != nil {
		return err
	}
	for _, st := range statuses {
		m := meeting{row: p.rowOf(c.words, st)}
		if st.Last == nil {
			if err := p.meet(c, &m); err != nil {
				m.Err = c.problemOf(err)
			}
		}
		list = append(list, m)
	}
	return c.show("center", c.words.T("First sync"), "first", list)
}

// meet works out what each way would do. Nothing is written for it.
func (p *Pages) meet(c *call, m *meeting) error {
	ctx := c.r.Context()
	for _, word := range []string{"combine", "replace-a", "replace-b"} {
		planned, err := planOf(ctx, c.hub, m.Item.Name, word)
		if err != nil {
			return err
		}
		m.Ways = append(m.Ways, way{option{word, choiceWords(c.words, "first", word), word == "combine"}, planned.Totals})
		// Where one side holds nothing, there is one way only, and replacing would be another word for deleting.
		if word == "combine" {
			t := planned.Totals
			m.Both = t[0].Creates > 0 && t[1].Creates > 0 || t[0].Merges+t[0].Conflicts+t[0].Updates+t[1].Updates > 0
			if !m.Both {
				return nil
			}
		}
	}
	return nil
}

// runFirst lets new items run for the first time, as was chosen. The person has seen what that does, so the guard does not ask again.
func (p *Pages) runFirst(c *call) error {
	ctx := c.r.Context()
	var begin []string
	names := c.r.PostForm["item"]
	if len(names) == 0 {
		return c.away("/", "")
	}
	statuses, err := c.hub.Status(ctx, names)
	if err != nil {
		return err
	}
	for _, st := range statuses {
		name := st.Item.Name
		way := c.form("first-" + name)
		if st.Last != nil { // it met its partner already; the guard looks at what follows
			continue
		}
		if way == "off" {
			if err := c.hub.EnableItem(ctx, name, false); err != nil {
				return err
			}
			continue
		}
		set := map[string]string{"mode": center.Continuous}
		if way != "" {
			set["first"] = way
		}
		if c.form("by-hand") == "yes" {
			set["mode"] = center.Manual
		}
		if _, err := c.hub.SetItem(ctx, name, set); err != nil {
			return err
		}
		begin = append(begin, name)
	}
	if len(begin) > 0 {
		if _, err := c.hub.Begin(ctx, begin, center.SyncOptions{By: c.frame.Person.User.Name, Approve: true}); err != nil {
			return err
		}
	}
	return c.away("/", "started")
}
