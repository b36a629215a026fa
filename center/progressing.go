package center

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"tandem"
	"tandem/center/progress"
	"tandem/session"
)

// shows is a run as it is seen by others. Its methods do nothing where it could not be shown.
type shows struct {
	hub  *Hub
	job  job
	run  *active
	item string
	on   *progress.Session
}

// show makes a run seen by others, who may stop it.
func (h *Hub) show(j job, opt SyncOptions, me *active) shows {
	v := shows{hub: h, job: j, run: me, item: boardID(j)}
	begin := progress.Begin{Handler: j.handler, Who: progress.Cut(cmp.Or(opt.By, "hub"), progress.MaxName), Items: []string{v.item}, Stop: func(string) { me.stop(errByHand) }}
	if v.item != j.name {
		begin.Names = map[string]string{v.item: progress.Cut(j.name, progress.MaxName)}
	}
	var err error
	if v.on, err = h.shown.Open(begin); err != nil { // names were checked when they were given
		h.cfg.Log.Error("cannot show a run", "item", j.name, "error", err)
	}
	return v
}

func (v shows) report(rep progress.Report) {
	if v.on == nil {
		return
	}
	rep.Item = v.item
	if _, err := v.on.Report(rep); err != nil {
		v.hub.cfg.Log.Error("a run was shown out of turn", "item", v.job.name, "error", err)
	}
}

func (v shows) end(rep *session.Report, err error) {
	v.report(endOf(rep, err))
	v.hub.noteResult(v.run, rep, err)
}

func (v shows) close() {
	if v.on != nil {
		v.on.Close()
	}
}

// boardID is the id of a job's row: an item's name, or for two places something short.
func boardID(j job) string {
	if j.item {
		return j.name
	}
	sum := sha256.Sum256([]byte(j.key))
	return "places-" + hex.EncodeToString(sum[:8])
}

// stepOf is a session's progress as the board shows it: how far is known only once there is a plan.
func stepOf(p session.Progress) progress.Report {
	rep := progress.Report{Status: progress.Indeterminate, Text: p.Thing}
	switch p.Phase {
	case session.Observing:
		rep.Text = "looking: " + seenText(p)
	case session.Planning:
		rep.Text = "comparing: " + seenText(p)
	case session.Staging, session.Applying:
		if p.Total > 0 && p.Done <= p.Total {
			rep.Status, rep.Step, rep.Max = progress.Updating, p.Done, p.Total
		}
	case session.Recording, session.Finished:
		rep.Text = "writing down what was done"
	}
	return rep
}

func seenText(p session.Progress) string {
	return fmt.Sprintf("%d records here, %d there", p.Seen[0], p.Seen[1])
}

// endOf is how a run ended as the board shows it.
func endOf(rep *session.Report, err error) progress.Report {
	switch {
	case err == nil && rep.Held:
		return progress.Report{Status: progress.Succeeded, Text: "held: nothing was done"}
	case err == nil && rep.Conflicts > 0:
		return progress.Report{Status: progress.Succeeded, Text: fmt.Sprintf("conflicts: %d", rep.Conflicts)}
	case err == nil:
		return progress.Report{Status: progress.Succeeded}
	case errors.Is(err, context.Canceled):
		return progress.Report{Status: progress.Cancelled, Text: err.Error()}
	case unreachable(err):
		return progress.Report{Status: progress.Disconnected, Text: err.Error()}
	}
	return progress.Report{Status: progress.Failed, Text: err.Error()}
}

// reach is whether an item's place could be reached when it was last tried.
type reach struct {
	ok  bool
	why string
	at  int64
}

// unreachable reports whether an error says that a place is out of reach rather than that something is wrong with it.
func unreachable(err error) bool {
	switch tandem.KindOf(err) {
	case tandem.Transient, tandem.Unreadable:
		return !errors.Is(err, context.Canceled)
	}
	return false
}

// noteReach remembers what a run showed of an item's place.
func (h *Hub) noteReach(j job, err error) {
	if !j.item || errors.Is(err, context.Canceled) {
		return
	}
	r := reach{ok: true, at: h.now()}
	if unreachable(err) {
		r.ok, r.why = false, err.Error()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reaches[j.name] = r
}

// reached tells what is known of an item's place.
func (h *Hub) reached(item string) (reach, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.reaches[item]
	return r, ok
}
