package center

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/provider/memory"
	"tandem/session"
)

// gateEnds is how long the gate holds a run that nobody lets in or stops, in the time of the test: a hub that stops nothing fails a test, and does not hang it.
const gateEnds = 10 * time.Hour

var errNobodyStopped = errors.New("nobody stopped it or let it in")

// gate makes every run of a world wait until it is let through; runs that are stopped meanwhile end as real ones do.
func (w *world) gate() (let chan struct{}, begun func() string) {
	let = make(chan struct{})
	real := w.hub.cfg.Run
	var names []string
	w.hub.cfg.Run = func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
		w.mu.Lock()
		names = append(names, p.Name)
		w.mu.Unlock()
		late := time.NewTimer(gateEnds)
		defer late.Stop()
		select {
		case <-ctx.Done():
			return &session.Report{}, ctx.Err()
		case <-let:
		case <-late.C:
			return &session.Report{}, errNobodyStopped
		}
		return real(ctx, p, o)
	}
	return let, func() string {
		w.mu.Lock()
		defer w.mu.Unlock()
		return strings.Join(names, " ")
	}
}

func manual(n *NewItem) { n.Mode = Manual }

func states(list []Begun) string {
	var out []string
	for _, b := range list {
		out = append(out, strings.TrimSuffix(b.Item+" "+b.State+": "+b.Why, ": "))
	}
	return strings.Join(out, ", ")
}

func (w *world) begin(opt SyncOptions, names ...string) []Begun {
	w.t.Helper()
	list, err := w.hub.Begin(w.t.Context(), names, opt)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// TestSC07BusyItemRunsOnceMore: whoever asks for an item that is busy gets one more run, and all who ask meanwhile the same one.
func TestSC07BusyItemRunsOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a")
		defer w.close()
		w.add("c", "a", "one", manual)
		let, begun := w.gate()
		w.start()
		first := w.begin(SyncOptions{}, "one")
		synctest.Wait()
		second, third := w.begin(SyncOptions{}, "one"), w.begin(SyncOptions{})
		if got := states(first) + "; " + states(second) + "; " + states(third); got != "one started; one queued; one queued" || second[0].Run != third[0].Run || first[0].Run == second[0].Run {
			t.Error(got, first, second, third)
		}
		if got := states(w.begin(SyncOptions{IfIdle: true}, "one")); got != "one running" {
			t.Error(got)
		}
		synctest.Wait()
		let <- struct{}{}
		let <- struct{}{}
		res, err := w.hub.Result(t.Context(), []int64{first[0].Run, second[0].Run})
		if err != nil || res.Status != progress.Succeeded || len(res.Items) != 2 {
			t.Errorf("%+v, %v", res, err)
		}
		synctest.Wait()
		if got := begun(); got != "one one" {
			t.Errorf("ran %q", got)
		}
		if st, _ := w.hub.Progress(t.Context()); len(st.Sessions) != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// TestSC07BusyElsewhere: an item that another program is syncing is as busy as one that the hub syncs: it runs afterwards, once however often it was asked for, unless it is to be left alone then; and can be stopped meanwhile.
func TestSC07BusyElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a", "b")
		defer w.close()
		it := w.add("c", "a", "one", manual)
		w.add("d", "b", "two", manual)
		w.start()
		open := func() int64 {
			id := w.openSession(NewSession{Handler: handler.Handler{ID: it.Partner}, Items: []handler.Item{{ID: "one"}}, Who: "script"})
			w.reports(id, says1("one", progress.Updating))
			return id
		}
		running := func() bool {
			t.Helper()
			st, err := w.hub.Status(t.Context(), []string{"one"})
			if err != nil {
				t.Fatal(err)
			}
			return st[0].Running
		}
		id := open()
		if !running() {
			t.Error("its status does not show it")
		}
		if got := states(w.begin(SyncOptions{IfIdle: true}, "one")); got != "one running" {
			t.Error(got)
		}
		queued := w.begin(SyncOptions{}, "one", "two")
		if got := states(queued); got != "one queued, two started" {
			t.Error(got)
		}
		if again := w.begin(SyncOptions{}, "one"); states(again) != "one queued" || again[0].Run != queued[0].Run {
			t.Errorf("%+v", again)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(w.news()); n != 1 {
			t.Errorf("%d runs while it is synced elsewhere", n)
		}
		w.reports(id, says1("one", progress.Succeeded))
		if res, err := w.hub.Result(t.Context(), []int64{queued[0].Run}); err != nil || res.Status != progress.Succeeded {
			t.Errorf("%+v, %v", res, err)
		}
		if err := w.hub.CloseSession(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if running() {
			t.Error("it is over, and shown as running")
		}
		open()
		stopped := w.begin(SyncOptions{}, "one")
		if got, err := w.hub.Stop(t.Context(), []string{"one"}); err != nil || len(got) != 1 {
			t.Error(got, err)
		}
		if res, err := w.hub.Result(t.Context(), []int64{stopped[0].Run}); err != nil || res.Status != progress.Cancelled {
			t.Errorf("%+v, %v", res, err)
		}
		silent := w.begin(SyncOptions{}, "one") // the program is never heard of again
		if res, err := w.hub.Result(t.Context(), []int64{silent[0].Run}); err != nil || res.Status != progress.Succeeded {
			t.Errorf("%+v, %v", res, err)
		}
	})
}

