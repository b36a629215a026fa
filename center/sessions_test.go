package center

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/center/webhook"
	"tandem/provider/memory"
	"tandem/store"
)

// heard follows the news until the test ends.
func (w *world) heard() func() []News {
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	var list []News
	go func() {
		_ = w.hub.Follow(ctx, func(n News) {
			w.mu.Lock()
			defer w.mu.Unlock()
			list = append(list, n)
		})
	}()
	synctest.Wait()
	return func() []News {
		synctest.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.Clone(list)
	}
}

func mailer(items ...handler.Item) NewSession {
	return NewSession{Handler: handler.Handler{ID: "mailer", Name: "Mailer", Type: handler.Application, Label: "mail program"}, Items: items, Who: "mailer 2.1"}
}

func (w *world) openSession(n NewSession) int64 {
	w.t.Helper()
	id, err := w.hub.OpenSession(w.t.Context(), n)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) reports(id int64, r SessionReport) SessionAnswer {
	w.t.Helper()
	a, err := w.hub.ReportSession(w.t.Context(), id, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func says1(item string, s progress.Status) SessionReport {
	return SessionReport{Progress: []progress.Report{{Item: item, Status: s}}}
}

// TestSC33SyncsElsewhereShow: another process reports its session; its progress, its end, its events and its last sync show as those of the hub's own runs do.
func TestSC33SyncsElsewhereShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		w.start()
		news := w.heard()
		id := w.openSession(mailer(handler.Item{ID: "mailer-inbox", Name: "Inbox"}))
		a := w.reports(id, SessionReport{Text: "talking to the server", Progress: []progress.Report{{Item: "mailer-inbox", Status: progress.Updating, Step: 1, Max: 4, Text: "message 1"}},
			Events: []store.Event{{Item: "mailer-inbox", Level: store.Warning, Text: "a message was odd", Remedy: "look at it", Link: "https://example.org/1", LinkText: "open"}}})
		if a.All != progress.GoOn || a.Items["mailer-inbox"] != progress.GoOn {
			t.Errorf("%+v", a)
		}
		st, _ := w.hub.Progress(t.Context())
		if len(st.Sessions) != 1 || st.Sessions[0].Text != "talking to the server" || st.Sessions[0].Who != "mailer 2.1" || st.Items[0].Step != 1 || st.Items[0].Name != "Inbox" {
			t.Errorf("%+v", st)
		}
		x, err := w.hub.FindHandler(t.Context(), "mailer")
		if err != nil || !x.Syncing || !x.Items[0].Syncing || x.Items[0].Progress.Text != "message 1" || x.LastSync != 0 || x.Task(handler.Stop).How != handler.Offered {
			t.Errorf("%+v, %v", x, err)
		}
		if list := news(); len(list) == 0 || list[len(list)-1].What != ProgressNews || list[len(list)-1].Row == nil || list[len(list)-1].Row.Step != 1 {
			t.Errorf("its progress is not told: %+v", list)
		}
		w.reports(id, says1("mailer-inbox", progress.Succeeded))
		if err := w.hub.CloseSession(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		x, _ = w.hub.FindHandler(t.Context(), "mailer")
		if x.Syncing || x.LastSync != time.Now().Unix() || x.Errors != 0 {
			t.Errorf("%+v", x)
		}
		log, err := w.hub.Log(t.Context(), 0, "mailer-inbox", 10)
		if err != nil || len(log) != 1 || log[0].Link != "https://example.org/1" || log[0].LinkText != "open" || log[0].Level != store.Warning {
			t.Errorf("%+v, %v", log, err)
		}
		var what []string
		for _, n := range news() {
			if n.What != MissedNews { // told at the beginning: look at everything
				what = append(what, n.What)
			}
		}
		if got := strings.Join(what, " "); got != "handler started progress ended" {
			t.Error(got)
		}
	})
}

