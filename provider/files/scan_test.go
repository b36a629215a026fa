package files

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem"
)

func (p *testPlace) presence() map[string]tandem.Presence {
	p.t.Helper()
	out := map[string]tandem.Presence{}
	for id, c := range p.list() {
		out[string(id)] = c.Presence
	}
	return out
}

func TestListing(t *testing.T) {
	p := newPlace(t)
	p.put("f", "12345")
	p.put("d/e/g", "")
	p.link("f", "l")
	l := p.list()
	if got := p.ids(); !slices.Equal(got, []string{"d", "d/e", "d/e/g", "f", "l"}) {
		t.Fatalf("ids %q", got)
	}
	if c := l["f"]; c.Size != 5 || c.Attrs.Get("mode") != "644" || c.Attrs.Get("mtime") == "" || !c.Digest.IsZero() || c.Node == "" {
		t.Errorf("file: %+v", c)
	}
	if c := l["d"]; c.Attrs != "mode=755&type=dir" || c.Digest != l["d/e"].Digest || c.Digest.IsZero() {
		t.Errorf("folder: %+v", c)
	}
	if c := l["l"]; c.Attrs != "target=f&type=link" || c.Digest.IsZero() {
		t.Errorf("link: %+v", c)
	}
	for id, c := range l {
		if c.Attrs != tandem.MakeAttrs(c.Attrs.Map()) {
			t.Errorf("%q: attributes %q are not canonical", id, c.Attrs)
		}
	}
	p.put("d/new", "")
	if p.listed("d") != l["d"].Version {
		t.Error("a folder's version changed with what it holds")
	}
}