// TestSC08StartNeverBlocks: beginning a hundred busy items returns at once, without time passing.
func TestSC08StartNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := []string{}
		for i := range 20 {
			names = append(names, "p"+string(rune('a'+i)))
		}
		w := newWorld(t, memory.Knobs{}, names...)
		defer w.close()
		for _, n := range names {
			w.add(n, n, n, manual)
		}
		let, begun := w.gate()
		w.start()
		at := time.Now()
		all := w.begin(SyncOptions{})
		if len(all) != len(names) || time.Since(at) != 0 {
			t.Errorf("%d after %v", len(all), time.Since(at))
		}
		synctest.Wait()
		if got := len(strings.Fields(begun())); got != maxRuns {
			t.Errorf("%d run at the same time", got)
		}
		st, err := w.hub.Progress(t.Context())
		if err != nil || len(st.Items) != len(names) {
			t.Errorf("%d shown, %v", len(st.Items), err)
		}
		for range names {
			let <- struct{}{}
		}
		for _, b := range all {
			if res, err := w.hub.Result(t.Context(), []int64{b.Run}); err != nil || res.Status != progress.Succeeded {
				t.Errorf("%+v, %v", res, err)
			}
		}
	})
}

// TestSC07StopReachesAnyRun: what a person began, what a watch or a schedule began and what waits in the queue is stopped alike, and
// tells so once.
func TestSC07StopReachesAnyRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a", "b")
		defer w.close()
		w.add("c", "a", "kept")                                                       // runs when the hub starts
		w.add("d", "b", "timed", manual, func(n *NewItem) { n.Schedule = "@hourly" }) // runs by its schedule
		_, begun := w.gate()
		w.start()
		time.Sleep(time.Hour + time.Second)
		if got := begun(); !strings.Contains(got, "kept") || !strings.Contains(got, "timed") {
			t.Fatalf("ran %q", got)
		}
		queued := w.begin(SyncOptions{}, "kept")
		got, err := w.hub.Stop(t.Context(), nil)
		if err != nil || strings.Join(got, " ") != "kept timed" {
			t.Errorf("%v, %v", got, err)
		}
		res, err := w.hub.Result(t.Context(), []int64{queued[0].Run})
		if err != nil || res.Status != progress.Cancelled || res.Errors != 0 {
			t.Errorf("%+v, %v", res, err)
		}
		synctest.Wait()
		if n := len(strings.Fields(begun())); n != 2 {
			t.Errorf("%d runs: what was stopped began again at once", n)
		}
		if got, err := w.hub.Stop(t.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := w.hub.Stop(t.Context(), []string{"nothing"}); !tandem.IsKind(err, tandem.NotFound) {
			t.Error(err)
		}
	})
}

func TestSC07StopOfHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a", "b")
		defer w.close()
		one := w.add("c", "a", "one", manual)
		w.add("d", "b", "two", manual)
		w.gate()
		w.start()
		all := w.begin(SyncOptions{Handler: one.Partner})
		if got := states(all); got != "one started" {
			t.Error(got)
		}
		all = append(all, w.begin(SyncOptions{}, "two")...)
		synctest.Wait()
		if n, err := w.hub.StopHandler(t.Context(), one.Partner); n != 1 || err != nil {
			t.Error(n, err)
		}
		res, err := w.hub.Result(t.Context(), []int64{all[0].Run})
		if err != nil || res.Status != progress.Cancelled {
			t.Errorf("%+v, %v", res, err)
		}
		st, _ := w.hub.Progress(t.Context())
		if len(st.Items) != 1 || st.Items[0].Item != "two" {
			t.Errorf("%+v", st)
		}
		if _, err := w.hub.Begin(t.Context(), nil, SyncOptions{Handler: "nobody"}); !tandem.IsKind(err, tandem.NotFound) {
			t.Error(err)
		}
	})
}