// TestSC33ReportsOutOfTurn: what SC-36 forbids is told to the other process, and its item has failed.
func TestSC33ReportsOutOfTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		id := w.openSession(mailer(handler.Item{ID: "mailer-inbox"}))
		w.reports(id, says1("mailer-inbox", progress.Succeeded))
		if _, err := w.hub.ReportSession(t.Context(), id, says1("mailer-inbox", progress.Updating)); !tandem.IsKind(err, tandem.Denied) {
			t.Error(err)
		}
		if err := w.hub.CloseSession(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		runs, err := w.hub.Runs(t.Context(), store.RunFilter{Item: "mailer-inbox", Limit: 1})
		if err != nil || runs[0].Result != "failed" {
			t.Errorf("%+v, %v", runs, err)
		}
		log, err := w.hub.Log(t.Context(), 0, "mailer-inbox", 10)
		if err != nil || len(log) != 1 || log[0].Text != "the sync by mailer 2.1 failed: it was reported updating after succeeded" {
			t.Errorf("%+v, %v", log, err)
		}
		x, _ := w.hub.FindHandler(t.Context(), "mailer")
		if x.Errors != 1 || x.LastSync != 0 {
			t.Errorf("%+v", x)
		}
		for name, f := range map[string]func() error{
			"report": func() error { _, err := w.hub.ReportSession(t.Context(), id, SessionReport{}); return err },
			"close":  func() error { return w.hub.CloseSession(t.Context(), id) },
		} {
			if err := f(); !tandem.IsKind(err, tandem.NotFound) {
				t.Errorf("%s after the end: %v", name, err)
			}
		}
	})
}

// TestSC33SilentReporter: a process that dies without a word does not leave its item syncing for ever.
func TestSC33SilentReporter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		id := w.openSession(mailer(handler.Item{ID: "mailer-inbox"}))
		time.Sleep(silence - time.Second)
		w.reports(id, SessionReport{})
		time.Sleep(silence)
		synctest.Wait()
		if st, _ := w.hub.Progress(t.Context()); len(st.Sessions) != 0 {
			t.Errorf("%+v", st)
		}
		log, _ := w.hub.Log(t.Context(), 0, "mailer-inbox", 10)
		if len(log) != 1 || log[0].Level != store.Error || !strings.Contains(log[0].Text, "nothing more was heard of it") || log[0].Remedy == "" {
			t.Errorf("%+v", log)
		}
	})
}

// TestSC36StopOfSessionElsewhere: stopping asks the other process, which answers by reporting that it was cancelled.
func TestSC36StopOfSessionElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		id := w.openSession(mailer(handler.Item{ID: "mailer-in"}, handler.Item{ID: "mailer-out"}))
		w.reports(id, says1("mailer-in", progress.Updating))
		if got, err := w.hub.Stop(t.Context(), []string{"mailer-in"}); err != nil || strings.Join(got, " ") != "mailer-in" {
			t.Error(got, err)
		}
		a := w.reports(id, says1("mailer-in", progress.Updating))
		if a.Items["mailer-in"] != progress.CancelItem || a.All != progress.GoOn {
			t.Errorf("%+v", a)
		}
		w.reports(id, says1("mailer-in", progress.Cancelled))
		if _, err := w.hub.OrderHandler(t.Context(), HandlerOrder{Handler: "mailer", Do: handler.Stop}); err != nil {
			t.Fatal(err)
		}
		if a := w.reports(id, says1("mailer-out", progress.Indeterminate)); a.All != progress.CancelAll {
			t.Errorf("%+v", a)
		}
	})
}

// TestSC34ItemsJoinASession: a start of an item whose program is syncing already is handed to it.
func TestSC34ItemsJoinASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		first := w.openSession(mailer(handler.Item{ID: "mailer-in"}, handler.Item{ID: "mailer-out"}))
		w.reports(first, SessionReport{Progress: []progress.Report{{Item: "mailer-in", Status: progress.Succeeded}, {Item: "mailer-out", Status: progress.Succeeded}}})
		if err := w.hub.CloseSession(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		start := HandlerOrder{Handler: "mailer", Item: "mailer-out", Do: handler.Start}
		if _, err := w.hub.OrderHandler(t.Context(), start); !tandem.IsKind(err, tandem.Denied) || !strings.Contains(err.Error(), "started by the program itself") {
			t.Error(err)
		}
		id := w.openSession(mailer(handler.Item{ID: "mailer-in"}))
		if _, err := w.hub.OrderHandler(t.Context(), start); err != nil {
			t.Fatal(err)
		}
		if a := w.reports(id, SessionReport{}); strings.Join(a.Additional, " ") != "mailer-out" {
			t.Errorf("%+v", a)
		}
		if a := w.reports(id, SessionReport{}); len(a.Additional) != 0 {
			t.Errorf("told twice: %+v", a)
		}
		if _, err := w.hub.OrderHandler(t.Context(), start); !tandem.IsKind(err, tandem.Busy) {
			t.Error(err)
		}
		w.reports(id, SessionReport{Add: []handler.Item{{ID: "mailer-sent", Name: "Sent"}}, Progress: []progress.Report{{Item: "mailer-sent", Status: progress.Updating}, {Item: "mailer-out", Status: progress.Updating}}})
		x, _ := w.hub.FindHandler(t.Context(), "mailer")
		if x.Item("mailer-sent") == nil || !x.Item("mailer-sent").Syncing {
			t.Errorf("%+v", x)
		}
	})
}