func TestVersionsTell(t *testing.T) {
	p := newPlace(t)
	p.put("f", "one")
	seen := map[tandem.Version]string{}
	note := func(what string) {
		t.Helper()
		v := p.listed("f")
		if before, same := seen[v]; same {
			t.Errorf("%s: the version is that of %s", what, before)
		}
		seen[v] = what
	}
	st, err := os.Stat(p.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	old := st.ModTime().Add(-1e9)
	note("the beginning")
	p.put("f", "two")
	if err := os.Chtimes(p.path("f"), old, old); err != nil {
		t.Fatal(err)
	}
	note("an edit")
	// Same length, same time: only the change time and the inode tell.
	p.put("f", "six")
	if err := os.Chtimes(p.path("f"), old, old); err != nil {
		t.Fatal(err)
	}
	note("an edit that hides")
	if err := os.Chmod(p.path("f"), 0o600); err != nil {
		t.Fatal(err)
	}
	note("other permissions")
	p.put("g", "ten")
	if err := os.Rename(p.path("g"), p.path("f")); err != nil {
		t.Fatal(err)
	}
	note("a replacement")
}

// TestRacyTimes: where clocks are coarse, a file that was just modified is looked at again.
func TestRacyTimes(t *testing.T) {
	p := newPlace(t)
	p.traits.granularity = 60e9
	p.put("f", "x")
	first, second := p.listed("f"), p.listed("f")
	if first == second {
		t.Error("a version that vouches for nothing is repeated")
	}
	w := tandem.Write{Op: tandem.Update, ID: "f", If: second, Record: text("f", "y")}
	notDone(t, p.apply(w)[0], tandem.PreconditionFailed, tandem.Changed)
	o := p.applied(create("g", "x"))[0]
	if p.listed("g") != o.Version {
		t.Error("a file that we just wrote is news")
	}
	p.traits.granularity = localGranularity
	p.put("h", "x")
	for c := range p.Digest(context.Background(), []tandem.ID{"h"}) {
		if strings.Contains(string(c.Version), racyMark) || c.Version != p.listed("h") {
			t.Errorf("digested at version %q, listed at %q", c.Version, p.listed("h"))
		}
	}
}

func TestIgnorePatterns(t *testing.T) {
	rs, err := parseRules([]string{"*.tmp", "# comment", "", "build/", "/top", "a/*/c", "deep/**/x", "**/logs", "!keep.tmp", `\#odd`, "[!a]bc", "trail ", "end/**"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		id   string
		dir  bool
		want bool
	}{
		{"x.tmp", false, true}, {"d/x.tmp", false, true}, {"keep.tmp", false, false}, {"d/keep.tmp", false, false},
		{"build", true, true}, {"build", false, false}, {"d/build", true, true},
		{"top", false, true}, {"d/top", false, false},
		{"a/b/c", false, true}, {"a/b/b/c", false, false}, {"x/a/b/c", false, false},
		{"deep/x", false, true}, {"deep/1/2/x", false, true}, {"deep", true, false},
		{"logs", true, true}, {"d/logs", true, true}, {"#odd", false, true}, {"# comment", false, false},
		{"xbc", false, true}, {"abc", false, false}, {"trail", false, true}, {"end", true, false}, {"end/x", false, true},
	} {
		if _, got := rs.ignores(c.id, c.dir); got != c.want {
			t.Errorf("%q (folder %v): ignored %v, want %v", c.id, c.dir, got, c.want)
		}
	}
	if _, err := parseRules([]string{"[a"}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a malformed pattern: %v", err)
	}
}

func TestIgnored(t *testing.T) {
	p := newPlace(t, "ignore=*.tmp,build/", "max-size=5")
	p.put(".tandemignore", "*.log\n")
	p.put("a.tmp", "")
	p.put("build/x/y", "")
	p.put("d/b.log", "")
	p.put("d/big", "123456")
	p.put("d/fits", "12345")
	want := map[string]tandem.Presence{".tandemignore": tandem.OutOfScope, "a.tmp": tandem.OutOfScope, "build": tandem.OutOfScope,
		"d": tandem.Present, "d/b.log": tandem.OutOfScope, "d/big": tandem.OutOfScope, "d/fits": tandem.Present}
	if got := p.presence(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if err := os.Remove(p.path(".tandemignore")); err != nil {
		t.Fatal(err)
	}
	p.put(".tandemignore/x", "") // a folder where the patterns should be
	seq, end := p.Changes(context.Background(), "")
	var failed error
	for _, err := range seq {
		failed = err
	}
	if failed == nil || end().Complete {
		t.Errorf("patterns that cannot be read: %v, complete %v", failed, end().Complete)
	}
}

func TestOwnNamesAreNotListed(t *testing.T) {
	p := newPlace(t)
	p.put("inner/.tandem/id", "{}")
	p.put("inner/f", "")
	p.put(".tandem-0123456789abcdef.tmp", "in the making")
	want := map[string]tandem.Presence{"inner": tandem.Present, "inner/f": tandem.Present, "inner/.tandem": tandem.OutOfScope}
	if got := p.presence(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestIdentity(t *testing.T) {
	ctx := context.Background()
	p, other := newPlace(t), newPlace(t)
	id, err := p.Identity(ctx)
	if err != nil || id.Store == "" || id.Epoch == "" {
		t.Fatalf("%+v, %v", id, err)
	}
	if o, _ := other.Identity(ctx); o.Store == id.Store {
		t.Error("two folders have one identity")
	}
	if again, _ := openPlace(t, p.dir).Identity(ctx); again != id {
		t.Errorf("%+v, and opened again %+v", id, again)
	}
	if ro, _ := openPlace(t, p.dir, "read-only=true").Identity(ctx); ro != id {
		t.Errorf("%+v, and read only %+v", id, ro)
	}
	// A copy of the whole folder has the same marker and another history.
	copied := t.TempDir()
	if err := os.CopyFS(filepath.Join(copied, "c"), os.DirFS(p.dir)); err != nil {
		t.Fatal(err)
	}
	if c, err := openPlace(t, filepath.Join(copied, "c")).Identity(ctx); err != nil || c.Store != id.Store || p.traits.stableInodes && c.Epoch == id.Epoch {
		t.Errorf("a copy has %+v (%v), the original %+v", c, err, id)
	}
	if err := os.WriteFile(p.path(".tandem/id"), []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tryOpen(p.dir); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("a damaged marker: %v", err)
	}
}

func TestRootTrouble(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "missing"), file, filepath.Join(file, "below")} {
		_, err := tryOpen(path)
		var e *tandem.Error
		if !errors.As(err, &e) || e.Kind != tandem.Unreadable || !strings.Contains(e.Thing, path) || e.Remedy == "" {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestRootReplaced puts another folder where the root was, while it is open.
func TestRootReplaced(t *testing.T) {
	for name, replace := range map[string]func(p *testPlace) error{
		"another folder": func(p *testPlace) error {
			if err := os.Rename(p.dir, p.dir+"-away"); err != nil {
				return err
			}
			return os.Mkdir(p.dir, 0o755)
		},
		"marker gone": func(p *testPlace) error { return os.Remove(p.path(".tandem/id")) },
		"marker another": func(p *testPlace) error {
			data, err := json.Marshal(marker{Store: "x", Epoch: "y"})
			if err != nil {
				return err
			}
			return os.WriteFile(p.path(".tandem/id"), data, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "root")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			p := openPlace(t, dir)
			for i := range 5 * chunkSize {
				p.put(fmt.Sprint("d/", i), "")
			}
			// In the middle of a listing.
			seq, end := p.Changes(context.Background(), "")
			var failed error
			n := 0
			for _, err := range seq {
				if n++; n == 10 {
					if err := replace(p); err != nil {
						t.Fatal(err)
					}
				}
				failed = err
			}
			if !tandem.IsKind(failed, tandem.Unreadable) || end().Complete {
				t.Errorf("listing ended with %v, complete %v", failed, end().Complete)
			}
			out, err := p.Apply(context.Background(), []tandem.Write{create("x", "x")})
			if !tandem.IsKind(err, tandem.Unreadable) || out[0].Status != tandem.RetryAfter {
				t.Errorf("writing: %v, %v", err, out[0].Status)
			}
		})
	}
}

func TestListingStopsEarly(t *testing.T) {
	p := newPlace(t)
	for i := range 10 * chunkSize {
		p.put(fmt.Sprint(i), "")
	}
	seq, end := p.Changes(context.Background(), "")
	for range seq {
		break
	}
	if end().Complete {
		t.Error("a listing that was left is complete")
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	seq, end = p.Changes(ctx, "")
	var failed error
	for _, err := range seq {
		cancel()
		failed = err
	}
	if !errors.Is(failed, context.Canceled) || end().Complete {
		t.Errorf("cancelled: %v, complete %v", failed, end().Complete)
	}
	if len(p.list()) != 10*chunkSize {
		t.Error("it does not list everything afterwards")
	}
}

// TestVanishing lists and digests a tree in which files come and go: nothing that stays may be missing.
func TestVanishing(t *testing.T) {
	p := newPlace(t)
	var stay []string
	for i := range 300 {
		id := fmt.Sprintf("d%d/stay%d", i%10, i)
		p.put(id, id)
		stay = append(stay, id)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			name := p.path(fmt.Sprintf("d%d/flicker%d", i%10, i%7))
			_ = os.WriteFile(name, []byte("x"), 0o644)
			_ = os.Rename(name, name+"~")
			_ = os.Remove(name + "~")
		}
	}()
	for range 20 {
		l := p.list()
		var ids []tandem.ID
		for id := range l {
			ids = append(ids, id)
		}
		for _, id := range stay {
			if l[tandem.ID(id)].Presence != tandem.Present {
				t.Errorf("%q is %v", id, l[tandem.ID(id)].Presence)
			}
		}
		for c := range p.Digest(context.Background(), ids) {
			if c.Presence == tandem.Problem && !tandem.IsKind(c.Err, tandem.Changed) {
				t.Errorf("%q: %v", c.ID, c.Err)
			}
		}
	}
	close(stop)
	<-done
}

// What is left out is known again by what it is, so that a file renamed to such a name is not taken for deleted and another one.
func TestLeftOutTellsWhatItIs(t *testing.T) {
	p := newPlace(t, "ignore=*.tmp", "max-size=5")
	p.put("f", "1")
	p.put("g", "2")
	before := p.list()
	if before["f"].Node == "" || before["f"].Node == before["g"].Node {
		t.Skip("no identities of files here")
	}
	if err := os.Rename(p.path("f"), p.path("f.tmp")); err != nil {
		t.Fatal(err)
	}
	grow, err := os.OpenFile(p.path("g"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := grow.WriteString(" and more"); err != nil {
		t.Fatal(err)
	}
	if err := grow.Close(); err != nil {
		t.Fatal(err)
	}
	after := p.list()
	for now, was := range map[tandem.ID]tandem.ID{"f.tmp": "f", "g": "g"} {
		if c := after[now]; c.Presence != tandem.OutOfScope || c.Node != before[was].Node {
			t.Errorf("%s: %s, node %q, was %q", now, c.Presence, c.Node, before[was].Node)
		}
	}
}
