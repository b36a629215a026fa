package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem"
)

func (p *testPlace) link(target, id string) {
	p.t.Helper()
	if err := os.Symlink(target, p.path(id)); err != nil {
		p.t.Fatal(err)
	}
}

// notDone checks that a write ended with a status other than Applied, and for a reason.
func notDone(t *testing.T, o tandem.Outcome, s tandem.Status, kind tandem.ErrorKind) {
	t.Helper()
	if o.Status != s || !tandem.IsKind(o.Err, kind) {
		t.Errorf("%v: %v, want %v, kind %v", o.Status, o.Err, s, kind)
	}
}

// between runs do once, right before the first write comes into place.
func (p *testPlace) between(do func()) {
	done := false
	p.fault = func(step string) error {
		if step == "install" && !done {
			done = true
			do()
		}
		return nil
	}
}

func TestConcurrentEditIsNotOverwritten(t *testing.T) {
	for name, c := range map[string]struct {
		write func(v tandem.Version) tandem.Write
		edit  func(p *testPlace)
		want  map[string]string
	}{
		"update, edited": {
			func(v tandem.Version) tandem.Write {
				return tandem.Write{Op: tandem.Update, ID: "f", If: v, Record: text("f", "ours")}
			},
			func(p *testPlace) { p.put("f", "theirs") },
			map[string]string{"f": "theirs"},
		},
		"update, replaced": {
			func(v tandem.Version) tandem.Write {
				return tandem.Write{Op: tandem.Update, ID: "f", If: v, Record: text("f", "ours")}
			},
			func(p *testPlace) { p.put("g", "old"); _ = os.Rename(p.path("g"), p.path("f")) },
			map[string]string{"f": "old"},
		},
		"update, deleted": {
			func(v tandem.Version) tandem.Write {
				return tandem.Write{Op: tandem.Update, ID: "f", If: v, Record: text("f", "ours")}
			},
			func(p *testPlace) { _ = os.Remove(p.path("f")) },
			map[string]string{},
		},
		"delete, edited": {
			func(v tandem.Version) tandem.Write { return tandem.Write{Op: tandem.Delete, ID: "f", If: v} },
			func(p *testPlace) { p.put("f", "theirs") },
			map[string]string{"f": "theirs"},
		},
		"move, edited": {
			func(v tandem.Version) tandem.Write { return tandem.Write{Op: tandem.Move, ID: "f", To: "g", If: v} },
			func(p *testPlace) { p.put("f", "theirs") },
			map[string]string{"f": "theirs"},
		},
		"move, target taken": {
			func(v tandem.Version) tandem.Write { return tandem.Write{Op: tandem.Move, ID: "f", To: "g", If: v} },
			func(p *testPlace) { p.put("g", "theirs") },
			map[string]string{"f": "old", "g": "theirs"},
		},
		"create, taken": {
			func(tandem.Version) tandem.Write { return create("g", "ours") },
			func(p *testPlace) { p.put("g", "theirs") },
			map[string]string{"f": "old", "g": "theirs"},
		},
		"attributes, edited": {
			func(v tandem.Version) tandem.Write {
				return tandem.Write{Op: tandem.SetAttrs, ID: "f", If: v, Record: text("f", "", "mode=600", "mtime=1")}
			},
			func(p *testPlace) { p.put("f", "theirs") },
			map[string]string{"f": "theirs"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.put("f", "old")
			w := c.write(p.version("f"))
			p.between(func() { c.edit(p) })
			o := p.apply(w)[0]
			if o.Status != tandem.PreconditionFailed || o.Err == nil {
				t.Errorf("%v: %v", o.Status, o.Err)
			}
			got := map[string]string{}
			for _, id := range p.ids() {
				got[id] = p.get(id)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("there is %v, want %v", got, c.want)
			}
		})
	}
}

