package center

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/handler"
	"tandem/internal/sysevents"
	"tandem/provider/memory"
	"tandem/store"
)

// status is how an item stands, once everything has come to rest.
func (w *world) status(item string) ItemStatus {
	w.t.Helper()
	synctest.Wait()
	st, err := w.hub.Status(w.t.Context(), []string{item})
	if err != nil {
		w.t.Fatal(err)
	}
	return st[0]
}

// cut puts the partner of a farWorld out of reach, or back.
func (w *world) cut(r *road, off bool) {
	r.set(0, off)
	var err error
	if off {
		err = &tandem.Error{Kind: tandem.Transient, Op: "open place", Thing: "host.example", Remedy: "look at the network"}
	}
	w.setFail("//host.example/a", err)
}

// drop deletes a record at home.
func (w *world) drop(collection int64, title string) {
	w.t.Helper()
	recs, _, err := w.store.Home.Since(w.t.Context(), collection, 0, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range recs {
		if r.Deleted || !strings.Contains(r.Title, title) {
			continue
		}
		out, err := w.store.Home.Write(w.t.Context(), collection, store.Author{Via: "test"}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Delete, ID: r.ID, If: r.Version}}})
		if err != nil || out[0].Err != nil {
			w.t.Fatal(err, out)
		}
		return
	}
	w.t.Fatalf("no %s", title)
}

// TestOF15ChangesGoOutOnReturn: what is changed here and there while the partner is out of reach is kept, and goes both ways by itself as soon as a network comes; nobody
// is asked anything.
func TestOF15ChangesGoOutOnReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const place = "//host.example/a"
		w, r, sky := farWorld(t, "continuous")
		defer w.close()
		w.put(place, "b", card("b", "Bert", "TEL:1"))
		w.start()
		time.Sleep(time.Hour)
		w.cut(r, true)
		home := w.status("p").Item.Collection
		w.edit(home, "Bert", "TEL:1", "TEL:2")
		w.put(place, "c", card("c", "Carla"))
		time.Sleep(24 * time.Hour)
		if got := w.phones(place); strings.Contains(got, "Bert 2") {
			t.Fatalf("out of reach, the place holds %s", got)
		}
		if st := w.status("p"); st.Pending.Records != 1 || st.Link != LinkOffline {
			t.Errorf("out of reach: %+v, %q", st.Pending, st.Link)
		}
		w.cut(r, false)
		sky.happens(sysevents.NetworkUp)
		time.Sleep(10 * time.Second)
		if got := w.phones(place); !strings.Contains(got, "Bert 2") || !strings.Contains(got, "Carla") {
			t.Errorf("back again, the place holds %s", got)
		}
		recs, _, err := w.store.Home.Since(t.Context(), home, 0, 0)
		if err != nil || len(recs) != 3 {
			t.Errorf("home holds %d records, %v", len(recs), err)
		}
		asked, err := w.hub.Questions(t.Context())
		if st := w.status("p"); err != nil || len(asked) != 0 || st.Standing() != StandsInStep || st.Pending.Records != 0 {
			t.Errorf("it stands %s with %+v, asks %v, %v", st.Standing(), st.Pending, asked, err)
		}
	})
}

