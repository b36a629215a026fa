package page

import (
	"strconv"

	"tandem"
	"tandem/store"
)

// shownRuns is how many runs are shown at once.
const shownRuns = 30

func (p *Pages) runs(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	limit, err := strconv.Atoi(c.query("show"))
	if err != nil || limit < 1 || limit > 1000 {
		limit = shownRuns
	}
	list, err := c.hub.Runs(c.r.Context(), store.RunFilter{Item: r.Item.Name, Limit: limit + 1})
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
	runs, err := c.hub.Runs(ctx, store.RunFilter{Item: r.Item.Name, Before: id + 1, Limit: 1})
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
			d.Events = append(d.Events, within(c.words, e))
			d.Events[len(d.Events)-1].RunTo = "" // it is this page
		}
	}
	return c.show("center", c.words.T("Run %d of %s", id, r.Item.Name), "run", d)
}
