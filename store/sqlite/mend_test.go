package sqlite_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

// broken is a store with records, history, a device and a conflict, and then with what the statements do to it behind its back. Bodies that nothing names are old.
func broken(t *testing.T, statements ...string) (*store.Store, tandem.Collection) {
	t.Helper()
	dir := t.TempDir()
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	ctx := t.Context()
	must(t, st.Accounts.AddUser(ctx, store.User{Name: "anna"}))
	c, err := st.Home.PutCollection(ctx, tandem.Collection{User: "anna", Kind: tandem.Contact, Name: "people"})
	must(t, err)
	write := func(w tandem.Write) tandem.Version {
		out, err := st.Home.Write(ctx, c.ID, store.Author{User: "anna"}, []store.HomeWrite{{Write: w, Title: "Zoe", Index: tandem.Index{Name: "Zoe Zebra"}}})
		must(t, err)
		must(t, out[0].Err)
		return out[0].Version
	}
	big := tandem.Bytes(strings.Repeat("a body that is a file ", 1000))
	write(tandem.Write{Op: tandem.Create, ID: "kept", Record: tandem.Record{Body: tandem.Bytes("kept")}})
	v := write(tandem.Write{Op: tandem.Create, ID: "edited", Record: tandem.Record{Body: big}})
	write(tandem.Write{Op: tandem.Update, ID: "edited", If: v, Record: tandem.Record{Body: tandem.Bytes("second")}})
	v = write(tandem.Write{Op: tandem.Create, ID: "gone", Record: tandem.Record{Body: tandem.Bytes("gone")}})
	write(tandem.Write{Op: tandem.Delete, ID: "gone", If: v})
	must(t, st.Settings.PutPartner(ctx, store.Partner{Name: "stick", Provider: "vdir", Place: "vdir:/stick"}))
	must(t, st.Settings.PutItem(ctx, store.Item{Name: "one", User: "anna", Collection: c.ID, Partner: "stick", Mode: "manual", Rules: `{"policy":"a"}`}))
	_, err = st.Devices.ChangeDevice(ctx, "anna", "PHONE", func(d *store.Device) error { d.Access = store.Allowed; return nil })
	must(t, err)
	dev, err := st.Devices.Device(ctx, "anna", "PHONE")
	must(t, err)
	must(t, st.Devices.SwapState(ctx, dev.Number, store.Swap{Name: "folders", New: []byte("x")}))
	pair, err := st.Bases.Open(ctx, "a pair")
	must(t, err)
	body := tandem.Bytes("only the conflict has this")
	sum, _, err := st.Blobs.Put(ctx, bytes.NewReader(body))
	must(t, err)
	row := tandem.Row{Clash: &tandem.Clash{Conflict: -1}}
	row.A.ID, row.B.ID = "x", "y"
	must(t, st.Bases.Commit(ctx, pair.ID, store.Commit{Put: []tandem.Row{row}, Bodies: []tandem.Bytes{body},
		Conflicts: []store.Conflict{{Item: "one", Kind: tandem.Contact, Title: "Zoe", Versions: []store.ConflictVersion{{Place: "home:people", ID: "x", Body: sum, Title: "Zoe"}, {Place: "vdir:/stick", Deleted: true}}}}}))
	must(t, st.Close())

	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.FileName))
	must(t, err)
	for _, q := range append([]string{"PRAGMA foreign_keys = OFF"}, statements...) {
		_, err := db.Exec(q)
		must(t, err)
	}
	must(t, db.Close())
	old := time.Now().Add(-48 * time.Hour)
	must(t, filepath.WalkDir(filepath.Join(dir, "blobs"), func(name string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			err = os.Chtimes(name, old, old)
		}
		return err
	}))
	st, err = sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	t.Cleanup(func() { st.Close() })
	return st, c
}

// bodies is what the live records and history hold, by record.
func bodies(t *testing.T, st *store.Store, c tandem.Collection) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for r, err := range st.Home.Get(t.Context(), c.ID, []tandem.ID{"kept", "edited", "gone"}) {
		must(t, err)
		b, err := tandem.ReadBody(r.Body, 1<<20)
		must(t, err)
		out[string(r.ID)+" "+string(b)[:4]] = true
	}
	list, err := st.History.List(t.Context(), store.PastFilter{})
	must(t, err)
	for _, p := range list {
		if p.Body.IsZero() {
			continue
		}
		b, err := st.Blobs.Get(t.Context(), p.Body)
		must(t, err)
		out["past "+string(p.Record)+" "+string(b)[:4]] = true
	}
	return out
}