// TestSC35ProposedItemsAppearAfterSuccess: nobody sees a proposed item before it is committed, which it can be only after it succeeded; one that never is
// leaves no trace.
func TestSC35ProposedItemsAppearAfterSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		id := w.openSession(mailer(handler.Item{ID: "mailer-in"}))
		names := func() string {
			x, err := w.hub.FindHandler(t.Context(), "mailer")
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, it := range x.Items {
				out = append(out, it.Name)
			}
			st, _ := w.hub.Progress(t.Context())
			for _, r := range st.Items {
				out = append(out, r.Item)
			}
			return strings.Join(out, " ")
		}
		w.reports(id, SessionReport{Propose: []handler.Item{{ID: "mailer-new", Name: "New"}, {ID: "mailer-vain", Name: "Vain"}},
			Progress: []progress.Report{{Item: "mailer-new", Status: progress.Updating}, {Item: "mailer-vain", Status: progress.Failed}}})
		if got := names(); got != "mailer-in mailer-in" {
			t.Errorf("seen: %s", got)
		}
		for _, item := range []string{"mailer-new", "mailer-vain"} {
			if _, err := w.hub.ReportSession(t.Context(), id, SessionReport{Commit: []string{item}}); !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("%s: %v", item, err)
			}
		}
		if _, err := w.hub.ReportSession(t.Context(), id, SessionReport{Commit: []string{"mailer-in"}}); !tandem.IsKind(err, tandem.NotFound) {
			t.Error(err)
		}
		r := says1("mailer-new", progress.Succeeded)
		r.Commit = []string{"mailer-new"}
		w.reports(id, r)
		if got := names(); got != "mailer-in New mailer-in mailer-new" {
			t.Errorf("seen: %s", got)
		}
		if err := w.hub.CloseSession(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if runs, _ := w.hub.Runs(t.Context(), store.RunFilter{Item: "mailer-vain", Limit: 5}); len(runs) != 0 || names() != "mailer-in New" {
			t.Errorf("%+v, %s", runs, names())
		}
		x, _ := w.hub.FindHandler(t.Context(), "mailer")
		if x.Item("mailer-new").LastSync == 0 {
			t.Errorf("%+v", x)
		}
	})
}