// TestSC07SkipsAndSaysSo: disabled items, items of a disabled handler and what is out of reach do not run, and it is said why. One that is named is
// tried although it was out of reach.
func TestSC07SkipsAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a", "b", "c", "d")
		defer w.close()
		w.add("a", "a", "well", manual)
		w.add("b", "b", "asleep", manual)
		off := w.add("c", "c", "off", manual)
		w.add("d", "d", "away", manual)
		w.start()
		w.setFail("d", &tandem.Error{Kind: tandem.Unreadable, Op: "open place", Thing: "mem:d", Err: errors.New("no route")})
		if err := w.hub.EnableItem(t.Context(), "asleep", false); err != nil {
			t.Fatal(err)
		}
		if _, err := w.hub.OrderHandler(t.Context(), HandlerOrder{Handler: off.Partner, Do: "disable"}); err != nil {
			t.Fatal(err)
		}
		res, err := w.hub.Result(t.Context(), []int64{w.begin(SyncOptions{}, "away")[0].Run})
		if err != nil || res.Status != progress.Failed || res.Errors != 1 || res.Items[0].Status != progress.Disconnected {
			t.Errorf("%+v, %v", res, err)
		}
		want := "asleep skipped: it is disabled, away skipped: it is disconnected: open place mem:d: no route, off skipped: its handler is disabled, well started"
		if got := states(w.begin(SyncOptions{})); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		w.setFail("d", nil)
		if res, err := w.hub.Result(t.Context(), []int64{w.begin(SyncOptions{}, "away")[0].Run}); err != nil || res.Status != progress.Succeeded {
			t.Errorf("%+v, %v", res, err)
		}
		if got := states(w.begin(SyncOptions{})); !strings.Contains(got, "away started") {
			t.Error(got)
		}
	})
}

// TestSC37Result: the caller of a start learns how it ended, with the counts of errors and conflicts.
func TestSC37Result(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a", "b")
		defer w.close()
		w.put("a", "1", card("1", "Anna", "TEL:1"))
		w.add("c", "a", "one", manual)
		w.add("c", "b", "two", manual)
		w.start()
		run := func() SyncResult {
			var runs []int64
			for _, b := range w.begin(SyncOptions{}) {
				runs = append(runs, b.Run)
			}
			res, err := w.hub.Result(t.Context(), runs)
			if err != nil {
				t.Fatal(err)
			}
			return res
		}
		run()
		if res := run(); res.Status != progress.Succeeded || res.Errors+res.Conflicts != 0 || len(res.Items) != 2 {
			t.Errorf("%+v", res)
		}
		w.put("a", "1", card("1", "Anna", "TEL:2"))
		w.put("b", "1", card("1", "Anna", "TEL:3"))
		if res := run(); res.Status != progress.Succeeded || res.Conflicts != 1 {
			t.Errorf("%+v", res)
		}
		w.setFail("b", errors.New("broken"))
		if res := run(); res.Status != progress.Failed || res.Errors != 1 || res.Items[1].Text != "broken" {
			t.Errorf("%+v", res)
		}
		if _, err := w.hub.Result(t.Context(), []int64{999}); !tandem.IsKind(err, tandem.NotFound) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w.gate()
		if _, err := w.hub.Result(ctx, []int64{w.begin(SyncOptions{}, "one")[0].Run}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestRunsAreShown follows a run on the board from waiting to its end.
func TestRunsAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a", "b")
		defer w.close()
		it := w.add("c", "a", "one", manual)
		w.start()
		var tell func(session.Progress)
		hold := make(chan struct{})
		w.hub.cfg.Run = func(_ context.Context, _ session.Pair, o session.Options) (*session.Report, error) {
			tell = o.Progress
			<-hold
			return &session.Report{}, nil
		}
		run := w.begin(SyncOptions{By: "anna"}, "one")[0].Run
		synctest.Wait()
		for _, c := range []struct {
			p    session.Progress
			want progress.Row
		}{
			{session.Progress{Phase: session.Observing, Seen: [2]int{3, 4}}, progress.Row{Status: progress.Indeterminate, Text: "looking: 3 records here, 4 there"}},
			{session.Progress{Phase: session.Planning}, progress.Row{Status: progress.Indeterminate, Text: "comparing: 0 records here, 0 there"}},
			{session.Progress{Phase: session.Applying, Thing: "anna.vcf", Done: 2, Total: 5}, progress.Row{Status: progress.Updating, Text: "anna.vcf", Step: 2, Max: 5}},
			{session.Progress{Phase: session.Recording}, progress.Row{Status: progress.Indeterminate, Text: "writing down what was done"}},
		} {
			tell(c.p)
			st, err := w.hub.Progress(t.Context())
			if err != nil || len(st.Items) != 1 || st.Items[0].Row != c.want || st.Sessions[0].Who != "anna" || st.Sessions[0].Handler != it.Partner {
				t.Errorf("%+v, %v; want %+v", st, err, c.want)
			}
		}
		close(hold)
		if res, err := w.hub.Result(t.Context(), []int64{run}); err != nil || res.Status != progress.Succeeded {
			t.Errorf("%+v, %v", res, err)
		}
		w.hub.cfg.Run = func(ctx context.Context, _ session.Pair, _ session.Options) (*session.Report, error) {
			st, _ := w.hub.Progress(ctx)
			if len(st.Items) != 1 || !strings.HasPrefix(st.Items[0].Item, "places-") || st.Items[0].Name != "mem:a mem:b" {
				t.Errorf("%+v", st)
			}
			return &session.Report{}, nil
		}
		w.syncPlaces("a", "b", SyncOptions{})
	})
}