// TestMend makes each damage, and checks that it is found, that looking changes nothing, that mending removes it, and that no version that somebody wrote is lost.
func TestMend(t *testing.T) {
	whole, c := broken(t)
	want := bodies(t, whole, c)
	if len(want) != 4 { // two that are there, two in history
		t.Fatalf("the store holds %v", want)
	}
	if found, err := whole.Mending.Mend(t.Context(), 1, true); err != nil || len(found) != 0 {
		t.Fatalf("of a store that is whole: %+v, %v", found, err)
	}
	hex := func(s string) string { return "X'" + strings.Repeat(s, 32) + "'" }
	for name, d := range map[string]struct {
		damage string
		sort   string
		thing  string
		gain   string // what history has afterwards
	}{
		"partner removed":   {damage: "DELETE FROM partner", sort: "item", thing: "one"},
		"base without pair": {damage: "INSERT INTO base VALUES (99, 0, 0, X'', X'')", sort: "base"},
		"conflict":          {damage: "DELETE FROM base; DELETE FROM pair", sort: "conflict", thing: "1", gain: "past x only"},
		"device removed":    {damage: "DELETE FROM device", sort: "device state"},
		"share":             {damage: "INSERT INTO share (collection, grantee, label, writes, hidden, props, added) VALUES (77, 'anna', '', 0, 0, '{}', 0)", sort: "setting"},
		"property":          {damage: "INSERT INTO property VALUES (77, 0, 'n', 'v')", sort: "setting"},
		"lock":              {damage: "INSERT INTO lock VALUES ('t', 'nobody', 1, '', 0, 0, '', 1, 1)", sort: "setting"},
		"visit":             {damage: "INSERT INTO visit (owner, token, proof, agent, origin, added, used, until) VALUES ('nobody', X'01', X'02', '', '', 0, 0, 9)", sort: "setting"},
		"log-in":            {damage: "INSERT INTO login (owner, label, hash, added, used, origin) VALUES ('nobody', '', '', 0, 0, '')", sort: "setting"},
		"version":           {damage: "INSERT INTO version VALUES (5, 6, 7, 8888)", sort: "history"},
		"word":              {damage: "INSERT INTO word VALUES (1, 'zoe', 777)", sort: "index"},
		"sketch":            {damage: "INSERT INTO sketch VALUES (777, X'00')", sort: "index"},
		"tombstone":         {damage: "UPDATE record SET at = 5 WHERE deleted = 1", sort: "tombstone"},
		"body in a row":     {damage: "INSERT INTO blob (sum, at, data) VALUES (" + hex("ab") + ", 5, X'00')", sort: "body"},
	} {
		t.Run(name, func(t *testing.T) {
			st, c := broken(t, strings.Split(d.damage, ";")...)
			for _, do := range []bool{false, false, true} {
				found, err := st.Mending.Mend(t.Context(), 10, do)
				must(t, err)
				if len(found) == 0 || found[0].Sort != d.sort || found[0].Thing != d.thing || found[0].Count == 0 || found[0].Text == "" {
					t.Fatalf("mend %v: %+v", do, found)
				}
			}
			if found, err := st.Mending.Mend(t.Context(), 10, false); err != nil || len(found) != 0 {
				t.Errorf("afterwards: %+v, %v", found, err)
			}
			got := bodies(t, st, c)
			if d.gain != "" && !got[d.gain] {
				t.Errorf("history has no %q: %v", d.gain, got)
			}
			for b := range want {
				if !got[b] {
					t.Errorf("%q is lost; there is %v", b, got)
				}
			}
		})
	}
}

// TestMendFiles checks that bodies that are files, and what an interrupted write left, are found and removed, and those that somebody names or has just put are not.
func TestMendFiles(t *testing.T) {
	st, c := broken(t, "DELETE FROM past WHERE record = 'edited'", "DELETE FROM version")
	found, err := st.Mending.Mend(t.Context(), 1, false)
	must(t, err)
	if len(found) != 1 || found[0].Sort != "body" || found[0].Count != 1 || found[0].Bytes < 20_000 {
		t.Fatalf("%+v", found)
	}
	fresh, _, err := st.Blobs.Put(t.Context(), strings.NewReader(strings.Repeat("somebody is about to name this ", 1000)))
	must(t, err)
	if found, err = st.Mending.Mend(t.Context(), 1, true); err != nil || len(found) != 1 || found[0].Count != 1 {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := st.Blobs.Open(t.Context(), fresh); err != nil {
		t.Errorf("what was just put: %v", err)
	}
	if got := bodies(t, st, c); !got["kept kept"] || !got["edited seco"] || !got["past gone gone"] {
		t.Errorf("%v", got)
	}
}
