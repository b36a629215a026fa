package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tandem"
	"tandem/engine"
	"tandem/store"
)

// maxProblems bounds how many per-record problems one run reports; the rest is counted in a last line.
const maxProblems = 1000

// event notes one line for the results log. Warnings and errors are also part of the report.
func (r *run) event(level store.Level, id tandem.ID, text, remedy string) {
	r.note(store.Event{Level: level, Record: id, Text: text, Remedy: remedy})
}

// note completes an event and notes it.
func (r *run) note(e store.Event) {
	if e.Level > store.Info {
		key := string(e.Record) + "\x00" + e.Text
		if r.told[key] {
			return // the second look of a run finds the same again
		}
		if len(r.report.Problems) >= maxProblems {
			r.dropped++
			return
		}
		r.told[key] = true
	}
	e.When, e.Session, e.User, e.Item = r.opt.Now(), r.session, r.pair.User, r.pair.Name
	if e.Level > store.Info {
		r.report.Problems = append(r.report.Problems, e)
	}
	r.pending = append(r.pending, e)
}

// problem notes why one record could not be synced.
func (r *run) problem(id tandem.ID, err error) {
	text, remedy := apart(err)
	r.note(store.Event{Level: store.Warning, Record: id, Text: text, Remedy: remedy, Code: tandem.KindOf(err).Code()})
}

// apart takes the remedy out of an error's text.
func apart(err error) (text, remedy string) {
	e, ok := err.(*tandem.Error)
	if !ok {
		return err.Error(), ""
	}
	bare := *e
	bare.Remedy = ""
	return bare.Error(), e.Remedy
}

// end closes the session's record and returns the run's error. A run that changed nothing and had no trouble, shortly
// after another one like it, is not recorded at all.
func (r *run) end(ctx context.Context, err error) error {
	if err == nil {
		err = r.runErr
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	if r.known {
		open, lerr := r.deps.Store.Conflicts.List(ctx, r.st.ID, true)
		if lerr != nil && err == nil {
			err = lerr
		}
		r.report.Conflicts = len(open)
	}
	defer r.tell.phase(Finished)
	if r.opt.Preview {
		return err
	}
	idle := err == nil && !r.wrote && !r.report.Held && len(r.report.Problems) == 0
	if idle && r.session == 0 && r.opt.Now()-r.st.Last < quiet && r.asLast(ctx) {
		return nil
	}
	if serr := r.start(ctx); serr != nil {
		return errors.Join(err, serr)
	}
	if lerr := r.log(ctx, err); lerr != nil {
		return errors.Join(err, lerr)
	}
	return err
}

// asLast tells whether the last run on record ended as this quiet one does, so that nothing is left unsaid without it.
func (r *run) asLast(ctx context.Context) bool {
	runs, err := r.deps.Store.Events.Runs(ctx, store.RunFilter{Item: r.pair.Name, Limit: 1})
	if err != nil || len(runs) == 0 {
		return false
	}
	var detail struct{ Problems int }
	return runs[0].Result == r.result(nil) && json.Unmarshal([]byte(runs[0].Detail), &detail) == nil && detail.Problems == 0
}

// log writes the events of the run and its result.
func (r *run) log(ctx context.Context, err error) error {
	if r.dropped > 0 {
		r.pending = append(r.pending, store.Event{When: r.opt.Now(), User: r.pair.User, Item: r.pair.Name, Level: store.Warning,
			Text: fmt.Sprintf("%d more records had problems", r.dropped), Remedy: "solve those listed and sync again"})
	}
	result := r.result(err)
	if err != nil && !r.report.Held && result != "cancelled" {
		text, remedy := apart(err)
		r.pending = append(r.pending, store.Event{When: r.opt.Now(), User: r.pair.User, Item: r.pair.Name, Level: store.Error, Text: text, Remedy: remedy, Code: tandem.KindOf(err).Code()})
	}
	r.pending = append(r.pending, store.Event{When: r.opt.Now(), User: r.pair.User, Item: r.pair.Name, Level: store.Info, Text: r.summary(result)})
	r.opt.Log.Info("sync ended", "pair", r.pair.Name, "session", r.session, "result", result)
	for i := range r.pending {
		r.pending[i].Session = r.session
		if r.opt.Event != nil {
			r.opt.Event(r.pending[i])
		}
	}
	for i := range r.report.Problems {
		r.report.Problems[i].Session = r.session
	}
	detail, merr := json.Marshal(r.counts())
	if merr != nil {
		return merr
	}
	eerr := r.deps.Store.Events.EndRun(ctx, store.Run{ID: r.session, Pair: r.st.ID, Item: r.pair.Name, Started: r.started,
		Finished: max(r.opt.Now(), r.started), Result: result, Detail: string(detail)}, r.pending, r.deliveries(ctx, err)...)
	if eerr == nil {
		r.pending = nil
	}
	return eerr
}

// deliveries are what webhooks are sent about the run.
func (r *run) deliveries(ctx context.Context, err error) []store.Delivery {
	if r.opt.Told == nil {
		return nil
	}
	r.report.Seconds = time.Since(r.began).Seconds()
	list, terr := r.opt.Told(ctx, r.report, err)
	if terr != nil {
		r.opt.Log.Error("cannot write what webhooks are told", "pair", r.pair.Name, "session", r.session, "error", terr)
	}
	return list
}

func (r *run) result(err error) string {
	switch {
	case r.report.Held:
		return "held"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case err != nil:
		return "failed"
	case r.report.Conflicts > 0:
		return "conflicts"
	}
	return "ok"
}

// counts is what Run.Detail keeps of a report.
func (r *run) counts() any {
	return struct {
		Done      [2]engine.Totals
		Conflicts int
		Problems  int
		Aside     int
		Seen      [2]int
		Seconds   float64
	}{r.report.Done, r.report.Conflicts, len(r.report.Problems) + r.dropped, r.report.Aside, r.report.Seen, time.Since(r.began).Seconds()}
}
