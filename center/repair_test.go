package center

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/internal/atomicfile"
	"tandem/provider/memory"
	"tandem/store"
)

// repairs is what Repair finds or does, as "sort thing".
func (w *world) repairs(mend bool) []string {
	w.t.Helper()
	list, err := w.hub.Repair(w.t.Context(), mend)
	if err != nil {
		w.t.Fatal(err)
	}
	out := []string{}
	for _, r := range list {
		if r.Mended != mend || r.Error != "" || r.Text == "" {
			w.t.Errorf("%+v", r)
		}
		out = append(out, r.Sort)
	}
	return out
}

// mended looks, mends, looks again, and checks that just this was found each time, and is noted once.
func (w *world) mended(sort string) {
	w.t.Helper()
	for _, mend := range []bool{false, true} {
		if got := w.repairs(mend); len(got) != 1 || got[0] != sort {
			w.t.Fatalf("mend %v: %q, want %q", mend, got, sort)
		}
		c := w.hub.checkLeft(w.t.Context())
		if (c.Level == "warn") != !mend || len(c.Parts) != 0 && mend {
			w.t.Errorf("the check after mend %v: %+v", mend, c)
		}
		if !mend && (len(c.Parts) != 1 || !strings.HasPrefix(c.Parts[0].Name, sort) || c.Parts[0].Text == "" || c.Parts[0].Count < 1) {
			w.t.Errorf("the check tells of %+v", c.Parts)
		}
	}
	if got := w.repairs(true); len(got) != 0 {
		w.t.Errorf("afterwards: %q", got)
	}
	log, err := w.store.Events.List(w.t.Context(), 0, "repair", 0)
	if err != nil || len(log) != 1 || !strings.HasPrefix(log[0].Text, "mended: "+sort) {
		w.t.Errorf("the log: %+v, %v", log, err)
	}
}

// synced is a world in which an item ran, with a record on both sides.
func synced(t *testing.T) (*world, store.Item) {
	t.Helper()
	w := newWorld(t, memory.Knobs{}, "phone")
	if err := w.places["phone"].Put("1", tandem.Bytes("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\nFN:Zoe\r\nN:;Zoe;;;\r\nEND:VCARD\r\n"), ""); err != nil {
		t.Fatal(err)
	}
	it, err := w.hub.AddItem(t.Context(), NewItem{Home: "contacts", Partner: "mem:phone", Name: "one", Mode: Manual})
	if err != nil {
		t.Fatal(err)
	}
	w.run("one")
	if got := w.repairs(false); len(got) != 0 {
		t.Fatalf("of a hub that is whole: %q", got)
	}
	return w, it
}