// TestOF17PendingCounts: what changed here and was not sent is counted by records and bytes; what a run brought in is not, nor what is in conflict, and a run ends it.
func TestOF17PendingCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a", "b")
		defer w.close()
		w.put("a", "anna", card("anna", "Anna", "TEL:1"))
		w.put("a", "bert", card("bert", "Bert", "TEL:1"))
		it := w.add("c", "a", "a", manual)
		want := func(what, item string, records int, bytes bool) {
			t.Helper()
			if p := w.status(item).Pending; p.Records != records || (p.Bytes > 0) != bytes || p.More {
				t.Errorf("%s: %s has %+v, want %d", what, item, p, records)
			}
		}
		want("never synced", "a", 0, false)
		w.sync("a")
		want("after a run that brought records in", "a", 0, false)
		time.Sleep(time.Minute)
		w.edit(it.Collection, "Anna", "TEL:1", "TEL:2")
		want("one edited", "a", 1, true)
		w.drop(it.Collection, "Bert")
		want("one edited, one deleted", "a", 2, true)
		w.put("b", "carla", card("carla", "Carla"))
		w.add("c", "b", "b", manual)
		w.sync("b")
		want("and one that another item brought in", "a", 3, true)
		if st := w.status("a"); st.Standing() != StandsChanged || st.Link != LinkChanged {
			t.Errorf("it stands %q, %q", st.Standing(), st.Link)
		}
		w.sync("a")
		want("sent", "a", 0, false)
		want("sent by the other", "b", 0, false)
		w.edit(it.Collection, "Anna", "TEL:2", "TEL:3")
		w.put("a", "anna", card("anna", "Anna", "TEL:4"))
		w.sync("a")
		if st := w.status("a"); st.Conflicts != 1 || st.Pending.Records != 0 {
			t.Errorf("%d conflicts, and %+v", st.Conflicts, st.Pending)
		}
		time.Sleep(time.Minute)
		w.edit(it.Collection, "Carla", "FN:Carla", "FN:Carla Costa")
		want("beside a conflict", "a", 1, true)
		w.set("a", "direction", "b-to-a")
		want("an item that carries nothing there", "a", 0, false)
	})
}

// TestOF07OF09StatusAndReason: an item tells in a word how its place is connected, how it stands, and in words what is in the way.
func TestOF07OF09StatusAndReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const place = "//host.example/a"
		w, r, sky := farWorld(t, "continuous; not slow; zone UTC")
		defer w.close()
		want := func(what string, link LinkState, stands Standing, waits string) {
			t.Helper()
			if st := w.status("p"); st.Link != link || st.Standing() != stands || !strings.Contains(st.Waits, waits) || waits == "" && st.Waits != "" {
				t.Errorf("%s: %q, %q, waits for %q; want %q, %q, %q", what, st.Link, st.Standing(), st.Waits, link, stands, waits)
			}
		}
		want("never synced", LinkInactive, StandsNew, "")
		w.start()
		time.Sleep(time.Hour)
		want("all well", LinkOnline, StandsInStep, "")
		r.set(100*time.Millisecond, false)
		time.Sleep(time.Hour)
		home := w.status("p").Item.Collection
		w.edit(home, "Anna", "END:VCARD", "TEL:1\r\nEND:VCARD")
		time.Sleep(10 * time.Second)
		want("a slow link, and an edit", LinkChanged, StandsChanged, "a faster link (")
		r.set(time.Millisecond, false)
		time.Sleep(time.Hour)
		want("fast again", LinkOnline, StandsInStep, "")

		sky.is(sysevents.State{Offline: true})
		time.Sleep(time.Hour)
		want("no network", LinkOffline, StandsInStep, "a network")
		sky.is(sysevents.State{})
		w.cut(r, true)
		time.Sleep(time.Hour)
		want("out of reach", LinkOffline, StandsFailing, "host.example:443 to be reachable")
		r.set(0, false) // the host answers, what runs on it does not
		time.Sleep(time.Hour)
		want("the host is back", LinkBack, StandsFailing, "")
		w.cut(r, false)
		time.Sleep(time.Hour)
		want("back", LinkOnline, StandsInStep, "")

		partner := w.status("p").Item.Partner
		w.order(HandlerOrder{Handler: partner, Do: handler.Pause, Item: "p"})
		w.edit(home, "Anna", "TEL:1", "TEL:2")
		want("working off line by choice", LinkInactive, StandsPaused, "")
		if p := w.status("p").Pending; p.Records != 1 {
			t.Errorf("paused, with %+v", p)
		}
		w.put(place, "a", card("a", "Anna", "TEL:3"))
		w.sync("p")
		if st := w.status("p"); st.Conflicts != 1 || st.Link != LinkInactive {
			t.Errorf("a conflict while paused: %d, %q", st.Conflicts, st.Link)
		}
		w.order(HandlerOrder{Handler: partner, Do: handler.Resume, Item: "p"})
		time.Sleep(time.Hour)
		want("versions that need a person", LinkOnline, StandsConflicts, "")
		if err := w.hub.EnableItem(t.Context(), "p", false); err != nil {
			t.Fatal(err)
		}
		want("disabled", LinkInactive, StandsDisabled, "")
	})
}
