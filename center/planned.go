package center

import (
	"context"
	"fmt"

	"tandem"
	"tandem/engine"
	"tandem/kind"
	"tandem/provider"
)

// Planned is a plan as people see it.
type Planned struct {
	Hash    string // what Approved names
	Actions []PlannedAction
	More    int // actions left out, beyond maxPlanned
	Totals  [2]engine.Totals
	Held    []string // the guard's reasons
}

// PlannedAction is one step of a plan as people see it.
type PlannedAction struct {
	Key    string // what SyncOptions.Chosen names
	Do     string
	To     string // "A", "B", or "" where neither side is written to, or both
	Record tandem.ID
	NewID  tandem.ID `json:",omitempty"`
	Title  string    `json:",omitempty"` // what the record is called, where it has a body that tells
	Reason string
	Note   string `json:",omitempty"`
	Size   int64  `json:",omitempty"`
	Lost   bool   `json:",omitempty"` // a version is overwritten that only history will keep
	Writes bool   // it writes to a side, so that there is something to choose
	CanRev bool   // the other direction makes sense
	CanOne bool   // one side's version can be taken instead of both
}

const (
	maxPlanned = 100_000 // actions that travel to a person
	maxTitles  = 2_000   // of them, those whose records are read for a title
)

// planned makes a plan readable. Titles are fetched from the side that has the record, as few as fit on a few screens.
func planned(ctx context.Context, plan *engine.Plan, a, b *provider.Opened, h kind.Handler) *Planned {
	sum := planSum(plan, a, b)
	out := &sum
	for i := range plan.Len() {
		if plan.Do(i) == engine.Nothing {
			continue
		}
		if len(out.Actions) == maxPlanned {
			out.More++
			continue
		}
		act := plan.Action(i)
		out.Actions = append(out.Actions, plannedAction(&act))
	}
	if !a.Features.Tree && !b.Features.Tree && h != nil {
		fillTitles(ctx, out, plan, a, b, h)
	}
	return out
}

// NeverMet is why a plan is held that would be the first of two places that both hold records.
const NeverMet = "both places hold records and were never synced with each other"

// alarmText says in words what the guard saw.
func alarmText(alarm engine.Alarm, a, b *provider.Opened) string {
	place := a.Place
	if alarm.Side == tandem.SideB {
		place = b.Place
	}
	switch alarm.Cause {
	case engine.SideEmptied:
		return fmt.Sprintf("everything is gone from %s, which held %d records", place, alarm.Of)
	case engine.ManyDeletes:
		return fmt.Sprintf("%d of %d records would be deleted from %s", alarm.Count, alarm.Of, place)
	case engine.ManyOverwrites:
		return fmt.Sprintf("%d of %d records would be overwritten in %s", alarm.Count, alarm.Of, place)
	case engine.ManyShrunk:
		return fmt.Sprintf("%d files would shrink to nothing in %s", alarm.Count, place)
	case engine.AllChanged:
		return fmt.Sprintf("all %d records would change at once in %s", alarm.Of, place)
	case engine.StoreReplaced:
		if alarm.Of == 0 {
			return NeverMet
		}
		return fmt.Sprintf("%s is not the store it was the last time, or was restored from a backup", place)
	}
	return fmt.Sprintf("%d changes to %s need a look", alarm.Count, place)
}

// planSum is a plan without its actions.
func planSum(plan *engine.Plan, a, b *provider.Opened) Planned {
	out := Planned{Hash: plan.Hash, Totals: plan.Totals}
	for _, alarm := range plan.Held {
		out.Held = append(out.Held, alarmText(alarm, a, b))
	}
	return out
}

func plannedAction(act *engine.Action) PlannedAction {
	src := source(act)
	_, canRev := reverse(*act)
	_, canOne := takeOne(*act, tandem.SideA)
	p := PlannedAction{Key: actionKey(act), Do: act.Do.String(), To: target(act), Record: src.ID, NewID: act.NewID,
		Reason: act.Reason.String(), Note: act.Note, Lost: act.Lost, Size: src.Size, Writes: writes(act.Do), CanRev: canRev, CanOne: canOne}
	if p.NewID == p.Record || act.Do != engine.Move && act.Do != engine.Copy && act.Do != engine.KeepBoth {
		p.NewID = ""
	}
	return p
}

// target names the one side that an action writes to, "" where that is neither, or both.
func target(act *engine.Action) string {
	switch act.Do {
	case engine.Copy, engine.Update, engine.Move, engine.Delete:
		return act.To.String()
	case engine.SetAttrs, engine.Merge, engine.Write:
		if act.Into[tandem.SideA] != act.Into[tandem.SideB] {
			if act.Into[tandem.SideA] {
				return tandem.SideA.String()
			}
			return tandem.SideB.String()
		}
	}
	return ""
}

// source is what best shows what the record of an action is: for a deletion or a move the side that still has it under
// its old name, otherwise the side that content comes from.
func source(act *engine.Action) *tandem.Shown {
	from := act.To.Other()
	switch act.Do {
	case engine.Copy, engine.Update:
	case engine.Move, engine.Delete:
		from = act.To
	default:
		from = tandem.SideA
	}
	for _, s := range []*tandem.Shown{act.Shown(from), act.Shown(from.Other()), &act.Row.A, &act.Row.B} {
		if s.ID != "" {
			return s
		}
	}
	return act.A
}

// actionKey identifies a planned step across two runs of the planner: the same step on the same versions.
func actionKey(act *engine.Action) string {
	return fmt.Sprintf("%d|%d|%q@%q|%q@%q|%q", act.Do, act.To, act.A.ID, act.A.Version, act.B.ID, act.B.Version, act.NewID)
}

// fillTitles reads the records of a plan for their titles. A record that cannot be read simply has none.
func fillTitles(ctx context.Context, out *Planned, plan *engine.Plan, a, b *provider.Opened, h kind.Handler) {
	want := map[tandem.Side]map[tandem.ID][]int{tandem.SideA: {}, tandem.SideB: {}}
	at := 0
	for i := range plan.Len() {
		if plan.Do(i) == engine.Nothing {
			continue
		}
		if at >= len(out.Actions) || at >= maxTitles {
			break
		}
		act := plan.Action(i)
		if side, id := present(&act); id != "" {
			want[side][id] = append(want[side][id], at)
		}
		at++
	}
	for side, ids := range want {
		o := a
		if side == tandem.SideB {
			o = b
		}
		list := make([]tandem.ID, 0, len(ids))
		for id := range ids {
			list = append(list, id)
		}
		if len(list) == 0 {
			continue
		}
		for rec, err := range o.Fetch(ctx, list) {
			if err != nil || rec.Body == nil {
				continue
			}
			title := titleOf(rec, h)
			for _, i := range ids[rec.ID] {
				out.Actions[i].Title = title
			}
		}
	}
}

// present names a side that has the record now, the one that source prefers if it does.
func present(act *engine.Action) (tandem.Side, tandem.ID) {
	if src := source(act); act.B.ID != "" && (src == act.B || act.A.ID == "") {
		return tandem.SideB, act.B.ID
	}
	return tandem.SideA, act.A.ID
}

const maxTitleBody = 1 << 20

func titleOf(rec tandem.Record, h kind.Handler) string {
	body, err := tandem.ReadBody(rec.Body, maxTitleBody)
	if err != nil {
		return ""
	}
	info, err := h.Inspect(body)
	if err != nil {
		return ""
	}
	return info.Summary.String()
}