// TestSC33WhatIsRefused lists what a program cannot say.
func TestSC33WhatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a")
		defer w.close()
		it := w.add("c", "a", "one", manual)
		long := strings.Repeat("x", 65)
		for name, c := range map[string]struct {
			n    NewSession
			kind tandem.ErrorKind
		}{
			"no handler":         {NewSession{Who: "x"}, tandem.Invalid},
			"handler with slash": {NewSession{Handler: handler.Handler{ID: "device/1"}}, tandem.Invalid},
			"long id":            {mailer(handler.Item{ID: long}), tandem.Invalid},
			"a sync item's id":   {mailer(handler.Item{ID: "one"}), tandem.Exists},
			"odd type":           {NewSession{Handler: handler.Handler{ID: "x", Type: "toaster"}}, tandem.Invalid},
			"odd link":           {mailer(handler.Item{ID: "x", Browse: "javascript:alert(1)"}), tandem.Invalid},
			"odd capability":     {mailer(handler.Item{ID: "x", Can: []handler.Capability{handler.CanSchedule}}), tandem.Invalid},
			"policy without why": {mailer(handler.Item{ID: "x", Policies: []handler.Policy{{Task: handler.Start, How: handler.Greyed}}}), tandem.Invalid},
			"not the partner's":  {NewSession{Handler: handler.Handler{ID: it.Partner}, Items: []handler.Item{{ID: "two"}}, Who: "x"}, tandem.NotFound},
		} {
			if _, err := w.hub.OpenSession(t.Context(), c.n); !tandem.IsKind(err, c.kind) {
				t.Errorf("%s: %v", name, err)
			}
		}
		id := w.openSession(NewSession{Handler: handler.Handler{ID: it.Partner}, Items: []handler.Item{{ID: "one"}}, Who: "x"})
		for name, c := range map[string]struct {
			r    SessionReport
			kind tandem.ErrorKind
		}{
			"an item for a partner": {SessionReport{Propose: []handler.Item{{ID: "new"}}}, tandem.Invalid},
			"an event of another":   {SessionReport{Events: []store.Event{{Item: "other"}}}, tandem.NotFound},
			"an odd level":          {SessionReport{Events: []store.Event{{Level: 9}}}, tandem.Invalid},
			"a code of its own":     {SessionReport{Events: []store.Event{{Code: "E_FAIL"}}}, tandem.Invalid},
			"too many events":       {SessionReport{Events: make([]store.Event, maxEvents+1)}, tandem.TooLarge},
			"an unknown item":       {says1("other", progress.Updating), tandem.NotFound},
		} {
			if _, err := w.hub.ReportSession(t.Context(), id, c.r); !tandem.IsKind(err, c.kind) {
				t.Errorf("%s: %v", name, err)
			}
		}
		other := mailer(handler.Item{ID: "mailer-in"})
		w.openSession(other)
		other.Handler.ID = "thief"
		if _, err := w.hub.OpenSession(t.Context(), other); !tandem.IsKind(err, tandem.Exists) {
			t.Error(err)
		}
		// A run of the hub's own cannot be reported to.
		w.start()
		w.gate()
		w.begin(SyncOptions{}, "one")
		st, _ := w.hub.Progress(t.Context())
		own := st.Sessions[len(st.Sessions)-1].ID
		if _, err := w.hub.ReportSession(t.Context(), own, SessionReport{}); !tandem.IsKind(err, tandem.Denied) {
			t.Error(err)
		}
		if err := w.hub.CloseSession(t.Context(), own); !tandem.IsKind(err, tandem.Denied) {
			t.Error(err)
		}
	})
}

// TestSC33RunsElsewhereTellWebhooks: how a session elsewhere ended is told as the hub's own runs are, once, with who did it; what was only proposed is not.
func TestSC33RunsElsewhereTellWebhooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		w.hub.cfg.Hooks = hooksOf(w.store, nil)
		hook, err := w.hub.AddWebhook(t.Context(), store.Hook{URL: "https://example.org/", Events: []string{webhook.RunEnded}})
		if err != nil {
			t.Fatal(err)
		}
		id := w.openSession(mailer(handler.Item{ID: "mailer-in"}, handler.Item{ID: "mailer-out"}))
		time.Sleep(7 * time.Second)
		w.reports(id, SessionReport{Propose: []handler.Item{{ID: "mailer-vain"}},
			Progress: []progress.Report{{Item: "mailer-in", Status: progress.Succeeded}, {Item: "mailer-out", Status: progress.Disconnected, Text: "no route"}}})
		if err := w.hub.CloseSession(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		list, err := w.store.Hooks.Deliveries(t.Context(), hook.Webhook.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range list {
			var p struct{ Data webhook.RunTold }
			if err := json.Unmarshal([]byte(d.Body), &p); err != nil {
				t.Fatal(err)
			}
			x := p.Data
			got = append(got, fmt.Sprint(x.Item, " of ", x.Partner, " by ", x.By, ": ", x.Result, " ", x.Error, " ", x.Code, " ", x.Seconds, " ", x.Run != 0))
		}
		slices.Sort(got)
		want := []string{"mailer-in of mailer by mailer 2.1: ok   7 true", "mailer-out of mailer by mailer 2.1: failed no route temporary 7 true"}
		if !slices.Equal(got, want) {
			t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}
