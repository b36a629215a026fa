package sqlite_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
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
	return brokenIn(t, t.TempDir(), statements...)
}

func brokenIn(t *testing.T, dir string, statements ...string) (*store.Store, tandem.Collection) {
	t.Helper()
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
	big := tandem.Bytes(strings.Repeat("a body that is a file ", 2000))
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
		"partner removed":    {damage: "DELETE FROM partner", sort: "item", thing: "one"},
		"base without pair":  {damage: "INSERT INTO base VALUES (99, 0, 0, X'', X'')", sort: "base"},
		"conflict":           {damage: "DELETE FROM base; DELETE FROM pair", sort: "conflict", thing: "1", gain: "past x only"},
		"device removed":     {damage: "DELETE FROM device", sort: "device state"},
		"share":              {damage: "INSERT INTO share (collection, grantee, label, writes, hidden, props, added) VALUES (77, 'anna', '', 0, 0, '{}', 0)", sort: "setting"},
		"property":           {damage: "INSERT INTO property VALUES (77, 0, 'n', 'v')", sort: "setting"},
		"lock":               {damage: "INSERT INTO lock VALUES ('t', 'nobody', 1, '', 0, 0, '', 1, 1)", sort: "setting"},
		"visit":              {damage: "INSERT INTO visit (owner, token, proof, agent, origin, added, used, until) VALUES ('nobody', X'01', X'02', '', '', 0, 0, 9)", sort: "setting"},
		"log-in":             {damage: "INSERT INTO login (owner, label, hash, added, used, origin) VALUES ('nobody', '', '', 0, 0, '')", sort: "setting"},
		"version":            {damage: "INSERT INTO version VALUES (5, 6, 7, 8888)", sort: "history"},
		"word":               {damage: "INSERT INTO word VALUES (1, 'zoe', 777)", sort: "index"},
		"sketch":             {damage: "INSERT INTO sketch VALUES (777, X'00')", sort: "index"},
		"tombstone":          {damage: "UPDATE record SET at = 5 WHERE deleted = 1", sort: "tombstone"},
		"user removed":       {damage: "DELETE FROM login; DELETE FROM user", sort: "user", thing: "anna"},
		"user of a device":   {damage: "INSERT INTO device SELECT 99, 'nobody', 'OLD', type, agent, speaks, info, access, reason, offer, policy_key, policy_pending, policy, wipe, wipe_account, added, seen, address FROM device; INSERT INTO state VALUES (99, 'folders', X'01', 0)", sort: "device", thing: "OLD"},
		"collection":         {damage: "INSERT INTO record (row, collection, id, seq, deleted, at, born, was_born, was_gone, wrote, digest, body, size, attrs, modified, title, uid, starts, ends, name, keys) SELECT 500, 77, 'stray', 1, 0, 9, 1, 0, 0, 1, digest, body, size, attrs, modified, title, '', 0, 0, '', '' FROM record WHERE id = 'kept'", sort: "record", gain: "past stray kept"},
		"user of a message":  {damage: "INSERT INTO outgoing (owner, key, sender, recipients, body, saved, state, added, next, tries, error) SELECT 'nobody', 'message', 'a', '[]', body, 0, 'waiting', 0, 0, 0, '' FROM record WHERE id = 'kept'", sort: "message", gain: "past message kept"},
		"text of a message":  {damage: "INSERT INTO outgoing (owner, key, sender, recipients, body, saved, state, added, next, tries, error) VALUES ('anna', 'message', 'a', '[]', " + hex("ee") + ", 0, 'waiting', 0, 0, 0, '')", sort: "message", thing: "message"},
		"user of a partner":  {damage: "UPDATE partner SET owner = 'nobody'", sort: "partner"},
		"marker":             {damage: "INSERT INTO marker VALUES (77, 'm', 'x', 1, 0, NULL, 0, '', '', 0)", sort: "setting"},
		"passkey":            {damage: "INSERT INTO factor (owner, sort, key, label, data, count, added, used, origin) VALUES ('nobody', 'passkey', 'k', '', X'', 0, 0, 0, '')", sort: "setting"},
		"browser":            {damage: "INSERT INTO push (owner, endpoint, key, auth, agent, added) VALUES ('nobody', 'e', X'', X'', '', 0)", sort: "setting"},
		"notice":             {damage: "INSERT INTO notice (owner, key, sort, item, code, title, text, link, since) VALUES ('nobody', 'k', '', '', '', '', '', '', 0)", sort: "setting"},
		"webhook":            {damage: "INSERT INTO webhook VALUES (9, 'nobody', 'https://x', '[]', '[]', 1, 0); INSERT INTO delivery (webhook, key, event, body, state, added, next, tries, status, error) VALUES (9, 'k', '', X'', 'waiting', 0, 0, 0, 0, '')", sort: "setting", thing: "https://x"},
		"program's conflict": {damage: "INSERT INTO reported (id, handler, own, owner, item, kind, at, title, reason, takes, versions, mark, size) VALUES (70, 'p', 'o', 'nobody', 'i', '', 0, 'Zoe', '', '[]', '[]', 'm', 1); INSERT INTO reported_body VALUES (70, 0, X'01')", sort: "conflict", thing: "Zoe"},
		"program's version":  {damage: "INSERT INTO reported_body VALUES (71, 0, X'01')", sort: "conflict"},
		"delivery":           {damage: "INSERT INTO delivery (webhook, key, event, body, state, added, next, tries, status, error) VALUES (9, 'k', '', X'', 'waiting', 0, 0, 0, 0, '')", sort: "setting"},
		"lock of old":        {damage: "INSERT INTO lock VALUES ('t', 'anna', 1, '', 0, 0, '', 1, 5)", sort: "lock"},
		"text":               {damage: "INSERT INTO texted VALUES (777); INSERT INTO fulltext (rowid, text) VALUES (777, 'zoe')", sort: "index"},
		"body of history":    {damage: "INSERT INTO past SELECT 900, 10000000000, 0, 0, 0, 'p', kind, 'r', op, who, origin, 'Lost', attrs, digest, " + hex("cd") + ", '', '' FROM past LIMIT 1; INSERT INTO version VALUES (5, 6, 7, 900)", sort: "history", thing: "Lost"},
		"body of a version":  {damage: "DELETE FROM blob WHERE data = CAST('only the conflict has this' AS BLOB)", sort: "conflict", thing: "1"},
		"body of an answer":  {damage: "UPDATE conflict SET decision = 4, body = " + hex("cd"), sort: "conflict", thing: "1"},
		"row of a conflict":  {damage: "DELETE FROM base", sort: "conflict", thing: "a pair", gain: "past x only"},
		"conflict of a row":  {damage: "DELETE FROM conflict", sort: "conflict", thing: "a pair"},
		"body in a row":      {damage: "INSERT INTO blob (sum, at, data) VALUES (" + hex("ab") + ", 5, X'00')", sort: "body"},
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

// TestMendRows: a base that names a body which is not there goes on without it, and nothing else of the row changes.
func TestMendRows(t *testing.T) {
	st, _ := broken(t)
	ctx := t.Context()
	pair, err := st.Bases.Open(ctx, "another pair")
	must(t, err)
	body := tandem.Bytes("what both agreed on")
	sum := tandem.Digest(sha256.Sum256(body))
	rows := []tandem.Row{{Body: sum, UID: "u"}, {Body: tandem.Digest{1}, UID: "v"}, {UID: "w", Clash: &tandem.Clash{Conflict: -1, Decision: tandem.TakeBody, Body: tandem.Digest{2}}}}
	for i := range rows {
		rows[i].A.ID, rows[i].B.ID = tandem.ID("a"+rows[i].UID), tandem.ID("b"+rows[i].UID)
	}
	must(t, st.Bases.Commit(ctx, pair.ID, store.Commit{Put: rows, Bodies: []tandem.Bytes{body}, Conflicts: []store.Conflict{{Item: "one"}}}))
	release, err := st.Bases.Lease(ctx, pair.ID, "a run")
	must(t, err)
	if found, err := st.Mending.Mend(ctx, 1, true); err != nil || len(found) != 0 {
		t.Fatalf("while a run has the pair: %+v, %v", found, err)
	}
	release()
	for _, do := range []bool{false, true} {
		found, err := st.Mending.Mend(ctx, 1, do)
		must(t, err)
		if len(found) != 1 || found[0].Sort != "base" || found[0].Thing != "another pair" || found[0].Count != 2 {
			t.Fatalf("mend %v: %+v", do, found)
		}
	}
	if found, err := st.Mending.Mend(ctx, 1, false); err != nil || len(found) != 0 {
		t.Errorf("afterwards: %+v, %v", found, err)
	}
	n := 0
	for r, err := range st.Bases.Rows(ctx, pair.ID) {
		must(t, err)
		want := map[string]tandem.Digest{"u": sum}[r.UID]
		if r.Body != want || r.A.ID != tandem.ID("a"+r.UID) || r.B.ID != tandem.ID("b"+r.UID) {
			t.Errorf("%+v", r)
		}
		if r.UID == "w" && (r.Clash == nil || r.Clash.Decision != tandem.Undecided || !r.Clash.Body.IsZero()) {
			t.Errorf("its conflict: %+v", r.Clash)
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d rows", n)
	}
}

// TestBodiless names the live records whose bodies are not there, small ones and those that are files.
func TestBodiless(t *testing.T) {
	dir := t.TempDir()
	st, c := brokenIn(t, dir, "DELETE FROM blob WHERE data = CAST('kept' AS BLOB)")
	big, _, err := st.Blobs.Put(t.Context(), strings.NewReader(strings.Repeat("a large body ", 4000)))
	must(t, err)
	body, err := st.Blobs.Open(t.Context(), big)
	must(t, err)
	out, err := st.Home.Write(t.Context(), c.ID, store.Author{User: "anna"}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, ID: "large", Record: tandem.Record{Body: body}}}})
	must(t, err)
	must(t, out[0].Err)
	check := func(want ...tandem.ID) {
		t.Helper()
		list, err := st.Mending.Bodiless(t.Context())
		must(t, err)
		var got []tandem.ID
		for _, b := range list {
			if got = append(got, b.ID); b.Collection != c.ID || b.Version == "" || b.Body.IsZero() {
				t.Errorf("%+v", b)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("without a body: %q, want %q", got, want)
		}
	}
	check("kept")
	must(t, filepath.WalkDir(filepath.Join(dir, "blobs"), func(name string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			err = os.Remove(name)
		}
		return err
	}))
	check("kept", "large")
}