// TestLastInstant edits after the first look at the entry, where only looking at what was displaced tells.
func TestLastInstant(t *testing.T) {
	p := newPlace(t)
	p.put("f", "theirs")
	p.put("old", "old")
	old, err := p.root.stat("old")
	if err != nil {
		t.Fatal(err)
	}
	a := &apply{r: p.Replica, ctx: context.Background(), jobs: make([]job, 1), touched: map[string]bool{}}
	if err := a.begin(); err != nil {
		t.Fatal(err)
	}
	defer a.end()
	if _, err := a.parkExpected(p.root, "f", "f", &old); !tandem.IsKind(err, tandem.Changed) {
		t.Errorf("parked the wrong version: %v", err)
	}
	if p.get("f") != "theirs" {
		t.Error("the edit did not come back")
	}
}

func TestFolderBecomesLink(t *testing.T) {
	outside := t.TempDir()
	for name, w := range map[string]func(p *testPlace) tandem.Write{
		"create": func(*testPlace) tandem.Write { return create("d/new", "x") },
		"update": func(p *testPlace) tandem.Write {
			return tandem.Write{Op: tandem.Update, ID: "d/f", If: p.version("d/f"), Record: text("d/f", "x")}
		},
		"delete": func(p *testPlace) tandem.Write {
			return tandem.Write{Op: tandem.Delete, ID: "d/f", If: p.version("d/f")}
		},
		"move out": func(p *testPlace) tandem.Write {
			return tandem.Write{Op: tandem.Move, ID: "d/f", To: "g", If: p.version("d/f")}
		},
		"move in": func(p *testPlace) tandem.Write {
			return tandem.Write{Op: tandem.Move, ID: "f", To: "d/g", If: p.version("f")}
		},
		"attributes": func(p *testPlace) tandem.Write {
			return tandem.Write{Op: tandem.SetAttrs, ID: "d/f", If: p.version("d/f"), Record: text("", "", "mode=777")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.put("d/f", "inside")
			p.put("f", "top")
			w := w(p)
			p.between(func() {
				if err := os.Rename(p.path("d"), p.path("was")); err != nil {
					t.Error(err)
				}
				// The place outside holds the very same file, so that versions agree.
				if err := os.Symlink(outside, p.path("d")); err != nil {
					t.Error(err)
				}
				_ = os.Remove(filepath.Join(outside, "f"))
				if err := os.Link(p.path("was/f"), filepath.Join(outside, "f")); err != nil {
					t.Error(err)
				}
			})
			if o := p.apply(w)[0]; o.Status != tandem.PreconditionFailed {
				t.Errorf("%v: %v", o.Status, o.Err)
			}
			entries, err := os.ReadDir(outside)
			if err != nil || len(entries) != 1 || entries[0].Name() != "f" {
				t.Errorf("outside there is %v (%v)", entries, err)
			}
			if rec, err := p.record(newFolders(p.root), "d/f"); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("read through the link: %+v, %v", rec, err)
			}
		})
	}
}

