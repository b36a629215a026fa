package page

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/engine"
	"tandem/server/web/page/words"
)

// planPage is what would be done, and the choices that a person has.
type planPage struct {
	row
	Planned *center.Planned
	Steps   []step
	Rest    int // steps that are not shown one by one
	Sides   [2]side
	Empty   bool

	First, FirstWords string // how two places that both hold records meet, if that was asked for
}

// side is what would be done to one of the two.
type side struct {
	Name string
	engine.Totals
	Any bool
}

// step is one step of a plan.
type step struct {
	center.PlannedAction
	Words   look
	Target  string
	Why     string
	Choices []option
}

// shownSteps is how many steps can be chosen one by one; the others are chosen together.
const shownSteps = 300

// preview shows that a plan is being made, and brings it in when it is.
func (p *Pages) preview(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	return c.show("center", c.words.T("Preview of %s", r.Item.Name), "preview", planPage{row: r, First: firstOf(c.query("first"))})
}

// firstOf is a way in which two filled places meet, "" for anything else.
func firstOf(word string) string {
	switch word {
	case "combine", "replace-a", "replace-b":
		return word
	}
	return ""
}

func (p *Pages) plan(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	first := firstOf(c.query("first"))
	planned, err := planOf(c.r.Context(), c.hub, r.Item.Name, first)
	if err != nil {
		return err
	}
	d := planPageOf(c.words, r, planned)
	if d.First = first; first != "" {
		d.FirstWords = choiceWords(c.words, "first", first)
	}
	if c.htmx() {
		return c.part("plan", d)
	}
	return c.show("center", c.words.T("Preview of %s", r.Item.Name), "plan-page", d)
}

// planOf makes the plan of an item. Nothing is written for it. How sides meet that never did is as the rule first says, or if that is "" as the item's own does.
func planOf(ctx context.Context, hub center.Service, item, first string) (*center.Planned, error) {
	var planned *center.Planned
	var failed error
	err := hub.Sync(ctx, []string{item}, center.SyncOptions{Preview: true, First: first}, func(n center.SyncNews) {
		if n.Planned != nil {
			planned = n.Planned
		}
		if n.Err != nil {
			failed = n.Err.Err()
		}
	})
	switch {
	case err != nil:
		return nil, err
	case failed != nil:
		return nil, failed
	case planned == nil:
		return nil, &tandem.Error{Kind: tandem.Transient, Op: "preview", Thing: item, Err: errors.New("no plan was made"), Remedy: "try again"}
	}
	return planned, nil
}

func planPageOf(w words.Words, r row, planned *center.Planned) planPage {
	d := planPage{row: r, Planned: planned, Empty: len(planned.Actions) == 0}
	names := [2]string{w.T("This hub"), r.PartnerCalled}
	for i := range d.Sides {
		t := planned.Totals[i]
		d.Sides[i] = side{names[i], t, t.Creates+t.Updates+t.Attrs+t.Moves+t.Deletes > 0}
	}
	for _, act := range planned.Actions[:min(len(planned.Actions), shownSteps)] {
		d.Steps = append(d.Steps, stepOf(w, act, names))
	}
	d.Rest = len(planned.Actions) - len(d.Steps) + planned.More
	return d
}

func stepOf(w words.Words, act center.PlannedAction, names [2]string) step {
	s := step{PlannedAction: act, Words: doWords(w, act.Do), Why: reasonWords(w, act.Reason)}
	switch act.To {
	case tandem.SideA.String():
		s.Target = names[0]
	case tandem.SideB.String():
		s.Target = names[1]
	}
	if !act.Writes {
		return s
	}
	s.Choices = []option{{center.Keep, w.T("Do it"), true}, {center.Skip, w.T("Leave it for now"), false}}
	if act.CanRev {
		s.Choices = append(s.Choices, option{center.Reverse, w.T("The other way round"), false})
	}
	if act.CanOne {
		s.Choices = append(s.Choices, option{center.TakeA, w.T("Take this hub's"), false}, option{center.TakeB, w.T("Take the partner's"), false})
	}
	return s
}

