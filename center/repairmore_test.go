package center

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/internal/atomicfile"
	"tandem/partner/seal"
	"tandem/provider/memory"
	"tandem/store"
	"tandem/store/sqlite"
)

// onDisk is a synced world whose store is a file, and the file.
func onDisk(t *testing.T) (*world, store.Item, *sql.DB) {
	t.Helper()
	dir := t.TempDir()
	st, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := overStore(st, memory.Knobs{}, "phone")
	w.t = t
	t.Cleanup(w.close)
	w.put("phone", "1", card("u1", "Zoe"))
	it, err := w.hub.AddItem(t.Context(), NewItem{Home: "contacts", Partner: "mem:phone", Name: "one", Mode: Manual})
	if err != nil {
		t.Fatal(err)
	}
	w.run("one")
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return w, it, db
}

// bodyOf is the one body of an item's home collection.
func (w *world) bodyOf(it store.Item) string {
	w.t.Helper()
	recs, _, err := w.store.Home.Since(w.t.Context(), it.Collection, 0, 0)
	if err != nil || len(recs) != 1 {
		w.t.Fatalf("%d records, %v", len(recs), err)
	}
	for r, err := range w.store.Home.Get(w.t.Context(), it.Collection, []tandem.ID{recs[0].ID}) {
		if err != nil {
			return err.Error()
		}
		b, err := tandem.ReadBody(r.Body, 1<<20)
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	return ""
}

// TestRepairRecord gives records whose bodies are gone their bodies back, from where they are, and says so where they are nowhere.
func TestRepairRecord(t *testing.T) {
	lose := func(t *testing.T, db *sql.DB, like string) {
		t.Helper()
		if _, err := db.Exec("DELETE FROM blob WHERE instr(data, ?) > 0", like); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		plant func(t *testing.T, w *world, db *sql.DB)
		want  string // what the record says afterwards
		more  string // what else is found
	}{
		"at the partner": {plant: func(t *testing.T, w *world, db *sql.DB) { lose(t, db, "FN:Zoe") }, want: "FN:Zoe\r\n", more: " base"},
		"newer at the partner": {plant: func(t *testing.T, w *world, db *sql.DB) {
			lose(t, db, "FN:Zoe")
			w.put("phone", "1", card("u1", "Zoe Newer"))
		}, want: "FN:Zoe Newer\r\n", more: " base"},
		"in history": {plant: func(t *testing.T, w *world, db *sql.DB) {
			w.put("phone", "1", card("u1", "Zoe Second"))
			w.run("one")
			lose(t, db, "FN:Zoe Second")
			if !w.places["phone"].Remove("1") {
				t.Fatal("it was not there")
			}
		}, want: "FN:Zoe\r\n", more: " base"},
	} {
		t.Run(name, func(t *testing.T) {
			w, it, db := onDisk(t)
			c.plant(t, w, db)
			if got := strings.Join(w.repairs(false), " "); got != "record"+c.more {
				t.Fatalf("found: %q", got)
			}
			if got := strings.Join(w.repairs(true), " "); !strings.HasPrefix(got, "record") {
				t.Fatalf("mended: %q", got)
			}
			if got := w.repairs(true); len(got) != 0 {
				t.Errorf("afterwards: %q", got)
			}
			if got := w.bodyOf(it); !strings.Contains(got, c.want) {
				t.Errorf("the record says %q, want %q", got, c.want)
			}
		})
	}
	t.Run("nowhere", func(t *testing.T) {
		w, it, db := onDisk(t)
		lose(t, db, "FN:Zoe")
		w.setFail("phone", &tandem.Error{Kind: tandem.Unreadable, Op: "open place", Thing: "phone"})
		for range 2 { // it stays, and is told of again
			list, err := w.hub.Repair(t.Context(), true)
			if err != nil || len(list) == 0 || list[0].Mended || !strings.Contains(list[0].Error, "cannot be asked") {
				t.Fatalf("while the partner cannot be asked: %+v, %v", list, err)
			}
		}
		w.setFail("phone", nil)
		if !w.places["phone"].Remove("1") {
			t.Fatal("it was not there")
		}
		list, err := w.hub.Repair(t.Context(), true)
		if err != nil || len(list) != 1 || list[0].Mended || !strings.Contains(list[0].Error, "from a backup") {
			t.Fatalf("where nobody has it: %+v, %v", list, err)
		}
		if w.atHome(it) != 1 {
			t.Error("the record itself is gone")
		}
	})
}

// TestRepairDamaged gives records whose bodies are damaged their bodies back; what no one can give now is fetched after a run that reaches the partner.
func TestRepairDamaged(t *testing.T) {
	bend := func(t *testing.T, db *sql.DB) {
		t.Helper()
		if _, err := db.Exec("UPDATE blob SET data = CAST(replace(CAST(data AS TEXT), 'Zoe', 'Zxe') AS BLOB) WHERE instr(data, 'FN:Zoe') > 0"); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("at once", func(t *testing.T) {
		w, it, db := onDisk(t)
		bend(t, db)
		checks, err := w.hub.Checks(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		says := ""
		for _, c := range checks {
			if strings.HasPrefix(c.Name, "body of the record Zoe in contacts") && c.Level == "fail" && strings.Contains(c.Remedy, "doctor --repair") {
				says = c.Text
			}
		}
		if !strings.Contains(says, "not those that were stored") {
			t.Fatalf("%+v", checks)
		}
		b, err := w.hub.Bundle(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range unzip(t, b) {
			if strings.Contains(text, "Zoe") {
				t.Errorf("%s of a bundle names the record", name)
			}
		}
		if got := strings.Join(w.repairs(false), " "); got != "body" {
			t.Errorf("a repair would mend: %q", got)
		}
		if got := strings.Join(w.repairs(true), " "); got != "body record" {
			t.Errorf("mended: %q", got)
		}
		if got := w.repairs(true); len(got) != 0 {
			t.Errorf("afterwards: %q", got)
		}
		if got := w.bodyOf(it); !strings.Contains(got, "FN:Zoe\r\n") {
			t.Errorf("the record says %q", got)
		}
	})
	t.Run("with the next run", func(t *testing.T) {
		w, it, db := onDisk(t)
		bend(t, db)
		w.setFail("phone", &tandem.Error{Kind: tandem.Transient, Op: "open place", Thing: "phone"})
		list, err := w.hub.Repair(t.Context(), true)
		if err != nil || len(list) < 2 || !list[0].Mended || !strings.Contains(list[0].Text, "damaged bytes are kept in ") || list[1].Mended || !strings.Contains(list[1].Error, "cannot be asked") {
			t.Fatalf("%+v, %v", list, err)
		}
		w.setFail("phone", nil)
		w.run("one")
		if got := w.bodyOf(it); !strings.Contains(got, "FN:Zoe\r\n") {
			t.Errorf("after a run the record says %q", got)
		}
		if got := w.repairs(true); len(got) != 0 {
			t.Errorf("afterwards: %q", got)
		}
		if v, err := w.store.Settings.Values(t.Context()); err != nil || len(lostCollections(v)) != 0 {
			t.Errorf("it is still waited for: %v, %v", v, err)
		}
	})
}

// TestRepairNames plants what the hub remembers of what is gone, a sort at a time: it is found, forgotten, and not found again, and what is in use stays.
func TestRepairNames(t *testing.T) {
	ctx := context.Background()
	value := func(name string) func(*world) error {
		return func(w *world) error { return w.store.Settings.PutValues(ctx, map[string]string{name: "{}"}) }
	}
	secret := func(name string) func(*world) error {
		return func(w *world) error { return w.hub.cfg.Secrets.Put(ctx, name, "hunter2") }
	}
	// left is the login of a partner that is gone; a step comes before it goes, and one after.
	left := func(secret string, before, after func(*world) error) func(*world) error {
		return func(w *world) error {
			for _, step := range []func(*world) error{
				func(w *world) error { return w.hub.cfg.Secrets.Put(ctx, secret, "hunter2") },
				func(w *world) error {
					return w.store.Settings.PutPartner(ctx, store.Partner{Name: "old", Provider: "caldav", Place: "caldav://anna@dav.gone.example/"})
				}, before, func(w *world) error { return w.hub.RemovePartner(ctx, "old") }, after,
			} {
				if step == nil {
					continue
				}
				if err := step(w); err != nil {
					return err
				}
			}
			return nil
		}
	}
	const gone = "password of anna at dav.gone.example"
	for name, c := range map[string]struct {
		plant func(*world) error
		sort  string // "": it is in use
	}{
		"question of an item":     {value(questionName + "gone"), "setting"},
		"question in use":         {value(questionName + "one"), ""},
		"folder of an item":       {value(valueFolder + "gone"), "setting"},
		"account of a partner":    {value(valueAccount + "gone"), "setting"},
		"rule of a user":          {value(kindRuleName + "contact/nobody"), "setting"},
		"rule of all":             {value(kindRuleName + "contact/" + Everybody), ""},
		"secret of a user":        {secret("user/nobody/totp"), "secret"},
		"secret of a user who is": {secret("user/me/totp"), ""},
		"submission of a user":    {secret("submission/nobody"), "secret"},
		"sieve of a user":         {secret("sieve/nobody"), "secret"},
		"key of a webhook":        {secret("webhook/77"), "secret"},
		"login before a partner":  {secret(gone), ""},
		"password of a place":     {left(gone, nil, nil), "secret"},
		"login at another host":   {left("login of anna at imap.gone.example:993", nil, nil), "secret"},
		"login after the partner": {left(gone, nil, func(w *world) error { return w.hub.KeepSecret(ctx, gone, "hunter2") }), ""},
		"two partners there": {left(gone, func(w *world) error {
			return w.store.Settings.PutPartner(ctx, store.Partner{Name: "other", Provider: "carddav", Place: "carddav://anna@dav.gone.example/"})
		}, nil), ""},
		"a partner that moved": {func(w *world) error {
			if err := left(gone, nil, nil)(w); err != nil {
				return err
			}
			return w.store.Settings.PutPartner(ctx, store.Partner{Name: "new", Provider: "caldav", Place: "caldav://anna@gone.example/"})
		}, ""},
		"note on a login":            {left(gone, nil, func(w *world) error { return w.hub.KeepSecret(ctx, gone, "") }), "setting"},
		"password of a place in use": {secret("password of anna at dav.example.org:8443"), ""},
		"login of a pair in use":     {secret("login of anna at mail.example.net"), ""},
		"secret of the hub":          {secret("hub/submission"), ""},
		"notice of an item": {func(w *world) error {
			return w.store.Notices.ChangeNotices(ctx, store.NoticeChange{Add: []store.Notice{{User: "me", Key: "k", Sort: "error", Item: "gone"}}})
		}, "notice"},
		"notice in use": {func(w *world) error {
			return w.store.Notices.ChangeNotices(ctx, store.NoticeChange{Add: []store.Notice{{User: "me", Key: "k", Sort: "error", Item: "one"}}})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := synced(t)
			keeper, err := seal.Open(w.store.Secrets, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			w.hub.cfg.Secrets = keeper
			if err := w.store.Settings.PutPartner(ctx, store.Partner{Name: "server", Provider: "caldav", Place: "caldav://anna@example.org/"}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.store.Bases.Open(ctx, `contact "carddavs://anna@mail.example.net/" "vdir:/a"`); err != nil {
				t.Fatal(err)
			}
			if err := c.plant(w); err != nil {
				t.Fatal(err)
			}
			if c.sort != "" {
				w.mended(c.sort)
			} else if got := w.repairs(true); len(got) != 0 {
				t.Errorf("found %q", got)
			}
		})
	}
}

// TestRepairOwnFiles removes what interrupted writes left in the data folder, and what the program around the hub knows of.
func TestRepairOwnFiles(t *testing.T) {
	w, _ := synced(t)
	dir := t.TempDir()
	w.hub.cfg.Dir = dir
	old := filepath.Join(dir, "tls", atomicfile.TempName())
	if err := os.Mkdir(filepath.Dir(old), 0o700); err != nil {
		t.Fatal(err)
	}
	fresh, mine := filepath.Join(dir, atomicfile.TempName()), filepath.Join(dir, "tandem.db")
	past := time.Now().Add(-leftAge - time.Hour)
	for _, name := range []string{old, fresh, mine} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{old, mine} {
		if err := os.Chtimes(name, past, past); err != nil {
			t.Fatal(err)
		}
	}
	w.mended("leftover")
	for name, want := range map[string]bool{old: false, fresh: true, mine: true} {
		if _, err := os.Stat(name); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	w, _ = synced(t)
	there := true
	w.hub.cfg.Left = func(context.Context) ([]Leftover, error) {
		if !there {
			return nil, nil
		}
		return []Leftover{{Dangling: store.Dangling{Sort: "leftover", Thing: "socket", Text: "of a hub that was killed", Count: 1}, Mend: func() error { there = false; return nil }}}, nil
	}
	w.mended("leftover")
}