func TestFileBecomesLink(t *testing.T) {
	p := newPlace(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.put("f", "secret")
	rec := p.fetch("f")
	if err := os.Remove(p.path("f")); err != nil {
		t.Fatal(err)
	}
	p.link(secret, "f")
	if r, err := rec.Body.Open(); err == nil {
		data, _ := io.ReadAll(r)
		t.Errorf("read %q through a link", data)
	}
	for c := range p.Digest(context.Background(), []tandem.ID{"f"}) {
		if c.Digest != linkDigest(secret) {
			t.Errorf("a link is digested as %+v", c)
		}
	}
}

func TestLinks(t *testing.T) {
	a, b := newPlace(t), newPlace(t)
	targets := []string{"../../etc/passwd", "/", "self", "with space & =", "bad\xff", strings.Repeat("x/", 1000)}
	for i, target := range targets {
		a.link(target, fmt.Sprint("l", i))
	}
	b.applied(a.copyAll()...)
	for i, target := range targets {
		if got, err := os.Readlink(b.path(fmt.Sprint("l", i))); err != nil || got != target {
			t.Errorf("link to %q became %q (%v)", target, got, err)
		}
	}
	o := b.applied(tandem.Write{Op: tandem.Update, ID: "l0", If: b.version("l0"), Record: text("l0", "", "target=new", "type=link")})[0]
	if got, _ := os.Readlink(b.path("l0")); got != "new" {
		t.Errorf("updated to %q", got)
	}
	rec, err := b.Unpark(context.Background(), o.Parked)
	if err != nil || rec.Attrs.Get("target") != targets[0] || rec.Body != nil {
		t.Errorf("kept %+v (%v)", rec, err)
	}
	b.applied(
		tandem.Write{Op: tandem.Move, ID: "l0", To: "m", If: o.Version},
		tandem.Write{Op: tandem.Delete, ID: "l1", If: b.version("l1")},
		tandem.Write{Op: tandem.Update, ID: "l2", If: b.version("l2"), Record: text("l2", "a file now")},
	)
	if b.get("l2") != "a file now" {
		t.Error("a link did not become a file")
	}
}

func TestTypesChange(t *testing.T) {
	p := newPlace(t)
	p.put("f", "file")
	p.put("d/x", "x")
	p.applied(
		tandem.Write{Op: tandem.Delete, ID: "f", If: p.version("f")},
		mkdir("f"), create("f/x", "below"),
		tandem.Write{Op: tandem.Delete, ID: "d/x", If: p.version("d/x")},
		tandem.Write{Op: tandem.Delete, ID: "d", If: p.version("d")},
		create("d", "file now"),
	)
	if p.get("f/x") != "below" || p.get("d") != "file now" {
		t.Error("types did not change")
	}
	w := tandem.Write{Op: tandem.Update, ID: "f", If: p.version("f"), Record: text("f", "over a folder")}
	notDone(t, p.apply(w)[0], tandem.PreconditionFailed, tandem.Exists)
}

func TestFolderWithMore(t *testing.T) {
	for _, extra := range []string{"d/new", "d/ignored.tmp"} {
		p := newPlace(t, "ignore=*.tmp")
		p.put("d/x", "x")
		w := []tandem.Write{{Op: tandem.Delete, ID: "d/x", If: p.version("d/x")}, {Op: tandem.Delete, ID: "d", If: p.version("d")}}
		p.put(extra, "stays")
		out := p.apply(w...)
		if out[0].Status != tandem.Applied {
			t.Errorf("%v: %v", out[0].Status, out[0].Err)
		}
		notDone(t, out[1], tandem.PreconditionFailed, tandem.Exists)
		if p.get(extra) != "stays" {
			t.Error("lost")
		}
	}
}

func TestFolderThere(t *testing.T) {
	p := newPlace(t)
	p.put("d/old", "old")
	p.put("d/taken", "theirs")
	out := p.apply(mkdir("d"), create("d/new", "new"), create("d/taken", "ours"), mkdir("d/e"), mkdir("d/e/f"), create("d/e/f/x", "x"))
	want := []tandem.Status{tandem.PreconditionFailed, tandem.Applied, tandem.PreconditionFailed, tandem.Applied, tandem.Applied, tandem.Applied}
	for i, o := range out {
		if o.Status != want[i] {
			t.Errorf("write %d: %v: %v", i, o.Status, o.Err)
		}
	}
	if p.get("d/new") != "new" || p.get("d/taken") != "theirs" || p.get("d/e/f/x") != "x" || p.get("d/old") != "old" {
		t.Error("the folder does not hold what it should")
	}
}

func TestFolderModes(t *testing.T) {
	a, b := newPlace(t), newPlace(t)
	a.put("ro/sub/x", "x")
	for _, d := range []string{"ro/sub", "ro"} {
		if err := os.Chmod(a.path(d), 0o555); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, p := range []*testPlace{a, b} {
			_ = os.Chmod(p.path("ro"), 0o755)
			_ = os.Chmod(p.path("ro/sub"), 0o755)
		}
	})
	b.applied(a.copyAll()...)
	for _, d := range []string{"ro", "ro/sub"} {
		if st, err := os.Stat(b.path(d)); err != nil || st.Mode().Perm() != 0o555 {
			t.Errorf("%s: %v, %v", d, st.Mode(), err)
		}
	}
}

