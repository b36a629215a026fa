package center

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/center/command"
	"tandem/engine"
	"tandem/session"
	"tandem/store"
)

// CommandKeys are the settings of an item that hold commands. They run with the rights of the hub, so only the owner of the machine sets them: at the command line.
func CommandKeys() []string { return []string{"before", "after", "command-timeout"} }

// setCommand changes one of the CommandKeys.
func setCommand(it *store.Item, key, value string) error {
	set, err := command.Read(it.Commands)
	if err != nil {
		set = command.Set{} // what cannot be read is set anew
	}
	switch key {
	case "before":
		set.Before = value
	case "after":
		set.After = value
	default:
		set.Timeout = value
	}
	if err := set.Check(); err != nil {
		return err
	}
	it.Commands, err = set.Text()
	return err
}

// commandGrace is how long the command after a run may still take once the hub, or the person, wants the run to end.
const commandGrace = 2 * time.Second

// runCommanded is runOpened between the commands of its item. The command after the run is run however the run ended, unless the one before it failed: what that
// one was to prepare is not there.
func (h *Hub) runCommanded(ctx context.Context, j *job, opt SyncOptions, send func(SyncNews)) (*session.Report, *Planned, error) {
	hangUp, err := h.connect(ctx, *j)
	if err != nil {
		return nil, nil, err
	}
	defer hangUp()
	if err := h.commandBefore(ctx, j, opt); err != nil {
		return nil, nil, err
	}
	began := h.cfg.Now()
	rep, plan, err := h.runOpened(ctx, j, opt, send)
	h.commandAfter(ctx, j, opt, rep, err, h.cfg.Now().Sub(began))
	return rep, plan, err
}

// commandEnv is what both commands are told.
func commandEnv(j *job, opt SyncOptions, phase string) []string {
	env := []string{"TANDEM_PHASE=" + phase, "TANDEM_ITEM=" + j.name, "TANDEM_USER=" + j.user, "TANDEM_PARTNER=" + j.handler, "TANDEM_HOME=" + j.home, "TANDEM_KIND=" + j.kind}
	if opt.Preview {
		env = append(env, "TANDEM_PREVIEW=1")
	}
	return env
}

func (h *Hub) commandBefore(ctx context.Context, j *job, opt SyncOptions) error {
	if j.commands.Before == "" {
		return nil
	}
	out, err := h.cfg.Command(ctx, command.Job{Line: j.commands.Before, Env: commandEnv(j, opt, "before"), Time: j.commands.Limit()})
	if err == nil {
		h.noteOutput(ctx, j, "before", out, 0)
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	failed := &tandem.Error{Kind: tandem.Transient, Op: "run the command before", Thing: j.name, Err: err,
		Remedy: "see what it wrote with `tandem log`, run it by hand, or change it with `tandem item set " + j.name + " before=…`"}
	h.mu.Lock()
	told := h.failing[j.name].text == failed.Error()
	h.mu.Unlock()
	if !told {
		h.noteOutput(ctx, j, "before", out, 0)
	}
	return failed
}

// commandAfter runs the command after a run. That it fails is a warning: the run is over, whatever it says.
func (h *Hub) commandAfter(ctx context.Context, j *job, opt SyncOptions, rep *session.Report, failed error, took time.Duration) {
	if j.commands.After == "" {
		return
	}
	mine, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { // ends with mine at the latest
		t := time.NewTimer(commandGrace)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-mine.Done():
		}
	})()
	out, err := h.cfg.Command(mine, command.Job{Line: j.commands.After, Env: append(commandEnv(j, opt, "after"), resultEnv(rep, failed, took)...), Time: j.commands.Limit()})
	run := int64(0)
	if rep != nil {
		run = rep.Session
	}
	h.noteOutput(mine, j, "after", out, run)
	if err == nil {
		return
	}
	e := store.Event{When: h.now(), Session: run, User: j.user, Item: j.name, Level: store.Warning, Text: "the command after the run failed: " + err.Error(),
		Remedy: "run it by hand, or change it with `tandem item set " + j.name + " after=…`", Code: tandem.Transient.Code()}
	if err := h.cfg.Store.Events.Add(context.WithoutCancel(mine), e); err != nil {
		h.cfg.Log.Error("cannot write to the results log", "item", j.name, "error", err)
	}
}