// TestVerify: damaged bodies are found, small ones and those that are files, with what says what they held; they can be put aside, and storing them again heals them.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	st, _ := brokenIn(t, dir, "UPDATE blob SET data = CAST('bent' AS BLOB) WHERE data = CAST('kept' AS BLOB)")
	var files []string
	must(t, filepath.WalkDir(filepath.Join(dir, "blobs"), func(name string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, name)
		}
		return err
	}))
	if len(files) != 1 {
		t.Fatalf("%q", files)
	}
	must(t, os.WriteFile(files[0], []byte("bent"), 0o600))
	verify := func() (last store.Verified) {
		t.Helper()
		told := 0
		must(t, st.Mending.Verify(t.Context(), func(v store.Verified) {
			if told++; last.Over || v.Done > v.Total {
				t.Errorf("after %+v came %+v", last, v)
			}
			last = v
		}))
		if !last.Over || last.Done != last.Total || told < 1 {
			t.Errorf("%d times, in the end %+v", told, last)
		}
		return last
	}
	v := verify()
	var uses []string
	for _, d := range v.Damaged {
		uses = append(uses, d.Uses...)
		if !d.Wrong || d.Why == "" {
			t.Errorf("%+v", d)
		}
	}
	slices.Sort(uses)
	if want := []string{"an earlier version of Zoe in home:people?kind=contact by anna", "the record Zoe in people of anna"}; !slices.Equal(uses, want) || v.Done < 4 {
		t.Errorf("%d bodies, damaged are those of %q, want %q", v.Done, uses, want)
	}
	if found, err := sqlite.Check(t.Context(), dir); err != nil || len(found) < 2 {
		t.Errorf("a check finds %v, %v", found, err)
	}
	for i, d := range v.Damaged {
		if i == 0 { // stored again, it is whole
			text := "kept"
			if d.Size != int64(len("bent")) || d.Body != tandem.Digest(sha256.Sum256([]byte(text))) {
				text = strings.Repeat("a body that is a file ", 1000)
			}
			_, _, err := st.Blobs.Put(t.Context(), strings.NewReader(text))
			must(t, err)
			if file, err := st.Mending.SetAside(t.Context(), d.Body); file != "" || err != nil {
				t.Errorf("one that was healed is put aside: %q, %v", file, err)
			}
			continue
		}
		file, err := st.Mending.SetAside(t.Context(), d.Body)
		must(t, err)
		if b, err := os.ReadFile(file); err != nil || string(b) != "bent" {
			t.Errorf("%s holds %q, %v", file, b, err)
		}
		if _, err := st.Blobs.Open(t.Context(), d.Body); !tandem.IsKind(err, tandem.NotFound) {
			t.Errorf("it is still there: %v", err)
		}
	}
	if v := verify(); len(v.Damaged) != 0 {
		t.Errorf("afterwards: %+v", v)
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
	fresh, _, err := st.Blobs.Put(t.Context(), strings.NewReader(strings.Repeat("somebody is about to name this ", 2000)))
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