func TestOddNames(t *testing.T) {
	a, b := newPlace(t), newPlace(t)
	names := []string{"new\nline", "bad\xff\xfeutf8", "\x01", " ", "-rf", "%41", "a\\b", "~2", "~2x/y", "e\u0301", "\u00e9", "…", strings.Repeat("ä", 127), ".hidden", "CON", "trailing."}
	for _, n := range names {
		a.put(n, n)
	}
	b.applied(a.copyAll()...)
	if !slices.Equal(a.ids(), b.ids()) {
		t.Errorf("here %q\nthere %q", a.ids(), b.ids())
	}
	for _, n := range names {
		if b.get(n) != n {
			t.Errorf("%q holds %q", n, b.get(n))
		}
		o := b.applied(tandem.Write{Op: tandem.Delete, ID: tandem.ID(n), If: b.version(n)})[0]
		if rec, err := b.Unpark(context.Background(), o.Parked); err != nil || string(readBody(t, rec.Body)) != n {
			t.Errorf("%q kept as %q: %v", n, o.Parked, err)
		} else if rec.ID != tandem.ID(n) {
			t.Errorf("%q kept as %q", n, rec.ID)
		}
	}
	for _, bad := range []string{"", ".", "..", "a/../b", "/a", "a/", "a//b", "./a", ".tandem", ".tandem/id", "a/.tandem/id", "a\x00b"} {
		notDone(t, b.apply(create(bad, "x"))[0], tandem.Rejected, tandem.Invalid)
	}
	notDone(t, b.apply(create(strings.Repeat("n", 300), "x"))[0], tandem.Rejected, tandem.Invalid)
}

func TestDeepFolders(t *testing.T) {
	a, b := newPlace(t), newPlace(t)
	// Deeper than a path may be long: every step is relative.
	f, err := a.root.again()
	if err != nil {
		t.Fatal(err)
	}
	id := ""
	for i := range 120 {
		name := strings.Repeat(string(rune('a'+i%26)), 50)
		id = join(id, name)
		if err := f.mkdir(name, 0o755); err != nil {
			t.Fatal(err)
		}
		next, err := f.child(name)
		if err != nil {
			t.Fatal(err)
		}
		f.close()
		f = next
	}
	if err := f.writeNew("leaf", []byte("deep")); err != nil {
		t.Fatal(err)
	}
	f.close()
	b.applied(a.copyAll()...)
	rec := b.fetch(id + "/leaf")
	if got := string(readBody(t, rec.Body)); got != "deep" {
		t.Errorf("got %q", got)
	}
	o := b.applied(tandem.Write{Op: tandem.Delete, ID: rec.ID, If: rec.Version})[0]
	if got := b.unparked(o.Parked); got != "deep" {
		t.Errorf("kept %q", got)
	}
	for _, p := range []*testPlace{a, b} { // too deep for some ways of clearing up
		if _, err := p.root.removeAll(strings.Repeat("a", 50)); err != nil {
			t.Error(err)
		}
	}
}

func TestSourceVanishesAndChanges(t *testing.T) {
	a, b := newPlace(t), newPlace(t)
	for _, n := range []string{"changes", "goes", "grows", "stays"} {
		a.put("d/"+n, n)
	}
	writes := a.copyAll()
	a.put("d/changes", "differs")
	a.put("d/grows", strings.Repeat("long", 10_000))
	if err := os.Remove(a.path("d/goes")); err != nil {
		t.Fatal(err)
	}
	out := b.apply(writes...)
	notDone(t, out[1], tandem.RetryAfter, tandem.Changed)
	notDone(t, out[2], tandem.RetryAfter, tandem.NotFound)
	notDone(t, out[3], tandem.RetryAfter, tandem.Changed)
	if got := b.ids(); !slices.Equal(got, []string{"d", "d/stays"}) {
		t.Errorf("there is %q", got)
	}
}