// run runs an item, and returns what it did.
func (w *world) run(item string) (creates int) {
	w.t.Helper()
	err := w.hub.Sync(w.t.Context(), []string{item}, SyncOptions{}, func(n SyncNews) {
		if n.Report != nil {
			creates = n.Report.Done[0].Creates + n.Report.Done[1].Creates
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return creates
}

// atHome is how many records the home collection of an item has.
func (w *world) atHome(it store.Item) (home int) {
	w.t.Helper()
	home, _, err := w.store.Lookup.Count(w.t.Context(), it.Collection, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return home
}

// TestRepairBase removes what an item and its partner agreed on that outlived the item. Records stay, a version that only a conflict had goes to history, and the pair begins anew without doubles.
func TestRepairBase(t *testing.T) {
	w, it := synced(t)
	ctx := t.Context()
	pair, ok, err := w.hub.pairOf(ctx, it)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	body := tandem.Bytes("only the conflict has this")
	sum, _, err := w.store.Blobs.Put(ctx, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	row := tandem.Row{Clash: &tandem.Clash{Conflict: -1}}
	row.A.ID, row.B.ID = "x", "y"
	if err := w.store.Bases.Commit(ctx, pair.ID, store.Commit{Put: []tandem.Row{row}, Bodies: []tandem.Bytes{body},
		Conflicts: []store.Conflict{{Item: "one", Kind: tandem.Contact, Versions: []store.ConflictVersion{{ID: "x", Body: sum, Title: "Zoe"}, {ID: "y", Deleted: true}}}}}); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Settings.RemoveItem(ctx, "one"); err != nil { // as a crash in RemoveItem leaves it
		t.Fatal(err)
	}
	w.mended("base")
	list, err := w.store.History.List(ctx, store.PastFilter{Record: "x"})
	if err != nil || len(list) != 1 || list[0].Body != sum {
		t.Fatalf("history: %+v, %v", list, err)
	}
	if got, err := w.store.Blobs.Get(ctx, sum); err != nil || string(got) != string(body) {
		t.Errorf("its body: %q, %v", got, err)
	}
	if err := w.store.Settings.PutItem(ctx, it); err != nil {
		t.Fatal(err)
	}
	if n := w.run("one"); n != 0 || w.atHome(it) != 1 {
		t.Errorf("%d created, %d records at home", n, w.atHome(it))
	}
}

// TestRepairCursor empties cursors into a home collection that cannot be right. The next run looks at everything and makes no doubles.
func TestRepairCursor(t *testing.T) {
	for name, change := range map[string]func(c tandem.Cursor) tandem.Cursor{
		"ahead":        func(c tandem.Cursor) tandem.Cursor { return "99" + c },
		"unreadable":   func(tandem.Cursor) tandem.Cursor { return "?" },
		"another life": func(tandem.Cursor) tandem.Cursor { return "1@elsewhere" },
	} {
		t.Run(name, func(t *testing.T) {
			w, it := synced(t)
			pair, _, err := w.hub.pairOf(t.Context(), it)
			if err != nil {
				t.Fatal(err)
			}
			colls, err := w.hub.Collections(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			cursors := pair.Cursors
			for side := range cursors {
				if pair.Identities[side].Store == colls[0].Identity.Store {
					cursors[side] = change(cursors[side])
				}
			}
			if cursors == pair.Cursors {
				t.Fatal("there is no cursor to break")
			}
			if err := w.store.Bases.Commit(t.Context(), pair.ID, store.Commit{Cursors: &cursors}); err != nil {
				t.Fatal(err)
			}
			w.mended("cursor")
			if n := w.run("one"); n != 0 || w.atHome(it) != 1 {
				t.Errorf("%d created, %d records at home", n, w.atHome(it))
			}
		})
	}
}

// TestRepairDeviceState removes what devices were told of collections that are gone, and nothing else.
func TestRepairDeviceState(t *testing.T) {
	w, it := synced(t)
	ctx := t.Context()
	if err := w.store.Accounts.AddUser(ctx, store.User{Name: "anna"}); err != nil && !tandem.IsKind(err, tandem.Exists) {
		t.Fatal(err)
	}
	d, err := w.store.Devices.ChangeDevice(ctx, "anna", "PHONE", func(d *store.Device) error { d.Access = store.Allowed; return nil })
	if err != nil {
		t.Fatal(err)
	}
	there := statePrefix + itoa(it.Collection)
	for _, name := range []string{"folders", there, there + "sms", statePrefix + "4711", statePrefix + "4711sms", statePrefix + "other"} {
		if err := w.store.Devices.SwapState(ctx, d.Number, store.Swap{Name: name, New: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	w.mended("device state")
	docs, err := w.store.Devices.State(ctx, d.Number)
	if err != nil || len(docs) != 4 || docs[there] == nil || docs["folders"] == nil {
		t.Errorf("%v, %v", docs, err)
	}
}

// TestRepairLeftovers removes files in the making that an interrupted run left in a folder, and neither new ones nor what is somebody's.
func TestRepairLeftovers(t *testing.T) {
	w, _ := synced(t)
	dir := t.TempDir()
	old, fresh, mine := filepath.Join(dir, atomicfile.TempName()), filepath.Join(dir, atomicfile.TempName()), filepath.Join(dir, "zoe.vcf")
	for _, name := range []string{old, fresh, mine} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if name != fresh {
			past := time.Now().Add(-leftAge - time.Hour)
			if err := os.Chtimes(name, past, past); err != nil {
				t.Fatal(err)
			}
		}
	}
	r := &repairer{Hub: w.hub}
	n, size, err := leftIn(dir, time.Now().Add(-leftAge))
	if n != 1 || size != 1 || err != nil {
		t.Fatalf("%d, %d, %v", n, size, err)
	}
	r.mend = true
	r.add(store.Dangling{Sort: "leftover", Thing: dir, Text: "t", Count: n}, func() error { return sweepIn(dir) })
	if !r.out[0].Mended {
		t.Errorf("%+v", r.out)
	}
	for name, want := range map[string]bool{old: false, fresh: true, mine: true} {
		if _, err := os.Stat(name); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