// resultEnv is what the command after a run is told of it.
func resultEnv(rep *session.Report, failed error, took time.Duration) []string {
	env := []string{"TANDEM_RESULT=" + resultWord(rep, failed), "TANDEM_SECONDS=" + strconv.Itoa(int(took/time.Second))}
	if failed != nil {
		env = append(env, "TANDEM_ERROR="+failed.Error(), "TANDEM_CODE="+tandem.KindOf(failed).Code())
	}
	if rep == nil {
		return env
	}
	number := func(name string, n int) { env = append(env, name+"="+strconv.Itoa(n)) }
	if rep.Session != 0 {
		number("TANDEM_RUN", int(rep.Session))
	}
	number("TANDEM_CONFLICTS", rep.Conflicts)
	number("TANDEM_PROBLEMS", len(rep.Problems))
	number("TANDEM_ASIDE", rep.Aside)
	for i, side := range []string{"HOME", "PARTNER"} {
		t := rep.Done[i]
		for _, c := range []struct {
			word string
			n    int
		}{{"CREATED", t.Creates}, {"CHANGED", t.Updates + t.Attrs}, {"MOVED", t.Moves}, {"DELETED", t.Deletes}} {
			number("TANDEM_"+side+"_"+c.word, c.n)
		}
	}
	return env
}

// resultWord is how a run ended, in the words of store.Run.
func resultWord(rep *session.Report, err error) string {
	switch {
	case rep != nil && rep.Held:
		return "held"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case err != nil:
		return "failed"
	case rep != nil && rep.Conflicts > 0:
		return "conflicts"
	}
	return "ok"
}

// maxSaid is how much of what a command wrote goes to the log, in bytes.
const maxSaid = 2000

// noteOutput writes what a command wrote to the results log, once as long as it stays the same.
func (h *Hub) noteOutput(ctx context.Context, j *job, phase, out string, run int64) {
	key := phase + " " + j.name
	h.mu.Lock()
	same := h.said[key] == out
	h.said[key] = out
	h.mu.Unlock()
	if out == "" || same {
		return
	}
	if len(out) > maxSaid {
		out = "…" + strings.ToValidUTF8(out[len(out)-maxSaid:], "")
	}
	e := store.Event{When: h.now(), Session: run, User: j.user, Item: j.name, Level: store.Info, Text: fmt.Sprintf("the command %s the run wrote: %s", phase, strings.ReplaceAll(out, "\n", "; "))}
	if err := h.cfg.Store.Events.Add(context.WithoutCancel(ctx), e); err != nil {
		h.cfg.Log.Error("cannot write to the results log", "item", j.name, "error", err)
	}
}

// moved is how many records a run wrote, on both sides.
func moved(done [2]engine.Totals) (n int) {
	for _, t := range done {
		n += t.Creates + t.Updates + t.Attrs + t.Moves + t.Deletes
	}
	return n
}

// CommandsText is what an item's commands are, for people; "" for none.
func CommandsText(it store.Item) string {
	set, err := command.Read(it.Commands)
	if err != nil {
		return "commands that cannot be read"
	}
	if set.Hidden {
		return "commands of the owner of the machine"
	}
	var parts []string
	if set.Before != "" {
		parts = append(parts, "before: "+set.Before)
	}
	if set.After != "" {
		parts = append(parts, "after: "+set.After)
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, "; ") + " (" + cmp.Or(set.Timeout, command.DefaultTimeout.String()) + " each at most)"
}