func TestWrongDigestIsRefused(t *testing.T) {
	p := newPlace(t)
	w := create("f", "content")
	w.Record.Digest = tandem.Digest{1}
	notDone(t, p.apply(w)[0], tandem.RetryAfter, tandem.Changed)
	if len(p.ids()) != 0 {
		t.Error("it is there all the same")
	}
}

func TestCaseAndFormRenames(t *testing.T) {
	p := newPlace(t)
	p.put("name", "x")
	p.put("e\u0301", "y")
	p.applied(
		tandem.Write{Op: tandem.Move, ID: "name", To: "Name", If: p.version("name")},
		tandem.Write{Op: tandem.Move, ID: "e\u0301", To: "\u00e9", If: p.version("e\u0301")},
	)
	if got := p.ids(); !slices.Equal(got, []string{"Name", "\u00e9"}) {
		t.Errorf("ids %q", got)
	}
	// A file system that folds names says that the new one is taken, by the same file: two names of one file look so here.
	p.foldCase = true
	p.put("case", "z")
	if err := os.Link(p.path("case"), p.path("CASE")); err != nil {
		t.Fatal(err)
	}
	a := &apply{r: p.Replica}
	err := a.renameEntry(p.root, "case", p.root, "CASE")
	if !errors.Is(err, os.ErrExist) || p.get("case") != "z" || p.get("CASE") != "z" {
		t.Errorf("%v", err)
	}
	for _, id := range p.ids() {
		if isOurs(id) {
			t.Errorf("left %q", id)
		}
	}
}

func TestCancelApply(t *testing.T) {
	a, b := newPlace(t), newPlace(t)
	a.put("big", string(noise(64<<20, 1)))
	a.put("small", "s")
	writes := a.copyAll()
	ctx, cancel := context.WithCancel(context.Background())
	writes[0].Progress = func(int64) { cancel() }
	out, err := b.Apply(ctx, writes)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	for _, o := range out {
		if o.Status != tandem.RetryAfter || o.Err == nil {
			t.Errorf("%q: %v, %v", o.ID, o.Status, o.Err)
		}
	}
	if got := b.ids(); len(got) != 0 {
		t.Errorf("there is %q", got)
	}
	b.applied(a.copyAll()...)
}

func TestIgnoredAndTooLargeAreRefused(t *testing.T) {
	p := newPlace(t, "ignore=*.tmp,build/", "max-size=10")
	notDone(t, p.apply(create("x.tmp", "x"))[0], tandem.Rejected, tandem.Invalid)
	notDone(t, p.apply(create("build/x", "x"))[0], tandem.Rejected, tandem.Invalid)
	notDone(t, p.apply(create("f", "more than ten bytes"))[0], tandem.Rejected, tandem.TooLarge)
	p.applied(create("g", "few"))
}

func TestPurge(t *testing.T) {
	p := newPlace(t)
	p.put("f", "content")
	o := p.applied(tandem.Write{Op: tandem.Delete, ID: "f", If: p.version("f")})[0]
	if freed, err := p.Purge(context.Background(), 1_000_000); err != nil || freed != 0 {
		t.Errorf("freed %d of what is younger: %v", freed, err)
	}
	if p.unparked(o.Parked) != "content" {
		t.Error("purged too early")
	}
	if freed, err := p.Purge(context.Background(), 1<<40); err != nil || freed != int64(len("content")) {
		t.Errorf("freed %d: %v", freed, err)
	}
	if _, err := p.Unpark(context.Background(), o.Parked); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("after the purge: %v", err)
	}
	for _, bad := range []string{"", "history", "history/../id", "../../etc/passwd", "trash/..", "patches/../id", "nothing/x"} {
		if rec, err := p.Unpark(context.Background(), bad); err == nil {
			t.Errorf("unparked %q: %+v", bad, rec)
		}
	}
}