// doWords say what a step does.
func doWords(w words.Words, do string) look {
	switch do {
	case engine.Copy.String():
		return look{"good", "add", w.T("Create")}
	case engine.Update.String(), engine.Write.String():
		return look{"busy", "sync", w.T("Update")}
	case engine.SetAttrs.String():
		return look{"busy", "setting", w.T("Set properties")}
	case engine.Move.String():
		return look{"busy", "start", w.T("Rename")}
	case engine.Delete.String():
		return look{"bad", "gone", w.T("Delete")}
	case engine.Merge.String():
		return look{"good", "split", w.T("Put together")}
	case engine.Link.String():
		return look{"good", "ok", w.T("Note as equal")}
	case engine.Conflict.String():
		return look{"late", "split", w.T("Ask you")}
	case engine.KeepBoth.String():
		return look{"good", "add", w.T("Keep both")}
	case engine.Wait.String():
		return look{"off", "off", w.T("Wait")}
	}
	return look{"off", "off", do}
}

// reasonWords say why. What is not known is said as the engine says it.
func reasonWords(w words.Words, reason string) string {
	switch reason {
	case engine.NewHere.String():
		return w.T("new on the other side")
	case engine.ChangedHere.String():
		return w.T("changed on the other side")
	case engine.DeletedHere.String():
		return w.T("deleted on the other side")
	case engine.MovedHere.String():
		return w.T("renamed on the other side")
	case engine.BothChanged.String():
		return w.T("changed on both sides")
	case engine.BothNew.String():
		return w.T("new on both sides, with different content")
	case engine.DeleteClash.String(), engine.ChangeBeatsDelete.String():
		return w.T("deleted on one side, changed on the other")
	case engine.ConflictOpen.String():
		return w.T("a conflict waits for an answer")
	}
	return reason
}

// runPlan runs an item as a person chose from its preview. Steps that the preview did not have are left for the next run.
func (p *Pages) runPlan(c *call) error {
	r, err := p.rowOne(c)
	if err != nil {
		return err
	}
	opt := center.SyncOptions{By: c.frame.Person.User.Name, First: firstOf(c.form("first"))}
	switch c.form("do") {
	case "restore":
		opt.Restore = true
	case "run":
		if opt.Chosen, err = c.choices(r.Item.Name, opt.First); err != nil {
			return err
		}
		opt.Approved = c.form("hash")
		if c.form("approve") == "yes" {
			opt.Approve = true
		}
	default:
		return &tandem.Error{Kind: tandem.Invalid, Op: "run item", Thing: r.Item.Name, Err: fmt.Errorf("%q is no answer", c.form("do")), Remedy: "choose one of the answers"}
	}
	if _, err := c.hub.Begin(c.r.Context(), []string{r.Item.Name}, opt); err != nil {
		return err
	}
	return c.away(itemPath(r.Item.Name), "started")
}

// choices are those of the form. What it does not show one by one is made from the plan as it is now, if it is to be done.
func (c *call) choices(item, first string) (map[string]string, error) {
	chosen := map[string]string{}
	for name, values := range c.r.PostForm {
		if n, ok := strings.CutPrefix(name, "choice-"); ok && len(values) > 0 {
			if key := c.r.PostFormValue("key-" + n); key != "" {
				chosen[key] = values[0]
			}
		}
	}
	if c.form("rest") != center.Keep {
		return chosen, nil
	}
	planned, err := planOf(c.r.Context(), c.hub, item, first)
	if err != nil {
		return nil, err
	}
	for _, act := range planned.Actions {
		if _, ok := chosen[act.Key]; !ok && act.Writes {
			chosen[act.Key] = center.Keep
		}
	}
	return chosen, nil
}
