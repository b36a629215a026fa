package session

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tandem"
	"tandem/engine"
	"tandem/store"
)

// held tells whether the guard stops the plan.
func (r *run) held(plan *engine.Plan) bool {
	return len(plan.Held) > 0 && (r.rules.Approved == "" || r.rules.Approved != plan.Hash)
}

// permit asks whoever must be asked before anything is written. A nil plan: nothing is to be done, and that is no error.
func (r *run) permit(ctx context.Context, plan *engine.Plan, pass int) (*engine.Plan, error) {
	if r.held(plan) {
		if pass > 0 {
			// What is left over belongs to a plan that was let go before; it is not worth a second question.
			return nil, nil
		}
		answer := Leave
		if r.opt.OnHeld != nil {
			var err error
			if answer, err = r.opt.OnHeld(ctx, plan); err != nil {
				return nil, err
			}
		}
		switch answer {
		case Leave:
			r.report.Held = true
			err := heldError(r, plan)
			r.note(store.Event{Level: store.Warning, Text: "the guard holds the plan: " + err.Err.Error(), Remedy: err.Remedy, Code: err.Kind.Code(), Link: "question/" + r.pair.Name, LinkText: "answer it"})
			return nil, err
		case Restore:
			plan = engine.Restore(plan, r.rules)
		}
	}
	if r.opt.Review != nil {
		if err := r.opt.Review(ctx, plan); err != nil {
			return nil, err
		}
	}
	for i := range plan.Len() {
		// What was taken out of the plan is still so; a cursor past it would never speak of it again.
		r.stay = r.stay || plan.Do(i) == engine.Nothing
	}
	return plan, nil
}

// heldError says what the guard saw and how to go on.
func heldError(r *run, plan *engine.Plan) *tandem.Error {
	var why []string
	for _, a := range plan.Held {
		why = append(why, r.alarm(a))
	}
	return &tandem.Error{Kind: tandem.Held, Op: "sync", Thing: r.pair.Name, Err: errors.New(strings.Join(why, "; ")),
		Remedy: "look at the preview, then sync again and let the plan go ahead, or have what was deleted restored"}
}

// alarm is one of the guard's reasons in words.
func (r *run) alarm(a engine.Alarm) string {
	place := r.sides[a.Side].Place
	switch a.Cause {
	case engine.SideEmptied:
		return fmt.Sprintf("all %d records are gone from %s", a.Of, place)
	case engine.ManyDeletes:
		return fmt.Sprintf("%d of %d records would be deleted from %s", a.Count, a.Of, place)
	case engine.ManyOverwrites:
		return fmt.Sprintf("%d of %d records would be overwritten in %s", a.Count, a.Of, place)
	case engine.ManyShrunk:
		return fmt.Sprintf("%d files would shrink to nothing in %s", a.Count, place)
	case engine.AllChanged:
		return fmt.Sprintf("all %d records changed at once for %s", a.Count, place)
	case engine.StoreReplaced:
		return fmt.Sprintf("%s is not the store it was, or was restored from a backup", place)
	}
	return fmt.Sprintf("the guard stopped %d changes to %s", a.Count, place)
}

// noteWaits counts what the plan leaves for later, and whether the next run must look at it again.
func (r *run) noteWaits(plan *engine.Plan) {
	r.report.Aside = 0
	for i := range plan.Len() {
		if plan.Do(i) != engine.Wait {
			continue
		}
		act := plan.Action(i)
		r.wait(&act)
		// Of a replaced store nothing is known before every row was paired anew. What waits for good must not hold that up: the
		// plan takes the agreement from such rows.
		if act.Row.Link != 0 && act.Reason != engine.SideIgnored && act.Reason != engine.OneWay && act.Reason != engine.InConflict && (r.sides[0].replaced || r.sides[1].replaced) {
			r.left++
		}
	}
}

// wait notes one action that is left for later.
func (r *run) wait(act *engine.Action) {
	switch act.Reason {
	case engine.ConflictOpen:
	case engine.SideIgnored:
		r.stay = true
		r.renamed(act)
	case engine.SideUnknown, engine.InConflict:
		r.stay = true
	case engine.OneWay:
		r.stay = true
		r.barred()
	case engine.SetAside:
		r.report.Aside++
		for s, id := range act.At {
			// Its row says where it was before it was renamed, and what is new in a directory that failed has none; a cursor past that would never
			// say where it is.
			r.stay = r.stay || r.rules.Tree && id != "" && (act.Row.Link == 0 || id != act.Row.Side(tandem.Side(s)).ID)
		}
	default:
		r.left++
		text := waitText(act.Reason)
		switch {
		case act.Note != "" && act.Reason == engine.SideUnreadable:
			text = act.Note // says so itself, and why
		case act.Note != "":
			text += ": " + act.Note
		}
		r.event(store.Warning, nameOf(act), text, "")
	}
}

// renamed tells, once for each place, of a file that somebody renamed while the other place leaves out what it is there. Nothing else would say why it
// does not come.
func (r *run) renamed(act *engine.Action) {
	for s := tandem.SideA; s <= tandem.SideB; s++ {
		o := s.Other()
		id, key := act.At[s], "renamed\x00"+r.sides[o].Place
		if !r.rules.Tree || act.Row.Link == 0 || id == "" || id == act.Row.Side(s).ID || act.At[o] != "" || r.told[key] {
			continue
		}
		r.told[key] = true
		text := "was renamed, and waits: " + r.sides[o].Place + " leaves out what it is there"
		if act.Note != "" {
			text += " (" + act.Note + ")"
		}
		r.event(store.Warning, id, text, "let it in again there; or make a copy here and delete this one")
	}
}

// barred names the place that changes wait for because it cannot be written to, if it is not for the direction.
func (r *run) barred() {
	for s, place := range r.sides {
		d := r.rules.Direction
		away := d == engine.AToB || d == engine.MirrorAToB
		if s == int(tandem.SideB) {
			away = d == engine.BToA || d == engine.MirrorBToA
		}
		if r.rules.ReadOnly[s] && !away {
			r.event(store.Warning, "", place.Place+" cannot be written to: what is to be changed there waits",
				"give yourself the right to write to it; where it is meant to be so, choose the direction away from it")
		}
	}
}

// waitText says why a record waits.
func waitText(reason engine.Reason) string {
	switch reason {
	case engine.SideUnreadable:
		return "cannot be read"
	case engine.TooBig:
		return "larger than the other place takes"
	case engine.BadName:
		return "the other place cannot hold this name"
	case engine.NameClash:
		return "two records want one name on the other place"
	case engine.TypeClash:
		return "a folder here, a file there"
	case engine.MoveCycle:
		return "moves that would put folders into each other"
	case engine.BothMoved:
		return "renamed differently on both sides"
	case engine.Torn:
		return "torn when the machine went down"
	case engine.DirNotEmpty:
		return "the deleted folder holds something that stays"
	}
	return "left for later"
}

// nameOf is the id by which people know an action's record.
func nameOf(act *engine.Action) tandem.ID {
	for _, id := range []tandem.ID{act.A.ID, act.B.ID, act.Row.A.ID} {
		if id != "" {
			return id
		}
	}
	return act.Row.B.ID
}