func TestFind(t *testing.T) {
	p := newPlace(t)
	w := create("d/f", "content")
	if _, found, err := p.Find(context.Background(), w); found || err != nil {
		t.Fatalf("found %v, %v", found, err)
	}
	p.applied(mkdir("d"), w)
	for _, w := range []tandem.Write{w, mkdir("d")} {
		if o, found, err := p.Find(context.Background(), w); !found || err != nil || o.ID != w.ID || o.Version != p.version(string(w.ID)) {
			t.Errorf("%q: %+v, %v, %v", w.ID, o, found, err)
		}
	}
	if _, found, _ := p.Find(context.Background(), create("d/f", "another")); found {
		t.Error("found what somebody else wrote")
	}
}

// TestDiesAfterExchange: the version that was displaced must be found again.
func TestDiesAfterExchange(t *testing.T) {
	p := newPlace(t)
	p.put("d/f", "old")
	p.put("d/g", "stays")
	v, g := p.version("d/f"), p.version("d/g")
	a := &apply{r: p.Replica, ctx: context.Background(), touched: map[string]bool{}, dirs: map[string]*job{}}
	writes := []tandem.Write{
		{Op: tandem.Update, ID: "d/f", If: v, Record: text("d/f", "new")},
		{Op: tandem.Update, ID: "d/g", If: g, Record: text("d/g", "not yet")},
	}
	out := make([]tandem.Outcome, len(writes))
	for i := range writes {
		a.jobs = append(a.jobs, job{w: &writes[i], out: &out[i], n: i})
	}
	if err := a.begin(); err != nil {
		t.Fatal(err)
	}
	a.prepare()
	a.stage()
	if err := errors.Join(a.noteUpdates(), a.syncStaged()); err != nil {
		t.Fatal(err)
	}
	d, err := p.root.sub("d")
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if err := a.run.exchange("0", d, "f"); err != nil {
		t.Skip("names cannot be exchanged here: ", err)
	}
	a.keep = true
	a.end()
	p.Close()
	b := openPlace(t, p.dir)
	if b.get("d/f") != "new" || b.get("d/g") != "stays" {
		t.Error("the files are not what they were")
	}
	if got := b.unparked(historyName + "/" + a.name + "/d/f"); got != "old" {
		t.Errorf("kept %q", got)
	}
	if _, err := b.Unpark(context.Background(), historyName+"/"+a.name+"/d/g"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("kept what was not displaced: %v", err)
	}
}

// TestExchangeBack: our version is replaced while we find out that it should not have come into place.
func TestExchangeBack(t *testing.T) {
	for _, replaced := range []bool{false, true} {
		p := newPlace(t)
		p.put("f", "second")
		a := &apply{r: p.Replica, ctx: context.Background(), jobs: make([]job, 1), touched: map[string]bool{}}
		if err := a.begin(); err != nil {
			t.Fatal(err)
		}
		defer a.end()
		if err := a.run.writeNew("0", []byte("ours")); err != nil {
			t.Fatal(err)
		}
		j := &job{w: &tandem.Write{ID: "f"}, out: &tandem.Outcome{}}
		var err error
		if j.st, err = a.run.stat("0"); err != nil {
			t.Fatal(err)
		}
		if err := a.run.exchange("0", p.root, "f"); err != nil {
			t.Skip("names cannot be exchanged here: ", err)
		}
		want := "second"
		if replaced {
			want = "third"
			p.put("g", want)
			if err := os.Rename(p.path("g"), p.path("f")); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.exchangeBack(j, a.run, "0", p.root, "f"); err != nil {
			t.Fatal(err)
		}
		if got := p.get("f"); got != want {
			t.Errorf("replaced %v: there is %q, want %q", replaced, got, want)
		}
		if replaced && p.unparked(historyName+"/"+a.name+"/f") != "second" {
			t.Error("the displaced version is not kept")
		}
	}
}
