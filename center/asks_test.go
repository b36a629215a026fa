package center

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/internal/sysevents"
	"tandem/provider/memory"
	"tandem/store"
)

// asked is the question that is in the inbox, its reason and answers.
func (w *world) asked() string {
	w.t.Helper()
	synctest.Wait()
	list, err := w.hub.Questions(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, q := range list {
		out = append(out, strings.Join([]string{q.Item, q.Sort, strings.Join(q.Why, ", "), strings.Join(q.Answers, "|")}, " "))
	}
	return strings.Join(out, "; ")
}

func (w *world) say(answer string) {
	w.t.Helper()
	if err := w.hub.AnswerQuestion(w.t.Context(), "p", answer, func(SyncNews) {}); err != nil {
		w.t.Fatal(err)
	}
}

// TestM115AskFirst: an item that asks first does nothing by itself. What would start a run is a question, asked once; "run now" runs, "not now" takes it back until
// something happens again, and schedules and runs by hand wait for nobody.
func TestM115AskFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const answers = " run-now|not-now"
		w, sky, runs := whenWorld(t, "continuous; ask first")
		defer w.close()
		w.start()
		time.Sleep(time.Minute)
		if got := w.asked(); runs() != 0 || got != "p run something changed"+answers {
			t.Fatalf("%d runs; asked %q", runs(), got)
		}
		if why := w.waits("p"); why != "your word, something changed: `tandem sync p`" {
			t.Errorf("waits for %q", why)
		}
		w.say(NotNow)
		if got, why := w.asked(), w.waits("p"); got != "" || why != "" {
			t.Errorf("after not now: asked %q, waits for %q", got, why)
		}
		time.Sleep(24 * time.Hour)
		if got := w.asked(); got != "" || runs() != 0 {
			t.Errorf("%d runs; asked %q because time passed", runs(), got)
		}
		w.put("phone", "b", card("b", "Ben"))
		w.put("phone", "c", card("c", "Carla"))
		time.Sleep(time.Hour)
		if got := w.asked(); got != "p run something changed"+answers {
			t.Errorf("asked %q", got)
		}
		w.say(RunNow)
		if got, why := w.asked(), w.waits("p"); got != "" || why != "" {
			t.Errorf("after run now: asked %q, waits for %q", got, why)
		}
		if n := len(w.records("p")); n != 3 {
			t.Errorf("run now brought %d records", n)
		}
		log, err := w.hub.Log(t.Context(), 0, "p", 0)
		if err != nil || countText(log, "asks whether to sync now") != 2 || log[0].Link != "question/p" {
			t.Errorf("log %+v, %v", log, err)
		}
		if err := w.hub.AnswerQuestion(t.Context(), "p", RunNow, func(SyncNews) {}); !tandem.IsKind(err, tandem.NotFound) {
			t.Errorf("an answer to nothing: %v", err)
		}

		// In words, at times, after events; a run by hand is an answer, too, and so is a change of settings.
		w.set("p", "when", "at 12:00; on log-on; ask before every run")
		sky.happens(sysevents.LogOn)
		time.Sleep(time.Minute)
		if got := w.asked(); got != "p run after log-on"+answers {
			t.Errorf("asked %q", got)
		}
		w.sync("p")
		if got := w.asked(); got != "" {
			t.Errorf("after a run by hand: asked %q", got)
		}
		time.Sleep(24 * time.Hour)
		if got := w.asked(); got != "p run it is due"+answers {
			t.Errorf("asked %q", got)
		}
		before := runs()
		w.set("p", "when", "at 12:00")
		if got := w.asked(); got != "" {
			t.Errorf("an item that asks no more: asked %q", got)
		}
		time.Sleep(24 * time.Hour)
		if n := runs() - before; n != 1 {
			t.Errorf("%d runs when it asks no more", n)
		}
	})
}

// TestM115AsksAtPolls: at a place that does not tell of changes, an item that asks first is asked about them when they are found, and not for nothing.
func TestM115AsksAtPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "p")
		defer w.close()
		w.add("phone", "p", "p")
		w.set("p", "when", "continuous; ask first")
		w.start()
		time.Sleep(time.Minute)
		w.say(RunNow) // its start is asked about as ever
		time.Sleep(24 * time.Hour)
		if got := w.asked(); got != "" {
			t.Errorf("asked %q though nothing changed", got)
		}
		w.put("p", "b", card("b", "Ben"))
		time.Sleep(5 * time.Minute)
		if got := w.asked(); got != "p run something changed run-now|not-now" {
			t.Errorf("asked %q", got)
		}
		time.Sleep(24 * time.Hour)
		if log, err := w.hub.Log(t.Context(), 0, "p", 0); err != nil || countText(log, "asks whether") != 2 {
			t.Errorf("log %+v, %v", log, err)
		}
		if n := w.live("p"); n != 0 {
			t.Errorf("%d records without an answer", n)
		}
		w.say(RunNow)
		if n := w.live("p"); n != 1 {
			t.Errorf("%d records", n)
		}
	})
}

// TestM115AsksAfterRestart: a question survives the hub; started again, it asks the same, once.
func TestM115AsksAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, runs := whenWorld(t, "continuous; ask first; quiet 22:00-07:00")
		defer w.close()
		time.Sleep(12*time.Hour - time.Since(time.Now().Truncate(24*time.Hour)) + 24*time.Hour) // noon
		w.start()
		time.Sleep(time.Minute)
		if err := w.hub.Close(); err != nil {
			t.Fatal(err)
		}
		if got := w.asked(); got != "p run something changed run-now|not-now" {
			t.Errorf("asked %q", got)
		}
		w.start()
		time.Sleep(time.Minute)
		if got := w.asked(); got != "p run something changed run-now|not-now" || runs() != 0 {
			t.Errorf("%d runs; asked %q", runs(), got)
		}
		if log, err := w.hub.Log(t.Context(), 0, "p", 0); err != nil || countText(log, "asks whether") != 1 {
			t.Errorf("log %+v, %v", log, err)
		}
	})
}

func countText(log []store.Event, text string) int {
	n := 0
	for _, e := range log {
		if strings.Contains(e.Text, text) {
			n++
		}
	}
	return n
}

// records are the records of an item's home collection, deleted ones included.
func (w *world) records(item string) []store.HomeRecord {
	w.t.Helper()
	it, err := w.hub.item(w.t.Context(), item)
	if err != nil {
		w.t.Fatal(err)
	}
	recs, _, err := w.store.Home.Since(w.t.Context(), it.Collection, 0, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return recs
}
