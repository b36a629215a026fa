package center

import (
	"context"
	"time"

	"tandem"
	"tandem/center/progress"
	"tandem/center/webhook"
	"tandem/session"
	"tandem/store"
)

// What webhooks are told of a run is queued in the transaction that records how the run ended (session.Options.Told, Hub.noteFailedRun), under the number of the run. A
// hub that dies before has neither, and one that dies after has both. tellRun comes last: it queues what is about no recorded run, and finds the rest there already.

// runTold is what webhooks are told of a run; ok is false for one that did nothing worth it.
func (h *Hub) runTold(j job, opt SyncOptions, run int64, rep *session.Report, failed error) (x webhook.Happening, ok bool) {
	if h.cfg.Hooks == nil || !j.item || opt.Preview {
		return x, false
	}
	result := resultWord(rep, failed)
	if failed == nil && result == "ok" && (rep == nil || moved(rep.Done) == 0 && len(rep.Problems) == 0) || result == "conflicts" && rep != nil && moved(rep.Done) == 0 && len(rep.Problems) == 0 {
		return x, false
	}
	now := h.cfg.Now()
	told := webhook.RunTold{Item: j.name, User: j.user, Partner: j.handler, Run: run, Result: result, Ended: now.UTC().Truncate(time.Second)}
	key := "run/" + number(run)
	if run == 0 {
		key = "run/" + j.name + "/" + number(now.UnixNano())
	}
	if failed != nil && result != "held" {
		told.Error, told.Code = failed.Error(), tandem.KindOf(failed).Code()
	}
	if rep != nil {
		totals := func(i int) webhook.Written {
			t := rep.Done[i]
			return webhook.Written{Created: t.Creates, Changed: t.Updates + t.Attrs, Moved: t.Moves, Deleted: t.Deletes}
		}
		told.Home, told.There, told.Conflicts, told.Problems, told.Seconds = totals(0), totals(1), rep.Conflicts, len(rep.Problems), rep.Seconds
	}
	return webhook.Happening{Key: key, Event: webhook.RunEnded, User: j.user, Item: j.name, Data: told}, true
}

// runDeliveries are the deliveries of what webhooks are told of a run.
func (h *Hub) runDeliveries(ctx context.Context, j job, opt SyncOptions, run int64, rep *session.Report, failed error) ([]store.Delivery, error) {
	x, ok := h.runTold(j, opt, run, rep, failed)
	if !ok {
		return nil, nil
	}
	return h.cfg.Hooks.Compose(ctx, []webhook.Happening{x})
}

// foreignDeliveries are the deliveries of what webhooks are told of a run that another program did. What it wrote is not known, so that all of its runs are told.
func (h *Hub) foreignDeliveries(ctx context.Context, f *foreign, e progress.End, r store.Run, row progress.Row) ([]store.Delivery, error) {
	if h.cfg.Hooks == nil {
		return nil, nil
	}
	told := webhook.RunTold{Item: r.Item, User: f.user, Partner: f.handler, Run: r.ID, Result: r.Result, Seconds: float64(r.Finished - r.Started), Ended: time.Unix(r.Finished, 0).UTC(), By: e.Who}
	if r.Result == "failed" {
		told.Error, told.Code = row.Text, tandem.Internal.Code()
		if row.Status == progress.Disconnected {
			told.Code = tandem.Transient.Code()
		}
	}
	return h.cfg.Hooks.Compose(ctx, []webhook.Happening{{Key: "run/" + number(r.ID), Event: webhook.RunEnded, User: f.user, Item: r.Item, Data: told}})
}

// tellRun tells webhooks of a run that did something, or did not succeed. run is its number if it is recorded.
func (h *Hub) tellRun(ctx context.Context, j job, opt SyncOptions, run int64, rep *session.Report, failed error) {
	x, ok := h.runTold(j, opt, run, rep, failed)
	if !ok {
		return
	}
	if err := h.cfg.Hooks.Tell(context.WithoutCancel(ctx), x); err != nil {
		h.cfg.Log.Error("cannot queue what webhooks are told", "item", j.name, "error", err)
	}
}
